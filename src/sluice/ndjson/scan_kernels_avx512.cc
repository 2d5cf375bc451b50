// SPDX-License-Identifier: Apache-2.0
// AVX-512 with VBMI2 (Intel Ice Lake, AMD Zen 4 and later).
#ifdef __x86_64__
#include <immintrin.h>

#include "sluice/ndjson/scan_kernels_of.h"

// g++ 12 takes what its own header leaves undefined on purpose for a mistake.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#ifdef __clang__
#pragma clang attribute push(                                                                  \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi2,bmi,bmi2,popcnt"))), \
    apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi2,bmi,bmi2,popcnt")
#endif
#include "sluice/ndjson/index_blocks.h"
#include "sluice/ndjson/line_blocks.h"
#include "sluice/ndjson/unescape_blocks.h"

namespace sluice {
namespace {

class IndexSimd {
 public:
  // Written out: what the compiler makes by itself does not have the instructions.
  IndexSimd() : all_(_mm512_setzero_si512()) {}

  BlockBits Load(const char* block) {
    const __m512i bytes = _mm512_loadu_si512(block);
    all_ = _mm512_or_si512(all_, bytes);
    return {.quotes = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('"')),
            .backslashes = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('\\')),
            .newlines = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('\n')),
            .controls = _mm512_cmplt_epu8_mask(bytes, _mm512_set1_epi8(0x20))};
  }

  // VPCOMPRESSB leaves the numbers of the set bits side by side; PEXT does the same to the marks.
  static uint32_t* Emit(uint32_t* out, uint32_t begin, uint64_t quotes, uint64_t escaped) {
    const __m512i numbers = _mm512_set_epi8(
        63, 62, 61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47, 46, 45, 44, 43, 42, 41,
        40, 39, 38, 37, 36, 35, 34, 33, 32, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18,
        17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    const __m512i places = _mm512_maskz_compress_epi8(quotes, numbers);
    const uint64_t marks = _pext_u64(escaped, quotes);
    const int count = static_cast<int>(_mm_popcnt_u64(quotes));
    Widen(out, begin, _mm512_castsi512_si128(places), marks);
    if (count > 16) [[unlikely]] {
      Widen(out + 16, begin, _mm512_extracti32x4_epi32(places, 1), marks >> 16);
      Widen(out + 32, begin, _mm512_extracti32x4_epi32(places, 2), marks >> 32);
      Widen(out + 48, begin, _mm512_extracti32x4_epi32(places, 3), marks >> 48);
    }
    return out + count;
  }

  bool has_high_bit() const { return _mm512_movepi8_mask(all_) != 0; }

 private:
  static void Widen(uint32_t* out, uint32_t begin, __m128i places, uint64_t marks) {
    const __m512i offsets =
        _mm512_add_epi32(_mm512_cvtepu8_epi32(places), _mm512_set1_epi32(static_cast<int>(begin)));
    const __m512i mark = _mm512_set1_epi32(static_cast<int>(StructuralIndex::kEscaped));
    const auto marked = static_cast<__mmask16>(marks);
    _mm512_storeu_si512(out, _mm512_mask_or_epi32(offsets, marked, offsets, mark));
  }

  __m512i all_;
};

class UnescapeSimd {
 public:
  explicit UnescapeSimd(const char* block) : bytes_(_mm512_loadu_si512(block)) {}

  EscapeBits Bits() const {
    const uint64_t backslashes = Equal('\\');
    return {.backslashes = backslashes, .themselves = backslashes | Equal('"') | Equal('/')};
  }
  void Copy(char* out) const { _mm512_storeu_si512(out, bytes_); }
  char* Keep(char* out, uint64_t bytes) const {
    _mm512_storeu_si512(out, _mm512_maskz_compress_epi8(bytes, bytes_));
    return out + _mm_popcnt_u64(bytes);
  }

 private:
  uint64_t Equal(char c) const { return _mm512_cmpeq_epi8_mask(bytes_, _mm512_set1_epi8(c)); }

  const __m512i bytes_;
};

// Eight pairs (end of a string, begin of the next) at once, each in a lane of 64 bits.
class GapSimd {
 public:
  static constexpr size_t kStrings = 8;
  explicit GapSimd(uint32_t gap)
      : wanted_(_mm512_set1_epi64(gap)),
        offset_(_mm512_set1_epi32(static_cast<int>(~StructuralIndex::kEscaped))),
        low_(_mm512_set1_epi64(0xFFFF'FFFF)) {}

  uint64_t Equal(const uint32_t* ends) const {
    const __m512i pairs = _mm512_and_si512(_mm512_loadu_si512(ends), offset_);
    const __m512i gaps =
        _mm512_sub_epi64(_mm512_srli_epi64(pairs, 32), _mm512_and_si512(pairs, low_));
    return _mm512_cmpeq_epi64_mask(gaps, wanted_);
  }

 private:
  const __m512i wanted_, offset_, low_;
};

struct LiteralSimd {
  static uint32_t Differing(const char* at, const Literal& literal) {
    const __m256i found = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
    const __m256i wanted = _mm256_load_si256(reinterpret_cast<const __m256i*>(literal.head));
    return _mm256_cmpneq_epi8_mask(found, wanted);
  }
};

}  // namespace

const ScanKernels kAvx512Kernels = {.index = IndexBlocks<IndexSimd>,
                                    .gaps = MeasureGaps<GapSimd>,
                                    .hold = HoldLiterals<LiteralSimd>,
                                    .unescape = UnescapeBlocks<UnescapeSimd>};

}  // namespace sluice
#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif
