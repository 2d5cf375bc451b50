// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "sluice/ndjson/field_tree.h"
#include "sluice/ndjson/json_value.h"
#include "sluice/ndjson/record_fault.h"

namespace sluice {

// A member that is not in the tree, of the event or of an object that has children in the tree.
// Offsets in the line.
struct UnknownMember {
  std::string_view key;  // unescaped; not UTF-8 where it holds half a surrogate pair
  uint32_t key_begin, value_begin, value_end;
  int object;  // in which it stands
};

// Reads one event: proves that the line is one JSON object, and keeps the values of the fields in
// the tree. One pass over the bytes, in which every byte is looked at and nothing is built. Fields
// mostly come in the order of the events before, so the key that came next the last times is tried
// first. Limits: kDeepest levels, kLongestLine bytes; members are bounded by the line. Fuzzed
// against simdjson. Reused for any number of lines. `fields` outlives it.
class EventReader {
 public:
  static constexpr int kDeepest = 256;
  static constexpr size_t kLongestLine = size_t{1} << 30;

  explicit EventReader(const FieldTree& fields);

  // The line is valid UTF-8 of at most kLongestLine bytes; behind it come '\n' or "\r\n" and
  // kScanPadding bytes. Unescaped texts are written to `arena` and move it on by at most
  // line.size(); 15 bytes more may be written. What is wrong, if anything: the first offence
  // against JSON's grammar, else kNotAnObject.
  std::optional<FaultReason> Read(std::string_view line, char*& arena);

  // Valid until the next Read, and only if that found nothing wrong.
  const JsonValue& value(int field) const { return values_[static_cast<size_t>(field)]; }
  std::string_view line() const { return line_; }
  // In line order, each key of an object once.
  const std::vector<UnknownMember>& unknown() const { return unknown_; }
  size_t members() const { return members_; }  // of the event, duplicates counted each time
  // A key stood twice in the event, or in an object on the way to a field in the tree.
  bool has_duplicates() const { return has_duplicates_; }

 private:
  // The two fields that last came after a field (or came first in an object).
  struct Successors {
    int latest = FieldTree::kNone, other = FieldTree::kNone;
  };

  const char* Fault(FaultReason reason);
  const char* StringFault(const char* at);
  const char* ReadObject(const char* at, int object, int depth);
  const char* ReadKey(const char* at, int object, Successors& expected, int& field);
  const char* ReadEscapedKey(const char* begin, const char* stop, std::string_view& key);
  const char* ReadValue(const char* at, JsonValue& value, int field, int depth);
  const char* ReadString(const char* at, JsonValue& value);
  const char* ReadEscapedString(const char* begin, const char* stop, JsonValue& value);
  const char* ReadContainer(const char* at, JsonValue& value, int field, int depth);
  const char* ReadUnknown(const char* at, const char* key_begin, int object, int depth);
  const char* Literal(const char* at, JsonValue& value, std::string_view text, JsonKind kind);
  const char* SkipString(const char* at);
  const char* SkipKey(const char* at);
  const char* SkipScalar(const char* at);
  const char* SkipContainer(const char* at, int depth);
  const char* SkipValue(const char* at, int depth);
  void ClearBelow(int field);
  void DropReplacedUnknown();
  void DropEarlierUnknown();

  const FieldTree& fields_;
  std::vector<JsonValue> values_;  // by field
  std::vector<Successors> after_;  // by field
  std::vector<Successors> first_;  // by field that is an object
  std::vector<UnknownMember> unknown_;
  std::string_view line_;
  char* arena_ = nullptr;
  std::string_view unknown_key_;  // of the member being read
  size_t members_ = 0;
  bool has_duplicates_ = false;
  FaultReason fault_ = FaultReason::kNotJson;
};

}  // namespace sluice
