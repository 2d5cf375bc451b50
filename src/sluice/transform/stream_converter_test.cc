// SPDX-License-Identifier: Apache-2.0
#include "sluice/transform/stream_converter.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>

#include "sluice/codec/stream_codec.h"

namespace sluice {
namespace {

// Keeps what was committed.
class MemoryOutputs : public ConversionOutputs {
 public:
  Result<std::unique_ptr<PendingObject>> OpenTable(size_t table) override {
    return std::make_unique<Pending>(committed[fmt::format("table {}", table)], fail_after);
  }
  Result<std::unique_ptr<PendingObject>> OpenQuarantine() override {
    return std::make_unique<Pending>(committed["quarantine"], fail_after);
  }

  std::map<std::string, std::string> committed;
  size_t fail_after = SIZE_MAX;  // bytes of a file

 private:
  class Pending : public PendingObject {
   public:
    Pending(std::string& committed, size_t most) : committed_(committed), most_(most) {}
    Status Write(std::string_view data) override {
      bytes_ += data;
      if (bytes_.size() > most_) return Fail(ErrorKind::kPermanent, "the disk is full");
      return {};
    }
    Result<Committed> Commit() override {
      committed_ = bytes_;
      return Committed{};
    }

   private:
    std::string& committed_;
    const size_t most_;
    std::string bytes_;
  };
};

// Two tables, and the third kind of event that has no route.
TableSet Tables() {
  TableSet tables;
  for (const std::string name : {"a", "b"}) {
    Table table;
    table.schema.name = name;
    table.schema.columns = {{.name = name, .type = {.kind = TypeKind::kVarchar, .length = 40}},
                            {.name = "n", .type = {.kind = TypeKind::kBigInt}}};
    table.sources = {{.path = {name}}, {.path = {"n"}}};
    tables.rules.push_back({.conditions = {{.kind = Condition::Kind::kHas, .path = {name}}},
                            .table = tables.tables.size()});
    tables.tables.push_back(std::move(table));
  }
  return tables;
}

std::string Lines(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    const std::string_view key = i % 7 == 0 ? "b" : i % 11 == 0 ? "c" : "a";
    text += fmt::format("{{\"{}\":\"value {}\",\"n\":{}}}\n", key, i * 31 % 1000, i % 13 ? i : -i);
    if (i % 97 == 0) text += "{\"a\":\"x\",\"n\":\"not a number\"}\nno JSON\n";
  }
  return text;
}

struct Converted {
  std::map<std::string, std::string> files;
  ConvertedStream stream;
};

Result<Converted> Convert(const std::string& text, size_t threads, Bytes chunk,
                          MemoryOutputs outputs = {}) {
  const TableSet tables = Tables();
  SLUICE_ASSIGN(const auto converter, StreamConverter::Make(tables));
  StringSource source(text);
  ConversionOptions options{.parquet = {.page = KiB(4), .row_group = KiB(64), .object_id = 7},
                            .chunks = {.chunk = chunk},
                            .threads = threads};
  SLUICE_ASSIGN(ConvertedStream stream, converter->Convert(source, options, outputs));
  return Converted{std::move(outputs.committed), std::move(stream)};
}

TEST(StreamConverterTest, TheFilesDoNotDependOnTheThreads) {
  const std::string text = Lines(60'000);
  const auto one = Convert(text, 1, KiB(256));
  ASSERT_TRUE(one);
  EXPECT_EQ(one->files.size(), 3U);
  EXPECT_GT(one->files.at("table 0").size(), size_t{128'000}) << "too few row groups";
  EXPECT_GT(one->stream.quarantined, 1000U);
  for (const size_t threads : {2, 3, 4, 9}) {
    for (const Bytes chunk : {KiB(1), KiB(16), MiB(1)}) {
      const auto several = Convert(text, threads, chunk);
      ASSERT_TRUE(several);
      EXPECT_TRUE(several->files == one->files) << threads << " threads";
      EXPECT_EQ(several->stream.counts.lines, one->stream.counts.lines);
      EXPECT_EQ(several->stream.counts.no_route, one->stream.counts.no_route);
      EXPECT_EQ(several->stream.bytes, text.size());
    }
  }
}

// What was learned from a file, and what a failed one left behind, is in no byte of the next.
TEST(StreamConverterTest, TheFilesDoNotDependOnEarlierStreams) {
  const TableSet tables = Tables();
  ConversionOptions options{.parquet = {.page = KiB(4), .row_group = KiB(64)},
                            .chunks = {.chunk = KiB(4)}};
  const std::string text = Lines(20'000);
  std::string other = text;
  for (char& c : other) {
    if (c >= '1' && c < '8') ++c;
  }
  for (const size_t threads : {1, 3}) {
    const auto convert = [&](StreamConverter& converter, const std::string& of, size_t fail_after) {
      MemoryOutputs outputs;
      outputs.fail_after = fail_after;
      StringSource source(of);
      options.threads = threads;
      const auto made = converter.Convert(source, options, outputs);
      EXPECT_EQ(made.has_value(), fail_after == SIZE_MAX);
      return outputs.committed;
    };
    const auto fresh = StreamConverter::Make(tables);
    const auto used = StreamConverter::Make(tables);
    ASSERT_TRUE(fresh && used);
    const auto want = convert(**fresh, text, SIZE_MAX);
    convert(**used, other, SIZE_MAX);
    for (const size_t fail_after : {0, 30'000, 60'000}) convert(**used, other, fail_after);
    EXPECT_TRUE(convert(**used, text, SIZE_MAX) == want) << threads << " threads";
  }
}

// Whatever a file is refused with, the other threads' chunks wait for nobody.
TEST(StreamConverterTest, AFailureAnywhereEndsTheStream) {
  const std::string text = Lines(6'000);
  const size_t whole = Convert(text, 1, KiB(1))->files.at("table 0").size();
  for (size_t fail_after = 0; fail_after < whole; fail_after += whole / 20) {
    MemoryOutputs outputs;
    outputs.fail_after = fail_after;
    EXPECT_FALSE(Convert(text, 4, KiB(1), outputs)) << fail_after;
  }
}

TEST(StreamConverterTest, DamageBehindTheFirstChunksStopsAllThreads) {
  StringSink stored;
  const auto gzip = MakeCompressingSink(StreamFormat::kGzip, stored);
  ASSERT_TRUE(gzip->Write(Lines(60'000)));
  ASSERT_TRUE(gzip->Finish());
  const auto cut = Convert(stored.text().substr(0, stored.text().size() - 20), 4, KiB(1));
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().kind(), ErrorKind::kBadData);
}

TEST(StreamConverterTest, AFileThatCannotBeWrittenStopsAllThreads) {
  MemoryOutputs outputs;
  outputs.fail_after = 10'000;
  const auto made = Convert(Lines(60'000), 4, KiB(1), outputs);
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().message().find("the disk is full"), std::string::npos);
}

}  // namespace
}  // namespace sluice
