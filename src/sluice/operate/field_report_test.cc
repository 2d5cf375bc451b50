// SPDX-License-Identifier: Apache-2.0
#include "sluice/operate/field_report.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice {
namespace {

using std::chrono::hours;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Kind = FieldChangeKind;

const Timestamp kNow = *FromIso8601("2026-11-27T16:05:00Z");

TableSet Tables() {
  TableSet tables;
  tables.tables.resize(2);
  tables.tables[0].schema = {.schema = "tracking", .name = "events", .columns = {}};
  tables.tables[1].schema = {.schema = "", .name = "utm", .columns = {}};
  return tables;
}

// A part of a hundred events that was loaded so long ago.
LedgerPart Part(std::string table, hours ago, std::string changes) {
  return {.raw_key = std::to_string(ago.count()),
          .table = std::move(table),
          .changes = std::move(changes),
          .routed = 100,
          .loaded_at = ToIso8601(kNow - ago).substr(0, 19).replace(10, 1, " ")};
}

std::vector<FieldReport> Fields(const std::vector<LedgerPart>& parts,
                                const TableSet& tables = Tables()) {
  const LedgerNames names{.pipeline = "tracking",
                          .schema = "sluice",
                          .dialect = SqlDialect(SqlDialect::Kind::kPostgres)};
  const auto fields = FieldsOf(parts, {.tables = tables,
                                       .names = names,
                                       .seen = {{"events", 100}},
                                       .now = kNow,
                                       .warn_above = 0.01});
  EXPECT_TRUE(fields);
  return fields.value_or(std::vector<FieldReport>());
}

TEST(FieldReportTest, AddsUpTheDayAndLooksBackAWeek) {
  const std::vector<FieldReport> fields =
      Fields({Part("events", hours(1), "coerced:page_url=12 unknown:context.ip=3"),
              Part("events", hours(24), "unknown:context.ip=2"),
              Part("events", hours(25), "unknown:old=9 coerced:page_url=7"),
              Part("utm", hours(2), "truncated:source=1")});
  const FieldReport page{.kind = Kind::kCoerced,
                         .table = "tracking.events",
                         .name = "page_url",
                         .events = 12,
                         .seen = 100,
                         .first = kNow - hours(25),
                         .newest = "1"};
  const FieldReport ip{
      .kind = Kind::kUnknown,
      .table = "tracking.events",
      .name = "context.ip",
      .events = 5,
      .seen = 100,
      .first = kNow - hours(24),
      .newest = "1",
      .is_new = true,
      .alter = R"(ALTER TABLE "tracking"."events" ADD COLUMN "context_ip" VARCHAR)"};
  const FieldReport source{.kind = Kind::kTruncated,
                           .table = "utm",
                           .name = "source",
                           .events = 1,
                           .seen = 0,
                           .first = kNow - hours(2),
                           .newest = "2"};
  ASSERT_EQ(fields.size(), 3u);
  EXPECT_EQ(fields[0], page);
  EXPECT_EQ(fields[1].alter.substr(0, ip.alter.size()), ip.alter);
  FieldReport found = fields[1];
  found.alter = ip.alter;
  EXPECT_EQ(found, ip);
  EXPECT_EQ(fields[2], source);
  EXPECT_DOUBLE_EQ(fields[1].share(), 0.05);
  EXPECT_DOUBLE_EQ(fields[2].share(), 0);
}

// "field new?" of the events' table.
std::vector<std::string> NewFields(const std::vector<LedgerPart>& parts) {
  std::vector<std::string> found;
  for (const FieldReport& field : Fields(parts)) {
    found.push_back(field.name + (field.is_new ? " new" : " not new"));
  }
  return found;
}

// One value of a hundred is at the share, two are above it: of an object's events and of the day's.
TEST(FieldReportTest, AChangedValueIsNewsAboveAShare) {
  EXPECT_THAT(NewFields({Part("events", hours(1), "coerced:page=2")}), ElementsAre("page new"));
  EXPECT_THAT(NewFields({Part("events", hours(1), "coerced:page=1")}), ElementsAre("page not new"));
  EXPECT_THAT(NewFields({Part("events", hours(1), "coerced:page=1"),
                         Part("events", hours(2), "coerced:page=1")}),
              ElementsAre("page not new"))
      << "so many of the day, but of no object";
  LedgerPart small = Part("events", hours(1), "coerced:page=1");
  small.routed = 1;
  EXPECT_THAT(NewFields({small}), ElementsAre("page not new")) << "so many of the object's only";
  EXPECT_THAT(NewFields({Part("events", hours(1), "unknown:a=1")}), ElementsAre("a new"));
}

TEST(FieldReportTest, AColumnThatHadAFewAlwaysAndHasManyNowIsNews) {
  EXPECT_THAT(NewFields({Part("events", hours(1), "nulled:page=50"),
                         Part("events", hours(50), "nulled:page=1")}),
              ElementsAre("page new"));
  EXPECT_THAT(NewFields({Part("events", hours(1), "nulled:page=50"),
                         Part("events", hours(50), "nulled:page=50")}),
              ElementsAre("page not new"));
}

TEST(FieldReportTest, AReplaysEventsCameBefore) {
  LedgerPart replayed = Part("events", hours(1), "unknown:a=3 coerced:page=9");
  replayed.replay_of = 7;
  EXPECT_THAT(Fields({replayed}), IsEmpty());
}

TEST(FieldReportTest, WhatAColumnCollectsIsNoNewsAndStandsBehindTheRest) {
  TableSet tables = Tables();
  tables.tables[0].on_unknown_field = OnUnknownField::kCollect;
  const std::vector<FieldReport> fields = Fields(
      {Part("events", hours(1), "unknown:user0=90 unknown:user1=9 coerced:page_url=1")}, tables);
  std::vector<std::string> found;
  for (const FieldReport& field : fields) {
    found.push_back(fmt::format("{} {}", field.change(), field.name));
    EXPECT_FALSE(field.is_new) << field.name;
    EXPECT_EQ(field.alter, "");
  }
  EXPECT_THAT(found, ElementsAre("coerced page_url", "collected user0", "collected user1"));
}

TEST(FieldReportTest, WhatAllOtherFieldsCountUnderHasNoColumn) {
  const std::vector<FieldReport> fields = Fields({Part("events", hours(1), "unknown:%E2%80%A6=3")});
  ASSERT_EQ(fields.size(), 1u);
  EXPECT_EQ(fields[0].name, "…");
  EXPECT_EQ(fields[0].alter, "");
}

TEST(FieldReportTest, TablesThatAreConfiguredNoMoreAreLeftOut) {
  EXPECT_THAT(Fields({Part("gone", hours(1), "unknown:a=3")}), IsEmpty());
}

TEST(FieldReportTest, WhatTheLedgerCannotHoldIsAnError) {
  const LedgerNames names{
      .pipeline = "p", .schema = "s", .dialect = SqlDialect(SqlDialect::Kind::kPostgres)};
  LedgerPart part = Part("events", hours(1), "held by hand");
  const TableSet tables = Tables();
  const FieldQuestion question{.tables = tables, .names = names, .seen = {}, .now = kNow};
  EXPECT_FALSE(FieldsOf({part}, question));
  part.changes = "unknown:a=3";
  EXPECT_TRUE(FieldsOf({part}, question));
  part.loaded_at = "yesterday";
  EXPECT_FALSE(FieldsOf({part}, question));
}

}  // namespace
}  // namespace sluice
