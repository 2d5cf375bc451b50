// SPDX-License-Identifier: Apache-2.0
#include "sluice/cli/init_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "sluice/base/json_text.h"
#include "sluice/cli/terminal.h"
#include "sluice/operate/infer_names.h"

namespace sluice {
namespace {

std::string ReasonsText(const std::map<std::string, uint64_t>& faults) {
  std::vector<std::string> words;
  for (const auto& [reason, events] : faults) {
    words.push_back(fmt::format("{} {}", reason, WithThousands(events)));
  }
  return fmt::format("{}", fmt::join(words, ", "));
}

uint64_t LinesOf(const std::map<std::string, uint64_t>& faults) {
  uint64_t lines = 0;
  for (const auto& [reason, count] : faults) lines += count;
  return lines;
}

std::vector<std::string> NotesOf(const InitReport& report) {
  std::vector<std::string> notes = report.cuts;
  notes.insert(notes.end(), report.proposal.notes.begin(), report.proposal.notes.end());
  return notes;
}

void AppendColumn(JsonText& json, const ProposedColumn& proposed) {
  json.BeginObject().Key("column").Value(proposed.column.name);
  json.Key("type").Value(ToSql(proposed.column.type));
  json.Key("not_null").Value(proposed.column.not_null);
  json.Key("from").Value(FromText(proposed.source.path));
  json.Key("epoch");
  if (proposed.source.epoch) {
    constexpr const char* kUnits[] = {"s", "ms", "us"};
    json.Value(kUnits[static_cast<size_t>(*proposed.source.epoch)]);
  } else {
    json.Null();
  }
  json.Key("encode").Value(proposed.encoding);
  json.Key("reason").Value(proposed.reason).EndObject();
}

void AppendTable(JsonText& json, const InitReport& report, size_t i) {
  const InitTable& table = report.tables[i];
  json.BeginObject().Key("table").Value(table.name).Key("ddl").Value(table.file);
  json.Key("when").Value(ToText(table.when)).Key("unique");
  table.unique ? json.Value(*table.unique) : json.Null();
  json.Key("time");
  table.time ? json.Value(*table.time) : json.Null();
  const TableCounts* const counts =
      i < report.counts.tables.size() ? &report.counts.tables[i] : nullptr;
  json.Key("routed").Value(counts ? counts->routed : uint64_t{0});
  json.Key("quarantined").Value(counts ? counts->quarantined : uint64_t{0});
  json.Key("columns").BeginArray();
  if (i < report.proposal.tables.size()) {
    for (const ProposedColumn& column : report.proposal.tables[i].columns)
      AppendColumn(json, column);
  }
  json.EndArray().EndObject();
}

}  // namespace

std::string ToText(const InitReport& report) {
  std::string text;
  const uint64_t lines = report.counts.lines;
  if (report.broken > 0) {
    text += fmt::format("read {} lines: {} events, and {} that are none\n", WithThousands(lines),
                        WithThousands(lines - report.broken), WithThousands(report.broken));
  } else if (lines > 0) {
    text += fmt::format("read {} events\n", WithThousands(lines));
  }
  for (size_t i = 0; i < report.tables.size(); ++i) {
    const InitTable& table = report.tables[i];
    text += fmt::format("  table {}: {} columns, when: {}, unique: {}", table.name, table.columns,
                        ToText(table.when), table.unique.value_or("none"));
    if (table.time) text += fmt::format(", time: {}", *table.time);
    if (lines > 0) {
      text += fmt::format("; {} events", WithThousands(report.counts.tables[i].routed));
    }
    text += "\n";
  }
  for (const std::string& note : NotesOf(report)) text += "  look: " + note + "\n";
  if (lines > 0) {
    const uint64_t lost = LinesOf(report.faults);
    text += fmt::format("with these tables {} of {} {} become rows", WithThousands(lines - lost),
                        WithThousands(lines), report.broken > 0 ? "lines" : "events");
    if (lost > 0) text += "; the others go to quarantine: " + ReasonsText(report.faults);
    text += "\n";
  }
  text += fmt::format("wrote {}\n", fmt::join(report.files, ", "));
  text += fmt::format("read them, then: sluice --config {} check\n", report.files.back());
  return text;
}

std::string ToJson(const InitReport& report) {
  JsonText json;
  const uint64_t lines = report.counts.lines;
  json.BeginObject().Key("lines").Value(lines).Key("events").Value(lines - report.broken);
  json.Key("whole_sample").Value(report.cuts.empty());
  json.Key("rows").Value(lines - LinesOf(report.faults));
  json.Key("quarantined").BeginObject();
  for (const auto& [reason, count] : report.faults) json.Key(reason).Value(count);
  json.EndObject().Key("tables").BeginArray();
  for (size_t i = 0; i < report.tables.size(); ++i) AppendTable(json, report, i);
  json.EndArray().Key("notes").BeginArray();
  for (const std::string& note : NotesOf(report)) json.Value(note);
  json.EndArray().Key("files").BeginArray();
  for (const std::string& file : report.files) json.Value(file);
  json.EndArray().EndObject();
  return json.text() + "\n";
}

}  // namespace sluice
