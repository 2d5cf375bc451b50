// SPDX-License-Identifier: Apache-2.0
#include "sluice/codec/stream_codec_zstd_header.h"

#include <algorithm>
#include <cstdint>

namespace sluice {
namespace {

constexpr std::string_view kMagic = "\x28\xB5\x2F\xFD";
constexpr size_t kSkippableHeaderSize = 8;
constexpr size_t kBlockHeaderSize = 3;
constexpr uint32_t kRepeatedByte = 1, kReservedBlock = 3;  // types of blocks

uint32_t LittleEndian(std::string_view bytes) {
  uint32_t number = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    number |= uint32_t{static_cast<uint8_t>(bytes[i])} << 8 * i;
  }
  return number;
}

// RFC 8878 §3.1.2: 0x184D2A50 to 0x184D2A5F.
bool MayBeSkippable(std::string_view front) {
  return !front.empty() && (front[0] & 0xF0) == 0x50 &&
         std::string_view("\x2A\x4D\x18").starts_with(front.substr(1, 3));
}

bool HasChecksum(std::string_view frame) {
  return (frame[4] & 4) != 0;
}

}  // namespace

size_t ZstdHeaderSize(std::string_view front) {
  if (front.size() < 5) return 5;
  if (MayBeSkippable(front)) return kSkippableHeaderSize;
  const uint8_t descriptor = static_cast<uint8_t>(front[4]);
  const size_t is_single_segment = descriptor >> 5 & 1;
  const size_t content_size = descriptor >> 6 == 0 ? is_single_segment : 1U << (descriptor >> 6);
  const size_t dictionary_id = (1U << (descriptor & 3)) >> 1;  // 0, 1, 2 or 4
  return 5 + (1 - is_single_segment) + dictionary_id + content_size;
}

bool MayBeZstdFrame(std::string_view front) {
  return kMagic.starts_with(front.substr(0, kMagic.size())) || MayBeSkippable(front);
}

size_t ZstdFrameWalk::FindEnd(std::string_view bytes) {
  if (end_ == 0 && at_ == 0) {
    const size_t header = ZstdHeaderSize(bytes);
    if (!MayBeZstdFrame(bytes) || bytes.size() < header) return 0;
    at_ = header;
    if (MayBeSkippable(bytes)) end_ = header + LittleEndian(bytes.substr(4, 4));
  }
  while (end_ == 0 && bytes.size() >= at_ + kBlockHeaderSize) {
    const uint32_t block = LittleEndian(bytes.substr(at_, kBlockHeaderSize));
    const uint32_t type = block >> 1 & 3;
    if (type == kReservedBlock) return 0;
    at_ += kBlockHeaderSize + (type == kRepeatedByte ? 1 : block >> 3);
    if ((block & 1) != 0) end_ = at_ + (HasChecksum(bytes) ? 4 : 0);
  }
  return end_;
}

}  // namespace sluice
