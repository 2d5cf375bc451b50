// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/duckdb_warehouse.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <utility>

#include "sluice/base/log.h"
#include "sluice/base/unique_id.h"
#include "sluice/object/directory_root.h"
#include "sluice/warehouse/duckdb_file.h"
#include "sluice/warehouse/duckdb_load.h"
#include "sluice/warehouse/live_tables.h"
#include "sluice/warehouse/replay.h"
#include "sluice/warehouse/stage_replaced.h"
#include "sluice/warehouse/staged_load.h"

namespace sluice {
namespace {

// A file that only cannot be looked at is there: to open it says what is wrong.
bool IsThere(const std::string& path) {
  struct stat facts;
  return ::lstat(path.c_str(), &facts) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

// One that was seen and vanishes is gone, and not new.
DuckDbOptions WithWhatIsThere(DuckDbOptions options) {
  options.was_there = options.was_there || IsThere(options.path);
  return options;
}

}  // namespace

DuckDbWarehouse::DuckDbWarehouse(DuckDbOptions options, const TableSet& tables, Clock& clock)
    : options_(WithWhatIsThere(std::move(options))),
      tables_(tables),
      clock_(clock),
      names_{.pipeline = options_.name,
             .schema = options_.schema,
             .dialect = SqlDialect(SqlDialect::Kind::kDuckDb)} {}

bool DuckDbWarehouse::FileExists() const {
  return IsThere(options_.path);
}

Status DuckDbWarehouse::RequireEngine() {
  if (engine_ != nullptr && engine_->is_running()) return {};
  SLUICE_ASSIGN(engine_, DuckDbEngine::Start({.spill_folder = options_.path + ".tmp",
                                              .threads = options_.threads,
                                              .memory = options_.memory}));
  return {};
}

Status DuckDbWarehouse::RequireFile(Purpose purpose) const {
  if (purpose == Purpose::kMake || FileExists()) return {};
  return Fail(ErrorKind::kPermanent,
              "the warehouse is gone, or new while its Parquet store is not; put it back, or "
              "prepare it first "
              "(sluice process --init-ledger): {}",
              options_.path);
}

Result<DuckDbTurn> DuckDbWarehouse::TakeTurn(Purpose purpose) {
  SLUICE_TRY(RequireFile(purpose));  // its folder may be gone too, and the lock file's with it
  SLUICE_TRY(RequireEngine());
  const Deadline deadline = Deadline::After(clock_, options_.lock_wait);
  Result<LockFile> lock =
      LockFile::Acquire(options_.path + ".lock", options_.lock_wait, clock_, options_.stop);
  if (!lock) return std::unexpected(lock.error().During("cannot open the warehouse"));
  SLUICE_TRY(RequireFile(purpose));
  if (!FileExists()) SLUICE_TRY(MakeDuckDbFile(options_.path, options_.memory));
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

LedgerReader DuckDbWarehouse::Read(const DuckDbTurn& turn) const {
  return LedgerReader(*turn.session, names_, tables_);
}

Status DuckDbWarehouse::RequireLedger(const DuckDbTurn& turn) {
  SLUICE_ASSIGN(const bool exists, Read(turn).Exists());
  if (exists) return {};
  return Fail(ErrorKind::kPermanent, "the warehouse has no ledger: prepare it first: {}",
              options_.path);
}

Result<WarehouseState> DuckDbWarehouse::Probe() {
  if (!Exists()) return WarehouseState();
  SLUICE_ASSIGN(const DuckDbTurn turn, TakeTurn(Purpose::kRead));
  return Read(turn).State();
}

Status DuckDbWarehouse::Prepare() {
  const std::filesystem::path folder = std::filesystem::absolute(options_.path).parent_path();
  if (const Status made = MakeDurableFolder(folder.string()); !made) {
    return std::unexpected(made.error().During("cannot make the warehouse's folder"));
  }
  SLUICE_ASSIGN(const DuckDbTurn turn, TakeTurn(Purpose::kMake));
  SLUICE_TRY(Read(turn).Exists());
  std::vector<SqlStatement> statements;
  for (std::string& sql : PrepareTablesSql(tables_, names_)) {
    statements.push_back({"prepare", std::move(sql)});
  }
  for (std::string& sql : PrepareRowsSql(names_)) {
    statements.push_back({"prepare", std::move(sql)});
  }
  const auto done = turn.session->Transact(statements, std::nullopt);
  if (!done) return std::unexpected(WithoutUnknown(done.error()).During("cannot prepare"));
  return {};
}

Status DuckDbWarehouse::RequireTables() {
  SLUICE_ASSIGN(const DuckDbTurn turn, TakeTurn(Purpose::kRead));
  SLUICE_TRY(sluice::RequireTables(*turn.session, names_, tables_));
  return {};
}

Result<std::unique_ptr<StagedLoad>> DuckDbWarehouse::Stage(const LoadPlan& plan) {
  SLUICE_TRY(CheckPlan(tables_, plan));
  LoadFacts facts = {.batch = plan.batch,
                     .loaded_at = clock_.Now(),
                     .tables = PlannedTables(tables_, plan),
                     .replays = plan.replays};
  const auto stage = [&](DuckDbTurn& turn) -> Status {
    SLUICE_TRY(RequireLedger(turn));
    SLUICE_ASSIGN(const auto not_null, sluice::RequireTables(*turn.session, names_, tables_));
    std::vector<SqlRow> rows;
    std::vector<const PlannedObject*> objects;
    for (const PlannedObject& object : plan.objects) {
      AddPlanRows(tables_, objects.size(), object, "", object.reason, rows);
      objects.push_back(&object);
    }
    DuckDbStage staged(tables_, names_, options_, *turn.session);
    SLUICE_TRY(staged.CreateTables(rows));
    if (plan.replaces) {
      SLUICE_TRY(StageReplaced(*turn.session, staged, names_, tables_, facts));
    }
    if (plan.replays) SLUICE_TRY(StageReplayed(*turn.session, staged, names_, plan));
    for (const StagedTable& table : facts.tables) {
      SLUICE_TRY(staged.AddTable(table.table, not_null[table.table], objects));
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

Result<std::vector<ObjectOutcome>> DuckDbWarehouse::Outcome(std::span<const int64_t> objects) {
  SLUICE_ASSIGN(const DuckDbTurn turn, TakeTurn(Purpose::kWrite));
  SLUICE_TRY(RequireLedger(turn));
  return Read(turn).OutcomesUnderLock(objects);
}

Result<std::vector<ObjectOutcome>> DuckDbWarehouse::Peek(std::span<const int64_t> objects) {
  std::vector<ObjectOutcome> nothing;
  for (const int64_t object : objects) nothing.emplace_back().object = object;
  if (!Exists()) return nothing;
  SLUICE_ASSIGN(const DuckDbTurn turn, TakeTurn(Purpose::kRead));
  SLUICE_ASSIGN(const bool has_ledger, Read(turn).Exists());
  if (!has_ledger) return nothing;
  return Read(turn).Outcomes(objects);
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
  SLUICE_TRY(RequireLedger(turn));
  DuckDbStage staged(tables_, names_, options_, *turn.session);
  SLUICE_TRY(staged.CreateTables(rows));
  SLUICE_TRY(staged.AddQuarantine(objects));
  const Timestamp now = clock_.Now();
  const auto done = turn.session->Transact(SettleSql(names_, MakeUniqueId(now), now), std::nullopt);
  if (!done) return std::unexpected(done.error().During("cannot settle"));
  return {};
}

Result<std::optional<std::string>> DuckDbWarehouse::Pause(
    const std::optional<std::string>& reason) {
  if (!Exists()) {
    return Fail(ErrorKind::kPermanent, "the warehouse is not there yet: {}", options_.path);
  }
  SLUICE_ASSIGN(const DuckDbTurn turn, TakeTurn(Purpose::kWrite));
  SLUICE_TRY(RequireLedger(turn));
  return Read(turn).Pause(reason);
}

Result<uint64_t> DuckDbWarehouse::RefusedInARow(std::span<const int64_t> others_than) {
  if (!Exists()) return 0;
  SLUICE_ASSIGN(const DuckDbTurn turn, TakeTurn(Purpose::kRead));
  SLUICE_TRY(RequireLedger(turn));
  return Read(turn).RefusedInARow(others_than, clock_.Now());
}

Result<std::vector<LiveColumn>> DuckDbWarehouse::Describe(const Table& table) {
  if (!Exists()) return NoTable(names_, table);
  SLUICE_ASSIGN(const DuckDbTurn turn, TakeTurn(Purpose::kRead));
  return Read(turn).Describe(table);
}

Status DuckDbWarehouse::Change(const std::string& sql) {
  SLUICE_ASSIGN(const DuckDbTurn turn, TakeTurn(Purpose::kWrite));
  return turn.session->Run("change", sql);
}

Result<std::vector<TableBalance>> DuckDbWarehouse::Balance() {
  if (!Exists()) return EmptyBalance(tables_);
  SLUICE_ASSIGN(const DuckDbTurn turn, TakeTurn(Purpose::kRead));
  return Read(turn).Balance();
}

Result<std::vector<StateCount>> DuckDbWarehouse::States(Timestamp rows_since) {
  if (!Exists()) return std::vector<StateCount>();
  SLUICE_ASSIGN(const DuckDbTurn turn, TakeTurn(Purpose::kRead));
  return Read(turn).States(rows_since);
}

Result<std::vector<LedgerObject>> DuckDbWarehouse::ListObjects(const LedgerRange& range) {
  if (!Exists()) return std::vector<LedgerObject>();
  SLUICE_ASSIGN(const DuckDbTurn turn, TakeTurn(Purpose::kRead));
  return Read(turn).ListObjects(range);
}

Result<uint64_t> DuckDbWarehouse::CountRows(const Table& table) {
  if (!Exists()) return NoTable(names_, table);
  SLUICE_ASSIGN(const DuckDbTurn turn, TakeTurn(Purpose::kRead));
  return Read(turn).CountRows(table);
}

Result<std::vector<TextRow>> DuckDbWarehouse::SampleRows(const Table& table, size_t limit) {
  if (!Exists()) return NoTable(names_, table);
  SLUICE_ASSIGN(const DuckDbTurn turn, TakeTurn(Purpose::kRead));
  return Read(turn).SampleRows(table, limit);
}

Result<TableCheck> DuckDbWarehouse::Check(const Table& table, const EventHours& hours) {
  if (!Exists()) return NoTable(names_, table);
  SLUICE_ASSIGN(const DuckDbTurn turn, TakeTurn(Purpose::kRead));
  return Read(turn).Check(table, hours);
}

Result<std::vector<EventHour>> DuckDbWarehouse::CountHours(const Table& table,
                                                           const EventHours& hours) {
  if (!Exists()) return NoTable(names_, table);
  SLUICE_ASSIGN(const DuckDbTurn turn, TakeTurn(Purpose::kRead));
  return Read(turn).CountHours(table, hours);
}

Result<std::vector<LedgerPart>> DuckDbWarehouse::ListParts(const PartQuery& query) {
  if (!Exists()) return std::vector<LedgerPart>();
  SLUICE_ASSIGN(const DuckDbTurn turn, TakeTurn(Purpose::kRead));
  return Read(turn).ListParts(query);
}

Result<std::vector<NamedFile>> DuckDbWarehouse::ListFiles(const std::string& after, size_t limit) {
  if (!Exists()) return std::vector<NamedFile>();
  SLUICE_ASSIGN(const DuckDbTurn turn, TakeTurn(Purpose::kRead));
  return Read(turn).ListFiles(after, limit);
}

Result<std::vector<std::string>> DuckDbWarehouse::NamedAmong(std::span<const std::string> keys) {
  if (!Exists()) return std::vector<std::string>();
  SLUICE_ASSIGN(const DuckDbTurn turn, TakeTurn(Purpose::kRead));
  return Read(turn).NamedAmong(keys);
}

Result<QuarantineSummary> DuckDbWarehouse::SumQuarantine(const QuarantineFilter& filter) {
  if (!Exists()) return QuarantineSummary();
  SLUICE_ASSIGN(const DuckDbTurn turn, TakeTurn(Purpose::kRead));
  return Read(turn).SumQuarantine(filter);
}

Result<std::vector<QuarantinedEvent>> DuckDbWarehouse::ListQuarantined(
    const QuarantineFilter& filter) {
  if (!Exists()) return std::vector<QuarantinedEvent>();
  SLUICE_ASSIGN(const DuckDbTurn turn, TakeTurn(Purpose::kRead));
  return Read(turn).ListQuarantined(filter);
}

Result<std::vector<QuarantinedLine>> DuckDbWarehouse::ListReplayable(
    const QuarantineFilter& filter, const std::optional<QuarantinedLine>& after) {
  if (!Exists()) return std::vector<QuarantinedLine>();
  SLUICE_ASSIGN(const DuckDbTurn turn, TakeTurn(Purpose::kRead));
  return Read(turn).ListReplayable(filter, after);
}

Result<uint64_t> DuckDbWarehouse::AcceptQuarantined(const QuarantineFilter& filter,
                                                    const Acceptance& acceptance) {
  SLUICE_ASSIGN(const DuckDbTurn turn, TakeTurn(Purpose::kWrite));
  return Read(turn).AcceptQuarantined(filter, acceptance);
}

Result<bool> DuckDbWarehouse::AcceptOverwritten(int64_t object, const Acceptance& acceptance) {
  SLUICE_ASSIGN(const DuckDbTurn turn, TakeTurn(Purpose::kWrite));
  return Read(turn).AcceptOverwritten(object, acceptance);
}

Result<EventTraces> DuckDbWarehouse::FindEvent(const std::string& key, size_t limit) {
  if (!Exists()) return EventTraces();
  SLUICE_ASSIGN(const DuckDbTurn turn, TakeTurn(Purpose::kRead));
  return Read(turn).FindEvent(key, limit);
}

}  // namespace sluice
