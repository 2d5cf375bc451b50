// SPDX-License-Identifier: Apache-2.0
#include "sluice/parquet/value_dictionary.h"

namespace sluice {

uint32_t TextDictionary::Insert(size_t slot, uint32_t tag, std::string_view value) {
  constexpr size_t kReadableBehind = 8;
  const uint32_t length = static_cast<uint32_t>(value.size());
  const uint32_t id = static_cast<uint32_t>(offsets_.size());
  char* const out = page_.Reserve(4 + value.size() + kReadableBehind);
  std::memcpy(out, &length, 4);
  if (length > 0) std::memcpy(out + 4, value.data(), length);
  offsets_.push_back(static_cast<uint32_t>(page_.size() + 4));
  page_.Advance(4 + value.size());
  slots_[slot] = {.tag = tag, .length = length, .offset = offsets_.back(), .id = id};
  if (slots_.size() < 2 * (offsets_.size() + 1)) Grow();
  return id;
}

void TextDictionary::Grow() {
  slots_.assign(slots_.empty() ? 64 : 2 * slots_.size(), Slot{});
  const size_t mask = slots_.size() - 1;
  for (size_t id = 0; id < offsets_.size(); ++id) {
    const std::string_view value = at(id);
    const uint64_t hash = hashing::OfText(value.data(), value.size());
    size_t slot = hash & mask;
    while (slots_[slot].id != kNoValue) slot = (slot + 1) & mask;
    slots_[slot] = {.tag = static_cast<uint32_t>(hash >> 32),
                    .length = static_cast<uint32_t>(value.size()),
                    .offset = offsets_[id],
                    .id = static_cast<uint32_t>(id)};
  }
}

void TextDictionary::Clear() {
  page_.Clear();
  offsets_.clear();
  slots_.clear();
}

}  // namespace sluice
