// SPDX-License-Identifier: Apache-2.0
#include "sluice/event/url_encoding.h"

#include <charconv>

namespace sluice {

std::string EncodeEventKey(std::string_view key) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-._*/").contains(c);
  };
  std::string text;
  text.reserve(key.size());
  for (const char c : key) {
    const auto byte = static_cast<unsigned char>(c);
    if (is_plain(c)) {
      text += c;
    } else if (c == ' ') {
      text += '+';
    } else {
      text += '%';
      text += kDigits[byte >> 4];
      text += kDigits[byte & 15];
    }
  }
  return text;
}

Result<std::string> DecodeEventKey(std::string_view text) {
  std::string key;
  key.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      key += ' ';
    } else if (text[i] == '%') {
      const std::string_view digits = text.substr(i + 1, 2);
      unsigned char byte = 0;
      const char* const end = digits.data() + digits.size();
      if (digits.size() != 2 || std::from_chars(digits.data(), end, byte, 16).ptr != end)
        return Fail(ErrorKind::kBadData, "a '%' without two hexadecimal digits at byte {}", i);
      key += static_cast<char>(byte);
      i += 2;
    } else {
      key += text[i];
    }
  }
  return key;
}

}  // namespace sluice
