// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sluice/base/clock.h"
#include "sluice/warehouse/ledger_reader.h"
#include "sluice/warehouse/ledger_sql.h"
#include "sluice/warehouse/load_sql.h"
#include "sluice/warehouse/server_session.h"
#include "sluice/warehouse/warehouse.h"

namespace sluice {

// The Warehouse of every server: PostgreSQL, and Redshift by wire or by its Data API. They differ
// in their dialect and in what the connector makes. Each call has a session of its own, from Stage
// until Commit has answered or the StagedLoad is gone. `tables` and `clock` outlive it.
class ServerWarehouse final : public Warehouse {
 public:
  ServerWarehouse(std::unique_ptr<ServerConnector> connector, LedgerNames names,
                  const TableSet& tables, Clock& clock)
      : connector_(std::move(connector)),
        names_(std::move(names)),
        tables_(tables),
        clock_(clock) {}

  Result<WarehouseState> Probe() override;
  Status Prepare() override;
  Status RequireTables() override;
  Result<std::unique_ptr<StagedLoad>> Stage(const LoadPlan& plan) override;
  Result<std::vector<ObjectOutcome>> Outcome(std::span<const int64_t> objects) override;
  Result<std::vector<ObjectOutcome>> Peek(std::span<const int64_t> objects) override;
  Status Settle(std::span<const Settlement> settlements) override;
  Result<std::optional<std::string>> Pause(const std::optional<std::string>& reason) override;
  Result<uint64_t> RefusedInARow(std::span<const int64_t> others_than) override;
  Result<std::vector<LiveColumn>> Describe(const Table& table) override;
  Status Change(const std::string& sql) override;
  Result<std::vector<TableBalance>> Balance() override;
  Result<std::vector<StateCount>> States(Timestamp rows_since) override;
  Result<std::vector<LedgerObject>> ListObjects(const LedgerRange& range) override;
  Result<uint64_t> CountRows(const Table& table) override;
  Result<std::vector<TextRow>> SampleRows(const Table& table, size_t limit) override;
  Result<TableCheck> Check(const Table& table, const EventHours& hours) override;
  Result<std::vector<EventHour>> CountHours(const Table& table, const EventHours& hours) override;
  Result<std::vector<LedgerPart>> ListParts(const PartQuery& query) override;
  Result<std::vector<NamedFile>> ListFiles(const std::string& after, size_t limit) override;
  Result<std::vector<std::string>> NamedAmong(std::span<const std::string> keys) override;
  Result<QuarantineSummary> SumQuarantine(const QuarantineFilter& filter) override;
  Result<std::vector<QuarantinedEvent>> ListQuarantined(const QuarantineFilter& filter) override;
  Result<std::vector<QuarantinedLine>> ListReplayable(
      const QuarantineFilter& filter, const std::optional<QuarantinedLine>& after) override;
  Result<uint64_t> AcceptQuarantined(const QuarantineFilter& filter,
                                     const Acceptance& acceptance) override;
  Result<bool> AcceptOverwritten(int64_t object, const Acceptance& acceptance) override;
  Result<EventTraces> FindEvent(const std::string& key, size_t limit) override;

 private:
  LedgerReader Read(ServerSession& session) const { return LedgerReader(session, names_, tables_); }
  Result<bool> IsPrepared(ServerSession& session) const;
  Status RequireLedger(ServerSession& session) const;
  // What a load and a settlement have in common: the plan, and the bad events.
  Status StagePlan(ServerSession& session, const std::vector<SqlRow>& rows,
                   std::span<const PlannedObject* const> objects) const;
  Status StageTable(ServerSession& session, size_t table, std::span<const size_t> not_null,
                    std::span<const PlannedObject* const> objects) const;
  Status StageAll(ServerSession& session, const LoadPlan& plan, LoadFacts& facts) const;

  const std::unique_ptr<ServerConnector> connector_;
  const LedgerNames names_;
  const TableSet& tables_;
  Clock& clock_;
};

// A load between Stage and Commit. What it was given outlives it.
class ServerLoad final : public StagedLoad {
 public:
  ServerLoad(std::unique_ptr<ServerSession> session, const LedgerNames& names,
             const TableSet& tables, Clock& clock, LoadFacts facts, std::vector<int64_t> objects)
      : session_(std::move(session)),
        names_(names),
        tables_(tables),
        clock_(clock),
        facts_(std::move(facts)),
        objects_(std::move(objects)) {}

  // A transaction that another one stood in the way of is tried again, whole (fault C6): what is
  // staged is still there.
  Result<std::vector<ObjectOutcome>> Commit() override;

  // For tests that tamper with what is staged. Null after Commit.
  SqlSession* session() { return session_.get(); }

 private:
  std::unique_ptr<ServerSession> session_;
  const LedgerNames& names_;
  const TableSet& tables_;
  Clock& clock_;
  const LoadFacts facts_;
  const std::vector<int64_t> objects_;
};

}  // namespace sluice
