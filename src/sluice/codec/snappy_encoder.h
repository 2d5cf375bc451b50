// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice {

// Compresses to Snappy's raw format (google/snappy, format_description.txt), which any Snappy
// library reads. The bytes are a function of the input alone: kVersion rises when they change.
//
// Made for the pages of Parquet files: matches have 8 bytes or more, so that there are few of them;
// one place is tried for each; what does not compress is stepped over ever faster. Offsets are
// below 64 KiB: libsnappy never writes longer ones, so that not every reader may have met them.
// Keeps its working memory; one thread at a time.
class SnappyEncoder {
 public:
  static constexpr int kVersion = 1;

  // What Compress may write: the bound that Snappy promises its readers.
  static constexpr size_t MostBytes(size_t size) { return 32 + size + size / 6; }

  // Returns how many bytes it wrote to `out`, which has room for MostBytes(in.size()). `in` is
  // shorter than 4 GiB.
  size_t Compress(std::string_view in, char* out);

 private:
  static constexpr int kTableBits = 13;  // 32 KiB: stays in the innermost cache
  std::array<uint32_t, size_t{1} << kTableBits> table_;
};

}  // namespace sluice
