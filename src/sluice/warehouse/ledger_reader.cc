// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/ledger_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "sluice/warehouse/sql_text.h"

namespace sluice {
namespace {

// One entry for each of `objects`, in order, of the ledger's rows.
std::vector<ObjectOutcome> InOrder(std::span<const int64_t> objects,
                                   const std::vector<TextRow>& rows) {
  std::map<std::string, const TextRow*> found;
  for (const TextRow& row : rows) {
    const TextRow*& kept = found[row[0].value_or("")];
    // Rows that came there twice by hand (fault C22): what is final counts.
    if (kept == nullptr || row[1] == "loaded") kept = &row;
  }
  std::vector<ObjectOutcome> outcomes;
  for (const int64_t object : objects) {
    ObjectOutcome& outcome = outcomes.emplace_back();
    outcome.object = object;
    const auto row = found.find(std::to_string(object));
    if (row == found.end()) continue;
    outcome.state = ObjectStateNamed((*row->second)[1].value_or(""));
    outcome.batch = (*row->second)[2].value_or("");
    outcome.reason = (*row->second)[3].value_or("");
  }
  return outcomes;
}

std::unexpected<Error> UnknownState(std::string_view state) {
  return Fail(ErrorKind::kPermanent, "the ledger holds a state of another version: {}", state);
}

}  // namespace

std::vector<TableBalance> EmptyBalance(const TableSet& tables) {
  std::vector<TableBalance> balance;
  for (const Table& table : tables.tables) balance.emplace_back().table = table.name();
  balance.emplace_back().table = "*";
  return balance;
}

std::unexpected<Error> NoTable(const LedgerNames& names, const Table& table) {
  return Fail(ErrorKind::kNotFound, "there is no table {}", names.Target(table.schema));
}

Result<bool> LedgerReader::HasTable(std::string_view schema, std::string_view table) {
  SLUICE_ASSIGN(const std::string count,
                One("look for table", CountTablesSql(names_, schema, table)));
  return ToCount(count) > 0;
}

// The only value of a query that answers one.
Result<std::string> LedgerReader::One(std::string_view name, const std::string& sql) {
  SLUICE_ASSIGN(const std::vector<TextRow> rows, session_.Query(name, sql));
  return rows.empty() || rows[0].empty() ? std::string() : rows[0][0].value_or("");
}

Result<bool> LedgerReader::Exists() {
  SLUICE_ASSIGN(const bool exists, HasTable(names_.schema, names_.prefix + "version"));
  if (!exists) return false;
  SLUICE_ASSIGN(const std::string version,
                One("read version", fmt::format("SELECT CAST(MAX(version) AS VARCHAR) FROM {}",
                                                names_.In("version"))));
  if (version.empty()) return false;  // somebody makes it right now, or died at it
  if (ToCount(version) > static_cast<uint64_t>(kLedgerVersion)) {
    return Fail(ErrorKind::kPermanent,
                "the ledger was made by a newer sluice: version={} known={}: update this one",
                version, kLedgerVersion);
  }
  if (ToCount(version) < static_cast<uint64_t>(kLedgerVersion)) {
    return Fail(
        ErrorKind::kPermanent,
        "the ledger was made by an older sluice, and this one cannot change it: version={} "
        "known={}: go on with that one, or start anew with another schema or warehouse file",
        ToCount(version), kLedgerVersion);
  }
  return true;
}

Status LedgerReader::Require() {
  SLUICE_ASSIGN(const bool exists, Exists());
  if (exists) return {};
  return Fail(ErrorKind::kPermanent, "the warehouse has no ledger: schema={}", names_.schema);
}

Result<WarehouseState> LedgerReader::State() {
  WarehouseState state;
  // The tables before the ledger: rows that were there came with ledger rows that are there now,
  // whoever loads meanwhile.
  for (const Table& table : tables_.tables) {
    SLUICE_ASSIGN(const bool exists,
                  HasTable(names_.TargetSchema(table.schema), table.schema.name));
    if (!exists) continue;
    SLUICE_ASSIGN(const std::vector<TextRow> rows,
                  session_.Query("probe", fmt::format("SELECT 'row' FROM {} LIMIT 1",
                                                      names_.Target(table.schema))));
    state.tables_hold_rows = state.tables_hold_rows || !rows.empty();
  }
  SLUICE_ASSIGN(state.ledger_exists, Exists());
  if (state.ledger_exists) {
    SLUICE_ASSIGN(
        const std::vector<TextRow> rows,
        session_.Query("probe", fmt::format("SELECT 'row' FROM {} WHERE name = {} LIMIT 1",
                                            names_.In("ledger"), names_.Pipeline())));
    state.ledger_is_empty = rows.empty();
    SLUICE_ASSIGN(const std::vector<TextRow> control, session_.Query("probe", ControlSql(names_)));
    state.ledger_id = control.at(0)[0].value_or("");
    state.paused = control.at(0)[1];
  }
  return state;
}

Result<std::vector<ObjectOutcome>> LedgerReader::Outcomes(std::span<const int64_t> objects) {
  SLUICE_ASSIGN(const std::vector<TextRow> rows,
                session_.Query("read ledger", LedgerStatesSql(names_, objects)));
  return InOrder(objects, rows);
}
Result<std::vector<ObjectOutcome>> LedgerReader::OutcomesUnderLock(
    std::span<const int64_t> objects) {
  SLUICE_ASSIGN(const std::vector<TextRow> rows,
                session_.Transact(TakeLock(names_), LedgerStatesSql(names_, objects)));
  return InOrder(objects, rows);
}

Result<std::optional<std::string>> LedgerReader::Pause(const std::optional<std::string>& reason) {
  SLUICE_ASSIGN(const std::vector<TextRow> before, session_.Query("read pause", PausedSql(names_)));
  std::vector<SqlStatement> statements = TakeLock(names_);
  statements.push_back({"pause", PauseSql(names_, reason)});
  SLUICE_ASSIGN(const std::vector<TextRow> after, session_.Transact(statements, PausedSql(names_)));
  if (after.empty() == reason.has_value()) {
    return Fail(ErrorKind::kPermanent,
                "the ledger has no row for this pipeline's pauses: run sluice process once");
  }
  return before.empty() ? std::optional<std::string>() : before[0][0];
}

Result<uint64_t> LedgerReader::RefusedInARow(std::span<const int64_t> others_than, Timestamp now) {
  SLUICE_ASSIGN(const std::string count,
                One("count refused", RefusedInARowSql(names_, others_than, now)));
  return ToCount(count);
}

Result<std::vector<LiveColumn>> LedgerReader::Describe(const Table& table) {
  SLUICE_ASSIGN(const std::vector<TextRow> rows,
                session_.Query("describe " + table.name(), DescribeSql(names_, {&table, 1})));
  if (rows.empty()) return NoTable(names_, table);
  std::vector<LiveColumn> columns;
  for (const TextRow& row : rows) columns.push_back(LiveColumnOf(row));
  return columns;
}

Result<std::vector<TableBalance>> LedgerReader::Balance() {
  std::vector<TableBalance> balance = EmptyBalance(tables_);
  SLUICE_ASSIGN(const bool exists, Exists());
  if (!exists) return balance;
  SLUICE_ASSIGN(const std::vector<TextRow> rows,
                session_.Query("read balance", BalanceSql(names_)));
  for (const TextRow& row : rows) {
    const auto count = [&](size_t i) { return ToCount(row[i]); };
    const std::string name = row[0].value_or("");
    const TableBalance found = {name,     count(1), count(2), count(3), count(4),  count(5),
                                count(6), count(7), count(8), count(9), count(10), count(11)};
    const auto place = std::ranges::find(balance, name, &TableBalance::table);
    if (place != balance.end()) {
      *place = found;
    } else {
      balance.insert(balance.end() - 1, found);  // a table that is configured no more
    }
  }
  return balance;
}

Result<std::vector<StateCount>> LedgerReader::States(Timestamp rows_since) {
  std::vector<StateCount> counts;
  SLUICE_ASSIGN(const bool exists, Exists());
  if (!exists) return counts;
  SLUICE_ASSIGN(const std::vector<TextRow> rows,
                session_.Query("states", StatesSql(names_, rows_since)));
  for (const TextRow& row : rows) {
    const auto state = ObjectStateNamed(row[0].value_or(""));
    if (!state) return UnknownState(row[0].value_or(""));
    counts.push_back({.state = *state,
                      .objects = ToCount(row[1]),
                      .events = ToCount(row[2]),
                      .first = FromSqlTime(row[3].value_or("")),
                      .last = FromSqlTime(row[4].value_or("")),
                      .rows_since = ToCount(row[5])});
  }
  return counts;
}

Result<std::vector<LedgerObject>> LedgerReader::ListObjects(const LedgerRange& range) {
  std::vector<LedgerObject> objects;
  SLUICE_ASSIGN(const bool exists, Exists());
  if (!exists) return objects;
  SLUICE_ASSIGN(const std::vector<TextRow> rows,
                session_.Query("list objects", ListObjectsSql(names_, range)));
  for (const TextRow& row : rows) {
    const auto text = [&](size_t i) { return row[i].value_or(""); };
    const auto state = ObjectStateNamed(text(3));
    if (!state) return UnknownState(text(3));
    objects.push_back({.object = NumberOf(row[0]),
                       .identity = text(1),
                       .raw_key = text(2),
                       .state = *state,
                       .reason = text(4),
                       .lines = ToCount(row[5]),
                       .dropped = ToCount(row[6]),
                       .loaded = ToCount(row[7]),
                       .duplicates = ToCount(row[8]),
                       .quarantined = ToCount(row[9]),
                       .accepted = ToCount(row[12]),
                       .lacks_table = row[13] == "true",
                       .batch = text(10),
                       .loaded_at = text(11)});
  }
  return objects;
}

Result<uint64_t> LedgerReader::CountRows(const Table& table) {
  SLUICE_TRY(Describe(table));
  SLUICE_ASSIGN(const std::string count,
                One("count rows", fmt::format("SELECT CAST(COUNT(*) AS VARCHAR) FROM {}",
                                              names_.Target(table.schema))));
  return ToCount(count);
}

Result<std::vector<TextRow>> LedgerReader::SampleRows(const Table& table, size_t limit) {
  SLUICE_TRY(Describe(table));
  std::string columns;
  for (const Column& column : table.schema.columns) {
    columns += (columns.empty() ? "" : ", ") +
               names_.dialect.AsText(column.type, QuoteIdentifier(column.name));
  }
  return session_.Query("sample rows", fmt::format("SELECT {} FROM {} LIMIT {}", columns,
                                                   names_.Target(table.schema), limit));
}

Result<TableCheck> LedgerReader::Check(const Table& table, const EventHours& hours) {
  SLUICE_TRY(Describe(table));
  SLUICE_TRY(Require());
  return CheckTable(session_, names_, table, hours);
}

Result<std::vector<EventHour>> LedgerReader::CountHours(const Table& table,
                                                        const EventHours& hours) {
  if (!table.time) return std::vector<EventHour>();
  SLUICE_TRY(Describe(table));
  SLUICE_TRY(Require());
  return CountEventHours(session_, names_, table, hours);
}

Result<std::vector<LedgerPart>> LedgerReader::ListParts(const PartQuery& query) {
  SLUICE_ASSIGN(const bool exists, Exists());
  if (!exists) return std::vector<LedgerPart>();
  return sluice::ListParts(session_, names_, query);
}

Result<std::vector<NamedFile>> LedgerReader::ListFiles(const std::string& after, size_t limit) {
  SLUICE_ASSIGN(const bool exists, Exists());
  if (!exists) return std::vector<NamedFile>();
  return sluice::ListFiles(session_, names_, after, limit);
}

Result<std::vector<std::string>> LedgerReader::NamedAmong(std::span<const std::string> keys) {
  SLUICE_ASSIGN(const bool exists, Exists());
  if (!exists) return std::vector<std::string>();
  return sluice::NamedAmong(session_, names_, keys);
}

Result<QuarantineSummary> LedgerReader::SumQuarantine(const QuarantineFilter& filter) {
  SLUICE_ASSIGN(const bool exists, Exists());
  if (!exists) return QuarantineSummary();
  return sluice::SumQuarantine(session_, names_, filter);
}

Result<std::vector<QuarantinedEvent>> LedgerReader::ListQuarantined(
    const QuarantineFilter& filter) {
  SLUICE_ASSIGN(const bool exists, Exists());
  if (!exists) return std::vector<QuarantinedEvent>();
  return sluice::ListQuarantined(session_, names_, filter);
}

Result<std::vector<QuarantinedLine>> LedgerReader::ListReplayable(
    const QuarantineFilter& filter, const std::optional<QuarantinedLine>& after) {
  SLUICE_ASSIGN(const bool exists, Exists());
  if (!exists) return std::vector<QuarantinedLine>();
  return sluice::ListReplayable(session_, names_, filter, after);
}

Result<uint64_t> LedgerReader::AcceptQuarantined(const QuarantineFilter& filter,
                                                 const Acceptance& acceptance) {
  SLUICE_TRY(Require());
  return sluice::AcceptQuarantined(session_, names_, filter, acceptance);
}

Result<bool> LedgerReader::AcceptOverwritten(int64_t object, const Acceptance& acceptance) {
  SLUICE_TRY(Require());
  return sluice::AcceptOverwritten(session_, names_, object, acceptance);
}

Result<EventTraces> LedgerReader::FindEvent(const std::string& key, size_t limit) {
  SLUICE_ASSIGN(const bool exists, Exists());
  if (!exists) return EventTraces();
  return sluice::FindEvent(session_, names_, tables_, key, limit);
}

}  // namespace sluice
