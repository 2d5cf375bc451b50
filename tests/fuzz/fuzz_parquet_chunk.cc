// SPDX-License-Identifier: Apache-2.0
// Five bytes say which column, codec and number of rows, the rest is the pages of its chunk. The
// checksum of every page and the sums of the footer are put right first, so that the decoders
// behind them are reached: as many values as rows, or kBadData.
#include "sluice/parquet/chunk_reader.h"
#include "sluice/parquet/parquet_format.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/parquet_seeds.h"

namespace sluice {
namespace {

struct Chunk {
  std::string pages;
  ChunkMetadata metadata;
};

// The pages with right checksums, and what a footer would say of them.
Chunk Repair(std::string_view rest, Codec codec, bool has_dictionary) {
  Chunk chunk{.metadata = {.codec = codec, .has_dictionary = has_dictionary}};
  bool first = true;
  while (!rest.empty()) {
    const auto parsed = ParsePageHeader(rest);
    if (!parsed || parsed->first.compressed > rest.size() - parsed->second) break;
    auto [header, header_size] = *parsed;
    const std::string_view body = rest.substr(header_size, header.compressed);
    header.crc = Crc32(body);
    const size_t before = chunk.pages.size();
    AppendPageHeader(header, chunk.pages);
    chunk.metadata.uncompressed += chunk.pages.size() - before + header.uncompressed;
    chunk.pages += body;
    if (first && has_dictionary) chunk.metadata.dictionary_size = chunk.pages.size();
    first = false;
    rest.remove_prefix(header_size + header.compressed);
  }
  chunk.pages += rest;
  chunk.metadata.compressed = chunk.pages.size();
  return chunk;
}

std::string SeedOf(const std::string& file, const ChunkMetadata& chunk, uint32_t rows,
                   size_t column) {
  std::string seed;
  seed += static_cast<char>(column);
  seed += static_cast<char>(chunk.codec);
  seed += static_cast<char>(chunk.has_dictionary ? 1 : 0);
  seed += static_cast<char>(rows);
  seed += static_cast<char>(rows >> 8);
  return seed + file.substr(chunk.offset, chunk.compressed);
}

}  // namespace

std::vector<std::string> FuzzSeeds() {
  std::vector<std::string> seeds;
  for (const std::string& file : ParquetSeeds()) {
    FuzzInput trailer(reinterpret_cast<const uint8_t*>(file.data()) + file.size() - 8, 4);
    const size_t length = trailer.Number16() | size_t{trailer.Number16()} << 16;
    const size_t end = file.size() - 8 - length;
    const FileMetadata metadata = ParseFooter(file.substr(end, length), end).value();
    if (metadata.row_groups.empty()) continue;
    const RowGroupMetadata& group = metadata.row_groups.front();
    for (size_t i = 0; i < group.chunks.size(); ++i) {
      seeds.push_back(SeedOf(file, group.chunks[i], group.rows, i));
    }
  }
  return seeds;
}

}  // namespace sluice

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice;
  FuzzInput input(data, size);
  const ParquetColumn& column = SeedColumns()[input.Byte() % SeedColumns().size()];
  const Codec codec{input.Byte() % 3};
  const bool has_dictionary = input.Byte() % 2 != 0;
  const uint32_t rows = input.Number16();
  Chunk chunk = Repair(input.Rest(), codec, has_dictionary);
  const auto values = ReadChunk(std::move(chunk.pages), column, chunk.metadata, rows);
  if (!values) {
    SLUICE_CHECK(values.error().kind() == ErrorKind::kBadData);
    return 0;
  }
  const ColumnBatch& batch = values->batch;
  SLUICE_CHECK(batch.present.size() == rows);
  size_t present = 0, ends = 0;
  for (const uint8_t one : batch.present) present += one;
  for (const std::string_view text : batch.texts) ends += text.ends_with('\0') ? 1 : 0;
  SLUICE_CHECK(ends <= present);
  SLUICE_CHECK(present == batch.ints.size() + batch.wide_ints.size() + batch.doubles.size() +
                              batch.texts.size());
  return 0;
}
