// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/staged_load.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "sluice/base/clock.h"
#include "sluice/warehouse/ddl_sql.h"
#include "sluice/warehouse/sql_text.h"
#include "sluice/warehouse/stage_sql.h"

namespace sluice {
namespace {

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
  const uint64_t found = counted ? ToCount((*counted)[1]) : 0;
  if (found != expected) return fmt::format("rows={} planned={}", found, expected);
  if (counted == nullptr || !(*counted)[2] || !table.min_time || !table.max_time) return {};
  const auto earliest = FromSqlTime(*(*counted)[2]),
             latest = FromSqlTime((*counted)[3].value_or(""));
  if (!earliest || !latest || *earliest < *table.min_time || *latest > *table.max_time) {
    return "holds times outside of what its footer says";
  }
  return {};
}

// What is counted of one object behind its times, by CountStagedSql.
Status RequireNoNulls(const LedgerNames& names, const Table& target,
                      std::span<const size_t> not_null, const TextRow& counted,
                      const std::string& file) {
  for (size_t i = 0; i < not_null.size(); ++i) {
    const uint64_t nulls = ToCount(counted[4 + i]);
    if (nulls == 0) continue;
    const Column& column = target.schema.columns[not_null[i]];
    return Fail(ErrorKind::kBadData,
                "cannot stage: NULL in column {}, which is NOT NULL in {} and not in its DDL; to "
                "mend it: {}: rows={} file={}",
                column.name, names.Target(target.schema), NotNullRecipe(names, target, column),
                nulls, file);
  }
  return {};
}

}  // namespace

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

Status CheckStagedRows(SqlSession& session, const LedgerNames& names, const TableSet& tables,
                       size_t table, std::span<const size_t> not_null,
                       std::span<const PlannedObject* const> objects) {
  const Table& target = tables.tables[table];
  SLUICE_ASSIGN(
      const std::vector<TextRow> counts,
      session.Query("count " + StageTable(table), CountStagedSql(names, table, target, not_null)));
  std::map<int64_t, const TextRow*> found;
  for (const TextRow& row : counts) found.emplace(NumberOf(row[0]), &row);
  for (const PlannedObject* object : objects) {
    const auto counted = found.find(object->object);
    const PlannedTable& part = object->tables[table];
    if (const auto wrong = Mismatch(part, counted == found.end() ? nullptr : counted->second)) {
      return Fail(ErrorKind::kBadData, "cannot stage: not what was planned: {} table={} file={}",
                  *wrong, target.name(), part.parquet);
    }
    if (counted == found.end()) continue;
    SLUICE_TRY(RequireNoNulls(names, target, not_null, *counted->second, part.parquet));
    found.erase(counted);
  }
  if (found.empty()) return {};
  return Fail(ErrorKind::kBadData,
              "cannot stage: rows of an object that is not planned: table={} "
              "object={}",
              target.name(), found.begin()->first);
}

Status CheckStagedQuarantine(SqlSession& session, const LedgerNames& names, const TableSet& tables,
                             std::span<const PlannedObject* const> objects) {
  SLUICE_ASSIGN(const std::vector<TextRow> counts, session.Query("count bad", CountBadSql(names)));
  std::map<int64_t, std::map<std::string, uint64_t>> found;
  for (const TextRow& row : counts) {
    found[NumberOf(row[0])][row[1].value_or("")] = ToCount(row[2]);
  }
  for (const PlannedObject* object : objects) {
    std::map<std::string, uint64_t> by_table = std::move(found[object->object]);
    found.erase(object->object);
    uint64_t all = 0;
    for (const auto& [table, count] : by_table) all += count;
    bool is_right = all == (object->quarantine.empty() ? 0 : object->quarantined);
    for (const PlannedTable& table : object->tables) {
      is_right = is_right && (object->quarantine.empty() ||
                              by_table[tables.tables[table.table].name()] == table.quarantined);
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

Result<std::vector<ObjectOutcome>> CommitLoad(SqlSession& session, const LedgerNames& names,
                                              const TableSet& tables, const LoadFacts& facts,
                                              std::span<const int64_t> objects) {
  const Result<std::vector<TextRow>> rows =
      session.Transact(CommitSql(tables, names, facts), LoadOutcomeSql(names));
  if (!rows) return std::unexpected(rows.error().During("cannot commit load"));
  std::vector<ObjectOutcome> outcomes;
  for (size_t i = 0; i < objects.size(); ++i) {
    const TextRow& row = (*rows)[i];
    outcomes.push_back({.object = objects[i],
                        .state = ObjectStateNamed(row[0].value_or("")),
                        .batch = row[1].value_or(""),
                        .reason = row[2].value_or("")});
  }
  return outcomes;
}

}  // namespace sluice
