// SPDX-License-Identifier: Apache-2.0
// Each row of the table in docs/formats.md, "JSON value → column", good and bad.
#include "sluice/ndjson/column_converter.h"

#include <gtest/gtest.h>

#include "sluice/ndjson/conversion_for_test.h"

namespace sluice {
namespace {

const std::string kEmoji = "\xF0\x9F\x98\x80";

ColumnType Decimal(int precision, int scale) {
  return {.kind = TypeKind::kDecimal,
          .precision = static_cast<int8_t>(precision),
          .scale = static_cast<int8_t>(scale)};
}

TEST(ColumnConverterTest, VarcharTakesStringsUnescaped) {
  EXPECT_EQ(ValueOf(Varchar(10), R"("abc")"), "abc");
  EXPECT_EQ(ValueOf(Varchar(10), R"("")"), "");
  EXPECT_EQ(ValueOf(Varchar(99), R"("\"\\\/\b\f\n\r\t\u0041\u00e9\u20AC\ud83d\ude00z")"),
            "\"\\/\b\f\n\r\tA\xC3\xA9\xE2\x82\xAC" + kEmoji + "z");
  EXPECT_EQ(ValueOf(Varchar(10), "\"\xEF\xBF\xBD\xF4\x8F\xBF\xBF\""),
            "\xEF\xBF\xBD\xF4\x8F\xBF\xBF");
  EXPECT_EQ(ValueOf(Varchar(10), R"("\\ud800")"), "\\ud800");
}

TEST(ColumnConverterTest, VarcharCountsBytesOfUtf8) {
  EXPECT_EQ(ValueOf(Varchar(4), '"' + kEmoji + '"'), kEmoji);
  EXPECT_EQ(ValueOf(Varchar(4), R"("\ud83d\ude00")"), kEmoji);
  EXPECT_EQ(ValueOf(Varchar(3), '"' + kEmoji + '"'), "too_long t.v");
  EXPECT_EQ(ValueOf(Varchar(65535), '"' + std::string(65535, 'x') + '"'), std::string(65535, 'x'));
  EXPECT_EQ(ValueOf(Varchar(65535), '"' + std::string(65536, 'x') + '"'), "too_long t.v");
  EXPECT_EQ(ValueOf(Varchar(6), R"("\u0041\u0041\u0041\u0041\u0041\u0041")"), "AAAAAA");
}

TEST(ColumnConverterTest, StringsWithoutMeaningInTheWarehouseAreFaults) {
  for (const char* nul : {R"("\u0000")", R"("a\u0000b")", R"("ab\u0000")"}) {
    EXPECT_EQ(ValueOf(Varchar(10), nul), "nul_character t.v") << nul;
  }
  for (const char* lone : {R"("\ud800")", R"("\ud800x")", R"("\udc00")", R"("\ud800\u0041")",
                           R"("\ud800\ud800\udc00")", R"("\udc00\ud800")", R"("\ud83d\\ude00")"}) {
    EXPECT_EQ(ValueOf(Varchar(30), lone), "lone_surrogate t.v") << lone;
  }
  for (const char* none : {R"("\ufffe")", R"("x\uFFFF")", "\"\xEF\xBF\xBE\"", "\"\xEF\xBF\xBF\"",
                           "[\"\xEF\xBF\xBF\"]"}) {
    EXPECT_EQ(ValueOf(Varchar(10), none), "noncharacter t.v") << none;
  }
  EXPECT_EQ(ValueOf(Varchar(10), R"(["\uffff"])"), R"(["\uffff"])");
  // The object's text is loaded as it came, not the string in it.
  EXPECT_EQ(ValueOf(Varchar(30), R"({"a":"\ud800\u0000"})"), R"({"a":"\ud800\u0000"})");
}

TEST(ColumnConverterTest, TextColumnsTakeOtherValuesAsTheirJsonText) {
  const TableSet tables = OneTable(MakeTable("t", {MakeColumn("v", Varchar(40))}));
  const Conversion made = ConvertText(tables, R"({"v":-1.50e+3}
{"v": true}
{"v": { "a" : [1, "\u00e9"] } }
{"v":[ ]}
{"v":"text"}
)");
  EXPECT_EQ(made.rows[0],
            (std::vector<std::string>{"1: -1.50e+3", "2: true", R"(3: { "a" : [1, "\u00e9"] })",
                                      "4: [ ]", "5: text"}));
  EXPECT_EQ(made.counts.tables[0].coerced[0], 4U);
  EXPECT_EQ(ValueOf(Varchar(3), "1234"), "too_long t.v");
}

TEST(ColumnConverterTest, ValuesOfAnotherTypeThanTheColumnsAreCountedAsCoerced) {
  const auto coerced = [](const Table& table, const std::string& json) {
    const Conversion made = ConvertText(OneTable(table), "{\"v\": " + json + "}\n");
    EXPECT_TRUE(made.faults.empty()) << json;
    return made.counts.tables[0].coerced[0];
  };
  const auto of = [](ColumnType type) { return MakeTable("t", {MakeColumn("v", type)}); };
  for (const ColumnType& type :
       {ColumnType{.kind = TypeKind::kSmallInt}, ColumnType{.kind = TypeKind::kInteger},
        ColumnType{.kind = TypeKind::kBigInt}, Decimal(9, 2), Decimal(38, 2)}) {
    EXPECT_EQ(coerced(of(type), "7"), 0U) << ToSql(type);
    EXPECT_EQ(coerced(of(type), R"("7")"), 1U) << ToSql(type);
  }
  const Table flag = of({.kind = TypeKind::kBoolean});
  for (const char* same : {"true", "false", "null"}) EXPECT_EQ(coerced(flag, same), 0U) << same;
  for (const char* other : {R"("true")", R"("false")", "0", "1"}) {
    EXPECT_EQ(coerced(flag, other), 1U) << other;
  }
  Table time = of({.kind = TypeKind::kTimestamp});
  EXPECT_EQ(coerced(time, R"("2026-11-28 10:00:00")"), 0U);
  time.sources[0].epoch = EpochUnit::kSeconds;
  EXPECT_EQ(coerced(time, "1795860000"), 0U) << "with `epoch` it is of both types";
  EXPECT_EQ(coerced(time, R"("2026-11-28 10:00:00")"), 0U);
  for (const char* any : {"7", R"("7")", "{}"}) {
    EXPECT_EQ(coerced(of({.kind = TypeKind::kSuper}), any), 0U) << "it takes every type";
  }
}

TEST(ColumnConverterTest, CharTakesSingleByteCharactersOnly) {
  const ColumnType type{.kind = TypeKind::kChar, .length = 12};
  EXPECT_EQ(ValueOf(type, "\"abcdefgh\x7F\""), "abcdefgh\x7F");
  EXPECT_EQ(ValueOf(type, "\"abcdefgh\xC3\xA9\""), "not_single_byte t.v");
  EXPECT_EQ(ValueOf(type, "\"\xC3\xA9\""), "not_single_byte t.v");
  EXPECT_EQ(ValueOf(type, R"("\u00e9")"), "not_single_byte t.v");
  EXPECT_EQ(ValueOf(type, R"("1234567890123")"), "too_long t.v");
  EXPECT_EQ(ValueOf(type, R"("abc  ")"), "abc  ");
  EXPECT_EQ(ValueOf(type, "[1]"), "[1]");
}

TEST(ColumnConverterTest, IntegersAreExactAndInRange) {
  const ColumnType small{.kind = TypeKind::kSmallInt}, integer{.kind = TypeKind::kInteger},
      big{.kind = TypeKind::kBigInt};
  EXPECT_EQ(ValueOf(small, "32767"), "32767");
  EXPECT_EQ(ValueOf(small, "-32768"), "-32768");
  EXPECT_EQ(ValueOf(small, "32768"), "out_of_range t.v");
  EXPECT_EQ(ValueOf(integer, "-2147483648"), "-2147483648");
  EXPECT_EQ(ValueOf(integer, "2147483648"), "out_of_range t.v");
  EXPECT_EQ(ValueOf(big, "9223372036854775807"), "9223372036854775807");
  EXPECT_EQ(ValueOf(big, "9223372036854775808"), "out_of_range t.v");
  EXPECT_EQ(ValueOf(big, R"("-9223372036854775808")"), "-9223372036854775808");
  EXPECT_EQ(ValueOf(big, "-0"), "0");
  EXPECT_EQ(ValueOf(big, R"("007")"), "7");
  for (const char* bad :
       {"1.0", "1e3", R"("")", R"("x")", R"(" 1")", "true", "[1]", "{}", "1e400"}) {
    EXPECT_EQ(ValueOf(big, bad), "bad_integer t.v") << bad;
  }
}

TEST(ColumnConverterTest, DecimalsAreExact) {
  EXPECT_EQ(ValueOf(Decimal(18, 9), "0.1"), "100000000");
  EXPECT_EQ(ValueOf(Decimal(18, 0), "999999999999999999"), "999999999999999999");
  EXPECT_EQ(ValueOf(Decimal(18, 0), "1000000000000000000"), "out_of_range t.v");
  EXPECT_EQ(ValueOf(Decimal(19, 0), "1000000000000000000"), "1000000000000000000");
  EXPECT_EQ(ValueOf(Decimal(38, 2), R"("-123456789012345678901234567890123456.78")"),
            "-12345678901234567890123456789012345678");
  EXPECT_EQ(ValueOf(Decimal(5, 2), "1.5e2"), "15000");
  EXPECT_EQ(ValueOf(Decimal(5, 2), "0e999999999"), "0");
  EXPECT_EQ(ValueOf(Decimal(5, 2), "1.005"), "inexact_decimal t.v");
  EXPECT_EQ(ValueOf(Decimal(5, 2), "1e400"), "out_of_range t.v");
  for (const char* bad : {R"("")", R"("1,5")", "true", "[]", R"("NaN")"}) {
    EXPECT_EQ(ValueOf(Decimal(5, 2), bad), "bad_decimal t.v") << bad;
  }
}

TEST(ColumnConverterTest, FloatingNumbersAreTheNearestFinite) {
  const ColumnType real{.kind = TypeKind::kReal}, wide{.kind = TypeKind::kDouble};
  EXPECT_EQ(ValueOf(wide, "0.1"), "0.1");
  EXPECT_EQ(ValueOf(wide, "1e-400"), "0");
  EXPECT_EQ(ValueOf(wide, "1e400"), "bad_number t.v");
  EXPECT_EQ(ValueOf(real, "1e39"), "bad_number t.v");
  EXPECT_EQ(ValueOf(real, "16777217"), "16777216");
  for (const char* bad : {R"("1.5")", "true", "{}"}) {
    EXPECT_EQ(ValueOf(wide, bad), "bad_number t.v") << bad;
  }
}

TEST(ColumnConverterTest, BooleansHaveThreeSpellings) {
  const ColumnType type{.kind = TypeKind::kBoolean};
  for (const char* yes : {"true", R"("true")", "1"}) EXPECT_EQ(ValueOf(type, yes), "1") << yes;
  for (const char* no : {"false", R"("false")", "0"}) EXPECT_EQ(ValueOf(type, no), "0") << no;
  for (const char* bad : {R"("True")", R"("1")", "2", "1.0", "-0", R"("")", "[]"}) {
    EXPECT_EQ(ValueOf(type, bad), "bad_boolean t.v") << bad;
  }
}

TEST(ColumnConverterTest, DatesAndTimestamps) {
  const ColumnType date{.kind = TypeKind::kDate}, stamp{.kind = TypeKind::kTimestamp},
      zoned{.kind = TypeKind::kTimestampTz};
  EXPECT_EQ(ValueOf(date, R"("1970-01-02")"), "1");
  EXPECT_EQ(ValueOf(date, R"("1970-01-02T01:00:00+01:00")"), "1");
  EXPECT_EQ(ValueOf(date, R"("1970-01-02T01:00:00")"), "bad_date t.v");
  EXPECT_EQ(ValueOf(date, "1"), "bad_date t.v");
  EXPECT_EQ(ValueOf(stamp, R"("1970-01-01 00:00:01.000002")"), "1000002");
  EXPECT_EQ(ValueOf(stamp, R"("1970-01-01\u002000:00")"), "0");
  EXPECT_EQ(ValueOf(zoned, R"("1970-01-01T01:00+01:00")"), "0");
  EXPECT_EQ(ValueOf(stamp, R"("1970-01-01")"), "bad_timestamp t.v");
  EXPECT_EQ(ValueOf(stamp, "1590969600"), "bad_timestamp t.v");
}

TEST(ColumnConverterTest, EpochNumbersWhereTheTableSaysSo) {
  Table table = MakeTable("t", {MakeColumn("v", {.kind = TypeKind::kTimestamp})});
  table.sources[0].epoch = EpochUnit::kMillis;
  EXPECT_EQ(ValueOf(table, "1500"), "1500000");
  EXPECT_EQ(ValueOf(table, "1.5e3"), "1500000");
  EXPECT_EQ(ValueOf(table, "0.0001"), "bad_timestamp t.v");
  EXPECT_EQ(ValueOf(table, R"("1970-01-01 00:00")"), "0");
  EXPECT_EQ(ValueOf(table, R"("1500")"), "bad_timestamp t.v");
}

TEST(ColumnConverterTest, SuperTakesAnyJsonAsItCame) {
  const ColumnType type{.kind = TypeKind::kSuper};
  for (const char* json : {R"({ "a" : [1, "\u0000"]})", R"("x\n")", "1e999", "true", "[ ]"}) {
    EXPECT_EQ(ValueOf(type, json), json);
  }
  EXPECT_EQ(ValueOf(type, "null"), "NULL");
  EXPECT_EQ(ValueOf(type, R"({"a":["\ud800"]})"), "lone_surrogate t.v");
  EXPECT_EQ(ValueOf(type, R"(["\ud83d\ude00\\ud800"])"), R"(["\ud83d\ude00\\ud800"])");
  EXPECT_EQ(ValueOf(type, '"' + std::string(65'533, 'x') + '"').size(), 65'535U);
  EXPECT_EQ(ValueOf(type, '"' + std::string(65'534, 'x') + '"'), "too_long t.v");
}

TEST(ColumnConverterTest, NullIsNullAndAbsentIsTheDefault) {
  Table table = MakeTable("t", {MakeColumn("v", Varchar(9)), MakeColumn("w", Varchar(9))});
  table.schema.columns[0].default_text = "none";
  const auto rows = ConvertText(OneTable(table), "{}\n{\"v\":null}\n{\"v\":\"x\"}\n").rows[0];
  EXPECT_EQ(rows, (std::vector<std::string>{"1: none | NULL", "2: NULL | NULL", "3: x | NULL"}));

  table.schema.columns[0].not_null = true;
  EXPECT_EQ(ConvertText(OneTable(table), "{}\n{\"v\":null}").faults,
            std::vector<std::string>{"2 @3+10 null_in_not_null t.v"});
  table.schema.columns[0].default_text.reset();
  EXPECT_EQ(ConvertText(OneTable(table), "{}").faults,
            std::vector<std::string>{"1 @0+2 null_in_not_null t.v"});
}

TEST(ColumnConverterTest, DefaultsOfEveryTypeAreCompiledOnce) {
  const auto filled = [](ColumnType type, const char* text) -> std::string {
    Table table = MakeTable("t", {MakeColumn("v", type)});
    table.schema.columns[0].default_text = text;
    const auto converter = EventConverter::Make(OneTable(table));
    if (!converter) return converter.error().message();
    return ConvertText(OneTable(table), "{}").rows[0].at(0).substr(3);
  };
  EXPECT_EQ(filled({.kind = TypeKind::kInteger}, "+5"), "5");
  EXPECT_EQ(filled(Decimal(38, 2), "1.5"), "150");
  EXPECT_EQ(filled({.kind = TypeKind::kDouble}, "0.5"), "0.5");
  EXPECT_EQ(filled({.kind = TypeKind::kBoolean}, "TRUE"), "1");
  EXPECT_EQ(filled({.kind = TypeKind::kBoolean}, "f"), "0");
  EXPECT_EQ(filled({.kind = TypeKind::kDate}, "1970-01-02"), "1");
  EXPECT_EQ(filled({.kind = TypeKind::kTimestamp}, "1970-01-02"), "86400000000");
  EXPECT_EQ(filled({.kind = TypeKind::kSuper}, "[1]"), "[1]");
  EXPECT_EQ(filled({.kind = TypeKind::kSuper}, "[1"),
            "cannot use the DEFAULT of t.v: not JSON: type=SUPER");
  EXPECT_EQ(filled({.kind = TypeKind::kSmallInt}, "99999"),
            "cannot use the DEFAULT of t.v: out_of_range: type=SMALLINT");
  EXPECT_EQ(filled(Varchar(2), "abc"), "cannot use the DEFAULT of t.v: too_long: type=VARCHAR(2)");
}

TEST(ColumnConverterTest, KeysAreNeverEmptyDefaultedTruncatedOrBlankEnded) {
  Table table = MakeTable(
      "t", {MakeColumn("v", Varchar(5)), MakeColumn("at", {.kind = TypeKind::kTimestamp})});
  table.unique = {0};
  table.time = 1;
  table.on_too_long = OnTooLong::kTruncate;
  table.schema.columns[0].not_null = table.schema.columns[1].not_null = true;
  table.schema.columns[0].default_text = "none";
  table.schema.columns[1].default_text = "2020-01-01";
  const auto fault = [&](const std::string& event) {
    const Conversion made = ConvertText(OneTable(table), event);
    if (made.faults.empty()) return made.rows[0].at(0);
    return made.faults[0].substr(made.faults[0].find(' ', 3) + 1);
  };
  const std::string at = R"(,"at":"1970-01-01 00:00"})";
  EXPECT_EQ(fault(R"({"v":"x")" + at), "1: x | 0");
  EXPECT_EQ(fault(R"({"v":"x x")" + at), "1: x x | 0");
  EXPECT_EQ(fault(R"({"v":"")" + at), "empty_key t.v");
  EXPECT_EQ(fault(R"({"v":"x ")" + at), "blank_ended_key t.v");
  EXPECT_EQ(fault(R"({"v":"123456")" + at), "too_long t.v");
  EXPECT_EQ(fault(R"({"w":0)" + at), "defaulted_key t.v");
  EXPECT_EQ(fault(R"({"v":null)" + at), "null_in_not_null t.v");
  EXPECT_EQ(fault(R"({"v":"x"})"), "defaulted_key t.at");
  EXPECT_EQ(fault(R"({"v":"x","at":""})"), "bad_timestamp t.at");
}

TEST(ColumnConverterTest, TruncationEndsAtACodePointAndIsCounted) {
  Table table = MakeTable("t", {MakeColumn("v", Varchar(5))});
  table.on_too_long = OnTooLong::kTruncate;
  const Conversion made =
      ConvertText(OneTable(table),
                  "{\"v\":\"abc" + kEmoji + "\"}\n{\"v\":\"a\\ud83d\\ude00z\"}\n{\"v\":1234567}\n");
  EXPECT_EQ(made.rows[0], (std::vector<std::string>{"1: abc", "2: a" + kEmoji, "3: 12345"}));
  EXPECT_EQ(made.counts.tables[0].truncated[0], 3U);
  EXPECT_EQ(made.counts.tables[0].coerced[0], 1U);
}

TEST(ColumnConverterTest, BadValuesBecomeNullWhereTheTableSaysSo) {
  Table table =
      MakeTable("t", {MakeColumn("n", {.kind = TypeKind::kInteger}), MakeColumn("v", Varchar(3)),
                      MakeColumn("must", {.kind = TypeKind::kInteger})});
  table.schema.columns[2].not_null = true;
  table.on_bad_value = OnBadValue::kNull;
  const Conversion made = ConvertText(OneTable(table), R"({"n":"x","v":"\u0000","must":1}
{"n":1,"v":"long","must":1}
{"n":"x","v":"a","must":"y"}
)");
  EXPECT_EQ(made.rows[0], std::vector<std::string>{"1: NULL | NULL | 1"});
  EXPECT_EQ(made.counts.tables[0].nulled, (std::vector<uint64_t>{1, 1, 0}));
  EXPECT_EQ(made.faults,
            (std::vector<std::string>{"2 @32+27 too_long t.v", "3 @60+28 bad_integer t.must"}));
}

}  // namespace
}  // namespace sluice
