// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/staged_file.h"

#include <fmt/format.h>

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

Result<OpenStagedFile> Open(ObjectStore& store, const std::string& key) {
  auto bytes = store.OpenRandom(key);
  if (!bytes && bytes.error().kind() == ErrorKind::kNotFound) {
    return Fail(ErrorKind::kBadData, "no such file");
  }
  if (!bytes) return std::unexpected(bytes.error());
  SLUICE_ASSIGN(ParquetReader reader, ParquetReader::Open(**bytes));
  return OpenStagedFile{std::move(*bytes), std::move(reader)};
}

// The file last: what stands before it is compared with what others failed for.
Error CannotStage(const Error& error, const StagedFile& file) {
  return Error(error.kind(), fmt::format("cannot stage: {}: {}", error.message(), file.key));
}

}  // namespace

Result<OpenStagedFile> OpenStaged(const StagedStores& stores, const StagedFile& file,
                                  const std::vector<StagedColumn>& columns) {
  Result<OpenStagedFile> opened = Open(stores.Of(file.store), file.key);
  if (!opened) return std::unexpected(CannotStage(opened.error(), file));
  if (const Status checked = CheckColumns(opened->reader, columns); !checked) {
    return std::unexpected(CannotStage(checked.error(), file));
  }
  return opened;
}

Result<StagedFileFacts> FactsOfFile(const StagedStores& stores, const StagedFile& file) {
  const Result<OpenStagedFile> opened = Open(stores.Of(file.store), file.key);
  if (!opened) return std::unexpected(CannotStage(opened.error(), file));
  StagedFileFacts facts;
  for (const auto& column : opened->reader.columns()) facts.columns.push_back(column.name);
  for (const auto& [key, value] : opened->reader.metadata()) {
    if (key == kKeyInMetadata) facts.key = value;
  }
  return facts;
}

}  // namespace sluice
