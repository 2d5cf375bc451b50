// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/ndjson/json_scan.h"
#include "sluice/ndjson/structural_index.h"

namespace sluice {

// Instruction sets for which there are kernels.
enum class Isa { kScalar, kAvx2, kAvx512, kNeon };

std::string_view Name(Isa isa);  // "scalar", "avx2", "avx512", "neon"

// A field of a line: by the number of the quote that opens its key, and whether its value is a
// string or another scalar. One number, because every line is looked at through these.
class FieldPlace {
 public:
  FieldPlace() = default;
  FieldPlace(size_t key_quote, bool is_scalar)
      : bits_(static_cast<uint16_t>(key_quote | (is_scalar ? 1 : 0))) {}  // those are even

  size_t key_quote() const { return bits_ & ~size_t{1}; }
  bool is_scalar() const { return (bits_ & 1) != 0; }
  // The quote from which the value begins: its own, or that which closes the key.
  size_t begin_quote() const { return key_quote() + 2 - (bits_ & 1); }
  // The quote at which it ends: its own, or that which opens the next key.
  size_t end_quote() const { return begin_quote() + 1; }

 private:
  uint16_t bits_ = 0;
};

// What stands between two values of a line: `, "key": `. It begins `lead` bytes before the quote
// that opens the key.
struct Literal {
  static constexpr size_t kHead = 32;

  // `of` outlives it.
  Literal(std::string_view of, size_t bytes_before_key)
      : head_mask(of.size() >= kHead ? ~uint32_t{0} : (uint32_t{1} << of.size()) - 1),
        size(static_cast<uint32_t>(of.size())),
        lead(static_cast<uint32_t>(bytes_before_key)),
        text(of.data()) {
    std::copy_n(text, std::min(of.size(), kHead), head);
  }

  alignas(kHead) char head[kHead] = {};  // its first bytes, zeros behind
  uint32_t head_mask;                    // bit i: head[i] counts
  uint32_t size, lead;
  const char* text;  // all of it
};

// A line in an indexed text. `quotes` are its own; kSlack entries behind are readable.
struct IndexedLine {
  const char* text;  // of the index
  uint32_t begin, end;
  const uint32_t* quotes;
  uint32_t quote_count;

  // Without the mark of escapes.
  uint32_t quote(size_t i) const { return quotes[i] & ~StructuralIndex::kEscaped; }
};

// The loops that differ by instruction set. All give the same answers; kScalar is the plain
// definition that the tests compare the others with. Behind every text kScanPadding bytes are
// readable.
struct ScanKernels {
  // Fills `index`, after Reset(text.size()). At most StructuralIndex::kLongestText bytes.
  void (*index)(std::string_view text, StructuralIndex& index);

  // Bit j of `mask`: the string behind string j begins `gap` bytes behind its end. One word for
  // every 64 strings of the line; the bits of its last string and those behind are undefined.
  void (*gaps)(const IndexedLine& line, uint32_t gap, uint64_t* mask);

  // Whether literals[i] stands where fields[i] has its key, for all of them. None begins before the
  // text.
  bool (*hold)(const IndexedLine& line, const Literal* literals, const FieldPlace* fields,
               size_t count);

  // Unescapes the inside of a string, which holds no control character and no quote that is not
  // escaped. As Unescape of json_scan.h, but kScanPadding bytes behind `out` may be written; false
  // where an escape is none of JSON's.
  bool (*unescape)(std::string_view inside, char*& out, StringTraits& traits);
};

// Those that this machine can run, the best first; kScalar is the last.
std::vector<Isa> SupportedIsas();
// `name`, or the best if it is empty. kPermanent where there is no such or this machine cannot run
// it.
Result<Isa> IsaNamed(std::string_view name);
// What SLUICE_ISA in the environment says; empty where it says nothing.
std::string WantedIsa();
// The one that SLUICE_ISA names, or the best.
Result<Isa> ChosenIsa();
// Whether the fast path is faster with it than the general path, or was asked for by name. It lives
// on SIMD: without, as on processors before AVX2, the general path takes a third of the time.
bool IsWorthwhile(Isa isa, std::string_view wanted);
const ScanKernels& KernelsFor(Isa isa);

}  // namespace sluice
