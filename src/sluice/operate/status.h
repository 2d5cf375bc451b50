// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/queue/queue.h"
#include "sluice/schema/table.h"
#include "sluice/warehouse/warehouse.h"

namespace sluice {

struct TableStatus {
  std::string table;  // "tracking.events"
  TableBalance balance;
  uint64_t rows = 0;  // SELECT count(*)

  // Of those that sluice loaded: somebody else removed them. What somebody else added hides some.
  uint64_t rows_missing() const { return balance.loaded > rows ? balance.loaded - rows : 0; }
};

// Where everything is: what waits in the queues, and the balance of all raw objects that the ledger
// knows.
struct StatusReport {
  std::optional<QueueDepth> source, notifications;  // absent: not there yet
  bool source_is_stream =
      false;  // of which nobody says how much waits in it; GatherStatus's caller
  bool ledger_exists = false;
  std::optional<std::string> paused;
  TableBalance objects;            // the ledger's rows of the loaded objects themselves
  std::vector<StateCount> states;  // of all objects that the ledger knows
  std::vector<TableStatus> tables;
  // Some rows of the first table that has any: column and value, NULLs left out.
  std::vector<std::vector<std::pair<std::string, std::string>>> sample;

  // Events in quarantine that were given up.
  uint64_t accepted() const;
  // Whether invariant 5 holds for the sums of the ledger; the tables themselves have no part in it.
  // False means that somebody else changed the ledger.
  bool Balances() const;
};

// A queue that is null is not there yet.
Result<StatusReport> GatherStatus(const TableSet& tables, Queue* source, Queue* notifications,
                                  Warehouse& warehouse);

// One JSON object; the keys are stable, and what is not there yet is zeros.
std::string ToJson(const StatusReport& report);

}  // namespace sluice
