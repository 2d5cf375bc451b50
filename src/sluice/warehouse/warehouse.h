// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/schema/table.h"
#include "sluice/warehouse/acceptance.h"
#include "sluice/warehouse/event_search.h"
#include "sluice/warehouse/ledger_object.h"
#include "sluice/warehouse/ledger_part.h"
#include "sluice/warehouse/load_plan.h"
#include "sluice/warehouse/quarantine_query.h"
#include "sluice/warehouse/sql_session.h"
#include "sluice/warehouse/table_check.h"
#include "sluice/warehouse/warehouse_state.h"

namespace sluice {

// A load whose rows are staged, invisible to everybody else. Destroyed without Commit, nothing of
// it remains.
class StagedLoad {
 public:
  virtual ~StagedLoad() = default;

  // Runs the one transaction of docs/architecture.md, "Exactly once": the ledger decides, under the
  // lock, what of the plan is new; rows, duplicates, quarantine and ledger rows become visible
  // together or not at all. At most one call.
  //
  // kBadData: the warehouse refuses some row or the balance does not add up; nothing was loaded.
  // kOutcomeUnknown: ask Warehouse::Outcome. The answer has one entry for each planned object, in
  // order.
  virtual Result<std::vector<ObjectOutcome>> Commit() = 0;
};

// Where rows end up, and the only place that knows what was loaded: the ledger is a table in it.
// Thread-safe only as far as said: one load at a time for each object of this class; any number of
// processes may load at once, they wait for each other.
//
// Special failures everywhere: kTransient: it cannot be reached, or another process holds it for
// longer than the configured wait (the message names the holder).
class Warehouse {
 public:
  virtual ~Warehouse() = default;

  // Is it there, and may we load? Reads only, and takes no lock of the ledger. A file that one
  // process opens at a time (DuckDB) is waited for like in every other call.
  virtual Result<WarehouseState> Probe() = 0;
  // Makes schemas, target tables, ledger and its companions where they are missing. Repeating it
  // changes nothing.
  virtual Status Prepare() = 0;
  // Would a load find the tables as their DDL says? kPermanent: names what is wrong and what mends
  // it; Stage fails with the same (fault C14).
  virtual Status RequireTables() = 0;

  // Brings the plan's Parquet into the session: each (object, table) once; checks each one's row
  // count. kBadData: a file cannot be read as its table, or holds another number of rows than
  // planned. No outcome is ever unknown here.
  virtual Result<std::unique_ptr<StagedLoad>> Stage(const LoadPlan& plan) = 0;

  // What the ledger says of these objects, asked under the load lock, so that a transaction of a
  // lost connection has ended. One entry for each, in order.
  virtual Result<std::vector<ObjectOutcome>> Outcome(std::span<const int64_t> objects) = 0;
  // The same without the lock: a hint that saves work, not a decision.
  virtual Result<std::vector<ObjectOutcome>> Peek(std::span<const int64_t> objects) = 0;

  // Writes ledger rows (and the quarantine rows, where `object.quarantine` names some) for objects
  // that load nothing. An object that is loaded or replaced already stays so. May answer
  // kOutcomeUnknown; repeating is safe.
  virtual Status Settle(std::span<const Settlement> settlements) = 0;

  // Lets no load commit any more, with a reason for people; without one: lets them again. Under the
  // load lock, so that none commits once this has answered. Answers the reason until now, where
  // there was one. kPermanent where there is no ledger yet.
  virtual Result<std::optional<std::string>> Pause(const std::optional<std::string>& reason) = 0;

  // How many objects the warehouse refused, and sluice set aside for it, since it last took one;
  // `others_than` and damaged objects, of which no line was read, do not count.
  virtual Result<uint64_t> RefusedInARow(std::span<const int64_t> others_than) = 0;

  virtual Result<std::vector<LiveColumn>> Describe(const Table& table) = 0;
  // A change of the tables: one statement of ChangesOf, outside of every transaction.
  virtual Status Change(const std::string& sql) = 0;
  // Of what is loaded.
  virtual Result<std::vector<TableBalance>> Balance() = 0;
  // How many objects, with how many events, are in each state, and since when; of what is loaded
  // also the rows that came into tables since `rows_since`, whenever their raw objects landed.
  virtual Result<std::vector<StateCount>> States(Timestamp rows_since) = 0;
  // What the ledger knows of a raw store's keys, fewer than `range.limit` at the end.
  virtual Result<std::vector<LedgerObject>> ListObjects(const LedgerRange& range) = 0;
  // SELECT count(*) of the target table.
  virtual Result<uint64_t> CountRows(const Table& table) = 0;
  // Some rows of the target table, each value as text (NULL: absent), columns in table order: for
  // people.
  virtual Result<std::vector<TextRow>> SampleRows(const Table& table, size_t limit) = 0;
  // The target table beside the ledger. Reads only; the table's `time` keeps what it reads to
  // `hours`, but for counting its rows. kNotFound without the table, kPermanent without a ledger.
  virtual Result<TableCheck> Check(const Table& table, const EventHours& hours) = 0;
  // The table's events by hour, in order, without hours that have none. Of a table without a time
  // nothing. Fails as Check does.
  virtual Result<std::vector<EventHour>> CountHours(const Table& table,
                                                    const EventHours& hours) = 0;
  // The next four read only, and answer nothing where there is no ledger.
  // Rows of the ledger, the newest first.
  virtual Result<std::vector<LedgerPart>> ListParts(const PartQuery& query) = 0;
  // The keys of Parquet and quarantine objects that any row of the ledger names, behind `after`, in
  // the order of their bytes; fewer than `limit` at the end.
  virtual Result<std::vector<NamedFile>> ListFiles(const std::string& after, size_t limit) = 0;
  // Which of these keys any row of the ledger names.
  virtual Result<std::vector<std::string>> NamedAmong(std::span<const std::string> keys) = 0;
  // What is in quarantine, by table, reason and column; and event by event, in the order in which
  // they came there. Both read only, and answer nothing where there is no ledger.
  virtual Result<QuarantineSummary> SumQuarantine(const QuarantineFilter& filter) = 0;
  virtual Result<std::vector<QuarantinedEvent>> ListQuarantined(const QuarantineFilter& filter) = 0;
  // What a replay of quarantine is to try again, of raw objects that are loaded: see
  // quarantine_query.h. Reads only.
  virtual Result<std::vector<QuarantinedLine>> ListReplayable(
      const QuarantineFilter& filter, const std::optional<QuarantinedLine>& after) = 0;
  // Gives up the events of `filter`, whose limit is not minded, that wait in quarantine and whose
  // raw objects are loaded: how many. Under the load lock. May answer kOutcomeUnknown; repeating it
  // with the same acceptance is safe. kPermanent where there is no ledger.
  virtual Result<uint64_t> AcceptQuarantined(const QuarantineFilter& filter,
                                             const Acceptance& acceptance) = 0;
  // The same of a version of a key that is held or set aside beside one that is loaded: it never
  // loads.
  // False: it is nothing of that.
  virtual Result<bool> AcceptOverwritten(int64_t object, const Acceptance& acceptance) = 0;
  // Where an event is: in which tables, among duplicates, in quarantine.
  virtual Result<EventTraces> FindEvent(const std::string& key, size_t limit) = 0;
};

}  // namespace sluice
