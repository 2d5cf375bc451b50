// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "sluice/base/io.h"

namespace sluice {

struct AheadOptions {
  // How many pieces are read before they are needed, at most; 0: none. Each costs memory, for what
  // it is compressed and for what it is not.
  size_t pieces = 0;
  // A piece is some whole members or frames: the fewest that are so many bytes …
  size_t smallest_piece = size_t{16} << 10;
  // … and if they are more than this, or decompressed more than that, they are decoded in their
  // turn by the thread that reads. As many bytes may be read in vain.
  size_t largest_piece = size_t{4} << 20;
  size_t largest_text = size_t{8} << 20;
};

// The bytes and errors of DecompressingSource. Where a stream has several members (gzip) or frames
// (zstd), threads that have nothing better to do may decode those that are not needed yet; how many
// do changes nothing but the time. Streams of one member, and plain ones, are not read ahead.
class ParallelDecompressor : public ByteSource {
 public:
  // One thread at a time. It alone uses the source. It waits only for helpers that are at work on
  // what it needs, and helps meanwhile.
  Result<size_t> Read(std::span<char> buffer) override = 0;
  // Decodes a piece ahead of its turn. False: none waits. Any thread at any time, beside Read too,
  // but not beside the destructor.
  virtual bool Help() = 0;
  // Known after the first Read.
  virtual bool is_plain() const = 0;
};

// `source` outlives the result.
std::unique_ptr<ParallelDecompressor> MakeParallelDecompressor(ByteSource& source,
                                                               const AheadOptions& options);

}  // namespace sluice
