// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "sluice/lambda/lambda_event.h"
#include "sluice/queue/queue.h"

namespace sluice {

// The items of one invocation as a queue, so that a Lander lands them as it lands any others. Each
// message is received once, in order; Delete says that it is done. None becomes visible again: what
// is not done is Lambda's to deliver again. Its messages are hidden for as long as the queue lives,
// so Extend has nothing to do.
class InvocationQueue final : public Queue {
 public:
  explicit InvocationQueue(std::vector<BatchItem> items);

  Result<std::vector<Message>> Receive(const ReceiveOptions& options) override;
  Result<std::vector<Status>> Delete(std::span<const Receipt> receipts) override;
  Result<std::vector<Status>> Extend(std::span<const Receipt> receipts,
                                     std::chrono::seconds visibility_timeout) override;
  // kPermanent: nobody can add to an invocation.
  Result<std::vector<Status>> Send(std::span<const std::string> bodies) override;
  Result<QueueDepth> Depth() override;
  bool GivesUp() const override { return false; }

  bool has_more() const;
  // The ids of the items of which not every message was deleted, in order.
  std::vector<std::string> Unfinished() const;

 private:
  Result<size_t> MessageOf(const Receipt& receipt) const;

  struct Part {
    size_t item;
    bool is_deleted = false;
  };

  std::vector<std::string> items_;  // ids
  std::vector<Part> parts_;         // what each message is a part of

  mutable std::mutex mutex_;  // guards what follows, and is_deleted
  std::vector<Message> messages_;
  size_t next_ = 0;
};

}  // namespace sluice
