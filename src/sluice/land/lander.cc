// SPDX-License-Identifier: Apache-2.0
#include "sluice/land/lander.h"

#include <algorithm>
#include <memory>
#include <string>
#include <tuple>
#include <unordered_set>
#include <vector>

#include "sluice/base/add_fields.h"
#include "sluice/base/log.h"
#include "sluice/base/unique_id.h"
#include "sluice/land/held_messages.h"
#include "sluice/land/message_splitter.h"

namespace sluice {
namespace {

constexpr std::chrono::hours kLongestHold(11);
// SQS takes a message back so long after it was received; the last extension must not reach beyond.
constexpr std::chrono::hours kTakenBack(12);
constexpr std::chrono::minutes kSpare(15);  // for a receive and a commit after the object's age
constexpr size_t kFirstMessages = 10;
constexpr std::chrono::milliseconds kLongestWait(20'000);
constexpr std::chrono::milliseconds kShortestFollowingWait(100);

LanderOptions Bounded(LanderOptions options) {
  options.close_age = std::min<std::chrono::seconds>(options.close_age, kLongestHold);
  const std::chrono::seconds most = kTakenBack - kSpare - options.close_age;
  options.visibility_timeout =
      std::clamp(options.visibility_timeout, std::chrono::seconds(1), most);
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
         delete_failures, lost, queue_was_empty] = report;
  return std::tie(objects, messages, events, enveloped, bytes_in, bytes_landed, bytes_out, deleted,
                  delete_failures, lost);
}

// One call of LandOne. Calls must match: Run Leave?. When it fails it leaves no object, and its
// messages are visible again, unless they are left.
class Landing {
 public:
  Landing(Queue& source, ObjectStore& raw, Clock& clock, const LanderOptions& options)
      : source_(source),
        raw_(raw),
        clock_(clock),
        options_(options),
        held_(source, clock, options.visibility_timeout) {}

  Result<LandReport> Run(Deadline deadline, const std::stop_token& stop) {
    SLUICE_TRY(Fill(deadline, stop));
    return Finish();
  }
  // The messages come again when their timeout has passed.
  void Leave() { held_.Leave(); }

 private:
  Status Fill(Deadline deadline, const std::stop_token& stop);
  Result<LandReport> Finish();
  bool HasRoom() const {
    return report_.bytes_landed < options_.close_size && report_.messages < options_.close_messages;
  }
  ReceiveOptions HowToReceive(Ticks::duration left) const;
  int MessagesWanted() const;
  Status Begin();
  Status Append(const std::vector<Message>& messages);

  Queue& source_;
  ObjectStore& raw_;
  Clock& clock_;
  const LanderOptions& options_;
  HeldMessages held_;
  std::unique_ptr<PendingObject> object_;    // null until the first message
  std::unique_ptr<CompressingSink> sink_;    // into object_
  std::string lines_;                        // of one message
  std::unordered_set<std::string> written_;  // ids of messages
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
  return {.max_messages = MessagesWanted(),
          .wait = std::min(options_.receive_wait, most),
          .visibility_timeout = options_.visibility_timeout};
}

// As many as fill the object, if they are as large as those before; few while that is not known.
int Landing::MessagesWanted() const {
  size_t by_size = kFirstMessages;
  if (report_.messages > 0) {
    const size_t mean = report_.bytes_landed.count / report_.messages + 1;
    by_size = (options_.close_size.count - report_.bytes_landed.count) / mean + 1;
  }
  return static_cast<int>(std::min({by_size, options_.close_messages - report_.messages,
                                    static_cast<size_t>(Queue::kMaxBatch)}));
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
    report_.messages += 1;
    // Delivered once more meanwhile: one line is enough, though both deliveries are deleted.
    if (!written_.insert(message.id).second) continue;
    lines_.clear();
    const SplitCounts counts = SplitMessage(message.id, message.body, lines_);
    SLUICE_TRY(sink_->Write(lines_));
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
  // What could not be renewed may be another's before the object is there.
  if (held_.TimeLeft() < options_.visibility_timeout / 4) {
    return Fail(ErrorKind::kTransient,
                "cannot keep hold of messages for as long as a commit may take: messages={}; all "
                "of them will be delivered again",
                held_.size());
  }
  SLUICE_ASSIGN(const PendingObject::Committed committed, object_->Commit());
  report_.objects = 1;
  report_.bytes_out = committed.info.size;
  if (options_.after_commit == AfterCommit::kKeep) held_.Leave();
  if (options_.after_commit != AfterCommit::kDelete) return report_;  // ~HeldMessages gives back
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
  // A queue that gives up is asked for nothing that could not be landed, and what failed is not
  // received again at once (fault L16).
  if (source_.GivesUp() && !store_takes_) SLUICE_TRY(raw_.TakesObjects());
  store_takes_ = true;
  Landing landing(source_, raw_, clock_, options_);
  Result<LandReport> landed = landing.Run(deadline, stop);
  if (landed) return landed;
  store_takes_ = false;
  if (source_.GivesUp() && !stop.stop_requested()) landing.Leave();
  return landed;
}

}  // namespace sluice
