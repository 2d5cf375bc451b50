// SPDX-License-Identifier: Apache-2.0
// What a SQLite stream promises beyond the contract of Stream.
#include "sluice/queue/sqlite_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sluice/base/test_folder.h"
#include "sluice/queue/sqlite_queue.h"
#include "tests/contract/stream_contract.h"

namespace sluice {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class SqliteUnderTest : public StreamUnderTest {
 public:
  Stream& stream() override { return *stream_; }
  Result<SequenceNumber> Put(const std::string& shard, const std::string& partition_key,
                             const std::string& data) override {
    return stream_->Put(shard, partition_key, data);
  }
  Status Split(const std::string& shard) override { return stream_->Split(shard); }
  Status Merge(const std::string& shard, const std::string& other) override {
    return stream_->Merge(shard, other);
  }
  void Elapse(std::chrono::milliseconds duration) override { clock_.Advance(duration); }

 private:
  TestFolder folder_;
  FakeClock clock_;
  std::unique_ptr<SqliteStream> stream_ =
      SqliteStream::Open({.path = folder_.path() + "/stream.db", .shards = 2}, clock_).value();
};

INSTANTIATE_TEST_SUITE_P(Sqlite, StreamContract,
                         ::testing::Values(StreamFactory{
                             "sqlite", [] { return std::make_unique<SqliteUnderTest>(); }}));

class SqliteStreamTest : public ::testing::Test {
 protected:
  std::unique_ptr<SqliteStream> Open(const std::string& name = "stream") {
    return SqliteStream::Open({.path = file_, .name = name}, clock_).value();
  }

  TestFolder folder_;
  const std::string file_ = folder_.path() + "/stream.db";
  const std::string shard_ = "shardId-000000000000";
  FakeClock clock_;
};

TEST_F(SqliteStreamTest, AnotherProcessSeesTheSameStream) {
  const auto one = Open(), other = Open();
  const SequenceNumber number = one->Put(shard_, "k", "a").value();
  ASSERT_TRUE(one->Split(shard_));
  EXPECT_THAT(other->Shards().value(), SizeIs(3));
  const auto batch = other->Open(shard_, StreamPosition::At(number)).value()->Read(10).value();
  ASSERT_THAT(batch.records, SizeIs(1));
  EXPECT_EQ(batch.records[0].data, "a");
  EXPECT_EQ(batch.records[0].arrived, clock_.Now());
}

TEST_F(SqliteStreamTest, WhatIsTrimmedIsGoneAndReadingBeginsBehindIt) {
  const auto stream = Open();
  std::vector<SequenceNumber> numbers;
  for (const char* data : {"a", "b", "c"}) {
    numbers.push_back(stream->Put(shard_, "k", data).value());
  }
  ASSERT_TRUE(stream->Trim(shard_, numbers[1]));
  for (const StreamPosition& from :
       {StreamPosition::TrimHorizon(), StreamPosition::At(numbers[0]),
        StreamPosition::After(numbers[0]), StreamPosition::AtTimestamp(Timestamp())}) {
    const auto batch = stream->Open(shard_, from).value()->Read(10).value();
    ASSERT_THAT(batch.records, SizeIs(1));
    EXPECT_EQ(batch.records[0].number, numbers[2]);
  }
  ASSERT_TRUE(stream->Trim(shard_, numbers[2]));
  EXPECT_LT(numbers[2], stream->Put(shard_, "k", "d").value()) << "no number is used twice";
}

TEST_F(SqliteStreamTest, AReadIsBoundedInBytes) {
  const auto stream = Open();
  const std::string data(4 << 20, 'x');
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(stream->Put(shard_, "k", data));
  const auto reader = stream->Open(shard_, StreamPosition::TrimHorizon()).value();
  const auto batch = reader->Read(10).value();
  EXPECT_THAT(batch.records, SizeIs(3));
  EXPECT_EQ(batch.place, StreamBatch::Place::kBeforeTip);
  EXPECT_THAT(reader->Read(10).value().records, SizeIs(2));
}

TEST_F(SqliteStreamTest, AClosedShardTakesNothingMore) {
  const auto stream = Open();
  ASSERT_TRUE(stream->Split(shard_));
  for (const Status& status :
       {Status(stream->Split(shard_)), stream->Merge(shard_, "shardId-000000000001")}) {
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().kind(), ErrorKind::kPermanent);
  }
  const auto number = stream->Put(shard_, "k", "a");
  ASSERT_FALSE(number);
  EXPECT_EQ(number.error().kind(), ErrorKind::kPermanent);
}

TEST_F(SqliteStreamTest, AForgottenShardIsGoneAndItsIdIsNotUsedAgain) {
  const auto stream = Open();
  EXPECT_FALSE(stream->Forget(shard_)) << "it is open";
  ASSERT_TRUE(stream->Split(shard_));
  ASSERT_TRUE(stream->Forget(shard_));
  ASSERT_TRUE(stream->Split("shardId-000000000001"));
  const std::vector<StreamShard> shards = stream->Shards().value();
  std::vector<std::string> ids;
  for (const StreamShard& shard : shards) ids.push_back(shard.id);
  EXPECT_THAT(ids, ElementsAre("shardId-000000000001", "shardId-000000000002",
                               "shardId-000000000003", "shardId-000000000004"));
  EXPECT_EQ(shards[0].parents, std::vector<std::string>{shard_});
}

TEST_F(SqliteStreamTest, ANumberOfAnotherStreamIsRefused) {
  const auto stream = Open();
  const SequenceNumber foreign{"49590338271490256608559692538361571095921575989136588898"};
  const auto reader = stream->Open(shard_, StreamPosition::After(foreign));
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().kind(), ErrorKind::kPermanent);
}

TEST_F(SqliteStreamTest, AQueueFileIsNoStreamFile) {
  ASSERT_TRUE(SqliteQueue::Open({.path = file_}, clock_));
  const auto stream = SqliteStream::Open({.path = file_}, clock_);
  ASSERT_FALSE(stream);
  EXPECT_THAT(stream.error().message(), HasSubstr("not a stream file"));
}

TEST(SequenceNumberTest, NumbersAreComparedAsNumbers) {
  EXPECT_LT(SequenceNumber::Parse("9").value(), SequenceNumber::Parse("10").value());
  EXPECT_LT(SequenceNumber::Parse("0").value(), SequenceNumber::Parse("1").value());
  EXPECT_EQ(SequenceNumber::Parse("12").value(), SequenceNumber::Parse("12").value());
  EXPECT_GT(SequenceNumber::Parse("1" + std::string(128, '0')).value(),
            SequenceNumber::Parse(std::string(128, '9')).value());
}

TEST(SequenceNumberTest, WhatIsNoNumberIsRefused) {
  for (const std::string& text : {std::string(), std::string("01"), std::string("1a"),
                                  std::string("-1"), std::string(" 1"), std::string(130, '1')}) {
    EXPECT_FALSE(SequenceNumber::Parse(text)) << text;
  }
}

}  // namespace
}  // namespace sluice
