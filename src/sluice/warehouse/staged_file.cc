// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/staged_file.h"

#include <algorithm>
#include <utility>

namespace sluice {
namespace {

bool HoldsTheSame(const ColumnType& a, const ColumnType& b) {
  if (ValueKindOf(a) == ValueKind::kText) return ValueKindOf(b) == ValueKind::kText;
  return a.kind == b.kind && a.precision == b.precision && a.scale == b.scale;
}

Status CheckColumns(const ParquetReader& file, const std::vector<StagedColumn>& columns) {
  const auto& found = file.columns();
  for (size_t i = 0; i < std::max(found.size(), columns.size()); ++i) {
    const bool is_there = i < found.size(), is_wanted = i < columns.size();
    if (is_there && is_wanted && found[i].name == columns[i].name &&
        HoldsTheSame(found[i].type, columns[i].type)) {
      continue;
    }
    return Fail(ErrorKind::kBadData, "column {} is {}, not {}", i + 1,
                is_there ? found[i].name + " " + ToSql(found[i].type) : "missing",
                is_wanted ? columns[i].name + " " + ToSql(columns[i].type) : "expected");
  }
  return {};
}

Result<OpenStagedFile> Open(ObjectStore& store, const std::string& key,
                            const std::vector<StagedColumn>& columns) {
  auto bytes = store.OpenRandom(key);
  if (!bytes && bytes.error().kind() == ErrorKind::kNotFound) {
    return Fail(ErrorKind::kBadData, "no such file");
  }
  if (!bytes) return std::unexpected(bytes.error());
  SLUICE_ASSIGN(ParquetReader reader, ParquetReader::Open(**bytes));
  SLUICE_TRY(CheckColumns(reader, columns));
  return OpenStagedFile{std::move(*bytes), std::move(reader)};
}

}  // namespace

Result<OpenStagedFile> OpenStaged(const StagedStores& stores, const StagedFile& file,
                                  const std::vector<StagedColumn>& columns) {
  Result<OpenStagedFile> opened = Open(stores.Of(file.store), file.key, columns);
  if (opened) return opened;
  // The file last: what stands before it is compared with what others failed for.
  return Fail(opened.error().kind(), "cannot stage: {}: {}", opened.error().message(), file.key);
}

}  // namespace sluice
