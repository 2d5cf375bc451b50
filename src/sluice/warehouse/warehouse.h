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
#include "sluice/warehouse/load_plan.h"

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

struct LiveColumn {
  std::string name;
  std::string type;  // as the warehouse spells it
  bool not_null = false;
};

// What Probe found.
struct WarehouseState {
  bool ledger_exists = false;
  bool ledger_is_empty = true;
  bool tables_hold_rows = false;
  std::optional<std::string> paused;  // the reason, when loading is paused
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

  // How many objects the warehouse refused, and sluice set aside for it, since it last took one;
  // `others_than` and damaged objects, of which no line was read, do not count.
  virtual Result<uint64_t> RefusedInARow(std::span<const int64_t> others_than) = 0;

  virtual Result<std::vector<LiveColumn>> Describe(const Table& table) = 0;
  // Of what is loaded.
  virtual Result<std::vector<TableBalance>> Balance() = 0;
  // How many objects, with how many events, are in each state.
  virtual Result<std::vector<StateCount>> States() = 0;
  // SELECT count(*) of the target table.
  virtual Result<uint64_t> CountRows(const Table& table) = 0;
  // Some rows of the target table, each value as text (NULL: absent), columns in table order: for
  // people.
  virtual Result<std::vector<std::vector<std::optional<std::string>>>> SampleRows(
      const Table& table, size_t limit) = 0;
};

}  // namespace sluice
