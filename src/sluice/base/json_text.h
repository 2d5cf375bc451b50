// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

// Appends `text` as a JSON string with its quotes (RFC 8259 §7). Bytes that are not UTF-8 become
// U+FFFD.
void AppendJsonString(std::string& out, std::string_view text);

// Writes one JSON document, compact, keys in the order given. Calls must nest:
//   JsonText j; j.BeginObject().Key("n").Value(3).EndObject(); j.text()
class JsonText {
 public:
  JsonText& BeginObject() { return Begin('{'); }
  JsonText& EndObject() { return End('}'); }
  JsonText& BeginArray() { return Begin('['); }
  JsonText& EndArray() { return End(']'); }
  JsonText& Key(std::string_view key);
  JsonText& Value(std::string_view text);
  JsonText& Value(const char* text) { return Value(std::string_view(text)); }
  JsonText& Value(int64_t number);
  JsonText& Value(uint64_t number);
  JsonText& Value(int number) { return Value(static_cast<int64_t>(number)); }
  JsonText& Value(double number);  // not finite: null
  JsonText& Value(bool truth);
  JsonText& Null();
  JsonText& Json(std::string_view json);  // one value, as it is

  const std::string& text() const { return text_; }

 private:
  JsonText& Begin(char bracket);
  JsonText& End(char bracket);
  void Separate();

  std::string text_;
  std::vector<bool> has_items_;
  bool after_key_ = false;
};

}  // namespace sluice
