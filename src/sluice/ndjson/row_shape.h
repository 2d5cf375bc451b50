// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "sluice/ndjson/scan_kernels.h"

namespace sluice {

// The blanks of a writer, seen as distances between quotes: `"key": "value", "key"` is {3, 3},
// `"key":"value","key"` is {2, 2}. The end of a string is its closing quote.
struct Spacing {
  uint32_t colon;  // from the end of a key to the begin of its value, if that is a string
  uint32_t comma;  // from the end of a string value to the begin of the next key

  friend bool operator==(const Spacing&, const Spacing&) = default;
};

// Where a field of a line stands, by the numbers of its quotes in the line. A value goes from
// `begin_add` bytes behind quote `begin` to `end_sub` bytes before quote `end`; that of the last
// field, if it is no string, to the line's end.
struct FieldPlace {
  uint16_t begin, end;
  uint16_t begin_add, end_sub;
  bool is_scalar;  // anything but a string
};

// Which strings of a line are keys and which are values, told from the distances between them
// alone:
//
//   { "a": "x", "b": null, "c": "y" }      strings   a x b c y
//       3    3    9      3                 gaps      3 3 9 3      9: b has a value that is no
//       string
//
// Whether the bytes between the strings are what the distances say is for the template to compare.
struct RowShape {
  // As lines of one spacing have them; a longer one takes the general path.
  static constexpr size_t kMostStrings = 512;

  std::vector<uint16_t> keys;  // of each field: the string that is its key
  std::vector<FieldPlace> places;
  uint32_t template_hint = 0;  // the template that a line of this shape had last

  size_t fields() const { return keys.size(); }
};

// The shapes of the lines of one spacing that were seen lately. A line finds its own by one look
// into a table, however many fields come and go between lines.
class RowShapes {
 public:
  RowShapes(const ScanKernels& kernels, Spacing spacing);

  // Null where the strings cannot be the keys and values of an object with this spacing. Valid
  // until the next call. `line` has an even number of quotes, and at least two.
  RowShape* Of(const IndexedLine& line);

 private:
  static constexpr size_t kWords = RowShape::kMostStrings / 64;
  struct Gaps {
    uint32_t strings = 0;
    std::array<uint64_t, kWords> colon{}, comma{};  // bit j: so far is string j+1 from string j

    bool Has(const std::array<uint64_t, kWords>& mask, size_t string) const {
      return (mask[string / 64] >> string % 64 & 1) != 0;
    }
  };
  struct Entry {
    bool is_used = false, is_object = false;
    Gaps gaps;
    RowShape shape;
  };

  void Measure(const IndexedLine& line);
  size_t Hash() const;
  bool IsOf(const Entry& entry) const;
  bool Build(RowShape& shape) const;

  const ScanKernels& kernels_;
  const Spacing spacing_;
  Gaps gaps_;  // of the line at hand; words behind its last string are not looked at
  std::vector<std::unique_ptr<Entry>> entries_;
};

}  // namespace sluice
