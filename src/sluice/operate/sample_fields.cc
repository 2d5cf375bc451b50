// SPDX-License-Identifier: Apache-2.0
#include "sluice/operate/sample_fields.h"

#include <algorithm>
#include <utility>

#include "sluice/base/utf8.h"
#include "sluice/ndjson/json_scan.h"
#include "sluice/ndjson/line_chunker.h"
#include "sluice/operate/infer_names.h"

namespace sluice {
namespace {

// The reader names the keys of those objects that have a child in the tree. No event has this one,
// which is not UTF-8.
const std::string kNoKey = "\xFF";

}  // namespace

SampleFields::SampleFields(const SampleLines& lines) : lines_(lines) {
  landed_ = tree_.Add({"sluice_raw"});
  landed_base64_ = tree_.Add({"sluice_raw", "base64"});
  children_.resize(tree_.size());
  reader_ = std::make_unique<EventReader>(tree_);
  for (size_t i = 0; i < lines.count(); ++i) {
    const std::string_view line = lines.line(i);
    if (*SkipBlanks(line.data()) == '\n') continue;
    std::optional<FaultReason> fault = ReadLine(line);
    while (!fault && !IsLandedMessage() && Grow()) {
      reader_ = std::make_unique<EventReader>(tree_);
      fault = ReadLine(line);
    }
    if (!fault && IsLandedMessage()) fault = FaultReason::kNotJsonMessage;
    if (fault) ++broken_[*fault];
  }
}

bool SampleFields::Read(size_t i) {
  const std::string_view line = lines_.line(i);
  return *SkipBlanks(line.data()) != '\n' && !ReadLine(line) && !IsLandedMessage();
}

FieldPath SampleFields::PathOf(int field) const {
  FieldPath path;
  for (; field != FieldTree::kEvent; field = tree_.parent(field)) path.push_back(tree_.key(field));
  std::ranges::reverse(path);
  return path;
}

std::optional<FaultReason> SampleFields::ReadLine(std::string_view line) {
  if (line.size() > LineChunkerOptions().longest_line.count) return FaultReason::kLineTooLong;
  if (!IsUtf8(line)) return FaultReason::kInvalidUtf8;
  arena_.resize(std::max(arena_.size(), line.size() + kScanPadding));
  char* arena = arena_.data();
  return reader_->Read(line, arena);
}

bool SampleFields::IsLandedMessage() const {
  return reader_->value(landed_).kind == JsonKind::kObject && reader_->members() == 1 &&
         reader_->value(landed_base64_).kind == JsonKind::kString;
}

// Takes the keys of the last event that are not in the tree. True where it must be read anew.
bool SampleFields::Grow() {
  bool has_grown = false;
  // Copied before the tree that they refer to changes.
  std::vector<std::pair<int, std::string>> found;
  for (const UnknownMember& member : reader_->unknown()) {
    found.emplace_back(member.object, member.key);
  }
  // The reader knows the fields that were there when it was made.
  const size_t fields = children_.size();
  for (size_t field = 1; field < fields; ++field) {
    if (reader_->value(static_cast<int>(field)).kind == JsonKind::kObject) {
      has_grown |= LookInside(static_cast<int>(field));
    }
  }
  for (const auto& [object, key] : found) {
    const size_t before = tree_.size();
    AddField(object, key);
    has_grown |= tree_.size() > before;
  }
  return has_grown;
}

void SampleFields::AddField(int object, std::string_view key) {
  const size_t most = object == FieldTree::kEvent ? kMostFields : kMostInObject;
  if (!CanBeWritten(key) || tree_.size() >= kMostFields || children(object).size() >= most) {
    crowded_.insert(object);
    has_unnamed_ |= object == FieldTree::kEvent;
    return;
  }
  FieldPath path = PathOf(object);
  path.emplace_back(key);
  const int field = tree_.Add(path);
  children_.resize(tree_.size());
  children_[static_cast<size_t>(object)].push_back(field);
}

bool SampleFields::LookInside(int field) {
  if (field == landed_ || field == landed_base64_ || DepthOf(field) >= kDeepest) return false;
  if (!inside_.insert(field).second) return false;
  FieldPath path = PathOf(field);
  path.push_back(kNoKey);
  tree_.Add(path);
  children_.resize(tree_.size());
  return true;
}

size_t SampleFields::DepthOf(int field) const {
  return PathOf(field).size();
}

}  // namespace sluice
