// SPDX-License-Identifier: Apache-2.0
#include "sluice/parquet/rle_hybrid.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "sluice/base/check.h"
#include "sluice/base/unaligned.h"

namespace sluice {
namespace {

constexpr size_t kGroup = 8;                  // bit-packed runs are whole groups of 8 values
constexpr size_t kShortestRunInGroups = 4;    // a shorter run is not worth two run headers
constexpr size_t kMostGroupsInRun = 1 << 13;  // keeps every header within 2 bytes

char* WriteVarint(char* out, uint32_t value) {
  for (; value >= 0x80; value >>= 7) *out++ = static_cast<char>(value | 0x80);
  *out++ = static_cast<char>(value);
  return out;
}

// Whether the 8 ids from `ids` are all equal to `id`.
bool GroupIs(const uint16_t* ids, uint16_t id) {
  const uint64_t pattern = id * uint64_t{0x0001'0001'0001'0001};
  return ((LoadAs<uint64_t>(ids) ^ pattern) | (LoadAs<uint64_t>(ids + 4) ^ pattern)) == 0;
}

// 8 ids into `width` bytes: four ids make up to 64 bits, the two fours one number of 128 bits.
// Writes 16 bytes.
char* PackGroup(const uint16_t* ids, int width, char* out) {
  uint64_t low = 0, high = 0;
  for (int i = 0; i < 4; ++i) {
    low |= static_cast<uint64_t>(ids[i]) << (i * width);
    high |= static_cast<uint64_t>(ids[i + 4]) << (i * width);
  }
  const int half = 4 * width;
  if (half == 64) {
    StoreAs(out, low);
    StoreAs(out + 8, high);
  } else {
    StoreAs(out, low | high << half);
    StoreAs(out + 8, high >> (64 - half));
  }
  return out + width;
}

void AppendPackedRun(std::span<const uint16_t> ids, int width, ByteBuffer& out) {
  while (!ids.empty()) {
    const size_t groups = std::min((ids.size() + kGroup - 1) / kGroup, kMostGroupsInRun);
    char* const begin = out.Reserve(5 + groups * static_cast<size_t>(width) + 16);
    char* end = WriteVarint(begin, static_cast<uint32_t>(groups << 1 | 1));
    const size_t whole = std::min(ids.size() / kGroup, groups);
    for (size_t i = 0; i < whole; ++i) end = PackGroup(ids.data() + i * kGroup, width, end);
    if (whole < groups) {
      std::array<uint16_t, kGroup> last{};
      std::copy(ids.begin() + static_cast<ptrdiff_t>(whole * kGroup), ids.end(), last.begin());
      end = PackGroup(last.data(), width, end);
    }
    out.Advance(static_cast<size_t>(end - begin));
    ids = ids.subspan(std::min(ids.size(), groups * kGroup));
  }
}

void AppendEqualRun(uint16_t id, size_t count, int width, ByteBuffer& out) {
  char* const begin = out.Reserve(7);
  char* end = WriteVarint(begin, static_cast<uint32_t>(count << 1));
  *end++ = static_cast<char>(id);
  if (width > 8) *end++ = static_cast<char>(id >> 8);
  out.Advance(static_cast<size_t>(end - begin));
}

}  // namespace

int BitWidth(uint32_t most) {
  return std::max(1, static_cast<int>(std::bit_width(most)));
}

char* PackBools(const uint8_t* bools, size_t count, char* out) {
  // Byte i holds bit 8i of the word; the factor moves it to bit 56 + i and nothing else there.
  constexpr uint64_t kGather = 0x0102'0408'1020'4080;
  size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    *out++ = static_cast<char>(LoadAs<uint64_t>(bools + i) * kGather >> 56);
  }
  if (i < count) {
    uint64_t last = 0;
    std::memcpy(&last, bools + i, count - i);
    *out++ = static_cast<char>(last * kGather >> 56);
  }
  return out;
}

char* WriteLevelsBefore(char* end, std::span<const uint8_t> present, size_t ones) {
  const bool equal = ones == 0 || ones == present.size();
  const size_t bytes = equal ? 1 : (present.size() + 7) / 8;
  char header[5];
  const uint32_t run =
      equal ? static_cast<uint32_t>(present.size() << 1) : static_cast<uint32_t>(bytes << 1 | 1);
  const size_t header_size = static_cast<size_t>(WriteVarint(header, run) - header);
  char* const begin = end - bytes - header_size - 4;
  StoreAs(begin, static_cast<uint32_t>(header_size + bytes));
  std::memcpy(begin + 4, header, header_size);
  if (equal) {
    end[-1] = ones == 0 ? 0 : 1;
  } else {
    PackBools(present.data(), present.size(), begin + 4 + header_size);
  }
  return begin;
}

void AppendIds(std::span<const uint16_t> ids, int width, ByteBuffer& out) {
  SLUICE_CHECK(width >= 1 && width <= 16);
  size_t packed_from = 0;
  for (size_t at = 0; at + kGroup <= ids.size();) {
    const uint16_t id = ids[at];
    size_t end = at;
    while (end + kGroup <= ids.size() && GroupIs(ids.data() + end, id)) end += kGroup;
    if (end - at < kShortestRunInGroups * kGroup) {
      at = std::max(end, at + kGroup);
      continue;
    }
    // A bit-packed run is whole groups, so only the last one of the page may be filled up.
    while (end < ids.size() && ids.size() - end < kGroup && ids[end] == id) ++end;
    AppendPackedRun(ids.subspan(packed_from, at - packed_from), width, out);
    AppendEqualRun(id, end - at, width, out);
    at = packed_from = end;
  }
  AppendPackedRun(ids.subspan(packed_from), width, out);
}

namespace {

// Appends `count` values of `width` bits.
void Unpack(const char* data, size_t size, int width, size_t count, std::vector<uint32_t>& out) {
  const uint64_t mask = (uint64_t{1} << width) - 1;
  uint64_t bits = 0;
  int held = 0;
  for (size_t at = 0; count > 0; --count) {
    for (; held < width; held += 8) {
      const uint64_t next = at < size ? static_cast<uint8_t>(data[at]) : 0;
      ++at;
      bits |= next << held;
    }
    out.push_back(static_cast<uint32_t>(bits & mask));
    bits >>= width;
    held -= width;
  }
}

}  // namespace

Status DecodeHybrid(std::string_view data, int width, size_t count, std::vector<uint32_t>& out) {
  if (width < 1 || width > 16) return Fail(ErrorKind::kBadData, "bit width {}", width);
  out.clear();
  out.reserve(count);
  size_t at = 0;
  while (out.size() < count) {
    uint32_t header = 0;
    for (int shift = 0;; shift += 7) {
      if (at == data.size()) return Fail(ErrorKind::kBadData, "runs cut short");
      const uint8_t byte = static_cast<uint8_t>(data[at++]);
      if (shift == 28 && byte > 7) return Fail(ErrorKind::kBadData, "run too long");
      header |= static_cast<uint32_t>(byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    const size_t rest = data.size() - at, wanted = count - out.size();
    if ((header & 1) == 1) {
      const size_t groups = header >> 1, bytes = groups * static_cast<size_t>(width);
      if (groups == 0 || bytes > rest || groups > (wanted + kGroup - 1) / kGroup) {
        return Fail(ErrorKind::kBadData, "bit-packed run of {} groups where {} values are left",
                    groups, wanted);
      }
      Unpack(data.data() + at, bytes, width, std::min(groups * kGroup, wanted), out);
      at += bytes;
    } else {
      const size_t run = header >> 1, bytes = width > 8 ? 2 : 1;
      if (run == 0 || bytes > rest || run > wanted) {
        return Fail(ErrorKind::kBadData, "run of {} where {} values are left", run, wanted);
      }
      uint32_t value = static_cast<uint8_t>(data[at]);
      if (bytes == 2) value |= static_cast<uint32_t>(static_cast<uint8_t>(data[at + 1])) << 8;
      if (value >> width != 0) return Fail(ErrorKind::kBadData, "run of too large a value");
      out.insert(out.end(), run, value);
      at += bytes;
    }
  }
  if (at != data.size()) {
    return Fail(ErrorKind::kBadData, "{} bytes behind the last run", data.size() - at);
  }
  return {};
}

}  // namespace sluice
