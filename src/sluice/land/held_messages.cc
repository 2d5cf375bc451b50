// SPDX-License-Identifier: Apache-2.0
#include "sluice/land/held_messages.h"

#include <algorithm>
#include <optional>

#include "sluice/base/log.h"

namespace sluice {
namespace {

constexpr int kFailuresInARow = 3;

std::optional<Error> FirstFailure(const Result<std::vector<Status>>& answers) {
  if (!answers) return answers.error();
  // That a receipt is stale says more than anything else.
  const Status* first = nullptr;
  for (const Status& answer : *answers) {
    if (answer) continue;
    if (answer.error().kind() == ErrorKind::kNotFound) return answer.error();
    if (first == nullptr) first = &answer;
  }
  if (first == nullptr) return std::nullopt;
  return first->error();
}

}  // namespace

HeldMessages::~HeldMessages() {
  Release();
}

void HeldMessages::Add(std::span<const Message> messages, Ticks asked) {
  for (const Message& message : messages) held_.push_back({message.receipt, asked});
}

std::vector<Receipt> HeldMessages::ReceiptsFrom(size_t first, size_t count) const {
  std::vector<Receipt> receipts;
  for (size_t i = first; i < std::min(first + count, held_.size()); ++i) {
    receipts.push_back(held_[i].receipt);
  }
  return receipts;
}

Ticks::duration HeldMessages::TimeLeft() const {
  if (held_.empty()) return Ticks::duration::max();
  return held_.front().hidden_since + visibility_timeout_ - clock_.Monotonic();
}

// Of the one hidden longest; SQS may take an extension of it all the same, and another have it.
bool HeldMessages::HasExpired() const {
  return TimeLeft() <= Ticks::duration(0);
}

Status HeldMessages::Renew() {
  if (HasExpired()) {
    return Fail(ErrorKind::kTransient,
                "lost hold of messages: they were visible before they were renewed: messages={}; "
                "all of them will be delivered again",
                held_.size());
  }
  const auto half = std::chrono::milliseconds(visibility_timeout_) / 2;
  for (size_t left = held_.size(); left > 0;) {
    const Ticks now = clock_.Monotonic();
    const size_t most = std::min<size_t>(left, Queue::kMaxBatch);
    size_t due = 0;
    while (due < most && now - held_[due].hidden_since >= half) ++due;
    if (due == 0) return {};
    SLUICE_ASSIGN(const Renewal renewal, RenewFront(due, now));
    if (renewal == Renewal::kTryLater) return {};
    left -= due;
  }
  return {};
}

Result<HeldMessages::Renewal> HeldMessages::RenewFront(size_t count, Ticks now) {
  const auto answers = queue_.Extend(ReceiptsFrom(0, count), visibility_timeout_);
  const std::optional<Error> failure = FirstFailure(answers);
  if (answers) MoveBack(*answers, now);
  if (!failure) {
    failed_renewals_ = 0;
    return Renewal::kDone;
  }
  if (failure->kind() == ErrorKind::kNotFound) {
    return Fail(ErrorKind::kTransient,
                "lost hold of a message: {}: messages={}; all of them will be delivered again",
                failure->message(), held_.size());
  }
  ++failed_renewals_;
  if (HasExpired() || failed_renewals_ >= kFailuresInARow) {
    return Fail(
        ErrorKind::kTransient,
        "cannot keep hold of messages: {}: messages={}; all of them will be delivered again",
        failure->message(), held_.size());
  }
  Log(LogLevel::kWarning, "cannot extend the visibility of messages: {}; trying again",
      failure->message());
  // Where only some entries failed, others may yet be renewed.
  return answers ? Renewal::kDone : Renewal::kTryLater;
}

// Those at the front that were renewed are the last to be due; the others stay in front.
void HeldMessages::MoveBack(const std::vector<Status>& renewed, Ticks now) {
  const auto end = held_.begin() + static_cast<std::ptrdiff_t>(renewed.size());
  std::vector<Held> front(std::move_iterator(held_.begin()), std::move_iterator(end));
  held_.erase(held_.begin(), end);
  for (size_t i = front.size(); i-- > 0;) {
    if (!renewed[i]) held_.push_front(std::move(front[i]));
  }
  for (size_t i = 0; i < front.size(); ++i) {
    if (renewed[i]) held_.push_back({std::move(front[i].receipt), now});
  }
}

DeleteCounts HeldMessages::Delete() {
  DeleteCounts counts;
  std::optional<Error> first_failure;
  int failed_calls = 0;
  for (size_t done = 0; done < held_.size() && failed_calls < kFailuresInARow;
       done += Queue::kMaxBatch) {
    const auto answers = queue_.Delete(ReceiptsFrom(done, Queue::kMaxBatch));
    failed_calls = answers ? 0 : failed_calls + 1;
    if (answers)
      counts.deleted += static_cast<uint64_t>(
          std::ranges::count_if(*answers, [](const Status& status) { return status.has_value(); }));
    if (!first_failure) first_failure = FirstFailure(answers);
  }
  counts.failures = held_.size() - counts.deleted;
  if (first_failure) {
    Log(LogLevel::kWarning,
        "cannot delete all landed messages: {}: failed={} deleted={}; they will land once more, "
        "and "
        "load drops what is there twice",
        first_failure->message(), counts.failures, counts.deleted);
  }
  held_.clear();
  return counts;
}

void HeldMessages::Release() {
  int failed_calls = 0;
  std::optional<Error> failure;
  for (size_t done = 0; done < held_.size() && failed_calls < kFailuresInARow;
       done += Queue::kMaxBatch) {
    const auto answers =
        queue_.Extend(ReceiptsFrom(done, Queue::kMaxBatch), std::chrono::seconds(0));
    failed_calls = answers ? 0 : failed_calls + 1;
    if (!answers) failure = answers.error();
  }
  if (failure) {
    Log(LogLevel::kWarning, "cannot release all messages: {}: messages={}; they come again in {} s",
        failure->message(), held_.size(), visibility_timeout_.count());
  }
  held_.clear();
}

}  // namespace sluice
