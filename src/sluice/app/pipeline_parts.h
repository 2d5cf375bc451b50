// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "sluice/base/clock.h"
#include "sluice/base/fault_plan.h"
#include "sluice/base/result.h"
#include "sluice/config/pipeline_config.h"
#include "sluice/object/object_store.h"
#include "sluice/queue/queue.h"
#include "sluice/warehouse/warehouse.h"

namespace sluice {

// What a pipeline gets from the process it runs in.
struct PipelineEnvironment {
  Clock& clock;
  std::stop_token stop;
  // For tests: every operation on queues, stores and warehouse goes through it. Null: nothing goes
  // wrong.
  std::shared_ptr<FaultPlan> faults;
};

// The only place that knows which implementation stands behind which interface. `config` passed
// RequireKindsOfThisBuild; config, environment and fault plan outlive what is opened.

enum class WhenMissing {
  kMake,
  kLeave,  // nothing is made: the part is null
};

Result<std::unique_ptr<Queue>> OpenQueue(const Location& location, const std::string& name,
                                         WhenMissing when_missing,
                                         const PipelineEnvironment& environment);
// Made where it is missing.
Result<std::unique_ptr<ObjectStore>> OpenStore(const Location& location,
                                               const PipelineEnvironment& environment);
// Makes nothing yet: the warehouse itself says when it is not there.
std::unique_ptr<Warehouse> OpenWarehouse(const PipelineConfig& config,
                                         const PipelineEnvironment& environment);

// Does `path` exist? An error where that cannot be told.
Result<bool> Exists(const std::string& path);
// Where a queue's file stands.
std::string QueueFile(const Location& location);

}  // namespace sluice
