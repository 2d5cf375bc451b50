// SPDX-License-Identifier: Apache-2.0
// NEON (every 64-bit ARM).
#ifdef __aarch64__
#include <arm_neon.h>

#include <bit>

#include "sluice/ndjson/compaction_table.h"
#include "sluice/ndjson/emit_bits.h"
#include "sluice/ndjson/index_blocks.h"
#include "sluice/ndjson/line_blocks.h"
#include "sluice/ndjson/scan_kernels_of.h"
#include "sluice/ndjson/unescape_blocks.h"

namespace sluice {
namespace {

const uint8_t* AsBytes(const char* text) {
  return reinterpret_cast<const uint8_t*>(text);
}

// NEON compares to bytes of 0xFF and 0x00 and has no instruction that gathers one bit of each.
// Instead every byte keeps the bit of its place in its eight, and three additions of neighbours
// bring the eight together in one byte; no two of them have the same bit, so none carries.
//
//   equal        FF 00 FF FF 00 00 00 FF | …
//   and          01 02 04 08 10 20 40 80 | …
//   is           01 00 04 08 00 00 00 80 | …
//   neighbours   01    0C    00    80    | …     64 bytes in two registers
//   again        0D          80          | …     in one
//   again        8D                      | …     in half of one: bit i speaks of byte i
uint8x16_t Neighbours(uint8x16_t low, uint8x16_t high) {
  constexpr uint8_t kPlaces[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
  const uint8x16_t places = vld1q_u8(kPlaces);
  return vpaddq_u8(vandq_u8(low, places), vandq_u8(high, places));
}

// 64 bytes as four registers.
struct Bytes64 {
  uint8x16_t a, b, c, d;

  static Bytes64 At(const char* block) {
    const uint8_t* const at = AsBytes(block);
    return {vld1q_u8(at), vld1q_u8(at + 16), vld1q_u8(at + 32), vld1q_u8(at + 48)};
  }
  // Of bytes that are 0xFF or 0.
  uint64_t Mask() const {
    const uint8x16_t again = vpaddq_u8(Neighbours(a, b), Neighbours(c, d));
    return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(again, again)), 0);
  }
  uint64_t Equal(char character) const {
    const uint8x16_t wanted = vdupq_n_u8(static_cast<uint8_t>(character));
    return Bytes64{vceqq_u8(a, wanted), vceqq_u8(b, wanted), vceqq_u8(c, wanted),
                   vceqq_u8(d, wanted)}
        .Mask();
  }
  uint64_t AtMost(uint8_t byte) const {
    const uint8x16_t most = vdupq_n_u8(byte);
    return Bytes64{vcleq_u8(a, most), vcleq_u8(b, most), vcleq_u8(c, most), vcleq_u8(d, most)}
        .Mask();
  }
};

class IndexSimd {
 public:
  BlockBits Load(const char* block) {
    const Bytes64 bytes = Bytes64::At(block);
    const uint8x16_t four = vorrq_u8(vorrq_u8(bytes.a, bytes.b), vorrq_u8(bytes.c, bytes.d));
    all_ = vorrq_u8(all_, four);
    return {.quotes = bytes.Equal('"'),
            .backslashes = bytes.Equal('\\'),
            .newlines = bytes.Equal('\n'),
            .controls = bytes.AtMost(0x1F)};
  }
  static uint32_t* Emit(uint32_t* out, uint32_t begin, uint64_t quotes, uint64_t escaped) {
    return EmitBits<IndexSimd>(out, begin, quotes, escaped);
  }
  bool has_high_bit() const { return vmaxvq_u8(all_) >= 0x80; }

 private:
  uint8x16_t all_ = vdupq_n_u8(0);
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
    uint8_t* const to = reinterpret_cast<uint8_t*>(out);
    vst1q_u8(to, bytes_.a);
    vst1q_u8(to + 16, bytes_.b);
    vst1q_u8(to + 32, bytes_.c);
    vst1q_u8(to + 48, bytes_.d);
  }
  // Eight bytes at a time, by a table of how to move them. Where each eight goes is known before
  // the first is moved: the product adds up how many the eights keep, so that its byte i says how
  // many the first i + 1 of them keep together.
  char* Keep(char* out, uint64_t bytes) const {
    const uint64_t counts = vget_lane_u64(vreinterpret_u64_u8(vcnt_u8(vcreate_u8(bytes))), 0);
    const uint64_t ends = counts * 0x0101'0101'0101'0101;
    char* to = out;
    for (size_t i = 0; i < 64; i += 8) {
      const uint8x8_t eight = vld1_u8(AsBytes(block_ + i));
      const uint8x8_t order = vld1_u8(kCompaction[bytes >> i & 0xFF].data());
      vst1_u8(reinterpret_cast<uint8_t*>(to), vtbl1_u8(eight, order));
      to = out + (ends >> i & 0xFF);
    }
    return to;
  }

 private:
  const char* const block_;
  const Bytes64 bytes_;
};

// Lane i: whether the string behind string i begins `wanted` bytes behind its end. The load parts
// the ends of four strings from the begins of the next; what differs in a mark of escapes differs
// in the highest bit alone.
uint16x4_t GapsOfFour(const uint32_t* ends, uint32x4_t wanted) {
  const uint32x4x2_t pairs = vld2q_u32(ends);
  const uint32x4_t gaps =
      vandq_u32(vsubq_u32(pairs.val[1], pairs.val[0]), vdupq_n_u32(~StructuralIndex::kEscaped));
  return vmovn_u32(vceqq_u32(gaps, wanted));
}

// Eight strings at once. Their bits are brought together as those of Neighbours.
class GapSimd {
 public:
  static constexpr size_t kStrings = 8;
  explicit GapSimd(uint32_t gap) : wanted_(vdupq_n_u32(gap)), places_(vld1q_u16(kPlaces)) {}

  uint64_t Equal(const uint32_t* ends) const {
    const uint16x8_t equal = vcombine_u16(GapsOfFour(ends, wanted_), GapsOfFour(ends + 8, wanted_));
    return vaddvq_u16(vandq_u16(equal, places_));
  }

 private:
  static constexpr uint16_t kPlaces[8] = {1, 2, 4, 8, 16, 32, 64, 128};
  const uint32x4_t wanted_;
  const uint16x8_t places_;
};

struct LiteralSimd {
  static uint32_t Differing(const char* at, const Literal& literal) {
    static_assert(Literal::kHead == 32);
    const uint8_t* const found = AsBytes(at);
    const uint8_t* const wanted = AsBytes(literal.head);
    uint8x16_t bits = Neighbours(vceqq_u8(vld1q_u8(found), vld1q_u8(wanted)),
                                 vceqq_u8(vld1q_u8(found + 16), vld1q_u8(wanted + 16)));
    bits = vpaddq_u8(bits, bits);
    bits = vpaddq_u8(bits, bits);
    return ~vgetq_lane_u32(vreinterpretq_u32_u8(bits), 0);
  }
};

}  // namespace

const ScanKernels kNeonKernels = {.index = IndexBlocks<IndexSimd>,
                                  .gaps = MeasureGaps<GapSimd>,
                                  .hold = HoldLiterals<LiteralSimd>,
                                  .unescape = UnescapeBlocks<UnescapeSimd>};

}  // namespace sluice
#endif
