// SPDX-License-Identifier: Apache-2.0
#include "sluice/land/stream_lander.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "sluice/base/log.h"
#include "sluice/base/unique_id.h"
#include "sluice/land/forgotten_shard.h"
#include "sluice/land/stream_start.h"

namespace sluice {
namespace {

using std::chrono::seconds;

// New shards are looked for so often, and when one is finished whose children are not known.
constexpr seconds kBetweenListings{60};
constexpr seconds kAfterFailure{10};
constexpr int kFailuresInARow = 3;

}  // namespace

StreamLander::StreamLander(Stream& stream, ObjectStore& checkpoints, ObjectStore& raw, Clock& clock,
                           StreamLanderOptions options)
    : stream_(stream),
      checkpoints_(checkpoints),
      raw_(raw),
      clock_(clock),
      options_(std::move(options)),
      worker_(MakeUniqueId(clock.Now())) {}

Status StreamLander::Prepare(LandReport& report) {
  if (!shards_) {
    SLUICE_ASSIGN(StreamPosition start, FixStreamStart(checkpoints_, options_.consumer,
                                                       stream_.name(), options_.from, clock_));
    shards_.emplace(ShardLander::Parts{stream_, checkpoints_, raw_, clock_}, options_, worker_,
                    std::move(start));
  }
  const bool may_have_changed = options_.when_empty == WhenEmpty::kWait && listed_at_ &&
                                clock_.Monotonic() - *listed_at_ >= kBetweenListings;
  return listed_at_ && !may_have_changed ? Status() : ListShards(report);
}

Status StreamLander::ListShards(LandReport& report) {
  // Before the stream is asked: a shard that was begun by then is among its answer, or gone.
  SLUICE_ASSIGN(const std::vector<std::string> folders,
                ShardLogFolders(checkpoints_, options_.consumer, stream_.name()));
  SLUICE_ASSIGN(std::vector<StreamShard> shards, stream_.Shards());
  std::map<std::string, Seat> seats;
  for (StreamShard& shard : shards) {
    const auto old = seats_.find(shard.id);
    Seat seat = old == seats_.end() ? Seat() : old->second;
    seat.turn.shard = std::move(shard);
    // What has ended takes no records: its log is to be looked at once more.
    if (seat.turn.shard.is_open) seat.is_finished = false;
    seats.emplace(seat.turn.shard.id, std::move(seat));
  }
  // Where several landers begin at once, each begins at another shard.
  if (seats_.empty() && !seats.empty()) {
    const size_t first = std::hash<std::string>()(worker_) % seats.size();
    last_turn_ = std::next(seats.begin(), static_cast<ptrdiff_t>(first))->first;
  }
  seats_ = std::move(seats);
  listed_at_ = clock_.Monotonic();
  SettleForgotten(folders, report);
  return {};
}

// One that fails is tried again with the next listing. Shards are numbered as they are made: one
// above all that are listed may have been made after the listing.
void StreamLander::SettleForgotten(const std::vector<std::string>& folders, LandReport& report) {
  std::set<std::string> listed;
  for (const auto& [id, seat] : seats_) {
    listed.insert(ShardLogFolder(options_.consumer, stream_.name(), id));
  }
  for (const std::string& folder : folders) {
    if (listed.contains(folder) || settled_.contains(folder)) continue;
    if (listed.empty() || folder > *listed.rbegin()) continue;
    const auto lost = SettleForgottenShard({stream_, checkpoints_, raw_, clock_}, worker_, folder);
    if (lost) {
      report += *lost;
      settled_.insert(folder);
    } else {
      KeepFailure(lost.error(),
                  fmt::format("cannot end the log of a shard that is gone: {}", folder));
    }
  }
}

void StreamLander::KeepFailure(const Error& error, const std::string& during) {
  failure_ = error.During(during);
  Log(LogLevel::kWarning, "{}; going on with the others", failure_->message());
}

bool StreamLander::IsReadable(const Seat& seat) const {
  return std::ranges::all_of(seat.turn.shard.parents, [&](const std::string& parent) {
    const auto found = seats_.find(parent);
    return found == seats_.end() || found->second.is_finished;
  });
}

bool StreamLander::HasKnownChildren(const std::string& shard) const {
  return std::ranges::any_of(seats_, [&](const auto& named) {
    return std::ranges::count(named.second.turn.shard.parents, shard) > 0;
  });
}

// From the shard behind the last one, around.
StreamLander::Seat* StreamLander::NextDue() {
  const Ticks now = clock_.Monotonic();
  auto seat = seats_.upper_bound(last_turn_);
  for (size_t i = 0; i < seats_.size(); ++i, ++seat) {
    if (seat == seats_.end()) seat = seats_.begin();
    if (!seat->second.is_finished && seat->second.due <= now && IsReadable(seat->second)) {
      last_turn_ = seat->first;
      return &seat->second;
    }
  }
  return nullptr;
}

// In a drain: in another life.
Ticks StreamLander::Later(seconds pause) {
  return options_.when_empty == WhenEmpty::kClose ? Ticks::max() : clock_.Monotonic() + pause;
}

void StreamLander::Settle(Seat& seat, const ShardVisit& visit) {
  seat.turn.earliest_read = visit.earliest_read;
  seat.turn.others_entry = visit.others_entry;
  switch (visit.outcome) {
    case ShardOutcome::kMore:
      break;
    case ShardOutcome::kAtTip:
      seat.due = Later(options_.close_age);
      break;
    case ShardOutcome::kFinished:
      seat.is_finished = true;
      if (!HasKnownChildren(seat.turn.shard.id)) listed_at_.reset();
      break;
    case ShardOutcome::kTaken:
      seat.due = Later(2 * options_.close_age);
      break;
  }
}

void StreamLander::Wait(Deadline deadline) {
  if (options_.when_empty == WhenEmpty::kClose) return;
  const Ticks now = clock_.Monotonic();
  const Ticks until = std::min(deadline.at, now + options_.receive_wait);
  const auto left = std::chrono::ceil<std::chrono::microseconds>(until - now);
  if (left.count() > 0) clock_.Sleep(left);
}

Result<LandReport> StreamLander::LandOne(Deadline deadline, const std::stop_token& stop) {
  LandReport report;
  report.lost = std::exchange(untold_lost_, 0);
  const Status landed = LandInto(report, deadline, stop);
  if (landed) return report;
  untold_lost_ = report.lost;
  return std::unexpected(landed.error());
}

Status StreamLander::LandInto(LandReport& report, Deadline deadline, const std::stop_token& stop) {
  int failures = 0;
  while (!stop.stop_requested() && !deadline.HasPassed(clock_)) {
    SLUICE_TRY(Prepare(report));
    Seat* const seat = NextDue();
    report.queue_was_empty = seat == nullptr;
    if (seat == nullptr || seat->turn.earliest_read >= deadline.at) break;
    auto visit = shards_->Visit(seat->turn, deadline, stop);
    if (visit) {
      Settle(*seat, *visit);
      report += visit->report;
      if (visit->report.objects > 0) return {};
      failures = 0;
      continue;
    }
    seat->due = Later(kAfterFailure);
    KeepFailure(visit.error(), fmt::format("cannot land shard {} of stream {}", seat->turn.shard.id,
                                           stream_.name()));
    if (++failures == kFailuresInARow) break;
  }
  if (failure_ && (report.queue_was_empty || failures == kFailuresInARow)) {
    return std::unexpected(*std::exchange(failure_, std::nullopt));
  }
  if (report.queue_was_empty) Wait(deadline);
  return {};
}

}  // namespace sluice
