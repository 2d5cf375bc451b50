// SPDX-License-Identifier: Apache-2.0
// What becomes of values on the fast path; fast_path_test.cc is about lines.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "sluice/ndjson/paths_for_test.h"

namespace sluice {
namespace {

TEST(FastPathValuesTest, NullsAndMissingKeysComeAndGo) {
  Table table = MakeTable("t", {MakeColumn("a", Varchar(9)), MakeColumn("b", Varchar(9)),
                                WithDefault(MakeColumn("c", {.kind = TypeKind::kBigInt}), "7"),
                                WithDefault(MakeColumn("d", Varchar(9)), "none")});
  const TableSet tables = OneTable(table);
  std::mt19937 random(7);
  std::string text;
  for (int i = 0; i < 2000; ++i) {
    std::string line;
    for (const std::string_view key : {"a", "b", "c", "d"}) {
      const auto choice = random() % 4;
      if (choice == 0 && i % 7 == 0) continue;
      line += line.empty() ? "{" : ", ";
      line += fmt::format("\"{}\": {}", key, choice == 1 ? "null" : key == "c" ? "12" : "\"v\"");
    }
    text += line.empty() ? "{}\n" : line + "}\n";
  }
  EXPECT_GT(ExpectSameOnEveryPath(tables, text), 1900U);
}

TEST(FastPathValuesTest, OtherTextThanAscii) {
  const TableSet tables = OneTable(MakeTable(
      "t", {MakeColumn("c", {.kind = TypeKind::kChar, .length = 9}), MakeColumn("v", Varchar(9))}));
  std::string text;
  for (int i = 0; i < 50; ++i) {
    text += "{\"c\":\"plain\",\"v\":\"\xd0\xb6\xd0\xb6\"}\n{\"c\":\"\xd0\xb6\",\"v\":\"x\"}\n";
    text += "{\"c\":\"plain\",\"v\":\"\\u0436\"}\n{\"c\":\"\\u0436\",\"v\":\"x\"}\n";
    if (i % 10 == 9) text += "{\"c\":\"plain\",\"v\":\"\xff\"}\n{\"c\":\"\xc3\",\"v\":\"x\"}\n";
  }
  EXPECT_GT(ExpectSameOnEveryPath(tables, text), 90U);
}

// Where a chunk has one, only the lines that have it are in doubt.
TEST(FastPathValuesTest, NoncharactersAreFoundHoweverTheyAreWritten) {
  const TableSet tables =
      OneTable(MakeTable("t", {MakeColumn("v", Varchar(99)), MakeColumn("w", Varchar(99))}));
  for (const std::string_view bad : {"\xef\xbf\xbf", "\xef\xbf\xbe", "\\uffff", "\\uFFFE"}) {
    std::string text;
    for (int i = 0; i < 100; ++i) {
      text += "{\"v\":\"a\",\"w\":\"\xef\xbf\xbd\\n\"}\n";
      if (i % 20 == 10) text += fmt::format("{{\"v\":\"a{}b\",\"w\":\"c\"}}\n", bad);
      if (i % 20 == 15) text += fmt::format("{{\"v\":\"a\",\"w\":\"\\n{}\"}}\n", bad);
    }
    EXPECT_GT(ExpectSameOnEveryPath(tables, text), 95U);
    EXPECT_EQ(ConvertText(tables, text).faults.size(), 10U) << bad;
  }
}

TEST(FastPathValuesTest, ValuesThatAreNulledTruncatedOrCoercedAreCounted) {
  Table table =
      MakeTable("t", {MakeColumn("v", Varchar(4)), MakeColumn("n", {.kind = TypeKind::kSmallInt})});
  table.on_too_long = OnTooLong::kTruncate;
  table.on_bad_value = OnBadValue::kNull;
  std::string text;
  for (int i = 0; i < 100; ++i) {
    text +=
        "{\"v\":\"abcd\",\"n\":1}\n{\"v\":\"abcd\xc3\xa9\",\"n\":70000}\n{\"v\":12345,\"n\":\"7\"}"
        "\n";
    text += "{\"v\":true,\"n\":false}\n{\"v\":\"\\u0000\",\"n\":-0}\n";
  }
  EXPECT_GT(ExpectSameOnEveryPath(OneTable(table), text), 390U);
}

// A batch that is done again has the room for unescaped texts that it had the first time.
TEST(FastPathValuesTest, DoubtsUseUpNoRoom) {
  Table table = MakeTable("t", {MakeColumn("n", {.kind = TypeKind::kBigInt}),
                                MakeColumn("a", Varchar(2000)), MakeColumn("b", Varchar(2000))});
  table.sources[2].path = {"a"};
  const std::string good = "{\"n\":1,\"a\":\"\\n" + std::string(1000, 'x') + "\"}";
  const std::string refused = "{\"n\":\"one\",\"a\":\"\\n\"}\n";
  EXPECT_EQ(ExpectSameOnEveryPath(OneTable(table), Times(50, good) + refused + Times(50, good)),
            99U);
  // Nor does a column that cannot be done as a whole.
  table.on_too_long = OnTooLong::kTruncate;
  const std::string long_one = "{\"n\":1,\"a\":\"\\n" + std::string(3000, 'x') + "\"}";
  EXPECT_EQ(ExpectSameOnEveryPath(OneTable(table), Times(100, good) + Times(1, long_one)), 100U);
}

// More columns with escapes than there is room for: the lines without room are the general path's.
TEST(FastPathValuesTest, UnescapedTextsOfManyColumnsStayInTheirRoom) {
  std::vector<Column> columns;
  for (int i = 0; i < 3; ++i) columns.push_back(MakeColumn(fmt::format("c{}", i), Varchar(2000)));
  Table table = MakeTable("t", columns);
  for (ColumnSource& source : table.sources) source.path = {"v"};
  for (const std::string_view escape : {"\\n", "\\\"", "\\u00e9"}) {
    const std::string value = std::string(escape) + std::string(1000, 'x');
    const uint64_t fast_lines =
        ExpectSameOnEveryPath(OneTable(table), Times(200, "{\"v\":\"" + value + "\"}"));
    EXPECT_EQ(fast_lines, 199U);
  }
}

TEST(FastPathValuesTest, TextsThatNoColumnTakesAreRefused) {
  const TableSet tables = OneTable(MakeTable("t", {MakeColumn("a", Varchar(9))}));
  std::string text = Times(3, R"({"a":"x"})");
  for (const std::string_view value : {R"("\u0000")", R"("\ud800")", R"("\udc00x")", R"("\x")"}) {
    text += fmt::format("{{\"a\":{}}}\n{{\"a\":\"\\n\"}}\n", value);
  }
  EXPECT_EQ(ExpectSameOnEveryPath(tables, text), 6U);
}

// The blank behind the colon is also the one before the comma or the brace, so that the literals
// around the missing value hold both.
TEST(FastPathValuesTest, AValueWithoutBytesIsNoValue) {
  const TableSet tables = OneTable(
      MakeTable("t", {MakeColumn("a", Varchar(9)), MakeColumn("b", {.kind = TypeKind::kBigInt}),
                      WithDefault(MakeColumn("c", {.kind = TypeKind::kBigInt}), "7")}));
  for (const auto& [line, without] : {std::pair{R"({"b": 1 })", R"({"b": })"},
                                      {R"({"a": 1 })", R"({"a": })"},
                                      {R"({"c": 1 })", R"({"c": })"},
                                      {R"({"x": 1 })", R"({"x": })"},
                                      {R"({"a": 1 , "b": 2})", R"({"a": , "b": 2})"},
                                      {R"({"c": 1 , "b": 2})", R"({"c":, "b": 2})"},
                                      {R"({"x": 1 , "b": 2})", R"({"x": , "b": 2})"}}) {
    const std::string text = Times(3, line) + without + "\n" + Times(3, line);
    EXPECT_EQ(ExpectSameOnEveryPath(tables, text), 5U) << line;
  }
}

// What had room in the first pass may have none in the second, which takes the lines in another
// order.
TEST(FastPathValuesTest, TextsThatShareTheirRoomUnfairlyAreNotLost) {
  std::vector<Column> columns{MakeColumn("x", Varchar(60'000)),
                              MakeColumn("n", {.kind = TypeKind::kBigInt})};
  for (int i = 0; i < 6; ++i) columns.push_back(MakeColumn(fmt::format("y{}", i), Varchar(60'000)));
  Table table = MakeTable("t", columns);
  for (size_t i = 2; i < columns.size(); ++i) table.sources[i].path = {"y"};
  std::string escaped;
  for (int i = 0; i < 1500; ++i) escaped += "\\u0041";
  for (int tune = 0; tune < 40; tune += 2) {
    std::string text;
    for (int i = 0; i < 100; ++i) {
      text += "{\"x\":\"\",\"n\":1,\"y\":\"" + std::string(1000, 'b') +
              (i % 3 == 0 || i < tune ? "\\n" : "n") + "\"}\n";
    }
    text += "{\"x\":\"\",\"n\":\"bad\",\"y\":\"\"}\n";
    text += "{\"x\":\"" + escaped + "\",\"n\":1,\"y\":\"\"}\n";
    EXPECT_GT(ExpectSameOnEveryPath(OneTable(table), text), 90U);
  }
}

}  // namespace
}  // namespace sluice
