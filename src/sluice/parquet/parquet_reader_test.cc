// SPDX-License-Identifier: Apache-2.0
#include "sluice/parquet/parquet_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "sluice/parquet/chunk_reader.h"
#include "sluice/parquet/parquet_format.h"
#include "sluice/parquet/parquet_test_table.h"

namespace sluice {
namespace {

// Everything a reader can say about a file, as text; nothing when it refuses.
std::optional<std::string> Contents(std::string file) {
  StringAccess access(std::move(file));
  const Result<ParquetReader> reader = ParquetReader::Open(access);
  if (!reader) {
    EXPECT_EQ(reader.error().kind(), ErrorKind::kBadData) << reader.error().message();
    return std::nullopt;
  }
  std::string text = fmt::format("rows={}\n", reader->rows());
  for (const auto& [key, value] : reader->metadata()) text += key + "=" + value + "\n";
  for (size_t column = 0; column < reader->columns().size(); ++column) {
    const ParquetColumn& c = reader->columns()[column];
    text += fmt::format("{} {} {}\n", c.name, ToSql(c.type), c.not_null);
    std::vector<ColumnValues> memory;
    const Result<ColumnBatch> values = ReadColumn(*reader, column, memory);
    if (!values) {
      EXPECT_EQ(values.error().kind(), ErrorKind::kBadData) << values.error().message();
      return std::nullopt;
    }
    const auto add = [&](const auto& vector) {
      text.append(reinterpret_cast<const char*>(vector.data()), vector.size() * sizeof(vector[0]));
    };
    add(values->present);
    add(values->ints);
    add(values->wide_ints);
    add(values->doubles);
    for (const std::string_view value : values->texts) text.append(value).append("\n");
  }
  return text;
}

std::string SmallFile(Codec codec) {
  const auto table = ParquetTestTable::EveryType(40, 1);
  return table.Write({.codec = codec, .object_id = 7}, 40);
}

TEST(ParquetReader, NoFlippedBitGoesUnnoticed) {
  for (const Codec codec : {Codec::kUncompressed, Codec::kSnappy, Codec::kZstd}) {
    const std::string file = SmallFile(codec);
    const auto contents = Contents(file);
    ASSERT_TRUE(contents);
    size_t refused = 0;
    for (size_t at = 0; at < file.size(); ++at) {
      std::string flipped = file;
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << (at % 8)));
      const auto read = Contents(flipped);
      refused += !read.has_value();
      ASSERT_TRUE(!read || *read == *contents) << "byte " << at << " of " << file.size();
    }
    EXPECT_GT(refused, file.size() * 99 / 100);
  }
}

TEST(ParquetReader, NoShortenedFileIsRead) {
  const std::string file = SmallFile(Codec::kSnappy);
  for (size_t size = 0; size < file.size(); size += 3) {
    EXPECT_FALSE(Contents(file.substr(0, size))) << size;
    EXPECT_FALSE(Contents(file.substr(file.size() - size))) << size;
  }
}

TEST(ParquetReader, RandomDamageNeverCrashes) {
  std::mt19937 random(5);
  for (const Codec codec : {Codec::kUncompressed, Codec::kSnappy, Codec::kZstd}) {
    const std::string file = SmallFile(codec);
    const auto contents = Contents(file);
    for (int round = 0; round < 300; ++round) {
      std::string damaged = file;
      for (size_t n = 1 + random() % 20; n > 0; --n) {
        damaged[random() % damaged.size()] = static_cast<char>(random());
      }
      const auto read = Contents(damaged);
      ASSERT_TRUE(!read || *read == *contents);
    }
  }
}

// A damaged footer with a right seal, so that the damage reaches what parses it.
TEST(ParquetReader, DamagedFootersWithRightSealNeverCrash) {
  std::mt19937 random(6);
  const std::string file = SmallFile(Codec::kSnappy);
  uint32_t length = 0;
  std::memcpy(&length, file.data() + file.size() - 8, 4);
  const size_t begin = file.size() - 8 - length;
  size_t refused = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string footer = file.substr(begin, length);
    for (size_t n = 1 + random() % 3; n > 0; --n) {
      char& byte = footer[random() % footer.size()];
      byte = random() % 2 == 0 ? static_cast<char>(random())
                               : static_cast<char>(byte ^ (1 << random() % 8));
    }
    if (!SealFooter(footer)) continue;
    const Result<FileMetadata> parsed = ParseFooter(footer, begin);
    if (!parsed) {
      ++refused;
      ASSERT_EQ(parsed.error().kind(), ErrorKind::kBadData);
    }
    if (round % 10 == 0) Contents(file.substr(0, begin) + footer + file.substr(file.size() - 8));
  }
  EXPECT_GT(refused, 5000u);
}

// One chunk of a file and pages with right checksums around damaged content.
struct Chunk {
  ParquetColumn column;
  ChunkMetadata metadata;
  uint32_t rows;
  std::string bytes;
};

std::vector<Chunk> ChunksOf(const std::string& file) {
  uint32_t length = 0;
  std::memcpy(&length, file.data() + file.size() - 8, 4);
  const size_t begin = file.size() - 8 - length;
  StringAccess access(file);
  const auto columns = ParquetReader::Open(access)->columns();
  const auto footer = ParseFooter({file.data() + begin, length}, begin);
  std::vector<Chunk> chunks;
  for (const RowGroupMetadata& group : footer->row_groups) {
    for (size_t i = 0; i < group.chunks.size(); ++i) {
      const ChunkMetadata& chunk = group.chunks[i];
      chunks.push_back(
          {columns[i], chunk, group.rows, file.substr(chunk.offset, chunk.compressed)});
    }
  }
  return chunks;
}

// Damages the pages of `chunk`, header fields included, and makes all sums right again.
void Damage(Chunk& chunk, std::mt19937& random) {
  std::string damaged;
  std::string_view rest = chunk.bytes;
  uint64_t uncompressed = 0;
  for (bool first = true; !rest.empty(); first = false) {
    auto [header, size] = *ParsePageHeader(rest);
    std::string body(rest.substr(size, header.compressed));
    rest.remove_prefix(size + header.compressed);
    for (size_t n = random() % 3; n > 0 && !body.empty(); --n) {
      body[random() % body.size()] = static_cast<char>(random() % 2 == 0 ? random() : random() % 9);
    }
    if (random() % 20 == 0) header.values += static_cast<uint32_t>(random() % 3) - 1;
    if (random() % 20 == 0) header.encoding = PageEncoding{static_cast<int32_t>(random() % 9)};
    if (random() % 20 == 0) body.resize(random() % (body.size() + 4));
    if (chunk.metadata.codec == Codec::kUncompressed) {
      header.uncompressed = static_cast<uint32_t>(body.size());
    }
    header.compressed = static_cast<uint32_t>(body.size());
    header.crc = Crc32(body);
    const size_t before = damaged.size();
    AppendPageHeader(header, damaged);
    uncompressed += damaged.size() - before + header.uncompressed;
    damaged += body;
    if (first && chunk.metadata.has_dictionary) {
      chunk.metadata.dictionary_size = damaged.size();
    }
  }
  chunk.metadata.compressed = damaged.size();
  chunk.metadata.uncompressed = uncompressed;
  chunk.bytes = damaged;
}

TEST(ParquetReader, DamagedPagesWithRightChecksumsNeverCrash) {
  std::mt19937 random(8);
  std::vector<Chunk> chunks;
  for (const Codec codec : {Codec::kUncompressed, Codec::kSnappy, Codec::kZstd}) {
    for (Chunk& chunk : ChunksOf(SmallFile(codec))) chunks.push_back(std::move(chunk));
    const auto shapes = ParquetTestTable::Shapes(500, 9);
    for (Chunk& chunk : ChunksOf(shapes.Write({.codec = codec, .page = {500}}, 500))) {
      chunks.push_back(std::move(chunk));
    }
  }
  size_t refused = 0, read = 0;
  for (int round = 0; round < 20'000; ++round) {
    Chunk chunk = chunks[random() % chunks.size()];
    Damage(chunk, random);
    const auto values = ReadChunk(chunk.bytes, chunk.column, chunk.metadata, chunk.rows);
    if (!values) {
      ++refused;
      ASSERT_EQ(values.error().kind(), ErrorKind::kBadData);
      continue;
    }
    ++read;
    ASSERT_EQ(values->batch.present.size(), chunk.rows);
    size_t bytes = 0;  // every text is readable
    for (const std::string_view text : values->batch.texts) {
      for (const char byte : text) bytes += byte != 0;
    }
    ASSERT_LT(bytes, size_t{1} << 30);
  }
  EXPECT_GT(refused, 5000u);
  EXPECT_GT(read, 2000u);
}

TEST(ParquetReader, APageWithMoreRowsThanTheWriterMakesIsRefused) {
  const ParquetColumn column{"n", {.kind = TypeKind::kInteger}, true};
  for (const uint32_t rows : {kMostRowsInPage, kMostRowsInPage + 1}) {
    const std::string body(4 * rows, '\0');
    const uint32_t size = static_cast<uint32_t>(body.size());
    std::string page;
    AppendPageHeader({.values = rows, .uncompressed = size, .compressed = size, .crc = Crc32(body)},
                     page);
    page += body;
    const auto read =
        ReadChunk(page, column, {.uncompressed = page.size(), .compressed = page.size()}, rows);
    EXPECT_EQ(read.has_value(), rows == kMostRowsInPage) << rows;
  }
}

TEST(ParquetReader, AFooterWithMoreColumnsThanATableHasIsRefused) {
  for (const size_t columns : {kMostColumnsInFile, kMostColumnsInFile + 1}) {
    FileMetadata file;
    for (size_t i = 0; i < columns; ++i) {
      file.columns.push_back(SchemaElementOf({"c", {.kind = TypeKind::kInteger}, true}));
    }
    const std::string footer = FormatFooter(file);
    EXPECT_EQ(ParseFooter(footer, 4).has_value(), columns == kMostColumnsInFile) << columns;
  }
}

TEST(ParquetReader, SaysWhatIsWrongAndWhere) {
  const auto chunks = ChunksOf(SmallFile(Codec::kUncompressed));
  std::string file = SmallFile(Codec::kUncompressed);
  const uint64_t end = chunks[3].metadata.offset + chunks[3].metadata.compressed;
  file[end - 1] = static_cast<char>(file[end - 1] ^ 1);
  StringAccess access(file);
  const auto values = ParquetReader::Open(access)->Read(0, 3);
  ASSERT_FALSE(values);
  EXPECT_THAT(values.error().message(), testing::HasSubstr("column required1 of row group 0"));
  EXPECT_THAT(values.error().message(), testing::HasSubstr("checksum does not match"));
}

TEST(ParquetReader, OtherFilesAreRefused) {
  for (const std::string& text :
       {std::string(), std::string("PAR1"), std::string("PAR1\0\0\0\0PAR1", 12),
        std::string("{\"not\":\"parquet\"} and long enough"),
        std::string("PAR1\xff\xff\xff\xffPAR1"), std::string("PAR1\xff\xff\xff\x7fPAR1")}) {
    EXPECT_FALSE(Contents(text));
  }
}

TEST(ParquetReader, MetadataComesBackInOrder) {
  StringAccess access(SmallFile(Codec::kSnappy));
  const auto reader = ParquetReader::Open(access);
  ASSERT_TRUE(reader);
  using Pair = std::pair<std::string, std::string>;
  EXPECT_THAT(reader->metadata(), testing::ElementsAre(Pair("object", "a/b"), Pair("empty", "")));
  EXPECT_EQ(reader->row_groups(), 1u);
  EXPECT_EQ(reader->rows_in(0), 40u);
}

}  // namespace
}  // namespace sluice
