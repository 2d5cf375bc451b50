// SPDX-License-Identifier: Apache-2.0
#include "sluice/parquet/parquet_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <random>

#include "sluice/base/hash.h"
#include "sluice/parquet/parquet_format.h"
#include "sluice/parquet/parquet_test_table.h"

namespace sluice {
namespace {

constexpr Codec kCodecs[] = {Codec::kUncompressed, Codec::kSnappy, Codec::kZstd};

// Equal bit by bit: -0 is not 0.
void ExpectSameValues(const ColumnBatch& read, const ColumnBatch& written) {
  EXPECT_EQ(read.present, written.present);
  EXPECT_EQ(read.ints, written.ints);
  EXPECT_TRUE(read.wide_ints == written.wide_ints);
  ASSERT_EQ(read.doubles.size(), written.doubles.size());
  EXPECT_TRUE(read.doubles.empty() || std::memcmp(read.doubles.data(), written.doubles.data(),
                                                  8 * read.doubles.size()) == 0);
  EXPECT_EQ(read.texts, written.texts);
}

void ExpectReadsBack(const std::string& file, const ParquetTestTable& table) {
  StringAccess access(file);
  const Result<ParquetReader> reader = ParquetReader::Open(access);
  ASSERT_TRUE(reader) << reader.error().message();
  EXPECT_EQ(reader->rows(), table.rows());
  ASSERT_EQ(reader->columns().size(), table.columns().size());
  for (size_t i = 0; i < table.columns().size(); ++i) {
    SCOPED_TRACE(table.columns()[i].name);
    EXPECT_EQ(reader->columns()[i].name, table.columns()[i].name);
    EXPECT_EQ(reader->columns()[i].type, table.columns()[i].type);
    EXPECT_EQ(reader->columns()[i].not_null, table.columns()[i].not_null);
    std::vector<ColumnValues> memory;
    const Result<ColumnBatch> read = ReadColumn(*reader, i, memory);
    ASSERT_TRUE(read) << read.error().message();
    ExpectSameValues(*read, table.values(i));
  }
}

FileMetadata FooterOf(const std::string& file) {
  uint32_t length = 0;
  std::memcpy(&length, file.data() + file.size() - 8, 4);
  const size_t begin = file.size() - 8 - length;
  Result<FileMetadata> metadata = ParseFooter({file.data() + begin, length}, begin);
  EXPECT_TRUE(metadata);
  return std::move(*metadata);
}

// The bytes of a chunk's first page as they are stored.
std::string FirstPageOf(const std::string& file, const ChunkMetadata& chunk) {
  const auto page = ParsePageHeader(std::string_view(file).substr(chunk.offset));
  return file.substr(chunk.offset + page->second, page->first.compressed);
}

// What the first page of a zstd chunk becomes when `compress` packs it.
template <typename Compress>
std::string Packed(const std::string& file, const ChunkMetadata& chunk, Compress compress) {
  const auto page = ParsePageHeader(std::string_view(file).substr(chunk.offset));
  BlockCodec codec;
  std::string body, packed;
  EXPECT_TRUE(
      codec.Decompress(Codec::kZstd, FirstPageOf(file, chunk), page->first.uncompressed, body));
  std::invoke(compress, codec, body, packed);
  return packed;
}

TEST(ParquetWriter, EveryTypeReadsBackInEveryCodec) {
  for (const Codec codec : kCodecs) {
    for (const size_t rows : {1u, 2u, 9u, 1000u, 5000u}) {
      SCOPED_TRACE(testing::Message() << Name(codec) << " " << rows);
      const auto table = ParquetTestTable::EveryType(rows, 1);
      ExpectReadsBack(table.Write({.codec = codec}, 700), table);
    }
  }
}

TEST(ParquetWriter, ManyPagesAndRowGroupsReadBack) {
  const auto table = ParquetTestTable::Shapes(40'000, 2);
  const ParquetWriterOptions options = {.page = KiB(4), .row_group = KiB(256)};
  const std::string file = table.Write(options, 1000);
  EXPECT_GT(FooterOf(file).row_groups.size(), 10u);
  ExpectReadsBack(file, table);
}

TEST(ParquetWriter, BytesDoNotDependOnBatches) {
  const ParquetWriterOptions small = {
      .codec = Codec::kZstd, .page = KiB(4), .row_group = KiB(300), .dictionary = KiB(8)};
  const auto check = [](const ParquetTestTable& table, const ParquetWriterOptions& options) {
    const std::string whole = table.Write(options, table.rows());
    for (const size_t batch : {1u, 7u, 1000u, 1024u, 1025u}) {
      EXPECT_TRUE(table.Write(options, batch) == whole) << batch;
    }
  };
  check(ParquetTestTable::EveryType(2500, 3), {});
  check(ParquetTestTable::EveryType(2500, 4), small);
  check(ParquetTestTable::Shapes(12'000, 5), {.codec = Codec::kUncompressed});
  check(ParquetTestTable::Shapes(12'000, 6), small);
}

TEST(ParquetWriter, DictionaryDecisionsDoNotDependOnBatches) {
  // More rows than a page holds, so that dictionaries are given up in a later page too.
  const auto table = ParquetTestTable::Shapes(70'000, 7);
  for (const uint64_t dictionary : {KiB(1024).count, KiB(100).count, KiB(1).count}) {
    const ParquetWriterOptions options = {.dictionary = {dictionary}};
    const std::string whole = table.Write(options, 70'000);
    EXPECT_TRUE(table.Write(options, 333) == whole);
    EXPECT_TRUE(table.Write(options, 4096) == whole);
    ExpectReadsBack(whole, table);
  }
}

TEST(ParquetWriter, DictionariesAreKeptOnlyWhereTheyPay) {
  const FileMetadata footer = FooterOf(ParquetTestTable::Shapes(20'000, 8).Write({}, 1000));
  const std::vector<ChunkMetadata>& chunks = footer.row_groups.front().chunks;
  EXPECT_TRUE(chunks[0].has_dictionary);   // few
  EXPECT_FALSE(chunks[1].has_dictionary);  // unique
  EXPECT_FALSE(chunks[4].has_dictionary);  // null
  EXPECT_TRUE(chunks[7].has_dictionary);   // runs
  EXPECT_LT(chunks[7].compressed, 1200u);
}

TEST(ParquetWriter, ChunksThatDoNotShrinkAreNotCompressed) {
  const FileMetadata footer =
      FooterOf(ParquetTestTable::Shapes(20'000, 9).Write({.codec = Codec::kSnappy}, 1000));
  EXPECT_EQ(footer.row_groups.front().chunks[1].codec, Codec::kSnappy);        // "unique 123…"
  EXPECT_EQ(footer.row_groups.front().chunks[5].codec, Codec::kUncompressed);  // random numbers
}

TEST(ParquetWriter, ZstdPacksLiteralsAloneWhereNothingRepeats) {
  std::mt19937_64 random(13);
  const ColumnType text{.kind = TypeKind::kVarchar, .length = 999};
  ParquetTestTable table({{"hex", text, true}, {"repeats", text, true}, {"noise", text, true}});
  for (int row = 0; row < 10'000; ++row) {
    std::string hex, noise;
    for (int i = 0; i < 32; ++i) hex += "0123456789abcdef"[random() % 16];
    for (int i = 0; i < 100; ++i) noise += static_cast<char>(random());
    table.Add(0, hex);
    table.Add(1, "https://cms.example.com/wizard?id=" + std::to_string(random() % 1'000'000));
    table.Add(2, noise);
  }
  const std::string file = table.Write({.codec = Codec::kZstd}, 1000);
  ExpectReadsBack(file, table);
  const std::vector<ChunkMetadata> chunks = FooterOf(file).row_groups.front().chunks;
  EXPECT_EQ(chunks[0].codec, Codec::kZstd);
  EXPECT_EQ(chunks[1].codec, Codec::kZstd);
  EXPECT_EQ(chunks[2].codec, Codec::kUncompressed);
  EXPECT_EQ(FirstPageOf(file, chunks[0]), Packed(file, chunks[0], &BlockCodec::CompressLiterals));
  EXPECT_EQ(FirstPageOf(file, chunks[1]),
            Packed(file, chunks[1], [](BlockCodec& codec, std::string_view in, std::string& out) {
              codec.Compress(Codec::kZstd, in, out);
            }));
}

TEST(ParquetWriter, GoldenBytes) {
  static_assert(kParquetWriterVersion == 3,
                "changed bytes need a new version, and new hashes here");
  const auto table = ParquetTestTable::EveryType(300, 10);
  const auto hash = [&](Codec codec) {
    return ToHex(Sha256Of(table.Write({.codec = codec, .object_id = 42}, 300)));
  };
  EXPECT_EQ(hash(Codec::kUncompressed),
            "84d26df89f79c3b5b4db91045a2561478589652646d6b68993d3f36e54e7275a");
  EXPECT_EQ(hash(Codec::kSnappy),
            "f0e53b3e04e0b2d52730f91be02e4ef69b69bb816c51541963ddece27395d228");
  if (CodecVersions() == "snappy-encoder 1 zstd 1.5.4 hash-log 12") {
    EXPECT_EQ(hash(Codec::kZstd),
              "783b5e40015e511fa1b9af051d180e9dbdf81c52d798dad559cd666c5644e7d1");
  }
}

TEST(ParquetWriter, FileWithoutRowsIsLegal) {
  const ParquetTestTable table(ParquetTestTable::EveryType(1, 1).columns());
  ParquetFileInfo info;
  const std::string file = table.Write({}, 1, &info);
  EXPECT_EQ(info.rows, 0u);
  EXPECT_EQ(info.size.count, file.size());
  EXPECT_EQ(info.int_ranges[0], std::nullopt);
  ExpectReadsBack(file, table);
  StringAccess access(file);
  EXPECT_EQ(ParquetReader::Open(access)->row_groups(), 0u);
}

TEST(ParquetWriter, TechnicalColumnsEndEveryRow) {
  const auto table = ParquetTestTable::EveryType(2000, 11);
  ParquetFileInfo info;
  StringAccess access(table.Write({.object_id = -5}, 300, &info));
  const auto reader = ParquetReader::Open(access);
  ASSERT_TRUE(reader);
  const size_t n = table.columns().size();
  ASSERT_EQ(reader->columns().size(), n + 2);
  EXPECT_EQ(reader->columns()[n].name, "sluice_object");
  EXPECT_EQ(reader->columns()[n + 1].name, "sluice_line");
  EXPECT_EQ(reader->Read(0, n)->batch.ints, std::vector<int64_t>(2000, -5));
  const std::vector<int64_t> lines = reader->Read(0, n + 1)->batch.ints;
  for (size_t i = 0; i < lines.size(); ++i) ASSERT_EQ(lines[i], static_cast<int64_t>(i + 1));
  EXPECT_EQ(info.int_ranges[n]->min, -5);
  EXPECT_EQ(info.int_ranges[n + 1]->max, 2000);
}

TEST(ParquetWriter, IntRangesSpanRowGroups) {
  ParquetTestTable table({{"a", {.kind = TypeKind::kBigInt}, false},
                          {"b", {.kind = TypeKind::kVarchar, .length = 9}, false}});
  for (int64_t i = 0; i < 9000; ++i) {
    i % 2 == 0 ? table.AddNull(0) : table.Add(0, i - 4500);
    table.AddNull(1);
  }
  ParquetFileInfo info;
  const std::string file = table.Write({.row_group = KiB(4)}, 100, &info);
  EXPECT_GT(FooterOf(file).row_groups.size(), 3u);
  EXPECT_EQ(info.int_ranges[0]->min, -4499);
  EXPECT_EQ(info.int_ranges[0]->max, 4499);
  EXPECT_EQ(info.int_ranges[1], std::nullopt);
}

TEST(ParquetWriter, LongTextsEndRowGroupsEarly) {
  // 1,000 rows of 60,000 bytes: far more than a row group before the usual look at 1,024 rows.
  ParquetTestTable table({{"a", {.kind = TypeKind::kVarchar, .length = 65'535}, true}});
  for (int i = 0; i < 1000; ++i) table.Add(0, std::string(60'000, static_cast<char>('a' + i % 26)));
  const ParquetWriterOptions options = {
      .codec = Codec::kZstd, .row_group = MiB(2), .dictionary = KiB(1)};
  const std::string file = table.Write(options, 1000);
  for (const RowGroupMetadata& group : FooterOf(file).row_groups) {
    EXPECT_LT(group.chunks[0].uncompressed, MiB(3).count);
  }
  EXPECT_TRUE(table.Write(options, 13) == file);
  ExpectReadsBack(file, table);
}

TEST(ParquetWriter, NullInRequiredColumnIsRefused) {
  ParquetTestTable table({{"wanted", {.kind = TypeKind::kInteger}, true}});
  table.AddNull(0);
  StringSink sink;
  ParquetWriter writer(table.columns(), {}, sink);
  const Status status = writer.Append(table.Rows(0, 1));
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message(), testing::HasSubstr("wanted"));
}

class FullSink : public ByteSink {
 public:
  Status Write(std::string_view data) override {
    if (data.size() > room_) return Fail(ErrorKind::kTransient, "disk full");
    room_ -= data.size();
    return {};
  }
  size_t room_ = 0;
};

TEST(ParquetWriter, ErrorsOfTheSinkArePassedOn) {
  const auto table = ParquetTestTable::EveryType(100, 12);
  const size_t size = table.Write({}, 100).size();
  for (size_t room = 0; room < size; room += 97) {
    FullSink sink;
    sink.room_ = room;
    ParquetWriter writer(table.columns(), {}, sink);
    Status status = writer.Append(table.Rows(0, 100));
    if (status) {
      const auto info = writer.Finish({{"object", "a/b"}, {"empty", ""}});
      if (!info) status = std::unexpected(info.error());
    }
    ASSERT_FALSE(status) << room;
    EXPECT_EQ(status.error().kind(), ErrorKind::kTransient);
  }
}

}  // namespace
}  // namespace sluice
