// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "sluice/queue/queue.h"

namespace sluice {

// What the suite needs of an implementation. Its tests hold for a real service as well: they repeat
// a receive that may have missed a message, and ask no order and no exact depth.
class QueueUnderTest {
 public:
  static constexpr int kMaxReceiveCount = 3;

  virtual ~QueueUnderTest() = default;
  // Empty at first.
  virtual Queue& queue() = 0;
  // Where its messages go that would be received more than kMaxReceiveCount times.
  virtual Queue& dead_letters() = 0;
  // Lets time pass for the queue.
  virtual void Elapse(std::chrono::seconds duration) = 0;
  // Whether a receipt is stale as soon as its timeout has passed, as SQS says it is. Some servers
  // take it until the message is received again.
  virtual bool forgets_receipts() const { return true; }
};

// How a queue is made for the contract suite of Queue: queue_contract.cc holds its tests, and each
// implementation instantiates them in its own test program:
//
//   INSTANTIATE_TEST_SUITE_P(Sqlite, QueueContract, ::testing::Values(QueueFactory{...}));
struct QueueFactory {
  std::string name;
  std::function<std::unique_ptr<QueueUnderTest>()> make;

  friend void PrintTo(const QueueFactory& factory, std::ostream* out) { *out << factory.name; }
};

class QueueContract : public ::testing::TestWithParam<QueueFactory> {
 protected:
  static constexpr std::chrono::seconds kHidden{5};  // more than a Receive in vain takes

  void SetUp() override;

  Queue& queue() { return under_test_->queue(); }
  void ElapseHidden() { under_test_->Elapse(kHidden + std::chrono::seconds(1)); }

  // Fails the test where an entry is refused.
  void Send(const std::vector<std::string>& bodies);
  // Messages until there are `count`, or until several waits in a row gave none.
  static std::vector<Message> ReceiveFrom(Queue& queue, size_t count,
                                          std::chrono::seconds hidden = kHidden);
  std::vector<Message> Receive(size_t count) { return ReceiveFrom(queue(), count); }
  Message ReceiveOne();
  Status Delete(const Receipt& receipt);
  Status Extend(const Receipt& receipt, std::chrono::seconds hidden);

  std::unique_ptr<QueueUnderTest> under_test_;
};

}  // namespace sluice
