// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "sluice/app/pipeline_parts.h"
#include "sluice/app/process_stage.h"
#include "sluice/app/replay.h"
#include "sluice/base/result.h"
#include "sluice/config/pipeline_config.h"
#include "sluice/land/lander.h"
#include "sluice/operate/hour_range.h"

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
  // Null where the source is a stream.
  Queue* source() { return source_.get(); }
  Queue& notifications() { return *notifications_; }
  Warehouse& warehouse() { return *warehouse_; }
  ObjectStore& quarantine() { return *quarantine_; }

  // Lands one object of the source, as Lander::LandOne and StreamLander::LandOne do.
  using Landing = std::function<Result<LandReport>(Deadline deadline, const std::stop_token& stop)>;
  // `wait` is how long an empty source is listened to. A stream keeps its records whatever is done.
  // Of a queue, an object has at most `most_messages`.
  Landing MakeLanding(WhenEmpty when_empty, AfterCommit after_commit,
                      std::chrono::milliseconds wait, std::optional<size_t> most_messages = {});
  Result<std::unique_ptr<ProcessStage>> MakeProcess(AfterLoad after_load, EmptyLedger empty_ledger,
                                                    std::chrono::milliseconds wait,
                                                    ProcessProgress progress);
  // The same for objects of the raw store that the ledger does not have, whoever told of them:
  // those of `hours`, each once, then nothing more. With `replaces` also what is loaded: all of it,
  // or what was loaded before the table `since_table` was there.
  Result<std::unique_ptr<ProcessStage>> MakeBackfill(const HourRange& hours,
                                                     EmptyLedger empty_ledger, bool replaces,
                                                     const std::string& since_table,
                                                     ProcessProgress progress);
  // Events that are in quarantine once more, with the tables of today: app/replay.h. kPermanent
  // where loading is paused.
  Result<ReplayReport> Replay(const QuarantineFilter& filter,
                              const std::function<void(uint64_t)>& progress);
  // An object that is held, however many of its events go to quarantine; `why` stands in the
  // ledger. kConflict where another version of it is stored now.
  Result<ProcessReport> LoadHeld(const LedgerPart& held, const std::string& why);

 private:
  Result<std::unique_ptr<ProcessStage>> MakeStage(ProcessOptions options, MakeInbox next_inbox,
                                                  ProcessProgress progress);
  Pipeline(PipelineConfig config, PipelineEnvironment environment);
  Status OpenQueues();
  Status OpenStores();
  Landing MakeStreamLanding(WhenEmpty when_empty, std::chrono::milliseconds wait);
  Status RequireRawFolder();

  const PipelineConfig config_;
  const PipelineEnvironment environment_;
  Connector connector_{config_, environment_};
  std::unique_ptr<Queue> source_, notifications_, dead_notifications_;
  std::unique_ptr<Stream> stream_;
  std::unique_ptr<ObjectStore> raw_, parquet_, quarantine_, checkpoints_;
  std::unique_ptr<Warehouse> warehouse_;
};

}  // namespace sluice
