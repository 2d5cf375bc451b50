// SPDX-License-Identifier: Apache-2.0
#include "sluice/generate/event_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <span>

namespace sluice {
namespace {

constexpr int64_t kSecond = 1'000'000;

// At most 45 bytes of UTF-8.
std::string OddText(Random& random) {
  static constexpr std::string_view kTexts[] = {
      "\"Caf\\u00e9 \\ud83d\\ude00 \\u6771\\u4eac\"",
      "\"na\xC3\xAFve \xF0\x9F\x98\x80 \xE6\x9D\xB1\xE4\xBA\xAC\"",
      "\"quote \\\" backslash \\\\ slash \\/ end\"",
      "\"\\b\\f\\n\\r\\t\"",
      "\"\\u0041\\u007f\\u0080\\ufffd\\udbff\\udfff\"",
      "\"\\\\\\\\\\\"\\\\\"",
      "\"\"",
      "\" blank at both ends \""};
  return std::string(random.Pick(kTexts));
}

std::string CoercedValue(Random& random) {
  static constexpr std::string_view kValues[] = {"12.50",
                                                 "true",
                                                 "false",
                                                 "-0",
                                                 "1e400",
                                                 "12345678901234567890123",
                                                 "[]",
                                                 "{}",
                                                 "{\"a\": [1, 2.0, null], \"a\": \"\\u00e9\"}",
                                                 "[ 1,2 ,\"x\" ]"};
  return std::string(random.Pick(kValues));
}

// `time`, written another way.
std::string OtherTimeStyle(int64_t time, Random& random) {
  std::string text = "\"";
  const int64_t hours = static_cast<int64_t>(random.Below(27)) - 12;
  AppendTimestamp(text, time + hours * 3600 * kSecond);
  text[11] = 'T';
  if (hours == 0) {
    text += 'Z';
  } else {
    text += fmt::format("{}{:02}{}00", hours < 0 ? '-' : '+', hours < 0 ? -hours : hours,
                        random.Below(2) == 0 ? ":" : "");
  }
  return text + '"';
}

// The first letter of the key, or its '_', as \u00XX.
std::string WithEscapedKey(std::string_view entry) {
  const size_t end = entry.find('"', 1);
  size_t at = entry.find('_');
  if (at == std::string_view::npos || at > end) at = 1;
  const char c = entry[at];
  const bool plain = at < end && c >= 0x20 && c < 0x7F && c != '\\';
  if (!plain) return std::string(entry);
  return fmt::format("{}\\u{:04x}{}", entry.substr(0, at), static_cast<unsigned char>(c),
                     entry.substr(at + 1));
}

// Whether events with the unknown field of `Rearrange` are loaded.
bool TakesUnknownFields(const Table& table) {
  if (table.on_unknown_field == OnUnknownField::kQuarantine) return false;
  if (table.on_unknown_field == OnUnknownField::kIgnore) return true;
  constexpr int32_t kRoom = 256;  // for it, and for what the routing rules want
  const ColumnType& type = table.schema.columns[*table.collect].type;
  return type.kind == TypeKind::kSuper || type.length >= kRoom ||
         table.on_too_long == OnTooLong::kTruncate;
}

}  // namespace

EventWriter::EventWriter(const Table& table, EventShape shape, uint64_t seed)
    : table_(table), shape_(std::move(shape)), seed_(seed) {
  faults_ = PossibleFaults(table_, shape_);
  FindOddities();
}

void EventWriter::FindOddities() {
  PossibleOddity escapes{EventOddity::kEscapesInText, {}}, coerced{EventOddity::kCoercedValue, {}};
  PossibleOddity twice{EventOddity::kDuplicateKey, {}}, key{EventOddity::kEscapedKey, {}};
  PossibleOddity time{EventOddity::kOtherTimeStyle, {}};
  for (size_t i = 0; i < shape_.makers.size(); ++i) {
    if (!shape_.makers[i]) continue;
    const ColumnType& type = table_.schema.columns[i].type;
    const bool unique = std::ranges::find(table_.unique, i) != table_.unique.end();
    if (type.kind == TypeKind::kVarchar && type.length >= 64 && !unique) {
      escapes.columns.push_back(i);
      coerced.columns.push_back(i);
    }
    if (table_.time == i && !table_.sources[i].epoch) time.columns.push_back(i);
    twice.columns.push_back(i);
    key.columns.push_back(i);
  }
  for (PossibleOddity* candidate : {&escapes, &coerced, &twice, &key, &time}) {
    if (!candidate->columns.empty()) oddities_.push_back(std::move(*candidate));
  }
  oddities_.push_back({EventOddity::kOtherKeyOrder, {}});
  oddities_.push_back({EventOddity::kNoNulls, {}});
  oddities_.push_back({EventOddity::kWideSpacing, {}});
  if (TakesUnknownFields(table_)) {
    oddities_.push_back({EventOddity::kUnknownFields, {}});
  }
}

ValueContext EventWriter::ContextOf(const EventDraft& draft) const {
  return {.serial = draft.serial,
          .time = draft.time,
          .keys = Random(Random::Mix(seed_ ^ Random::Mix(draft.serial))),
          .contents = Random(draft.contents)};
}

void EventWriter::AppendEntry(std::string& out, const EventEntry& entry, ValueContext& context,
                              const Override* other) const {
  out += entry.key;
  for (const EntryPart& part : entry.parts) {
    out += part.before;
    const size_t column = *part.column;
    if (other != nullptr && other->column == column) {
      out += other->text;
    } else if (shape_.makers[column]) {
      shape_.makers[column]->Append(out, context);
    } else {
      out += *shape_.fixed[column];
    }
  }
  out += entry.after;
}

void EventWriter::Append(std::string& out, const EventDraft& draft) const {
  if (draft.fault != EventFault::kNone || draft.oddity != EventOddity::kNone) {
    AppendUnusual(out, draft);
    return;
  }
  ValueContext context = ContextOf(draft);
  char separator = '{';
  for (const EventEntry& entry : shape_.entries) {
    out += separator;
    if (separator == ',') out += ' ';
    AppendEntry(out, entry, context, nullptr);
    separator = ',';
  }
  out += '}';
}

void EventWriter::AppendUnusual(std::string& out, const EventDraft& draft) const {
  Random random(Random::Mix(draft.contents));
  std::vector<std::string> entries = UnusualEntries(draft, random);
  Rearrange(entries, draft, random);
  const bool wide = draft.oddity == EventOddity::kWideSpacing;
  out += wide ? "{ " : "{";
  for (size_t i = 0; i < entries.size(); ++i) {
    if (i > 0) out += wide ? " ,\t " : ", ";
    out += entries[i];
  }
  out += wide ? " }" : "}";
}

std::vector<std::string> EventWriter::UnusualEntries(const EventDraft& draft,
                                                     Random& random) const {
  std::optional<Override> other;
  const ColumnType& type = table_.schema.columns[draft.column].type;
  if (draft.oddity == EventOddity::kEscapesInText) other = {draft.column, OddText(random)};
  if (draft.oddity == EventOddity::kCoercedValue) other = {draft.column, CoercedValue(random)};
  if (draft.oddity == EventOddity::kOtherTimeStyle) {
    other = {draft.column, OtherTimeStyle(draft.time, random)};
  }
  if (draft.fault > EventFault::kAbsent && draft.fault < EventFault::kGeneratedColumn) {
    other = {draft.column, FaultyValue(draft.fault, type, random)};
  } else if (draft.fault == EventFault::kNull) {
    other = {draft.column, "null"};
  }
  std::vector<std::string> entries;
  ValueContext context = ContextOf(draft);
  for (const EventEntry& entry : shape_.entries) {
    AppendEntry(entries.emplace_back(), entry, context, other ? &*other : nullptr);
  }
  return entries;
}

size_t EventWriter::EntryOf(size_t column) const {
  const auto found = std::ranges::find_if(shape_.entries, [&](const EventEntry& entry) {
    return std::ranges::find(entry.columns, column) != entry.columns.end();
  });
  return static_cast<size_t>(found - shape_.entries.begin());
}

void EventWriter::Rearrange(std::vector<std::string>& entries, const EventDraft& draft,
                            Random& random) const {
  const auto at = [&](size_t index) { return entries.begin() + static_cast<ptrdiff_t>(index); };
  if (draft.fault == EventFault::kAbsent) {
    entries.erase(at(EntryOf(draft.column)));
  } else if (draft.fault == EventFault::kGeneratedColumn) {
    const FieldPath& path = table_.sources[draft.column].path;
    entries.push_back(fmt::format("\"{}\": 7", path.front()));
  } else if (draft.fault >= EventFault::kBadSyntax) {
    entries.push_back(SpoilingEntry(draft.fault, random));
  }
  switch (draft.oddity) {
    case EventOddity::kOtherKeyOrder:
      std::ranges::rotate(entries, at(random.Below(entries.size())));
      if (entries.size() > 1) std::swap(entries.front(), entries.back());
      break;
    case EventOddity::kUnknownFields:
      entries.insert(
          at(random.Below(entries.size() + 1)),
          "\"sluice_demo_\\u00e9\": {\"a\": [1, {\"b\": null}], \"\": \"\\ud83d\\ude00\"}");
      break;
    case EventOddity::kDuplicateKey: {
      const size_t index = EntryOf(draft.column);
      entries.insert(at(random.Below(index + 1)),
                     shape_.entries[index].key + ": \"this one loses\"");
      break;
    }
    case EventOddity::kEscapedKey: {
      std::string& entry = entries[EntryOf(draft.column)];
      entry = WithEscapedKey(entry);
      break;
    }
    case EventOddity::kNoNulls:
      for (size_t i = entries.size(); i-- > 0;) {
        const EventEntry& entry = shape_.entries[i];
        if (entry.routes || entry.columns.size() != 1 || entries.size() == 1) continue;
        const Column& column = table_.schema.columns[entry.columns[0]];
        if (!column.default_text && entries[i].ends_with(": null")) entries.erase(at(i));
      }
      break;
    default:
      break;
  }
}

}  // namespace sluice
