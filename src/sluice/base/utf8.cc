// SPDX-License-Identifier: Apache-2.0
#include "sluice/base/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace sluice {

size_t Utf8SequenceLength(std::string_view text) {
  if (text.empty()) return 0;
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto continues = [&](size_t i, unsigned low = 0x80, unsigned high = 0xBF) {
    return i < text.size() && byte(i) >= low && byte(i) <= high;
  };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return continues(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const unsigned low = first == 0xE0 ? 0xA0 : 0x80, high = first == 0xED ? 0x9F : 0xBF;
    return continues(1, low, high) && continues(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const unsigned low = first == 0xF0 ? 0x90 : 0x80, high = first == 0xF4 ? 0x8F : 0xBF;
    return continues(1, low, high) && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    const size_t n = Utf8SequenceLength(text);
    if (n == 0) return false;
    text.remove_prefix(n);
  }
  return true;
}

bool IsAscii(std::string_view text) {
  uint64_t any = 0;
  const char* at = text.data();
  size_t left = text.size();
  for (; left >= sizeof any; left -= sizeof any, at += sizeof any) {
    uint64_t word;
    __builtin_memcpy(&word, at, sizeof word);
    any |= word;
  }
  for (; left > 0; --left) any |= static_cast<unsigned char>(*at++);
  return (any & 0x8080'8080'8080'8080) == 0;
}

bool HasNoncharacter(std::string_view text) {
  const size_t first = text.find('\xEF');
  if (first == std::string_view::npos) return false;
  // Without a branch, so that a compiler makes it a loop over vectors: some scripts begin with that
  // byte throughout.
  unsigned char any = 0;
  const auto* const bytes = reinterpret_cast<const unsigned char*>(text.data());
  for (size_t i = first + 2; i < text.size(); ++i) {
    const bool is_one = (bytes[i - 2] == 0xEF) & (bytes[i - 1] == 0xBF) & ((bytes[i] | 1) == 0xBF);
    any |= static_cast<unsigned char>(is_one);
  }
  return any != 0;
}

std::string_view Utf8Prefix(std::string_view text, size_t limit) {
  if (text.size() <= limit) return text;
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0) == 0x80) --limit;
  return text.substr(0, limit);
}

std::string WithoutControls(std::string_view text) {
  std::string shown;
  while (!text.empty()) {
    const auto byte = static_cast<unsigned char>(text.front());
    const size_t length = Utf8SequenceLength(text);
    if (byte < 0x20 || byte == 0x7F) {
      fmt::format_to(std::back_inserter(shown), "\\u{:04x}", byte);
    } else {
      shown += length > 0 ? text.substr(0, length) : "\xEF\xBF\xBD";
    }
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  return shown;
}

}  // namespace sluice
