// SPDX-License-Identifier: Apache-2.0
#include "sluice/cli/report_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

#include "sluice/base/json_text.h"
#include "sluice/cli/conversion_text.h"
#include "sluice/cli/terminal.h"

namespace sluice {
namespace {

// The counts of a run that are worth a word, in the order in which they are told.
std::vector<std::pair<std::string_view, uint64_t>> ObjectCounts(const ProcessReport& p) {
  return {{"loaded", p.loaded},     {"loaded before", p.loaded_before},
          {"held", p.held},         {"set aside", p.set_aside},
          {"vanished", p.vanished}, {"superseded", p.superseded},
          {"failed", p.failed}};
}

// "failed: KEY, KEY, KEY and 9 more".
std::string FailedText(const ProcessReport& p) {
  if (p.failed == 0) return "";
  const uint64_t others = p.failed - p.failed_keys.size();
  return fmt::format("           failed: {}{}\n", fmt::join(p.failed_keys, ", "),
                     others == 0 ? "" : fmt::format(" and {} more", WithThousands(others)));
}

void AppendLanded(JsonText& json, const LandReport& l) {
  json.Key("objects").Value(l.objects).Key("messages").Value(l.messages);
  json.Key("events").Value(l.events).Key("enveloped").Value(l.enveloped);
  json.Key("bytes").Value(l.bytes_landed.count).Key("stored_bytes").Value(l.bytes_out.count);
  json.Key("deleted").Value(l.deleted).Key("delete_failures").Value(l.delete_failures);
  json.Key("lost").Value(l.lost);
}

}  // namespace

void AppendProcessed(JsonText& json, const ProcessReport& p, const TableSet& tables) {
  json.BeginObject().Key("objects").Value(p.objects);
  for (const auto& [name, count] : ObjectCounts(p)) {
    std::string key(name);
    for (char& c : key) c = c == ' ' ? '_' : c;
    json.Key(key).Value(count);
  }
  json.Key("failed_keys").BeginArray();
  for (const std::string& key : p.failed_keys) json.Value(key);
  json.EndArray();
  json.Key("events").Value(p.events()).Key("quarantined").Value(p.quarantined);
  json.Key("no_route").Value(p.converted.no_route).Key("dropped").Value(p.converted.dropped);
  json.Key("duplicate_keys").Value(p.converted.duplicate_keys);
  json.Key("fast_lines").Value(p.converted.fast_lines);
  json.Key("messages").Value(p.inbox.messages).Key("deleted").Value(p.inbox.deleted);
  json.Key("foreign").Value(p.inbox.foreign).Key("test_events").Value(p.inbox.test_events);
  json.Key("other_events").Value(p.inbox.other_events);
  json.Key("folder_markers").Value(p.inbox.folder_markers).Key("paused");
  p.paused ? json.Value(*p.paused) : json.Null();
  json.Key("tables").BeginArray();
  for (size_t i = 0; i < tables.tables.size(); ++i) {
    const Table& table = tables.tables[i];
    json.BeginObject().Key("table").Value(table.name());
    AppendTableCounts(json, CountsOf(p.converted, i), table);
    json.EndObject();
  }
  json.EndArray().EndObject();
}

std::string ToText(const RunReport& report, const TableSet& tables, bool was_stopped) {
  std::string text;
  const LandReport& landed = report.landed;
  if (landed.messages > 0) {
    text += fmt::format("landed     {} events of {} messages in {} raw objects, {} stored as {}\n",
                        WithThousands(landed.events), WithThousands(landed.messages),
                        WithThousands(landed.objects), ToText(landed.bytes_landed),
                        ToText(landed.bytes_out));
  }
  if (landed.lost > 0) {
    text += fmt::format(
        "lost       {} records of the stream, which were trimmed before they were landed\n",
        WithThousands(landed.lost));
  }
  const ProcessReport& processed = report.processed;
  if (processed.objects + processed.failed > 0) {
    text +=
        fmt::format("processed  {} events of {} raw objects: ", WithThousands(processed.events()),
                    WithThousands(processed.objects));
    const char* separator = "";
    for (const auto& [name, count] : ObjectCounts(processed)) {
      if (count == 0) continue;
      text += fmt::format("{}{} {}", separator, WithThousands(count), name);
      separator = ", ";
    }
    text += '\n' + FailedText(processed);
  }
  text += ChangesText(processed.converted, tables, "           ");
  if (processed.inbox.foreign > 0) {
    text += fmt::format(
        "           {} notifications are not ours: kept in quarantine, left to the dead-letter "
        "queue\n",
        WithThousands(processed.inbox.foreign));
  }
  if (processed.inbox.folder_markers > 0) {
    text += fmt::format("           {} notifications are of folders, not of objects\n",
                        WithThousands(processed.inbox.folder_markers));
  }
  if (processed.paused) text += fmt::format("paused     {}\n", *processed.paused);
  if (text.empty() && report.Failed() == nullptr) {
    text = was_stopped ? "stopped before anything was done\n" : "nothing to do\n";
  }
  return text;
}

std::string ToJson(const RunReport& report, const TableSet& tables) {
  JsonText json;
  json.BeginObject().Key("landed").BeginObject();
  AppendLanded(json, report.landed);
  json.EndObject().Key("processed");
  AppendProcessed(json, report.processed, tables);
  json.Key("failure");
  const Error* const failed = report.Failed();
  failed == nullptr ? json.Null() : json.Value(failed->message());
  json.EndObject();
  return json.text();
}

std::string Note(const RunReport& report) {
  return fmt::format("landed {}, processed {}", WithThousands(report.landed.events),
                     WithThousands(report.processed.events()));
}

}  // namespace sluice
