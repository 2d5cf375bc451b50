// SPDX-License-Identifier: Apache-2.0
#include "sluice/operate/store_owner.h"

#include <span>

namespace sluice {

Result<std::optional<std::string>> OwnerOf(ObjectStore& parquet) {
  const auto file = parquet.OpenRandom(std::string(kOwnerKey));
  if (!file && file.error().kind() == ErrorKind::kNotFound) return std::nullopt;
  if (!file) return std::unexpected(file.error());
  std::string line((*file)->size().count, '\0');
  if (!line.empty()) SLUICE_TRY((*file)->ReadAt(0, line));
  while (line.ends_with('\n')) line.pop_back();
  return line;
}

Status Claim(ObjectStore& parquet, const std::string& owner) {
  SLUICE_ASSIGN(const auto object, parquet.Create(std::string(kOwnerKey)));
  SLUICE_TRY(object->Write(owner + "\n"));
  const auto done = object->Commit();
  if (done) return {};
  if (done.error().kind() != ErrorKind::kConflict) return std::unexpected(done.error());
  SLUICE_ASSIGN(const auto before, OwnerOf(parquet));
  return Fail(
      ErrorKind::kConflict,
      "the Parquet store is another's: owner={} asked={}: if that one loads no more, remove "
      "{}{}",
      before.value_or(""), owner, parquet.uri(), kOwnerKey);
}

}  // namespace sluice
