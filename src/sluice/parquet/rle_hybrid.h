// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/parquet/byte_buffer.h"

namespace sluice {

// The RLE/bit-packing hybrid of parquet-format's Encodings.md ("RLE = 3"), for definition levels
// (width 1) and dictionary ids (width 1 to 16).

// Bits of the values 0 to `most`, at least 1.
int BitWidth(uint32_t most);

// One bit for each 0/1 byte, the first in the lowest bit, the last byte filled up with zeros.
// Returns the end of the (count + 7) / 8 bytes written. `out` may be `bools` itself.
char* PackBools(const uint8_t* bools, size_t count, char* out);

// Most bytes that definition levels of `rows` rows need, with the length in front.
constexpr size_t LevelRoom(size_t rows) {
  return 4 + 5 + (rows + 7) / 8;
}

// Writes the definition levels of a V1 page, with their length, so that they end before `end`, and
// returns where they begin. `ones` of `present` are 1: all or none make one run of a few bytes.
char* WriteLevelsBefore(char* end, std::span<const uint8_t> present, size_t ones);

// Appends `ids` at `width` bits: runs of 32 equal ids or more as RLE, all else bit-packed.
void AppendIds(std::span<const uint16_t> ids, int width, ByteBuffer& out);

// Decodes exactly `count` values, each below 2^width, and no byte more or less. `what` names them
// in the kBadData that is the answer to anything else.
Status DecodeHybrid(std::string_view data, int width, size_t count, std::vector<uint32_t>& out);

}  // namespace sluice
