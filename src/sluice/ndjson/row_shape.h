// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "sluice/ndjson/scan_kernels.h"

namespace sluice {

// The blanks of a writer, seen as distances between quotes: `"key": "value", "key"` is {3, 3},
// `"key":"value","key"` is {2, 2}. The end of a string is its closing quote.
struct Spacing {
  uint32_t colon = 0;  // from the end of a key to the begin of its value, if that is a string
  uint32_t comma = 0;  // from the end of a string value to the begin of the next key

  friend bool operator==(const Spacing&, const Spacing&) = default;
};

// Which strings of a line are keys and which are values, told from the distances between them
// alone:
//
//   { "a": "x", "b": null, "c": "y" }      strings   a x b c y
//       3    3    9      3                 gaps      3 3 9 3
//                                                    so that b has a value that is no string
//
// Whether the bytes between the strings are what the distances say is for the template to compare.
struct RowShape {
  // A line of more takes the general path.
  static constexpr size_t kMostStrings = 512;

  std::vector<FieldPlace> fields;
  uint32_t template_hint = 0;  // the template that a line of this shape had last
};

// The value of a field in a line: from begin to end, in the text. In `end`,
// StructuralIndex::kEscaped is set where a backslash stands in it.
struct ValuePlace {
  uint32_t begin, end;
};
// Of a field that is not the last one, or is a string.
inline ValuePlace InnerPlaceOf(const IndexedLine& line, Spacing spacing, FieldPlace field) {
  const uint32_t scalar = field.is_scalar() ? ~uint32_t{0} : 0;  // a mask, instead of a branch
  return {line.quote(field.begin_quote()) + 1 + ((spacing.colon - 1) & scalar),
          line.quotes[field.end_quote()] - ((spacing.comma - 1) & scalar)};
}
// Of the last field of a line that ends with `tail` bytes behind it.
inline ValuePlace LastPlaceOf(const IndexedLine& line, Spacing spacing, FieldPlace field,
                              size_t tail) {
  if (!field.is_scalar()) return InnerPlaceOf(line, spacing, field);
  return {line.quote(field.begin_quote()) + spacing.colon, line.end - static_cast<uint32_t>(tail)};
}

// The shapes of the lines of one spacing; when they are too many, all are forgotten. A line finds
// its own by one look into a table, however many fields come and go between lines.
class RowShapes {
 public:
  RowShapes(const ScanKernels& kernels, Spacing spacing);

  // Null where the strings cannot be the keys and values of an object with this spacing. Valid
  // until the next call. `line` has an even number of quotes, and at least two.
  RowShape* Of(const IndexedLine& line);

 private:
  static constexpr size_t kWords = RowShape::kMostStrings / 64;
  // Bit j of a mask: that far behind string j string j+1 begins.
  struct Gaps {
    uint32_t strings = 0;
    std::array<uint64_t, kWords> colon{}, comma{};
  };
  struct Entry {
    bool is_object = false;
    RowShape shape;
    Gaps gaps;
  };

  void Measure(const IndexedLine& line);
  size_t Hash() const;
  Entry& Add(uint16_t& number);
  bool IsOf(const Entry& entry) const;
  bool Build(RowShape& shape) const;

  const ScanKernels& kernels_;
  const Spacing spacing_;
  const bool is_even_;  // spacing_ has one distance only, and the masks for commas are not used
  Gaps gaps_;           // of the line at hand; words behind its last string mean nothing
  std::vector<uint16_t> numbers_;  // by hash: one more than the number of the entry, or 0
  std::vector<Entry> entries_;
};

}  // namespace sluice
