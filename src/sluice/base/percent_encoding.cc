// SPDX-License-Identifier: Apache-2.0
#include "sluice/base/percent_encoding.h"

#include <charconv>

namespace sluice {
namespace {

bool IsUnreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-._~").contains(c);
}

}  // namespace

void AppendPercent(std::string& out, char c) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  out += '%';
  out += kDigits[byte >> 4];
  out += kDigits[byte & 15];
}

void AppendPercentEncoded(std::string& out, std::string_view text, std::string_view also_plain) {
  for (const char c : text) {
    if (IsUnreserved(c) || also_plain.contains(c)) {
      out += c;
    } else {
      AppendPercent(out, c);
    }
  }
}

Result<std::string> DecodeForm(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      decoded += ' ';
    } else if (text[i] == '%') {
      const std::string_view digits = text.substr(i + 1, 2);
      unsigned char byte = 0;
      const char* const end = digits.data() + digits.size();
      if (digits.size() != 2 || std::from_chars(digits.data(), end, byte, 16).ptr != end)
        return Fail(ErrorKind::kBadData, "a '%' without two hexadecimal digits at byte {}", i);
      decoded += static_cast<char>(byte);
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

}  // namespace sluice
