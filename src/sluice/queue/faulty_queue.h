// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <utility>

#include "sluice/base/fault_plan.h"
#include "sluice/queue/queue.h"

namespace sluice {

// A queue whose operations go wrong by plan; they are named "queue.receive", "queue.delete",
// "queue.extend", "queue.send" and "queue.depth".
class FaultyQueue : public Queue {
 public:
  // `plan` outlives the queue; null: nothing goes wrong.
  FaultyQueue(std::unique_ptr<Queue> queue, FaultPlan* plan)
      : queue_(std::move(queue)), plan_(plan) {}

  Result<std::vector<Message>> Receive(const ReceiveOptions& options) override {
    return FaultPlan::Run(plan_, "queue.receive", [&] { return queue_->Receive(options); });
  }
  Result<std::vector<Status>> Delete(std::span<const Receipt> receipts) override {
    return FaultPlan::Run(plan_, "queue.delete", [&] { return queue_->Delete(receipts); });
  }
  Result<std::vector<Status>> Extend(std::span<const Receipt> receipts,
                                     std::chrono::seconds visibility_timeout) override {
    return FaultPlan::Run(plan_, "queue.extend",
                          [&] { return queue_->Extend(receipts, visibility_timeout); });
  }
  Result<std::vector<Status>> Send(std::span<const std::string> bodies) override {
    return FaultPlan::Run(plan_, "queue.send", [&] { return queue_->Send(bodies); });
  }
  Result<QueueDepth> Depth() override {
    return FaultPlan::Run(plan_, "queue.depth", [&] { return queue_->Depth(); });
  }
  bool GivesUp() const override { return queue_->GivesUp(); }

 private:
  std::unique_ptr<Queue> queue_;
  FaultPlan* plan_;
};

}  // namespace sluice
