// SPDX-License-Identifier: Apache-2.0
#include "sluice/ndjson/row_shape.h"

#include <algorithm>

namespace sluice {
namespace {

constexpr int kEntryBits = 12;

size_t Words(uint32_t strings) {
  return (strings + 63) / 64;
}

}  // namespace

RowShapes::RowShapes(const ScanKernels& kernels, Spacing spacing)
    : kernels_(kernels), spacing_(spacing), entries_(size_t{1} << kEntryBits) {}

RowShape* RowShapes::Of(const IndexedLine& line) {
  if (line.quote_count > 2 * RowShape::kMostStrings) return nullptr;
  Measure(line);
  std::unique_ptr<Entry>& entry = entries_[Hash()];
  if (entry == nullptr) entry = std::make_unique<Entry>();
  if (!entry->is_used || !IsOf(*entry)) {
    entry->gaps = gaps_;
    entry->is_used = true;
    entry->is_object = Build(entry->shape);
  }
  return entry->is_object ? &entry->shape : nullptr;
}

void RowShapes::Measure(const IndexedLine& line) {
  gaps_.strings = line.quote_count / 2;
  kernels_.gaps(line, spacing_.colon, gaps_.colon.data());
  if (spacing_.comma != spacing_.colon) kernels_.gaps(line, spacing_.comma, gaps_.comma.data());
  const uint32_t last = gaps_.strings - 1;  // has nothing behind it
  const uint64_t behind = ~uint64_t{0} << last % 64;
  gaps_.colon[last / 64] &= ~behind;
  gaps_.comma[last / 64] &= ~behind;
  if (spacing_.comma == spacing_.colon) {
    std::copy_n(gaps_.colon.begin(), Words(gaps_.strings), gaps_.comma.begin());
  }
}

size_t RowShapes::Hash() const {
  constexpr uint64_t kOdd = 0x9e37'79b9'7f4a'7c15;
  uint64_t hash = gaps_.strings;
  for (size_t i = 0; i < Words(gaps_.strings); ++i) {
    hash = (hash ^ gaps_.colon[i]) * kOdd;
    hash ^= hash >> 32;
  }
  return hash * kOdd >> (64 - kEntryBits);
}

bool RowShapes::IsOf(const Entry& entry) const {
  if (entry.gaps.strings != gaps_.strings) return false;
  uint64_t differs = 0;
  for (size_t i = 0; i < Words(gaps_.strings); ++i) {
    differs |= entry.gaps.colon[i] ^ gaps_.colon[i];
    differs |= entry.gaps.comma[i] ^ gaps_.comma[i];
  }
  return differs == 0;
}

bool RowShapes::Build(RowShape& shape) const {
  shape = {};
  for (uint16_t key = 0; key < gaps_.strings;) {
    shape.keys.push_back(key);
    const auto behind = static_cast<uint16_t>(key + 1);
    if (gaps_.Has(gaps_.colon, key)) {
      shape.places.push_back({.begin = static_cast<uint16_t>(2 * behind),
                              .end = static_cast<uint16_t>(2 * behind + 1),
                              .begin_add = 1,
                              .end_sub = 0,
                              .is_scalar = false});
      if (behind + 1U < gaps_.strings && !gaps_.Has(gaps_.comma, behind)) return false;
      key = static_cast<uint16_t>(behind + 1);
    } else {
      shape.places.push_back({.begin = static_cast<uint16_t>(2 * key + 1),
                              .end = static_cast<uint16_t>(2 * behind),
                              .begin_add = static_cast<uint16_t>(spacing_.colon),
                              .end_sub = static_cast<uint16_t>(spacing_.comma - 1),
                              .is_scalar = true});
      key = behind;
    }
  }
  return true;
}

}  // namespace sluice
