// SPDX-License-Identifier: Apache-2.0
#include "sluice/operate/field_report.h"

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

// A part that was loaded so long ago.
LedgerPart Part(std::string table, hours ago, std::string changes) {
  return {.table = std::move(table),
          .changes = std::move(changes),
          .loaded_at = ToIso8601(kNow - ago).substr(0, 19).replace(10, 1, " ")};
}

std::vector<FieldReport> Fields(const std::vector<LedgerPart>& parts) {
  const LedgerNames names{.pipeline = "tracking",
                          .schema = "sluice",
                          .dialect = SqlDialect(SqlDialect::Kind::kPostgres)};
  const auto fields = FieldsOf(parts, {{"events", 100}}, Tables(), names, kNow);
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
                         .first = kNow - hours(25)};
  const FieldReport ip{
      .kind = Kind::kUnknown,
      .table = "tracking.events",
      .name = "context.ip",
      .events = 5,
      .seen = 100,
      .first = kNow - hours(24),
      .is_new = true,
      .alter = R"(ALTER TABLE "tracking"."events" ADD COLUMN "context_ip" VARCHAR)"};
  const FieldReport source{.kind = Kind::kTruncated,
                           .table = "utm",
                           .name = "source",
                           .events = 1,
                           .seen = 0,
                           .first = kNow - hours(2),
                           .is_new = true};
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
  EXPECT_FALSE(FieldsOf({part}, {}, Tables(), names, kNow));
  part.changes = "unknown:a=3";
  EXPECT_TRUE(FieldsOf({part}, {}, Tables(), names, kNow));
  part.loaded_at = "yesterday";
  EXPECT_FALSE(FieldsOf({part}, {}, Tables(), names, kNow));
}

}  // namespace
}  // namespace sluice
