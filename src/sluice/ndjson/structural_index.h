// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace sluice {

// Where the strings and lines of a chunk of JSON lines are: what the fast path reads instead of the
// text. Made by ScanKernels::index.
//
//   text     { " k \ " " :   1 ,   " x " :   " y " }  \n
//   quotes       0     5 (escaped)   ...                    the two quotes of each string, in turn
//   rows                                            end     its place, and the quotes before it
//
// A quote counts unless an odd number of backslashes stands before it. Strings are not told from
// what is between them: a line whose quotes do not alternate as they should fails where its bytes
// are compared.
struct StructuralIndex {
  // Of a closing quote: a backslash stands in its string. The rest of the word is the quote's
  // offset in the text, of which the largest is kLongestText.
  static constexpr uint32_t kEscaped = uint32_t{1} << 31;
  static constexpr size_t kLongestText = size_t{1} << 24;
  // Entries behind the last one that may be read and written.
  static constexpr size_t kSlack = 64;

  struct Row {
    uint32_t end;     // of its '\n'
    uint32_t quotes;  // before it, since the begin of the text
  };

  // Makes room for the index of a text of `size` bytes, and empties it.
  void Reset(size_t size) {
    if (capacity_ < size + kSlack) {
      capacity_ = size + kSlack;
      quotes = std::make_unique_for_overwrite<uint32_t[]>(capacity_);
    }
    rows.clear();
    controls.clear();
    has_high_bit = false;
    quote_count = 0;
  }

  std::unique_ptr<uint32_t[]> quotes;
  size_t quote_count = 0;
  std::vector<Row> rows;           // a last line without '\n' is none
  std::vector<uint32_t> controls;  // bytes below 0x20, but for '\n' and the '\r' before it
  bool has_high_bit = false;       // of any byte: else the text is ASCII

 private:
  size_t capacity_ = 0;
};

}  // namespace sluice
