// SPDX-License-Identifier: Apache-2.0
// Four bytes say where the footer begins, the rest is the footer. It is sealed first, for else
// nothing but the seal would be tested. What is accepted is what FormatFooter writes.
#include "sluice/parquet/parquet_format.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/parquet_seeds.h"

namespace sluice {
namespace {

void CheckMetadata(const FileMetadata& file, uint64_t end) {
  uint64_t rows = 0, offset = kParquetMagic.size();
  for (const RowGroupMetadata& group : file.row_groups) {
    SLUICE_CHECK(group.rows > 0 && group.rows <= kMostRowsInGroup);
    SLUICE_CHECK(group.chunks.size() == file.columns.size());
    rows += group.rows;
    for (const ChunkMetadata& chunk : group.chunks) {
      SLUICE_CHECK(chunk.offset == offset && chunk.dictionary_size <= chunk.compressed);
      offset += chunk.compressed;
    }
  }
  SLUICE_CHECK(rows == file.rows && offset == end);

  const auto again = ParseFooter(FormatFooter(file), end);
  SLUICE_CHECK(again && again->columns.size() == file.columns.size());
  SLUICE_CHECK(again->key_values == file.key_values);
  SLUICE_CHECK(again->rows == file.rows && again->row_groups.size() == file.row_groups.size());
}

}  // namespace

std::vector<std::string> FuzzSeeds() {
  std::vector<std::string> seeds;
  for (const std::string& file : ParquetSeeds()) {
    FuzzInput trailer(reinterpret_cast<const uint8_t*>(file.data()) + file.size() - 8, 4);
    const size_t length = trailer.Number16() | size_t{trailer.Number16()} << 16;
    const size_t end = file.size() - 8 - length;
    std::string seed;
    for (int shift = 0; shift < 32; shift += 8) seed += static_cast<char>(end >> shift);
    seeds.push_back(seed + file.substr(end, length));
  }
  return seeds;
}

}  // namespace sluice

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice;
  FuzzInput input(data, size);
  const uint64_t end = input.Number16() | uint64_t{input.Number16()} << 16;
  if (end < kParquetMagic.size()) return 0;  // the reader looks at the file's size before
  std::string footer(input.Rest());
  if (!SealFooter(footer)) return 0;
  const auto metadata = ParseFooter(footer, end);
  if (metadata) {
    CheckMetadata(*metadata, end);
  } else {
    SLUICE_CHECK(metadata.error().kind() == ErrorKind::kBadData);
  }
  return 0;
}
