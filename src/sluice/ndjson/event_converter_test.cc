// SPDX-License-Identifier: Apache-2.0
#include "sluice/ndjson/event_converter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "sluice/base/base64.h"
#include "sluice/ndjson/conversion_for_test.h"

namespace sluice {
namespace {

using Words = std::vector<std::string>;

const ColumnType kBig{.kind = TypeKind::kBigInt};

TableSet NameAndNumber() {
  return OneTable(MakeTable("t", {MakeColumn("name", Varchar(20)), MakeColumn("n", kBig)}));
}

TEST(EventConverterTest, ColumnsTakeTheirKeysInAnyOrder) {
  const Conversion made = ConvertText(NameAndNumber(), R"({"name": "a", "n": 1}
{"n":2,"name":"b"}
{ "n" : 3 , "name" : "c" }
{}
{"name":null,"n":-4}
)");
  EXPECT_EQ(made.rows[0],
            (Words{"1: a | 1", "2: b | 2", "3: c | 3", "4: NULL | NULL", "5: NULL | -4"}));
  EXPECT_TRUE(made.faults.empty());
}

TEST(EventConverterTest, KeysAreComparedUnescapedAndExactly) {
  const Conversion made = ConvertText(NameAndNumber(), R"({"n\u0061me":"a","N":1,"n ":2}
{"\u006e":3,"nam":"x","names":"y"}
{"name":"a","n\u0061me":"b"}
)");
  EXPECT_EQ(made.rows[0], (Words{"1: a | NULL", "2: NULL | 3", "3: b | NULL"}));
  EXPECT_EQ(made.counts.duplicate_keys, 1U);
}

TEST(EventConverterTest, TheLastOfTwoEqualKeysWinsOnEveryWay) {
  Table table = MakeTable("t", {MakeColumn("name", Varchar(20)), MakeColumn("url", Varchar(20))});
  table.sources[1].path = {"context", "page", "url"};
  const Conversion made = ConvertText(OneTable(table), R"({"name":"a","name":"b"}
{"name":"a","name":null}
{"context":{"page":{"url":"a"}},"context":{"page":{"url":"b"}}}
{"context":{"page":{"url":"a"}},"context":{"page":{}}}
{"context":{"page":{"url":"a"},"page":{"url":"b","url":"c"}}}
{"context":{"page":{"url":"a"}},"context":7}
{"x":1,"x":2,"name":"n"}
{"x":1,"y":2,"name":"n"}
)");
  EXPECT_EQ(made.rows[0], (Words{"1: b | NULL", "2: NULL | NULL", "3: NULL | b", "4: NULL | NULL",
                                 "5: NULL | c", "6: NULL | NULL", "7: n | NULL", "8: n | NULL"}));
  EXPECT_EQ(made.counts.duplicate_keys, 7U);
}

TEST(EventConverterTest, PathsRunThroughObjectsOnly) {
  Table table =
      MakeTable("t", {MakeColumn("url", Varchar(20)), MakeColumn("context", Varchar(60))});
  table.sources[0].path = {"context", "page", "url"};
  const Conversion made =
      ConvertText(OneTable(table), R"({"context":{"page":{"url":"u","x":[{}]},"z":1}}
{"context":[{"page":{"url":"u"}}]}
{"context":{"page":"url"}}
{"page":{"url":"u"}}
{"context":{"p\u0061ge":{"\u0075rl":"\u0075"}}}
)");
  EXPECT_EQ(made.rows[0],
            (Words{R"(1: u | {"page":{"url":"u","x":[{}]},"z":1})",
                   R"(2: NULL | [{"page":{"url":"u"}}])", R"(3: NULL | {"page":"url"})",
                   "4: NULL | NULL", R"(5: u | {"p\u0061ge":{"\u0075rl":"\u0075"}})"}));
}

TEST(EventConverterTest, TheFirstRuleOfWhichAllConditionsHoldDecides) {
  using Kind = Condition::Kind;
  TableSet tables{.tables = {MakeTable("a", {MakeColumn("v", Varchar(9))}),
                             MakeTable("b", {MakeColumn("v", Varchar(9))})}};
  tables.rules = {
      {.conditions = {{.kind = Kind::kEquals, .path = {"type"}, .literal = R"("\u0061")"},
                      {.kind = Kind::kHas, .path = {"x", "y"}}},
       .table = 0},
      {.conditions = {{.kind = Kind::kEquals, .path = {"type"}, .literal = "2"}}, .table = 1},
      {.conditions = {{.kind = Kind::kEquals, .path = {"type"}, .literal = "null"}}, .table = 1},
      {.conditions = {{.kind = Kind::kEquals, .path = {"type"}, .literal = "false"}},
       .table = std::nullopt},
      {.conditions = {{.kind = Kind::kHas, .path = {"b"}}, {.kind = Kind::kAny}}, .table = 1}};
  const Conversion made = ConvertText(tables, R"({"type":"a","x":{"y":null},"v":"1"}
{"type":"\u0061","x":{},"v":"no: x has no y"}
{"type":2,"v":"3"}
{"type":2.0,"v":"no"}
{"type":"2","v":"no"}
{"type":null,"v":"6"}
{"type":false,"v":"dropped"}
{"type":true,"b":null,"v":"8"}
)");
  EXPECT_EQ(made.rows[0], Words{"1: 1"});
  EXPECT_EQ(made.rows[1], (Words{"3: 3", "6: 6", "8: 8"}));
  EXPECT_EQ(made.faults, (Words{"2 @36+45 no_route", "4 @101+21 no_route", "5 @123+21 no_route"}));
  EXPECT_EQ(made.counts.dropped, 1U);
  EXPECT_EQ(made.counts.no_route, 3U);
}

TEST(EventConverterTest, ARuleThatIsNotJsonIsRefused) {
  TableSet tables = NameAndNumber();
  for (const char* literal : {"abc", "", "1,\"x\":2", "\"\\ud800\"", "1}", "\"a\nb\""}) {
    tables.rules = {
        {.conditions = {{.kind = Condition::Kind::kEquals, .path = {"n"}, .literal = literal}},
         .table = 0}};
    EXPECT_FALSE(EventConverter::Make(tables)) << literal;
  }
}

TEST(EventConverterTest, FaultsSayWhereAndKeepTheBytes) {
  const std::string text =
      "\xEF\xBB\xBF{\"n\":1}\r\n "
      "\t\r\n{\"n\":x}\r\n\n[]\n{\"n\":\"a\"}\n{\"name\":\"\xFF\"}\n{\"n\":9}";
  const Conversion made = ConvertText(NameAndNumber(), text);
  EXPECT_EQ(made.faults, (Words{"3 @16+7 not_json", "5 @26+2 not_an_object",
                                "6 @29+9 bad_integer t.n", "7 @39+12 invalid_utf8"}));
  EXPECT_EQ(made.fault_bytes, (Words{"{\"n\":x}", "[]", "{\"n\":\"a\"}", "{\"name\":\"\xFF\"}"}));
  for (size_t i = 0; i < made.faults.size(); ++i) {
    const size_t offset = std::stoul(made.faults[i].substr(made.faults[i].find('@') + 1));
    EXPECT_EQ(text.substr(offset, made.fault_bytes[i].size()), made.fault_bytes[i]);
  }
  EXPECT_EQ(made.rows[0], (Words{"1: NULL | 1", "8: NULL | 9"}));
  EXPECT_EQ(made.counts.lines, 6U);
}

TEST(EventConverterTest, InvalidUtf8IsFoundAnywhereAndOnlyInItsLine) {
  const auto reasons = [](const std::string& line) {
    const Conversion made = ConvertText(NameAndNumber(), "{}\n" + line + "\n{}\n");
    EXPECT_EQ(made.rows[0].size(), 2U);
    return made.faults.empty() ? "" : made.faults[0].substr(made.faults[0].rfind(' ') + 1);
  };
  for (const std::string bad : {"\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82", "\x80",
                                "\xF8\x88\x80\x80\x80"}) {
    EXPECT_EQ(reasons("{\"x\":\"" + bad + "\"}"), "invalid_utf8");
    EXPECT_EQ(reasons("{\"x" + bad + "\":[\"" + bad + "\"]}"), "invalid_utf8");
    EXPECT_EQ(reasons("{" + bad), "invalid_utf8");
  }
}

TEST(EventConverterTest, TheFirstColumnInTableOrderNamesTheFaultAndNothingIsLeftBehind) {
  TableSet tables =
      OneTable(MakeTable("t", {MakeColumn("a", Varchar(3)),
                               MakeColumn("b", {.kind = TypeKind::kDouble}), MakeColumn("c", kBig),
                               MakeColumn("d", {.kind = TypeKind::kDecimal, .precision = 20})}));
  const Conversion made = ConvertText(tables, R"({"d":"x","c":"y","a":"s","b":1.5}
{"d":"x","c":1,"a":"s","b":1.5}
{"a":"long"}
{"d":4,"c":3,"b":2,"a":"1"}
)");
  EXPECT_EQ(made.faults, (Words{"1 @0+33 bad_integer t.c", "2 @34+31 bad_decimal t.d",
                                "3 @66+12 too_long t.a"}));
  EXPECT_EQ(made.rows[0], Words{"4: 1 | 2 | 3 | 4"});
}

TEST(EventConverterTest, GeneratedColumnsAreLeftOutAndMustNotBeSent) {
  Table table = MakeTable("t", {MakeColumn("id", kBig), MakeColumn("v", Varchar(3))});
  table.schema.columns[0].generated = true;
  const Conversion made =
      ConvertText(OneTable(table), "{\"v\":\"a\"}\n{\"id\":1,\"v\":\"a\"}\n{\"id\":null}\n");
  EXPECT_EQ(made.rows[0], Words{"1: a"});
  EXPECT_EQ(made.faults,
            (Words{"2 @10+16 generated_column t.id", "3 @27+11 generated_column t.id"}));
  table.schema.columns[1].generated = true;
  EXPECT_FALSE(EventConverter::Make(OneTable(table)));
}

TEST(EventConverterTest, AMessageThatLandingWrappedGoesToQuarantineWithItsOwnBytes) {
  const std::string bytes("not \0 json\xFF", 11);
  const std::string good = R"({"sluice_raw":{"id":"m1","base64":")" + ToBase64(bytes) + "\"}}\n";
  const Conversion made =
      ConvertText(NameAndNumber(), good + R"({"sluice_raw":{"id":"m2","base64":"%"}}
{"sluice_raw":{"id":"m3","base64":"QQ=="},"n":1}
{"sluice_raw":{"id":"m4"}}
)");
  EXPECT_EQ(made.faults, (Words{"1 @0+11 not_json_message", "2 @55+39 not_json_message"}));
  EXPECT_EQ(made.fault_bytes[0], bytes);
  EXPECT_EQ(made.fault_bytes[1], R"({"sluice_raw":{"id":"m2","base64":"%"}})");
  EXPECT_EQ(made.rows[0], (Words{"3: NULL | 1", "4: NULL | NULL"}));
  EXPECT_EQ(made.counts.no_route, 2U);
}

TEST(EventConverterTest, ALineOverTheLimitIsAFaultThatKnowsItsLength) {
  const std::string text =
      "{\"n\":1}\n{\"name\":\"" + std::string(5000, 'x') + "\"}\r\n{\"n\":2}\n";
  const Conversion made = ConvertText(
      NameAndNumber(), text, {.chunk = {64}, .longest_line = {1000}, .kept_of_cut_line = {10}});
  EXPECT_EQ(made.faults, Words{"2 @8+5011 line_too_long"});
  EXPECT_EQ(made.fault_bytes, Words{"{\"name\":\"x"});
  EXPECT_EQ(made.rows[0], (Words{"1: NULL | 1", "3: NULL | 2"}));
}

TEST(EventConverterTest, LongLinesAreOrdinaryLines) {
  TableSet tables = NameAndNumber();
  tables.tables[0].on_too_long = OnTooLong::kTruncate;
  const std::string five(5'000'000, 'y');
  std::string keys = "{";
  for (int i = 0; i < 1'000'000; ++i) keys += "\"k" + std::to_string(i) + "\":1,";
  keys += "\"n\":7}";
  std::string longest = R"({"n":8,"x":")";
  longest += std::string((16U << 20) - longest.size() - 2, 'z') + "\"}";
  std::string escaped = R"({"name":")";
  while (escaped.size() < 5'000'000) escaped += "\\n";
  const Conversion made =
      ConvertText(tables, R"({"name":")" + five + "\"}\n" + keys + "\n" + longest + "\n" + escaped +
                              "\"}\n" + longest + " \n");
  EXPECT_EQ(made.rows[0], (Words{"1: " + five.substr(0, 20) + " | NULL", "2: NULL | 7",
                                 "3: NULL | 8", "4: " + std::string(20, '\n') + " | NULL"}));
  ASSERT_EQ(made.faults.size(), 1U);
  EXPECT_THAT(made.faults[0], testing::EndsWith("+16777217 line_too_long"));
}

// Lines that differ in everything: good and bad, plain and escaped, of all lengths and ends.
std::string HardText() {
  std::minstd_rand random(9);
  const Words parts = {R"({"name": "a", "n": 1})",
                       R"({"n":2,"name":"\u00e9\n\ud83d\ude00"})",
                       "{\"name\":\"\xF0\x9F\x98\x80\xF0\x9F\x98\x80\"}",
                       R"({"name":"\ud800"})",
                       "{\"name\":\"\xF0\x9F\"}",
                       R"({"n":"x"})",
                       R"({"n":1)",
                       "[]",
                       " \t",
                       "",
                       R"({"name":"x","name":"y","rest":[1,{"a":"\\"}]})",
                       R"({"name":")" + std::string(300, 'l') + "\"}",
                       "{\"name\":\"a\x01\"}",
                       R"({"sluice_raw":{"id":"","base64":"QQ=="}})"};
  std::string text = "\xEF\xBB\xBF";
  for (int i = 0; i < 400; ++i) {
    text += parts[random() % parts.size()];
    text += random() % 4 == 0 ? "\r\n" : "\n";
  }
  return text + R"({"name":"the \"last\"","n":99})";
}

TEST(EventConverterTest, TheResultDoesNotDependOnHowTheStreamIsCut) {
  TableSet tables = NameAndNumber();
  tables.tables[0].schema.columns.push_back(MakeColumn("rest", Varchar(200)));
  tables.tables[0].sources.push_back({.path = {"rest"}});
  tables.tables[0].on_unknown_field = OnUnknownField::kCollect;
  tables.tables[0].collect = 2;
  const std::string text = HardText();
  const Conversion whole = ConvertText(tables, text, {.chunk = MiB(1)});
  EXPECT_GT(whole.rows[0].size(), 100U);
  EXPECT_GT(whole.faults.size(), 100U);
  auto converter = EventConverter::Make(tables);
  for (size_t chunk = 64; chunk < 700; chunk += chunk < 160 ? 1 : 17) {
    const Conversion cut =
        ConvertWith(**converter, tables, text, {.chunk = {chunk}}, chunk % 97 + 1);
    ASSERT_EQ(cut.rows, whole.rows) << chunk;
    ASSERT_EQ(cut.faults, whole.faults) << chunk;
    ASSERT_EQ(cut.fault_bytes, whole.fault_bytes) << chunk;
    ASSERT_EQ(cut.counts.tables[0].unknown_fields, whole.counts.tables[0].unknown_fields);
    ASSERT_EQ(cut.counts.duplicate_keys, whole.counts.duplicate_keys);
  }
}

TEST(EventConverterTest, EveryFaultHasANameThatLeadsBack) {
  for (int i = 0; i <= static_cast<int>(FaultReason::kCorruptObject); ++i) {
    const auto reason = static_cast<FaultReason>(i);
    EXPECT_NE(Name(reason), "unknown") << i;
    EXPECT_EQ(FaultReasonNamed(Name(reason)), reason);
  }
  EXPECT_EQ(FaultReasonNamed("no such reason"), std::nullopt);
}

}  // namespace
}  // namespace sluice
