// SPDX-License-Identifier: Apache-2.0
#include "sluice/ndjson/row_shape.h"

#include <algorithm>

namespace sluice {
namespace {

constexpr int kNumberBits = 13;
constexpr size_t kMostEntries = 4096;

size_t Words(uint32_t strings) {
  return (strings + 63) / 64;
}

template <typename Masks>
bool HasBit(const Masks& masks, size_t bit) {
  return (masks[bit / 64] >> bit % 64 & 1) != 0;
}

}  // namespace

RowShapes::RowShapes(const ScanKernels& kernels, Spacing spacing)
    : kernels_(kernels),
      spacing_(spacing),
      is_even_(spacing.colon == spacing.comma),
      numbers_(size_t{1} << kNumberBits) {}

RowShape* RowShapes::Of(const IndexedLine& line) {
  if (line.quote_count > 2 * RowShape::kMostStrings) return nullptr;
  Measure(line);
  uint16_t& number = numbers_[Hash()];
  Entry& entry = number != 0 && IsOf(entries_[number - 1]) ? entries_[number - 1] : Add(number);
  return entry.is_object ? &entry.shape : nullptr;
}

RowShapes::Entry& RowShapes::Add(uint16_t& number) {
  if (number == 0) {
    if (entries_.size() == kMostEntries) {
      entries_.clear();
      std::ranges::fill(numbers_, 0);
    }
    entries_.emplace_back();
    number = static_cast<uint16_t>(entries_.size());
  }
  Entry& entry = entries_[number - 1];  // where another shape of the same hash was, perhaps
  entry.gaps = gaps_;
  entry.is_object = Build(entry.shape);
  return entry;
}

void RowShapes::Measure(const IndexedLine& line) {
  gaps_.strings = line.quote_count / 2;
  const uint32_t last = gaps_.strings - 1;  // has nothing behind it
  const uint64_t known = (uint64_t{1} << last % 64) - 1;
  kernels_.gaps(line, spacing_.colon, gaps_.colon.data());
  gaps_.colon[last / 64] &= known;
  if (is_even_) return;
  kernels_.gaps(line, spacing_.comma, gaps_.comma.data());
  gaps_.comma[last / 64] &= known;
}

size_t RowShapes::Hash() const {
  constexpr uint64_t kOdd = 0x9e37'79b9'7f4a'7c15;
  uint64_t hash = gaps_.strings;
  for (size_t i = 0; i < Words(gaps_.strings); ++i) {
    hash = (hash ^ gaps_.colon[i]) * kOdd;
    hash ^= hash >> 32;
  }
  return hash * kOdd >> (64 - kNumberBits);
}

bool RowShapes::IsOf(const Entry& entry) const {
  uint64_t differs = entry.gaps.strings ^ gaps_.strings;
  for (size_t i = 0; i < Words(gaps_.strings); ++i) {
    differs |= entry.gaps.colon[i] ^ gaps_.colon[i];
    if (!is_even_) differs |= entry.gaps.comma[i] ^ gaps_.comma[i];
  }
  return differs == 0;
}

bool RowShapes::Build(RowShape& shape) const {
  shape = {};
  const auto& commas = is_even_ ? gaps_.colon : gaps_.comma;
  for (size_t key = 0; key < gaps_.strings;) {
    const bool is_scalar = !HasBit(gaps_.colon, key);
    shape.fields.emplace_back(2 * key, is_scalar);
    const size_t next = is_scalar ? key + 1 : key + 2;
    if (!is_scalar && next < gaps_.strings && !HasBit(commas, next - 1)) return false;
    key = next;
  }
  return true;
}

}  // namespace sluice
