// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/server_warehouse.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <set>
#include <utility>

#include "sluice/base/log.h"
#include "sluice/base/retry.h"
#include "sluice/base/unique_id.h"
#include "sluice/schema/identifier.h"
#include "sluice/warehouse/live_tables.h"
#include "sluice/warehouse/replay.h"
#include "sluice/warehouse/stage_replaced.h"
#include "sluice/warehouse/stage_sql.h"
#include "sluice/warehouse/staged_load.h"

namespace sluice {
namespace {

// Whether somebody else makes the same at the same time: what CREATE … IF NOT EXISTS says then is a
// key that is there twice.
bool IsMadeByAnother(const Error& error) {
  const auto says = [&](std::string_view words) { return error.message().contains(words); };
  return error.kind() == ErrorKind::kBadData || says("already exists") || says("duplicate key") ||
         says("concurrently updated");
}

constexpr RetryOptions kConflictRetry{.attempts = 5,
                                      .first_pause = std::chrono::milliseconds(200),
                                      .longest_pause = std::chrono::milliseconds(2000),
                                      .patience = std::chrono::milliseconds(60'000)};

// A transaction whole once more where another one stood in its way (ADR 0050): what it reads of its
// own is in temporary tables, which are as they were.
template <typename Call>
auto AgainOnConflict(Clock& clock, Call&& call) {
  std::minstd_rand random(std::random_device{}());
  for (RetryPace pace(kConflictRetry, clock, random);; pace.Pause()) {
    auto done = call();
    if (done || !IsConflict(done.error())) return done;
    if (!pace.may_go_on()) return decltype(done)(std::unexpected(pace.GaveUp(done.error())));
    Log(LogLevel::kInfo, "another transaction stood in the way, trying again: {}",
        done.error().message());
  }
}

Error OfPrepare(const Error& error) {
  return Error(IsMadeByAnother(error) ? ErrorKind::kTransient : WithoutUnknown(error).kind(),
               error.During("cannot prepare").message());
}

// Who is told so is told after the other's commit: asked again it is there.
Status MakeIfMissing(ServerSession& session, const std::string& sql) {
  constexpr int kMostAsks = 5;
  for (int ask = 1;; ++ask) {
    const Status made = session.Run("prepare", sql);
    if (made) return {};
    if (ask == kMostAsks || !IsMadeByAnother(made.error())) {
      return std::unexpected(OfPrepare(made.error()));
    }
  }
}

}  // namespace

Status ServerWarehouse::RequireLedger(ServerSession& session) const {
  SLUICE_ASSIGN(const bool exists, Read(session).Exists());
  if (exists) return {};
  return Fail(ErrorKind::kPermanent, "the warehouse has no ledger: prepare it first: schema={}",
              names_.schema);
}

Result<WarehouseState> ServerWarehouse::Probe() {
  SLUICE_ASSIGN(const auto session, connector_->Connect());
  return Read(*session).State();
}

// A user who may make nothing can load where everything is there.
Result<bool> ServerWarehouse::IsPrepared(ServerSession& session) const {
  SLUICE_ASSIGN(const std::vector<TextRow> rows,
                session.Query("list tables", ListTablesSql(tables_, names_)));
  std::set<std::pair<std::string, std::string>> found;
  for (const TextRow& row : rows) {
    found.emplace(FoldIdentifier(row[0].value_or("")), FoldIdentifier(row[1].value_or("")));
  }
  for (const auto& [schema, table] : NeededTables(tables_, names_)) {
    if (!found.contains({FoldIdentifier(schema), FoldIdentifier(table)})) return false;
  }
  SLUICE_ASSIGN(const std::vector<TextRow> has, session.Query("look for rows", HasRowsSql(names_)));
  return !has.empty() && has[0][0] == "true";
}

Status ServerWarehouse::Prepare() {
  SLUICE_ASSIGN(const auto session, connector_->Connect());
  SLUICE_TRY(Read(*session).Exists());
  SLUICE_ASSIGN(const bool is_prepared, IsPrepared(*session));
  if (is_prepared) return {};
  // Each of them is whole by itself: so none waits for somebody with another's lock in its hands.
  for (const std::string& sql : PrepareTablesSql(tables_, names_)) {
    SLUICE_TRY(MakeIfMissing(*session, sql));
  }
  std::vector<SqlStatement> rows;
  for (std::string& sql : TakeTableLockSql(names_)) rows.push_back({kTakeLock, std::move(sql)});
  for (std::string& sql : PrepareRowsSql(names_)) rows.push_back({"prepare", std::move(sql)});
  const auto done = AgainOnConflict(clock_, [&] { return session->Transact(rows, std::nullopt); });
  if (!done) return std::unexpected(OfPrepare(done.error()));
  return {};
}

Status ServerWarehouse::RequireTables() {
  SLUICE_ASSIGN(const auto session, connector_->Connect());
  SLUICE_TRY(sluice::RequireTables(*session, names_, tables_));
  return {};
}

Status ServerWarehouse::StagePlan(ServerSession& session, const std::vector<SqlRow>& rows,
                                  std::span<const PlannedObject* const> objects) const {
  SLUICE_TRY(session.Run("create plan", CreateStageSql(names_, "sluice_plan", PlanColumns())));
  SLUICE_TRY(session.FillRows("sluice_plan", PlanColumns(), rows));
  const std::vector<StagedColumn> columns = StagedQuarantineColumns();
  SLUICE_TRY(session.Run("create bad", CreateStageSql(names_, "sluice_bad", columns)));
  std::vector<StagedFile> files;
  for (const PlannedObject* object : objects) {
    if (!object->quarantine.empty()) {
      files.push_back({StagedFile::Store::kQuarantine, object->quarantine});
    }
  }
  if (!files.empty()) SLUICE_TRY(session.FillFiles("sluice_bad", columns, files));
  return CheckStagedQuarantine(session, names_, tables_, objects);
}

Status ServerWarehouse::StageTable(ServerSession& session, size_t table,
                                   std::span<const size_t> not_null,
                                   std::span<const PlannedObject* const> objects) const {
  const std::string stage = sluice::StageTable(table);
  const std::vector<StagedColumn> columns = StagedColumns(tables_.tables[table]);
  SLUICE_TRY(session.Run("create " + stage,
                         CreateStageSql(names_, stage, columns) +
                             names_.dialect.StagedLayout(tables_.tables[table].schema)));
  std::vector<StagedFile> files;
  for (const PlannedObject* object : objects) {
    const std::string& key = object->tables[table].parquet;
    if (!key.empty()) files.push_back({StagedFile::Store::kParquet, key});
  }
  if (!files.empty()) SLUICE_TRY(session.FillFiles(stage, columns, files));
  // Nobody else does it for a temporary table; without it joins are planned for a handful of rows.
  if (names_.dialect.kind() == SqlDialect::Kind::kPostgres) {
    SLUICE_TRY(session.Run("analyze " + stage, "ANALYZE " + names_.Temp(stage)));
  }
  return CheckStagedRows(session, names_, tables_, table, not_null, objects);
}

Status ServerWarehouse::StageAll(ServerSession& session, const LoadPlan& plan,
                                 LoadFacts& facts) const {
  SLUICE_TRY(RequireLedger(session));
  SLUICE_ASSIGN(const auto not_null, sluice::RequireTables(session, names_, tables_));
  std::vector<SqlRow> rows;
  std::vector<const PlannedObject*> objects;
  for (const PlannedObject& object : plan.objects) {
    AddPlanRows(tables_, objects.size(), object, "", object.reason, rows);
    objects.push_back(&object);
  }
  SLUICE_TRY(StagePlan(session, rows, objects));
  if (plan.replaces) SLUICE_TRY(StageReplaced(session, session, names_, tables_, facts));
  if (plan.replays) SLUICE_TRY(StageReplayed(session, session, names_, plan));
  for (const StagedTable& table : facts.tables) {
    SLUICE_TRY(StageTable(session, table.table, not_null[table.table], objects));
  }
  return {};
}

Result<std::unique_ptr<StagedLoad>> ServerWarehouse::Stage(const LoadPlan& plan) {
  SLUICE_TRY(CheckPlan(tables_, plan));
  LoadFacts facts = {.batch = plan.batch,
                     .loaded_at = clock_.Now(),
                     .tables = PlannedTables(tables_, plan),
                     .replays = plan.replays};
  SLUICE_ASSIGN(auto session, connector_->Connect());
  // Temporary tables go with the session: nothing can have happened.
  if (Status staged = StageAll(*session, plan, facts); !staged) {
    return std::unexpected(WithoutUnknown(staged.error()));
  }
  std::vector<int64_t> objects;
  for (const PlannedObject& object : plan.objects) objects.push_back(object.object);
  return std::make_unique<ServerLoad>(std::move(session), names_, tables_, clock_, std::move(facts),
                                      std::move(objects));
}

Result<std::vector<ObjectOutcome>> ServerLoad::Commit() {
  if (session_ == nullptr) return Fail(ErrorKind::kPermanent, "cannot commit: it was tried before");
  // It ends when the answer is known, whatever it is.
  const std::unique_ptr<ServerSession> session = std::move(session_);
  return AgainOnConflict(clock_,
                         [&] { return CommitLoad(*session, names_, tables_, facts_, objects_); });
}

Result<std::vector<ObjectOutcome>> ServerWarehouse::Outcome(std::span<const int64_t> objects) {
  SLUICE_ASSIGN(const auto session, connector_->Connect());
  SLUICE_TRY(RequireLedger(*session));
  return AgainOnConflict(clock_, [&] { return Read(*session).OutcomesUnderLock(objects); });
}

Result<std::vector<ObjectOutcome>> ServerWarehouse::Peek(std::span<const int64_t> objects) {
  SLUICE_ASSIGN(const auto session, connector_->Connect());
  SLUICE_ASSIGN(const bool exists, Read(*session).Exists());
  if (exists) return Read(*session).Outcomes(objects);
  std::vector<ObjectOutcome> nothing;
  for (const int64_t object : objects) nothing.emplace_back().object = object;
  return nothing;
}

Status ServerWarehouse::Settle(std::span<const Settlement> settlements) {
  std::vector<SqlRow> rows;
  std::vector<const PlannedObject*> objects;
  for (const Settlement& settlement : settlements) {
    AddPlanRows(tables_, objects.size(), settlement.object, Name(settlement.state),
                settlement.reason, rows);
    objects.push_back(&settlement.object);
  }
  SLUICE_ASSIGN(const auto session, connector_->Connect());
  SLUICE_TRY(RequireLedger(*session));
  if (Status staged = StagePlan(*session, rows, objects); !staged) {
    return std::unexpected(WithoutUnknown(staged.error()));
  }
  const Timestamp now = clock_.Now();
  const std::vector<SqlStatement> settle = SettleSql(names_, MakeUniqueId(now), now);
  const auto done =
      AgainOnConflict(clock_, [&] { return session->Transact(settle, std::nullopt); });
  if (!done) return std::unexpected(done.error().During("cannot settle"));
  return {};
}

Result<std::optional<std::string>> ServerWarehouse::Pause(
    const std::optional<std::string>& reason) {
  SLUICE_ASSIGN(const auto session, connector_->Connect());
  SLUICE_TRY(RequireLedger(*session));
  return AgainOnConflict(clock_, [&] { return Read(*session).Pause(reason); });
}

Result<uint64_t> ServerWarehouse::RefusedInARow(std::span<const int64_t> others_than) {
  SLUICE_ASSIGN(const auto session, connector_->Connect());
  SLUICE_TRY(RequireLedger(*session));
  return Read(*session).RefusedInARow(others_than, clock_.Now());
}

Result<std::vector<LiveColumn>> ServerWarehouse::Describe(const Table& table) {
  SLUICE_ASSIGN(const auto session, connector_->Connect());
  return Read(*session).Describe(table);
}

Status ServerWarehouse::Change(const std::string& sql) {
  SLUICE_ASSIGN(const auto session, connector_->Connect());
  return session->Run("change", sql);
}

Result<std::vector<TableBalance>> ServerWarehouse::Balance() {
  SLUICE_ASSIGN(const auto session, connector_->Connect());
  return Read(*session).Balance();
}

Result<std::vector<StateCount>> ServerWarehouse::States(Timestamp rows_since) {
  SLUICE_ASSIGN(const auto session, connector_->Connect());
  return Read(*session).States(rows_since);
}

Result<std::vector<LedgerObject>> ServerWarehouse::ListObjects(const LedgerRange& range) {
  SLUICE_ASSIGN(const auto session, connector_->Connect());
  return Read(*session).ListObjects(range);
}

Result<uint64_t> ServerWarehouse::CountRows(const Table& table) {
  SLUICE_ASSIGN(const auto session, connector_->Connect());
  return Read(*session).CountRows(table);
}

Result<std::vector<TextRow>> ServerWarehouse::SampleRows(const Table& table, size_t limit) {
  SLUICE_ASSIGN(const auto session, connector_->Connect());
  return Read(*session).SampleRows(table, limit);
}

Result<TableCheck> ServerWarehouse::Check(const Table& table, const EventHours& hours) {
  SLUICE_ASSIGN(const auto session, connector_->Connect());
  return Read(*session).Check(table, hours);
}

Result<std::vector<EventHour>> ServerWarehouse::CountHours(const Table& table,
                                                           const EventHours& hours) {
  SLUICE_ASSIGN(const auto session, connector_->Connect());
  return Read(*session).CountHours(table, hours);
}

Result<std::vector<LedgerPart>> ServerWarehouse::ListParts(const PartQuery& query) {
  SLUICE_ASSIGN(const auto session, connector_->Connect());
  return Read(*session).ListParts(query);
}

Result<std::vector<NamedFile>> ServerWarehouse::ListFiles(const std::string& after, size_t limit) {
  SLUICE_ASSIGN(const auto session, connector_->Connect());
  return Read(*session).ListFiles(after, limit);
}

Result<std::vector<std::string>> ServerWarehouse::NamedAmong(std::span<const std::string> keys) {
  SLUICE_ASSIGN(const auto session, connector_->Connect());
  return Read(*session).NamedAmong(keys);
}

Result<QuarantineSummary> ServerWarehouse::SumQuarantine(const QuarantineFilter& filter) {
  SLUICE_ASSIGN(const auto session, connector_->Connect());
  return Read(*session).SumQuarantine(filter);
}

Result<std::vector<QuarantinedEvent>> ServerWarehouse::ListQuarantined(
    const QuarantineFilter& filter) {
  SLUICE_ASSIGN(const auto session, connector_->Connect());
  return Read(*session).ListQuarantined(filter);
}

Result<std::vector<QuarantinedLine>> ServerWarehouse::ListReplayable(
    const QuarantineFilter& filter, const std::optional<QuarantinedLine>& after) {
  SLUICE_ASSIGN(const auto session, connector_->Connect());
  return Read(*session).ListReplayable(filter, after);
}

Result<uint64_t> ServerWarehouse::AcceptQuarantined(const QuarantineFilter& filter,
                                                    const Acceptance& acceptance) {
  SLUICE_ASSIGN(const auto session, connector_->Connect());
  return AgainOnConflict(clock_,
                         [&] { return Read(*session).AcceptQuarantined(filter, acceptance); });
}

Result<bool> ServerWarehouse::AcceptOverwritten(int64_t object, const Acceptance& acceptance) {
  SLUICE_ASSIGN(const auto session, connector_->Connect());
  return AgainOnConflict(clock_,
                         [&] { return Read(*session).AcceptOverwritten(object, acceptance); });
}

Result<EventTraces> ServerWarehouse::FindEvent(const std::string& key, size_t limit) {
  SLUICE_ASSIGN(const auto session, connector_->Connect());
  return Read(*session).FindEvent(key, limit);
}

}  // namespace sluice
