// SPDX-License-Identifier: Apache-2.0
#include "sluice/ndjson/field_tree.h"

#include <algorithm>
#include <cstring>

#include "sluice/ndjson/json_scan.h"

namespace sluice {

KeyImage::KeyImage(std::string_view key) {
  if (key.size() > kLongest || std::any_of(key.begin(), key.end(), EndsStringRun)) return;
  std::array<char, sizeof words_> bytes{}, mask{};
  std::copy(key.begin(), key.end(), bytes.begin());
  bytes[key.size()] = '"';
  size_ = key.size() + 1;
  std::fill_n(mask.begin(), size_, '\xFF');
  std::memcpy(words_.data(), bytes.data(), sizeof words_);
  std::memcpy(masks_.data(), mask.data(), sizeof masks_);
}

FieldTree::FieldTree() {
  nodes_.push_back({.key = "", .parent = kNone, .image = KeyImage("")});
}

int FieldTree::Add(const FieldPath& path) {
  int field = kEvent;
  for (const std::string& key : path) {
    int next = Find(field, key);
    if (next == kNone) {
      next = static_cast<int>(nodes_.size());
      nodes_.push_back({.key = key, .parent = field, .image = KeyImage(key)});
      Node& parent = nodes_[static_cast<size_t>(field)];
      parent.children.emplace(key, next);
      parent.in_order.push_back(next);
      parent.longest_child = std::max(parent.longest_child, key.size());
    }
    field = next;
  }
  return field;
}

int FieldTree::Find(int parent, std::string_view key) const {
  const Node& node = nodes_[static_cast<size_t>(parent)];
  if (key.size() > node.longest_child) return kNone;
  const auto found = node.children.find(key);
  return found == node.children.end() ? kNone : found->second;
}

bool FieldTree::IsWithin(int field, int object) const {
  while (field != object && field != kEvent) field = parent(field);
  return field == object;
}

}  // namespace sluice
