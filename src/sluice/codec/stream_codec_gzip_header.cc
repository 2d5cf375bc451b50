// SPDX-License-Identifier: Apache-2.0
#include "sluice/codec/stream_codec_gzip_header.h"

#include <isa-l.h>

namespace sluice {
namespace {

// RFC 1952 §2.3.1.
enum Flag : uint8_t { kHasChecksum = 2, kHasExtra = 4, kHasName = 8, kHasComment = 16 };
constexpr uint8_t kReservedFlags = 0xE0;
constexpr uint32_t kFixedSize = 10;

}  // namespace

std::string_view GzipHeader::Take(uint8_t byte) {
  if (place_ != Place::kChecksum) crc_ = crc32_gzip_refl(crc_, &byte, 1);
  ++at_;
  switch (place_) {
    case Place::kFixed:
      return TakeFixed(byte);
    case Place::kExtraLength:
      extra_length_ |= uint32_t{byte} << 8 * (at_ - 1);
      if (at_ == 2) Advance();
      return {};
    case Place::kExtra:
      if (at_ == extra_length_) Advance();
      return {};
    case Place::kName:
    case Place::kComment:
      if (byte == 0) Advance();
      return {};
    case Place::kChecksum:
      stated_ |= uint32_t{byte} << 8 * (at_ - 1);
      if (at_ == 2) Advance();
      return at_ == 0 && stated_ != (crc_ & 0xFFFF) ? "the header's CRC does not match" : "";
    case Place::kEnd:
      break;
  }
  return {};
}

std::string_view GzipHeader::TakeFixed(uint8_t byte) {
  if ((at_ == 1 && byte != 0x1F) || (at_ == 2 && byte != 0x8B)) {
    return "bytes behind the last member that are no gzip header";
  }
  if (at_ == 3 && byte != 8) return "compression method is not deflate";
  if (at_ == 4) flags_ = byte;
  if (at_ == 4 && (byte & kReservedFlags) != 0) return "a reserved flag is set in the header";
  if (at_ == kFixedSize) Advance();
  return {};
}

void GzipHeader::Advance() {
  at_ = 0;
  for (;;) {
    place_ = static_cast<Place>(static_cast<int>(place_) + 1);
    const bool is_there = place_ == Place::kEnd ||
                          (place_ == Place::kExtraLength && (flags_ & kHasExtra) != 0) ||
                          (place_ == Place::kExtra && extra_length_ > 0) ||
                          (place_ == Place::kName && (flags_ & kHasName) != 0) ||
                          (place_ == Place::kComment && (flags_ & kHasComment) != 0) ||
                          (place_ == Place::kChecksum && (flags_ & kHasChecksum) != 0);
    if (is_there) return;
  }
}

}  // namespace sluice
