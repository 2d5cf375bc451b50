// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "sluice/app/pipeline.h"
#include "sluice/base/clock.h"
#include "sluice/base/fault_plan.h"
#include "sluice/base/result.h"
#include "sluice/config/pipeline_config.h"

namespace sluice {

// A small pipeline with everything that can go wrong in it: six raw objects that were landed and
// announced before, and messages that still wait in the source queue; two tables; duplicates inside
// one object, across objects and with what waits; events for quarantine; a truncated object; an
// object that vanished; and one that the warehouse refuses, so that a load must be halved.
class Scenario {
 public:
  // Lays it out below the empty folder `folder`.
  static Status Prepare(const std::string& folder);

  // The configuration of everything that runs in it: one worker, small raw objects.
  static PipelineConfig Config(const std::string& folder);
  // The same as flags of the program.
  static std::vector<std::string> Flags(const std::string& folder);

  // One `run --once` in this process.
  static Status Run(const std::string& folder, std::shared_ptr<FaultPlan> faults);

  // After a run to the end: two of the raw objects have other content now, one event less and one
  // more, of which some lost against events of others and some won.
  static Status Overwrite(const std::string& folder);
  // One `backfill --replace` of all of them in this process.
  static Status Replace(const std::string& folder, std::shared_ptr<FaultPlan> faults);

  // After a run to the end: one more raw object with events that no table takes; and then a
  // configuration that takes what was too long, and has a table without a key for what no rule
  // matched.
  static Status Mend(const std::string& folder);
  // One `quarantine replay` in this process.
  static Status Replay(const std::string& folder, std::shared_ptr<FaultPlan> faults);

  // After a run to the end: two more raw objects that nobody announced, with events that are in the
  // tables already, or in both of them.
  static Status Archive(const std::string& folder);
  // One `backfill` of these in this process, in one batch.
  static Status Backfill(const std::string& folder, std::shared_ptr<FaultPlan> faults);

  // What is to be the same whatever happened on the way.
  struct EndState {
    std::vector<std::string> rows;      // of all tables, in order
    std::set<std::string> quarantined;  // reason, column and bytes; an event that landed twice is
                                        // there twice, so a set; and whether it waits
    std::set<std::string> objects;      // of the objects landed before: key and state
    std::vector<std::string>
        unbalanced;        // ledger rows that do not add up, and keys that a table holds twice
    uint64_t waiting = 0;  // messages in both queues, hidden ones too
    friend bool operator==(const EndState&, const EndState&) = default;
  };
  static Result<EndState> Inspect(const std::string& folder);
};

}  // namespace sluice
