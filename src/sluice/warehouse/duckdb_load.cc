// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/duckdb_load.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <set>
#include <tuple>
#include <utility>

namespace sluice {
namespace {

int64_t ToNumber(const std::optional<std::string>& text) {
  int64_t number = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), number);
  return number;
}

// A statement of a transaction that is to be committed.
Status Execute(DuckDbSession& session, const LoadStatement& statement) {
  if (!statement.assertion) return session.Run(statement.name, statement.sql);
  const Result<std::vector<TextRow>> rows = session.Query(statement.name, statement.sql);
  if (!rows) {
    // error() answers as refused input does.
    const bool failed = rows.error().kind() == ErrorKind::kBadData;
    return std::unexpected(
        Error(failed ? *statement.assertion : rows.error().kind(), rows.error().message()));
  }
  if (rows->size() == 1 && rows->front().size() == 1 && rows->front().front() == "ok") return {};
  return Fail(ErrorKind::kPermanent, "{}: the assertion was not evaluated", statement.name);
}

Result<std::vector<TextRow>> RunBody(DuckDbSession& session,
                                     const std::vector<LoadStatement>& statements,
                                     const std::optional<std::string>& last) {
  SLUICE_TRY(session.Run("begin", "BEGIN TRANSACTION"));
  for (const LoadStatement& statement : statements) SLUICE_TRY(Execute(session, statement));
  if (!last) return std::vector<TextRow>();
  return session.Query("read outcome", *last);
}

bool BringsRows(const PlannedTable& part) {
  return part.routed > part.quarantined;
}

// Of the staged rows of one table.
std::vector<TimeInterval> PlannedTimes(const Table& table, const LoadPlan& plan, size_t index) {
  std::vector<TimeInterval> times;
  if (!table.time) return times;
  for (const PlannedObject& object : plan.objects) {
    const PlannedTable& part = object.tables[index];
    if (!BringsRows(part)) continue;
    if (!part.min_time || !part.max_time) return {};  // may be anywhere
    times.push_back({*part.min_time, *part.max_time});
  }
  return MergeIntervals(std::move(times));
}

// Names what is wrong with one object's staged rows; absent when nothing is.
std::optional<std::string> Mismatch(const PlannedTable& table, const TextRow* counted) {
  const uint64_t expected = table.routed - table.quarantined;
  const uint64_t found = counted ? static_cast<uint64_t>(ToNumber((*counted)[1])) : 0;
  if (found != expected) return fmt::format("rows={} planned={}", found, expected);
  if (counted == nullptr || !(*counted)[2] || !table.min_time || !table.max_time) return {};
  const auto micros = [](Timestamp time) { return time.time_since_epoch().count(); };
  if (ToNumber((*counted)[2]) < micros(*table.min_time) ||
      ToNumber((*counted)[3]) > micros(*table.max_time)) {
    return "holds times outside of what its footer says";
  }
  return {};
}

}  // namespace

Result<std::vector<TextRow>> RunTransaction(DuckDbSession& session,
                                            const std::vector<LoadStatement>& statements,
                                            const std::optional<std::string>& last) {
  Result<std::vector<TextRow>> rows = RunBody(session, statements, last);
  if (!rows) {
    // Best effort: the session's end rolls back too.
    std::ignore = session.Undo();
    return rows;
  }
  if (Status committed = session.Commit(); !committed) {
    // What did not happen at all (a struck fault plan) keeps its kind.
    const bool did_not_happen =
        committed.error().kind() == ErrorKind::kTransient && session.Undo().has_value();
    return std::unexpected(
        Error(did_not_happen ? ErrorKind::kTransient : ErrorKind::kOutcomeUnknown,
              committed.error().message()));
  }
  return rows;
}

Status CheckPlan(const TableSet& tables, const LoadPlan& plan) {
  std::set<int64_t> objects;
  std::set<std::pair<std::string_view, std::string_view>> keys;
  for (const PlannedObject& object : plan.objects) {
    if (!objects.insert(object.object).second ||
        !keys.emplace(object.store, object.raw_key).second) {
      return Fail(ErrorKind::kPermanent, "the plan names a raw object twice: raw_key={}",
                  object.raw_key);
    }
    bool is_whole = object.tables.size() == tables.tables.size();
    for (size_t i = 0; is_whole && i < object.tables.size(); ++i) {
      const PlannedTable& table = object.tables[i];
      is_whole = table.table == i && table.quarantined <= table.routed;
    }
    if (!is_whole) {
      return Fail(ErrorKind::kPermanent,
                  "the plan lacks a table or has impossible counts: "
                  "raw_key={}",
                  object.raw_key);
    }
  }
  return {};
}

std::vector<StagedTable> PlannedTables(const TableSet& tables, const LoadPlan& plan) {
  std::vector<StagedTable> staged;
  for (size_t i = 0; i < tables.tables.size(); ++i) {
    const bool brings_rows = std::ranges::any_of(plan.objects, [&](const PlannedObject& object) {
      return BringsRows(object.tables[i]) || !object.tables[i].parquet.empty();
    });
    if (brings_rows) staged.push_back({i, PlannedTimes(tables.tables[i], plan, i)});
  }
  return staged;
}

Result<std::string> DuckDbStage::PathOf(const std::string& root, const std::string& key) const {
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
  const std::filesystem::file_status found = std::filesystem::status(full, error);
  if (std::filesystem::is_regular_file(found)) return full.string();
  if (found.type() == std::filesystem::file_type::none ||
      found.type() == std::filesystem::file_type::unknown) {
    return Fail(ErrorKind::kTransient, "cannot stage: cannot look for a file: {}: {}",
                error.message(), full.string());
  }
  return Fail(ErrorKind::kBadData, "cannot stage: no such file: {}", full.string());
}

Status DuckDbStage::CreateTables(const std::vector<SqlRow>& plan_rows) {
  SLUICE_TRY(session_.Run("create plan", CreatePlanSql()));
  SLUICE_TRY(session_.Append("fill plan", "sluice_plan", plan_rows));
  return session_.Run("create bad", CreateStageSql("sluice_bad", StagedQuarantineColumns()));
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

Status DuckDbStage::Read(const std::string& table, const std::vector<StagedColumn>& columns,
                         const std::vector<std::string>& files) {
  if (files.empty()) return {};
  SLUICE_TRY(CheckColumns(files, columns));
  return session_.Run("stage " + table, FillStageSql(table, columns, files));
}

Status DuckDbStage::AddTable(size_t table, const std::vector<const PlannedObject*>& objects) {
  const Table& target = tables_.tables[table];
  const std::string stage = StageTable(table);
  const std::vector<StagedColumn> columns = StagedColumns(target);
  std::vector<std::string> files;
  for (const PlannedObject* object : objects) {
    const std::string& key = object->tables[table].parquet;
    if (key.empty()) continue;
    SLUICE_ASSIGN(std::string file, PathOf(options_.parquet_root, key));
    files.push_back(std::move(file));
  }
  SLUICE_TRY(session_.Run("create " + stage, CreateStageSql(stage, columns)));
  SLUICE_TRY(Read(stage, columns, files));

  SLUICE_ASSIGN(const std::vector<TextRow> counts,
                session_.Query("count " + stage, CountStagedSql(table, target)));
  std::map<int64_t, const TextRow*> found;
  for (const TextRow& row : counts) found.emplace(ToNumber(row[0]), &row);
  for (const PlannedObject* object : objects) {
    const auto counted = found.find(object->object);
    const PlannedTable& part = object->tables[table];
    if (const auto wrong = Mismatch(part, counted == found.end() ? nullptr : counted->second)) {
      return Fail(ErrorKind::kBadData, "cannot stage: not what was planned: {} table={} file={}",
                  *wrong, target.name(), part.parquet);
    }
    if (counted != found.end()) found.erase(counted);
  }
  if (found.empty()) return {};
  return Fail(ErrorKind::kBadData,
              "cannot stage: rows of an object that is not planned: table={} "
              "object={}",
              target.name(), found.begin()->first);
}

Status DuckDbStage::AddQuarantine(const std::vector<const PlannedObject*>& objects) {
  std::vector<std::string> files;
  std::map<std::pair<int64_t, std::string>, uint64_t> planned;
  for (const PlannedObject* object : objects) {
    if (object->quarantine.empty()) continue;
    SLUICE_ASSIGN(std::string file, PathOf(options_.quarantine_root, object->quarantine));
    files.push_back(std::move(file));
  }
  SLUICE_TRY(Read("sluice_bad", StagedQuarantineColumns(), files));

  SLUICE_ASSIGN(const std::vector<TextRow> counts, session_.Query("count bad", CountBadSql()));
  std::map<int64_t, std::map<std::string, uint64_t>> found;
  for (const TextRow& row : counts) {
    found[ToNumber(row[0])][row[1].value_or("")] = static_cast<uint64_t>(ToNumber(row[2]));
  }
  for (const PlannedObject* object : objects) {
    std::map<std::string, uint64_t> by_table = std::move(found[object->object]);
    found.erase(object->object);
    uint64_t all = 0;
    for (const auto& [table, count] : by_table) all += count;
    bool is_right = all == (object->quarantine.empty() ? 0 : object->quarantined);
    for (const PlannedTable& table : object->tables) {
      is_right = is_right && (object->quarantine.empty() ||
                              by_table[tables_.tables[table.table].name()] == table.quarantined);
    }
    if (!is_right) {
      return Fail(ErrorKind::kBadData,
                  "cannot stage: not as many bad events as planned: rows={} "
                  "planned={} file={}",
                  all, object->quarantined, object->quarantine);
    }
  }
  if (found.empty()) return {};
  return Fail(ErrorKind::kBadData,
              "cannot stage: bad events of an object that is not planned: "
              "object={}",
              found.begin()->first);
}

Result<std::vector<ObjectOutcome>> DuckDbLoad::Commit() {
  if (!turn_) return Fail(ErrorKind::kPermanent, "cannot commit: it was tried before");
  // The database is closed when the answer is known, whatever it is.
  const DuckDbTurn turn = std::move(*std::exchange(turn_, std::nullopt));
  const Result<std::vector<TextRow>> rows =
      RunTransaction(*turn.session, CommitSql(tables_, names_, facts_), LoadOutcomeSql(names_));
  if (!rows) return std::unexpected(rows.error().During("cannot commit load"));
  std::vector<ObjectOutcome> outcomes;
  for (size_t i = 0; i < objects_.size(); ++i) {
    const TextRow& row = (*rows)[i];
    outcomes.push_back({.object = objects_[i],
                        .state = ObjectStateNamed(row[0].value_or("")),
                        .batch = row[1].value_or(""),
                        .reason = row[2].value_or("")});
  }
  return outcomes;
}

}  // namespace sluice
