// SPDX-License-Identifier: Apache-2.0
// SqsQueue against a server on loopback that answers as it is told. The contract of Queue, and a
// real server of SQS's protocol: tests/servers.
#include "sluice/queue/sqs_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "sluice/aws/credentials_for_test.h"
#include "sluice/aws/failure_meanings_for_test.h"
#include "sluice/aws/loopback_server_for_test.h"
#include "sluice/base/json_text.h"
#include "sluice/queue/sqs_protocol.h"

namespace sluice {
namespace {

using std::chrono::seconds;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::SizeIs;

// What a request asks for.
struct Asked {
  std::string operation;
  std::vector<std::string> entries;  // receipts or bodies
  std::vector<std::string> ids;      // of the entries
  int64_t messages = 0, wait = 0;    // of a receive
};

std::string Text(const simdjson::dom::element& from, std::string_view name) {
  std::string_view text;
  return from[name].get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

int64_t Number(const simdjson::dom::element& from, std::string_view name) {
  int64_t number = 0;
  return from[name].get(number) == simdjson::SUCCESS ? number : 0;
}

Asked Read(const std::string& request) {
  Asked asked;
  const size_t target = request.find("AmazonSQS.") + 10, body = request.find("\r\n\r\n") + 4;
  asked.operation = request.substr(target, request.find('\r', target) - target);
  simdjson::dom::parser parser;
  const simdjson::dom::element root = parser.parse(request.substr(body)).value();
  simdjson::dom::array entries;
  if (root["Entries"].get(entries) == simdjson::SUCCESS) {
    for (const auto entry : entries) {
      asked.ids.push_back(Text(entry, "Id"));
      asked.entries.push_back(Text(entry, "ReceiptHandle") + Text(entry, "MessageBody"));
    }
  }
  asked.messages = Number(root, "MaxNumberOfMessages");
  asked.wait = Number(root, "WaitTimeSeconds");
  return asked;
}

LoopbackServer::Answer Refusal(std::string_view code) {
  const std::string body = "{\"__type\":\"com.amazonaws.sqs#" + std::string(code) + "\"}";
  return {"HTTP/1.1 400 No\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body};
}

// Every entry succeeded but those whose text is in `failing`.
LoopbackServer::Answer Batch(const Asked& asked, const std::vector<std::string>& failing = {},
                             std::string_view code = "InternalError") {
  JsonText json;
  const auto list = [&](std::string_view name, bool wanted) {
    json.Key(name).BeginArray();
    for (size_t i = 0; i < asked.ids.size(); ++i) {
      const bool has_failed = std::ranges::find(failing, asked.entries[i]) != failing.end();
      if (has_failed != wanted) continue;
      json.BeginObject().Key("Id").Value(asked.ids[i]);
      if (has_failed) json.Key("Code").Value(code).Key("SenderFault").Value(false);
      json.EndObject();
    }
    json.EndArray();
  };
  json.BeginObject();
  list("Successful", false);
  list("Failed", true);
  return LoopbackServer::Ok(json.EndObject().text());
}

LoopbackServer::Answer Messages(int64_t first, int64_t count, const std::string& body = "b") {
  JsonText json;
  json.BeginObject().Key("Messages").BeginArray();
  for (int64_t i = first; i < first + count; ++i) {
    json.BeginObject().Key("MessageId").Value("id" + std::to_string(i));
    json.Key("ReceiptHandle").Value("r" + std::to_string(i)).Key("Body").Value(body);
    json.Key("Attributes").BeginObject().Key("SentTimestamp").Value("1700000000000");
    json.Key("ApproximateReceiveCount").Value("1").EndObject().EndObject();
  }
  return LoopbackServer::Ok(json.EndArray().EndObject().text());
}

class SqsQueueTest : public ::testing::Test {
 protected:
  SqsQueue Make(size_t most_requests = 8) {
    auto credentials = std::make_shared<FixedCredentials>(
        AwsCredentials{.access_key_id = "test", .secret_access_key = "test"});
    return SqsQueue(
        MakeSqsClient(server_.endpoint(), "eu-central-1", std::move(credentials), clock_).value(),
        "https://sqs.eu-central-1.amazonaws.com/111111111111/tracking",
        {.most_requests = most_requests});
  }
  static std::vector<Receipt> Receipts(int count) {
    std::vector<Receipt> receipts;
    for (int i = 0; i < count; ++i) receipts.push_back({"r" + std::to_string(i)});
    return receipts;
  }
  // What was asked since the last time.
  std::vector<Asked> Requests() {
    const std::lock_guard lock(mutex_);
    return std::exchange(asked_, {});
  }
  // A queue that has `count` messages, each of which is given once.
  void Fill(int64_t count) {
    const std::lock_guard lock(mutex_);
    left_ = count;
  }
  LoopbackServer::Answer Give(const Asked& asked) {
    const std::lock_guard lock(mutex_);
    const int64_t some = std::min(asked.messages, left_);
    left_ -= some;
    return Messages(left_, some);
  }
  size_t Receive(Queue& queue, int most = Queue::kMaxBatch) {
    const auto messages = queue.Receive({.max_messages = most, .wait = seconds(20)});
    EXPECT_TRUE(messages) << messages.error().message();
    return messages ? messages->size() : 0;
  }

  FakeClock clock_;
  std::mutex mutex_;
  std::vector<Asked> asked_;  // under mutex_
  int64_t left_ = 0;          // under mutex_
  std::function<LoopbackServer::Answer(const Asked&)> answer_ = [this](const Asked& asked) {
    return asked.operation == "ReceiveMessage" ? Give(asked) : Batch(asked);
  };
  LoopbackServer server_{[this](const std::string& request) {
    const Asked asked = Read(request);
    {
      const std::lock_guard lock(mutex_);
      asked_.push_back(asked);
    }
    return answer_(asked);
  }};
};

TEST_F(SqsQueueTest, AThousandEntriesAreAHundredRequestsSideBySide) {
  std::condition_variable changed;
  size_t now = 0, most = 0;
  answer_ = [&](const Asked& asked) {
    std::unique_lock lock(mutex_);
    most = std::max(most, ++now);
    changed.notify_all();
    // Held until eight are there at once, which they only are where nobody waits for an answer.
    if (!changed.wait_for(lock, seconds(30), [&] { return most >= 8; })) {
      ADD_FAILURE() << "one after the other";
      most = 8;
    }
    --now;
    return Batch(asked);
  };
  SqsQueue queue = Make();
  const auto answers = queue.Delete(Receipts(1000));
  ASSERT_TRUE(answers) << answers.error().message();
  EXPECT_EQ(std::ranges::count_if(*answers, &Status::has_value), 1000);
  EXPECT_EQ(most, 8u);
  const std::vector<Asked> requests = Requests();
  EXPECT_THAT(requests, SizeIs(100));
  for (const Asked& request : requests) EXPECT_THAT(request.entries, SizeIs(10));
}

// Fault L7.
TEST_F(SqsQueueTest, EachEntryHasItsOwnAnswer) {
  answer_ = [](const Asked& asked) {
    if (asked.entries.front() == "r10") return Refusal("AccessDeniedException");
    return Batch(asked, {"r3", "r29"});
  };
  SqsQueue queue = Make();
  const auto answers = queue.Extend(Receipts(33), seconds(60));
  ASSERT_TRUE(answers) << answers.error().message();
  ASSERT_THAT(*answers, SizeIs(33));
  for (size_t i = 0; i < 33; ++i) {
    const bool is_refused = (i >= 10 && i < 20) || i == 3 || i == 29;
    EXPECT_NE(answers->at(i).has_value(), is_refused) << i;
  }
  EXPECT_EQ(answers->at(15).error().kind(), ErrorKind::kPermanent);
  EXPECT_EQ(answers->at(3).error().kind(), ErrorKind::kOutcomeUnknown);
}

// Fault L8.
TEST_F(SqsQueueTest, AReceiptThatIsStaleDeletesNothingAndExtendsNothing) {
  answer_ = [](const Asked& asked) { return Batch(asked, {"r1"}, "ReceiptHandleIsInvalid"); };
  SqsQueue queue = Make();
  EXPECT_TRUE(queue.Delete(Receipts(3))->at(1));
  const auto extended = queue.Extend(Receipts(3), seconds(60));
  EXPECT_TRUE(extended->at(0));
  EXPECT_EQ(extended->at(1).error().kind(), ErrorKind::kNotFound);
}

TEST_F(SqsQueueTest, AfterThreeFailedRequestsInARowTheRestIsNotAsked) {
  answer_ = [](const Asked& asked) {
    const std::string& first = asked.entries.front();
    return first == "r0" || first == "r30" ? Batch(asked) : Refusal("AccessDeniedException");
  };
  SqsQueue queue = Make(1);
  const auto answers = queue.Delete(Receipts(200));
  ASSERT_TRUE(answers) << answers.error().message();
  EXPECT_THAT(Requests(), SizeIs(7));  // one well, two not, one well, three not
  EXPECT_TRUE(answers->at(39));
  EXPECT_EQ(answers->at(69).error().kind(), ErrorKind::kPermanent);
  EXPECT_EQ(answers->at(70).error().kind(), ErrorKind::kTransient);
  EXPECT_THAT(answers->at(199).error().message(), HasSubstr("not asked"));
}

TEST_F(SqsQueueTest, ACallOfWhichNothingWasAnsweredFails) {
  answer_ = [](const Asked&) { return Refusal("AccessDeniedException"); };
  SqsQueue queue = Make();
  const auto answers = queue.Delete(Receipts(1000));
  ASSERT_FALSE(answers);
  EXPECT_EQ(answers.error().kind(), ErrorKind::kPermanent);
  EXPECT_THAT(Requests(), SizeIs(Le(10)));  // those that were under way
}

TEST_F(SqsQueueTest, ThatSomethingMayHaveHappenedSaysMoreThanOtherFailures) {
  answer_ = [](const Asked& asked) -> LoopbackServer::Answer {
    if (asked.entries.front() == "r10") return {"HTTP/1.1 200 OK\r\n", true};
    return Refusal("AccessDeniedException");
  };
  SqsQueue queue = Make(1);
  const auto answers = queue.Delete(Receipts(40));
  ASSERT_FALSE(answers);
  EXPECT_EQ(answers.error().kind(), ErrorKind::kOutcomeUnknown);
}

TEST_F(SqsQueueTest, BodiesArePackedIntoRequestsOfAMebibyte) {
  std::vector<std::string> bodies(25, "small");
  for (const size_t size : {700'000, 348'576, 1, 1'048'576, 500'000, 500'000, 48'577}) {
    bodies.emplace_back(size, 'x');
  }
  bodies.emplace_back(1'048'577, 'x');  // stays
  bodies.emplace_back("last");
  SqsQueue queue = Make(1);
  const auto answers = queue.Send(bodies);
  ASSERT_TRUE(answers) << answers.error().message();
  ASSERT_EQ(answers->size(), bodies.size());
  for (size_t i = 0; i < bodies.size(); ++i) EXPECT_EQ(answers->at(i).has_value(), i != 32) << i;
  std::vector<size_t> counts, sizes;
  for (const Asked& request : Requests()) {
    counts.push_back(request.entries.size());
    size_t size = 0;
    for (const std::string& body : request.entries) size += body.size();
    sizes.push_back(size);
  }
  EXPECT_THAT(sizes, Each(Le(1'048'576u)));
  // Twenty; five and a large one that leaves no room for its successor; …
  EXPECT_THAT(counts, ElementsAre(10, 10, 6, 2, 1, 2, 2));
}

TEST_F(SqsQueueTest, ABodyThatIsNoTextIsRefusedAndTheOthersGo) {
  SqsQueue queue = Make();
  const std::vector<std::string> bodies = {"a", "\xFF\xFE", "b"}, bad = {"\xC3"};
  const auto answers = queue.Send(bodies);
  ASSERT_TRUE(answers) << answers.error().message();
  EXPECT_TRUE(answers->at(0) && answers->at(2));
  EXPECT_EQ(answers->at(1).error().kind(), ErrorKind::kBadData);
  EXPECT_THAT(Requests().at(0).entries, ElementsAre("a", "b"));
  EXPECT_FALSE(queue.Send(bad)->front());
  EXPECT_THAT(Requests(), IsEmpty());
}

TEST_F(SqsQueueTest, AnAlmostEmptyQueueCostsOneLongPoll) {
  SqsQueue queue = Make();
  for (const int64_t count : {0, 3, 0, 9, 1}) {
    Fill(count);
    EXPECT_EQ(Receive(queue), static_cast<size_t>(count));
    const std::vector<Asked> requests = Requests();
    ASSERT_THAT(requests, SizeIs(1));
    EXPECT_EQ(requests[0].wait, 20);
    EXPECT_EQ(requests[0].messages, 10);
  }
}

TEST_F(SqsQueueTest, ReceivesGrowWhileAnswersAreFullAndShrinkWhenTheyAreNot) {
  SqsQueue queue = Make();
  Fill(10 + 40 + 80 + 160 + 160);
  std::vector<size_t> received, requests;
  for (int i = 0; i < 10; ++i) {
    if (i == 5) Fill(79);
    if (i == 6) Fill(30);
    if (i == 7) Fill(1);
    received.push_back(Receive(queue));
    requests.push_back(Requests().size());
  }
  EXPECT_THAT(received, ElementsAre(10, 40, 80, 160, 160, 79, 30, 1, 0, 0));
  // One, and then two turns of two, four, eight and eight; eight, eight, four and two see the end
  // in their first turn, and after two that bring nothing one waits as long as was asked.
  EXPECT_THAT(requests, ElementsAre(1, 4, 8, 16, 16, 8, 8, 4, 3, 1));
}

TEST_F(SqsQueueTest, OfSeveralReceivesNoneWaitsLongAndTheLastAloneDoes) {
  SqsQueue queue = Make();
  Fill(10);
  EXPECT_EQ(Receive(queue), 10u);
  Requests();
  EXPECT_EQ(Receive(queue), 0u);
  std::vector<int64_t> waits;
  for (const Asked& request : Requests()) waits.push_back(request.wait);
  EXPECT_THAT(waits, ElementsAre(1, 1, 19));
}

TEST_F(SqsQueueTest, NoReceiveAsksOnlySomeOfTheServers) {
  SqsQueue queue = Make();
  EXPECT_TRUE(queue.Receive({})->empty());
  EXPECT_EQ(Requests().at(0).wait, 1);
}

TEST_F(SqsQueueTest, NoMoreMessagesAreAskedForThanWanted) {
  SqsQueue queue = Make();
  Fill(1000);
  for (int i = 0; i < 4; ++i) Receive(queue);
  Requests();
  EXPECT_EQ(Receive(queue, 25), 25u);
  std::vector<int64_t> asked;
  for (const Asked& request : Requests()) asked.push_back(request.messages);
  std::ranges::sort(asked);
  EXPECT_THAT(asked, ElementsAre(5, 10, 10));
  EXPECT_EQ(Receive(queue), 160u);  // what is wanted says nothing of what is there
}

TEST_F(SqsQueueTest, EnoughBytesEndAReceive) {
  SqsQueue queue = Make();
  Fill(10);
  Receive(queue);  // the next are two at a time
  const std::string large(Queue::kEnoughBytes / 20 + 1, 'x');
  answer_ = [&](const Asked&) { return Messages(0, 10, large); };
  EXPECT_EQ(Receive(queue), 20u);
}

TEST_F(SqsQueueTest, WhatCameIsNotLostWhereAnotherReceiveFails) {
  SqsQueue queue = Make();
  Fill(10);
  Receive(queue);
  Fill(10);
  bool is_first = true;
  answer_ = [&](const Asked& asked) {
    {
      const std::lock_guard lock(mutex_);
      if (std::exchange(is_first, false)) return Refusal("AccessDeniedException");
    }
    return Give(asked);
  };
  EXPECT_EQ(Receive(queue), 10u);
  answer_ = [](const Asked&) { return Refusal("AccessDeniedException"); };
  EXPECT_EQ(queue.Receive({.max_messages = 1000}).error().kind(), ErrorKind::kPermanent);
}

// Fault L14.
TEST_F(SqsQueueTest, TooManyInFlightIsWaitedFor) {
  Fill(5);
  int refusals = 3;
  answer_ = [&](const Asked& asked) { return refusals-- > 0 ? Refusal("OverLimit") : Give(asked); };
  SqsQueue queue = Make();
  const Ticks before = clock_.Monotonic();
  EXPECT_EQ(Receive(queue), 5u);
  EXPECT_THAT(Requests(), SizeIs(4));
  EXPECT_GT(clock_.Monotonic(), before);

  answer_ = [](const Asked&) { return Refusal("OverLimit"); };
  const auto refused = queue.Receive({});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind(), ErrorKind::kTransient);
  EXPECT_THAT(refused.error().message(), HasSubstr("gave up after 8 attempts"));
  EXPECT_THAT(Requests(), SizeIs(8));
}

constexpr std::string_view kSettings =
    R"({"Attributes":{"VisibilityTimeout":"45","MessageRetentionPeriod":"345600",)"
    R"("ApproximateNumberOfMessages":"7","ApproximateNumberOfMessagesNotVisible":"2",)"
    R"("KmsMasterKeyId":"alias/k","RedrivePolicy":)"
    R"("{\"deadLetterTargetArn\":\"arn:aws:sqs:eu-central-1:111111111111:dead\",)"
    R"(\"maxReceiveCount\":4}"}})";

TEST_F(SqsQueueTest, TheDeadLetterQueueIsAskedToo) {
  bool is_dead = false;
  answer_ = [&](const Asked& asked) {
    if (asked.operation == "GetQueueUrl") {
      is_dead = true;
      return LoopbackServer::Ok(R"({"QueueUrl":"https://x/dead"})");
    }
    return LoopbackServer::Ok(
        std::exchange(is_dead, false)
            ? R"({"Attributes":{"VisibilityTimeout":"30","MessageRetentionPeriod":"1209600",)"
              R"("ApproximateNumberOfMessages":"3","ApproximateNumberOfMessagesNotVisible":"1"}})"
            : kSettings);
  };
  SqsQueue queue = Make();
  const auto depth = queue.Depth();
  ASSERT_TRUE(depth) << depth.error().message();
  EXPECT_EQ(depth->visible, 7u);
  EXPECT_EQ(depth->in_flight, 2u);
  EXPECT_EQ(depth->dead, 4u);
  const auto settings = queue.Settings();
  ASSERT_TRUE(settings) << settings.error().message();
  EXPECT_EQ(settings->visibility_timeout, seconds(45));
  EXPECT_EQ(settings->retention, seconds(345'600));
  EXPECT_EQ(settings->kms_key, "alias/k");
  EXPECT_EQ(settings->max_receive_count, 4);
  EXPECT_EQ(settings->dead_letter_arn, "arn:aws:sqs:eu-central-1:111111111111:dead");
  EXPECT_EQ(settings->dead_letter_retention, seconds(1'209'600));
  EXPECT_FALSE(settings->is_fifo);
}

TEST_F(SqsQueueTest, ADeadLetterQueueThatMayNotBeAskedIsNoFailure) {
  answer_ = [](const Asked& asked) {
    return asked.operation == "GetQueueUrl" ? Refusal("AccessDeniedException")
                                            : LoopbackServer::Ok(kSettings);
  };
  SqsQueue queue = Make();
  const auto depth = queue.Depth();
  ASSERT_TRUE(depth) << depth.error().message();
  EXPECT_EQ(depth->visible, 7u);
  ASSERT_FALSE(depth->dead);
  EXPECT_THAT(depth->dead.error().message(), HasSubstr("AccessDenied"));
  const auto settings = queue.Settings();
  ASSERT_TRUE(settings) << settings.error().message();
  EXPECT_EQ(settings->dead_letter_retention, std::nullopt);
}

TEST(SqsFailuresTest, OfStaleReceiptsOfBodiesAndOfManyInFlightAreNotPermanent) {
  ExpectMeanings(SqsFailures(), {{"InvalidMessageContents", ErrorKind::kBadData},
                                 {"MessageNotInflight", ErrorKind::kNotFound},
                                 {"MessageTooLong", ErrorKind::kBadData},
                                 {"OverLimit", ErrorKind::kTransient},
                                 {"ReceiptHandleIsInvalid", ErrorKind::kNotFound}});
}

}  // namespace
}  // namespace sluice
