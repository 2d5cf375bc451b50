// SPDX-License-Identifier: Apache-2.0
#include "sluice/cli/status_text.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "sluice/operate/concerns.h"
#include "sluice/operate/hour_range.h"

namespace sluice {
namespace {

using std::chrono::hours, std::chrono::minutes;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

const Timestamp kNow = *FromIso8601("2026-11-27T16:05:00Z");
constexpr uint64_t kMany = 1'234'567'890;

std::vector<std::string> LinesOf(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t at = 0; at < text.size();) {
    const size_t end = text.find('\n', at);
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

ptrdiff_t ColumnsOf(const std::string& line) {
  return std::ranges::count_if(line, [](char c) { return (c & 0xC0) != 0x80; });
}

void ExpectOneScreen(const StatusReport& report) {
  const std::string text = ToText(report);
  const std::vector<std::string> lines = LinesOf(text);
  EXPECT_LE(lines.size(), kStatusHeight) << text;
  for (const std::string& line : lines) {
    EXPECT_LE(ColumnsOf(line), static_cast<ptrdiff_t>(kStatusWidth)) << line;
  }
}

Timestamp HourBefore(int count) {
  return std::chrono::floor<hours>(kNow) - hours(count);
}

// One table and a day in which something landed in each hour.
StatusReport Day() {
  StatusReport report{.now = kNow};
  report.source = QueueDepth{};
  report.notifications = QueueDepth{};
  report.ledger_exists = true;
  report.states = {{ObjectState::kLoaded, 24, 2'400}};
  report.tables = {{.table = "tracking.events", .rows = 2'400}};
  report.tables[0].balance.routed = report.tables[0].balance.loaded = 2'400;
  report.tables[0].balance.staged = 2'400;
  report.landed = Landed{.fresh_to = kNow - minutes(4)};
  for (int i = 24; i >= 0; --i) {
    report.landed->hours.push_back(
        {.hour = HourBefore(i), .objects = 1, .events = 100, .loaded = 100});
  }
  return report;
}

std::string LongName(char c) {
  return std::string(100, c);
}

// Whatever can be of concern, of `tables` tables with long names.
StatusReport Everything(size_t tables) {
  StatusReport report = Day();
  report.source = QueueDepth{.visible = 5, .in_flight = 5, .dead = 5, .oldest = kNow - hours(50)};
  report.notifications = report.source;
  report.notifications_kept = std::chrono::days(4);
  report.paused = "the tables are being moved";
  report.states.push_back({ObjectState::kHeld, 3, 300});
  report.stuck_key = "date=2026-11-27/16/held.ndjson";
  report.landed->waiting = 7;
  report.landed->overdue = 60;
  report.landed->oldest_waiting = kNow - hours(90);
  report.landed->noisy = 3;
  report.landed->noisy_events = 300;
  report.landed->noisy_quarantined = 30;
  report.states[0].rows_since = kMany;
  report.landed->objects_last_hour = kMany;
  report.landed->hours[3].stuck = 3;
  report.tables.clear();
  for (size_t i = 0; i < tables; ++i) {
    TableStatus table{.table = "tracking." + LongName(static_cast<char>('a' + i % 26)),
                      .rows = 7,
                      .seen = 100,
                      .differing = 50};
    table.balance.routed = table.balance.loaded = table.balance.staged = kMany;
    table.balance.differing = 5;
    report.tables.push_back(table);
    report.quarantine.groups.push_back(
        {.table = table.table, .reason = "null_in_not_null", .column = LongName('c'), .events = 9});
    for (const auto kind : {FieldChangeKind::kUnknown, FieldChangeKind::kNulled}) {
      report.fields.push_back({.kind = kind,
                               .table = table.table,
                               .name = LongName('f'),
                               .events = 5,
                               .seen = 10,
                               .first = kNow - hours(50),
                               .is_new = true,
                               .alter = "ALTER TABLE \"" + LongName('t') + "\" ADD COLUMN \"" +
                                        LongName('f') + "\" VARCHAR(256)"});
    }
  }
  report.objects.accepted = 5;
  report.objects.dropped = 5;
  report.objects.lines = 5;
  return report;
}

TEST(StatusText, ADayOfWhichNothingIsOfConcernHasEveryHour) {
  const StatusReport report = Day();
  ExpectOneScreen(report);
  const std::string text = ToText(report);
  for (int i = 24; i >= 0; --i) {
    EXPECT_THAT(text, ContainsRegex(HourText(HourBefore(i)) + " +1 +100 +100 +0 +0 +ok"));
  }
  EXPECT_THAT(text, Not(HasSubstr(" more")));
}

TEST(StatusText, AFullReportIsOneScreen) {
  for (const size_t tables : {1, 3, 7, 30, 200}) {
    SCOPED_TRACE(tables);
    ExpectOneScreen(Everything(tables));
  }
}

TEST(StatusText, ByEventTimeTooAFullReportIsOneScreen) {
  StatusReport report = Everything(7);
  for (const TableStatus& table : report.tables) {
    TableHours& of = report.event_hours.emplace_back();
    of.table = table.table;
    for (int i = 24; i >= 1; --i) {
      of.hours.push_back({.hour = ToIso8601(HourBefore(i)), .rows = 10, .duplicates = 2});
    }
  }
  ExpectOneScreen(report);
  const std::string text = ToText(report);
  EXPECT_THAT(text, ContainsRegex("2026-11-27T13 and before +220 +44\n2026-11-27T14 +10 +2\n"
                                  "2026-11-27T15 +10 +2\nand 6 more tables: --json has them all"));
}

TEST(StatusText, WhatHasNoRoomIsSummedUpOrCounted) {
  const std::string text = ToText(Everything(7));
  EXPECT_THAT(text, ContainsRegex("\nand 4 more +4,938,271,560 +4,938,271,560 +0 +0 +28\n"));
  EXPECT_THAT(text, ContainsRegex("\n2026-11-26T16 to 14 +23 +2,300 +2,300 +0 +0 +3 held\n"
                                  "2026-11-27T15 +1 +100 +100 +0 +0 +ok\n"
                                  "2026-11-27T16 +1 +100 +100 +0 +0 +ok\n"));
  EXPECT_THAT(text, HasSubstr("  6  more kinds: sluice quarantine list\n"));
  EXPECT_THAT(text, HasSubstr("               and 14 more: --json has them all\n"));
  EXPECT_THAT(text, HasSubstr("differing      35 duplicates of "));
}

TEST(StatusText, TheLastHourHasWhatLandedAndHowManyEventsWereLoadedInASecond) {
  StatusReport report = Day();
  EXPECT_THAT(ToText(report), Not(HasSubstr("last hour  ")));
  const auto line = [&](uint64_t rows, uint64_t objects) {
    report.states[0].rows_since = rows;
    report.landed->objects_last_hour = objects;
    report.landed->size_last_hour = {objects * 1'000'000};
    const std::string text = ToText(report);
    const size_t at = text.find("last hour      ") + 15;
    return text.substr(at, text.find('\n', at) - at);
  };
  EXPECT_EQ(line(450, 2), "2 raw objects landed, 2.0 MB; 450 rows loaded, 0.1/s");
  EXPECT_EQ(line(359, 0), "359 rows loaded, less than 0.1/s");
  EXPECT_EQ(line(9'000, 0), "9,000 rows loaded, 2.5/s");
  EXPECT_EQ(line(4'323'600, 0), "4,323,600 rows loaded, 1,201/s");
  EXPECT_EQ(line(0, 1), "1 raw object landed, 1.0 MB");
  EXPECT_EQ(line(0, 3), "3 raw objects landed, 3.0 MB");
  report.not_known.push_back({StatusPart::kWarehouse, Error(ErrorKind::kTransient, "lost")});
  report.ledger_exists = false;
  EXPECT_EQ(line(0, 3), "3 raw objects landed, 3.0 MB");
}

TEST(StatusText, RawObjectsAreThoseThatAreLoaded) {
  StatusReport report = Day();
  report.states.push_back({ObjectState::kHeld, 1, 29});
  report.objects.objects = 24;
  report.objects.lines = 2'400;
  EXPECT_THAT(ToText(report), HasSubstr("\nraw objects    24 loaded, 2,400 events\n"));
}

TEST(StatusText, AStepToTypeIsNeverBroken) {
  StatusReport report = Day();
  report.states.push_back({ObjectState::kHeld, 1, 10});
  report.stuck_key = "year=2026/month=11/day=27/hour=16/" + LongName('k') + ".ndjson.gz";
  EXPECT_THAT(ToText(report), HasSubstr("\nnext           sluice why " + report.stuck_key + "\n"));
}

TEST(StatusText, AFieldIsToldSinceItWasFirstSeen) {
  StatusReport report = Day();
  for (const int age : {3, 30}) {
    report.fields.push_back({.kind = FieldChangeKind::kUnknown,
                             .table = "tracking.events",
                             .name = "country",
                             .events = 12,
                             .seen = 400,
                             .first = kNow - hours(age)});
  }
  const std::string text = ToText(report);
  EXPECT_THAT(text, HasSubstr("country: 12 of 400 events (3 %), since 13:05\n"));
  EXPECT_THAT(text, HasSubstr("country: 12 of 400 events (3 %), since 2026-11-26 10:05\n"));
}

}  // namespace
}  // namespace sluice
