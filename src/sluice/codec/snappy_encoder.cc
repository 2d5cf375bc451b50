// SPDX-License-Identifier: Apache-2.0
#include "sluice/codec/snappy_encoder.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#include "sluice/base/check.h"
#include "sluice/base/unaligned.h"

namespace sluice {
namespace {

constexpr size_t kShortestMatch = 8;
constexpr size_t kLongestCopy = 64;
constexpr size_t kMostOffset = 65'535;
constexpr size_t kBlock = 64;  // copied at once where there is room

char* WriteLength(size_t length, char* out) {
  for (; length >= 0x80; length >>= 7) *out++ = static_cast<char>(length | 0x80);
  *out++ = static_cast<char>(length);
  return out;
}

// The tag of a literal and its length, up to 5 bytes.
char* WriteLiteralTag(size_t length, char* out) {
  const uint32_t rest = static_cast<uint32_t>(length - 1);
  if (rest < 60) {
    *out = static_cast<char>(rest << 2);
    return out + 1;
  }
  const uint32_t bytes = static_cast<uint32_t>(std::bit_width(rest) + 7) / 8;
  *out++ = static_cast<char>((59 + bytes) << 2);
  for (uint32_t i = 0; i < bytes; ++i) *out++ = static_cast<char>(rest >> (8 * i));
  return out;
}

// Three bytes, or two where the format has them.
char* WriteCopy(size_t offset, size_t length, char* out) {
  if (length < 12 && length >= 4 && offset < 2048) {
    StoreAs(out, static_cast<uint16_t>(1 | (length - 4) << 2 | (offset >> 8) << 5 | offset << 8));
    return out + 2;
  }
  *out = static_cast<char>(2 | (length - 1) << 2);
  StoreAs(out + 1, static_cast<uint16_t>(offset));
  return out + 3;
}

char* WriteMatch(size_t offset, size_t length, char* out) {
  for (; length > kLongestCopy; length -= kLongestCopy) out = WriteCopy(offset, kLongestCopy, out);
  return WriteCopy(offset, length, out);
}

// How many bytes from `a` on are equal to those from `b` on, which is behind `a`.
size_t EqualBytes(const char* a, const char* b, const char* end) {
  const char* const begin = b;
  for (; end - b >= 8; a += 8, b += 8) {
    const uint64_t different = LoadAs<uint64_t>(a) ^ LoadAs<uint64_t>(b);
    if (different != 0) {
      return static_cast<size_t>(b - begin) + static_cast<size_t>(std::countr_zero(different)) / 8;
    }
  }
  while (b < end && *a == *b) ++a, ++b;
  return static_cast<size_t>(b - begin);
}

// How many bytes before `a` are equal to those before `b`, at most 8 and at most `room`.
size_t EqualBytesBefore(const char* a, const char* b, size_t room) {
  if (room >= 8) {
    const uint64_t different = LoadAs<uint64_t>(a - 8) ^ LoadAs<uint64_t>(b - 8);
    return static_cast<size_t>(std::countl_zero(different)) / 8;
  }
  size_t equal = 0;
  while (equal < room &&
         a[-1 - static_cast<ptrdiff_t>(equal)] == b[-1 - static_cast<ptrdiff_t>(equal)]) {
    ++equal;
  }
  return equal;
}

// The literals in front of a match.
char* WriteLiteral(const char* from, size_t length, const char* in_end, char* out,
                   const char* out_end) {
  out = WriteLiteralTag(length, out);
  if (length <= kBlock && in_end - from >= static_cast<ptrdiff_t>(kBlock) &&
      out_end - out >= static_cast<ptrdiff_t>(kBlock)) {
    std::memcpy(out, from, kBlock);
  } else {
    std::memcpy(out, from, length);
  }
  return out + length;
}

}  // namespace

size_t SnappyEncoder::Compress(std::string_view in, char* const out) {
  static_assert(std::endian::native == std::endian::little);
  SLUICE_CHECK(in.size() <= std::numeric_limits<uint32_t>::max());
  const char* const begin = in.data();
  const char* const end = begin + in.size();
  const char* const out_end = out + MostBytes(in.size());
  const int bits = std::clamp(static_cast<int>(std::bit_width(in.size())), 8, kTableBits);
  const auto slot = [&](uint64_t bytes) -> uint32_t& {
    return table_[bytes * 0x9e37'79b9'7f4a'7c15 >> (64 - bits)];
  };
  std::fill_n(table_.begin(), size_t{1} << bits, 0);

  char* place = WriteLength(in.size(), out);
  const char* written = begin;  // up to where the output tells the input
  const char* at = begin + 1;   // at 0 nothing is known
  while (end - at >= static_cast<ptrdiff_t>(kShortestMatch)) {
    const uint64_t bytes = LoadAs<uint64_t>(at);
    uint32_t& known = slot(bytes);
    const char* candidate = begin + known;
    known = static_cast<uint32_t>(at - begin);
    if (LoadAs<uint64_t>(candidate) != bytes ||
        at - candidate > static_cast<ptrdiff_t>(kMostOffset)) [[likely]] {
      at += 1 + (at - written) / 16;
      continue;
    }
    const size_t offset = static_cast<size_t>(at - candidate);
    const size_t room = static_cast<size_t>(std::min(at - written, candidate - begin));
    const size_t before = EqualBytesBefore(candidate, at, room);
    const size_t length =
        before + kShortestMatch + EqualBytes(candidate + kShortestMatch, at + kShortestMatch, end);
    at -= before;
    if (at > written) {
      place = WriteLiteral(written, static_cast<size_t>(at - written), end, place, out_end);
    }
    place = WriteMatch(offset, length, place);
    at += length;
    written = at;
    if (end - at >= 8) slot(LoadAs<uint64_t>(at - 2)) = static_cast<uint32_t>(at - 2 - begin);
  }
  if (written < end) {
    place = WriteLiteral(written, static_cast<size_t>(end - written), end, place, out_end);
  }
  return static_cast<size_t>(place - out);
}

}  // namespace sluice
