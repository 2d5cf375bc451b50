// SPDX-License-Identifier: Apache-2.0
#include "tests/contract/stream_contract.h"

#include <gmock/gmock.h>

#include <algorithm>

namespace sluice {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;
using Place = StreamBatch::Place;

void StreamContract::SetUp() {
  under_test_ = GetParam().make();
  ASSERT_NE(under_test_, nullptr);
  const std::vector<StreamShard> shards = Shards();
  ASSERT_EQ(shards.size(), 2u);
  one_ = shards[0].id;
  other_ = shards[1].id;
}

std::vector<StreamShard> StreamContract::Shards() {
  auto shards = stream().Shards();
  EXPECT_TRUE(shards) << shards.error().message();
  return shards ? *std::move(shards) : std::vector<StreamShard>();
}

StreamShard StreamContract::ShardNamed(const std::string& id) {
  const std::vector<StreamShard> shards = Shards();
  const auto found = std::ranges::find(shards, id, &StreamShard::id);
  EXPECT_NE(found, shards.end()) << id;
  return found == shards.end() ? StreamShard() : *found;
}

std::vector<SequenceNumber> StreamContract::Put(const std::string& shard,
                                                const std::vector<std::string>& data) {
  std::vector<SequenceNumber> numbers;
  for (const std::string& one : data) {
    const auto number = under_test_->Put(shard, "key", one);
    EXPECT_TRUE(number) << number.error().message();
    numbers.push_back(number ? *number : SequenceNumber());
    under_test_->Elapse(milliseconds(3));
  }
  return numbers;
}

std::unique_ptr<ShardReader> StreamContract::Open(const std::string& shard,
                                                  const StreamPosition& from) {
  auto reader = stream().Open(shard, from);
  EXPECT_TRUE(reader) << reader.error().message();
  return reader ? *std::move(reader) : nullptr;
}

std::vector<std::string> StreamContract::Records::data() const {
  std::vector<std::string> all;
  for (const StreamRecord& record : records) all.push_back(record.data);
  return all;
}

StreamContract::Records StreamContract::ReadAll(ShardReader& reader, size_t most) {
  Records all;
  for (int reads = 0; reads < 1000; ++reads) {
    auto batch = reader.Read(most);
    EXPECT_TRUE(batch) << batch.error().message();
    if (!batch) break;
    EXPECT_LE(batch->records.size(), most);
    std::ranges::move(batch->records, std::back_inserter(all.records));
    batch->records.clear();
    all.last = *std::move(batch);
    if (all.last.place != Place::kBeforeTip) break;
  }
  return all;
}

// At the tip of a closed shard the end may show only later.
StreamContract::Records StreamContract::ReadToEnd(ShardReader& reader) {
  Records all;
  for (int reads = 0; reads < 10 && all.last.place != Place::kAtEnd; ++reads) {
    Records more = ReadAll(reader);
    std::ranges::move(more.records, std::back_inserter(all.records));
    all.last = std::move(more.last);
  }
  EXPECT_EQ(all.last.place, Place::kAtEnd);
  return all;
}

std::vector<std::string> StreamContract::DataFrom(const std::string& shard,
                                                  const StreamPosition& from) {
  const auto reader = Open(shard, from);
  return reader == nullptr ? std::vector<std::string>() : ReadAll(*reader).data();
}

TEST_P(StreamContract, ANewStreamsShardsAreOpenAndHaveNoParents) {
  for (const StreamShard& shard : Shards()) {
    EXPECT_TRUE(shard.is_open);
    EXPECT_THAT(shard.parents, IsEmpty());
  }
  EXPECT_LT(one_, other_);
}

TEST_P(StreamContract, AnEmptyShardIsAtItsTip) {
  const auto reader = Open(one_, StreamPosition::TrimHorizon());
  ASSERT_NE(reader, nullptr);
  const Records all = ReadAll(*reader);
  EXPECT_THAT(all.records, IsEmpty());
  EXPECT_EQ(all.last.place, Place::kAtTip);
  EXPECT_GE(all.last.pause.count(), 0);
}

TEST_P(StreamContract, RecordsComeAsTheyWerePutAndInOrder) {
  const std::vector<std::string> data = {"{\"a\":1}", std::string("\0\xFF\n\x80", 4), "c",
                                         "\xC3\xA9", std::string(1'000'000, 'x')};
  const std::vector<SequenceNumber> numbers = Put(one_, data);
  const auto reader = Open(one_, StreamPosition::TrimHorizon());
  ASSERT_NE(reader, nullptr);
  const Records all = ReadAll(*reader);
  EXPECT_EQ(all.data(), data);
  ASSERT_EQ(all.records.size(), data.size());
  for (size_t i = 0; i < data.size(); ++i) {
    EXPECT_EQ(all.records[i].number, numbers[i]);
    EXPECT_EQ(all.records[i].partition_key, "key");
    EXPECT_GT(all.records[i].arrived, Timestamp());
    if (i == 0) continue;
    EXPECT_LT(all.records[i - 1].number, all.records[i].number);
    EXPECT_LE(all.records[i - 1].arrived, all.records[i].arrived);
  }
}

TEST_P(StreamContract, APartitionKeyIsAnyText) {
  const std::string key = "a \"b\" \xC3\xA9 \xF0\x9F\x98\x80";
  ASSERT_TRUE(under_test_->Put(one_, key, "x"));
  const auto reader = Open(one_, StreamPosition::TrimHorizon());
  ASSERT_NE(reader, nullptr);
  const Records all = ReadAll(*reader);
  ASSERT_THAT(all.records, SizeIs(1));
  EXPECT_EQ(all.records[0].partition_key, key);
}

TEST_P(StreamContract, ShardsAreApart) {
  Put(one_, {"a"});
  Put(other_, {"b"});
  EXPECT_THAT(DataFrom(one_, StreamPosition::TrimHorizon()), ElementsAre("a"));
  EXPECT_THAT(DataFrom(other_, StreamPosition::TrimHorizon()), ElementsAre("b"));
}

TEST_P(StreamContract, ReadingTakesNothingAwayAndIsTheSameAgain) {
  Put(one_, {"a", "b"});
  const auto first = Open(one_, StreamPosition::TrimHorizon());
  const auto second = Open(one_, StreamPosition::TrimHorizon());
  ASSERT_TRUE(first != nullptr && second != nullptr);
  const Records once = ReadAll(*first), again = ReadAll(*second);
  EXPECT_EQ(once.data(), again.data());
  ASSERT_THAT(once.records, SizeIs(2));
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(once.records[i].number, again.records[i].number);
    EXPECT_EQ(once.records[i].arrived, again.records[i].arrived);
  }
}

TEST_P(StreamContract, AReadBringsNoMoreThanAsked) {
  Put(one_, {"a", "b", "c", "d", "e"});
  const auto reader = Open(one_, StreamPosition::TrimHorizon());
  ASSERT_NE(reader, nullptr);
  EXPECT_THAT(ReadAll(*reader, 2).data(), ElementsAre("a", "b", "c", "d", "e"));
}

TEST_P(StreamContract, AReaderGoesOnWithWhatComes) {
  Put(one_, {"a"});
  const auto reader = Open(one_, StreamPosition::TrimHorizon());
  ASSERT_NE(reader, nullptr);
  EXPECT_THAT(ReadAll(*reader).data(), ElementsAre("a"));
  EXPECT_THAT(ReadAll(*reader).data(), IsEmpty());
  Put(one_, {"b"});
  EXPECT_THAT(ReadAll(*reader).data(), ElementsAre("b"));
}

TEST_P(StreamContract, LatestIsBehindWhatIsThere) {
  Put(one_, {"a"});
  const auto reader = Open(one_, StreamPosition::Latest());
  ASSERT_NE(reader, nullptr);
  under_test_->Elapse(milliseconds(5));
  Put(one_, {"b"});
  EXPECT_THAT(ReadAll(*reader).data(), ElementsAre("b"));
}

TEST_P(StreamContract, ATimeIsThatOfArrival) {
  Put(one_, {"a", "b", "c"});
  const auto reader = Open(one_, StreamPosition::TrimHorizon());
  ASSERT_NE(reader, nullptr);
  const Records all = ReadAll(*reader);
  ASSERT_THAT(all.records, SizeIs(3));
  const Timestamp second = all.records[1].arrived, last = all.records[2].arrived;
  EXPECT_THAT(DataFrom(one_, StreamPosition::AtTimestamp(second)), ElementsAre("b", "c"));
  const auto behind = Open(one_, StreamPosition::AtTimestamp(last + milliseconds(1)));
  ASSERT_NE(behind, nullptr);
  EXPECT_THAT(ReadAll(*behind).data(), IsEmpty());
  Put(one_, {"d"});
  EXPECT_THAT(ReadAll(*behind).data(), ElementsAre("d"));
  EXPECT_THAT(DataFrom(one_, StreamPosition::AtTimestamp(second - std::chrono::hours(1))),
              ElementsAre("a", "b", "c", "d"));
}

TEST_P(StreamContract, ANumberIsAPosition) {
  const std::vector<SequenceNumber> numbers = Put(one_, {"a", "b", "c"});
  EXPECT_THAT(DataFrom(one_, StreamPosition::At(numbers[1])), ElementsAre("b", "c"));
  EXPECT_THAT(DataFrom(one_, StreamPosition::After(numbers[1])), ElementsAre("c"));
  EXPECT_THAT(DataFrom(one_, StreamPosition::At(numbers[0])), ElementsAre("a", "b", "c"));
  const auto behind = Open(one_, StreamPosition::After(numbers[2]));
  ASSERT_NE(behind, nullptr);
  EXPECT_THAT(ReadAll(*behind).data(), IsEmpty());
  Put(one_, {"d"});
  EXPECT_THAT(ReadAll(*behind).data(), ElementsAre("d"));
}

// Fault L18.
TEST_P(StreamContract, ASplitShardEndsAndItsChildrenGoOn) {
  Put(one_, {"a", "b"});
  ASSERT_TRUE(under_test_->Split(one_));
  const auto reader = Open(one_, StreamPosition::TrimHorizon());
  ASSERT_NE(reader, nullptr);
  const Records all = ReadToEnd(*reader);
  EXPECT_THAT(all.data(), ElementsAre("a", "b"));
  ASSERT_THAT(all.last.children, SizeIs(2));
  EXPECT_FALSE(ShardNamed(one_).is_open);
  for (const std::string& child : all.last.children) {
    const StreamShard shard = ShardNamed(child);
    EXPECT_TRUE(shard.is_open);
    EXPECT_THAT(shard.parents, ElementsAre(one_));
    Put(child, {"in " + child});
    EXPECT_THAT(DataFrom(child, StreamPosition::TrimHorizon()), ElementsAre("in " + child));
  }
  EXPECT_THAT(Shards(), SizeIs(4));
  EXPECT_TRUE(ShardNamed(other_).is_open);
}

// Fault L18.
TEST_P(StreamContract, MergedShardsHaveOneChild) {
  Put(one_, {"a"});
  ASSERT_TRUE(under_test_->Merge(one_, other_));
  std::vector<std::string> children;
  for (const std::string& parent : {one_, other_}) {
    const auto reader = Open(parent, StreamPosition::TrimHorizon());
    ASSERT_NE(reader, nullptr);
    const Records all = ReadToEnd(*reader);
    ASSERT_THAT(all.last.children, SizeIs(1)) << parent;
    children.push_back(all.last.children[0]);
  }
  EXPECT_EQ(children[0], children[1]);
  EXPECT_THAT(ShardNamed(children[0]).parents, UnorderedElementsAre(one_, other_));
}

TEST_P(StreamContract, AtItsEndAShardStays) {
  const std::vector<SequenceNumber> numbers = Put(one_, {"a"});
  ASSERT_TRUE(under_test_->Split(one_));
  const auto reader = Open(one_, StreamPosition::After(numbers[0]));
  ASSERT_NE(reader, nullptr);
  const Records all = ReadToEnd(*reader);
  EXPECT_THAT(all.data(), IsEmpty());
  const auto again = reader->Read(10);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->place, Place::kAtEnd);
  EXPECT_THAT(again->records, IsEmpty());
  EXPECT_EQ(again->children, all.last.children);
}

TEST_P(StreamContract, AReaderSeesItsShardClose) {
  Put(one_, {"a"});
  const auto reader = Open(one_, StreamPosition::TrimHorizon());
  ASSERT_NE(reader, nullptr);
  EXPECT_THAT(ReadAll(*reader).data(), ElementsAre("a"));
  Put(one_, {"b"});
  ASSERT_TRUE(under_test_->Split(one_));
  EXPECT_THAT(ReadToEnd(*reader).data(), ElementsAre("b"));
}

TEST_P(StreamContract, AShardThatIsNotThereIsNotFound) {
  const auto reader = stream().Open("shardId-000000000099", StreamPosition::TrimHorizon());
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().kind(), ErrorKind::kNotFound);
}

TEST_P(StreamContract, AReadOutsideTheLimitsIsRefused) {
  const auto reader = Open(one_, StreamPosition::TrimHorizon());
  ASSERT_NE(reader, nullptr);
  for (const size_t most : {size_t{0}, ShardReader::kMostRecords + 1}) {
    const auto batch = reader->Read(most);
    ASSERT_FALSE(batch);
    EXPECT_EQ(batch.error().kind(), ErrorKind::kPermanent);
  }
}

}  // namespace sluice
