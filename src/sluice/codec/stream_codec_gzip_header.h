// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace sluice {

// Reads past the header of a gzip member (RFC 1952 §2.3) byte by byte: its optional fields may be
// long and the input may be cut anywhere. (ISA-L 2.30 has a reader of its own, which fails on
// headers that come in pieces.)
class GzipHeader {
 public:
  // Takes the next byte; the answer is empty or says what is wrong. Not to be called when done.
  std::string_view Take(uint8_t byte);
  // Whether the last byte was the header's last.
  bool done() const { return place_ == Place::kEnd; }

 private:
  // In the order in which they stand.
  enum class Place { kFixed, kExtraLength, kExtra, kName, kComment, kChecksum, kEnd };

  std::string_view TakeFixed(uint8_t byte);
  // Goes on to the next part that the flags announce.
  void Advance();

  Place place_ = Place::kFixed;
  uint32_t at_ = 0;  // bytes of this part so far
  uint8_t flags_ = 0;
  uint32_t extra_length_ = 0;
  uint32_t crc_ = 0;     // of the bytes before the checksum
  uint32_t stated_ = 0;  // the checksum in the header
};

}  // namespace sluice
