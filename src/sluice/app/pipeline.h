// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <stop_token>

#include "sluice/app/process_stage.h"
#include "sluice/base/clock.h"
#include "sluice/base/fault_plan.h"
#include "sluice/base/result.h"
#include "sluice/config/pipeline_config.h"
#include "sluice/land/lander.h"
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

// The parts that a configuration describes, opened and wired: the only place that knows which
// implementation stands behind which interface. Parts are used by one stage at a time, as their own
// headers say.
class Pipeline {
 public:
  static Result<std::unique_ptr<Pipeline>> Open(PipelineConfig config,
                                                PipelineEnvironment environment);
  ~Pipeline();

  const PipelineConfig& config() const { return config_; }
  const TableSet& tables() const { return *config_.tables; }
  Queue& source() { return *source_; }
  Queue& notifications() { return *notifications_; }
  Warehouse& warehouse() { return *warehouse_; }

  // `wait` is how long an empty queue is listened to.
  Lander MakeLander(WhenEmpty when_empty, AfterCommit after_commit, std::chrono::milliseconds wait);
  Result<std::unique_ptr<ProcessStage>> MakeProcess(AfterLoad after_load, EmptyLedger empty_ledger,
                                                    std::chrono::milliseconds wait,
                                                    ProcessProgress progress);

 private:
  Pipeline(PipelineConfig config, PipelineEnvironment environment);
  Status OpenQueues();
  Status OpenStores();
  Status RequireRawFolder();
  Status OpenWarehouse();

  const PipelineConfig config_;
  const PipelineEnvironment environment_;
  std::unique_ptr<Queue> source_, notifications_, dead_notifications_;
  std::unique_ptr<ObjectStore> raw_, parquet_, quarantine_;
  std::unique_ptr<Warehouse> warehouse_;
};

}  // namespace sluice
