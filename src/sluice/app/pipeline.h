// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "sluice/app/pipeline_parts.h"
#include "sluice/app/process_stage.h"
#include "sluice/base/result.h"
#include "sluice/config/pipeline_config.h"
#include "sluice/land/lander.h"

namespace sluice {

// Has `config` everything that a pipeline is made of, of kinds that this build runs? The error
// names every part that is missing or of another kind.
Status RequireRunnable(const PipelineConfig& config);

// The parts that a configuration describes, opened and wired; what is missing is made. Parts are
// used by one stage at a time, as their own headers say.
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

  const PipelineConfig config_;
  const PipelineEnvironment environment_;
  std::unique_ptr<Queue> source_, notifications_, dead_notifications_;
  std::unique_ptr<ObjectStore> raw_, parquet_, quarantine_;
  std::unique_ptr<Warehouse> warehouse_;
};

}  // namespace sluice
