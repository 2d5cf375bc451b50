// SPDX-License-Identifier: Apache-2.0
#include "sluice/ndjson/rest_fields.h"

#include <algorithm>
#include <functional>

#include "sluice/ndjson/json_scan.h"

namespace sluice {
namespace {

constexpr size_t kMostNames = 256;
constexpr size_t kLongestName = 256;
constexpr size_t kKeptMembers = 4096;

// A key that was read before, with its quotes.
std::string_view RawKey(const char* begin) {
  const char* at = FindStringStop(begin + 1);
  while (*at == '\\') at = FindStringStop(SkipEscape(at));
  return {begin, static_cast<size_t>(at + 1 - begin)};
}

}  // namespace

void RestFields::Gather(const EventReader& event, const FieldTree& fields,
                        const std::vector<int>& foreign) {
  if (members_.capacity() > kKeptMembers) members_ = {};
  members_.clear();
  for (const UnknownMember& member : event.unknown()) {
    const std::string_view line = event.line();
    members_.push_back(
        {.key = member.key,
         .raw_key = RawKey(line.data() + member.key_begin),
         .raw_value = line.substr(member.value_begin, member.value_end - member.value_begin)});
  }
  const size_t unknown = members_.size();
  for (const int field : foreign) {
    const JsonValue& value = event.value(field);
    if (value.kind == JsonKind::kAbsent) continue;
    members_.push_back(
        {.key = fields.key(field), .raw_key = RawKey(value.key), .raw_value = value.raw});
  }
  if (members_.size() == unknown) return;
  std::ranges::sort(members_, std::less<const char*>(),
                    [](const Member& member) { return member.raw_key.data(); });
}

void RestFields::Count(std::map<std::string, uint64_t>& counts) const {
  for (const Member& member : members_) {
    if (member.key.size() <= kLongestName) {
      const std::string name(member.key);
      if (const auto found = counts.find(name); found != counts.end()) {
        ++found->second;
        continue;
      }
      if (counts.size() < kMostNames) {
        counts.emplace(name, 1);
        continue;
      }
    }
    ++counts["…"];
  }
}

JsonValue RestFields::Collect(char*& arena) const {
  if (members_.empty()) return {};
  char* out = arena;
  const auto append = [&](std::string_view text) {
    out = std::copy(text.begin(), text.end(), out);
  };
  for (const Member& member : members_) {
    append(out == arena ? "{" : ",");
    append(member.raw_key);
    append(":");
    append(member.raw_value);
  }
  append("}");
  const std::string_view text(arena, static_cast<size_t>(out - arena));
  arena = out;
  return {.kind = JsonKind::kObject, .raw = text};
}

}  // namespace sluice
