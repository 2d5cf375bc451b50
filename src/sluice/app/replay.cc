// SPDX-License-Identifier: Apache-2.0
#include "sluice/app/replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "sluice/base/log.h"
#include "sluice/load/loader.h"

namespace sluice {
namespace {

constexpr size_t kEventsAtOnce = 20'000;  // of a transaction
constexpr size_t kObjectsAtOnce = 256;

class Replay {
 public:
  Replay(const ReplayParts& parts, EventReplayer& replayer, size_t threads)
      : parts_(parts),
        replayer_(replayer),
        threads_(threads),
        loader_(parts.warehouse, parts.clock, {.replays = true}) {}

  // One object's events at a time; loads when there are enough.
  Status Add(std::span<const QuarantinedLine> events) {
    ++report_.objects;
    auto replayed = replayer_.Replay(events, threads_);
    if (!replayed) {
      if (replayed.error().kind() == ErrorKind::kTransient) {
        return std::unexpected(replayed.error());
      }
      AddFailure(events.front(), replayed.error());
      return {};
    }
    report_.events += events.size();
    if (!replayed->part || parts_.parquet == nullptr) {
      Count(events, *replayed);
      return {};
    }
    planned_.push_back({events, std::move(*replayed)});
    return planned_.size() < kObjectsAtOnce ? Status() : Load();
  }

  Status Load() {
    std::vector<PlannedObject> objects;
    for (const Planned& planned : planned_) objects.push_back(*planned.replayed.part);
    SLUICE_ASSIGN(const auto outcomes, loader_.Load(objects));
    for (size_t i = 0; i < planned_.size(); ++i) {
      const Planned& planned = planned_[i];
      if (outcomes[i].state) {
        Count(planned.events, planned.replayed);
      } else if (outcomes[i].reason.empty()) {
        ++report_.changed;
      } else {
        AddFailure(planned.events.front(), Error(ErrorKind::kPermanent, outcomes[i].reason));
      }
    }
    planned_.clear();
    return {};
  }

  const ReplayReport& report() const { return report_; }

 private:
  struct Planned {
    std::span<const QuarantinedLine> events;
    ReplayedObject replayed;
  };

  void AddFailure(const QuarantinedLine& of, const Error& error) {
    Log(LogLevel::kError, "{}: key={}", error.message(), of.raw_key);
    ++report_.failed;
    if (!report_.failure) report_.failure = error;
  }

  void Count(std::span<const QuarantinedLine> events, const ReplayedObject& replayed) {
    for (size_t i = 0; i < events.size(); ++i) {
      const QuarantinedLine& was = events[i];
      ReplayReport::Group& group = report_.groups[{was.table, was.reason, was.column}];
      if (!replayed.obstacle.empty()) {
        ++group.not_tried[replayed.obstacle];
        continue;
      }
      const ReplayedEvent& event = replayed.events[i];
      if (event.passes) {
        ++group.passed;
        ++report_.passed;
      } else {
        ++group.stay[{event.table, event.reason, event.column}];
      }
    }
  }

  const ReplayParts& parts_;
  EventReplayer& replayer_;
  const size_t threads_;
  Loader loader_;
  std::vector<Planned> planned_;
  ReplayReport report_;
};

}  // namespace

uint64_t ReplayReport::Group::events() const {
  uint64_t sum = passed;
  for (const auto& [reason, count] : stay) sum += count;
  for (const auto& [obstacle, count] : not_tried) sum += count;
  return sum;
}

Result<ReplayReport> RunReplay(const ReplayParts& parts, const ReplayOptions& options,
                               QuarantineFilter filter, size_t threads, std::stop_token stop,
                               const std::function<void(uint64_t)>& progress) {
  SLUICE_ASSIGN(const auto replayer,
                EventReplayer::Make(parts.tables, options, parts.raw, parts.parquet));
  Replay replay(parts, *replayer, threads);
  filter.limit = kEventsAtOnce;
  std::optional<QuarantinedLine> after;
  while (!stop.stop_requested()) {
    SLUICE_ASSIGN(const std::vector<QuarantinedLine> page,
                  parts.warehouse.ListReplayable(filter, after));
    for (auto begin = page.begin(); begin != page.end() && !stop.stop_requested();) {
      const auto end = std::find_if(begin, page.end(), [&](const QuarantinedLine& line) {
        return line.object != begin->object;
      });
      SLUICE_TRY(replay.Add({begin, end}));
      progress(replay.report().events);
      begin = end;
    }
    SLUICE_TRY(replay.Load());
    if (page.size() < kEventsAtOnce) break;
    after = page.back();
  }
  return replay.report();
}

}  // namespace sluice
