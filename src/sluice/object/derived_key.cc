// SPDX-License-Identifier: Apache-2.0
#include "sluice/object/derived_key.h"

#include <algorithm>
#include <string>

#include "sluice/object/object_names.h"

namespace sluice {
namespace {

constexpr std::string_view kEnding = ".parquet";
constexpr size_t kDigits = 16;

}  // namespace

bool IsParquetKey(std::string_view key) {
  const auto hour = RawLayout().HourOf({std::string(key)});
  if (!hour) return false;
  key.remove_prefix(RawLayout().FolderOf(*hour).size());
  if (std::ranges::count(key, '/') != 1 || key.starts_with('/') || !key.ends_with(kEnding)) {
    return false;
  }
  key.remove_suffix(kEnding.size());
  if (key.size() < kDigits + 1 || key[key.size() - kDigits - 1] != '-') return false;
  return std::ranges::all_of(key.substr(key.size() - kDigits), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  });
}

}  // namespace sluice
