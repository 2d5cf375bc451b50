// SPDX-License-Identifier: Apache-2.0
// A table whose key is two columns and whose time has a zone, which is not UTC where the servers
// are: what is loaded, replaced and asked is as it is with one column and a plain TIMESTAMP.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/contract/warehouse_contract.h"

namespace sluice {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr Timestamp kMidnight = Timestamp(std::chrono::days(20'000));
constexpr EventHours kDay = {kMidnight, kMidnight + std::chrono::hours(24)};
constexpr const char* kVisits =
    "SELECT site || ' ' || page || ' ' || referrer FROM tracking.visits";

struct Visit {
  std::string site, page;
  int minute = 0;
  std::string referrer = "same";
};

TableSet Visits(std::vector<size_t> unique) {
  const ColumnType text = {.kind = TypeKind::kVarchar, .length = 40};
  Table table;
  table.schema.schema = "tracking";
  table.schema.name = "visits";
  table.schema.columns = {{"site", text, true},
                          {"page", text, true},
                          {"seen", {.kind = TypeKind::kTimestampTz}, true},
                          {"referrer", text}};
  for (const Column& column : table.schema.columns) table.sources.push_back({{column.name}, {}});
  table.unique = std::move(unique);
  table.time = 2;
  return {.tables = {table}};
}

// A raw object of the visits: `object` is one without events.
PlannedObject WithVisits(WarehouseHarness& harness, const Table& table, PlannedObject object,
                         const std::vector<Visit>& visits) {
  PlannedTable part = {.table = 0, .parquet = fmt::format("visits/{}.parquet", object.object)};
  WarehouseHarness::Rows rows;
  for (const Visit& visit : visits) {
    const Timestamp at = kMidnight + std::chrono::minutes(visit.minute);
    part.min_time = std::min(part.min_time.value_or(at), at);
    part.max_time = std::max(part.max_time.value_or(at), at);
    rows.push_back({visit.site, visit.page, ToIso8601(at), visit.referrer,
                    std::to_string(object.object), std::to_string(rows.size() + 1)});
  }
  part.routed = object.lines = rows.size();
  harness.WriteFile(part.parquet, ColumnsOf(table), rows, KeyText(table));
  object.tables = {part};
  return object;
}

// Two objects. Without escapes the first three of `a` would be of one key, or of each other's.
std::vector<Visit> OfA() {
  return {{"a|b", "c"}, {"a", "b|c"}, {"a~1b", "c"}, {"s", "p", 61}};
}
std::vector<Visit> OfB() {
  return {{"a|b", "c", 0, "other"}, {"a|b", "c", 5}, {"a", "b|c"}};
}

TEST_P(WarehouseContract, EventsOfATwoColumnKeyAndAZonedTimeAreLoadedOnce) {
  UseTables(Visits({0, 1}));
  const Table& table = tables_.tables[0];
  MustLoad({WithVisits(*harness_, table, Put({.key = "a"}), OfA())});
  MustLoad({WithVisits(*harness_, table, Put({.key = "b"}), OfB())});
  EXPECT_THAT(Column(kVisits), UnorderedElementsAre("a|b c same", "a b|c same", "a~1b c same",
                                                    "s p same", "a|b c same"));
  EXPECT_THAT(Column("SELECT event_key || ' ' || event_time::VARCHAR || ' ' || differs::VARCHAR "
                     "FROM sluice.duplicates"),
              UnorderedElementsAre("a~1b|c 2024-10-04 00:00:00 1", "a|b~1c 2024-10-04 00:00:00 0"));
  EXPECT_THAT(Column("SELECT min_time::VARCHAR || ' ' || max_time::VARCHAR FROM sluice.ledger "
                     "WHERE table_name = 'visits'"),
              UnorderedElementsAre("2024-10-04 00:00:00 2024-10-04 01:01:00",
                                   "2024-10-04 00:00:00 2024-10-04 00:05:00"));
}

TEST_P(WarehouseContract, AnEventOfATwoColumnKeyIsFoundByBoth) {
  UseTables(Visits({0, 1}));
  const Table& table = tables_.tables[0];
  MustLoad({WithVisits(*harness_, table, Put({.key = "a"}), OfA())});
  MustLoad({WithVisits(*harness_, table, Put({.key = "b"}), OfB())});
  const auto found = warehouse_->FindEvent("a~1b|c", 10);
  ASSERT_TRUE(found) << found.error().message();
  ASSERT_THAT(found->rows, testing::SizeIs(2));
  EXPECT_EQ(found->rows[0].time, "2024-10-04 00:00:00");
  EXPECT_EQ(found->rows[1].time, "2024-10-04 00:05:00");
  ASSERT_THAT(found->duplicates, testing::SizeIs(1));
  EXPECT_EQ(found->duplicates[0].raw_key, "b");
  EXPECT_TRUE(found->duplicates[0].differs);
  EXPECT_THAT(warehouse_->FindEvent("a~01b|c", 10)->rows, testing::SizeIs(1));
  EXPECT_THAT(warehouse_->FindEvent("a|b|c", 10)->rows, IsEmpty());
}

// An hour of UTC is none of a zone that is half an hour off.
TEST_P(WarehouseContract, C24ATableWithAZonedTimeIsCheckedByTheHoursOfUtc) {
  UseTables(Visits({0, 1}));
  const Table& table = tables_.tables[0];
  MustLoad({WithVisits(*harness_, table, Put({.key = "a"}), OfA())});
  MustLoad({WithVisits(*harness_, table, Put({.key = "b"}), OfB())});
  MustLoad({WithVisits(*harness_, table, Put({.key = "c"}), {{"late", "p", 190}})});
  auto found = warehouse_->Check(table, kDay);
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_EQ(std::tie(found->rows, found->loaded, found->rows_in_range, found->keys_twice),
            std::tuple(6u, 6u, 6u, 0u));
  EXPECT_THAT(found->hours, IsEmpty());
  const auto hours = warehouse_->CountHours(table, kDay);
  ASSERT_TRUE(hours) << hours.error().message();
  std::vector<std::string> counted;
  for (const EventHour& hour : *hours) {
    counted.push_back(fmt::format("{} {} {}", hour.hour, hour.rows, hour.duplicates));
  }
  EXPECT_THAT(counted, ElementsAre("2024-10-04 00:00:00 4 2", "2024-10-04 01:00:00 1 0",
                                   "2024-10-04 03:00:00 1 0"));

  harness_->Execute(
      "INSERT INTO tracking.visits SELECT * FROM tracking.visits WHERE site = 'late'");
  found = warehouse_->Check(table, {kMidnight + std::chrono::hours(3), kDay.to});
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_EQ(std::tie(found->rows_in_range, found->keys_twice), std::tuple(2u, 1u));
  ASSERT_THAT(found->doubled, testing::SizeIs(1));
  EXPECT_EQ(found->doubled[0].key, "late|p");
  EXPECT_EQ(found->doubled[0].time, "2024-10-04 03:10:00");
  ASSERT_THAT(found->hours, testing::SizeIs(1));
  EXPECT_EQ(found->hours[0].hour, "2024-10-04 03:00:00");
}

TEST_P(WarehouseContract, AnEventOfATwoColumnKeyComesInForOneThatIsGone) {
  UseTables(Visits({0, 1}));
  const Table& table = tables_.tables[0];
  MustLoad({WithVisits(*harness_, table, Put({.key = "a"}), OfA())});
  MustLoad({WithVisits(*harness_, table, Put({.key = "b"}), OfB())});
  MustReplace({WithVisits(*harness_, table, Put({.key = "a", .etag = "e2", .version = 2}),
                          {{"a", "b|c", 0, "new"}, {"n", "p", 62}})});
  EXPECT_THAT(Column(kVisits),
              UnorderedElementsAre("a|b c other", "a|b c same", "a b|c new", "n p same"));
  EXPECT_THAT(Column("SELECT event_key FROM sluice.duplicates"), ElementsAre("a|b~1c"));
  EXPECT_THAT(warehouse_->Check(table, kDay)->hours, IsEmpty());
}

TEST_P(WarehouseContract, C24AZonedTimeInAKeyIsTheSameTextInEverySession) {
  UseTables(Visits({0, 2}));
  const Table& table = tables_.tables[0];
  for (const char* const key : {"a", "b"}) {
    MustLoad({WithVisits(*harness_, table, Put({.key = key}), {{"s", "p"}})});
  }
  EXPECT_THAT(Column("SELECT event_key FROM sluice.duplicates"),
              ElementsAre("s|2024-10-04 00:00:00+00"));
  const auto found = warehouse_->FindEvent("s|2024-10-04 00:00:00+00", 10);
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_THAT(found->rows, testing::SizeIs(1));
  EXPECT_THAT(found->duplicates, testing::SizeIs(1));
}

}  // namespace
}  // namespace sluice
