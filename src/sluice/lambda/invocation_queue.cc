// SPDX-License-Identifier: Apache-2.0
#include "sluice/lambda/invocation_queue.h"

#include <algorithm>
#include <charconv>

namespace sluice {

InvocationQueue::InvocationQueue(std::vector<BatchItem> items) {
  for (BatchItem& item : items) {
    for (BatchMessage& message : item.messages) {
      messages_.push_back({.id = std::move(message.id),
                           .body = std::move(message.body),
                           .receipt = {std::to_string(parts_.size())}});
      parts_.push_back({.item = items_.size()});
    }
    items_.push_back(std::move(item.id));
  }
}

Result<std::vector<Message>> InvocationQueue::Receive(const ReceiveOptions& options) {
  const std::lock_guard lock(mutex_);
  const size_t most = static_cast<size_t>(std::max(options.max_messages, 0));
  const size_t count = std::min(most, messages_.size() - next_);
  const auto first = messages_.begin() + static_cast<std::ptrdiff_t>(next_);
  std::vector<Message> received(
      std::make_move_iterator(first),
      std::make_move_iterator(first + static_cast<std::ptrdiff_t>(count)));
  next_ += count;
  return received;
}

Result<size_t> InvocationQueue::MessageOf(const Receipt& receipt) const {
  size_t number = 0;
  const char* const end = receipt.handle.data() + receipt.handle.size();
  const auto [stop, error] = std::from_chars(receipt.handle.data(), end, number);
  if (error == std::errc() && stop == end && number < next_) return number;
  return Fail(ErrorKind::kNotFound, "no such receipt in this invocation");
}

Result<std::vector<Status>> InvocationQueue::Delete(std::span<const Receipt> receipts) {
  const std::lock_guard lock(mutex_);
  std::vector<Status> answers;
  for (const Receipt& receipt : receipts) {
    const Result<size_t> number = MessageOf(receipt);
    if (number) parts_[*number].is_deleted = true;
    answers.push_back(number ? Status() : std::unexpected(number.error()));
  }
  return answers;
}

Result<std::vector<Status>> InvocationQueue::Extend(std::span<const Receipt> receipts,
                                                    std::chrono::seconds) {
  const std::lock_guard lock(mutex_);
  std::vector<Status> answers;
  for (const Receipt& receipt : receipts) {
    const Result<size_t> number = MessageOf(receipt);
    answers.push_back(number ? Status() : std::unexpected(number.error()));
  }
  return answers;
}

Result<std::vector<Status>> InvocationQueue::Send(std::span<const std::string>) {
  return Fail(ErrorKind::kPermanent, "an invocation takes no messages");
}

Result<QueueDepth> InvocationQueue::Depth() {
  const std::lock_guard lock(mutex_);
  const auto deleted = std::ranges::count(parts_, true, &Part::is_deleted);
  return QueueDepth{.visible = messages_.size() - next_,
                    .in_flight = next_ - static_cast<size_t>(deleted)};
}

bool InvocationQueue::has_more() const {
  const std::lock_guard lock(mutex_);
  return next_ < messages_.size();
}

std::vector<std::string> InvocationQueue::Unfinished() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> ids;
  for (size_t item = 0, part = 0; item < items_.size(); ++item) {
    bool is_done = true;
    for (; part < parts_.size() && parts_[part].item == item; ++part) {
      is_done &= parts_[part].is_deleted;
    }
    if (!is_done) ids.push_back(items_[item]);
  }
  return ids;
}

}  // namespace sluice
