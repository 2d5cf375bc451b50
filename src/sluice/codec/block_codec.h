// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/base/result.h"

namespace sluice {

// How the pages of a Parquet column chunk are compressed.
enum class Codec { kUncompressed, kSnappy, kZstd };

std::string_view Name(Codec codec);  // "none", "snappy", "zstd"
std::optional<Codec> CodecNamed(std::string_view name);

// Compresses and decompresses single blocks. The bytes are a function of input, codec and
// CodecVersions. Keeps its working memory, so reuse it; one thread at a time.
class BlockCodec {
 public:
  BlockCodec();
  ~BlockCodec();
  BlockCodec(BlockCodec&&) noexcept;
  BlockCodec& operator=(BlockCodec&&) noexcept;

  // Replaces `out`. Snappy's raw format, by SnappyEncoder; one zstd frame of level 1 without
  // checksum (pages have their own CRC).
  void Compress(Codec codec, std::string_view in, std::string& out);
  // The same as a zstd frame in which no text is found again: only the literals are packed, by
  // Huffman's code. About three times as fast as level 1, and as good for what has no repetition.
  void CompressLiterals(std::string_view in, std::string& out);
  // Replaces `out`, which then has exactly `size` bytes; anything else is kBadData. `size` is the
  // caller's promise of memory.
  Status Decompress(Codec codec, std::string_view in, size_t size, std::string& out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// CRC-32 as gzip and Parquet use it (RFC 1952 §8); `seed` is the value for the bytes before.
uint32_t Crc32(std::string_view data, uint32_t seed = 0);

// "snappy-encoder 1 zstd 1.5.4 hash-log 12": what decides compressed bytes, for the revision.
std::string CodecVersions();

}  // namespace sluice
