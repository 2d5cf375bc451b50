// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string_view>
#include <vector>

#include "sluice/parquet/byte_buffer.h"
#include "sluice/parquet/parquet_format.h"
#include "sluice/parquet/uint128.h"
#include "sluice/parquet/value_hash.h"

namespace sluice {

// Both dictionaries give every distinct value the next id, from 0, and answer with ids. They are
// full when the next value would be one too many (kMostDictionaryValues), or when it collides with
// too many others: a hash that is flooded costs compression, and kMostProbes comparisons a value.
// Neither the ids nor the moment of being full depend on anything but the values so far.
inline constexpr size_t kMostProbes = 64;
inline constexpr uint32_t kNoValue = std::numeric_limits<uint32_t>::max();

// Texts, held as the PLAIN dictionary page that they become.
class TextDictionary {
 public:
  // Full also when the page would grow over `most_bytes`.
  explicit TextDictionary(size_t most_bytes) : most_bytes_(most_bytes) {}

  // Writes the ids of the first values and returns how many: fewer than `count` when full. Reads
  // nothing outside the values.
  size_t Lookup(const std::string_view* values, size_t count, uint16_t* ids);

  size_t size() const { return offsets_.size(); }
  std::string_view page() const { return page_.view(); }
  size_t page_size() const { return page_.size(); }
  // Valid until the next Lookup.
  std::string_view at(size_t id) const {
    const char* entry = page_.data() + offsets_[id];
    return {entry, LoadAs<uint32_t>(entry - 4)};
  }
  void Clear();

 private:
  // A text of up to hashing::kShortText bytes is in its slot; of a longer one there is the hash,
  // and its bytes are compared in the page.
  struct Slot {
    hashing::TextWords words;
    uint32_t length, offset;
    uint32_t id = kNoValue;
  };
  struct Key {
    hashing::TextWords words;
    uint64_t hash;
  };

  static void SetKey(std::string_view value, Key& key);
  static uint64_t HashOf(const Slot& slot);
  bool Holds(const Slot& slot, const Key& key, std::string_view value) const;
  size_t LookupBlock(const std::string_view* values, size_t count, uint16_t* ids);
  // The id of a value that is not in its first slot; kNoValue when full.
  uint32_t FindOrInsert(const Key& key, std::string_view value);
  void Insert(Slot& slot, const Key& key, std::string_view value);
  void Grow();

  size_t most_bytes_;
  ByteBuffer page_;
  std::vector<uint32_t> offsets_;  // by id: where the bytes begin in page_
  std::vector<Slot> slots_;        // a power of two, at most half full
};

// Numbers by their bits. Key: uint64_t or UInt128.
template <typename Key>
class NumberDictionary {
 public:
  explicit NumberDictionary(size_t most_values)
      : most_values_(std::min<size_t>(most_values, kMostDictionaryValues)) {}

  size_t Lookup(const Key* keys, size_t count, uint16_t* ids);

  size_t size() const { return keys_.size(); }
  Key at(size_t id) const { return keys_[id]; }
  void Clear() {
    keys_.clear();
    slots_.clear();
  }

 private:
  struct Slot {
    Key key;
    uint32_t id = kNoValue;
  };

  void Grow();

  size_t most_values_;
  std::vector<Key> keys_;
  std::vector<Slot> slots_;
};

template <typename Key>
size_t NumberDictionary<Key>::Lookup(const Key* keys, size_t count, uint16_t* ids) {
  for (size_t i = 0; i < count; ++i) {
    if (slots_.size() < 2 * (keys_.size() + 1)) Grow();
    const size_t mask = slots_.size() - 1;
    size_t slot = hashing::OfNumber(keys[i]) & mask, probes = 0;
    while (slots_[slot].id != kNoValue && slots_[slot].key != keys[i]) {
      if (++probes == kMostProbes) return i;
      slot = (slot + 1) & mask;
    }
    if (slots_[slot].id == kNoValue) {
      if (keys_.size() == most_values_) return i;
      slots_[slot] = {keys[i], static_cast<uint32_t>(keys_.size())};
      keys_.push_back(keys[i]);
    }
    ids[i] = static_cast<uint16_t>(slots_[slot].id);
  }
  return count;
}

template <typename Key>
void NumberDictionary<Key>::Grow() {
  slots_.assign(slots_.empty() ? 64 : 2 * slots_.size(), Slot{});
  const size_t mask = slots_.size() - 1;
  for (size_t id = 0; id < keys_.size(); ++id) {
    size_t slot = hashing::OfNumber(keys_[id]) & mask;
    while (slots_[slot].id != kNoValue) slot = (slot + 1) & mask;
    slots_[slot] = {keys_[id], static_cast<uint32_t>(id)};
  }
}

}  // namespace sluice
