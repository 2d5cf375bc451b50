// SPDX-License-Identifier: Apache-2.0
#include "sluice/app/stages.h"

#include <algorithm>
#include <mutex>
#include <thread>

#include "sluice/base/log.h"

namespace sluice {
namespace {

// How long an empty queue is listened to: draining asks once, following waits for what comes. SQS
// asks all of its servers only for who waits; to who does not it may say that it is empty when it
// is not.
constexpr std::chrono::milliseconds kDrainWait{0}, kDrainWaitOfSqs{1'000};
constexpr std::chrono::milliseconds kFollowWait{1'000}, kFollowWaitOfSqs{5'000};
constexpr std::chrono::milliseconds kNoPause{0};

std::chrono::milliseconds WaitOf(RunMode mode, const Location& queue) {
  const bool is_sqs = queue.kind == Location::Kind::kSqs;
  if (mode == RunMode::kDrain) return is_sqs ? kDrainWaitOfSqs : kDrainWait;
  return is_sqs ? kFollowWaitOfSqs : kFollowWait;
}

// What load.deadline says of a request that has no deadline of its own. A run that follows has
// none: it goes on until it is stopped.
StageRequest Bounded(StageRequest request, const PipelineConfig& config, Clock& clock) {
  if (!request.deadline && request.mode == RunMode::kDrain)
    request.deadline = Deadline::After(clock, config.load.deadline);
  return request;
}

Deadline EndOf(const StageRequest& request) {
  return request.deadline.value_or(Deadline::Never());
}

// Kept messages are hidden for a while, or a drain would land them for ever; not so after one
// object.
AfterCommit AfterCommitOf(const StageRequest& request) {
  if (request.keep == Keep::kNothing) return AfterCommit::kDelete;
  return request.messages ? AfterCommit::kGiveBack : AfterCommit::kKeep;
}

// One stage's share of a loop: lands or processes once; false when there is nothing more to do.
// Landing is done at the first empty answer: under a steady producer there is always one message
// more, and a drain must end. Where messages are counted it is done after one object.
class Landing {
 public:
  // `progress` outlives it.
  Landing(Pipeline& pipeline, const StageRequest& request, const RunProgress& progress)
      : progress_(progress),
        land_one_(pipeline.MakeLanding(
            request.mode == RunMode::kDrain ? WhenEmpty::kClose : WhenEmpty::kWait,
            AfterCommitOf(request), WaitOf(request.mode, pipeline.config().source.location),
            request.messages)) {}

  Result<bool> Once(const StageRequest& request, const std::stop_token& stop, RunReport& report) {
    SLUICE_ASSIGN(const LandReport landed, land_one_(EndOf(request), stop));
    report.landed += landed;
    if (progress_) progress_(report);
    return landed.objects > 0 && !landed.queue_was_empty && !request.messages;
  }

 private:
  const RunProgress& progress_;
  Pipeline::Landing land_one_;
};

class Processing {
 public:
  static Result<Processing> Begin(Pipeline& pipeline, const StageRequest& request,
                                  const RunProgress& progress, const RunReport& report) {
    const auto after = request.keep == Keep::kMessages ? AfterLoad::kKeepNotifications
                                                       : AfterLoad::kDeleteNotifications;
    SLUICE_ASSIGN(auto stage,
                  pipeline.MakeProcess(after, request.empty_ledger,
                                       WaitOf(request.mode, pipeline.config().raw.notifications),
                                       Telling(progress, report)));
    return Processing(std::move(stage));
  }
  static Result<Processing> BeginBackfill(Pipeline& pipeline, const HourRange& hours,
                                          const StageRequest& request, const RunProgress& progress,
                                          const RunReport& report) {
    SLUICE_ASSIGN(auto stage,
                  pipeline.MakeBackfill(hours, request.empty_ledger, request.replaces,
                                        request.since_table, Telling(progress, report)));
    return Processing(std::move(stage));
  }

  Result<bool> Once(const std::stop_token& stop, RunReport& report) {
    SLUICE_ASSIGN(const ProcessReport batch, stage_->ProcessBatch(stop));
    report.processed += batch;
    return !batch.idle;
  }

 private:
  explicit Processing(std::unique_ptr<ProcessStage> stage) : stage_(std::move(stage)) {}
  // What the batch under way adds to `report`, which outlives it.
  static ProcessProgress Telling(const RunProgress& progress, const RunReport& report) {
    return [progress, &report](const ProcessReport& batch) {
      if (!progress) return;
      RunReport now = report;
      now.processed += batch;
      progress(now);
    };
  }

  std::unique_ptr<ProcessStage> stage_;
};

// Waits, but not longer than the deadline or a stop request allow.
void Pause(std::chrono::milliseconds duration, const StageRequest& request, Clock& clock,
           const std::stop_token& stop) {
  constexpr std::chrono::milliseconds kSlice{100};
  const Deadline end = Deadline::After(clock, duration);
  while (!end.HasPassed(clock) && !EndOf(request).HasPassed(clock) && !stop.stop_requested()) {
    clock.Sleep(kSlice);
  }
}

// Repeats `once` until it finds nothing to do (drain), or for ever (follow): then an idle turn is
// followed by `idle_pause`, and a failure by a pause that doubles: whatever it is, it may be mended
// while we wait.
template <typename Once>
Status Loop(const StageRequest& request, Clock& clock, const std::stop_token& stop,
            std::chrono::milliseconds idle_pause, Once&& once) {
  constexpr std::chrono::milliseconds kFirstPause{1'000}, kLongestPause{60'000};
  std::chrono::milliseconds pause = kFirstPause;
  while (!stop.stop_requested() && !EndOf(request).HasPassed(clock)) {
    const Result<bool> found_work = once();
    if (found_work) {
      pause = kFirstPause;
      if (!*found_work && request.mode == RunMode::kDrain) break;
      if (!*found_work) Pause(idle_pause, request, clock, stop);
      continue;
    }
    const Error& error = found_work.error();
    if (stop.stop_requested() && error.kind() == ErrorKind::kTransient) {
      Log(LogLevel::kWarning, "{}; it is left to the next run", error.message());
      return {};
    }
    if (request.mode == RunMode::kDrain) return std::unexpected(error);
    Log(LogLevel::kError, "{}; trying again in {} s", error.message(), pause.count() / 1000);
    Pause(pause, request, clock, stop);
    pause = std::min(pause * 2, kLongestPause);
  }
  return {};
}

// How a loop ended goes with what it did. One failure is the report's, others are logged.
void EndWith(const Status& done, RunReport& report) {
  if (done) return;
  if (report.failure) {
    Log(LogLevel::kError, "{}", done.error().message());
  } else {
    report.failure = done.error();
  }
}

}  // namespace

Result<RunReport> RunLand(Pipeline& pipeline, const StageRequest& request, Clock& clock,
                          std::stop_token stop, const RunProgress& progress) {
  RunReport report;
  Landing landing(pipeline, request, progress);
  EndWith(Loop(request, clock, stop, kNoPause, [&] { return landing.Once(request, stop, report); }),
          report);
  return report;
}

Result<RunReport> RunProcess(Pipeline& pipeline, const StageRequest& request, Clock& clock,
                             std::stop_token stop, const RunProgress& progress) {
  RunReport report;
  const StageRequest bounded = Bounded(request, pipeline.config(), clock);
  SLUICE_ASSIGN(auto processing, Processing::Begin(pipeline, bounded, progress, report));
  const Status done = Loop(bounded, clock, stop, pipeline.config().load.every, [&] {
    auto found_work = processing.Once(stop, report);
    if (bounded.after_batch) bounded.after_batch();
    return found_work;
  });
  EndWith(done, report);
  return report;
}

namespace {

// One after the other: what waits becomes raw objects, then rows. Landing gets half of the time, so
// that a queue that fills faster than it is emptied never keeps what is landed from being loaded.
Result<RunReport> DrainBoth(Pipeline& pipeline, const StageRequest& request, Clock& clock,
                            const std::stop_token& stop, const RunProgress& progress) {
  RunReport report;
  Landing landing(pipeline, request, progress);
  SLUICE_ASSIGN(auto processing, Processing::Begin(pipeline, request, progress, report));
  StageRequest first = request;
  if (request.deadline) {
    const Ticks now = clock.Monotonic();
    first.deadline = Deadline{now + (request.deadline->at - now) / 2};
  }
  const Status landed =
      Loop(first, clock, stop, kNoPause, [&] { return landing.Once(first, stop, report); });
  // A source that fails keeps nothing that is landed from being loaded.
  EndWith(Loop(request, clock, stop, kNoPause, [&] { return processing.Once(stop, report); }),
          report);
  EndWith(landed, report);
  return report;
}

// Side by side, since an object that is being filled must not keep loaded events waiting. Each
// stage ends the other when it fails.
Result<RunReport> FollowBoth(Pipeline& pipeline, const StageRequest& request, Clock& clock,
                             const std::stop_token& stop, const RunProgress& progress) {
  std::stop_source both;
  const std::stop_callback pass_on(stop, [&] { both.request_stop(); });
  std::mutex mutex;  // over `report`
  RunReport report;
  const auto tell = [&](auto&& change) {
    std::lock_guard lock(mutex);
    change(report);
    if (progress) progress(report);
  };
  Result<RunReport> landed, processed;
  {
    std::jthread land([&] {
      landed = RunLand(pipeline, request, clock, both.get_token(), [&](const RunReport& r) {
        tell([&](RunReport& sum) { sum.landed = r.landed; });
      });
      if (!landed) both.request_stop();
    });
    processed = RunProcess(pipeline, request, clock, both.get_token(), [&](const RunReport& r) {
      tell([&](RunReport& sum) { sum.processed = r.processed; });
    });
    if (!processed) both.request_stop();
  }
  SLUICE_TRY(landed);
  SLUICE_TRY(processed);
  return RunReport{
      .landed = landed->landed, .processed = processed->processed, .failure = std::nullopt};
}

}  // namespace

Result<RunReport> RunBoth(Pipeline& pipeline, const StageRequest& request, Clock& clock,
                          std::stop_token stop, const RunProgress& progress) {
  if (request.mode == RunMode::kFollow) return FollowBoth(pipeline, request, clock, stop, progress);
  return DrainBoth(pipeline, Bounded(request, pipeline.config(), clock), clock, stop, progress);
}

Result<RunReport> RunBackfill(Pipeline& pipeline, const HourRange& hours,
                              const StageRequest& request, Clock& clock, std::stop_token stop,
                              const RunProgress& progress) {
  RunReport report;
  SLUICE_ASSIGN(auto processing,
                Processing::BeginBackfill(pipeline, hours, request, progress, report));
  EndWith(Loop(request, clock, stop, kNoPause, [&] { return processing.Once(stop, report); }),
          report);
  if (report.processed.paused) {
    EndWith(Fail(ErrorKind::kPermanent, "loading is paused, so that {} was loaded: {}",
                 report.processed.objects == 0 ? "nothing" : "not everything",
                 *report.processed.paused),
            report);
  }
  return report;
}

}  // namespace sluice
