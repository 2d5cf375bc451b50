// SPDX-License-Identifier: Apache-2.0
#include "sluice/land/shard_lander.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "sluice/base/log.h"
#include "sluice/land/paced_reader.h"
#include "sluice/land/range_writer.h"

namespace sluice {
namespace {

using Appended = ShardLog::Appended;
using Place = StreamBatch::Place;
using State = ShardEntry::State;

// A closed shard's end, and records that were seen before, may show only behind the tip, but soon.
constexpr int kMostReadsAtTip = 10;

ShardOutcome OutcomeAt(Place place) {
  if (place == Place::kAtEnd) return ShardOutcome::kFinished;
  return place == Place::kAtTip ? ShardOutcome::kAtTip : ShardOutcome::kMore;
}

}  // namespace

// One visit. Call Run once.
class ShardLander::Landing {
 public:
  Landing(const ShardLander& lander, const ShardTurn& turn)
      : parts_(lander.parts_),
        options_(lander.options_),
        worker_(lander.worker_),
        start_(lander.start_),
        turn_(turn),
        log_(parts_.checkpoints,
             ShardLogFolder(options_.consumer, parts_.stream.name(), turn.shard.id)) {}

  Result<ShardVisit> Run(Deadline deadline, const std::stop_token& stop);

 private:
  Status OpenAt(const StreamPosition& from);
  Result<Appended> Append(State state, std::optional<ShardRange> range, uint64_t lost = 0);
  RawKey KeyFor(const StreamRecord& first, StreamFormat format) const;
  Result<ShardVisit> Visited(ShardOutcome outcome, LandReport report = {}) const;
  Result<ShardVisit> Taken(uint64_t number) const;
  Result<ShardVisit> Finished() const;
  Result<bool> TakesRecords() const;
  Result<ShardVisit> Commit(RangeWriter& writer);

  // What the log has begun.
  Result<ShardVisit> LandAgain(const std::stop_token& stop);
  Status ReadAgain(RangeWriter& writer, const std::stop_token& stop);
  Status CheckTrimmed(const ShardRange& rest) const;
  Result<ShardVisit> LandRest(const ShardRange& rest);

  // What comes behind it.
  Result<ShardVisit> LandNew(Deadline deadline, const std::stop_token& stop);
  Status Fill(Deadline deadline, const std::stop_token& stop);
  Status Take(const StreamBatch& batch);
  bool IsEnd(const StreamBatch& batch) const;
  void WarnOfGap(const StreamRecord& next) const;
  bool HasRoom() const;

  const Parts& parts_;
  const StreamLanderOptions& options_;
  const std::string& worker_;
  const StreamPosition& start_;
  const ShardTurn& turn_;
  ShardLog log_;
  std::optional<ShardEntry> newest_;
  std::optional<PacedReader> reader_;
  Place place_ = Place::kBeforeTip;
  std::unique_ptr<RangeWriter> writer_;  // of new records; null until the first
  bool saw_last_ = false;                // the last record that is landed
  RawKey rest_key_;                      // of what is left of a range
};

Result<ShardVisit> ShardLander::Landing::Run(Deadline deadline, const std::stop_token& stop) {
  SLUICE_ASSIGN(newest_, log_.Newest());
  if (!newest_) return LandNew(deadline, stop);
  const bool is_theirs = turn_.others_entry && newest_->worker != worker_;
  if (is_theirs && newest_->number > *turn_.others_entry) return Taken(newest_->number);
  if (newest_->state == State::kFinished) return Finished();
  return newest_->state == State::kLanding ? LandAgain(stop) : LandNew(deadline, stop);
}

Status ShardLander::Landing::OpenAt(const StreamPosition& from) {
  SLUICE_ASSIGN(auto reader, parts_.stream.Open(turn_.shard.id, from));
  reader_.emplace(std::move(reader), parts_.clock, turn_.earliest_read);
  return {};
}

Result<Appended> ShardLander::Landing::Append(State state, std::optional<ShardRange> range,
                                              uint64_t lost) {
  ShardEntry entry{.number = newest_ ? newest_->number + 1 : 0,
                   .worker = worker_,
                   .state = state,
                   .range = std::move(range),
                   .lost = lost};
  SLUICE_ASSIGN(const Appended appended, log_.Append(entry));
  if (appended == Appended::kMine) newest_ = std::move(entry);
  return appended;
}

// In the hour in which the first record arrived (fault L21).
RawKey ShardLander::Landing::KeyFor(const StreamRecord& first, StreamFormat format) const {
  const std::string id = StreamObjectId(parts_.stream.name(), turn_.shard.id, first.number.digits);
  return options_.layout.KeyFor(first.arrived, RawObjectName(first.arrived, id, Extension(format)));
}

Result<ShardVisit> ShardLander::Landing::Visited(ShardOutcome outcome, LandReport report) const {
  return ShardVisit{.outcome = outcome,
                    .report = std::move(report),
                    .others_entry = {},
                    .earliest_read = reader_ ? reader_->earliest() : turn_.earliest_read};
}

Result<ShardVisit> ShardLander::Landing::Taken(uint64_t number) const {
  Log(LogLevel::kInfo, "another worker advances this shard: stream={} shard={} entry={}",
      parts_.stream.name(), turn_.shard.id, number);
  SLUICE_ASSIGN(ShardVisit visit, Visited(ShardOutcome::kTaken));
  visit.others_entry = number;
  return visit;
}

// By the stream as it is now: the listing of the turn may be older than the log.
Result<bool> ShardLander::Landing::TakesRecords() const {
  if (!turn_.shard.is_open) return false;
  SLUICE_ASSIGN(const std::vector<StreamShard> shards, parts_.stream.Shards());
  const auto found = std::ranges::find(shards, turn_.shard.id, &StreamShard::id);
  return found != shards.end() && found->is_open;
}

Result<ShardVisit> ShardLander::Landing::Finished() const {
  SLUICE_ASSIGN(const bool takes_records, TakesRecords());
  if (!takes_records) return Visited(ShardOutcome::kFinished);
  return Fail(ErrorKind::kPermanent,
              "the log of a shard says that it has ended, but it takes records: the stream was "
              "deleted and made anew under its name, or is another account's; move its folder out "
              "of the checkpoint store, and landing begins again at source.from: stream={} "
              "shard={} log={}{}",
              parts_.stream.name(), turn_.shard.id, parts_.checkpoints.uri(),
              ShardLogFolder(options_.consumer, parts_.stream.name(), turn_.shard.id));
}

// The object of a range whose entry is there.
Result<ShardVisit> ShardLander::Landing::Commit(RangeWriter& writer) {
  SLUICE_TRY(writer.Commit(newest_->range->lines));
  const uint64_t number = newest_->number + 1;
  SLUICE_ASSIGN(
      const Appended appended,
      Append(place_ == Place::kAtEnd ? State::kFinished : State::kLanded, newest_->range));
  if (appended == Appended::kOthers) return Taken(number);
  return Visited(OutcomeAt(place_), writer.report());
}

Result<ShardVisit> ShardLander::Landing::LandAgain(const std::stop_token& stop) {
  const ShardRange range = *newest_->range;
  Log(LogLevel::kInfo,
      "landing records whose landing was begun: stream={} shard={} first={} last={} key={}",
      parts_.stream.name(), turn_.shard.id, range.first.digits, range.last.digits, range.key.text);
  SLUICE_TRY(OpenAt(StreamPosition::At(range.first)));
  SLUICE_ASSIGN(const auto writer,
                RangeWriter::Begin(parts_.raw, range.key, range.format, turn_.shard.id));
  SLUICE_TRY(ReadAgain(*writer, stop));
  const ShardRange& rest = writer->range();
  const bool is_whole = rest.records == range.records;
  if (!is_whole && stop.stop_requested()) return Visited(ShardOutcome::kMore);
  if (rest.records > range.records) {
    return Fail(
        ErrorKind::kBadData,
        "a shard has more records between two than it had: it is of another stream than the "
        "one that was landed: stream={} shard={} first={} last={} records={} found={}",
        parts_.stream.name(), turn_.shard.id, range.first.digits, range.last.digits, range.records,
        rest.records);
  }
  if (!is_whole) SLUICE_TRY(CheckTrimmed(rest));
  SLUICE_TRY(writer->Finish());
  return is_whole ? Commit(*writer) : LandRest(rest);
}

Status ShardLander::Landing::ReadAgain(RangeWriter& writer, const std::stop_token& stop) {
  const SequenceNumber& last = newest_->range->last;
  for (int reads_at_tip = 0; reads_at_tip < kMostReadsAtTip && !stop.stop_requested();) {
    SLUICE_ASSIGN(const StreamBatch batch, reader_->Read(stop));
    for (const StreamRecord& record : batch.records) {
      if (record.number > last) return {};
      if (writer.range().records == 0) rest_key_ = KeyFor(record, newest_->range->format);
      SLUICE_TRY(writer.Append(record));
      if (record.number == last) return {};
    }
    if (batch.place == Place::kAtEnd) return {};
    if (batch.place == Place::kAtTip) ++reads_at_tip;
  }
  return {};
}

// A stream trims its oldest records. Where others are missing, it does not show all that it has, or
// trims while it is read.
Status ShardLander::Landing::CheckTrimmed(const ShardRange& rest) const {
  const ShardRange& range = *newest_->range;
  if (rest.records == 0 || (rest.first > range.first && rest.last == range.last)) return {};
  return Fail(ErrorKind::kTransient,
              "the stream does not show records that it showed before and has not trimmed; try "
              "again later: stream={} shard={} first={} last={} records={} found={} up to {}",
              parts_.stream.name(), turn_.shard.id, range.first.digits, range.last.digits,
              range.records, rest.records, rest.last.digits);
}

// Some records of the range are gone: they were kept by the stream for as long as it keeps any. But
// the object may have been made before.
Result<ShardVisit> ShardLander::Landing::LandRest(const ShardRange& rest) {
  const ShardRange range = *newest_->range;
  const uint64_t number = newest_->number + 1;
  LandReport report;
  Appended appended = Appended::kOthers;
  const auto stored = CommitAgain(parts_.raw, range.key);
  if (stored) {
    report.objects = 1;
    report.key = range.key;
    report.bytes_out = stored->info.size;
    SLUICE_ASSIGN(appended, Append(State::kLanded, range));
  } else if (stored.error().kind() != ErrorKind::kNotFound) {
    return std::unexpected(stored.error());
  } else {
    report.lost = range.records - rest.records;
    Log(LogLevel::kError,
        "records of a stream are lost: they were trimmed before they were landed; land more often, "
        "or let the stream keep them for longer: stream={} shard={} first={} last={} records={} "
        "lost={}",
        parts_.stream.name(), turn_.shard.id, range.first.digits, range.last.digits, range.records,
        report.lost);
    ShardRange left = rest.records > 0 ? rest : range;
    left.records = rest.records;
    left.key = rest_key_;
    SLUICE_ASSIGN(appended, Append(rest.records > 0 ? State::kLanding : State::kLanded,
                                   std::move(left), report.lost));
  }
  if (appended == Appended::kOthers) return Taken(number);
  return Visited(ShardOutcome::kMore, std::move(report));
}

Result<ShardVisit> ShardLander::Landing::LandNew(Deadline deadline, const std::stop_token& stop) {
  SLUICE_TRY(OpenAt(newest_ ? StreamPosition::At(newest_->range->last) : start_));
  SLUICE_TRY(Fill(deadline, stop));
  const uint64_t number = newest_ ? newest_->number + 1 : 0;
  if (writer_ != nullptr) {
    SLUICE_TRY(writer_->Finish());
    SLUICE_ASSIGN(const Appended appended, Append(State::kLanding, writer_->range()));
    return appended == Appended::kMine ? Commit(*writer_) : Taken(number);
  }
  if (place_ == Place::kAtEnd) {
    SLUICE_ASSIGN(const Appended appended,
                  Append(State::kFinished, newest_ ? newest_->range : std::nullopt));
    if (appended == Appended::kOthers) return Taken(number);
  }
  return Visited(OutcomeAt(place_));
}

Status ShardLander::Landing::Fill(Deadline deadline, const std::stop_token& stop) {
  Ticks closing = deadline.at;
  int reads_at_tip = 0;
  while (HasRoom() && !stop.stop_requested() &&
         std::max(parts_.clock.Monotonic(), reader_->earliest()) < closing) {
    const Ticks asked = parts_.clock.Monotonic();
    const bool is_first = writer_ == nullptr;
    const auto batch = reader_->Read(stop);
    if (!batch) {
      if (writer_ == nullptr) return std::unexpected(batch.error());
      Log(LogLevel::kWarning,
          "cannot read more records: {}; landing those that came: stream={} shard={} records={}",
          batch.error().message(), parts_.stream.name(), turn_.shard.id, writer_->range().records);
      break;
    }
    place_ = batch->place;
    if (place_ == Place::kAtEnd && !IsEnd(*batch)) place_ = Place::kAtTip;
    SLUICE_TRY(Take(*batch));
    // Without a record it goes on: before the first one there may be long stretches of nothing.
    if (is_first && writer_ != nullptr) closing = std::min(closing, asked + options_.close_age);
    if (place_ == Place::kAtEnd) break;
    if (place_ == Place::kAtTip && (turn_.shard.is_open || ++reads_at_tip >= kMostReadsAtTip)) {
      break;
    }
  }
  return {};
}

Status ShardLander::Landing::Take(const StreamBatch& batch) {
  for (const StreamRecord& record : batch.records) {
    if (!HasRoom()) {  // the next visit reads behind the last one that was taken
      place_ = Place::kBeforeTip;
      return {};
    }
    if (newest_ && record.number <= newest_->range->last) {
      saw_last_ = true;
      continue;
    }
    if (writer_ == nullptr) {
      WarnOfGap(record);
      SLUICE_ASSIGN(writer_, RangeWriter::Begin(parts_.raw, KeyFor(record, options_.format),
                                                options_.format, turn_.shard.id));
    }
    SLUICE_TRY(writer_->Append(record));
  }
  return {};
}

// That nothing more can be read is not enough: what is finished is never read again.
bool ShardLander::Landing::IsEnd(const StreamBatch& batch) const {
  if (!batch.children.empty()) return true;
  const Result<bool> takes_records = TakesRecords();
  if (takes_records && !*takes_records) return true;
  Log(LogLevel::kWarning,
      "a shard ended, but that it is closed is not known; it is read again later: stream={} "
      "shard={} cause={}",
      parts_.stream.name(), turn_.shard.id,
      takes_records ? "it takes records" : takes_records.error().message());
  return false;
}

// Reading goes on behind a record that is no longer there. Nobody knows what was between.
void ShardLander::Landing::WarnOfGap(const StreamRecord& next) const {
  if (!newest_ || saw_last_ || newest_->range->records == 0) return;
  Log(LogLevel::kWarning,
      "the last landed record is no longer in the stream: what came between it and the next one, "
      "if anything did, was trimmed before it was landed; nothing is missing where the shard was "
      "quiet for that long: stream={} shard={} last={} next={} next_arrived={}",
      parts_.stream.name(), turn_.shard.id, newest_->range->last.digits, next.number.digits,
      ToIso8601(next.arrived));
}

bool ShardLander::Landing::HasRoom() const {
  return writer_ == nullptr || (writer_->report().bytes_landed < options_.close_size &&
                                writer_->range().records < options_.close_records);
}

Result<ShardVisit> ShardLander::Visit(const ShardTurn& turn, Deadline deadline,
                                      const std::stop_token& stop) {
  Landing landing(*this, turn);
  return landing.Run(deadline, stop);
}

}  // namespace sluice
