// SPDX-License-Identifier: Apache-2.0
// What it shows of each kind of value tests/golden compares with what the conversion writes.
#include "sluice/transform/preview.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice {
namespace {

Table MadeOf(std::string name, std::vector<Column> columns) {
  Table table;
  table.schema.name = std::move(name);
  for (const Column& column : columns) table.sources.push_back({.path = {column.name}});
  table.schema.columns = std::move(columns);
  return table;
}

// a: key `id` and `at`; b: no key.
TableSet Tables() {
  const ColumnType text{.kind = TypeKind::kVarchar, .length = 5};
  Table a = MadeOf("a", {{.name = "made", .type = {.kind = TypeKind::kBigInt}, .generated = true},
                         {.name = "x", .type = text},
                         {.name = "id", .type = text, .not_null = true},
                         {.name = "at", .type = {.kind = TypeKind::kTimestamp}, .not_null = true}});
  a.unique = {2};
  a.time = 3;
  Table b = MadeOf("b", {{.name = "id", .type = text}});
  return {.tables = {a, b},
          .rules = {{.conditions = {{.kind = Condition::Kind::kHas, .path = {"at"}}}, .table = 0},
                    {.conditions = {{.kind = Condition::Kind::kHas, .path = {"id"}}}, .table = 1}}};
}

Result<Preview> PreviewOf(std::string_view text, const PreviewOptions& options = {}) {
  const TableSet tables = Tables();
  StringSource source(text, 7);
  return PreviewStream(source, tables, options);
}

TEST(PreviewTest, RowsShowEveryColumnThatIsTakenFromEvents) {
  const auto preview = PreviewOf(R"({"id":"1","at":"2026-01-01 00:00:00"}
{"id":"2","at":"2026-01-01T01:00+01:00","x":"\n"}
)");
  ASSERT_TRUE(preview) << preview.error().message();
  EXPECT_EQ(preview->tables[0].rows, 2u);
  ASSERT_EQ(preview->tables[0].examples.size(), 2u);
  using Cells = std::vector<std::string>;
  EXPECT_EQ(preview->tables[0].examples[0].cells,
            (Cells{"null", R"("1")", R"("2026-01-01 00:00:00.000000")"}));
  EXPECT_EQ(preview->tables[0].examples[1].cells,
            (Cells{R"("\n")", R"("2")", R"("2026-01-01 00:00:00.000000")"}));
  EXPECT_EQ(preview->tables[0].examples[1].line, 2u);
  EXPECT_EQ(preview->tables[1].rows, 0u);
}

// So that who is told of a change finds the values that made it.
TEST(PreviewTest, WhatWasChangedIsToldWithItsFirstEvents) {
  const auto preview = PreviewOf(R"({"id":"1"}

{"id":2}
{"id":3,"new":true}
{"id":4}
)",
                                 {.examples = 2});
  ASSERT_TRUE(preview) << preview.error().message();
  EXPECT_EQ(preview->counts.tables[1].coerced, std::vector<uint64_t>{3});
  ASSERT_EQ(preview->changes.size(), 2u);
  const auto text = [&](const PreviewedChange& change) {
    std::string said =
        fmt::format("{} {} {} {}", change.table, change.change, change.field, change.events);
    for (const uint64_t line : change.lines) {
      said += fmt::format("; {} {}", line, preview->changed.at(line).text);
    }
    return said;
  };
  EXPECT_EQ(text(preview->changes[0]), R"(1 coerced id 3; 3 {"id":2}; 4 {"id":3,"new":true})");
  EXPECT_EQ(text(preview->changes[1]), R"(1 unknown new 1; 4 {"id":3,"new":true})");
}

TEST(PreviewTest, OfVeryManyUnknownFieldsTheFirstAreToldApartAndNoColumnsAreHidden) {
  std::string text = R"({"id":"0")";
  for (int i = 0; i < 200; ++i) text += fmt::format(R"(,"a{}":1)", i);
  text += "}\n";
  text += R"({"id":"1")";
  for (int i = 0; i < 200; ++i) text += fmt::format(R"(,"b{}":1)", i);
  text += "}\n{\"id\":7}\n";
  const auto preview = PreviewOf(text);
  ASSERT_TRUE(preview) << preview.error().message();
  ASSERT_EQ(preview->changes.size(), 258u);
  EXPECT_EQ(preview->changes.front().change, "coerced");
  EXPECT_EQ(preview->changes.back().field, "…");
  EXPECT_EQ(preview->changes.back().lines, std::vector<uint64_t>{2});
  EXPECT_EQ(preview->changed.size(), 3u);
}

TEST(PreviewTest, AnEventWithTheKeyOfAnotherIsADuplicateOfIt) {
  const auto preview = PreviewOf(R"({"id":"1","at":"2026-01-01 00:00:00"}
{"id":"1","at":"2026-01-01 00:00:01"}
{"id":"1","at":"2026-01-01T00:00Z","x":"y"}
{"id":"1"}
{"id":"1"}
)");
  ASSERT_TRUE(preview) << preview.error().message();
  EXPECT_EQ(preview->tables[0].rows, 3u);
  EXPECT_EQ(preview->tables[0].duplicates, 1u);
  EXPECT_EQ(preview->tables[0].examples[1].duplicate_of, std::nullopt);
  EXPECT_EQ(preview->tables[0].examples[2].duplicate_of, 1u);
  EXPECT_EQ(preview->tables[1].rows, 2u);
  EXPECT_EQ(preview->tables[1].duplicates, 0u);
}

TEST(PreviewTest, QuarantineIsGroupedAndEachGroupHasExamples) {
  const auto preview =
      PreviewOf("no\n{\"id\":\"123456\"}\n{\"id\":\"1234567\"}\n{}\nno, too\n", {.examples = 1});
  ASSERT_TRUE(preview) << preview.error().message();
  EXPECT_EQ(preview->quarantined, 5u);
  ASSERT_EQ(preview->faults.size(), 3u);
  EXPECT_EQ(preview->faults[0].reason, FaultReason::kNotJson);
  EXPECT_EQ(preview->faults[0].events, 2u);
  ASSERT_EQ(preview->faults[0].examples.size(), 1u);
  EXPECT_EQ(preview->faults[0].examples[0].payload.text, "no");
  EXPECT_EQ(preview->faults[1].reason, FaultReason::kNoRoute);
  EXPECT_EQ(preview->faults[2].table, 1u);
  EXPECT_EQ(preview->faults[2].column, 0u);
  EXPECT_EQ(preview->faults[2].events, 2u);
  EXPECT_EQ(preview->faults[2].examples[0].fault.line, 2u);
}

TEST(PreviewTest, OnlySoManyLinesAreRead) {
  const std::string line = "{\"id\":\"1\"}\n";
  const auto read = [&](uint64_t lines, size_t most) {
    std::string text;
    for (uint64_t i = 0; i < lines; ++i) text += line;
    return *PreviewOf(text, {.lines = most, .examples = 2});
  };
  EXPECT_EQ(read(5, 3).counts.lines, 3u);
  EXPECT_FALSE(read(5, 3).is_whole);
  EXPECT_EQ(read(5, 3).bytes, 3 * line.size());
  EXPECT_TRUE(read(3, 3).is_whole);
  EXPECT_EQ(read(3, 3).counts.lines, 3u);
  EXPECT_TRUE(read(2, 3).is_whole);
  EXPECT_EQ(read(5, 9).tables[1].rows, 5u);
  EXPECT_EQ(read(5, 9).tables[1].examples.size(), 2u);
  EXPECT_TRUE(PreviewOf("{\"id\":\"1\"}", {.lines = 1})->is_whole);
}

TEST(PreviewTest, WhatIsDamagedIsRefused) {
  const auto preview = PreviewOf(std::string_view("\x1f\x8b\x08\0\0\0\0\0\0\3\xab", 11));
  ASSERT_FALSE(preview);
  EXPECT_EQ(preview.error().kind(), ErrorKind::kBadData);
}

}  // namespace
}  // namespace sluice
