// SPDX-License-Identifier: Apache-2.0
// What people ask of a warehouse: verify, why, gc.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <array>
#include <map>
#include <set>

#include "tests/contract/warehouse_contract.h"

namespace sluice {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// "hour: rows, at least, at most", counted from midnight.
std::vector<std::string> HoursOf(const TableCheck& check) {
  std::vector<std::string> hours;
  for (const HourCheck& hour : check.hours) {
    hours.push_back(fmt::format("{}: {}, {}, {}", hour.hour.substr(11, 2), hour.rows, hour.at_least,
                                hour.at_most));
  }
  return hours;
}

TEST_P(WarehouseContract, ATableIsCheckedAgainstTheLedger) {
  const Timestamp midnight = Timestamp(std::chrono::days(20'000));
  const EventHours day = {midnight, midnight + std::chrono::hours(24)};
  const auto check = [&](size_t table, const EventHours& hours) {
    const auto found = warehouse_->Check(tables_.tables[table], hours);
    EXPECT_TRUE(found) << found.error().message();
    return found.value_or(TableCheck());
  };
  EXPECT_EQ(check(0, day).rows, 0u);
  MustLoad({Put({.key = "a", .events = {{"1"}, {"2", 30}}, .utm = {{"u"}}}),
            Put({.key = "b", .events = {{"3", 10}, {"4", 70}, {"1"}}}),
            Put({.key = "c", .events = {{"5", 7 * 60}}})});
  TableCheck found = check(0, day);
  EXPECT_EQ(std::tie(found.rows, found.loaded, found.rows_in_range), std::tuple(5u, 5u, 5u));
  EXPECT_EQ(found.keys_twice, 0u);
  EXPECT_THAT(HoursOf(found), testing::IsEmpty());

  // What somebody else does. That a row of the first hour is there twice, its sum does not show.
  harness_->Execute(
      "INSERT INTO tracking.events SELECT * FROM tracking.events WHERE request_id IN ('1', '4')");
  found = check(0, day);
  EXPECT_EQ(std::tie(found.rows, found.loaded, found.keys_twice, found.rows_too_many),
            std::tuple(7u, 5u, 2u, 2u));
  ASSERT_THAT(found.doubled, testing::SizeIs(2));
  EXPECT_EQ(found.doubled[0].key, "1");
  EXPECT_EQ(found.doubled[0].time, "2024-10-04 00:00:00");
  EXPECT_EQ(found.doubled[1].key, "4");
  EXPECT_EQ(found.doubled[1].rows, 2u);
  harness_->Execute("DELETE FROM tracking.events WHERE request_id IN ('1', '2', '5')");
  harness_->Execute(
      "INSERT INTO tracking.events (request_id, \"at\") VALUES ('6', TIMESTAMP '2024-10-04 "
      "05:00:00')");
  EXPECT_THAT(HoursOf(check(0, day)), ElementsAre("00: 1, 2, 4", "05: 1, 0, 0", "07: 0, 1, 1"));
  found = check(0, {midnight + std::chrono::hours(5), midnight + std::chrono::hours(6)});
  EXPECT_EQ(std::tie(found.rows, found.rows_in_range, found.keys_twice), std::tuple(4u, 1u, 0u));
  EXPECT_THAT(HoursOf(found), ElementsAre("05: 1, 0, 0"));

  // Without a time, and by another pipeline.
  harness_->Execute("INSERT INTO tracking.utm SELECT * FROM tracking.utm");
  const auto other = harness_->Open(tables_, nullptr, "another");
  ASSERT_TRUE(other->Prepare());
  ASSERT_TRUE(Load(*other, Plan({Put({.key = "d", .utm = {{"v"}}})})));
  found = check(1, {midnight, midnight + std::chrono::hours(1)});
  EXPECT_EQ(std::tie(found.rows, found.loaded, found.rows_in_range, found.keys_twice),
            std::tuple(3u, 2u, 3u, 1u));
  EXPECT_THAT(found.hours, testing::IsEmpty());
  ASSERT_THAT(found.doubled, testing::SizeIs(1));
  EXPECT_EQ(found.doubled[0].time, std::nullopt);
  Table missing = tables_.tables[0];
  missing.schema.name = "nowhere";
  EXPECT_EQ(warehouse_->Check(missing, day).error().kind(), ErrorKind::kNotFound);
}

// Each object has a late event too, so that no hour is any object's alone.
TEST_P(WarehouseContract, WhatNoHourTellsTheSumOfTheRangeDoes) {
  const Timestamp midnight = Timestamp(std::chrono::days(20'000));
  const EventHours day = {midnight, midnight + std::chrono::hours(24)};
  const auto check = [&](const EventHours& hours) {
    const auto found = warehouse_->Check(tables_.tables[0], hours);
    EXPECT_TRUE(found) << found.error().message();
    return found.value_or(TableCheck());
  };
  MustLoad({Put({.key = "a", .events = {{"1"}, {"2", 5 * 60}}}),
            Put({.key = "b", .events = {{"3", 10}, {"4", 5 * 60}}})});
  harness_->Execute("DELETE FROM tracking.events WHERE request_id IN ('1', '3')");
  TableCheck found = check(day);
  EXPECT_EQ(std::tie(found.rows_in_range, found.at_least_in_range), std::tuple(2u, 4u));
  EXPECT_THAT(HoursOf(found), testing::IsEmpty());
  EXPECT_EQ(check({midnight, midnight + std::chrono::hours(1)}).at_least_in_range, 0u);

  // Another pipeline's table of that name may be another table.
  const auto other = harness_->Open(tables_, nullptr, "another");
  ASSERT_TRUE(other->Prepare());
  ASSERT_TRUE(Load(*other, Plan({Put({.key = "d", .events = {{"9", 2 * 60}}})})));
  EXPECT_THAT(HoursOf(check(day)), testing::IsEmpty());
  harness_->Execute("DELETE FROM tracking.events WHERE request_id = '9'");
  found = check(day);
  EXPECT_EQ(std::tie(found.loaded, found.loaded_by_us, found.at_least_in_range),
            std::tuple(5u, 4u, 4u));
  EXPECT_THAT(HoursOf(found), testing::IsEmpty());
}

TEST_P(WarehouseContract, WhatWasLoadedBeforeTheTableHadATimeMayBeOfAnyHour) {
  const Timestamp midnight = Timestamp(std::chrono::days(20'000));
  const EventHours day = {midnight, midnight + std::chrono::hours(24)};
  MustLoad({Put({.key = "a", .events = {{"1"}, {"2", 5 * 60}}})});
  harness_->Execute("UPDATE sluice.ledger SET min_time = NULL, max_time = NULL");
  const auto found = warehouse_->Check(tables_.tables[0], day);
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_THAT(HoursOf(*found), testing::IsEmpty());
  const auto parts = warehouse_->ListParts(
      {.table = "events", .times = TimeInterval{midnight, midnight + std::chrono::minutes(1)}});
  EXPECT_THAT(*parts, testing::SizeIs(1));
}

TEST_P(WarehouseContract, PartsOfTheLedgerAreListedByKeyAndByTime) {
  EXPECT_THAT(*warehouse_->ListParts({}), testing::IsEmpty());
  const Timestamp midnight = Timestamp(std::chrono::days(20'000));
  const auto minute = [&](int n) { return midnight + std::chrono::minutes(n); };
  MustLoad({Put({.key = "it's \\ a",
                 .events = {{"1"}, {"2", 30}, {"1"}},
                 .bad_events = 1,
                 .no_route = 2}),
            Put({.key = "b", .events = {{"3", 70}}, .utm = {{"u"}}})});
  const auto parts = warehouse_->ListParts({.store = "file:///raw/", .raw_key = "it's \\ a"});
  ASSERT_TRUE(parts) << parts.error().message();
  ASSERT_THAT(*parts, testing::SizeIs(3));
  std::map<std::string, LedgerPart> by_table;
  for (const LedgerPart& part : *parts) by_table[part.table] = part;
  const LedgerPart& object = by_table["*"];
  EXPECT_EQ(std::tie(object.lines, object.no_route, object.quarantined), std::tuple(6u, 2u, 3u));
  EXPECT_EQ(object.identity, "file:///raw/it's \\ a#etag");
  EXPECT_THAT(object.parquet, HasSubstr("14/it's"));
  const LedgerPart& events = by_table["events"];
  EXPECT_EQ(std::tie(events.routed, events.loaded, events.duplicates, events.quarantined),
            std::tuple(4u, 2u, 1u, 1u));
  EXPECT_THAT(events.parquet, HasSubstr("/events/"));
  EXPECT_EQ(by_table["utm"].routed, 0u);
  EXPECT_EQ(events.state, ObjectState::kLoaded);
  EXPECT_FALSE(events.revision.empty());
  EXPECT_FALSE(events.batch.empty());
  EXPECT_THAT(warehouse_->ListParts({.store = "file:///raw/", .raw_key = "it's"})->size(), 0u);

  const auto keys = [&](PartQuery query) {
    std::vector<std::string> found;
    const auto listed = warehouse_->ListParts(query);
    for (const LedgerPart& part : *listed) found.push_back(part.raw_key);
    return found;
  };
  EXPECT_THAT(keys({.table = "utm"}), ElementsAre("b"));
  EXPECT_THAT(keys({.table = "events", .times = TimeInterval{minute(30), minute(69)}}),
              ElementsAre("it's \\ a"));
  EXPECT_THAT(keys({.table = "events", .times = TimeInterval{minute(31), minute(69)}}),
              testing::IsEmpty());
  EXPECT_THAT(keys({.table = "events", .times = TimeInterval{minute(30), minute(70)}}),
              testing::SizeIs(2));
  EXPECT_THAT(keys({.limit = 2}), testing::SizeIs(2));
  EXPECT_THAT(keys({.state = ObjectState::kLoaded}), testing::SizeIs(6));
  EXPECT_THAT(keys({.state = ObjectState::kHeld}), testing::IsEmpty());
}

TEST_P(WarehouseContract, WhatWasChangedOnTheWayIsKeptWithTheTablesPart) {
  PlannedObject changed = Put({.key = "a", .events = {{"1"}}, .utm = {{"u"}}});
  changed.tables[0].changes = "unknown:it%27s=2 coerced:page_url=1";
  MustLoad({changed, Put({.key = "b", .events = {{"2"}}})});
  const auto changes = [&](PartQuery query) {
    query.with_changes = true;
    std::vector<std::string> found;
    const auto parts = warehouse_->ListParts(query);
    EXPECT_TRUE(parts) << parts.error().message();
    for (const LedgerPart& part : *parts) {
      found.push_back(
          fmt::format("{} {} '{}' {}", part.raw_key, part.table, part.reason, part.changes));
    }
    return found;
  };
  const std::string one = "a events '' unknown:it%27s=2 coerced:page_url=1";
  EXPECT_THAT(changes({}), ElementsAre(one));
  EXPECT_THAT(changes({.since = Timestamp(std::chrono::days(20'000))}), ElementsAre(one));
  EXPECT_THAT(changes({.since = Timestamp(std::chrono::days(40'000))}), testing::IsEmpty());
  EXPECT_THAT(*warehouse_->ListParts({.raw_key = "b"}),
              testing::Each(testing::Field(&LedgerPart::changes, "")));
  // It is nobody's reason.
  const auto outcome = warehouse_->Peek(std::array{changed.object});
  EXPECT_EQ(outcome->front().reason, "");
  changed = Put({.key = "a", .events = {{"1"}}, .etag = "new", .version = 2});
  changed.tables[0].changes = "nulled:x=1";
  MustReplace({changed});
  EXPECT_THAT(changes({}), ElementsAre("a events '' nulled:x=1"));
}

TEST_P(WarehouseContract, OfEachStateTheFirstAndTheLastTimeAreToldAndTheRowsSinceOne) {
  EXPECT_THAT(*warehouse_->States(Timestamp()), testing::IsEmpty());
  const PlannedObject held = Put({.key = "held", .bad_events = 2});
  MustLoad({Put({.key = "a", .events = {{"1"}, {"2"}}})});
  MustLoad({Put({.key = "b", .events = {{"3"}, {"2"}, {"3"}}, .utm = {{"u"}}, .bad_events = 1})});
  ASSERT_TRUE(warehouse_->Settle(std::vector<Settlement>{{ObjectState::kHeld, held, "x"}}));
  const auto written = [&](const std::string& time, const std::string& key) {
    harness_->Execute("UPDATE sluice.ledger SET loaded_at = TIMESTAMP '" + time +
                      "' WHERE raw_key = '" + key + "'");
  };
  written("2026-11-27 14:00:00", "a");
  written("2026-11-27 15:30:00.5", "b");
  written("2026-11-26 09:00:00", "held");
  const auto states = warehouse_->States(*FromIso8601("2026-11-27T15:30:00Z"));
  ASSERT_TRUE(states) << states.error().message();
  ASSERT_THAT(*states, testing::SizeIs(2));
  const auto& [waits, loaded] = std::tie((*states)[0], (*states)[1]);
  EXPECT_EQ(std::tie(waits.state, waits.objects, waits.events),
            std::tuple(ObjectState::kHeld, 1u, 2u));
  EXPECT_EQ(waits.first, FromIso8601("2026-11-26T09:00:00Z"));
  EXPECT_EQ(waits.last, waits.first);
  EXPECT_EQ(std::tie(loaded.state, loaded.objects, loaded.events),
            std::tuple(ObjectState::kLoaded, 2u, 7u));
  EXPECT_EQ(loaded.first, FromIso8601("2026-11-27T14:00:00Z"));
  EXPECT_EQ(loaded.last, FromIso8601("2026-11-27T15:30:00.5Z"));
  EXPECT_EQ(loaded.rows_since, 2u) << "no duplicates, and nothing of the quarantine";
}

TEST_P(WarehouseContract, EventsAreCountedByTheHourOfTheirTime) {
  const Timestamp midnight = Timestamp(std::chrono::days(20'000));
  const auto count = [&](size_t table, const EventHours& hours) {
    std::vector<std::string> found;
    const auto counts = warehouse_->CountHours(tables_.tables[table], hours);
    EXPECT_TRUE(counts) << counts.error().message();
    for (const EventHour& hour : *counts) {
      found.push_back(fmt::format("{} {} {}", hour.hour.substr(0, 13), hour.rows, hour.duplicates));
    }
    return found;
  };
  const EventHours day = {midnight, midnight + std::chrono::hours(24)};
  EXPECT_THAT(count(0, day), testing::IsEmpty());
  MustLoad({Put({.key = "a", .events = {{"1"}, {"2", 59}, {"3", 5 * 60}}, .utm = {{"u"}}}),
            Put({.key = "b", .events = {{"1"}, {"4", 24 * 60}, {"4", 24 * 60}}})});
  EXPECT_THAT(count(0, day), ElementsAre("2024-10-04 00 2 1", "2024-10-04 05 1 0"));
  EXPECT_THAT(count(0, {midnight + std::chrono::hours(1), midnight + std::chrono::hours(25)}),
              ElementsAre("2024-10-04 05 1 0", "2024-10-05 00 1 1"));
  EXPECT_THAT(count(1, day), testing::IsEmpty()) << "it has no time";
  Table missing = tables_.tables[0];
  missing.schema.name = "nowhere";
  EXPECT_EQ(warehouse_->CountHours(missing, day).error().kind(), ErrorKind::kNotFound);
}

TEST_P(WarehouseContract, FilesThatTheLedgerNamesAreListedInPages) {
  const auto list = [&](size_t limit) {
    std::vector<std::string> listed;
    std::string after;
    while (true) {
      const auto page = warehouse_->ListFiles(after, limit);
      EXPECT_TRUE(page) << page.error().message();
      for (const NamedFile& file : *page) {
        listed.push_back((file.is_needed ? "" : "unneeded: ") + file.key);
        after = file.key;
      }
      if (page->size() < limit) return listed;
    }
  };
  EXPECT_THAT(list(10), testing::IsEmpty());
  MustLoad({Put({.key = "B", .events = {{"1"}}, .utm = {{"u"}}, .bad_events = 1}),
            Put({.key = "a", .events = {{"2"}}}), Put({.key = "\u00e4'", .events = {{"3"}}})});
  const std::string folder = "date=2026-11-23/14/";
  const std::vector<std::string> wanted = {
      folder + "B-etag.parquet", folder + "events/B-etag.parquet", folder + "events/a-etag.parquet",
      folder + "events/\u00e4'-etag.parquet", folder + "utm/B-etag.parquet"};
  for (const size_t limit : {1u, 2u, 5u, 100u}) EXPECT_EQ(list(limit), wanted) << limit;
  // Of another pipeline, one of them the same.
  const auto other = harness_->Open(tables_, nullptr, "another");
  ASSERT_TRUE(other->Prepare());
  ASSERT_TRUE(Load(
      *other, Plan({Put({.key = "a", .events = {{"2"}}}), Put({.key = "z", .utm = {{"v"}}})})));
  EXPECT_THAT(list(3), testing::Contains(folder + "events/a-etag.parquet"));
  EXPECT_THAT(list(100),
              testing::AllOf(testing::SizeIs(6),
                             testing::Contains("unneeded: " + folder + "utm/z-etag.parquet")));
  // Of a version that another one replaced, unless that names it too.
  MustReplace({Put({.key = "B", .events = {{"1"}}, .bad_events = 1, .etag = "e2", .version = 2}),
               Put({.key = "\u00e4'", .events = {{"3"}}})});
  EXPECT_THAT(list(100),
              testing::IsSupersetOf(
                  {folder + "B-e2.parquet", "unneeded: " + folder + "B-etag.parquet",
                   folder + "events/B-e2.parquet", "unneeded: " + folder + "events/B-etag.parquet",
                   "unneeded: " + folder + "utm/B-etag.parquet", wanted[3]}));
  const std::vector<std::string> asked = {folder + "EVENTS/B-etag.parquet", wanted[3], "x",
                                          folder + "utm/z-etag.parquet"};
  EXPECT_THAT(*warehouse_->NamedAmong(asked), testing::UnorderedElementsAre(wanted[3], asked[3]));
  EXPECT_THAT(*warehouse_->NamedAmong({}), testing::IsEmpty());
}

TEST_P(WarehouseContract, AnEventIsFoundWhereverItIs) {
  EXPECT_TRUE(warehouse_->FindEvent("1", 10)->rows.empty());
  MustLoad({Put({.key = "a", .events = {{"it's", 0}, {"it's", 5}}}),
            Put({.key = "b",
                 .events = {{"x", 1}, {"it's", 0, "other"}},
                 .utm = {{"it's"}},
                 .bad_events = 1})});
  const auto found = warehouse_->FindEvent("it's", 10);
  ASSERT_TRUE(found) << found.error().message();
  ASSERT_THAT(found->rows, testing::SizeIs(3));
  EXPECT_EQ(found->rows[0].time, "2024-10-04 00:00:00");
  EXPECT_EQ(found->rows[1].time, "2024-10-04 00:05:00");
  EXPECT_EQ(std::tie(found->rows[2].table, found->rows[2].rows), std::tuple(1u, 1u));
  EXPECT_EQ(found->rows[2].time, std::nullopt);
  ASSERT_THAT(found->duplicates, testing::SizeIs(1));
  const EventTraces::Place& duplicate = found->duplicates[0];
  EXPECT_EQ(std::tie(duplicate.table, duplicate.raw_key, duplicate.line, duplicate.differs),
            std::tuple("events", "b", 2u, true));
  EXPECT_EQ(duplicate.time, "2024-10-04 00:00:00");
  EXPECT_FALSE(duplicate.batch.empty());
  EXPECT_THAT(duplicate.at, HasSubstr(":"));
  EXPECT_THAT(found->quarantined, testing::IsEmpty());
  EXPECT_THAT(warehouse_->FindEvent("it's", 1)->rows, testing::SizeIs(2));  // one of each table

  const auto bad = warehouse_->FindEvent("a", 10);  // {"a":'1'}
  ASSERT_TRUE(bad) << bad.error().message();
  ASSERT_THAT(bad->quarantined, testing::SizeIs(1));
  EXPECT_EQ(bad->quarantined[0].reason, "bad_value");
  EXPECT_EQ(bad->quarantined[0].column, "at");
  EXPECT_EQ(bad->quarantined[0].raw_key, "b");
  EXPECT_THAT(warehouse_->FindEvent("%", 10)->quarantined, testing::IsEmpty());
}

TEST_P(WarehouseContract, WhatIsInQuarantineIsSummedUpAndListed) {
  EXPECT_TRUE(warehouse_->SumQuarantine({})->groups.empty());
  MustLoad({Put({.key = "a", .events = {{"1"}}, .bad_events = 2, .no_route = 1})});
  MustLoad({Put({.key = "it's", .events = {{"2"}}, .bad_events = 1})});
  harness_->Execute(
      "UPDATE sluice.ledger SET loaded_at = CASE WHEN raw_key = 'a' THEN TIMESTAMP '2024-10-04 "
      "01:02:03' ELSE TIMESTAMP '2024-10-04 01:59:59' END");
  const auto summary = warehouse_->SumQuarantine({});
  ASSERT_TRUE(summary) << summary.error().message();
  std::vector<std::string> groups;
  for (const QuarantineGroup& group : summary->groups) {
    groups.push_back(fmt::format("{} {} {} {} of {} objects: {} {}, {} to {}", group.table,
                                 group.reason, group.column, group.events, group.objects,
                                 group.example.raw_key, group.example.line, group.first,
                                 group.last));
  }
  EXPECT_THAT(
      groups,
      ElementsAre("events bad_value at 3 of 2 objects: a 2, 2024-10-04 01:02:03 to "
                  "2024-10-04 01:59:59",
                  "* no_route  1 of 1 objects: a 4, 2024-10-04 01:02:03 to 2024-10-04 01:02:03"));
  using Seen = QuarantineSummary::Seen;
  EXPECT_THAT(summary->seen,
              ElementsAre(Seen{"*", "", 6}, Seen{"events", "", 5}, Seen{"utm", "", 0}));
  const auto hours = warehouse_->SumQuarantine({.table = "*", .by_hour = true});
  ASSERT_TRUE(hours) << hours.error().message();
  ASSERT_THAT(hours->groups, testing::SizeIs(1));
  EXPECT_THAT(hours->groups[0].hour, testing::EndsWith(":00:00"));
  EXPECT_THAT(hours->seen, testing::Contains(Seen{"events", hours->groups[0].hour, 5}));
  EXPECT_THAT(warehouse_->SumQuarantine({.raw_key = "it's"})->seen,
              ElementsAre(Seen{"*", "", 2}, Seen{"events", "", 2}, Seen{"utm", "", 0}));
  const auto keys = [&](const QuarantineFilter& filter) {
    std::vector<std::string> found;
    const auto events = warehouse_->ListQuarantined(filter);
    EXPECT_TRUE(events) << events.error().message();
    if (!events) return found;
    for (const QuarantinedEvent& event : *events) {
      EXPECT_EQ(event.payload, "{\"a\":'1'}");
      EXPECT_EQ(event.encoding, "utf8");
      found.push_back(fmt::format("{} {}", event.raw_key, event.line));
    }
    return found;
  };
  EXPECT_THAT(keys({}), ElementsAre("a 2", "a 3", "a 4", "it's 2"));
  EXPECT_THAT(keys({.limit = 2}), ElementsAre("a 2", "a 3"));
  EXPECT_THAT(keys({.raw_key = "it's"}), ElementsAre("it's 2"));
  EXPECT_THAT(keys({.table = "*"}), ElementsAre("a 4"));
  EXPECT_THAT(keys({.reason = "bad_value", .column = "at", .limit = 1}), ElementsAre("a 2"));
  EXPECT_THAT(keys({.column = "other"}), testing::IsEmpty());
  EXPECT_THAT(keys({.since = Timestamp(std::chrono::days(200'000))}), testing::IsEmpty());
}

}  // namespace
}  // namespace sluice
