// SPDX-License-Identifier: Apache-2.0
#include "sluice/cli/raw_key_of.h"

#include <filesystem>
#include <string_view>
#include <system_error>

namespace sluice {

std::string RawKeyOf(const std::string& raw_uri, const RawLayout& layout,
                     const std::string& named) {
  constexpr std::string_view kFile = "file://";
  if (!named.contains('/') || layout.HourOf({named})) return named;
  if (named.starts_with(raw_uri)) return named.substr(raw_uri.size());
  namespace fs = std::filesystem;
  const fs::path path = named.starts_with(kFile) ? named.substr(kFile.size()) : named;
  std::error_code failure;
  const std::string place =
      std::string(kFile) + fs::weakly_canonical(fs::absolute(path, failure), failure).string();
  if (place + '/' == raw_uri) return "";
  return place.starts_with(raw_uri) ? place.substr(raw_uri.size()) : named;
}

}  // namespace sluice
