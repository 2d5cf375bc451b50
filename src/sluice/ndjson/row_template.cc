// SPDX-License-Identifier: Apache-2.0
#include "sluice/ndjson/row_template.h"

#include <algorithm>

#include "sluice/ndjson/json_scan.h"

namespace sluice {
namespace {

// The most bytes that may stand before a key's quote: a literal then never begins before the text,
// because two quotes and the line's brace stand before every key but the first.
constexpr uint32_t kMostLead = 3;
constexpr uint32_t kMostColon = 16;
constexpr size_t kMostLiteralBytes = 16'384;

struct Member {
  const char *key, *begin, *end;  // the quote that opens the key; the value
  int field;
};

bool IsContainer(JsonKind kind) {
  return kind == JsonKind::kObject || kind == JsonKind::kArray;
}

// The members of the event in line order; empty where one is no plain value.
std::vector<Member> MembersOf(const LearnableLine& line) {
  std::vector<Member> members;
  const char* const text = line.event.line().data();
  for (const int field : line.fields.children(FieldTree::kEvent)) {
    const JsonValue& value = line.event.value(field);
    if (value.kind == JsonKind::kAbsent) continue;
    if (IsContainer(value.kind)) return {};
    members.push_back({.key = value.key,
                       .begin = value.raw.data(),
                       .end = value.raw.data() + value.raw.size(),
                       .field = field});
  }
  for (const UnknownMember& unknown : line.event.unknown()) {
    const char* const begin = text + unknown.value_begin;
    if (unknown.object != FieldTree::kEvent || *begin == '{' || *begin == '[') return {};
    members.push_back({.key = text + unknown.key_begin,
                       .begin = begin,
                       .end = text + unknown.value_end,
                       .field = FieldTree::kNone});
  }
  std::ranges::sort(members, {}, &Member::key);
  return members;
}

// Behind the quote that closes the key at `quote`; null where the key is escaped.
const char* EndOfKey(const char* quote) {
  const char* const stop = FindStringStop(quote + 1);
  return *stop == '"' ? stop + 1 : nullptr;
}

// The blanks, if they are the same around every field.
std::optional<Spacing> SpacingOf(const std::vector<Member>& members) {
  std::optional<Spacing> spacing;
  for (size_t i = 0; i < members.size(); ++i) {
    const char* const end_of_key = EndOfKey(members[i].key);
    if (end_of_key == nullptr) return std::nullopt;
    const auto colon = static_cast<uint32_t>(members[i].begin - (end_of_key - 1));
    const auto comma =
        i == 0 ? 2 : static_cast<uint32_t>(members[i].key - (members[i - 1].end - 1));
    if (colon > kMostColon || comma - 1 > kMostLead) return std::nullopt;
    if (!spacing) spacing = {colon, 0};
    if (i == 1) spacing->comma = comma;
    if (spacing->colon != colon || (i > 0 && spacing->comma != comma)) return std::nullopt;
  }
  if (spacing && spacing->comma == 0) spacing->comma = 2;  // of one field; as good as any
  return spacing;
}

// Whether lines of the template must have the value that this one has.
bool IsFixed(const LearnableLine& line, const Member& member) {
  return member.field != FieldTree::kNone &&
         (line.fields.has_children(member.field) ||
          std::ranges::find(line.tested, member.field) != line.tested.end());
}

}  // namespace

std::optional<RowTemplate> LearnTemplate(const LearnableLine& line) {
  const std::string_view text = line.event.line();
  const std::vector<Member> members = MembersOf(line);
  if (members.empty() || members.size() != line.event.members()) return std::nullopt;
  if (members.size() > RowShape::kMostStrings || line.event.has_duplicates()) return std::nullopt;
  const std::optional<Spacing> spacing = SpacingOf(members);
  if (!spacing || members.front().key - text.data() > std::ptrdiff_t{kMostLead})
    return std::nullopt;

  RowTemplate made;
  made.spacing = *spacing;
  made.table = line.table;
  made.texts.reserve(members.size());
  size_t bytes = 0;
  const char* from = text.data();
  for (const Member& member : members) {
    made.texts.emplace_back(from, member.begin);
    made.literals.emplace_back(made.texts.back(), static_cast<size_t>(member.key - from));
    bytes += made.texts.back().size();
    if (IsFixed(line, member)) {
      made.fixed.push_back({.field = made.fields.size(), .raw = {member.begin, member.end}});
    }
    made.fields.push_back(member.field);
    from = member.end;
  }
  made.tail.assign(from, text.data() + text.size());
  if (bytes > kMostLiteralBytes) return std::nullopt;
  return made;
}

}  // namespace sluice
