// SPDX-License-Identifier: Apache-2.0
#include "sluice/ndjson/json_scan.h"

#include <array>
#include <cstring>

namespace sluice {
namespace {

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

constexpr uint8_t kNoHex = 0xFF;
constexpr std::array<uint8_t, 256> kHex = [] {
  std::array<uint8_t, 256> hex{};
  hex.fill(kNoHex);
  for (unsigned i = 0; i < 10; ++i) hex['0' + i] = static_cast<uint8_t>(i);
  for (unsigned i = 0; i < 6; ++i) {
    hex['a' + i] = hex['A' + i] = static_cast<uint8_t>(10 + i);
  }
  return hex;
}();

// What a backslash and this character mean; 0: nothing, or 'u'.
constexpr std::array<char, 256> kEscapes = [] {
  std::array<char, 256> escapes{};
  for (const auto& [written, meant] : {std::pair{'"', '"'},
                                       {'\\', '\\'},
                                       {'/', '/'},
                                       {'b', '\b'},
                                       {'f', '\f'},
                                       {'n', '\n'},
                                       {'r', '\r'},
                                       {'t', '\t'}}) {
    escapes[static_cast<unsigned char>(written)] = meant;
  }
  return escapes;
}();

constexpr uint32_t kNoUnit = UINT32_MAX;

// The UTF-16 unit of `\uXXXX` at `at`, or kNoUnit.
uint32_t Utf16Unit(const char* at) {
  if (at[0] != '\\' || at[1] != 'u') return kNoUnit;
  uint32_t unit = 0;
  for (int i = 2; i < 6; ++i) {
    const uint8_t digit = kHex[static_cast<unsigned char>(at[i])];
    if (digit == kNoHex) return kNoUnit;
    unit = unit << 4 | digit;
  }
  return unit;
}

bool IsHighSurrogate(uint32_t unit) {
  return unit >= 0xD800 && unit <= 0xDBFF;
}
bool IsLowSurrogate(uint32_t unit) {
  return unit >= 0xDC00 && unit <= 0xDFFF;
}

char* WriteUtf8(char* out, uint32_t code_point) {
  const auto put = [&](uint32_t byte) { *out++ = static_cast<char>(byte); };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xC0 | code_point >> 6);
    put(0x80 | (code_point & 0x3F));
  } else if (code_point < 0x10000) {
    put(0xE0 | code_point >> 12);
    put(0x80 | (code_point >> 6 & 0x3F));
    put(0x80 | (code_point & 0x3F));
  } else {
    put(0xF0 | code_point >> 18);
    put(0x80 | (code_point >> 12 & 0x3F));
    put(0x80 | (code_point >> 6 & 0x3F));
    put(0x80 | (code_point & 0x3F));
  }
  return out;
}

// From `\u`, and a second one where both make one character.
const char* UnescapeUnit(const char* at, char*& out, StringTraits& traits) {
  uint32_t code_point = Utf16Unit(at);
  if (code_point == kNoUnit) return nullptr;
  at += 6;
  if (IsHighSurrogate(code_point)) {
    const uint32_t low = *at == '\\' ? Utf16Unit(at) : kNoUnit;
    if (low != kNoUnit && IsLowSurrogate(low)) {
      code_point = 0x10000 + ((code_point - 0xD800) << 10) + (low - 0xDC00);
      at += 6;
    } else {
      traits.has_lone_surrogate = true;
    }
  } else if (IsLowSurrogate(code_point)) {
    traits.has_lone_surrogate = true;
  }
  traits.has_nul |= code_point == 0;
  traits.has_noncharacter |= (code_point | 1) == 0xFFFF;
  out = WriteUtf8(out, code_point);
  return at;
}

}  // namespace

const char* SkipEscape(const char* at) {
  if (kEscapes[static_cast<unsigned char>(at[1])] != 0) return at + 2;
  return Utf16Unit(at) == kNoUnit ? nullptr : at + 6;
}

const char* SkipNumber(const char* at) {
  if (*at == '-') ++at;
  if (*at == '0') {
    ++at;
  } else {
    if (!IsDigit(*at)) return nullptr;
    while (IsDigit(*at)) ++at;
  }
  if (*at == '.') {
    if (!IsDigit(*++at)) return nullptr;
    while (IsDigit(*at)) ++at;
  }
  if (*at == 'e' || *at == 'E') {
    ++at;
    if (*at == '+' || *at == '-') ++at;
    if (!IsDigit(*at)) return nullptr;
    while (IsDigit(*at)) ++at;
  }
  return at;
}

const char* SkipLiteral(const char* at, std::string_view literal) {
  return std::memcmp(at, literal.data(), literal.size()) == 0 ? at + literal.size() : nullptr;
}

std::optional<JsonKind> ScalarKind(std::string_view text) {
  if (text == "null") return JsonKind::kNull;
  if (text == "true") return JsonKind::kTrue;
  if (text == "false") return JsonKind::kFalse;
  if (!text.empty() && SkipNumber(text.data()) == text.data() + text.size()) {
    return JsonKind::kNumber;
  }
  return std::nullopt;
}

const char* UnescapeOne(const char* at, char*& out, StringTraits& traits) {
  const char meant = kEscapes[static_cast<unsigned char>(at[1])];
  if (meant == 0) return UnescapeUnit(at, out, traits);
  *out++ = meant;
  return at + 2;
}

const char* Unescape(const char* at, char*& out, StringTraits& traits) {
  while (*at == '\\') {
    const char* const behind = UnescapeOne(at, out, traits);
    if (behind == nullptr) return at;
    at = CopyToStringStop(behind, out);
  }
  return at;
}

bool HasLoneSurrogate(std::string_view json) {
  uint32_t before = 0;  // the unit that ends where we are, if any
  for (size_t i = json.find('\\'); i < json.size();) {
    const bool is_unit = json[i] == '\\' && json[i + 1] == 'u';
    const uint32_t unit = is_unit ? Utf16Unit(json.data() + i) : 0;
    if (IsHighSurrogate(before) != IsLowSurrogate(unit)) return true;
    before = unit;
    i += json[i] != '\\' ? 1 : is_unit ? 6 : 2;
  }
  return false;
}

}  // namespace sluice
