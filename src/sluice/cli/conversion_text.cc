// SPDX-License-Identifier: Apache-2.0
#include "sluice/cli/conversion_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "sluice/base/utf8.h"
#include "sluice/cli/terminal.h"

namespace sluice {
namespace {

using NamedCounts = std::vector<std::pair<std::string, uint64_t>>;

constexpr size_t kShown = 5;              // names of one list
constexpr size_t kLongestShownName = 40;  // bytes

NamedCounts ByColumn(const std::vector<uint64_t>& counts, const Table& table) {
  NamedCounts named;
  for (size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] > 0) named.emplace_back(table.schema.columns[i].name, counts[i]);
  }
  return named;
}

NamedCounts ByName(const TableCounts& counts) {
  return {counts.unknown_fields.begin(), counts.unknown_fields.end()};
}

// A name from outside, fit for a terminal: on one line, short, without control characters.
std::string Shown(std::string_view name) {
  const std::string_view front = Utf8Prefix(name, kLongestShownName);
  return WithoutControls(front) + (front.size() < name.size() ? "…" : "");
}

// "message 10, topic 2, and 3 more"; the largest first.
std::string List(NamedCounts counts) {
  std::ranges::stable_sort(counts, std::greater(), &NamedCounts::value_type::second);
  std::string text;
  for (size_t i = 0; i < std::min(kShown, counts.size()); ++i) {
    text += fmt::format("{}{} {}", i == 0 ? "" : ", ", Shown(counts[i].first),
                        WithThousands(counts[i].second));
  }
  if (counts.size() > kShown) text += fmt::format(", and {} more", counts.size() - kShown);
  return text;
}

uint64_t SumOf(const NamedCounts& counts) {
  uint64_t sum = 0;
  for (const auto& [name, count] : counts) sum += count;
  return sum;
}

// "12 values coerced (message 10, topic 2), 3 truncated (topic 3); unknown fields: foo 17"
std::string ChangesOf(const TableCounts& counts, const Table& table) {
  std::string text;
  const auto add = [&](const std::vector<uint64_t>& changed, std::string_view what) {
    const NamedCounts named = ByColumn(changed, table);
    if (named.empty()) return;
    text += fmt::format("{}{}{} {} ({})", text.empty() ? "" : ", ", WithThousands(SumOf(named)),
                        text.empty() ? " values" : "", what, List(named));
  };
  add(counts.coerced, "coerced");
  add(counts.nulled, "nulled");
  add(counts.truncated, "truncated");
  if (counts.unknown_fields.empty()) return text;
  const bool is_collected = table.on_unknown_field == OnUnknownField::kCollect;
  return text + fmt::format("{}{} fields: {}", text.empty() ? "" : "; ",
                            is_collected ? "collected" : "unknown", List(ByName(counts)));
}

void AppendNamed(JsonText& json, std::string_view key, const NamedCounts& counts) {
  json.Key(key).BeginObject();
  for (const auto& [name, count] : counts) json.Key(name).Value(count);
  json.EndObject();
}

}  // namespace

TableCounts CountsOf(const ConversionCounts& counts, size_t index) {
  return index < counts.tables.size() ? counts.tables[index] : TableCounts();
}

std::string ChangesText(const ConversionCounts& counts, const TableSet& tables,
                        std::string_view indent) {
  std::string text;
  for (size_t i = 0; i < counts.tables.size(); ++i) {
    const Table& table = tables.tables[i];
    const std::string changes = ChangesOf(counts.tables[i], table);
    if (!changes.empty()) text += fmt::format("{}{}: {}\n", indent, table.name(), changes);
  }
  if (counts.duplicate_keys > 0) {
    text += fmt::format("{}{} events have a key twice: the last value counted\n", indent,
                        WithThousands(counts.duplicate_keys));
  }
  // Worth a word only where it costs time.
  constexpr uint64_t kFewLines = 1000;
  if (counts.lines > kFewLines && counts.fast_lines * 10 < counts.lines * 9) {
    text += fmt::format(
        "{}{:.1f} % of the lines took the fast path; docs/hot-path.md says why\n", indent,
        100.0 * static_cast<double>(counts.fast_lines) / static_cast<double>(counts.lines));
  }
  return text;
}

void AppendTableCounts(JsonText& json, const TableCounts& counts, const Table& table) {
  json.Key("routed").Value(counts.routed).Key("quarantined").Value(counts.quarantined);
  AppendNamed(json, "coerced", ByColumn(counts.coerced, table));
  AppendNamed(json, "nulled", ByColumn(counts.nulled, table));
  AppendNamed(json, "truncated", ByColumn(counts.truncated, table));
  AppendNamed(json, "unknown_fields", ByName(counts));
}

}  // namespace sluice
