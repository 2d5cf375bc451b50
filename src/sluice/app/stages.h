// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "sluice/app/pipeline.h"
#include "sluice/app/process_stage.h"
#include "sluice/base/clock.h"
#include "sluice/base/result.h"
#include "sluice/land/lander.h"

namespace sluice {

enum class RunMode { kDrain, kFollow };  // stop when the queue is empty, or go on until stopped
enum class Keep {
  kNothing,
  kMessages
};  // kMessages: delete none, to try a pipeline on a queue that others use

struct StageRequest {
  RunMode mode = RunMode::kDrain;
  Keep keep = Keep::kNothing;
  // Of a queue: land one raw object of at most so many messages, 100,000 at most, and no more. What
  // is kept can be received again at once. Draining only.
  std::optional<size_t> messages;
  EmptyLedger empty_ledger = EmptyLedger::kRefuseOverRows;
  bool replaces = false;  // RunBackfill: what is loaded is loaded again, in place of the old rows
  // With it: only what was loaded before this table, of this name, was there. Empty: everything.
  std::string since_table;
  // After it nothing new is begun. Absent: `load.deadline` after the start where rows are loaded
  // and the queue is drained, else never.
  std::optional<Deadline> deadline;
  // RunProcess, and RunBoth while it follows: called after each batch, whatever became of it, from
  // the thread that loads.
  std::function<void()> after_batch = {};
};

// What the stages did so far; `land` and `process` fill only their part.
struct RunReport {
  LandReport landed;
  ProcessReport processed;
  std::optional<Error> failure;  // what ended a drain

  // That, or the first of what goes on without it; or null.
  const Error* Failed() const {
    if (failure) return &*failure;
    return processed.failure ? &*processed.failure : nullptr;
  }
  // Should a person look? Something is held, set aside, gone or not ours.
  bool NeedsAttention() const {
    return landed.lost + processed.held + processed.set_aside + processed.vanished +
               processed.inbox.foreign >
           0;
  }
};
using RunProgress = std::function<void(const RunReport&)>;

// The loops over time: each calls its stage until the queue is empty, the deadline has passed or a
// stop is requested. Whatever the error, what was committed stays committed and nothing that was
// not is deleted: run again. One that comes while a queue is drained is in the report, beside what
// was done before it.
Result<RunReport> RunLand(Pipeline& pipeline, const StageRequest& request, Clock& clock,
                          std::stop_token stop, const RunProgress& progress);
Result<RunReport> RunProcess(Pipeline& pipeline, const StageRequest& request, Clock& clock,
                             std::stop_token stop, const RunProgress& progress);
// Both: draining, land what waits, in at most half of the time, then process what was landed;
// following, side by side.
Result<RunReport> RunBoth(Pipeline& pipeline, const StageRequest& request, Clock& clock,
                          std::stop_token stop, const RunProgress& progress);

// Loads the objects of these hours that are not loaded yet, whoever announced them. It ends at the
// last of them; stopped before, it is begun again by calling it again. Where loading is paused it
// ends too: the report's failure then says why, and is kPermanent.
Result<RunReport> RunBackfill(Pipeline& pipeline, const HourRange& hours,
                              const StageRequest& request, Clock& clock, std::stop_token stop,
                              const RunProgress& progress);

}  // namespace sluice
