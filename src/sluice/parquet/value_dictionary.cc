// SPDX-License-Identifier: Apache-2.0
#include "sluice/parquet/value_dictionary.h"

#include <array>
#include <utility>

namespace sluice {
namespace {

using hashing::kShortText;

using Block = uint64_t __attribute__((vector_size(16)));

template <size_t kBlocks>
Block Difference(const char* a, const char* b, size_t size) {
  Block different{};
#pragma GCC unroll 8
  for (size_t block = 0; block < kBlocks; ++block) {
    const size_t at = hashing::BlockAt(block, size);
    different |= LoadAs<Block>(a + at) ^ LoadAs<Block>(b + at);
  }
  return different;
}

// Whether two texts of `size` bytes, over kShortText, are equal. They nearly always are, so there
// is no early way out.
bool EqualLong(const char* a, const char* b, size_t size) {
  Block different{};
  if (size <= 64) {
    different = Difference<4>(a, b, size);
  } else {
    for (; size > 128; a += 64, b += 64, size -= 64) different |= Difference<4>(a, b, 64);
    different |= Difference<8>(a, b, size);
  }
  return (different[0] | different[1]) == 0;
}

}  // namespace

// In place: as a result it would be stored in halves and loaded as a whole, which stalls.
inline void TextDictionary::SetKey(std::string_view value, Key& key) {
  if (value.size() <= kShortText) {
    key.words = hashing::WordsOfShort(value.data(), value.size());
    key.hash = hashing::OfWords(key.words, value.size());
  } else {
    key.hash = hashing::OfLongText(value.data(), value.size());
    key.words = {key.hash, 0};
  }
}

uint64_t TextDictionary::HashOf(const Slot& slot) {
  return slot.length <= kShortText ? hashing::OfWords(slot.words, slot.length) : slot.words.low;
}

inline bool TextDictionary::Holds(const Slot& slot, const Key& key, std::string_view value) const {
  return slot.id != kNoValue && slot.words.low == key.words.low &&
         slot.words.high == key.words.high && slot.length == value.size() &&
         (value.size() <= kShortText ||
          EqualLong(page_.data() + slot.offset, value.data(), value.size()));
}

size_t TextDictionary::Lookup(const std::string_view* values, size_t count, uint16_t* ids) {
  constexpr size_t kBlock = 128;
  for (size_t begin = 0; begin < count; begin += kBlock) {
    const size_t block = std::min(count - begin, kBlock);
    const size_t taken = LookupBlock(values + begin, block, ids + begin);
    if (taken < block) return begin + taken;
  }
  return count;
}

// Hashes first, memory asked for on the way: the look-ups then wait for it side by side.
size_t TextDictionary::LookupBlock(const std::string_view* values, size_t count, uint16_t* ids) {
  constexpr size_t kCachedBytes = 32 << 10;  // of the page, for which nobody waits
  std::array<Key, 128> keys;
  if (slots_.empty()) Grow();
  for (size_t i = 0; i < count; ++i) {
    SetKey(values[i], keys[i]);
    __builtin_prefetch(&slots_[keys[i].hash & (slots_.size() - 1)]);
  }
  if (page_.size() > kCachedBytes) {
    for (size_t i = 0; i < count; ++i) {
      __builtin_prefetch(page_.data() + slots_[keys[i].hash & (slots_.size() - 1)].offset);
    }
  }
  for (size_t i = 0; i < count; ++i) {
    const Slot& first = slots_[keys[i].hash & (slots_.size() - 1)];
    uint32_t id = first.id;
    if (!Holds(first, keys[i], values[i])) [[unlikely]] {
      id = FindOrInsert(keys[i], values[i]);
      if (id == kNoValue) return i;
    }
    ids[i] = static_cast<uint16_t>(id);
  }
  return count;
}

uint32_t TextDictionary::FindOrInsert(const Key& key, std::string_view value) {
  const size_t mask = slots_.size() - 1;
  size_t slot = key.hash & mask;
  for (size_t probes = 0; slots_[slot].id != kNoValue; slot = (slot + 1) & mask) {
    if (Holds(slots_[slot], key, value)) return slots_[slot].id;
    if (++probes == kMostProbes) return kNoValue;
  }
  if (offsets_.size() == kMostDictionaryValues || page_.size() + 4 + value.size() > most_bytes_) {
    return kNoValue;
  }
  Insert(slots_[slot], key, value);
  if (slots_.size() < 2 * (offsets_.size() + 1)) Grow();
  return static_cast<uint32_t>(offsets_.size() - 1);
}

void TextDictionary::Insert(Slot& slot, const Key& key, std::string_view value) {
  const uint32_t length = static_cast<uint32_t>(value.size());
  char* const out = page_.Reserve(4 + value.size());
  std::memcpy(out, &length, 4);
  if (length > 0) std::memcpy(out + 4, value.data(), length);
  slot = {.words = key.words,
          .length = length,
          .offset = static_cast<uint32_t>(page_.size() + 4),
          .id = static_cast<uint32_t>(offsets_.size())};
  offsets_.push_back(slot.offset);
  page_.Advance(4 + value.size());
}

void TextDictionary::Grow() {
  const std::vector<Slot> old =
      std::exchange(slots_, std::vector<Slot>(slots_.empty() ? 64 : 4 * slots_.size()));
  const size_t mask = slots_.size() - 1;
  for (const Slot& from : old) {
    if (from.id == kNoValue) continue;
    size_t slot = HashOf(from) & mask;
    while (slots_[slot].id != kNoValue) slot = (slot + 1) & mask;
    slots_[slot] = from;
  }
}

void TextDictionary::Clear() {
  page_.Clear();
  offsets_.clear();
  slots_.clear();
}

}  // namespace sluice
