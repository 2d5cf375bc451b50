// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "sluice/base/result.h"
#include "sluice/codec/stream_codec.h"

namespace sluice {

// The compressed bytes at hand, and where they stand in the whole input.
class Input {
 public:
  explicit Input(std::string_view bytes = {}, uint64_t offset = 0)
      : bytes_(bytes), offset_(offset) {}

  std::string_view bytes() const { return bytes_.substr(at_); }
  uint64_t offset() const { return offset_ + at_; }  // of the first of bytes()

  void Consume(size_t n) { at_ += n; }
  // Some of what was consumed is there again.
  void GiveBack(size_t n) { at_ -= n; }

 private:
  std::string_view bytes_;
  uint64_t offset_;
  size_t at_ = 0;
};

// One compressed format: members or frames, one behind the other. What comes out, and the first
// fault, depend on the bytes alone, not on how they are cut into calls; only how much of a damaged
// member comes out before its fault does.
class Decoder {
 public:
  virtual ~Decoder() = default;
  // Decodes from `input` into the front of `out` and returns how much. Where that is 0 and input is
  // left, some was consumed. After an error only Restart may be called.
  virtual Result<size_t> Decode(Input& input, std::span<char> out) = 0;
  // Whether the input may end here.
  virtual bool IsBetweenMembers() const = 0;
  // As a new one.
  virtual void Restart() = 0;
};

inline constexpr int kLargestZstdWindow = 27;  // log2: 128 MiB, what the zstd tool takes

// Of gzip or zstd; none for kPlain. A frame of zstd with a larger window (log2) is a fault.
std::unique_ptr<Decoder> MakeDecoder(StreamFormat format, int largest_window = kLargestZstdWindow);

// The fault of compressed bytes: `offset` tells where the member or frame begins, or the byte.
std::unexpected<Error> CorruptStream(StreamFormat format, std::string_view what, uint64_t offset);

}  // namespace sluice
