// SPDX-License-Identifier: Apache-2.0
#include "sluice/base/json_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sluice/base/utf8.h"

namespace sluice {

void AppendJsonString(std::string& out, std::string_view text) {
  const auto is_plain = [](char c) { return c >= 0x20 && c < 0x7F && c != '"' && c != '\\'; };
  out += '"';
  while (!text.empty()) {
    const auto special = std::ranges::find_if_not(text, is_plain);
    const auto plain = static_cast<size_t>(special - text.begin());
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    const unsigned char c = static_cast<unsigned char>(text.front());
    size_t n = 1;
    if (c == '"' || c == '\\') {
      out += '\\';
      out += text.front();
    } else if (c == '\n') {
      out += "\\n";
    } else if (c < 0x20 || c == 0x7F) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", c);
    } else if (n = Utf8SequenceLength(text); n != 0) {
      out += text.substr(0, n);
    } else {
      out += "\xEF\xBF\xBD";
      n = 1;
    }
    text.remove_prefix(n);
  }
  out += '"';
}

void JsonText::Separate() {
  if (after_key_) {
    after_key_ = false;
  } else if (!has_items_.empty()) {
    if (has_items_.back()) text_ += ',';
    has_items_.back() = true;
  }
}

JsonText& JsonText::Begin(char bracket) {
  Separate();
  text_ += bracket;
  has_items_.push_back(false);
  return *this;
}

JsonText& JsonText::End(char bracket) {
  text_ += bracket;
  has_items_.pop_back();
  return *this;
}

JsonText& JsonText::Key(std::string_view key) {
  Separate();
  AppendJsonString(text_, key);
  text_ += ':';
  after_key_ = true;
  return *this;
}

JsonText& JsonText::Value(std::string_view text) {
  Separate();
  AppendJsonString(text_, text);
  return *this;
}

JsonText& JsonText::Value(int64_t number) {
  Separate();
  fmt::format_to(std::back_inserter(text_), "{}", number);
  return *this;
}

JsonText& JsonText::Value(uint64_t number) {
  Separate();
  fmt::format_to(std::back_inserter(text_), "{}", number);
  return *this;
}

JsonText& JsonText::Value(double number) {
  if (!std::isfinite(number)) return Null();
  Separate();
  fmt::format_to(std::back_inserter(text_), "{}", number);
  return *this;
}

JsonText& JsonText::Value(bool truth) {
  Separate();
  text_ += truth ? "true" : "false";
  return *this;
}

JsonText& JsonText::Null() {
  return Json("null");
}

JsonText& JsonText::Json(std::string_view json) {
  Separate();
  text_ += json;
  return *this;
}

}  // namespace sluice
