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

uint64_t EventsOf(const std::map<std::string, uint64_t>& faults) {
  uint64_t events = 0;
  for (const auto& [reason, count] : faults) events += count;
  return events;
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
  if (report.counts.lines > 0) {
    text += fmt::format("read {} events{}\n", WithThousands(report.counts.lines),
                        report.is_whole_sample ? "" : ", the first of the sample: see --limit");
  }
  for (size_t i = 0; i < report.tables.size(); ++i) {
    const InitTable& table = report.tables[i];
    text += fmt::format("  table {}: {} columns, when: {}, unique: {}", table.name, table.columns,
                        ToText(table.when), table.unique.value_or("none"));
    if (table.time) text += fmt::format(", time: {}", *table.time);
    if (report.counts.lines > 0) {
      text += fmt::format("; {} events", WithThousands(report.counts.tables[i].routed));
    }
    text += "\n";
  }
  for (const std::string& note : report.proposal.notes) text += "  look: " + note + "\n";
  if (report.counts.lines > 0) {
    const uint64_t lost = EventsOf(report.faults);
    text +=
        fmt::format("with these tables {} of {} events become rows",
                    WithThousands(report.counts.lines - lost), WithThousands(report.counts.lines));
    if (lost > 0) text += "; the others go to quarantine: " + ReasonsText(report.faults);
    text += "\n";
  }
  text += fmt::format("wrote {}\n", fmt::join(report.files, ", "));
  text += fmt::format("read them, then: sluice --config {} check\n", report.files.back());
  return text;
}

std::string ToJson(const InitReport& report) {
  JsonText json;
  json.BeginObject().Key("events").Value(report.counts.lines);
  json.Key("whole_sample").Value(report.is_whole_sample);
  json.Key("rows").Value(report.counts.lines - EventsOf(report.faults));
  json.Key("quarantined").BeginObject();
  for (const auto& [reason, events] : report.faults) json.Key(reason).Value(events);
  json.EndObject().Key("tables").BeginArray();
  for (size_t i = 0; i < report.tables.size(); ++i) AppendTable(json, report, i);
  json.EndArray().Key("notes").BeginArray();
  for (const std::string& note : report.proposal.notes) json.Value(note);
  json.EndArray().Key("files").BeginArray();
  for (const std::string& file : report.files) json.Value(file);
  json.EndArray().EndObject();
  return json.text() + "\n";
}

}  // namespace sluice
