// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/duckdb_warehouse.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <charconv>
#include <filesystem>
#include <map>
#include <utility>

#include "sluice/base/log.h"
#include "sluice/base/unique_id.h"
#include "sluice/warehouse/duckdb_file.h"
#include "sluice/warehouse/duckdb_load.h"
#include "sluice/warehouse/live_tables.h"
#include "sluice/warehouse/sql_text.h"

namespace sluice {
namespace {

uint64_t ToCount(const std::optional<std::string>& text) {
  uint64_t number = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), number);
  return number;
}

// The only value of a query that answers one.
Result<std::string> One(DuckDbSession& session, std::string_view name, const std::string& sql) {
  SLUICE_ASSIGN(const std::vector<TextRow> rows, session.Query(name, sql));
  return rows.empty() || rows[0].empty() ? std::string() : rows[0][0].value_or("");
}

// Of what may be repeated whatever happened: staging, which is temporary, and Prepare.
Error WithoutUnknown(const Error& error) {
  if (error.kind() != ErrorKind::kOutcomeUnknown) return error;
  return Error(ErrorKind::kTransient, error.message());
}

}  // namespace

DuckDbWarehouse::DuckDbWarehouse(DuckDbOptions options, const TableSet& tables, Clock& clock)
    : options_(std::move(options)),
      tables_(tables),
      clock_(clock),
      names_{.pipeline = options_.name, .schema = options_.schema} {}

// A file that only cannot be looked at is there: to open it says what is wrong.
bool DuckDbWarehouse::Exists() const {
  struct stat facts;
  return ::lstat(options_.path.c_str(), &facts) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

Status DuckDbWarehouse::RequireEngine() {
  if (engine_ != nullptr && engine_->is_running()) return {};
  SLUICE_ASSIGN(engine_, DuckDbEngine::Start({.spill_folder = options_.path + ".tmp",
                                              .threads = options_.threads,
                                              .memory = options_.memory}));
  return {};
}

Result<DuckDbTurn> DuckDbWarehouse::TakeTurn(Purpose purpose) {
  SLUICE_TRY(RequireEngine());
  const Deadline deadline = Deadline::After(clock_, options_.lock_wait);
  Result<LockFile> lock =
      LockFile::Acquire(options_.path + ".lock", options_.lock_wait, clock_, options_.stop);
  if (!lock) return std::unexpected(lock.error().During("cannot open the warehouse"));
  if (!Exists()) {
    if (purpose != Purpose::kMake) {
      return Fail(ErrorKind::kPermanent,
                  "the warehouse is gone; put it back, or prepare it first: {}", options_.path);
    }
    SLUICE_TRY(MakeDuckDbFile(options_.path, options_.memory));
  }
  const DuckDbSessionOptions session_options = {
      .path = options_.path,
      .access = purpose == Purpose::kRead ? DuckDbSessionOptions::Access::kReadOnly
                                          : DuckDbSessionOptions::Access::kReadWrite,
      .engine = engine_,
      .stop = purpose == Purpose::kLoad ? options_.stop : std::stop_token(),
      .faults = purpose == Purpose::kRead ? nullptr : options_.faults};
  while (true) {
    Result<std::unique_ptr<DuckDbSession>> session = DuckDbSession::Open(session_options);
    if (session) return DuckDbTurn{std::move(*lock), std::move(*session)};
    // Another program than sluice has it open: it knows no lock file.
    if (session.error().kind() != ErrorKind::kConflict) {
      return std::unexpected(session.error().During("cannot open the warehouse"));
    }
    if (deadline.HasPassed(clock_) || options_.stop.stop_requested()) {
      return Fail(ErrorKind::kTransient, "cannot open the warehouse: held by another program: {}",
                  session.error().message());
    }
    clock_.Sleep(kLockSlice);
  }
}

Result<bool> DuckDbWarehouse::HasTable(DuckDbSession& session, std::string_view schema,
                                       std::string_view table) {
  SLUICE_ASSIGN(const std::string count,
                One(session, "look for table", CountTablesSql(schema, table)));
  return ToCount(count) > 0;
}

Result<bool> DuckDbWarehouse::CheckLedger(DuckDbSession& session) {
  SLUICE_ASSIGN(const bool exists, HasTable(session, names_.schema, "version"));
  if (!exists) return false;
  SLUICE_ASSIGN(
      const std::string version,
      One(session, "read version",
          fmt::format("SELECT CAST(MAX(version) AS VARCHAR) FROM {}", names_.In("version"))));
  if (ToCount(version) > static_cast<uint64_t>(kLedgerVersion)) {
    return Fail(ErrorKind::kPermanent,
                "the ledger was made by a newer sluice: version={} known={}: update this one",
                version, kLedgerVersion);
  }
  if (ToCount(version) < static_cast<uint64_t>(kLedgerVersion)) {
    return Fail(ErrorKind::kPermanent,
                "the ledger was made by an older sluice, and this one cannot change it: version={} "
                "known={}: go on with that one, or start anew with another warehouse file",
                ToCount(version), kLedgerVersion);
  }
  return true;
}

Status DuckDbWarehouse::RequireLedger(DuckDbSession& session) {
  SLUICE_ASSIGN(const bool exists, CheckLedger(session));
  if (exists) return {};
  return Fail(ErrorKind::kPermanent, "the warehouse has no ledger: prepare it first: {}",
              options_.path);
}

Result<WarehouseState> DuckDbWarehouse::Probe() {
  WarehouseState state;
  if (!Exists()) return state;
  SLUICE_ASSIGN(const DuckDbTurn turn, TakeTurn(Purpose::kRead));
  DuckDbSession& session = *turn.session;
  SLUICE_ASSIGN(state.ledger_exists, CheckLedger(session));
  if (state.ledger_exists) {
    SLUICE_ASSIGN(const std::vector<TextRow> rows,
                  session.Query("probe", fmt::format("SELECT 'row' FROM {} WHERE name = {} LIMIT 1",
                                                     names_.In("ledger"), names_.Pipeline())));
    state.ledger_is_empty = rows.empty();
    SLUICE_ASSIGN(const std::vector<TextRow> pauses,
                  session.Query("probe", fmt::format("SELECT COALESCE(reason, '') FROM {} WHERE "
                                                     "name = {} AND paused <> 0",
                                                     names_.In("control"), names_.Pipeline())));
    if (!pauses.empty()) state.paused = pauses[0][0];
  }
  for (const Table& table : tables_.tables) {
    SLUICE_ASSIGN(const bool exists,
                  HasTable(session, TargetSchema(table.schema), table.schema.name));
    if (!exists) continue;
    SLUICE_ASSIGN(const std::vector<TextRow> rows,
                  session.Query("probe", fmt::format("SELECT 'row' FROM {} LIMIT 1",
                                                     TargetName(table.schema))));
    state.tables_hold_rows = state.tables_hold_rows || !rows.empty();
  }
  return state;
}

Status DuckDbWarehouse::Prepare() {
  std::error_code error;
  const std::filesystem::path folder = std::filesystem::path(options_.path).parent_path();
  if (!folder.empty()) std::filesystem::create_directories(folder, error);
  if (error) {
    return Fail(ErrorKind::kPermanent, "cannot make the warehouse's folder: {}: {}",
                error.message(), folder.string());
  }
  SLUICE_ASSIGN(const DuckDbTurn turn, TakeTurn(Purpose::kMake));
  SLUICE_TRY(CheckLedger(*turn.session));
  std::vector<LoadStatement> statements;
  for (std::string& sql : PrepareSql(tables_, names_)) {
    statements.push_back({"prepare", std::move(sql), std::nullopt});
  }
  const auto done = RunTransaction(*turn.session, statements, std::nullopt);
  if (!done) return std::unexpected(WithoutUnknown(done.error()).During("cannot prepare"));
  return {};
}

Result<std::unique_ptr<StagedLoad>> DuckDbWarehouse::Stage(const LoadPlan& plan) {
  SLUICE_TRY(CheckPlan(tables_, plan));
  LoadFacts facts = {
      .batch = plan.batch, .loaded_at = clock_.Now(), .tables = PlannedTables(tables_, plan)};
  const auto stage = [&](DuckDbTurn& turn) -> Status {
    SLUICE_TRY(RequireLedger(*turn.session));
    SLUICE_TRY(RequireTables(*turn.session, tables_));
    std::vector<SqlRow> rows;
    std::vector<const PlannedObject*> objects;
    for (const PlannedObject& object : plan.objects) {
      AddPlanRows(tables_, objects.size(), object, "", "", rows);
      objects.push_back(&object);
    }
    DuckDbStage staged(tables_, options_, *turn.session);
    SLUICE_TRY(staged.CreateTables(rows));
    for (const StagedTable& table : facts.tables) {
      SLUICE_TRY(staged.AddTable(table.table, objects));
    }
    return staged.AddQuarantine(objects);
  };
  Result<DuckDbTurn> turn = TakeTurn(Purpose::kLoad);
  // Temporary tables go with the session: nothing can have happened.
  if (!turn) return std::unexpected(WithoutUnknown(turn.error()));
  if (Status staged = stage(*turn); !staged) {
    return std::unexpected(WithoutUnknown(staged.error()));
  }
  std::vector<int64_t> objects;
  for (const PlannedObject& object : plan.objects) objects.push_back(object.object);
  return std::make_unique<DuckDbLoad>(std::move(*turn), tables_, names_, std::move(facts),
                                      std::move(objects));
}

Result<std::vector<ObjectOutcome>> DuckDbWarehouse::States(DuckDbSession& session,
                                                           std::span<const int64_t> objects) {
  SLUICE_ASSIGN(const std::vector<TextRow> rows,
                session.Query("read ledger", LedgerStatesSql(names_, objects)));
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

Result<std::vector<ObjectOutcome>> DuckDbWarehouse::Outcome(std::span<const int64_t> objects) {
  SLUICE_ASSIGN(const DuckDbTurn turn, TakeTurn(Purpose::kWrite));
  SLUICE_TRY(RequireLedger(*turn.session));
  SLUICE_TRY(turn.session->Run("begin", "BEGIN TRANSACTION"));
  SLUICE_TRY(turn.session->Run("take lock", TakeLockSql(names_)));
  Result<std::vector<ObjectOutcome>> outcomes = States(*turn.session, objects);
  if (outcomes) SLUICE_TRY(turn.session->Commit());
  return outcomes;
}

Result<std::vector<ObjectOutcome>> DuckDbWarehouse::Peek(std::span<const int64_t> objects) {
  std::vector<ObjectOutcome> nothing;
  for (const int64_t object : objects) nothing.emplace_back().object = object;
  if (!Exists()) return nothing;
  SLUICE_ASSIGN(const DuckDbTurn turn, TakeTurn(Purpose::kRead));
  SLUICE_ASSIGN(const bool has_ledger, CheckLedger(*turn.session));
  if (!has_ledger) return nothing;
  return States(*turn.session, objects);
}

Status DuckDbWarehouse::Settle(std::span<const Settlement> settlements) {
  std::vector<SqlRow> rows;
  std::vector<const PlannedObject*> objects;
  for (const Settlement& settlement : settlements) {
    AddPlanRows(tables_, objects.size(), settlement.object, Name(settlement.state),
                settlement.reason, rows);
    objects.push_back(&settlement.object);
  }
  SLUICE_ASSIGN(const DuckDbTurn turn, TakeTurn(Purpose::kWrite));
  SLUICE_TRY(RequireLedger(*turn.session));
  DuckDbStage staged(tables_, options_, *turn.session);
  SLUICE_TRY(staged.CreateTables(rows));
  SLUICE_TRY(staged.AddQuarantine(objects));
  const Timestamp now = clock_.Now();
  const auto done = RunTransaction(*turn.session, SettleSql(names_, MakeUniqueId(now), now), {});
  if (!done) return std::unexpected(done.error().During("cannot settle"));
  return {};
}

Result<uint64_t> DuckDbWarehouse::RefusedInARow(std::span<const int64_t> others_than) {
  if (!Exists()) return 0;
  SLUICE_ASSIGN(const DuckDbTurn turn, TakeTurn(Purpose::kRead));
  SLUICE_TRY(RequireLedger(*turn.session));
  SLUICE_ASSIGN(const std::string count,
                One(*turn.session, "count refused", RefusedInARowSql(names_, others_than)));
  return ToCount(count);
}

Result<std::vector<LiveColumn>> DuckDbWarehouse::Describe(const Table& table) {
  std::vector<LiveColumn> columns;
  if (Exists()) {
    SLUICE_ASSIGN(const DuckDbTurn turn, TakeTurn(Purpose::kRead));
    SLUICE_ASSIGN(const std::vector<TextRow> rows,
                  turn.session->Query("describe " + table.name(), DescribeSql({&table, 1})));
    for (const TextRow& row : rows) {
      columns.push_back({row[1].value_or(""), row[2].value_or(""), row[3] == "true"});
    }
  }
  if (!columns.empty()) return columns;
  return Fail(ErrorKind::kNotFound, "there is no table {}", TargetName(table.schema));
}

Result<std::vector<TableBalance>> DuckDbWarehouse::Balance() {
  std::map<std::string, TableBalance> found;
  if (Exists()) {
    SLUICE_ASSIGN(const DuckDbTurn turn, TakeTurn(Purpose::kRead));
    SLUICE_ASSIGN(const bool has_ledger, CheckLedger(*turn.session));
    std::vector<TextRow> rows;
    if (has_ledger) {
      SLUICE_ASSIGN(rows, turn.session->Query("read balance", BalanceSql(names_)));
    }
    for (const TextRow& row : rows) {
      const auto count = [&](size_t i) { return ToCount(row[i]); };
      const std::string name = row[0].value_or("");
      found[name] = {name,     count(1), count(2), count(3), count(4), count(5),
                     count(6), count(7), count(8), count(9), count(10)};
    }
  }
  std::vector<TableBalance> balance;
  for (const Table& table : tables_.tables) {
    TableBalance& row = balance.emplace_back();
    if (auto node = found.extract(table.name())) row = std::move(node.mapped());
    row.table = table.name();
  }
  TableBalance objects{.table = "*"};
  for (auto& [name, row] : found) {
    if (name == "*") {
      objects = row;
    } else {
      balance.push_back(row);  // a table that is configured no more
    }
  }
  balance.push_back(objects);
  return balance;
}

Result<std::vector<StateCount>> DuckDbWarehouse::States() {
  std::vector<StateCount> counts;
  if (!Exists()) return counts;
  SLUICE_ASSIGN(const DuckDbTurn turn, TakeTurn(Purpose::kRead));
  SLUICE_ASSIGN(const bool has_ledger, CheckLedger(*turn.session));
  if (!has_ledger) return counts;
  SLUICE_ASSIGN(const std::vector<TextRow> rows, turn.session->Query("states", StatesSql(names_)));
  for (const TextRow& row : rows) {
    const auto state = ObjectStateNamed(row[0].value_or(""));
    if (!state)
      return Fail(ErrorKind::kPermanent, "the ledger holds a state of another version: {}",
                  row[0].value_or(""));
    counts.push_back({*state, ToCount(row[1].value_or("")), ToCount(row[2].value_or(""))});
  }
  return counts;
}

Result<uint64_t> DuckDbWarehouse::CountRows(const Table& table) {
  SLUICE_TRY(Describe(table));
  SLUICE_ASSIGN(const DuckDbTurn turn, TakeTurn(Purpose::kRead));
  SLUICE_ASSIGN(const std::string count, One(*turn.session, "count rows",
                                             fmt::format("SELECT CAST(COUNT(*) AS VARCHAR) FROM {}",
                                                         TargetName(table.schema))));
  return ToCount(count);
}

Result<std::vector<std::vector<std::optional<std::string>>>> DuckDbWarehouse::SampleRows(
    const Table& table, size_t limit) {
  SLUICE_TRY(Describe(table));
  std::string columns;
  for (const Column& column : table.schema.columns) {
    columns += fmt::format("{}CAST({} AS VARCHAR)", columns.empty() ? "" : ", ",
                           QuoteIdentifier(column.name));
  }
  SLUICE_ASSIGN(const DuckDbTurn turn, TakeTurn(Purpose::kRead));
  return turn.session->Query("sample rows", fmt::format("SELECT {} FROM {} LIMIT {}", columns,
                                                        TargetName(table.schema), limit));
}

}  // namespace sluice
