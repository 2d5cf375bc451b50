// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/schema/table.h"
#include "sluice/warehouse/acceptance.h"
#include "sluice/warehouse/event_search.h"
#include "sluice/warehouse/ledger_object.h"
#include "sluice/warehouse/ledger_part.h"
#include "sluice/warehouse/ledger_sql.h"
#include "sluice/warehouse/load_plan.h"
#include "sluice/warehouse/quarantine_query.h"
#include "sluice/warehouse/sql_session.h"
#include "sluice/warehouse/table_check.h"
#include "sluice/warehouse/warehouse_state.h"

namespace sluice {

// What every warehouse is asked of its ledger and tables, by a session. Each call as its namesake
// of Warehouse says; those that need a ledger find one. All arguments outlive it.
class LedgerReader {
 public:
  LedgerReader(SqlSession& session, const LedgerNames& names, const TableSet& tables)
      : session_(session), names_(names), tables_(tables) {}

  // False where there is no ledger; kPermanent where it is of another version.
  Result<bool> Exists();
  Result<WarehouseState> State();
  Result<std::vector<ObjectOutcome>> Outcomes(std::span<const int64_t> objects);
  Result<std::vector<ObjectOutcome>> OutcomesUnderLock(std::span<const int64_t> objects);
  Result<std::optional<std::string>> Pause(const std::optional<std::string>& reason);
  Result<uint64_t> RefusedInARow(std::span<const int64_t> others_than, Timestamp now);
  Result<std::vector<LiveColumn>> Describe(const Table& table);
  Result<std::vector<TableBalance>> Balance();
  Result<std::vector<StateCount>> States(Timestamp rows_since);
  Result<std::vector<LedgerObject>> ListObjects(const LedgerRange& range);
  Result<uint64_t> CountRows(const Table& table);
  Result<std::vector<TextRow>> SampleRows(const Table& table, size_t limit);
  Result<TableCheck> Check(const Table& table, const EventHours& hours);
  Result<std::vector<EventHour>> CountHours(const Table& table, const EventHours& hours);
  Result<std::vector<LedgerPart>> ListParts(const PartQuery& query);
  Result<std::vector<NamedFile>> ListFiles(const std::string& after, size_t limit);
  Result<std::vector<std::string>> NamedAmong(std::span<const std::string> keys);
  Result<QuarantineSummary> SumQuarantine(const QuarantineFilter& filter);
  Result<std::vector<QuarantinedEvent>> ListQuarantined(const QuarantineFilter& filter);
  Result<std::vector<QuarantinedLine>> ListReplayable(const QuarantineFilter& filter,
                                                      const std::optional<QuarantinedLine>& after);
  Result<uint64_t> AcceptQuarantined(const QuarantineFilter& filter, const Acceptance& acceptance);
  Result<bool> AcceptOverwritten(int64_t object, const Acceptance& acceptance);
  Result<EventTraces> FindEvent(const std::string& key, size_t limit);

 private:
  Status Require();
  Result<bool> HasTable(std::string_view schema, std::string_view table);
  Result<std::string> One(std::string_view name, const std::string& sql);

  SqlSession& session_;
  const LedgerNames& names_;
  const TableSet& tables_;
};

// A row of zeros for each table, and for the objects.
std::vector<TableBalance> EmptyBalance(const TableSet& tables);
// kNotFound.
std::unexpected<Error> NoTable(const LedgerNames& names, const Table& table);

}  // namespace sluice
