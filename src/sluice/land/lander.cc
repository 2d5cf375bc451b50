// SPDX-License-Identifier: Apache-2.0
#include "sluice/land/lander.h"

#include <algorithm>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "sluice/base/add_fields.h"
#include "sluice/base/log.h"
#include "sluice/base/unique_id.h"
#include "sluice/land/held_messages.h"
#include "sluice/land/message_splitter.h"

namespace sluice {
namespace {

constexpr std::chrono::hours kLongestHold(11);
constexpr std::chrono::milliseconds kLongestWait(20'000);
constexpr std::chrono::milliseconds kShortestFollowingWait(100);

LanderOptions Bounded(LanderOptions options) {
  options.visibility_timeout = std::max(options.visibility_timeout, std::chrono::seconds(1));
  options.close_age = std::min<std::chrono::seconds>(options.close_age, kLongestHold);
  // What is held is looked after between two waits, when half of its timeout has passed or more.
  const auto longest =
      std::min(kLongestWait, std::chrono::milliseconds(options.visibility_timeout) / 2);
  const auto shortest = options.when_empty == WhenEmpty::kWait ? kShortestFollowingWait
                                                               : std::chrono::milliseconds(0);
  options.receive_wait = std::clamp(options.receive_wait, shortest, longest);
  return options;
}

auto Sums(auto& report) {
  auto& [objects, key, messages, events, enveloped, bytes_in, bytes_landed, bytes_out, deleted,
         delete_failures, queue_was_empty] = report;
  return std::tie(objects, messages, events, enveloped, bytes_in, bytes_landed, bytes_out, deleted,
                  delete_failures);
}

// One call of LandOne. Calls must match: Fill Finish. Destroyed before that it leaves no object,
// and its messages are visible again.
class Landing {
 public:
  Landing(Queue& source, ObjectStore& raw, Clock& clock, const LanderOptions& options)
      : source_(source),
        raw_(raw),
        clock_(clock),
        options_(options),
        held_(source, clock, options.visibility_timeout) {}

  Status Fill(Deadline deadline, const std::stop_token& stop);
  Result<LandReport> Finish();

 private:
  bool HasRoom() const {
    return report_.bytes_landed < options_.close_size && report_.messages < options_.close_messages;
  }
  ReceiveOptions HowToReceive(Ticks::duration left) const;
  Status Begin();
  Status Append(const std::vector<Message>& messages);

  Queue& source_;
  ObjectStore& raw_;
  Clock& clock_;
  const LanderOptions& options_;
  HeldMessages held_;
  std::unique_ptr<PendingObject> object_;  // null until the first message
  std::unique_ptr<CompressingSink> sink_;  // into object_
  std::string lines_;                      // of one message
  LandReport report_;
};

Status Landing::Fill(Deadline deadline, const std::stop_token& stop) {
  Ticks closing = deadline.at;
  while (HasRoom() && !stop.stop_requested()) {
    SLUICE_TRY(held_.Renew());
    const Ticks asked = clock_.Monotonic();
    if (asked >= closing) break;
    const auto messages = source_.Receive(HowToReceive(closing - asked));
    if (!messages) {
      if (object_ == nullptr) return std::unexpected(messages.error());
      Log(LogLevel::kWarning,
          "cannot receive more messages: {}; landing those that came: messages={}",
          messages.error().message(), report_.messages);
      break;
    }
    held_.Add(*messages, asked);
    report_.queue_was_empty = messages->empty();
    if (messages->empty()) {
      if (object_ == nullptr || options_.when_empty == WhenEmpty::kClose) break;
      continue;
    }
    if (object_ == nullptr) {
      SLUICE_TRY(Begin());
      closing = std::min(closing, asked + options_.close_age);
    }
    SLUICE_TRY(Append(*messages));
  }
  return {};
}

ReceiveOptions Landing::HowToReceive(Ticks::duration left) const {
  const auto most = std::chrono::ceil<std::chrono::milliseconds>(left);
  return {.max_messages = Queue::kMaxBatch,
          .wait = std::min(options_.receive_wait, most),
          .visibility_timeout = options_.visibility_timeout};
}

Status Landing::Begin() {
  const Timestamp now = clock_.Now();
  const std::string name = RawObjectName(now, MakeUniqueId(now), Extension(options_.format));
  report_.key = options_.layout.KeyFor(now, name);
  SLUICE_ASSIGN(object_, raw_.Create(report_.key.text));
  sink_ = MakeCompressingSink(options_.format, *object_);
  return {};
}

Status Landing::Append(const std::vector<Message>& messages) {
  for (const Message& message : messages) {
    lines_.clear();
    const SplitCounts counts = SplitMessage(message.id, message.body, lines_);
    SLUICE_TRY(sink_->Write(lines_));
    report_.messages += 1;
    report_.events += counts.lines;
    report_.enveloped += counts.enveloped;
    report_.bytes_in += {message.body.size()};
    report_.bytes_landed += {lines_.size()};
  }
  return {};
}

Result<LandReport> Landing::Finish() {
  if (object_ == nullptr) return report_;
  SLUICE_TRY(sink_->Finish());
  SLUICE_TRY(held_.Renew());
  SLUICE_ASSIGN(const PendingObject::Committed committed, object_->Commit());
  report_.objects = 1;
  report_.bytes_out = committed.info.size;
  if (options_.after_commit == AfterCommit::kKeep) {
    held_.Leave();
    return report_;
  }
  const DeleteCounts counts = held_.Delete();
  report_.deleted = counts.deleted;
  report_.delete_failures = counts.failures;
  return report_;
}

}  // namespace

LandReport& LandReport::operator+=(const LandReport& other) {
  AddFields(Sums(*this), Sums(other));
  if (other.objects > 0) key = other.key;
  queue_was_empty = other.queue_was_empty;
  return *this;
}

Lander::Lander(Queue& source, ObjectStore& raw, Clock& clock, LanderOptions options)
    : source_(source), raw_(raw), clock_(clock), options_(Bounded(std::move(options))) {}

Result<LandReport> Lander::LandOne(Deadline deadline, const std::stop_token& stop) {
  Landing landing(source_, raw_, clock_, options_);
  SLUICE_TRY(landing.Fill(deadline, stop));
  return landing.Finish();
}

}  // namespace sluice
