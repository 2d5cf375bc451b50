// SPDX-License-Identifier: Apache-2.0
#include "sluice/event/protobuf_reader.h"

namespace sluice {

std::optional<uint64_t> ProtobufReader::Varint() {
  uint64_t value = 0;
  for (int shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
    const auto byte = static_cast<uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    if (shift == 63 && byte > 1) return std::nullopt;  // more than 64 bits
    value |= uint64_t{byte & 0x7Fu} << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

std::optional<std::string_view> ProtobufReader::Take(uint64_t size) {
  if (size > rest_.size()) return std::nullopt;
  const std::string_view bytes = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return bytes;
}

std::optional<ProtobufField> ProtobufReader::Read() {
  constexpr uint64_t kMostNumber = (1 << 29) - 1;
  const auto tag = Varint();
  if (!tag || *tag >> 3 == 0 || *tag >> 3 > kMostNumber) return std::nullopt;
  ProtobufField field{.number = static_cast<uint32_t>(*tag >> 3)};
  std::optional<uint64_t> number = 0;
  std::optional<std::string_view> bytes = std::string_view();
  switch (*tag & 7) {
    case 0:
      number = Varint();
      break;
    case 1:
      field.type = ProtobufField::Type::kFixed64;
      bytes = Take(8);
      break;
    case 2: {
      field.type = ProtobufField::Type::kBytes;
      const auto size = Varint();
      if (!size) return std::nullopt;
      bytes = Take(*size);
      break;
    }
    case 5:
      field.type = ProtobufField::Type::kFixed32;
      bytes = Take(4);
      break;
    default:
      return std::nullopt;
  }
  if (!number || !bytes) return std::nullopt;
  field.value = *number;
  field.bytes = *bytes;
  return field;
}

std::optional<ProtobufField> ProtobufReader::Next() {
  if (is_broken_ || rest_.empty()) return std::nullopt;
  const auto field = Read();
  is_broken_ = !field;
  return field;
}

}  // namespace sluice
