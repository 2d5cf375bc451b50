// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/hash.h"

namespace sluice {

// A varint, and a field that holds bytes, of a message of protocol buffers.
inline std::string ProtobufVarint(uint64_t value) {
  std::string text;
  for (; value >= 0x80; value >>= 7) text += static_cast<char>(value | 0x80);
  return text + static_cast<char>(value);
}
inline std::string ProtobufBytes(uint32_t number, std::string_view bytes) {
  return ProtobufVarint(uint64_t{number} << 3 | 2) + ProtobufVarint(bytes.size()) +
         std::string(bytes);
}

// `message` between the magic and the digest of KPL.
inline std::string KplFrame(std::string_view message) {
  std::string frame = "\xF3\x89\x9A\xC2" + std::string(message);
  for (const uint8_t byte : Md5Of(message)) frame += static_cast<char>(byte);
  return frame;
}

// What KPL makes of these data, all with the partition key "k".
inline std::string KplRecord(const std::vector<std::string>& data) {
  std::string message = ProtobufBytes(1, "k");
  for (const std::string& one : data) {
    message += ProtobufBytes(3, std::string("\x08\0", 2) + ProtobufBytes(3, one));
  }
  return KplFrame(message);
}

}  // namespace sluice
