// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/stage_replaced.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "sluice/warehouse/replace_sql.h"
#include "sluice/warehouse/sql_text.h"
#include "sluice/warehouse/stage_sql.h"

namespace sluice {
namespace {

// A table's part of an object that is loaded, as the ledger has it.
struct LoadedPart {
  int64_t object = 0;
  std::string table, batch, parquet;
  int64_t staged = 0;
  std::optional<Timestamp> min_time, max_time;
};

LoadedPart PartOf(const TextRow& row) {
  LoadedPart part{.object = NumberOf(row[0]),
                  .table = row[1].value_or(""),
                  .batch = row[2].value_or(""),
                  .parquet = row[3].value_or(""),
                  .staged = NumberOf(row[4]),
                  .min_time = {},
                  .max_time = {}};
  if (row.size() > 6 && row[5] && row[6]) {
    part.min_time = FromSqlTime(*row[5]);
    part.max_time = FromSqlTime(*row[6]);
  }
  return part;
}

bool HasRows(const LoadedPart& part) {
  return part.staged > 0;
}

std::vector<TimeInterval> TimesOf(const Table& table, const std::vector<LoadedPart>& parts) {
  std::vector<TimeInterval> times;
  if (!table.time) return times;
  for (const LoadedPart& part : parts) {
    if (!part.min_time || !part.max_time) return {};  // may be anywhere
    times.push_back({*part.min_time, *part.max_time});
  }
  return MergeIntervals(std::move(times));
}

using FilesByColumns = std::map<std::vector<std::string>, std::vector<StagedFile>>;

class ReplacedStage {
 public:
  ReplacedStage(SqlSession& session, StageFiller& filler, const LedgerNames& names,
                const TableSet& tables)
      : session_(session), filler_(filler), names_(names), tables_(tables) {}

  Result<std::vector<ReplacedTable>> Add() {
    SLUICE_ASSIGN(const std::vector<LoadedPart> was,
                  Ask("list what is replaced", ListReplacedSql(names_)));
    SLUICE_TRY(AddParts("sluice_was", was));
    SLUICE_TRY(RequireTables(was));
    std::vector<ReplacedTable> replaced;
    std::vector<LoadedPart> read;
    for (size_t i = 0; i < tables_.tables.size(); ++i) {
      const Table& table = tables_.tables[i];
      std::vector<LoadedPart> old;
      std::ranges::copy_if(was, std::back_inserter(old), [&](const LoadedPart& part) {
        return part.table == table.name() && HasRows(part);
      });
      if (old.empty()) continue;
      SLUICE_ASSIGN(ReplacedTable one, AddTable(i, old, read));
      replaced.push_back(std::move(one));
    }
    SLUICE_TRY(AddParts("sluice_read", read));
    return replaced;
  }

 private:
  Result<std::vector<LoadedPart>> Ask(std::string_view name, const std::string& sql) {
    SLUICE_ASSIGN(const std::vector<TextRow> rows, session_.Query(name, sql));
    std::vector<LoadedPart> parts;
    for (const TextRow& row : rows) parts.push_back(PartOf(row));
    return parts;
  }

  Status AddParts(const std::string& table, const std::vector<LoadedPart>& parts) {
    SLUICE_TRY(session_.Run("create " + table, CreateStageSql(names_, table, LoadedPartColumns())));
    if (parts.empty()) return {};
    std::vector<SqlRow> rows;
    for (const LoadedPart& part : parts) rows.push_back({part.object, part.table, part.batch});
    return filler_.FillRows(table, LoadedPartColumns(), rows);
  }

  Status RequireTables(const std::vector<LoadedPart>& was) const {
    for (const LoadedPart& part : was) {
      if (part.table == "*" || !HasRows(part)) continue;
      const auto table = std::ranges::find(tables_.tables, part.table, &Table::name);
      if (table == tables_.tables.end()) {
        return Fail(ErrorKind::kBadData,
                    "cannot replace: rows are loaded into a table that is not configured any more: "
                    "table={} file={}",
                    part.table, part.parquet);
      }
      const bool is_declared = std::ranges::any_of(
          table->schema.columns, [](const Column& column) { return column.name == kObjectColumn; });
      if (!table->unique.empty() || is_declared) continue;
      return Fail(
          ErrorKind::kBadData,
          "cannot replace: without a unique key nobody can tell which rows are old: declare "
          "the column {} BIGINT in the table, before it is loaded: table={}",
          kObjectColumn, part.table);
    }
    return {};
  }

  Result<ReplacedTable> AddTable(size_t index, const std::vector<LoadedPart>& old,
                                 std::vector<LoadedPart>& read) {
    const Table& table = tables_.tables[index];
    ReplacedTable replaced{.table = index, .has_others = false, .times = TimesOf(table, old)};
    SLUICE_ASSIGN(const FilesByColumns files, FilesOfKey(table, old));
    if (table.unique.empty()) return replaced;
    SLUICE_TRY(AddFiles(OldTable(index), table, old, files));
    SLUICE_ASSIGN(const std::vector<LoadedPart> others,
                  Ask("list others", ListOthersSql(names_, table, index)));
    if (others.empty()) return replaced;
    replaced.has_others = true;
    SLUICE_ASSIGN(const FilesByColumns other_files, FilesOfKey(table, others));
    SLUICE_TRY(AddFiles(OtherTable(index), table, others, other_files));
    read.insert(read.end(), others.begin(), others.end());
    return replaced;
  }

  // Which rows lost, and against which, is said of the key that the table had then. Without one
  // none did, and what had none may have come in as often as it was sent.
  static Status RequireKey(const Table& table, const StagedFileFacts& facts,
                           const std::string& file) {
    const std::string now = KeyText(table), then = facts.key.value_or(now);
    if (then == now) return {};
    return Fail(ErrorKind::kBadData,
                "cannot replace: the table's unique and time were others when it was loaded; set "
                "them back, or load into another table: then={} now={} file={}",
                then.empty() ? "none" : then, now.empty() ? "none" : now, file);
  }

  // The Parquet of `parts`, all of the key that the table has.
  Result<FilesByColumns> FilesOfKey(const Table& table, const std::vector<LoadedPart>& parts) {
    FilesByColumns by_columns;
    for (const LoadedPart& part : parts) {
      const StagedFile file{StagedFile::Store::kParquet, part.parquet};
      SLUICE_ASSIGN(StagedFileFacts facts, filler_.FactsOf(file));
      SLUICE_TRY(RequireKey(table, facts, file.key));
      by_columns[std::move(facts.columns)].push_back(file);
    }
    return by_columns;
  }

  // What a file of today holds, in whatever order and number: a table may have got columns since.
  Result<std::vector<StagedColumn>> ColumnsAmong(const std::vector<StagedColumn>& columns,
                                                 const std::vector<std::string>& names,
                                                 const std::string& file) const {
    std::vector<StagedColumn> found;
    for (const std::string& name : names) {
      const auto column = std::ranges::find(columns, name, &StagedColumn::name);
      if (column == columns.end()) {
        return Fail(ErrorKind::kBadData,
                    "cannot replace: the table has no such column any more: column={} file={}",
                    name, file);
      }
      found.push_back(*column);
    }
    for (const StagedColumn& column : columns) {
      if (!column.not_null || std::ranges::count(names, column.name) > 0) continue;
      return Fail(ErrorKind::kBadData,
                  "cannot replace: the key had other columns when it was loaded: column={} file={}",
                  column.name, file);
    }
    return found;
  }

  Status AddFiles(const std::string& stage, const Table& table,
                  const std::vector<LoadedPart>& parts, const FilesByColumns& by_columns) {
    std::vector<StagedColumn> columns = StagedColumns(table);
    for (StagedColumn& column : columns)
      column.not_null = column.not_null && IsOfKey(table, column);
    SLUICE_TRY(session_.Run("create " + stage, CreateStageSql(names_, stage, columns)));
    for (const auto& [names, files] : by_columns) {
      SLUICE_ASSIGN(const auto found, ColumnsAmong(columns, names, files.front().key));
      SLUICE_TRY(filler_.FillFiles(stage, found, files));
    }
    if (names_.dialect.kind() == SqlDialect::Kind::kPostgres) {
      SLUICE_TRY(session_.Run("analyze " + stage, "ANALYZE " + names_.Temp(stage)));
    }
    return CheckCounts(stage, parts);
  }

  static bool IsOfKey(const Table& table, const StagedColumn& column) {
    const auto is_it = [&](size_t i) { return table.schema.columns[i].name == column.name; };
    return IsTechnical(column.name) || std::ranges::any_of(table.unique, is_it) ||
           (table.time && is_it(*table.time));
  }

  Status CheckCounts(const std::string& stage, const std::vector<LoadedPart>& parts) {
    SLUICE_ASSIGN(const std::vector<TextRow> rows,
                  session_.Query("count " + stage,
                                 fmt::format("SELECT CAST(sluice_object AS VARCHAR), CAST(COUNT(*) "
                                             "AS VARCHAR) FROM {} GROUP BY sluice_object",
                                             names_.Temp(stage))));
    std::map<int64_t, int64_t> counted;
    for (const TextRow& row : rows) counted[NumberOf(row[0])] = NumberOf(row[1]);
    for (const LoadedPart& part : parts) {
      if (counted[part.object] == part.staged) continue;
      return Fail(ErrorKind::kBadData,
                  "cannot replace: old Parquet is not what was loaded: rows={} loaded={} file={}",
                  counted[part.object], part.staged, part.parquet);
    }
    return {};
  }

  SqlSession& session_;
  StageFiller& filler_;
  const LedgerNames& names_;
  const TableSet& tables_;
};

}  // namespace

Status StageReplaced(SqlSession& session, StageFiller& filler, const LedgerNames& names,
                     const TableSet& tables, LoadFacts& facts) {
  SLUICE_ASSIGN(facts.replaced, ReplacedStage(session, filler, names, tables).Add());
  for (const ReplacedTable& replaced : *facts.replaced) {
    if (std::ranges::count(facts.tables, replaced.table, &StagedTable::table) > 0) continue;
    facts.tables.push_back({replaced.table, replaced.times});
  }
  std::ranges::sort(facts.tables, {}, &StagedTable::table);
  return {};
}

}  // namespace sluice
