// SPDX-License-Identifier: Apache-2.0
#include "sluice/base/json_text.h"
#include "sluice/operate/concerns.h"
#include "sluice/operate/hour_range.h"

namespace sluice {
namespace {

void AppendTime(JsonText& json, std::string_view name, const std::optional<Timestamp>& time) {
  json.Key(name);
  time ? json.Value(ToIso8601(*time)) : json.Null();
}

void AppendDepth(JsonText& json, const StatusReport& report, StatusPart part,
                 const std::optional<QueueDepth>& found) {
  json.Key(Name(part));
  if (report.WhyNotKnown(part) != nullptr) {
    json.Null();
    return;
  }
  const QueueDepth depth = found.value_or(QueueDepth());
  json.BeginObject().Key("waiting").Value(depth.visible);
  json.Key("in_flight").Value(depth.in_flight).Key("dead");
  depth.dead ? json.Value(*depth.dead) : json.Null();
  json.EndObject();
}

void AppendNotKnown(JsonText& json, const StatusReport& report) {
  const Error* const down = report.WhyNotKnown(StatusPart::kWarehouse);
  json.Key("warehouse_error");
  down != nullptr ? json.Value(down->message()) : json.Null();
  json.Key("not_known").BeginArray();
  for (const auto& [part, error] : report.not_known) {
    json.BeginObject().Key("part").Value(Name(part)).Key("error").Value(error.message());
    json.EndObject();
  }
  json.EndArray();
}

// Whether what landed is known, be it as an estimate; what is not there yet is zeros.
bool IsLandingKnown(const StatusReport& report) {
  return report.landed ||
         (!report.is_warehouse_down() && report.WhyNotKnown(StatusPart::kRawStore) == nullptr);
}

void AppendCount(JsonText& json, std::string_view name, bool is_known, uint64_t count) {
  json.Key(name);
  is_known ? json.Value(count) : json.Null();
}

// Since when something waits, and how much of what landed.
void AppendBacklog(JsonText& json, const StatusReport& report, const Landed& landed) {
  json.Key("backlog").BeginObject();
  AppendTime(json, "source_since", OldestOf(report.source));
  AppendTime(json, "notifications_since", OldestOf(report.notifications));
  AppendTime(json, "notifications_expire", report.expiry());
  AppendCount(json, "objects", IsLandingKnown(report), landed.waiting);
  AppendCount(json, "bytes", IsLandingKnown(report), landed.waiting_size.count);
  AppendTime(json, "objects_since", landed.oldest_waiting);
  json.EndObject();
}

void AppendLandedLastHour(JsonText& json, const Landed& landed) {
  json.BeginObject().Key("objects").Value(landed.objects_last_hour);
  json.Key("bytes").Value(landed.size_last_hour.count).EndObject();
}

void AppendHours(JsonText& json, const Landed& landed) {
  json.BeginArray();
  for (const LandedHour& hour : landed.hours) {
    json.BeginObject().Key("hour").Value(HourText(hour.hour)).Key("objects").Value(hour.objects);
    json.Key("waiting").Value(hour.waiting);
    const bool is_known = !landed.is_estimate;  // what the ledger says
    AppendCount(json, "stuck", is_known, hour.stuck);
    AppendCount(json, "events", is_known, hour.events);
    AppendCount(json, "loaded", is_known, hour.loaded);
    AppendCount(json, "duplicates", is_known, hour.duplicates);
    AppendCount(json, "quarantined", is_known, hour.quarantined);
    AppendCount(json, "dropped", is_known, hour.dropped);
    json.Key("balanced");
    is_known ? json.Value(hour.Balances()) : json.Null();
    json.EndObject();
  }
  json.EndArray();
}

void AppendEventHours(JsonText& json, const StatusReport& report) {
  json.BeginArray();
  for (const TableHours& table : report.event_hours) {
    for (const EventHour& hour : table.hours) {
      json.BeginObject().Key("table").Value(table.table).Key("hour").Value(HourText(hour.hour));
      json.Key("rows").Value(hour.rows).Key("duplicates").Value(hour.duplicates).EndObject();
    }
  }
  json.EndArray();
}

void AppendStates(JsonText& json, const StatusReport& report) {
  json.BeginObject();
  for (const StateCount& count : report.states) {
    json.Key(Name(count.state)).BeginObject().Key("objects").Value(count.objects);
    json.Key("events").Value(count.events).EndObject();
  }
  json.EndObject();
}

void AppendTables(JsonText& json, const StatusReport& report) {
  const bool is_known = report.WhyNotKnown(StatusPart::kTables) == nullptr;
  json.BeginArray();
  for (const TableStatus& table : report.tables) {
    const TableBalance& b = table.balance;
    json.BeginObject().Key("table").Value(table.table).Key("routed").Value(b.routed);
    json.Key("loaded").Value(b.loaded).Key("duplicates").Value(b.duplicates);
    json.Key("differing").Value(b.differing).Key("quarantined").Value(b.quarantined);
    AppendCount(json, "rows", is_known, table.rows.value_or(0));
    AppendCount(json, "rows_missing", is_known, table.rows_missing());
    json.EndObject();
  }
  json.EndArray();
}

void AppendQuarantine(JsonText& json, const StatusReport& report) {
  json.BeginArray();
  for (const QuarantineGroup& group : report.quarantine.groups) {
    json.BeginObject().Key("table").Value(group.table).Key("reason").Value(group.reason);
    json.Key("column").Value(group.column).Key("events").Value(group.events).EndObject();
  }
  json.EndArray();
}

void AppendFields(JsonText& json, const StatusReport& report) {
  json.BeginArray();
  for (const FieldReport& field : report.fields) {
    json.BeginObject().Key("table").Value(field.table).Key("field").Value(field.name);
    json.Key("change").Value(field.change()).Key("events").Value(field.events);
    json.Key("share").Value(field.share()).Key("first_seen").Value(ToIso8601(field.first));
    json.Key("is_new").Value(field.is_new).Key("alter").Value(field.alter).EndObject();
  }
  json.EndArray();
}

void AppendSample(JsonText& json, const StatusReport& report) {
  json.BeginArray();
  for (const auto& row : report.sample) {
    json.BeginObject();
    for (const auto& [column, value] : row) json.Key(column).Value(value);
    json.EndObject();
  }
  json.EndArray();
}

// The ledger's sums.
void AppendLedger(JsonText& json, const StatusReport& report) {
  const bool is_up = !report.is_warehouse_down();
  json.Key("balanced");
  is_up ? json.Value(report.Balances()) : json.Null();
  AppendCount(json, "objects", is_up, report.objects.objects);
  AppendCount(json, "events", is_up, report.objects.lines);
  AppendCount(json, "no_route", is_up, report.objects.no_route);
  AppendCount(json, "dropped", is_up, report.objects.dropped);
  AppendCount(json, "accepted", is_up, report.accepted());
  AppendCount(json, "events_last_hour", is_up, report.rows_last_hour());
}

void AppendConcerns(JsonText& json, const StatusReport& report) {
  const std::vector<Concern> concerns = ConcernsOf(report);
  json.Key("freshness").Value(FreshnessSentence(report, concerns));
  json.Key("concerns").BeginArray();
  for (const Concern& concern : concerns) {
    json.BeginObject().Key("type").Value(Name(concern.kind));
    json.Key("severity").Value(Name(SeverityOf(concern.kind)));
    json.Key("subject").Value(concern.subject).Key("count").Value(concern.count);
    json.Key("text").Value(concern.text).Key("next").Value(concern.next).EndObject();
  }
  json.EndArray().Key("next").BeginArray();
  for (const std::string& step : NextSteps(report, concerns)) json.Value(step);
  json.EndArray();
}

}  // namespace

std::string ToJson(const StatusReport& report) {
  const Landed landed = report.landed.value_or(Landed());
  JsonText json;
  json.BeginObject().Key("now").Value(ToIso8601(report.now));
  AppendTime(json, "fresh_to", landed.fresh_to);
  json.Key("is_estimate").Value(landed.is_estimate);
  AppendConcerns(json, report);
  AppendDepth(json, report, StatusPart::kSource, report.source);
  AppendDepth(json, report, StatusPart::kNotifications, report.notifications);
  AppendBacklog(json, report, landed);
  AppendNotKnown(json, report);
  json.Key("paused");
  report.paused ? json.Value(*report.paused) : json.Null();
  AppendLedger(json, report);
  const auto part = [&](std::string_view name, bool is_known, const auto& append,
                        const auto& found) {
    json.Key(name);
    is_known ? append(json, found) : void(json.Null());
  };
  const bool is_up = !report.is_warehouse_down(), has_landed = IsLandingKnown(report);
  part("landed_last_hour", has_landed, AppendLandedLastHour, landed);
  part("states", is_up, AppendStates, report);
  part("tables", is_up, AppendTables, report);
  part("hours", has_landed, AppendHours, landed);
  const bool has_tables = is_up && report.WhyNotKnown(StatusPart::kTables) == nullptr;
  part("event_hours", has_tables, AppendEventHours, report);
  part("quarantine", is_up, AppendQuarantine, report);
  part("fields", is_up, AppendFields, report);
  part("sample", has_tables, AppendSample, report);
  json.EndObject();
  return json.text();
}

}  // namespace sluice
