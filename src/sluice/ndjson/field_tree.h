// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sluice/schema/table.h"

namespace sluice {

// A key as most writers spell it, without escapes, with its closing quote: compared as words, and
// only where that many bytes may be read.
class KeyImage {
 public:
  static constexpr size_t kLongest = 63;

  explicit KeyImage(std::string_view key);

  // `at` is behind the opening quote, with 64 readable bytes. False for a key that is too long.
  bool Matches(const char* at) const;
  size_t size() const { return size_; }  // with the quote

 private:
  std::array<uint64_t, 8> words_{}, masks_{};
  size_t size_ = 0;  // 0: matches nothing
};

// The fields that columns and rules read, as a tree of keys. A field is known by its number; 0 is
// the event itself.
class FieldTree {
 public:
  static constexpr int kEvent = 0;
  static constexpr int kNone = -1;

  FieldTree();

  // The field at `path`, made if need be.
  int Add(const FieldPath& path);
  // The field `key` of the object `parent`, or kNone.
  int Find(int parent, std::string_view key) const;

  size_t size() const { return nodes_.size(); }
  const KeyImage& image(int field) const { return nodes_[static_cast<size_t>(field)].image; }
  bool has_children(int field) const {
    return !nodes_[static_cast<size_t>(field)].children.empty();
  }
  const std::vector<int>& children(int field) const {
    return nodes_[static_cast<size_t>(field)].in_order;
  }
  const std::string& key(int field) const { return nodes_[static_cast<size_t>(field)].key; }
  int parent(int field) const { return nodes_[static_cast<size_t>(field)].parent; }
  // `field` is `object`, or below it.
  bool IsWithin(int field, int object) const;

 private:
  struct TextHash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  struct Node {
    std::string key;
    int parent;
    KeyImage image;
    std::unordered_map<std::string, int, TextHash, std::equal_to<>> children;
    std::vector<int> in_order;
    size_t longest_child = 0;
  };

  std::vector<Node> nodes_;
};

inline bool KeyImage::Matches(const char* at) const {
  uint64_t difference = size_ == 0 ? 1 : 0;
  for (size_t i = 0; i * sizeof(uint64_t) < size_; ++i) {
    uint64_t word;
    __builtin_memcpy(&word, at + i * sizeof word, sizeof word);
    difference |= (word ^ words_[i]) & masks_[i];
  }
  return difference == 0;
}

}  // namespace sluice
