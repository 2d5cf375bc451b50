// SPDX-License-Identifier: Apache-2.0
#include "sluice/parquet/text_encoding.h"

namespace sluice {
namespace {

template <size_t N>
void CopyBlock(char* to, const char* from) {
  std::memcpy(to, from, N);
}

// memcpy for texts, most of which are short: two blocks that overlap instead of a call.
void CopyText(char* to, const char* from, size_t size) {
  if (size > 64) {
    std::memcpy(to, from, size);
  } else if (size > 32) {
    CopyBlock<32>(to, from);
    CopyBlock<32>(to + size - 32, from + size - 32);
  } else if (size >= 16) {
    CopyBlock<16>(to, from);
    CopyBlock<16>(to + size - 16, from + size - 16);
  } else if (size >= 8) {
    CopyBlock<8>(to, from);
    CopyBlock<8>(to + size - 8, from + size - 8);
  } else if (size >= 4) {
    CopyBlock<4>(to, from);
    CopyBlock<4>(to + size - 4, from + size - 4);
  } else {
    for (size_t i = 0; i < size; ++i) to[i] = from[i];
  }
}

}  // namespace

size_t TextEncoding::AppendPlain(const Value* values, size_t count, size_t full, size_t must_take,
                                 ByteBuffer& out) {
  size_t taken = count;
  uint64_t bytes = PlainBytes(values, count);
  if (out.size() + bytes > full) {
    taken = bytes = 0;
    while (taken < count &&
           (taken < must_take || out.size() + bytes + 4 + values[taken].size() <= full)) {
      bytes += 4 + values[taken++].size();
    }
  }
  char* place = out.Reserve(bytes);
  for (size_t i = 0; i < taken; ++i) {
    const Value value = values[i];
    const uint32_t length = static_cast<uint32_t>(value.size());
    std::memcpy(place, &length, 4);
    CopyText(place + 4, value.data(), value.size());
    range_.Add(value);
    place += 4 + value.size();
  }
  out.Advance(bytes);
  return taken;
}

uint64_t TextEncoding::PlainBytes(const Value* values, size_t count) const {
  uint64_t bytes = 4 * count;
  for (size_t i = 0; i < count; ++i) bytes += values[i].size();
  return bytes;
}

std::optional<std::pair<std::string, std::string>> TextEncoding::MinMax() const {
  if (!range_.known()) return std::nullopt;
  return std::pair(range_.min(), range_.max());
}

}  // namespace sluice
