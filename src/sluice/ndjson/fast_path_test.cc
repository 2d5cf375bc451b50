// SPDX-License-Identifier: Apache-2.0
#include "sluice/ndjson/fast_path.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "sluice/ndjson/paths_for_test.h"

namespace sluice {
namespace {

// One column of each kind, each from the key with its name.
Table Kinds() {
  Table table = MakeTable(
      "kinds",
      {NotNull(MakeColumn("id", {.kind = TypeKind::kChar, .length = 8})),
       MakeColumn("at", {.kind = TypeKind::kTimestamp}), MakeColumn("text", Varchar(12)),
       MakeColumn("n", {.kind = TypeKind::kInteger}),
       MakeColumn("price", {.kind = TypeKind::kDecimal, .precision = 9, .scale = 2}),
       MakeColumn("wide", {.kind = TypeKind::kDecimal, .precision = 30}),
       MakeColumn("ratio", {.kind = TypeKind::kDouble}),
       MakeColumn("ok", {.kind = TypeKind::kBoolean}), MakeColumn("day", {.kind = TypeKind::kDate}),
       MakeColumn("more", {.kind = TypeKind::kSuper, .length = 65'535})});
  table.unique = {0};
  return table;
}

constexpr std::string_view kKindsLine =
    R"({"id": "abc", "at": "2026-01-31 12:34:56.123456", "text": "a \"b\" c", "n": 42, "price": -12.5, "wide": 123456789012345678901, "ratio": 1e3, "ok": true, "day": "2026-02-28", "more": "x\\y"})";

TEST(FastPathTest, LinesLikeTheFirstTakeIt) {
  const TableSet tables = OneTable(Kinds());
  EXPECT_EQ(ExpectSameOnEveryPath(tables, Times(10, kKindsLine)), 9U);
}

TEST(FastPathTest, EachSpacingIsLearned) {
  const TableSet tables =
      OneTable(MakeTable("t", {MakeColumn("a", Varchar(9)), MakeColumn("b", Varchar(9)),
                               MakeColumn("c", {.kind = TypeKind::kBigInt})}));
  for (const std::string_view line :
       {R"({"a":"x","b":"y","c":1})", R"({"a": "x", "b": "y", "c": 1})",
        R"({"a" : "x" , "b" : "y" , "c" : 1 })", R"({ "a": "x","b": "y","c": 1})",
        R"({"a":   "x",  "b":   "y",  "c":   1})", R"({"c":1,"a":"x"})", R"({"c":1})",
        R"({"a":"x"})", R"({"c":null,"a":null,"b":null})", R"({  "a":"x","b":"y"})",
        R"( {"a":"x"} )"}) {
    EXPECT_EQ(ExpectSameOnEveryPath(tables, Times(10, line)), 9U) << line;
    const std::string crlf = std::string(line) + '\r';
    EXPECT_EQ(ExpectSameOnEveryPath(tables, Times(10, crlf)), 9U) << line;
  }
  // Blanks that differ between fields, or before the line, are no template's.
  for (const std::string_view line :
       {R"({"a": "x","b":"y"})", R"(    {"a":"x"})", R"({"a":"x","b":"y", "c":1})", "{}"}) {
    EXPECT_EQ(ExpectSameOnEveryPath(tables, Times(10, line)), 0U) << line;
  }
}

// A line that differs from its template in one byte, for every byte.
TEST(FastPathTest, EveryByteCounts) {
  Table table = Kinds();
  const TableSet tables = OneTable(table);
  const std::string line(kKindsLine);
  constexpr std::string_view kBytes{"\"\\{}[]:, aun0-.\x01\x7f\xc3\t\r/e", 23};
  for (const char byte : kBytes) {
    std::string text = Times(3, line);
    for (size_t i = 0; i < line.size(); ++i) {
      std::string changed = line;
      changed[i] = byte;
      text += changed + '\n' + changed.insert(i, 1, line[i]) + '\n' + line + '\n';
    }
    EXPECT_GT(ExpectSameOnEveryPath(tables, text), line.size());
  }
  std::string text = Times(3, line);
  for (size_t i = 0; i < line.size(); ++i) {
    text += std::string(line).erase(i, 1) + '\n';
    text += line.substr(0, i) + '\n';
    text += line + '\n';
  }
  EXPECT_GT(ExpectSameOnEveryPath(tables, text), line.size());
}

// Strings of every length, so that quotes and escapes stand at every place of a block.
TEST(FastPathTest, StringsMayEndAnywhere) {
  const TableSet tables =
      OneTable(MakeTable("t", {MakeColumn("a", Varchar(300)), MakeColumn("b", Varchar(300))}));
  for (const std::string_view piece :
       {"x", R"(\")", R"(\\)", R"(\/)", R"(\n)", R"(\u00e9)", R"(\ud83d\ude00)", "\xc3\xa9"}) {
    std::string text;
    for (size_t before = 0; before < 70; ++before) {
      for (const size_t pieces : {0, 1, 2, 3, 31, 32, 63, 64, 65}) {
        std::string value(before, 'b');
        for (size_t i = 0; i < pieces; ++i) value += piece;
        text += R"({"a":")" + value + R"(","b":")" + std::string(before % 3, '-') + value + "\"}\n";
      }
    }
    EXPECT_GT(ExpectSameOnEveryPath(tables, text), 300U) << piece;
  }
}

TEST(FastPathTest, UnknownFieldsAreCounted) {
  const TableSet tables = OneTable(MakeTable("t", {MakeColumn("a", Varchar(9))}));
  std::string text;
  for (int i = 0; i < 400; ++i) {
    text += fmt::format("{{\"a\":\"x\",\"u{}\":\"\\u00e9\",\"n\":1}}\n", i % 3);
    text += "{\"a\":\"long enough to be refused\",\"u1\":true,\"n\":1}\n";
    text += "{\"a\":\"x\",\"u1\":\"\\x\",\"n\":1}\n{\"a\":\"x\",\"u1\":01,\"n\":1}\n";
  }
  EXPECT_GT(ExpectSameOnEveryPath(tables, text), 390U);
  // More of them than are told apart.
  text.clear();
  for (int i = 0; i < 900; ++i) text += fmt::format("{{\"a\":\"x\",\"u{}\":1}}\n", i % 300);
  ExpectSameOnEveryPath(tables, text);
}

TEST(FastPathTest, RoutesAreThoseOfTheGeneralPath) {
  const auto equals = [](FieldPath path, std::string literal) {
    return Condition{
        .kind = Condition::Kind::kEquals, .path = std::move(path), .literal = std::move(literal)};
  };
  Table second = MakeTable("second", {MakeColumn("v", Varchar(9)), MakeColumn("deep", Varchar(9))});
  second.sources[1].path = {"context", "page"};
  const TableSet tables{
      .tables = {MakeTable("first", {MakeColumn("v", Varchar(9))}), second},
      .rules = {{.conditions = {equals({"kind"}, "\"drop\"")}, .table = std::nullopt},
                {.conditions = {equals({"kind"}, "1")}, .table = 0},
                {.conditions = {{.kind = Condition::Kind::kHas, .path = {"v"}}}, .table = 1}}};
  std::string text;
  for (int i = 0; i < 100; ++i) {
    for (const std::string_view line :
         {R"({"kind":"drop","v":"a"})", R"({"kind":"\u0064rop","v":"a"})", R"({"kind":1,"v":"a"})",
          R"({"kind":1.0,"v":"a"})", R"({"kind":null,"v":"a"})", R"({"kind":"other","v":"a"})",
          R"({"v":"a","context":null})", R"({"v":"a","context":"x"})",
          R"({"v":"a","context":{"page":"/"}})", R"({"kind":"drop","v":"\x"})", R"({"w":1})"}) {
      text.append(line) += '\n';
    }
  }
  EXPECT_GT(ExpectSameOnEveryPath(tables, text), 400U);
}

TEST(FastPathTest, ManyFieldsAndLongKeys) {
  std::vector<Column> columns;
  for (int i = 0; i < 300; ++i) {
    columns.push_back(MakeColumn(fmt::format("number_{}", i), {.kind = TypeKind::kDouble}));
  }
  const std::string long_key(200, 'k');
  columns.push_back(MakeColumn(long_key, Varchar(9)));
  const TableSet tables = OneTable(MakeTable("t", columns));
  std::string text;
  for (int row = 0; row < 60; ++row) {
    for (int i = 0; i < 300; ++i) {
      text += fmt::format("{}\"number_{}\":{}", i == 0 ? "{" : ",", i, row * 0.5 + i);
    }
    text += ",\"" + long_key + "\":" + (row % 9 == 0 ? "null" : "\"v\"") + "}\n";
  }
  // The same, but for the last byte of the long key.
  text += "{\"" + long_key + "\":\"v\"}\n{\"" + long_key + "\":\"v\"}\n{\"" +
          std::string(199, 'k') + "x\":\"v\"}\n";
  EXPECT_EQ(ExpectSameOnEveryPath(tables, text), 60U);
}

TEST(FastPathTest, ManyKindsOfLinesAreForgottenAgain) {
  const TableSet tables = OneTable(MakeTable("t", {MakeColumn("a", Varchar(9))}));
  std::string text;
  for (int kind = 0; kind < 500; ++kind) {
    for (int i = 0; i < 20; ++i) text += fmt::format("{{\"a\":\"x\",\"k{}\":null}}\n", kind);
  }
  EXPECT_GT(ExpectSameOnEveryPath(tables, text), 1000U);
}

TEST(FastPathTest, CollectedFieldsAreNotLearned) {
  Table table = MakeTable("t", {MakeColumn("a", Varchar(9)),
                                MakeColumn("rest", {.kind = TypeKind::kSuper, .length = 65'535})});
  table.on_unknown_field = OnUnknownField::kCollect;
  table.collect = 1;
  const std::string text = Times(9, R"({"a":"x","b":1})") + Times(9, R"({"a":"x"})") +
                           Times(9, R"({"a":"x","rest":"y"})");
  EXPECT_EQ(ExpectSameOnEveryPath(OneTable(table), text), 8U);
}

TEST(FastPathTest, KindsThatAreKeptAreFoundAgain) {
  const TableSet tables = OneTable(MakeTable("t", {MakeColumn("a", Varchar(9))}));
  const auto line = [](size_t kind) {
    return fmt::format("{{\"a\":\"x\",\"{}\":null}}", std::string(1 + kind, 'k'));
  };
  std::string all, latest;
  for (size_t kind = 0; kind < 100; ++kind) {
    all += Times(2, line(kind));
    if (kind >= 70) latest += line(kind) + '\n';
  }
  for (const Isa isa : SupportedIsas()) {
    const auto converter = EventConverter::Make(tables, {.isa = std::string(Name(isa))});
    ASSERT_TRUE(converter);
    EXPECT_EQ(ConvertWith(**converter, tables, all).counts.fast_lines, 100U);
    EXPECT_EQ(ConvertWith(**converter, tables, latest).counts.fast_lines, 30U);
  }
}

TEST(FastPathTest, OddBlanksAreForgottenAgain) {
  const TableSet tables =
      OneTable(MakeTable("t", {MakeColumn("a", Varchar(9)), MakeColumn("b", Varchar(9))}));
  std::string text;
  for (const std::string_view blanks : {"  ", "   ", "    ", "     ", "      "}) {
    text += "{\"a\":" + std::string(blanks) + "\"x\"}\n";
  }
  text += Times(2000, R"({"a":"x","b":"y"})");
  ExpectSameOnEveryPath(tables, text);
  EXPECT_GT(ConvertBy({}, tables, text, {.chunk = KiB(4)}).counts.fast_lines, 1500U);
}

TEST(FastPathTest, AnUnknownInstructionSetIsRefused) {
  const TableSet tables = OneTable(MakeTable("t", {MakeColumn("a", Varchar(9))}));
  const auto made = EventConverter::Make(tables, {.isa = "mmx"});
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().message().find("mmx"), std::string::npos);
}

}  // namespace
}  // namespace sluice
