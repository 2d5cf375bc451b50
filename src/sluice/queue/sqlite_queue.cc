// SPDX-License-Identifier: Apache-2.0
#include "sluice/queue/sqlite_queue.h"

#include <algorithm>
#include <utility>

#include "sluice/base/unique_id.h"
#include "sluice/queue/queue_file.h"
#include "sluice/queue/queue_limits.h"

namespace sluice {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kPollPause{50};

Status CheckName(std::string_view name) {
  const auto is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  };
  if (!name.empty() && name.size() <= 80 && std::ranges::all_of(name, is_allowed)) return {};
  return Fail(ErrorKind::kPermanent, "not a queue's name, which is 1-80 of A-Z a-z 0-9 . _ -: '{}'",
              name);
}

Status CheckOptions(const SqliteQueueOptions& options) {
  if (options.path.empty()) return Fail(ErrorKind::kPermanent, "a queue needs the path of a file");
  SLUICE_TRY(CheckName(options.name));
  if (options.dead_letter_queue.empty()) return {};
  SLUICE_TRY(CheckName(options.dead_letter_queue));
  if (options.dead_letter_queue == options.name) {
    return Fail(ErrorKind::kPermanent, "a queue cannot be its own dead-letter queue: queue={}",
                options.name);
  }
  if (options.max_receive_count >= 1) return {};
  return Fail(ErrorKind::kPermanent, "max_receive_count must be at least 1: queue={} value={}",
              options.name, options.max_receive_count);
}

// The answer of a public call, seen from its caller.
template <typename T>
Result<T> During(std::string_view attempt, std::string_view queue, Result<T> result) {
  if (result) return result;
  return std::unexpected(result.error().During(fmt::format("cannot {} queue {}", attempt, queue)));
}

}  // namespace

Result<std::unique_ptr<SqliteQueue>> SqliteQueue::Open(SqliteQueueOptions options, Clock& clock) {
  SLUICE_TRY(CheckOptions(options));
  std::unique_ptr<SqliteQueue> queue(new SqliteQueue(std::move(options), clock));
  if (const Status opened = queue->OpenFile(); !opened) {
    return std::unexpected(
        opened.error().During(fmt::format("cannot open queue {}", queue->options_.name)));
  }
  return queue;
}

Status SqliteQueue::OpenFile() {
  SLUICE_ASSIGN(database_, OpenQueueFile({.path = options_.path,
                                          .busy_timeout = options_.busy_timeout,
                                          .stop = options_.stop},
                                         clock_));
  SLUICE_ASSIGN(SqliteTransaction transaction, database_->Begin(Durability::kUnsynced));
  SLUICE_ASSIGN(const int64_t number, QueueNumber(*database_, options_.name));
  if (!options_.dead_letter_queue.empty()) {
    SLUICE_ASSIGN(dead_letters_, QueueNumber(*database_, options_.dead_letter_queue));
  }
  SLUICE_ASSIGN(MessageTable messages, MessageTable::Open(*database_, number));
  SLUICE_ASSIGN(QueueOwner owner, QueueOwner::Register(*database_, clock_.Now()));
  SLUICE_TRY(transaction.Commit());
  messages_.emplace(std::move(messages));
  owner_.emplace(std::move(owner));
  return {};
}

SqliteQueue::~SqliteQueue() {
  if (!owner_) return;
  // Best effort: where it fails, others find this owner dead.
  if (auto transaction = database_->Begin(Durability::kUnsynced)) {
    if (owner_->Release(owner_->number())) (void)transaction->Commit();
  }
}

Result<std::vector<Message>> SqliteQueue::Receive(const ReceiveOptions& options) {
  SLUICE_TRY(CheckReceive(options));
  const Ticks end = clock_.Monotonic() + options.wait;
  for (;;) {
    SLUICE_ASSIGN(std::vector<Message> messages,
                  During("receive from", options_.name, ReceiveNow(options)));
    const auto left = std::chrono::ceil<std::chrono::microseconds>(end - clock_.Monotonic());
    if (!messages.empty() || left.count() <= 0 || options_.stop.stop_requested()) return messages;
    clock_.Sleep(std::min<std::chrono::microseconds>(left, kPollPause));
  }
}

Result<std::vector<Message>> SqliteQueue::ReceiveNow(const ReceiveOptions& options) {
  std::lock_guard lock(mutex_);
  std::vector<Message> messages;
  SLUICE_ASSIGN(const bool has_visible, messages_->HasVisible(clock_.Monotonic()));
  SLUICE_ASSIGN(const std::vector<int64_t> dead, owner_->Dead());
  if (!has_visible && dead.empty()) return messages;  // without disturbing who writes
  SLUICE_ASSIGN(SqliteTransaction transaction, database_->Begin(Durability::kUnsynced));
  for (const int64_t owner : dead) SLUICE_TRY(owner_->Release(owner));
  SLUICE_TRY(messages_->ReleaseExpired(clock_.Monotonic()));
  SLUICE_TRY(Take(options, messages));
  SLUICE_TRY(transaction.Commit());
  return messages;
}

Status SqliteQueue::Take(const ReceiveOptions& options, std::vector<Message>& messages) {
  const auto wanted = static_cast<size_t>(options.max_messages);
  const Ticks now = clock_.Monotonic();
  size_t bytes = 0;
  while (messages.size() < wanted && bytes < kEnoughBytes) {
    // Those of this round leave the line, whether delivered or moved.
    SLUICE_ASSIGN(const auto waiting,
                  messages_->FirstWaiting(static_cast<int>(wanted - messages.size())));
    if (waiting.empty()) break;
    for (const MessageTable::Waiting& one : waiting) {
      if (bytes >= kEnoughBytes) break;
      if (dead_letters_ && one.receive_count >= options_.max_receive_count) {
        SLUICE_TRY(messages_->MoveTo(*dead_letters_, one.number));
        continue;
      }
      const MessageReceipt receipt = MessageReceipt::Make(one.number, clock_.Now());
      SLUICE_TRY(messages_->Deliver(
          {.receipt = receipt, .received = now, .hidden_until = now + options.visibility_timeout},
          owner_->number()));
      SLUICE_ASSIGN(std::string body, messages_->Body(one.number));
      bytes += body.size();
      messages.push_back({.id = one.id,
                          .body = std::move(body),
                          .receipt = {receipt.handle},
                          .receive_count = one.receive_count + 1,
                          .sent = one.sent});
    }
  }
  return {};
}

template <typename Change>
Result<std::vector<Status>> SqliteQueue::ForEach(std::span<const Receipt> receipts,
                                                 Change&& change) {
  std::lock_guard lock(mutex_);
  std::vector<Status> answers;
  SLUICE_ASSIGN(SqliteTransaction transaction, database_->Begin(Durability::kUnsynced));
  for (const Receipt& receipt : receipts) {
    Status& answer = answers.emplace_back();
    if (const auto parsed = MessageReceipt::Parse(receipt)) {
      SLUICE_TRY(change(*parsed, answer));
    } else {
      answer = std::unexpected(parsed.error());
    }
  }
  SLUICE_TRY(transaction.Commit());
  return answers;
}

Result<std::vector<Status>> SqliteQueue::Delete(std::span<const Receipt> receipts) {
  SLUICE_TRY(CheckCount(receipts.size()));
  const auto remove = [&](const MessageReceipt& receipt, Status&) {
    return messages_->Delete(receipt);
  };
  return During("delete from", options_.name, ForEach(receipts, remove));
}

Result<std::vector<Status>> SqliteQueue::Extend(std::span<const Receipt> receipts,
                                                seconds visibility_timeout) {
  SLUICE_TRY(CheckCount(receipts.size()));
  SLUICE_TRY(CheckVisibility(visibility_timeout));
  const auto hide = [&](const MessageReceipt& receipt, Status& answer) -> Status {
    const Ticks now = clock_.Monotonic(), until = now + visibility_timeout;
    SLUICE_ASSIGN(const auto received, messages_->ReceivedAt(receipt, now));
    if (received && until - *received <= kLongestHidden)
      return messages_->Hide(receipt.number, until);
    if (received) {
      answer = Fail(ErrorKind::kPermanent,
                    "a message cannot be hidden for more than {} s after it was received",
                    kLongestHidden.count());
    } else {
      answer = Fail(ErrorKind::kNotFound, "the receipt is stale");
    }
    return {};
  };
  return During("extend receipts of", options_.name, ForEach(receipts, hide));
}

Result<std::vector<Status>> SqliteQueue::Send(std::span<const std::string> bodies) {
  SLUICE_TRY(CheckCount(bodies.size()));
  return During("send to", options_.name, Append(bodies));
}

Result<std::vector<Status>> SqliteQueue::Append(std::span<const std::string> bodies) {
  std::lock_guard lock(mutex_);
  std::vector<Status> answers;
  const Timestamp now = clock_.Now();
  SLUICE_ASSIGN(SqliteTransaction transaction, database_->Begin(Durability::kSynced));
  for (const std::string& body : bodies) {
    answers.push_back(CheckBody(body));
    if (answers.back()) SLUICE_TRY(messages_->Append(MakeUniqueId(now), now, body));
  }
  SLUICE_TRY(transaction.Commit());
  return answers;
}

Result<QueueDepth> SqliteQueue::Depth() {
  return During("measure", options_.name, Measure());
}

Result<QueueDepth> SqliteQueue::Measure() {
  std::lock_guard lock(mutex_);
  SLUICE_ASSIGN(const std::vector<int64_t> dead, owner_->Dead());
  SLUICE_ASSIGN(QueueDepth depth, messages_->Depth(clock_.Monotonic(), dead));
  if (dead_letters_) {
    SLUICE_ASSIGN(depth.dead, MessageTable::Count(*database_, *dead_letters_));
  }
  return depth;
}

}  // namespace sluice
