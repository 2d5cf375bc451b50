// SPDX-License-Identifier: Apache-2.0
#include "sluice/transform/event_replayer.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <map>

#include "sluice/base/io.h"
#include "sluice/codec/stream_codec.h"
#include "sluice/object/directory_store.h"

namespace sluice {
namespace {

using ::testing::HasSubstr;

constexpr const char* kKey = "date=2026-11-23/14/a.ndjson.zst";

// "a" takes so many bytes; what has no "a" has no route.
TableSet Tables(int32_t bytes) {
  TableSet tables;
  Table table;
  table.schema.name = "t";
  table.schema.columns = {{.name = "a", .type = {.kind = TypeKind::kVarchar, .length = bytes}}};
  table.sources = {{.path = {"a"}}};
  tables.rules.push_back(
      {.conditions = {{.kind = Condition::Kind::kHas, .path = {"a"}}}, .table = 0});
  tables.tables.push_back(std::move(table));
  return tables;
}

class EventReplayerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = ::testing::TempDir() + "sluice-replayer-XXXXXX";
    ASSERT_NE(::mkdtemp(folder_.data()), nullptr);
    raw_ = std::move(*DirectoryStore::At(folder_ + "/raw"));
    parquet_ = std::move(*DirectoryStore::At(folder_ + "/parquet"));
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // A raw object in which every third event is too long for 5 bytes, and every tenth has no route;
  // these, as they are in quarantine.
  std::vector<QuarantinedLine> Land(int events) {
    StringSink sink;
    const auto compressor = MakeCompressingSink(StreamFormat::kZstd, sink);
    std::vector<QuarantinedLine> bad;
    QuarantinedLine one{.store = raw_->uri(), .raw_key = kKey, .content = "c", .version = 7};
    for (int i = 1; i <= events; ++i) {
      const bool is_routed = i % 10 > 0, is_long = i % 3 == 0;
      EXPECT_TRUE(compressor->Write(fmt::format("{{\"{}\":\"{}\"}}\n", is_routed ? "a" : "b",
                                                is_long ? fmt::format("long {}", i) : "a")));
      if (is_routed && !is_long) continue;
      one.line = static_cast<uint64_t>(i);
      one.table = is_routed ? "t" : "*";
      one.reason = is_routed ? "too_long" : "no_route";
      one.column = is_routed ? "a" : "";
      bad.push_back(one);
    }
    EXPECT_TRUE(compressor->Finish());
    const auto pending = std::move(*raw_->Create(kKey));
    EXPECT_TRUE(pending->Write(sink.text()));
    const auto committed = pending->Commit();
    const ObjectIdentity identity{raw_->uri(), {kKey}, committed->info.etag};
    for (QuarantinedLine& line : bad) {
      line.object = identity.Id();
      line.identity = identity.ToText();
    }
    return bad;
  }

  Result<ReplayedObject> Replay(const TableSet& tables, std::span<const QuarantinedLine> events,
                                size_t threads = 1, bool is_dry = false) {
    SLUICE_ASSIGN(const auto replayer,
                  EventReplayer::Make(tables, {.parquet = {}, .chunks = {}, .layout = {}}, *raw_,
                                      is_dry ? nullptr : parquet_.get()));
    return replayer->Replay(events, threads);
  }

  std::map<std::string, std::string> Files() {
    std::map<std::string, std::string> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_ + "/parquet")) {
      if (entry.is_regular_file()) files[entry.path()] = *ReadFile(entry.path(), MiB(10));
    }
    return files;
  }

  std::string folder_;
  std::unique_ptr<DirectoryStore> raw_, parquet_;
};

TEST_F(EventReplayerTest, WhatPassesIsAPartOfItsRawObject) {
  const TableSet tables = Tables(40);
  const std::vector<QuarantinedLine> bad = Land(20);
  const auto replayed = Replay(tables, bad);
  ASSERT_TRUE(replayed) << replayed.error().message();
  EXPECT_EQ(replayed->obstacle, "");
  ASSERT_EQ(replayed->events.size(), 8u);
  EXPECT_TRUE(replayed->events[0].passes);
  EXPECT_EQ(replayed->events[0].line, 3u);
  EXPECT_FALSE(replayed->events[3].passes);  // line 10 still has no route
  EXPECT_FALSE(replayed->events[3].changes);
  ASSERT_TRUE(replayed->part);
  const PlannedObject& part = *replayed->part;
  EXPECT_THAT(part.identity, testing::StartsWith(bad[0].identity + "+replay-"));
  EXPECT_EQ(std::tie(part.store, part.raw_key, part.content, part.version),
            std::tie(bad[0].store, bad[0].raw_key, bad[0].content, bad[0].version));
  EXPECT_EQ(part.replay->of, bad[0].object);
  EXPECT_EQ(part.tables[0].routed, 6u);
  EXPECT_EQ(part.tables[0].quarantined, 0u);
  EXPECT_EQ(part.no_route, 2u);
  EXPECT_EQ(Files().size(), 1u);
  EXPECT_THAT(Files().begin()->first, HasSubstr(part.tables[0].parquet));
}

// Which part it is, and its bytes, depend on nothing but what is tried, and with what (invariant
// 2).
TEST_F(EventReplayerTest, ThePartIsAFunctionOfWhatIsTried) {
  const TableSet tables = Tables(40);
  std::vector<QuarantinedLine> bad = Land(5'000);
  const auto one = Replay(tables, bad, 1);
  ASSERT_TRUE(one && one->part);
  const auto files = Files();
  const auto four = Replay(tables, bad, 4);
  ASSERT_TRUE(four && four->part);
  EXPECT_EQ(four->part->identity, one->part->identity);
  EXPECT_EQ(Files(), files);
  const auto wider = Replay(Tables(50), bad);
  ASSERT_TRUE(wider && wider->part);
  EXPECT_NE(wider->part->identity, one->part->identity);
  bad[0].reason = "noncharacter";
  EXPECT_NE(Replay(tables, bad)->part->identity, one->part->identity);
  bad.pop_back();
  EXPECT_NE(Replay(tables, bad)->part->identity, one->part->identity);
}

TEST_F(EventReplayerTest, WhatChangesNothingIsNoPart) {
  const std::vector<QuarantinedLine> bad = Land(20);
  const auto replayed = Replay(Tables(5), bad);
  ASSERT_TRUE(replayed) << replayed.error().message();
  EXPECT_FALSE(replayed->part);
  EXPECT_EQ(replayed->events.size(), 8u);
  const auto dry = Replay(Tables(40), bad, 1, true);
  ASSERT_TRUE(dry) << dry.error().message();
  EXPECT_TRUE(dry->events[0].passes);
  EXPECT_TRUE(Files().empty());
}

TEST_F(EventReplayerTest, AnotherRawObjectIsAnObstacle) {
  std::vector<QuarantinedLine> bad = Land(20);
  const std::vector<QuarantinedLine> right = bad;
  bad[0].store = "file:///elsewhere/";
  EXPECT_THAT(Replay(Tables(40), bad)->obstacle, HasSubstr("another store"));
  bad = right;
  bad[0].object = 1;
  EXPECT_THAT(Replay(Tables(40), bad)->obstacle, HasSubstr("written over"));
  bad = right;
  bad.back().line = 21;
  EXPECT_THAT(Replay(Tables(40), bad)->obstacle, HasSubstr("7 of 8"));
  ASSERT_TRUE(raw_->Remove(kKey));
  EXPECT_THAT(Replay(Tables(40), right)->obstacle, HasSubstr("is gone"));
}

}  // namespace
}  // namespace sluice
