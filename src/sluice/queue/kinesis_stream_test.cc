// SPDX-License-Identifier: Apache-2.0
// What no server can be made to do: expired iterators and tokens, throttling, trimmed positions,
// answers that are none. The contract suite runs on a server (tests/servers).
#include "sluice/queue/kinesis_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <mutex>

#include "sluice/aws/credentials_for_test.h"
#include "sluice/aws/failure_meanings_for_test.h"
#include "sluice/aws/loopback_server_for_test.h"
#include "sluice/base/base64.h"

namespace sluice {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using Place = StreamBatch::Place;

// Answers each operation by the next of its functions; the last one stays.
class ScriptedKinesis {
 public:
  using Answer = std::function<LoopbackServer::Answer(const std::string& request)>;

  void On(const std::string& operation, Answer answer) {
    const std::lock_guard lock(mutex_);
    answers_[operation].push_back(std::move(answer));
  }
  void On(const std::string& operation, const std::string& body) {
    On(operation, [body](const std::string&) { return LoopbackServer::Ok(body); });
  }
  void FailOn(const std::string& operation, const std::string& code, int status = 400) {
    const std::string body = R"({"__type":")" + code + R"(","message":"as the script says"})";
    On(operation, [=](const std::string&) {
      return LoopbackServer::Answer{
          fmt::format("HTTP/1.1 {} No\r\nContent-Length: {}\r\n\r\n{}", status, body.size(), body)};
    });
  }

  HttpEndpoint endpoint() const { return server_.endpoint(); }
  // The bodies of the requests for `operation`.
  std::vector<std::string> Requests(const std::string& operation) {
    const std::lock_guard lock(mutex_);
    return requests_[operation];
  }

 private:
  LoopbackServer::Answer Handle(const std::string& request) {
    const std::string kTarget = "Kinesis_20131202.";
    const size_t begin = request.find(kTarget) + kTarget.size();
    const std::string operation = request.substr(begin, request.find('\r', begin) - begin);
    Answer answer;
    {
      const std::lock_guard lock(mutex_);
      requests_[operation].push_back(request.substr(request.find("\r\n\r\n") + 4));
      auto& answers = answers_[operation];
      SLUICE_CHECK(!answers.empty());
      answer = answers.front();
      if (answers.size() > 1) answers.erase(answers.begin());
    }
    return answer(request);
  }

  std::mutex mutex_;
  std::map<std::string, std::vector<Answer>> answers_;
  std::map<std::string, std::vector<std::string>> requests_;
  LoopbackServer server_{[this](const std::string& request) { return Handle(request); }};
};

std::string RecordJson(int number, std::string_view data = "x") {
  return fmt::format(R"({{"SequenceNumber":"{}","PartitionKey":"k","Data":"{}",)"
                     R"("ApproximateArrivalTimestamp":1700000000.123}})",
                     number, ToBase64(data));
}

std::string Page(const std::vector<std::string>& records, const std::string& next = "next",
                 int64_t behind = 0) {
  return fmt::format(R"({{"Records":[{}],"NextShardIterator":{},"MillisBehindLatest":{}}})",
                     fmt::join(records, ","), next.empty() ? "null" : "\"" + next + "\"", behind);
}

class KinesisStreamTest : public ::testing::Test {
 protected:
  KinesisStreamTest() { server_.On("GetShardIterator", R"({"ShardIterator":"first"})"); }

  std::unique_ptr<KinesisStream> Open(const std::string& stream = "events") {
    auto credentials = std::make_shared<FixedCredentials>(
        AwsCredentials{.access_key_id = "a", .secret_access_key = "s"});
    return std::make_unique<KinesisStream>(
        MakeKinesisClient(server_.endpoint(), "eu-central-1", std::move(credentials), clock_)
            .value(),
        stream, clock_);
  }
  std::unique_ptr<ShardReader> Reader(const StreamPosition& from) {
    return stream_->Open("shard", from).value();
  }
  static std::vector<std::string> Numbers(const StreamBatch& batch) {
    std::vector<std::string> numbers;
    for (const StreamRecord& record : batch.records) numbers.push_back(record.number.digits);
    return numbers;
  }

  ScriptedKinesis server_;
  FakeClock clock_;
  std::unique_ptr<KinesisStream> stream_ = Open();
};

// Fault L18.
TEST_F(KinesisStreamTest, AnExpiredIteratorIsReplacedBehindTheLastRecord) {
  server_.On("GetRecords", Page({RecordJson(7), RecordJson(8)}));
  server_.FailOn("GetRecords", "ExpiredIteratorException");
  server_.On("GetRecords", Page({RecordJson(9)}));
  const auto reader = Reader(StreamPosition::TrimHorizon());
  EXPECT_THAT(Numbers(reader->Read(10).value()), ElementsAre("7", "8"));
  EXPECT_THAT(Numbers(reader->Read(10).value()), ElementsAre("9"));
  EXPECT_THAT(server_.Requests("GetShardIterator"),
              ElementsAre(HasSubstr("TRIM_HORIZON"),
                          AllOf(HasSubstr("AFTER_SEQUENCE_NUMBER"), HasSubstr(R"(Number":"8")"))));
}

// Fault L18.
TEST_F(KinesisStreamTest, AnIteratorThatExpiredBeforeARecordCameBeginsWhereItBegan) {
  server_.FailOn("GetRecords", "ExpiredIteratorException");
  server_.On("GetRecords", Page({RecordJson(9)}));
  EXPECT_THAT(Numbers(Reader(StreamPosition::At({"9"}))->Read(10).value()), ElementsAre("9"));
  EXPECT_THAT(server_.Requests("GetShardIterator"),
              ElementsAre(HasSubstr(R"(Number":"9")"), HasSubstr(R"(Number":"9")")));
}

TEST_F(KinesisStreamTest, TheLatestThatExpiredBeginsAtTheTimeOfOpening) {
  server_.FailOn("GetRecords", "ExpiredIteratorException");
  server_.On("GetRecords", Page({RecordJson(9)}));
  const auto reader = Reader(StreamPosition::Latest());
  clock_.Advance(std::chrono::minutes(6));
  EXPECT_THAT(Numbers(reader->Read(10).value()), ElementsAre("9"));
  EXPECT_THAT(
      server_.Requests("GetShardIterator"),
      ElementsAre(HasSubstr("LATEST"), AllOf(HasSubstr("AT_TIMESTAMP"), HasSubstr("1700000000"))));
}

TEST_F(KinesisStreamTest, AnIteratorThatExpiresAtOnceIsAnError) {
  server_.FailOn("GetRecords", "ExpiredIteratorException");
  const auto batch = Reader(StreamPosition::TrimHorizon())->Read(10);
  ASSERT_FALSE(batch);
  EXPECT_THAT(batch.error().message(), HasSubstr("ExpiredIteratorException"));
  EXPECT_THAT(server_.Requests("GetRecords"), SizeIs(2));
}

// Fault L18.
TEST_F(KinesisStreamTest, WhatIsThrottledIsAskedAgainLater) {
  for (int i = 0; i < 3; ++i) {
    server_.FailOn("GetRecords", "ProvisionedThroughputExceededException");
  }
  server_.On("GetRecords", Page({RecordJson(1)}));
  const auto reader = Reader(StreamPosition::TrimHorizon());
  const Ticks before = clock_.Monotonic();
  EXPECT_THAT(Numbers(reader->Read(10).value()), ElementsAre("1"));
  EXPECT_THAT(server_.Requests("GetRecords"), SizeIs(4));
  EXPECT_GT(clock_.Monotonic(), before);
}

TEST_F(KinesisStreamTest, WhatStaysThrottledIsTransient) {
  server_.FailOn("GetRecords", "ProvisionedThroughputExceededException");
  const auto batch = Reader(StreamPosition::TrimHorizon())->Read(10);
  ASSERT_FALSE(batch);
  EXPECT_EQ(batch.error().kind(), ErrorKind::kTransient);
}

TEST_F(KinesisStreamTest, AfterAFailureReadingGoesOnWhereItWas) {
  server_.On("GetRecords", Page({RecordJson(1)}, "second"));
  server_.FailOn("GetRecords", "AccessDeniedException");
  server_.On("GetRecords", Page({RecordJson(2)}, "third"));
  const auto reader = Reader(StreamPosition::TrimHorizon());
  EXPECT_TRUE(reader->Read(10));
  EXPECT_FALSE(reader->Read(10));
  EXPECT_THAT(Numbers(reader->Read(10).value()), ElementsAre("2"));
  EXPECT_THAT(
      server_.Requests("GetRecords"),
      ElementsAre(HasSubstr("\"first\""), HasSubstr("\"second\""), HasSubstr("\"second\"")));
}

// Fault L18: the position was trimmed, and Kinesis gives neither a record nor an error.
TEST_F(KinesisStreamTest, APositionThatStandsStillIsReadFromTheOldestRecord) {
  const int64_t day = milliseconds(hours(24)).count();
  for (int i = 0; i < 10; ++i) server_.On("GetRecords", Page({}, "standing", day));
  server_.On("GetRecords",
             Page({RecordJson(3), RecordJson(5), RecordJson(6)}, "next", day - 1'000));
  const auto reader = Reader(StreamPosition::After({"5"}));
  StreamBatch batch;
  for (int reads = 0; reads < 11; ++reads) {
    EXPECT_THAT(batch.records, IsEmpty());
    batch = reader->Read(10).value();
  }
  EXPECT_THAT(Numbers(batch), ElementsAre("6")) << "what was read before is left out";
  EXPECT_THAT(server_.Requests("GetShardIterator"),
              ElementsAre(HasSubstr("AFTER_SEQUENCE_NUMBER"), HasSubstr("TRIM_HORIZON")));
}

TEST_F(KinesisStreamTest, ATimeThatStandsStillIsNotPassedBackward) {
  const int64_t two_days = milliseconds(hours(48)).count();
  for (int i = 0; i < 10; ++i) server_.On("GetRecords", Page({}, "standing", two_days));
  server_.On("GetRecords", Page({RecordJson(3), RecordJson(5)}));
  const Timestamp arrived(milliseconds(1'700'000'000'123));
  const auto behind = Reader(StreamPosition::AtTimestamp(arrived + milliseconds(1)));
  for (int reads = 0; reads < 11; ++reads) EXPECT_THAT(behind->Read(10)->records, IsEmpty());
  EXPECT_THAT(Numbers(Reader(StreamPosition::AtTimestamp(arrived))->Read(10).value()),
              ElementsAre("3", "5"));
}

TEST_F(KinesisStreamTest, WhereATimeBeginsIsKinesissToSay) {
  server_.On("GetRecords", Page({RecordJson(3)}));
  const auto reader = Reader(StreamPosition::AtTimestamp(Timestamp(hours(480'000))));
  EXPECT_THAT(Numbers(reader->Read(10).value()), ElementsAre("3"));
}

TEST_F(KinesisStreamTest, ASparseShardIsReadOnAsLongAsItComesNearer) {
  int64_t behind = milliseconds(hours(40)).count();
  server_.On("GetRecords", [&](const std::string&) {
    behind -= 60'000;
    return LoopbackServer::Ok(Page({}, "next", behind));
  });
  const auto reader = Reader(StreamPosition::After({"5"}));
  for (int reads = 0; reads < 50; ++reads) EXPECT_TRUE(reader->Read(10));
  EXPECT_THAT(server_.Requests("GetShardIterator"), SizeIs(1));
}

TEST_F(KinesisStreamTest, AnEmptyAnswerIsNotTheTip) {
  server_.On("GetRecords", Page({}, "next", 5));
  server_.On("GetRecords", Page({RecordJson(1)}, "next", 0));
  server_.On("GetRecords",
             R"({"Records":[],"MillisBehindLatest":0,"ChildShards":[{"ShardId":"child"}]})");
  const auto reader = Reader(StreamPosition::TrimHorizon());
  EXPECT_EQ(reader->Read(10).value().place, Place::kBeforeTip);
  EXPECT_EQ(reader->Read(10).value().place, Place::kAtTip);
  const auto end = reader->Read(10).value();
  EXPECT_EQ(end.place, Place::kAtEnd);
  EXPECT_THAT(end.children, ElementsAre("child"));
  EXPECT_EQ(reader->Read(10).value().children, end.children);
  EXPECT_THAT(server_.Requests("GetRecords"), SizeIs(3)) << "at the end nothing is asked";
}

TEST_F(KinesisStreamTest, ReadsAreFarEnoughApartForAShard) {
  server_.On("GetRecords", Page({RecordJson(1)}));
  server_.On("GetRecords", Page({RecordJson(2, std::string(3 << 20, 'x'))}));
  const auto reader = Reader(StreamPosition::TrimHorizon());
  EXPECT_EQ(reader->Read(10).value().pause, milliseconds(200));
  EXPECT_EQ(reader->Read(10).value().pause, milliseconds(1500));
}

TEST_F(KinesisStreamTest, ShardsComeInPages) {
  server_.On("ListShards",
             R"({"Shards":[{"ShardId":"s-0","SequenceNumberRange":{"StartingSequenceNumber":"1",)"
             R"("EndingSequenceNumber":"2"}}],"NextToken":"t1"})");
  server_.FailOn("ListShards", "ExpiredNextTokenException");
  server_.On("ListShards",
             R"({"Shards":[{"ShardId":"s-2","ParentShardId":"s-0","AdjacentParentShardId":"s-9",)"
             R"("SequenceNumberRange":{"StartingSequenceNumber":"1"}}],"NextToken":"t2"})");
  server_.On(
      "ListShards",
      R"({"Shards":[{"ShardId":"s-1","SequenceNumberRange":{"StartingSequenceNumber":"1"}}]})");
  const auto shards = stream_->Shards().value();
  ASSERT_THAT(shards, SizeIs(3));
  EXPECT_EQ(shards[0].id, "s-0");
  EXPECT_FALSE(shards[0].is_open);
  EXPECT_EQ(shards[1].id, "s-1");
  EXPECT_EQ(shards[2].id, "s-2");
  EXPECT_TRUE(shards[2].is_open);
  EXPECT_THAT(shards[2].parents, ElementsAre("s-0", "s-9"));
  EXPECT_THAT(server_.Requests("ListShards"),
              ElementsAre(R"({"StreamName":"events"})", R"({"NextToken":"t1"})",
                          R"({"StreamName":"events","ExclusiveStartShardId":"s-0"})",
                          R"({"NextToken":"t2"})"));
}

TEST_F(KinesisStreamTest, AnotherAccountsStreamIsNamedByItsArn) {
  const std::string arn = "arn:aws:kinesis:eu-central-1:111111111111:stream/events";
  stream_ = Open(arn);
  EXPECT_EQ(stream_->name(), "events");
  server_.On("ListShards", R"({"Shards":[],"NextToken":"t"})");
  server_.On("ListShards", R"({"Shards":[]})");
  server_.On("GetRecords", Page({}));
  EXPECT_TRUE(stream_->Shards());
  EXPECT_TRUE(Reader(StreamPosition::TrimHorizon())->Read(10));
  for (const char* const operation : {"ListShards", "GetShardIterator", "GetRecords"}) {
    for (const std::string& request : server_.Requests(operation)) {
      EXPECT_THAT(request, AllOf(HasSubstr("\"StreamARN\":\"" + arn), Not(HasSubstr("StreamName"))))
          << operation;
    }
  }
}

TEST_F(KinesisStreamTest, AnswersThatAreNoneAreErrors) {
  for (const std::string& body :
       {std::string("no json"), std::string("[]"), std::string("{}"),
        std::string(R"({"Records":[],"NextShardIterator":7})"),
        std::string(R"({"Records":[],"ChildShards":[{"ParentShards":[]}]})"),
        std::string(R"({"Records":[{"PartitionKey":"k"}]})"),
        std::string(R"({"Records":[{"Data":"eA==","SequenceNumber":"1"}]})"),
        std::string(R"({"Records":[{"Data":"eA=","SequenceNumber":"1",)"
                    R"("ApproximateArrivalTimestamp":1}]})"),
        std::string(R"({"Records":[{"Data":"eA==","SequenceNumber":"-1",)"
                    R"("ApproximateArrivalTimestamp":1}]})"),
        std::string(R"({"Records":[{"Data":"eA==","SequenceNumber":"1",)"
                    R"("ApproximateArrivalTimestamp":1e300}]})")}) {
    ScriptedKinesis server;
    server.On("GetShardIterator", R"({"ShardIterator":"first"})");
    server.On("GetRecords", body);
    auto credentials = std::make_shared<FixedCredentials>(
        AwsCredentials{.access_key_id = "a", .secret_access_key = "s"});
    KinesisStream stream(
        MakeKinesisClient(server.endpoint(), "x", std::move(credentials), clock_).value(), "events",
        clock_);
    const auto batch = stream.Open("shard", StreamPosition::TrimHorizon()).value()->Read(10);
    ASSERT_FALSE(batch) << body;
    EXPECT_EQ(batch.error().kind(), ErrorKind::kPermanent) << body;
  }
}

TEST_F(KinesisStreamTest, ArrivalIsToTheMillisecond) {
  server_.On("GetRecords", Page({RecordJson(1)}));
  const auto batch = Reader(StreamPosition::TrimHorizon())->Read(10).value();
  ASSERT_THAT(batch.records, SizeIs(1));
  EXPECT_EQ(batch.records[0].arrived, Timestamp(milliseconds(1'700'000'000'123)));
  EXPECT_EQ(batch.records[0].data, "x");
}

TEST(KinesisFailuresTest, OfManyCallsAndOfWhatIsGoneAreNotPermanent) {
  ExpectMeanings(KinesisFailures(),
                 {{"ExpiredIteratorException", ErrorKind::kNotFound},
                  {"ExpiredNextTokenException", ErrorKind::kNotFound},
                  {"InternalFailureException", ErrorKind::kOutcomeUnknown},
                  {"LimitExceededException", ErrorKind::kTransient},
                  {"ProvisionedThroughputExceededException", ErrorKind::kTransient},
                  {"ResourceInUseException", ErrorKind::kTransient},
                  {"ResourceNotFoundException", ErrorKind::kNotFound}});
}

}  // namespace
}  // namespace sluice
