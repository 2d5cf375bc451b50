// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <set>

#include "sluice/base/json_text.h"
#include "sluice/base/utf8.h"
#include "sluice/cli/conversion_text.h"
#include "sluice/cli/exit_code.h"
#include "sluice/cli/input_file.h"
#include "sluice/cli/session.h"
#include "sluice/transform/object_transformer.h"
#include "sluice/transform/preview.h"

namespace sluice {
namespace {

struct PreviewFlags {
  std::string file;
  PreviewOptions options;
  bool strict = false;
};

// What is told of a file.
struct Previewed {
  std::string file;
  Preview preview;
  bool is_held = false;  // were it one raw object
  const TableSet& tables;
};

// The columns that the cells of a row are of.
std::vector<std::string_view> CellNames(const Table& table) {
  std::vector<std::string_view> names;
  for (const Column& column : table.schema.columns) {
    if (!column.generated) names.push_back(column.name);
  }
  return names;
}

std::string_view ColumnOf(const PreviewedFaults& group, const TableSet& tables) {
  if (!group.column) return "";
  return tables.tables[*group.table].schema.columns[*group.column].name;
}

uint64_t RowsOf(const Preview& preview) {
  uint64_t rows = 0;
  for (const PreviewedTable& table : preview.tables) rows += table.rows;
  return rows;
}

std::string TableText(const PreviewedTable& previewed, const Table& table) {
  std::string text =
      fmt::format("\ntable {}: {} rows", table.name(), WithThousands(previewed.rows));
  if (previewed.duplicates > 0) {
    text += fmt::format(", {} of them duplicates", WithThousands(previewed.duplicates));
  }
  text += "\n";
  const auto names = CellNames(table);
  size_t width = 0;
  for (const std::string_view name : names) width = std::max(width, name.size());
  for (const PreviewedRow& row : previewed.examples) {
    text += fmt::format("  line {}", row.line);
    if (row.duplicate_of) text += fmt::format(", a duplicate of line {}", *row.duplicate_of);
    text += "\n";
    for (size_t i = 0; i < names.size(); ++i) {
      text += fmt::format("    {:{}}  {}\n", names[i], width, WithoutControls(row.cells[i]));
    }
  }
  return text;
}

std::string EventText(uint64_t line, const QuarantinePayload& event) {
  return fmt::format("    line {}: {}{}\n", line,
                     event.encoding == "utf8" ? "" : fmt::format("{}: ", event.encoding),
                     WithoutControls(event.text));
}

// Each event once: one with many new fields is as long as they are.
std::string ChangesText(const Preview& preview, const TableSet& tables) {
  if (preview.changes.empty()) return "";
  std::string text = "\nchanged, or without a column\n";
  std::set<uint64_t> shown;
  for (const PreviewedChange& change : preview.changes) {
    text += fmt::format("  {}: {} {}, {}\n", Counted(change.events, "event"), change.change,
                        WithoutControls(change.field), tables.tables[change.table].name());
    for (const uint64_t line : change.lines) {
      text += shown.insert(line).second ? EventText(line, preview.changed.at(line))
                                        : fmt::format("    line {}, as above\n", line);
    }
  }
  return text;
}

std::string FaultsText(const PreviewedFaults& group, const TableSet& tables) {
  const std::string_view column = ColumnOf(group, tables);
  std::string text =
      fmt::format("  {}: {}{}{}{}\n", Counted(group.events, "event"), Name(group.reason),
                  column.empty() ? "" : fmt::format(" {}", column), group.table ? ", " : "",
                  group.table ? tables.tables[*group.table].name() : "");
  for (const PreviewedFault& example : group.examples) {
    text += EventText(example.fault.line, example.payload);
  }
  return text;
}

// A file of JSON over several lines: most of them are broken, as send has it of messages.
bool IsNoNdjson(const Preview& preview) {
  uint64_t broken = 0;
  for (const PreviewedFaults& group : preview.faults) {
    if (group.reason == FaultReason::kNotJson) broken += group.events;
  }
  return 2 * broken > preview.counts.lines;
}

std::string ToText(const Previewed& of) {
  const Preview& preview = of.preview;
  const uint64_t dropped = preview.counts.dropped;
  std::string text =
      fmt::format("{}: {} events, {}{}: {} become rows, {} go to quarantine{}\n", of.file,
                  WithThousands(preview.counts.lines), ToText(Bytes{preview.bytes}),
                  preview.is_whole ? "" : ", the first of the file", WithThousands(RowsOf(preview)),
                  WithThousands(preview.quarantined),
                  dropped == 0 ? "" : fmt::format(", {} are dropped", WithThousands(dropped)));
  text += ChangesText(preview.counts, of.tables, "  ");
  for (size_t i = 0; i < of.tables.tables.size(); ++i) {
    text += TableText(preview.tables[i], of.tables.tables[i]);
  }
  text += ChangesText(preview, of.tables);
  if (preview.quarantined > 0) text += "\nquarantine\n";
  for (const PreviewedFaults& group : preview.faults) text += FaultsText(group, of.tables);
  if (IsNoNdjson(preview)) {
    text +=
        "\neach line is read as an event, as of a raw object: where the file is JSON over several "
        "lines, sluice init --sample reads it, and landing makes lines of a message that is so\n";
  }
  if (of.is_held) {
    text +=
        "\nas a raw object of its own it would be held, and load nothing: more events go to "
        "quarantine than quarantine.hold_above allows\n";
  }
  return text;
}

void AppendTable(JsonText& json, const Previewed& of, size_t index) {
  const Table& table = of.tables.tables[index];
  const PreviewedTable& previewed = of.preview.tables[index];
  json.BeginObject().Key("table").Value(table.name());
  AppendTableCounts(json, CountsOf(of.preview.counts, index), table);
  json.Key("rows").Value(previewed.rows).Key("duplicates").Value(previewed.duplicates);
  json.Key("examples").BeginArray();
  const auto names = CellNames(table);
  for (const PreviewedRow& row : previewed.examples) {
    json.BeginObject().Key("line").Value(row.line).Key("duplicate_of");
    row.duplicate_of ? json.Value(*row.duplicate_of) : json.Null();
    json.Key("row").BeginObject();
    for (size_t i = 0; i < names.size(); ++i) json.Key(names[i]).Json(row.cells[i]);
    json.EndObject().EndObject();
  }
  json.EndArray().EndObject();
}

void AppendChanges(JsonText& json, const Preview& preview, const TableSet& tables) {
  json.Key("changes").BeginArray();
  for (const PreviewedChange& change : preview.changes) {
    json.BeginObject().Key("table").Value(tables.tables[change.table].name());
    json.Key("change").Value(change.change).Key("field").Value(change.field);
    json.Key("events").Value(change.events).Key("lines").BeginArray();
    for (const uint64_t line : change.lines) json.Value(line);
    json.EndArray().EndObject();
  }
  json.EndArray().Key("changed").BeginArray();
  for (const auto& [line, event] : preview.changed) {
    json.BeginObject().Key("line").Value(line).Key("encoding").Value(event.encoding);
    json.Key("payload").Value(event.text).EndObject();
  }
  json.EndArray();
}

void AppendFaults(JsonText& json, const PreviewedFaults& group, const TableSet& tables) {
  const std::string_view column = ColumnOf(group, tables);
  json.BeginObject().Key("table").Value(group.table ? tables.tables[*group.table].name() : "*");
  json.Key("reason").Value(Name(group.reason)).Key("column");
  column.empty() ? json.Null() : json.Value(column);
  json.Key("events").Value(group.events).Key("examples").BeginArray();
  for (const PreviewedFault& example : group.examples) {
    json.BeginObject().Key("line").Value(example.fault.line);
    json.Key("at_byte").Value(example.fault.byte_offset);
    json.Key("length").Value(example.fault.byte_length);
    json.Key("encoding").Value(example.payload.encoding);
    json.Key("payload").Value(example.payload.text).EndObject();
  }
  json.EndArray().EndObject();
}

std::string ToJson(const Previewed& of) {
  const Preview& preview = of.preview;
  JsonText json;
  json.BeginObject().Key("file").Value(of.file).Key("whole").Value(preview.is_whole);
  json.Key("events").Value(preview.counts.lines).Key("bytes").Value(preview.bytes);
  json.Key("no_route").Value(preview.counts.no_route).Key("dropped").Value(preview.counts.dropped);
  json.Key("duplicate_keys").Value(preview.counts.duplicate_keys);
  json.Key("quarantined").Value(preview.quarantined).Key("held").Value(of.is_held);
  json.Key("tables").BeginArray();
  for (size_t i = 0; i < of.tables.tables.size(); ++i) AppendTable(json, of, i);
  json.EndArray();
  AppendChanges(json, preview, of.tables);
  json.Key("quarantine").BeginArray();
  for (const PreviewedFaults& group : preview.faults) AppendFaults(json, group, of.tables);
  return json.EndArray().EndObject().text() + "\n";
}

Result<int> PreviewFile(Session& session, const PreviewFlags& flags) {
  SLUICE_ASSIGN(const PipelineConfig config, session.Configuration());
  SLUICE_ASSIGN(InputFile input, InputFile::Open(flags.file, session.stop()));
  auto preview = PreviewStream(input, *config.tables, flags.options);
  if (!preview && session.stop().stop_requested()) {
    std::fputs("sluice: stopped by a signal: the file was not read to its end\n", stderr);
    return kExitInterrupted;
  }
  if (!preview) {
    return std::unexpected(preview.error().During(fmt::format("cannot preview {}", flags.file)));
  }
  Previewed of{.file = flags.file == "-" ? "standard input" : flags.file,
               .preview = *std::move(preview),
               .tables = *config.tables};
  of.is_held = IsHeld(of.preview.quarantined, of.preview.counts.lines,
                      {.hold_above = config.quarantine.hold_above});
  SLUICE_TRY(Print(session.flags.json ? ToJson(of) : ToText(of)));
  return flags.strict && of.preview.quarantined > 0 ? kExitAttention : kExitDone;
}

}  // namespace

void AddPreview(CLI::App& app, Session& session, int& exit_code) {
  auto flags = std::make_shared<PreviewFlags>();
  CLI::App* command = app.add_subcommand(
      "preview",
      "Show the rows that each table would get of a file, and what would be quarantined");
  command->add_option("FILE", flags->file, "NDJSON, plain, gzip or zstd; - for standard input")
      ->required();
  command->add_option("--limit", flags->options.lines, "Lines of the file to read, at most")
      ->capture_default_str()
      ->type_name("N")
      ->check(CLI::Range(1, 10'000'000));
  command
      ->add_option(
          "--examples", flags->options.examples,
          "Rows to show of each table, and events of each change and each reason for quarantine")
      ->capture_default_str()
      ->type_name("N")
      ->check(CLI::Range(0, 10'000));
  command->add_flag("--strict", flags->strict, "Exit 3 when an event would go to quarantine");
  command->footer(
      "Asks neither queue nor warehouse, and makes nothing.\n\nExamples:\n  sluice sample -n 100 | "
      "sluice preview -\n  sluice --config sluice.yaml preview --examples 10 events.ndjson.gz");
  command->callback([&session, &exit_code, flags] {
    const Result<int> code = PreviewFile(session, *flags);
    exit_code = code ? *code : session.Fail(code.error());
  });
}

}  // namespace sluice
