// SPDX-License-Identifier: Apache-2.0
// AVX2 with BMI (Intel Haswell, AMD Zen and later).
#ifdef __x86_64__
#include <immintrin.h>

#include "sluice/ndjson/compaction_table.h"
#include "sluice/ndjson/scan_kernels_of.h"

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,bmi,bmi2,popcnt"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,bmi,bmi2,popcnt")
#endif
#include "sluice/ndjson/emit_bits.h"
#include "sluice/ndjson/index_blocks.h"
#include "sluice/ndjson/line_blocks.h"
#include "sluice/ndjson/unescape_blocks.h"

namespace sluice {
namespace {

// 64 bytes as two registers.
struct Bytes64 {
  __m256i low, high;

  static Bytes64 At(const char* block) {
    return {_mm256_loadu_si256(reinterpret_cast<const __m256i*>(block)),
            _mm256_loadu_si256(reinterpret_cast<const __m256i*>(block + 32))};
  }
  static uint64_t Signs(__m256i low, __m256i high) {
    return static_cast<uint32_t>(_mm256_movemask_epi8(low)) |
           uint64_t{static_cast<uint32_t>(_mm256_movemask_epi8(high))} << 32;
  }
  uint64_t Equal(char c) const {
    const __m256i wanted = _mm256_set1_epi8(c);
    return Signs(_mm256_cmpeq_epi8(low, wanted), _mm256_cmpeq_epi8(high, wanted));
  }
  uint64_t AtMost(char c) const {
    const __m256i most = _mm256_set1_epi8(c);
    return Signs(_mm256_cmpeq_epi8(_mm256_min_epu8(low, most), low),
                 _mm256_cmpeq_epi8(_mm256_min_epu8(high, most), high));
  }
};

class IndexSimd {
 public:
  // Written out: what the compiler makes by itself does not have the instructions.
  IndexSimd() : all_(_mm256_setzero_si256()) {}

  BlockBits Load(const char* block) {
    const Bytes64 bytes = Bytes64::At(block);
    all_ = _mm256_or_si256(all_, _mm256_or_si256(bytes.low, bytes.high));
    return {.quotes = bytes.Equal('"'),
            .backslashes = bytes.Equal('\\'),
            .newlines = bytes.Equal('\n'),
            .controls = bytes.AtMost(0x1F)};
  }
  static uint32_t* Emit(uint32_t* out, uint32_t begin, uint64_t quotes, uint64_t escaped) {
    return EmitBits<IndexSimd>(out, begin, quotes, escaped);
  }
  bool has_high_bit() const { return _mm256_movemask_epi8(all_) != 0; }

 private:
  __m256i all_;
};

class UnescapeSimd {
 public:
  explicit UnescapeSimd(const char* block) : block_(block), bytes_(Bytes64::At(block)) {}

  EscapeBits Bits() const {
    const uint64_t backslashes = bytes_.Equal('\\');
    return {.backslashes = backslashes,
            .themselves = backslashes | bytes_.Equal('"') | bytes_.Equal('/')};
  }
  void Copy(char* out) const {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), bytes_.low);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + 32), bytes_.high);
  }
  // Eight bytes at a time, by a table of how to move them.
  char* Keep(char* out, uint64_t bytes) const {
    for (size_t i = 0; i < 64; i += 8) {
      const uint8_t kept = static_cast<uint8_t>(bytes >> i);
      const __m128i eight = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(block_ + i));
      const __m128i order =
          _mm_loadl_epi64(reinterpret_cast<const __m128i*>(kCompaction[kept].data()));
      _mm_storel_epi64(reinterpret_cast<__m128i*>(out), _mm_shuffle_epi8(eight, order));
      out += _mm_popcnt_u32(kept);
    }
    return out;
  }

 private:
  const char* const block_;
  const Bytes64 bytes_;
};

// Four pairs (end of a string, begin of the next) at once, each in a lane of 64 bits.
class GapSimd {
 public:
  static constexpr size_t kStrings = 4;
  explicit GapSimd(uint32_t gap)
      : wanted_(_mm256_set1_epi64x(gap)),
        offset_(_mm256_set1_epi32(static_cast<int>(~StructuralIndex::kEscaped))),
        low_(_mm256_set1_epi64x(0xFFFF'FFFF)) {}

  uint64_t Equal(const uint32_t* ends) const {
    const __m256i pairs =
        _mm256_and_si256(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(ends)), offset_);
    const __m256i gaps =
        _mm256_sub_epi64(_mm256_srli_epi64(pairs, 32), _mm256_and_si256(pairs, low_));
    const __m256i equal = _mm256_cmpeq_epi64(gaps, wanted_);
    return static_cast<uint64_t>(_mm256_movemask_pd(_mm256_castsi256_pd(equal)));
  }

 private:
  const __m256i wanted_, offset_, low_;
};

struct LiteralSimd {
  static uint32_t Differing(const char* at, const Literal& literal) {
    const __m256i found = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
    const __m256i wanted = _mm256_load_si256(reinterpret_cast<const __m256i*>(literal.head));
    return ~static_cast<uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(found, wanted)));
  }
};

}  // namespace

const ScanKernels kAvx2Kernels = {.index = IndexBlocks<IndexSimd>,
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
