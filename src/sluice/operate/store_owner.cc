// SPDX-License-Identifier: Apache-2.0
#include "sluice/operate/store_owner.h"

#include <fmt/format.h>

#include <algorithm>

namespace sluice {
namespace {
constexpr uint64_t kLongestLine = 1'024;
}  // namespace

std::string OwnerLine(std::string_view pipeline, std::string_view ledger_id) {
  return ledger_id.empty() ? "" : fmt::format("pipeline {} of ledger {}", pipeline, ledger_id);
}

Result<std::optional<std::string>> OwnerOf(ObjectStore& parquet) {
  const auto file = parquet.OpenRandom(std::string(kOwnerKey));
  if (!file && file.error().kind() == ErrorKind::kNotFound) return std::nullopt;
  if (!file) return std::unexpected(file.error());
  std::string line(std::min<uint64_t>((*file)->size().count, kLongestLine), '\0');
  if (!line.empty()) SLUICE_TRY((*file)->ReadAt(0, line));
  while (line.ends_with('\n')) line.pop_back();
  return line;
}

std::string OthersClaim(const std::optional<std::string>& claimed, const std::string& owner) {
  if (!claimed || owner.empty() || *claimed == owner) return "";
  return fmt::format("the Parquet store is another's: owner={} asked={}", *claimed, owner);
}

Status Claim(ObjectStore& parquet, const std::string& owner) {
  SLUICE_ASSIGN(const auto object, parquet.Create(std::string(kOwnerKey)));
  SLUICE_TRY(object->Write(owner + "\n"));
  const auto done = object->Commit();
  if (done) return {};
  if (done.error().kind() != ErrorKind::kConflict) return std::unexpected(done.error());
  SLUICE_ASSIGN(const std::optional<std::string> claimed, OwnerOf(parquet));
  return Fail(ErrorKind::kConflict, "{}: if that one loads no more, remove {}{}",
              OthersClaim(claimed, owner), parquet.uri(), kOwnerKey);
}

}  // namespace sluice
