// SPDX-License-Identifier: Apache-2.0
#pragma once

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "sluice/ndjson/json_value.h"

namespace sluice {

// Steps over JSON text (RFC 8259), validating it. Every function takes a place in a line and
// returns the place behind what it stepped over, or null where that is not what stands there. The
// line ends with '\n', which no JSON token holds, so nothing runs past it; kScanPadding bytes
// behind the '\n' are readable.
inline constexpr size_t kScanPadding = 64;

inline const char* SkipBlanks(const char* at) {
  while (*at == ' ' || *at == '\t' || *at == '\r') ++at;
  return at;
}

inline bool EndsStringRun(char c) {
  return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20;
}

#ifdef __SSE2__
// Bit i: byte i ends a run of plain characters in a string (a quote, backslash or control
// character).
inline unsigned StringStops(__m128i bytes) {
  const __m128i quotes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
  const __m128i backslashes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
  const __m128i controls = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1F)), bytes);
  return static_cast<unsigned>(
      _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quotes, backslashes), controls)));
}
#endif

// The next quote, backslash or control character.
inline const char* FindStringStop(const char* at) {
#ifdef __SSE2__
  for (;; at += sizeof(__m128i)) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    if (const unsigned stops = StringStops(bytes); stops != 0) return at + std::countr_zero(stops);
  }
#else
  while (!EndsStringRun(*at)) ++at;
  return at;
#endif
}

// The same, copying what is before it to `out`, of which 15 bytes more than that may be written.
inline const char* CopyToStringStop(const char* at, char*& out) {
#ifdef __SSE2__
  for (;; at += sizeof(__m128i), out += sizeof(__m128i)) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out), bytes);
    if (const unsigned stops = StringStops(bytes); stops != 0) {
      out += std::countr_zero(stops);
      return at + std::countr_zero(stops);
    }
  }
#else
  while (!EndsStringRun(*at)) *out++ = *at++;
  return at;
#endif
}

// From a backslash.
const char* SkipEscape(const char* at);
const char* SkipNumber(const char* at);
// "true", "false" or "null" at `at`.
const char* SkipLiteral(const char* at, std::string_view literal);

// Number, true, false or null, if `text` is one of them and nothing else.
std::optional<JsonKind> ScalarKind(std::string_view text);

// What unescaping a string found in it.
struct StringTraits {
  bool has_lone_surrogate = false;
  bool has_nul = false;
  bool has_noncharacter = false;  // escaped; see HasNoncharacter
};

// From a backslash in a string to its closing quote or the first byte that may not stand there; the
// caller looks which. Writes the characters to `out`, which moves on by no more than `at` does
// (half a surrogate pair as three bytes, which no UTF-8 holds); 15 bytes more may be written.
const char* Unescape(const char* at, char*& out, StringTraits& traits);

// One escape, from its backslash: returns the place behind it, or null where it is none of JSON's.
const char* UnescapeOne(const char* at, char*& out, StringTraits& traits);

// Whether a JSON text that is known to be valid holds \ud800 … \udfff without its partner.
bool HasLoneSurrogate(std::string_view json);

}  // namespace sluice
