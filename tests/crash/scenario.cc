// SPDX-License-Identifier: Apache-2.0
#include "tests/crash/scenario.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "sluice/app/stages.h"
#include "sluice/base/io.h"
#include "sluice/codec/stream_codec.h"
#include "sluice/config/embedded_example.h"
#include "sluice/config/load_config.h"
#include "sluice/land/announcing_store.h"
#include "sluice/object/directory_store.h"
#include "sluice/queue/sqlite_queue.h"
#include "sluice/warehouse/duckdb_session.h"

namespace sluice {
namespace {

std::string Event(int id, std::string_view topic = "page.view", std::string_view more = {}) {
  return fmt::format(
      R"({{"request_id": "{:08}-0000-4000-8000-000000000000", "request_timestamp": "2026-11-23 10:00:{:02}.000000", )"
      R"("cookie_id": "a09c4ca3-d142-4312-ba78-029c3355b8ef", "topic": "{}", "user_account_id": null{}}})",
      id, id % 60, topic, more);
}

std::string Utm(int id) {
  return fmt::format(
      R"({{"request_id": "u-{}", "source": "adwords", "medium": "cpc", "campaign": null}})", id);
}

std::string Lines(const std::vector<std::string>& events) {
  std::string text;
  for (const std::string& event : events) text += event + "\n";
  return text;
}

std::string Records(const std::vector<std::string>& events) {
  std::string text = "{\"Records\": [";
  for (size_t i = 0; i < events.size(); ++i) text += (i == 0 ? "" : ", ") + events[i];
  return text + "]}";
}

std::string Zstd(const std::string& text) {
  StringSink sink;
  const auto compressor = MakeCompressingSink(StreamFormat::kZstd, sink);
  (void)compressor->Write(text);
  (void)compressor->Finish();
  return sink.text();
}

const std::string kTooLong =
    R"(, "website_id": "too long, and that by far, for the 36 bytes of the column")";
const std::string kUnrouted = R"({"nobody": "wants me"})";

std::string MendedConfig(const std::string& folder) {
  return folder + "/sluice.yaml";
}
bool IsMended(const std::string& folder) {
  return std::filesystem::exists(MendedConfig(folder));
}

Status Write(const std::string& path, const std::string& text) {
  std::ofstream file(path);
  file << text << std::flush;
  if (file) return {};
  return Fail(ErrorKind::kPermanent, "cannot write {}", path);
}

// The target table refuses the topic "poison", as a table does that somebody has changed.
Status MakeTables(const std::string& folder) {
  SLUICE_ASSIGN(const auto session,
                DuckDbSession::Open({.path = folder + "/warehouse.duckdb", .memory = MiB(256)}));
  SLUICE_TRY(session->Run("schema", "CREATE SCHEMA wh.tracking"));
  SLUICE_ASSIGN(const PipelineConfig config, LoadEmbedded(folder, LocalSecretSource({})));
  std::string columns;
  for (const Column& column : config.tables->tables[0].schema.columns) {
    const bool is_time = column.type.kind == TypeKind::kTimestamp;
    columns += fmt::format("\"{}\" {}{}, ", column.name, is_time ? "TIMESTAMP" : "VARCHAR",
                           column.not_null ? " NOT NULL" : "");
  }
  return session->Run("events",
                      "CREATE TABLE wh.tracking.events (" + columns + "CHECK (topic <> 'poison'))");
}

Status LandBefore(const std::string& folder) {
  SystemClock clock;
  SLUICE_ASSIGN(const auto notifications,
                SqliteQueue::Open({.path = folder + "/queue.db",
                                   .name = "notifications",
                                   .dead_letter_queue = "notifications-dead"},
                                  clock));
  SLUICE_ASSIGN(auto directory, DirectoryStore::At(folder + "/raw"));
  AnnouncingStore raw(std::move(directory), *notifications, clock);
  const auto land = [&](const std::string& name, const std::string& content) -> Status {
    SLUICE_ASSIGN(const auto pending, raw.Create("date=2026-11-23/10/" + name));
    SLUICE_TRY(pending->Write(content));
    SLUICE_TRY(pending->Commit());
    return {};
  };
  SLUICE_TRY(land("a.ndjson.zst", Zstd(Lines({Event(1), Utm(1), Event(2), Event(2), Utm(2),
                                              Event(3, "page.view", kTooLong)}))));
  SLUICE_TRY(land("b.ndjson.zst", Zstd(Lines({Event(2), Event(4), Utm(2), Utm(3), kUnrouted,
                                              Event(4, "other.topic")}))));
  SLUICE_TRY(land("c.ndjson.zst", Zstd(Lines({Event(5), Event(6, "poison"), Utm(4)}))));
  SLUICE_TRY(land("d.ndjson", Lines({Event(7), Utm(3), "not JSON at all", Event(1)})));
  const std::string whole = Zstd(Lines({Event(8), Event(9)}));
  SLUICE_TRY(land("e.ndjson.zst", whole.substr(0, whole.size() / 2)));
  SLUICE_TRY(land("f.ndjson", Lines({Event(10)})));
  return raw.Remove("date=2026-11-23/10/f.ndjson");
}

Status SendMessages(const std::string& folder) {
  SystemClock clock;
  SLUICE_ASSIGN(const auto source, SqliteQueue::Open({.path = folder + "/queue.db",
                                                      .name = "source",
                                                      .dead_letter_queue = "source-dead"},
                                                     clock));
  const std::vector<std::string> bodies = {Records({Event(11), Utm(1), Event(7)}),
                                           Records({Event(12), Event(12), Utm(5)}),
                                           "this is no event", Event(13)};
  SLUICE_ASSIGN(const auto answers, source->Send(bodies));
  for (const Status& answer : answers) SLUICE_TRY(answer);
  return {};
}

Result<std::vector<std::string>> Ask(DuckDbSession& session, const std::string& sql) {
  SLUICE_ASSIGN(const auto rows, session.Query("inspect", sql));
  std::vector<std::string> lines;
  for (const TextRow& row : rows) lines.push_back(row[0].value_or("NULL"));
  return lines;
}

}  // namespace

PipelineConfig Scenario::Config(const std::string& folder) {
  PipelineConfig config =
      *(IsMended(folder) ? LoadConfig(MendedConfig(folder), LocalSecretSource({}))
                         : LoadEmbedded(folder, LocalSecretSource({})));
  config.load.threads = 1;
  config.raw.close_size = {600};
  config.log.level = LogLevel::kOff;
  return config;
}

std::vector<std::string> Scenario::Flags(const std::string& folder) {
  const bool is_mended = IsMended(folder);
  return {is_mended ? "--config" : "--dir",
          is_mended ? MendedConfig(folder) : folder,
          "--set",
          "load.threads=1",
          "--set",
          "raw.close_at.size=600B",
          "--log-level",
          "off",
          "--quiet"};
}

Status Scenario::Prepare(const std::string& folder) {
  SLUICE_TRY(MakeTables(folder));
  SLUICE_TRY(LandBefore(folder));
  return SendMessages(folder);
}

Status Scenario::Run(const std::string& folder, std::shared_ptr<FaultPlan> faults) {
  SystemClock clock;
  const std::stop_token never;
  SLUICE_ASSIGN(
      const auto pipeline,
      Pipeline::Open(Config(folder), {.clock = clock, .stop = never, .faults = std::move(faults)}));
  SLUICE_ASSIGN(const RunReport report, RunBoth(*pipeline, {}, clock, never, {}));
  if (const Error* const failed = report.Failed()) return std::unexpected(*failed);
  return {};
}

Status Scenario::Overwrite(const std::string& folder) {
  SLUICE_ASSIGN(const auto raw, DirectoryStore::At(folder + "/raw"));
  const auto put = [&](const std::string& name, const std::string& content) -> Status {
    const std::string key = "date=2026-11-23/10/" + name;
    SLUICE_TRY(raw->Remove(key));
    SLUICE_ASSIGN(const auto pending, raw->Create(key));
    SLUICE_TRY(pending->Write(content));
    SLUICE_TRY(pending->Commit());
    return {};
  };
  // Event 2 and utm 2 are left to b, which lost against them; event 7 comes again.
  SLUICE_TRY(put("a.ndjson.zst",
                 Zstd(Lines({Event(1, "another.topic"), Utm(1), Event(14), Event(14), Event(7)}))));
  SLUICE_TRY(put("d.ndjson", Lines({Utm(3), Event(15), "still not JSON", kUnrouted})));
  // The warehouse would refuse it anew.
  return raw->Remove("date=2026-11-23/10/c.ndjson.zst");
}

namespace {

Status BackfillHour(const std::string& folder, const char* hour, const StageRequest& request,
                    std::shared_ptr<FaultPlan> faults) {
  SystemClock clock;
  const std::stop_token never;
  SLUICE_ASSIGN(const auto pipeline,
                Pipeline::Open(Scenario::Config(folder),
                               {.clock = clock, .stop = never, .faults = std::move(faults)}));
  SLUICE_ASSIGN(const HourRange hours, ParseHourRange(hour, ""));
  SLUICE_ASSIGN(const RunReport report, RunBackfill(*pipeline, hours, request, clock, never, {}));
  if (const Error* const failed = report.Failed()) return std::unexpected(*failed);
  return {};
}

}  // namespace

Status Scenario::Replace(const std::string& folder, std::shared_ptr<FaultPlan> faults) {
  return BackfillHour(folder, "2026-11-23T10", {.replaces = true}, std::move(faults));
}

Status Scenario::Archive(const std::string& folder) {
  SLUICE_ASSIGN(const auto raw, DirectoryStore::At(folder + "/raw"));
  const auto put = [&](const std::string& name, const std::string& content) -> Status {
    SLUICE_ASSIGN(const auto pending, raw->Create("date=2026-11-23/12/" + name));
    SLUICE_TRY(pending->Write(content));
    SLUICE_TRY(pending->Commit());
    return {};
  };
  SLUICE_TRY(put("h.ndjson.zst", Zstd(Lines({Event(1), Event(21), Utm(3), Utm(21), kUnrouted}))));
  return put("i.ndjson", Lines({Event(21), Event(22, "page.view", kTooLong), Event(23)}));
}

Status Scenario::Backfill(const std::string& folder, std::shared_ptr<FaultPlan> faults) {
  return BackfillHour(folder, "2026-11-23T12", {}, std::move(faults));
}

Status Scenario::Mend(const std::string& folder) {
  {
    SLUICE_ASSIGN(const auto raw, DirectoryStore::At(folder + "/raw"));
    SLUICE_ASSIGN(const auto pending, raw->Create("date=2026-11-23/11/g.ndjson.zst"));
    // Event 3 is in quarantine from another object, too, and 16 twice. They are alike: which of two
    // becomes the row depends on which object could be read.
    SLUICE_TRY(pending->Write(Zstd(Lines({kUnrouted, Event(3, "page.view", kTooLong), Event(17),
                                          Event(16, "page.view", kTooLong), "no JSON either",
                                          Event(16, "page.view", kTooLong), kUnrouted}))));
    SLUICE_TRY(pending->Commit());
  }
  SystemClock clock;
  const std::stop_token never;
  {
    SLUICE_ASSIGN(
        const auto pipeline,
        Pipeline::Open(Config(folder), {.clock = clock, .stop = never, .faults = nullptr}));
    SLUICE_ASSIGN(const HourRange hours, ParseHourRange("2026-11-23T11", ""));
    SLUICE_ASSIGN(const RunReport report, RunBackfill(*pipeline, hours, {}, clock, never, {}));
    if (report.processed.loaded != 1) return Fail(ErrorKind::kPermanent, "g was not loaded");
  }
  std::string events(EmbeddedExample::kEventsDdl);
  const std::string narrow = "website_id CHAR(36)";
  events.replace(events.find(narrow), narrow.size(), "website_id VARCHAR(100)");
  SLUICE_TRY(Write(folder + "/events.sql", events));
  SLUICE_TRY(Write(folder + "/utm.sql", std::string(EmbeddedExample::kUtmDdl)));
  SLUICE_TRY(
      Write(folder + "/nobody.sql", "CREATE TABLE tracking.nobody (nobody VARCHAR(20) NOT NULL)"));
  return Write(MendedConfig(folder), R"(name: tracking
source: {dir: .}
raw: {url: "dir:raw"}
parquet: {url: "dir:parquet"}
quarantine: {url: "dir:quarantine"}
warehouse: {duckdb: warehouse.duckdb}
tables:
  - {ddl: events.sql, when: {has: topic}, unique: [request_id], time: request_timestamp}
  - {ddl: utm.sql, when: {has: source}, unique: [request_id]}
  - {ddl: nobody.sql, when: {has: nobody}, unique: none, duplicates: allowed}
)");
}

Status Scenario::Replay(const std::string& folder, std::shared_ptr<FaultPlan> faults) {
  SystemClock clock;
  const std::stop_token never;
  SLUICE_ASSIGN(
      const auto pipeline,
      Pipeline::Open(Config(folder), {.clock = clock, .stop = never, .faults = std::move(faults)}));
  SLUICE_ASSIGN(const ReplayReport report, pipeline->Replay({}, [](uint64_t) {}));
  if (report.failure) return std::unexpected(*report.failure);
  return {};
}

Result<Scenario::EndState> Scenario::Inspect(const std::string& folder) {
  EndState state;
  {
    SLUICE_ASSIGN(const auto session,
                  DuckDbSession::Open({.path = folder + "/warehouse.duckdb",
                                       .access = DuckDbSessionOptions::Access::kReadOnly,
                                       .memory = MiB(256)}));
    SLUICE_ASSIGN(state.rows, Ask(*session,
                                  "SELECT CAST(e AS VARCHAR) FROM wh.tracking.events e UNION ALL "
                                  "SELECT CAST(u AS VARCHAR) FROM wh.tracking.utm u ORDER BY 1"));
    const auto more =
        Ask(*session, "SELECT CAST(n AS VARCHAR) FROM wh.tracking.nobody n ORDER BY 1");
    if (more) state.rows.insert(state.rows.end(), more->begin(), more->end());
    SLUICE_ASSIGN(
        const auto bad,
        Ask(*session,
            "SELECT concat_ws('|', reason, column_name, payload, CASE WHEN ended_at IS NULL THEN "
            "'waits' END) FROM wh.sluice.quarantine"));
    state.quarantined = {bad.begin(), bad.end()};
    SLUICE_ASSIGN(const auto objects,
                  Ask(*session,
                      "SELECT concat_ws(' ', raw_key, state) FROM wh.sluice.ledger "
                      "WHERE table_name = '*' AND raw_key LIKE 'date=2026-11-23/%ndjson%' AND "
                      "length(raw_key) < 40"));
    state.objects = {objects.begin(), objects.end()};
    SLUICE_ASSIGN(
        state.unbalanced,
        Ask(*session,
            "SELECT CAST(l AS VARCHAR) FROM wh.sluice.ledger l WHERE state = 'loaded' "
            "AND (staged <> loaded + duplicates OR "
            "(table_name <> '*' AND routed <> staged + quarantined) OR "
            "(table_name = '*' AND lines <> routed + no_route + dropped)) "
            "UNION ALL SELECT l.raw_key FROM wh.sluice.ledger l WHERE table_name = '*' AND "
            "state = 'loaded' AND replay_of = 0 AND (SELECT SUM(p.quarantined) FROM "
            "wh.sluice.ledger p WHERE p.table_name = '*' AND l.object IN (p.object, "
            "p.replay_of)) <> (SELECT COUNT(*) FROM wh.sluice.quarantine q WHERE q.object "
            "= l.object AND q.ended_at IS NULL) "
            "UNION ALL SELECT request_id FROM wh.tracking.events GROUP BY request_id, "
            "request_timestamp HAVING count(*) > 1 "
            "UNION ALL SELECT request_id FROM wh.tracking.utm GROUP BY request_id HAVING "
            "count(*) > 1"));
  }
  SystemClock clock;
  for (const std::string name : {"source", "notifications"}) {
    SLUICE_ASSIGN(const auto queue,
                  SqliteQueue::Open({.path = folder + "/queue.db", .name = name}, clock));
    SLUICE_ASSIGN(const QueueDepth depth, queue->Depth());
    state.waiting += depth.visible + depth.in_flight;
  }
  return state;
}

}  // namespace sluice
