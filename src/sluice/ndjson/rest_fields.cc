// SPDX-License-Identifier: Apache-2.0
#include "sluice/ndjson/rest_fields.h"

#include <algorithm>
#include <functional>

#include "sluice/base/utf8.h"
#include "sluice/ndjson/json_scan.h"

namespace sluice {
namespace {

constexpr size_t kMostNames = 256;
constexpr size_t kLongestName = 256;
constexpr std::string_view kOthers = "…";
constexpr size_t kKeptMembers = 4096;

size_t Index(int field) {
  return static_cast<size_t>(field);
}

// A key that was read before, with its quotes.
std::string_view RawKey(const char* begin) {
  const char* at = FindStringStop(begin + 1);
  while (*at == '\\') at = FindStringStop(SkipEscape(at));
  return {begin, static_cast<size_t>(at + 1 - begin)};
}

// As a part of a path.
void AppendKey(std::string& path, std::string_view key) {
  for (const char c : key) {
    if (c == '.' || c == '\\') path += '\\';
    path += c;
  }
}

// Writes members into nested objects, to memory that is large enough.
class ObjectWriter {
 public:
  ObjectWriter(const EventReader& event, const FieldTree& fields, std::vector<int>& inside,
               char* out)
      : event_(event), fields_(fields), inside_(inside), out_(out) {
    inside_.assign(1, FieldTree::kEvent);
    Append("{");
  }

  // `object` is the event, or an object of it that stands behind all that was written.
  void Add(int object, std::string_view raw_key, std::string_view raw_value) {
    while (!fields_.IsWithin(object, inside_.back())) Close();
    Open(object);
    AddKey(raw_key);
    Append(raw_value);
  }

  char* Finish() {
    while (!inside_.empty()) Close();
    return out_;
  }

 private:
  void Open(int object) {
    if (object == inside_.back()) return;
    Open(fields_.parent(object));
    AddKey(RawKey(event_.value(object).key));
    Append("{");
    inside_.push_back(object);
  }
  void Close() {
    Append("}");
    inside_.pop_back();
  }
  void AddKey(std::string_view raw_key) {
    if (out_[-1] != '{') Append(",");
    Append(raw_key);
    Append(":");
  }
  void Append(std::string_view text) { out_ = std::copy(text.begin(), text.end(), out_); }

  const EventReader& event_;
  const FieldTree& fields_;
  std::vector<int>& inside_;
  char* out_;
};

}  // namespace

RestFields::RestFields(const FieldTree& fields, OnUnknownField policy,
                       const std::vector<int>& taken, const std::vector<int>& tested)
    : fields_(&fields),
      uses_(fields.size(), Use::kNone),
      is_tested_(fields.size(), false),
      is_open_(fields.size(), false) {
  const auto open_above = [&](int field) {
    for (; field != FieldTree::kEvent; field = fields.parent(field)) {
      uses_[Index(fields.parent(field))] = Use::kOpen;
    }
  };
  for (const int field : taken) open_above(field);
  for (const int field : tested) {
    open_above(field);
    is_tested_[Index(field)] = true;
  }
  for (const int field : taken) uses_[Index(field)] = Use::kTaken;
  FindPlaces(FieldTree::kEvent, policy == OnUnknownField::kCollect);
}

void RestFields::FindPlaces(int object, bool collects) {
  is_open_[Index(object)] = true;
  for (const int field : fields_->children(object)) {
    if (uses_[Index(field)] == Use::kTaken) continue;
    if (collects || !is_tested_[Index(field)]) places_.push_back(field);
    if (uses_[Index(field)] == Use::kOpen) FindPlaces(field, collects);
  }
}

bool RestFields::IsRest(const EventReader& event, int field) const {
  const JsonKind kind = event.value(field).kind;
  if (kind == JsonKind::kAbsent) return false;
  return !is_open_[Index(field)] || (kind != JsonKind::kObject && kind != JsonKind::kNull);
}

bool RestFields::Gather(const EventReader& event) {
  if (members_.capacity() > kKeptMembers) members_ = {};
  members_.clear();
  for (const UnknownMember& member : event.unknown()) {
    if (!HasMember(member)) continue;
    const std::string_view line = event.line();
    members_.push_back(
        {.object = member.object,
         .key = member.key,
         .raw_key = RawKey(line.data() + member.key_begin),
         .raw_value = line.substr(member.value_begin, member.value_end - member.value_begin),
         .is_tested = false});
  }
  const size_t outside_tree = members_.size();
  for (const int field : places_) {
    if (!IsRest(event, field)) continue;
    const JsonValue& value = event.value(field);
    members_.push_back({.object = fields_->parent(field),
                        .key = fields_->key(field),
                        .raw_key = RawKey(value.key),
                        .raw_value = value.raw,
                        .is_tested = is_tested_[Index(field)]});
  }
  if (members_.size() > outside_tree) {
    std::ranges::sort(members_, std::less<const char*>(),
                      [](const Member& member) { return member.raw_key.data(); });
  }
  return !members_.empty();
}

// "context.page." for what stands in that object.
std::string RestFields::PrefixOf(int object) const {
  if (object == FieldTree::kEvent) return "";
  std::string prefix = PrefixOf(fields_->parent(object));
  AppendKey(prefix, fields_->key(object));
  return prefix + ".";
}

// The key, as it came where it is no text.
std::string_view RestFields::NameOf(const Member& member) {
  if (IsUtf8(member.key)) return member.key;
  return member.raw_key.substr(1, member.raw_key.size() - 2);
}

// The path of the field, as `from:` spells it.
std::string RestFields::PathOf(const Member& member) const {
  if (member.key.size() > kLongestName) return std::string(kOthers);
  std::string path = PrefixOf(member.object);
  AppendKey(path, NameOf(member));
  return path.size() > kLongestName ? std::string(kOthers) : path;
}

void RestFields::Count(std::map<std::string, uint64_t>& counts) const {
  for (const Member& member : members_) {
    if (!member.is_tested) CountName(PathOf(member), counts);
  }
}

std::vector<std::string> RestFields::Names() const {
  std::vector<std::string> names;
  for (const Member& member : members_) {
    if (!member.is_tested) names.push_back(PathOf(member));
  }
  return names;
}

void RestFields::CountName(const std::string& name, std::map<std::string, uint64_t>& counts,
                           uint64_t times) {
  const bool has_room = counts.size() < kMostNames || counts.contains(name);
  counts[has_room ? name : std::string(kOthers)] += times;
}

JsonValue RestFields::Collect(const EventReader& event, char*& arena) {
  ObjectWriter writer(event, *fields_, inside_, arena);
  for (const Member& member : members_) {
    writer.Add(member.object, member.raw_key, member.raw_value);
  }
  const char* end = writer.Finish();
  const std::string_view text(arena, static_cast<size_t>(end - arena));
  arena += text.size();
  return {.kind = JsonKind::kObject, .raw = text};
}

}  // namespace sluice
