// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sluice/ndjson/event_reader.h"
#include "sluice/ndjson/field_tree.h"
#include "sluice/ndjson/record_fault.h"
#include "sluice/operate/sample_lines.h"

namespace sluice {

// Every key of a sample's events, as a tree that grows while the events are read with the reader
// that the conversion uses, so that what is an event, and which of two equal keys counts, is
// decided there. `lines` outlives it.
//
// Keys are known down to kDeepest levels, kMostInObject in an object and kMostFields in all.
class SampleFields {
 public:
  static constexpr size_t kMostFields = 1600;  // Redshift's columns of a table
  static constexpr size_t kMostInObject = 64;  // more are no names but values
  static constexpr size_t kDeepest = 4;

  explicit SampleFields(const SampleLines& lines);

  // Reads line `i`: false where it is blank or broken.
  bool Read(size_t i);
  const EventReader& event() const { return *reader_; }
  const FieldTree& tree() const { return tree_; }

  // Below `field`, in the order in which they were first seen.
  const std::vector<int>& children(int field) const {
    return children_[static_cast<size_t>(field)];
  }
  // Whether every key of this object is known.
  bool is_whole(int field) const { return !crowded_.contains(field); }
  FieldPath PathOf(int field) const;
  const std::map<FaultReason, uint64_t>& broken() const { return broken_; }
  // Keys of events that no column can be made of: too many, or none that can be written
  // (CanBeWritten).
  bool has_unnamed() const { return has_unnamed_; }

 private:
  std::optional<FaultReason> ReadLine(std::string_view line);
  bool IsLandedMessage() const;
  bool Grow();
  void AddField(int object, std::string_view key);
  bool LookInside(int field);
  size_t DepthOf(int field) const;

  const SampleLines& lines_;
  FieldTree tree_;
  int landed_ = 0, landed_base64_ = 0;
  std::vector<std::vector<int>> children_;  // by field
  std::set<int> inside_;                    // objects whose keys the reader tells
  std::set<int> crowded_;
  std::unique_ptr<EventReader> reader_;
  std::string arena_;
  std::map<FaultReason, uint64_t> broken_;
  bool has_unnamed_ = false;
};

}  // namespace sluice
