// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

// Stands in for OpenSSL: all of it that base/base64.cc uses (RFC 4648, section 4).

inline constexpr std::string_view kBase64Alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// Writes the text of `size` bytes and a NUL; returns the length of the text.
inline int EVP_EncodeBlock(unsigned char* out, const unsigned char* bytes, int size) {
  const unsigned char* const begin = out;
  for (int at = 0; at < size; at += 3) {
    uint32_t three = 0;
    for (int i = 0; i < 3; ++i) three = three << 8 | (at + i < size ? bytes[at + i] : 0U);
    for (int i = 0; i < 4; ++i) {
      const char digit = kBase64Alphabet[three >> (18 - 6 * i) & 63];
      *out++ = static_cast<unsigned char>(at + i <= size ? digit : '=');
    }
  }
  *out = '\0';
  return static_cast<int>(out - begin);
}

// `size` is a multiple of four. Returns the number of bytes, with those that padding stands for;
// -1 where the text has another character.
inline int EVP_DecodeBlock(unsigned char* out, const unsigned char* text, int size) {
  for (int at = 0; at < size; at += 4) {
    uint32_t three = 0;
    for (int i = 0; i < 4; ++i) {
      const bool is_padding = text[at + i] == '=' && at + i >= size - 2;
      const size_t digit = kBase64Alphabet.find(static_cast<char>(text[at + i]));
      if (digit == std::string_view::npos && !is_padding) return -1;
      three = three << 6 | (is_padding ? 0U : static_cast<uint32_t>(digit));
    }
    for (int i = 0; i < 3; ++i) *out++ = static_cast<unsigned char>(three >> (16 - 8 * i));
  }
  return size / 4 * 3;
}
