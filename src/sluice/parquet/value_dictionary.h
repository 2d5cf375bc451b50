// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
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
// too many others: a hash that is flooded costs compression, not time. Neither the ids nor the
// moment of being full depend on anything but the values so far.
inline constexpr size_t kMostProbes = 64;
inline constexpr uint32_t kNoValue = std::numeric_limits<uint32_t>::max();

// Texts, held as the PLAIN dictionary page that they become.
class TextDictionary {
 public:
  // Full also when the page would grow over `most_bytes`.
  explicit TextDictionary(size_t most_bytes) : most_bytes_(most_bytes) {}

  // Writes the ids of the first values and returns how many: fewer than `count` when full. Calls
  // on_new(text) for each new value with the dictionary's copy, behind which 8 bytes are readable.
  template <typename OnNew>
  size_t Lookup(const std::string_view* values, size_t count, uint16_t* ids, OnNew on_new);

  size_t size() const { return offsets_.size(); }
  std::string_view page() const { return page_.view(); }
  size_t page_size() const { return page_.size(); }
  std::string_view at(size_t id) const {
    const char* entry = page_.data() + offsets_[id];
    return {entry, hashing::Load<uint32_t>(entry - 4)};
  }
  void Clear();

 private:
  struct Slot {
    uint32_t tag, length, offset;
    uint32_t id = kNoValue;
  };

  uint32_t Insert(size_t slot, uint32_t tag, std::string_view value);
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

  template <typename OnNew>
  size_t Lookup(const Key* keys, size_t count, uint16_t* ids, OnNew on_new);

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

template <typename OnNew>
size_t TextDictionary::Lookup(const std::string_view* values, size_t count, uint16_t* ids,
                              OnNew on_new) {
  // Hashes first, slots asked for on the way: the look-ups then wait for memory side by side.
  constexpr size_t kBlock = 128;
  std::array<uint64_t, kBlock> hashes;
  for (size_t begin = 0; begin < count; begin += kBlock) {
    const size_t block = count - begin < kBlock ? count - begin : kBlock;
    if (slots_.empty()) Grow();
    for (size_t i = 0; i < block; ++i) {
      const std::string_view value = values[begin + i];
      hashes[i] = hashing::OfText(value.data(), value.size());
      __builtin_prefetch(&slots_[hashes[i] & (slots_.size() - 1)]);
    }
    for (size_t i = 0; i < block; ++i) {
      const std::string_view value = values[begin + i];
      const uint32_t tag = static_cast<uint32_t>(hashes[i] >> 32);
      const size_t mask = slots_.size() - 1;
      size_t slot = hashes[i] & mask, probes = 0;
      for (;; slot = (slot + 1) & mask) {
        const Slot& found = slots_[slot];
        if (found.id == kNoValue) {
          if (offsets_.size() == kMostDictionaryValues ||
              page_.size() + 4 + value.size() > most_bytes_) {
            return begin + i;
          }
          const uint32_t id = Insert(slot, tag, value);
          on_new(at(id));
          ids[begin + i] = static_cast<uint16_t>(id);
          break;
        }
        if (found.tag == tag && found.length == value.size() &&
            std::memcmp(page_.data() + found.offset, value.data(), value.size()) == 0) {
          ids[begin + i] = static_cast<uint16_t>(found.id);
          break;
        }
        if (++probes == kMostProbes) return begin + i;
      }
    }
  }
  return count;
}

template <typename Key>
template <typename OnNew>
size_t NumberDictionary<Key>::Lookup(const Key* keys, size_t count, uint16_t* ids, OnNew on_new) {
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
      on_new(keys[i]);
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
