// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace sluice {

// A value that a template found in a line: where it is, not what it means. Of a string its inside,
// of another scalar its text.
struct Token {
  static constexpr uint32_t kEscaped = uint32_t{1} << 31;  // a backslash stands in it
  static constexpr uint32_t kScalar = uint32_t{1} << 30;   // no string
  static constexpr uint32_t kAbsent = uint32_t{1} << 29;   // the field is not in the line
  static constexpr uint32_t kMarks = kEscaped | kScalar | kAbsent;

  uint32_t begin;
  uint32_t length_and_marks;

  uint32_t length() const { return length_and_marks & ~kMarks; }
  bool is(uint32_t mark) const { return (length_and_marks & mark) != 0; }
};

// The tokens of some lines of one table, by field, until they become values a column at a time.
// A field that is null or not there has no token, unless a column of it has a DEFAULT.
class TokenBatch {
  struct Slot {
    Token* tokens = nullptr;
    Token* next = nullptr;  // behind the last one that counts
    uint8_t* present = nullptr;
  };

 public:
  static constexpr size_t kMostRows = 512;

  // One slot for each field that columns of the table read.
  explicit TokenBatch(size_t slots) : slots_(slots) {}

  size_t rows() const { return rows_.size(); }
  bool is_full() const { return rows_.size() == kMostRows; }

  // A row that tokens are put into: at most one for each slot.
  class Row {
   public:
    // The token counts if `is_there`, which is 0 or 1.
    void Put(size_t slot, Token token, uint8_t is_there) const {
      Slot& to = slots_[slot];
      *to.next = token;
      to.next += is_there;
      to.present[row_] = is_there;
    }

   private:
    friend class TokenBatch;
    Row(Slot* slots, size_t row) : slots_(slots), row_(row) {}

    Slot* const slots_;
    const size_t row_;
  };

  // `number` is that of the line in its index.
  Row AddRow(uint32_t number) {
    if (memory_ == nullptr) Allocate();
    rows_.push_back(number);
    return {slots_.data(), rows_.size() - 1};
  }
  void Clear();

  const std::vector<uint32_t>& row_numbers() const { return rows_; }
  // By row; 0 or 1.
  const uint8_t* present(size_t slot) const { return slots_[slot].present; }
  // One for each present one.
  const Token* tokens(size_t slot) const { return slots_[slot].tokens; }

 private:
  void Allocate();

  std::vector<Slot> slots_;
  std::vector<uint32_t> rows_;
  std::unique_ptr<Token[]> memory_;
  std::unique_ptr<uint8_t[]> presence_;
};

}  // namespace sluice
