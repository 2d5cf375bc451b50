// SPDX-License-Identifier: Apache-2.0
#include "sluice/lambda/invocation_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<Receipt> ReceiptsOf(const std::vector<Message>& messages) {
  std::vector<Receipt> receipts;
  for (const Message& message : messages) receipts.push_back(message.receipt);
  return receipts;
}

TEST(InvocationQueueTest, HandsOutEachMessageOnceInOrder) {
  InvocationQueue queue({{"a", {{"a", "1"}}}, {"b", {{"b", "2"}}}, {"c", {{"c", "3"}}}});
  EXPECT_TRUE(queue.has_more());
  const auto first = queue.Receive({.max_messages = 2}).value();
  ASSERT_EQ(first.size(), 2u);
  EXPECT_EQ(first[0].id, "a");
  EXPECT_EQ(first[1].body, "2");
  const auto second = queue.Receive({.max_messages = 10}).value();
  ASSERT_EQ(second.size(), 1u);
  EXPECT_EQ(second[0].body, "3");
  EXPECT_FALSE(queue.has_more());
  EXPECT_THAT(queue.Receive({.max_messages = 10}).value(), IsEmpty());
}

TEST(InvocationQueueTest, WhatIsNotDeletedIsUnfinishedReceivedOrNot) {
  InvocationQueue queue({{"a", {{"a", "1"}}}, {"b", {{"b", "2"}}}, {"c", {{"c", "3"}}}});
  EXPECT_THAT(queue.Unfinished(), ElementsAre("a", "b", "c"));
  const auto receipts = ReceiptsOf(queue.Receive({.max_messages = 2}).value());
  ASSERT_TRUE(queue.Delete({&receipts[1], 1}));
  EXPECT_THAT(queue.Unfinished(), ElementsAre("a", "c"));
}

TEST(InvocationQueueTest, WhatIsGivenBackIsNotHandedOutAgain) {
  InvocationQueue queue(std::vector<BatchItem>{{"a", {{"a", "1"}}}});
  const auto receipts = ReceiptsOf(queue.Receive({}).value());
  ASSERT_TRUE(queue.Extend(receipts, std::chrono::seconds(0)).value().front());
  EXPECT_FALSE(queue.has_more());
  EXPECT_THAT(queue.Unfinished(), ElementsAre("a"));
}

TEST(InvocationQueueTest, AnItemOfSeveralMessagesIsDoneWhenAllOfThemAre) {
  InvocationQueue queue({{"1", {{"1:0", "x"}, {"1:1", "y"}}}, {"2", {{"2", "z"}}}});
  const auto messages = queue.Receive({}).value();
  ASSERT_EQ(messages.size(), 3u);
  EXPECT_EQ(messages[0].id, "1:0");
  EXPECT_EQ(messages[1].id, "1:1");
  EXPECT_EQ(messages[2].id, "2");
  const auto receipts = ReceiptsOf(messages);
  ASSERT_TRUE(queue.Delete({&receipts[1], 2}));
  EXPECT_THAT(queue.Unfinished(), ElementsAre("1"));
  ASSERT_TRUE(queue.Delete({&receipts[0], 1}));
  EXPECT_THAT(queue.Unfinished(), IsEmpty());
}

TEST(InvocationQueueTest, AReceiptThatIsNoneDeletesNothing) {
  InvocationQueue queue({{"a", {{"a", "1"}}}, {"b", {{"b", "2"}}}});
  ASSERT_EQ(queue.Receive({.max_messages = 1}).value().size(), 1u);
  const std::vector<Receipt> receipts = {{""}, {"x"}, {"0x"}, {"1"}, {"2"}, {"-1"}};
  const std::vector<Status> answers = queue.Delete(receipts).value();
  ASSERT_EQ(answers.size(), receipts.size());
  for (const Status& status : answers) {
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().kind(), ErrorKind::kNotFound);
  }
  EXPECT_THAT(queue.Unfinished(), ElementsAre("a", "b"));
}

TEST(InvocationQueueTest, KnowsItsDepthAndTakesNothing) {
  InvocationQueue queue({{"a", {{"a", "1"}}}, {"b", {{"b", "2"}}}, {"c", {{"c", "3"}}}});
  const auto receipts = ReceiptsOf(queue.Receive({.max_messages = 2}).value());
  ASSERT_TRUE(queue.Delete({&receipts[0], 1}));
  const QueueDepth depth = queue.Depth().value();
  EXPECT_EQ(depth.visible, 1u);
  EXPECT_EQ(depth.in_flight, 1u);
  const std::vector<std::string> bodies = {"x"};
  EXPECT_EQ(queue.Send(bodies).error().kind(), ErrorKind::kPermanent);
}

}  // namespace
}  // namespace sluice
