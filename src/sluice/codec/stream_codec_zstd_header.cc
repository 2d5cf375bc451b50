// SPDX-License-Identifier: Apache-2.0
#include "sluice/codec/stream_codec_zstd_header.h"

#include <cstdint>

namespace sluice {
namespace {

constexpr std::string_view kMagic = "\x28\xB5\x2F\xFD";
constexpr size_t kSkippableHeaderSize = 8;

// RFC 8878 §3.1.2: 0x184D2A50 to 0x184D2A5F.
bool MayBeSkippable(std::string_view front) {
  return !front.empty() && (front[0] & 0xF0) == 0x50 &&
         std::string_view("\x2A\x4D\x18").starts_with(front.substr(1, 3));
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

}  // namespace sluice
