// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice {

// A field of a message: its number, and its value where it is a number or bytes.
struct ProtobufField {
  enum class Type { kVarint, kFixed64, kBytes, kFixed32 };
  uint32_t number = 0;
  Type type = Type::kVarint;
  uint64_t value = 0;      // of a varint; 0 else
  std::string_view bytes;  // of bytes, and of the other two as they stand
};

// Takes a message of protocol buffers apart (Protocol Buffers, "Encoding"), field by field, without
// its schema and without looking into what is nested. Groups, which nobody writes any more, are
// refused. Never reads outside the text, copies nothing, and takes time linear in it. Fuzzed with
// KPL's records.
class ProtobufReader {
 public:
  // `text` outlives the fields.
  explicit ProtobufReader(std::string_view text) : rest_(text) {}

  // The next field; nothing at the end, and where the text is no message.
  std::optional<ProtobufField> Next();
  // Of a Next that gave nothing: the text ended behind a field.
  bool is_whole() const { return !is_broken_; }

 private:
  std::optional<uint64_t> Varint();
  std::optional<std::string_view> Take(uint64_t size);
  std::optional<ProtobufField> Read();

  std::string_view rest_;
  bool is_broken_ = false;
};

}  // namespace sluice
