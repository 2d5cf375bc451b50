// SPDX-License-Identifier: Apache-2.0
#include "tests/contract/queue_contract.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

namespace sluice {
namespace {

// The only answer of a call with one entry.
Status Only(const Result<std::vector<Status>>& answers) {
  if (!answers) return std::unexpected(answers.error());
  EXPECT_EQ(answers->size(), 1u);
  return answers->empty() ? Status() : answers->front();
}

}  // namespace

void QueueContract::SetUp() {
  under_test_ = GetParam().make();
  ASSERT_NE(under_test_, nullptr);
}

void QueueContract::Send(const std::vector<std::string>& bodies) {
  const auto answers = queue().Send(bodies);
  ASSERT_TRUE(answers) << answers.error().message();
  ASSERT_EQ(answers->size(), bodies.size());
  for (const Status& answer : *answers) ASSERT_TRUE(answer) << answer.error().message();
}

std::vector<Message> QueueContract::ReceiveFrom(Queue& queue, size_t count,
                                                std::chrono::seconds hidden) {
  std::vector<Message> messages;
  for (int misses = 0; messages.size() < count && misses < 3;) {
    const int wanted =
        static_cast<int>(std::min<size_t>(count - messages.size(), Queue::kMaxBatch));
    auto some = queue.Receive({.max_messages = wanted,
                               .wait = std::chrono::milliseconds(200),
                               .visibility_timeout = hidden});
    EXPECT_TRUE(some) << some.error().message();
    if (!some) break;
    EXPECT_LE(some->size(), static_cast<size_t>(wanted));
    misses = some->empty() ? misses + 1 : 0;
    std::ranges::move(*some, std::back_inserter(messages));
  }
  return messages;
}

Message QueueContract::ReceiveOne() {
  std::vector<Message> messages = Receive(1);
  EXPECT_EQ(messages.size(), 1u);
  return messages.empty() ? Message{} : messages.front();
}

Status QueueContract::Delete(const Receipt& receipt) {
  return Only(queue().Delete({&receipt, 1}));
}

Status QueueContract::Extend(const Receipt& receipt, std::chrono::seconds hidden) {
  return Only(queue().Extend({&receipt, 1}, hidden));
}

TEST_P(QueueContract, EmptyQueueGivesNothing) {
  EXPECT_TRUE(Receive(1).empty());
}

TEST_P(QueueContract, MessageComesWithItsBody) {
  const std::string body = "{\"a\":\"\\u00e9\",\n\t\"b\":\"\xC3\xA9\xF0\x9F\x98\x80\"}";
  ASSERT_NO_FATAL_FAILURE(Send({body}));
  const Message message = ReceiveOne();
  EXPECT_EQ(message.body, body);
  EXPECT_EQ(message.receive_count, 1);
  EXPECT_FALSE(message.id.empty());
  EXPECT_FALSE(message.receipt.handle.empty());
  EXPECT_GT(message.sent, Timestamp());
}

TEST_P(QueueContract, EveryMessageOfManyArrives) {
  std::multiset<std::string> sent;
  for (int batch = 0; batch < 3; ++batch) {
    std::vector<std::string> bodies;
    for (int i = 0; i < 10; ++i) bodies.push_back("m" + std::to_string(batch * 10 + i));
    sent.insert(bodies.begin(), bodies.end());
    ASSERT_NO_FATAL_FAILURE(Send(bodies));
  }
  std::multiset<std::string> received;
  std::set<std::string> ids, receipts;
  for (const Message& message : Receive(sent.size())) {
    received.insert(message.body);
    ids.insert(message.id);
    receipts.insert(message.receipt.handle);
  }
  EXPECT_EQ(received, sent);
  EXPECT_EQ(ids.size(), sent.size());
  EXPECT_EQ(receipts.size(), sent.size());
}

TEST_P(QueueContract, AThousandAreSentExtendedAndDeletedWithACall) {
  std::set<std::string> sent;
  for (int i = 0; i < Queue::kMaxBatch; ++i) sent.insert("m" + std::to_string(i));
  ASSERT_NO_FATAL_FAILURE(Send({sent.begin(), sent.end()}));
  std::set<std::string> received;
  std::vector<Receipt> receipts;
  for (const Message& message : ReceiveFrom(queue(), sent.size(), std::chrono::minutes(10))) {
    EXPECT_TRUE(received.insert(message.body).second) << message.body;
    receipts.push_back(message.receipt);
  }
  EXPECT_EQ(received, sent);
  // Given back, received again and deleted.
  const auto shown = queue().Extend(receipts, std::chrono::seconds(0));
  ASSERT_TRUE(shown) << shown.error().message();
  EXPECT_EQ(std::ranges::count_if(*shown, &Status::has_value), Queue::kMaxBatch);
  receipts.clear();
  for (const Message& message : ReceiveFrom(queue(), sent.size(), std::chrono::minutes(10))) {
    EXPECT_EQ(message.receive_count, 2);
    receipts.push_back(message.receipt);
  }
  ASSERT_EQ(receipts.size(), sent.size());
  const Receipt left = std::exchange(receipts[500], receipts[501]);
  const auto deleted = queue().Delete(receipts);
  ASSERT_TRUE(deleted) << deleted.error().message();
  EXPECT_EQ(std::ranges::count_if(*deleted, &Status::has_value), Queue::kMaxBatch);
  EXPECT_TRUE(Extend(left, std::chrono::seconds(0)));
  EXPECT_EQ(Receive(2).size(), 1u);
}

TEST_P(QueueContract, ReceivedMessageIsHidden) {
  ASSERT_NO_FATAL_FAILURE(Send({"a"}));
  ReceiveOne();
  EXPECT_TRUE(Receive(1).empty());
}

TEST_P(QueueContract, MessageComesAgainAfterItsVisibilityTimeout) {
  ASSERT_NO_FATAL_FAILURE(Send({"a"}));
  const Message first = ReceiveOne();
  ElapseHidden();
  const Message second = ReceiveOne();
  EXPECT_EQ(second.id, first.id);
  EXPECT_EQ(second.body, "a");
  EXPECT_EQ(second.receive_count, 2);
  EXPECT_NE(second.receipt, first.receipt);
}

TEST_P(QueueContract, DeletedMessageNeverComesAgain) {
  ASSERT_NO_FATAL_FAILURE(Send({"a", "b"}));
  const std::vector<Message> both = Receive(2);
  ASSERT_EQ(both.size(), 2u);
  EXPECT_TRUE(Delete(both[0].receipt));
  ElapseHidden();
  const std::vector<Message> rest = Receive(2);
  ASSERT_EQ(rest.size(), 1u);
  EXPECT_EQ(rest[0].id, both[1].id);
}

TEST_P(QueueContract, BatchIsDeletedEntryByEntry) {
  ASSERT_NO_FATAL_FAILURE(Send({"a", "b", "c"}));
  const std::vector<Message> all = Receive(3);
  ASSERT_EQ(all.size(), 3u);
  // Fault L7: what becomes of one entry says nothing of the others.
  const std::vector<Receipt> receipts = {all[0].receipt, Receipt{"no receipt at all"},
                                         all[2].receipt};
  const auto answers = queue().Delete(receipts);
  ASSERT_TRUE(answers) << answers.error().message();
  ASSERT_EQ(answers->size(), 3u);
  EXPECT_TRUE(answers->at(0));
  EXPECT_TRUE(answers->at(2));
  ElapseHidden();
  const std::vector<Message> rest = Receive(3);
  ASSERT_EQ(rest.size(), 1u);
  EXPECT_EQ(rest[0].id, all[1].id);
}

TEST_P(QueueContract, StaleReceiptDeletesNothing) {
  ASSERT_NO_FATAL_FAILURE(Send({"a"}));
  const Message first = ReceiveOne();
  ElapseHidden();
  const Message second = ReceiveOne();
  EXPECT_TRUE(Delete(first.receipt));  // fault L8
  ElapseHidden();
  EXPECT_EQ(ReceiveOne().id, second.id);
}

TEST_P(QueueContract, NewestReceiptDeletesAfterItsTimeoutToo) {
  ASSERT_NO_FATAL_FAILURE(Send({"a"}));
  const Message message = ReceiveOne();
  ElapseHidden();
  EXPECT_TRUE(Delete(message.receipt));
  EXPECT_TRUE(Receive(1).empty());
}

TEST_P(QueueContract, DeletingTwiceSucceeds) {
  ASSERT_NO_FATAL_FAILURE(Send({"a"}));
  const Message message = ReceiveOne();
  EXPECT_TRUE(Delete(message.receipt));
  EXPECT_TRUE(Delete(message.receipt));
}

TEST_P(QueueContract, ExtendedMessageStaysHidden) {
  ASSERT_NO_FATAL_FAILURE(Send({"a"}));
  const Message message = ReceiveOne();
  EXPECT_TRUE(Extend(message.receipt, std::chrono::seconds(60)));
  ElapseHidden();
  EXPECT_TRUE(Receive(1).empty());
  EXPECT_TRUE(Delete(message.receipt));
}

TEST_P(QueueContract, ExtendingCountsFromTheCall) {
  ASSERT_NO_FATAL_FAILURE(Send({"a"}));
  const std::vector<Message> messages = ReceiveFrom(queue(), 1, std::chrono::seconds(60));
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_TRUE(Extend(messages[0].receipt, kHidden));
  ElapseHidden();
  EXPECT_EQ(ReceiveOne().id, messages[0].id);
}

TEST_P(QueueContract, ExtendingByZeroShowsTheMessageAtOnce) {
  ASSERT_NO_FATAL_FAILURE(Send({"a"}));
  const Message message = ReceiveOne();
  EXPECT_TRUE(Extend(message.receipt, std::chrono::seconds(0)));
  EXPECT_EQ(ReceiveOne().id, message.id);
}

TEST_P(QueueContract, StaleReceiptExtendsNothing) {
  ASSERT_NO_FATAL_FAILURE(Send({"a"}));
  const Message first = ReceiveOne();
  ElapseHidden();
  if (under_test_->forgets_receipts()) {
    const Status late = Extend(first.receipt, kHidden);
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().kind(), ErrorKind::kNotFound);
  }
  const Message second = ReceiveOne();
  const Status stale = Extend(first.receipt, std::chrono::seconds(60));
  ASSERT_FALSE(stale);
  EXPECT_EQ(stale.error().kind(), ErrorKind::kNotFound);
  ElapseHidden();
  EXPECT_EQ(ReceiveOne().id, second.id);
}

TEST_P(QueueContract, DeadLetterQueueTakesWhatWasReceivedTooOften) {
  ASSERT_NO_FATAL_FAILURE(Send({"poison"}));
  std::string id;
  for (int i = 1; i <= QueueUnderTest::kMaxReceiveCount; ++i) {
    const Message message = ReceiveOne();
    EXPECT_EQ(message.receive_count, i);
    id = message.id;
    ElapseHidden();
  }
  ASSERT_NO_FATAL_FAILURE(Send({"healthy"}));
  EXPECT_EQ(ReceiveOne().body, "healthy");
  EXPECT_TRUE(Receive(1).empty());
  const std::vector<Message> dead = ReceiveFrom(under_test_->dead_letters(), 1);
  ASSERT_EQ(dead.size(), 1u);
  EXPECT_EQ(dead[0].id, id);
  EXPECT_EQ(dead[0].body, "poison");
}

TEST_P(QueueContract, LargestMessageComesBackWhole) {
  std::string body(Queue::kMaxMessageBytes, 'x');
  body[body.size() / 2] = 'y';
  ASSERT_NO_FATAL_FAILURE(Send({body}));
  EXPECT_TRUE(ReceiveOne().body == body);  // not EXPECT_EQ: it would print both
}

TEST_P(QueueContract, LargerMessageIsRefused) {
  const std::vector<std::string> bodies = {std::string(Queue::kMaxMessageBytes + 1, 'x')};
  const Status refused = Only(queue().Send(bodies));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind(), ErrorKind::kPermanent);
  EXPECT_TRUE(Receive(1).empty());
}

TEST_P(QueueContract, ManyLargeBodiesGoWithOneCallAndTheTooLargeStays) {
  std::vector<std::string> bodies;
  for (const size_t size : {1, 500'000, 600'000, 1'048'576, 1'048'577, 3, 400'000, 648'577}) {
    bodies.emplace_back(size, static_cast<char>('a' + bodies.size()));
  }
  const auto answers = queue().Send(bodies);
  ASSERT_TRUE(answers) << answers.error().message();
  ASSERT_EQ(answers->size(), bodies.size());
  for (size_t i = 0; i < bodies.size(); ++i) {
    EXPECT_EQ(answers->at(i).has_value(), bodies[i].size() <= Queue::kMaxMessageBytes) << i;
  }
  std::map<char, size_t> received;
  for (const Message& message : ReceiveFrom(queue(), bodies.size() - 1, std::chrono::minutes(1))) {
    received[message.body.front()] += message.body.size();
  }
  bodies.erase(bodies.begin() + 4);
  EXPECT_EQ(received.size(), bodies.size());
  for (const std::string& body : bodies) EXPECT_EQ(received[body.front()], body.size());
}

TEST_P(QueueContract, CallsTakeOneToAThousandEntries) {
  for (const size_t count : {size_t{0}, size_t{Queue::kMaxBatch + 1}}) {
    const std::vector<std::string> bodies(count, "a");
    const std::vector<Receipt> receipts(count, Receipt{"a"});
    for (const Result<std::vector<Status>>& answers :
         {queue().Send(bodies), queue().Delete(receipts), queue().Extend(receipts, kHidden)}) {
      ASSERT_FALSE(answers) << count;
      EXPECT_EQ(answers.error().kind(), ErrorKind::kPermanent);
    }
    const auto received = queue().Receive({.max_messages = static_cast<int>(count)});
    ASSERT_FALSE(received);
    EXPECT_EQ(received.error().kind(), ErrorKind::kPermanent);
  }
  EXPECT_TRUE(Receive(1).empty());
}

TEST_P(QueueContract, DurationsHaveLimits) {
  using std::chrono::hours;
  using std::chrono::seconds;
  EXPECT_FALSE(queue().Receive({.wait = seconds(21)}));
  EXPECT_FALSE(queue().Receive({.wait = seconds(-1)}));
  EXPECT_FALSE(queue().Receive({.visibility_timeout = hours(12) + seconds(1)}));
  EXPECT_FALSE(queue().Receive({.visibility_timeout = seconds(-1)}));
  ASSERT_NO_FATAL_FAILURE(Send({"a"}));
  const Message message = ReceiveOne();
  EXPECT_FALSE(Extend(message.receipt, hours(12) + seconds(1)));
  EXPECT_FALSE(Extend(message.receipt, seconds(-1)));
}

TEST_P(QueueContract, ThreadsShareAQueue) {
  constexpr int kThreads = 4, kEach = 20;
  std::mutex mutex;
  std::map<std::string, int> seen;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < kEach; ++i) {
          const std::vector<std::string> bodies = {std::to_string(t) + "/" + std::to_string(i)};
          EXPECT_TRUE(Only(queue().Send(bodies)));
          for (const Message& message : ReceiveFrom(queue(), 1, std::chrono::hours(1))) {
            EXPECT_TRUE(Delete(message.receipt));
            std::lock_guard lock(mutex);
            ++seen[message.body];
          }
        }
      });
    }
  }
  for (const Message& message : Receive(1)) ++seen[message.body];
  EXPECT_EQ(seen.size(), size_t{kThreads * kEach});
}

TEST_P(QueueContract, DepthCanBeAsked) {
  ASSERT_NO_FATAL_FAILURE(Send({"a", "b"}));
  const auto depth = queue().Depth();
  ASSERT_TRUE(depth) << depth.error().message();
  EXPECT_LE(depth->visible + depth->in_flight, 2u);
}

}  // namespace sluice
