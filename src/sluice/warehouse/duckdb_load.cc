// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/duckdb_load.h"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

#include "sluice/warehouse/duckdb_parquet_sql.h"
#include "sluice/warehouse/staged_load.h"

namespace sluice {

Result<std::string> DuckDbStage::PathOf(const StagedFile& file) const {
  const std::string& key = file.key;
  const std::string& root =
      file.store == StagedFile::Store::kParquet ? options_.parquet_root : options_.quarantine_root;
  std::filesystem::path path(key);
  bool is_inside = !key.empty() && path.is_relative();
  for (const std::filesystem::path& part : path) is_inside = is_inside && part != "..";
  if (!is_inside) return Fail(ErrorKind::kPermanent, "not a key below the store: {}", key);
  std::error_code error;
  const std::filesystem::path full = std::filesystem::path(root) / path;
  if (!CanBeRead(full.string())) {
    return Fail(ErrorKind::kPermanent,
                "DuckDB cannot read a path with '\\' and one of '*', '?' and '[': give the store "
                "another folder: {}",
                full.string());
  }
  std::filesystem::file_status found = std::filesystem::status(full, error);
  if (options_.fetch && found.type() == std::filesystem::file_type::not_found) {
    const Status fetched = options_.fetch(file);
    if (!fetched && fetched.error().kind() != ErrorKind::kNotFound) {
      return std::unexpected(fetched.error().During("cannot stage"));
    }
    found = std::filesystem::status(full, error);
  }
  if (std::filesystem::is_regular_file(found)) return full.string();
  if (found.type() == std::filesystem::file_type::none ||
      found.type() == std::filesystem::file_type::unknown) {
    return Fail(ErrorKind::kTransient, "cannot stage: cannot look for a file: {}: {}",
                error.message(), full.string());
  }
  return Fail(ErrorKind::kBadData, "cannot stage: no such file: {}", full.string());
}

Status DuckDbStage::CreateTables(const std::vector<SqlRow>& plan_rows) {
  SLUICE_TRY(session_.Run("create plan", CreateStageSql(names_, "sluice_plan", PlanColumns())));
  SLUICE_TRY(session_.Append("fill plan", "sluice_plan", plan_rows));
  return session_.Run("create bad",
                      CreateStageSql(names_, "sluice_bad", StagedQuarantineColumns()));
}

Status DuckDbStage::CheckColumns(const std::vector<std::string>& files,
                                 const std::vector<StagedColumn>& columns) {
  SLUICE_ASSIGN(const std::vector<TextRow> found,
                session_.Query("read footers", ParquetColumnsSql(files)));
  for (size_t first = 0, i = 0; first < found.size(); first = i) {
    const std::string file = found[first][0].value_or("?");
    for (i = first; i < found.size() && found[i][0] == found[first][0]; ++i) {
      const size_t place = i - first;
      const std::string name = found[i][1].value_or("?"), type = found[i][2].value_or("?");
      if (place >= columns.size()) {
        return Fail(ErrorKind::kBadData, "cannot stage: unexpected column {} {}: {}", name, type,
                    file);
      }
      if (name != columns[place].name || !IsParquetTypeOf(columns[place].type, type)) {
        return Fail(ErrorKind::kBadData, "cannot stage: column {} is {} {}, not {} {}: {}",
                    place + 1, name, type, columns[place].name, ToSql(columns[place].type), file);
      }
    }
    if (i - first < columns.size()) {
      return Fail(ErrorKind::kBadData, "cannot stage: column {} is missing: {}",
                  columns[i - first].name, file);
    }
  }
  return {};
}

Status DuckDbStage::FillRows(const std::string& table, const std::vector<StagedColumn>&,
                             const std::vector<SqlRow>& rows) {
  return session_.Append("fill " + table, table, rows);
}

Status DuckDbStage::FillFiles(const std::string& table, const std::vector<StagedColumn>& columns,
                              std::span<const StagedFile> files) {
  std::vector<std::string> paths;
  for (const StagedFile& file : files) {
    SLUICE_ASSIGN(std::string path, PathOf(file));
    paths.push_back(std::move(path));
  }
  if (paths.empty()) return {};
  SLUICE_TRY(CheckColumns(paths, columns));
  return session_.Run("stage " + table, FillStageSql(table, columns, paths));
}

Result<StagedFileFacts> DuckDbStage::FactsOf(const StagedFile& file) {
  SLUICE_ASSIGN(std::string path, PathOf(file));
  SLUICE_ASSIGN(const std::vector<TextRow> found,
                session_.Query("read footer", ParquetColumnsSql({path})));
  SLUICE_ASSIGN(const std::vector<TextRow> key,
                session_.Query("read metadata", ParquetMetadataSql(path, kKeyInMetadata)));
  StagedFileFacts facts;
  for (const TextRow& row : found) facts.columns.push_back(row[1].value_or("?"));
  if (!key.empty()) facts.key = key[0][0].value_or("");
  return facts;
}

Status DuckDbStage::AddTable(size_t table, std::span<const size_t> not_null,
                             const std::vector<const PlannedObject*>& objects) {
  const std::string stage = StageTable(table);
  const std::vector<StagedColumn> columns = StagedColumns(tables_.tables[table]);
  std::vector<StagedFile> files;
  for (const PlannedObject* object : objects) {
    const std::string& key = object->tables[table].parquet;
    if (!key.empty()) files.push_back({StagedFile::Store::kParquet, key});
  }
  SLUICE_TRY(session_.Run("create " + stage, CreateStageSql(names_, stage, columns)));
  SLUICE_TRY(FillFiles(stage, columns, files));
  return CheckStagedRows(session_, names_, tables_, table, not_null, objects);
}

Status DuckDbStage::AddQuarantine(const std::vector<const PlannedObject*>& objects) {
  std::vector<StagedFile> files;
  for (const PlannedObject* object : objects) {
    if (object->quarantine.empty()) continue;
    files.push_back({StagedFile::Store::kQuarantine, object->quarantine});
  }
  SLUICE_TRY(FillFiles("sluice_bad", StagedQuarantineColumns(), files));
  return CheckStagedQuarantine(session_, names_, tables_, objects);
}

Result<std::vector<ObjectOutcome>> DuckDbLoad::Commit() {
  if (!turn_) return Fail(ErrorKind::kPermanent, "cannot commit: it was tried before");
  // The database is closed when the answer is known, whatever it is.
  const DuckDbTurn turn = std::move(*std::exchange(turn_, std::nullopt));
  return CommitLoad(*turn.session, names_, tables_, facts_, objects_);
}

}  // namespace sluice
