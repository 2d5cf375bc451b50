// SPDX-License-Identifier: Apache-2.0
#include "sluice/ndjson/event_reader.h"

#include <algorithm>
#include <bitset>
#include <utility>

#include "sluice/ndjson/json_scan.h"

namespace sluice {
namespace {

// Memory that one hostile event may leave behind.
constexpr size_t kKeptUnknown = 4096;

size_t Index(int field) {
  return static_cast<size_t>(field);
}

std::string_view Between(const char* begin, const char* end) {
  return {begin, static_cast<size_t>(end - begin)};
}

}  // namespace

EventReader::EventReader(const FieldTree& fields)
    : fields_(fields), values_(fields.size()), after_(fields.size()), first_(fields.size()) {}

std::optional<FaultReason> EventReader::Read(std::string_view line, char*& arena) {
  line_ = line;
  arena_ = arena;
  for (JsonValue& value : values_) value.kind = JsonKind::kAbsent;
  if (unknown_.capacity() > kKeptUnknown) unknown_ = {};
  unknown_.clear();
  members_ = 0;
  has_duplicates_ = false;

  const char* at = SkipBlanks(line.data());
  const bool is_object = *at == '{';
  at = is_object ? ReadObject(at, FieldTree::kEvent, 1) : SkipValue(at, 0);
  arena = arena_;
  if (at == nullptr) return fault_;
  if (SkipBlanks(at) < line.data() + line.size()) return FaultReason::kNotJson;
  if (!is_object) return FaultReason::kNotAnObject;
  if (has_duplicates_) DropReplacedUnknown();
  if (unknown_.size() > 1) DropEarlierUnknown();
  return std::nullopt;
}

const char* EventReader::Fault(FaultReason reason) {
  fault_ = reason;
  return nullptr;
}

// For the byte that ended a string but is no quote.
const char* EventReader::StringFault(const char* at) {
  const bool in_line = at < line_.data() + line_.size();
  return Fault(in_line && *at != '\\' ? FaultReason::kControlCharacter : FaultReason::kNotJson);
}

// From the brace. `object` is in the tree.
const char* EventReader::ReadObject(const char* at, int object, int depth) {
  if (depth > kDeepest) return Fault(FaultReason::kTooDeep);
  const bool is_event = object == FieldTree::kEvent;
  Successors* expected = &first_[Index(object)];
  at = SkipBlanks(at + 1);
  if (*at == '}') return at + 1;
  for (;;) {
    if (*at != '"') return Fault(FaultReason::kNotJson);
    const char* key_begin = at;
    int field = FieldTree::kNone;
    at = ReadKey(at + 1, object, *expected, field);
    if (at == nullptr) return nullptr;
    if (*at != ':') at = SkipBlanks(at);
    if (*at != ':') return Fault(FaultReason::kNotJson);
    at = SkipBlanks(at + 1);
    if (is_event) ++members_;
    if (field != FieldTree::kNone) {
      JsonValue& value = values_[Index(field)];
      if (value.kind != JsonKind::kAbsent) {
        has_duplicates_ = true;
        ClearBelow(field);
      }
      value.key = key_begin;
      at = ReadValue(at, value, field, depth);
      expected = &after_[Index(field)];
    } else {
      at = ReadUnknown(at, key_begin, object, depth);
    }
    if (at == nullptr) return nullptr;
    if (*at != ',') at = SkipBlanks(at);
    if (*at == '}') return at + 1;
    if (*at != ',') return Fault(FaultReason::kNotJson);
    at = SkipBlanks(at + 1);
  }
}

// From behind the quote that opens the key.
inline const char* EventReader::ReadKey(const char* at, int object, Successors& expected,
                                        int& field) {
  for (const int likely : {expected.latest, expected.other}) {
    if (likely != FieldTree::kNone && fields_.image(likely).Matches(at)) {
      field = likely;
      return at + fields_.image(likely).size();
    }
  }
  std::string_view key;
  const char* end = FindStringStop(at);
  if (*end == '"') {
    key = Between(at, end);
    ++end;
  } else {
    end = ReadEscapedKey(at, end, key);
    if (end == nullptr) return nullptr;
  }
  field = fields_.Find(object, key);
  if (field != FieldTree::kNone) {
    expected = {.latest = field, .other = expected.latest};
  } else {
    unknown_key_ = key;
  }
  return end;
}

const char* EventReader::ReadEscapedKey(const char* begin, const char* stop,
                                        std::string_view& key) {
  JsonValue value;
  const char* end = ReadEscapedString(begin, stop, value);
  key = value.text;
  return end;
}

inline const char* EventReader::ReadValue(const char* at, JsonValue& value, int field, int depth) {
  switch (*at) {
    case '"':
      return ReadString(at, value);
    case 'n':
      return Literal(at, value, "null", JsonKind::kNull);
    case 't':
      return Literal(at, value, "true", JsonKind::kTrue);
    case 'f':
      return Literal(at, value, "false", JsonKind::kFalse);
    case '{':
    case '[':
      return ReadContainer(at, value, field, depth);
    default: {
      const char* end = SkipNumber(at);
      if (end == nullptr) return Fault(FaultReason::kNotJson);
      value.kind = JsonKind::kNumber;
      value.raw = Between(at, end);
      return end;
    }
  }
}

const char* EventReader::Literal(const char* at, JsonValue& value, std::string_view text,
                                 JsonKind kind) {
  const char* end = SkipLiteral(at, text);
  if (end == nullptr) return Fault(FaultReason::kNotJson);
  value.kind = kind;
  value.raw = Between(at, end);
  return end;
}

inline const char* EventReader::ReadString(const char* at, JsonValue& value) {
  const char* stop = FindStringStop(at + 1);
  if (*stop != '"') return ReadEscapedString(at + 1, stop, value);
  value.kind = JsonKind::kString;
  value.has_lone_surrogate = value.has_nul = false;
  value.text = Between(at + 1, stop);
  value.raw = Between(at, stop + 1);
  return stop + 1;
}

// A string that begins at `begin` and is plain up to `stop`.
const char* EventReader::ReadEscapedString(const char* begin, const char* stop, JsonValue& value) {
  StringTraits traits;
  char* out = std::copy(begin, stop, arena_);
  const char* end = Unescape(stop, out, traits);
  if (*end != '"') return StringFault(end);
  value.kind = JsonKind::kString;
  value.has_lone_surrogate = traits.has_lone_surrogate;
  value.has_nul = traits.has_nul;
  value.text = Between(arena_, out);
  value.raw = Between(begin - 1, end + 1);
  arena_ = out;
  return end + 1;
}

const char* EventReader::ReadContainer(const char* at, JsonValue& value, int field, int depth) {
  const bool is_object = *at == '{';
  const char* end = is_object && fields_.has_children(field) ? ReadObject(at, field, depth + 1)
                                                             : SkipContainer(at, depth);
  if (end == nullptr) return nullptr;
  value.kind = is_object ? JsonKind::kObject : JsonKind::kArray;
  value.raw = Between(at, end);
  return end;
}

const char* EventReader::ReadUnknown(const char* at, const char* key_begin, int object, int depth) {
  const std::string_view key = unknown_key_;
  const char* end = SkipValue(at, depth);
  if (end != nullptr) {
    const auto offset = [&](const char* place) {
      return static_cast<uint32_t>(place - line_.data());
    };
    unknown_.push_back({.key = key,
                        .key_begin = offset(key_begin),
                        .value_begin = offset(at),
                        .value_end = offset(end),
                        .object = object});
  }
  return end;
}

// From the opening quote.
const char* EventReader::SkipString(const char* at) {
  for (at = FindStringStop(at + 1); *at == '\\'; at = FindStringStop(at)) {
    at = SkipEscape(at);
    if (at == nullptr) return Fault(FaultReason::kNotJson);
  }
  return *at == '"' ? at + 1 : StringFault(at);
}

// A key and its colon, and the blanks around that.
const char* EventReader::SkipKey(const char* at) {
  if (*at != '"') return Fault(FaultReason::kNotJson);
  const char* end = SkipString(at);
  if (end == nullptr) return nullptr;
  at = SkipBlanks(end);
  return *at == ':' ? SkipBlanks(at + 1) : Fault(FaultReason::kNotJson);
}

const char* EventReader::SkipScalar(const char* at) {
  const char* end = nullptr;
  switch (*at) {
    case '"':
      return SkipString(at);
    case 'n':
      end = SkipLiteral(at, "null");
      break;
    case 't':
      end = SkipLiteral(at, "true");
      break;
    case 'f':
      end = SkipLiteral(at, "false");
      break;
    default:
      end = SkipNumber(at);
  }
  return end != nullptr ? end : Fault(FaultReason::kNotJson);
}

const char* EventReader::SkipValue(const char* at, int depth) {
  return *at == '{' || *at == '[' ? SkipContainer(at, depth) : SkipScalar(at);
}

// From the bracket; `depth` is that of what it stands in. Without recursion: one bit for each
// level says whether it is an object.
const char* EventReader::SkipContainer(const char* at, int depth) {
  std::bitset<kDeepest + 1> is_object;
  const int outside = depth;
  for (;;) {
    if (*at == '{' || *at == '[') {
      if (++depth > kDeepest) return Fault(FaultReason::kTooDeep);
      is_object[Index(depth)] = *at == '{';
      at = SkipBlanks(at + 1);
      if (*at != (is_object[Index(depth)] ? '}' : ']')) {
        if (is_object[Index(depth)]) at = SkipKey(at);
        if (at == nullptr) return nullptr;
        continue;
      }
    } else {
      at = SkipScalar(at);
      if (at == nullptr) return nullptr;
      at = SkipBlanks(at);
    }
    while (*at == (is_object[Index(depth)] ? '}' : ']')) {
      ++at;
      if (--depth == outside) return at;
      at = SkipBlanks(at);
    }
    if (*at != ',') return Fault(FaultReason::kNotJson);
    at = SkipBlanks(at + 1);
    if (is_object[Index(depth)]) at = SkipKey(at);
    if (at == nullptr) return nullptr;
  }
}

// What an earlier value of `field` held is gone with it.
void EventReader::ClearBelow(int field) {
  for (const int child : fields_.children(field)) {
    values_[Index(child)].kind = JsonKind::kAbsent;
    ClearBelow(child);
  }
}

// Leaves those that stand in the value that their object has in the end.
void EventReader::DropReplacedUnknown() {
  std::erase_if(unknown_, [&](const UnknownMember& member) {
    if (member.object == FieldTree::kEvent) return false;
    const JsonValue& object = values_[Index(member.object)];
    return object.kind == JsonKind::kAbsent || line_.data() + member.key_begin < object.key;
  });
}

// Leaves the last of each key. Sorting, not hashing, bounds the time whatever the keys.
void EventReader::DropEarlierUnknown() {
  std::ranges::sort(unknown_, [](const UnknownMember& a, const UnknownMember& b) {
    if (a.object != b.object) return a.object < b.object;
    const int order = a.key.compare(b.key);
    return order != 0 ? order < 0 : a.key_begin > b.key_begin;
  });
  const auto [first, last] = std::ranges::unique(unknown_, {}, [](const UnknownMember& member) {
    return std::pair(member.object, member.key);
  });
  if (first != last) {
    has_duplicates_ = true;
    unknown_.erase(first, last);
  }
  std::ranges::sort(unknown_, {}, &UnknownMember::key_begin);
}

}  // namespace sluice
