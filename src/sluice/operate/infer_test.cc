// SPDX-License-Identifier: Apache-2.0
#include "sluice/operate/infer.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sluice/config/load_config.h"
#include "sluice/ndjson/event_converter.h"
#include "sluice/ndjson/line_chunker.h"
#include "sluice/operate/infer_column.h"
#include "sluice/operate/infer_names.h"
#include "sluice/operate/infer_table.h"
#include "sluice/operate/init_files.h"
#include "sluice/operate/sample_fields.h"

namespace sluice {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;

SampleLines LinesOf(const std::vector<std::string>& texts) {
  SampleLines lines;
  for (const std::string& text : texts) lines.Add(text);
  return lines;
}

// The same event often enough, with $ as its number.
std::vector<std::string> Repeat(const std::string& text, size_t count) {
  std::vector<std::string> texts;
  for (size_t i = 0; i < count; ++i) {
    std::string event = text;
    for (size_t at; (at = event.find('$')) != std::string::npos;) {
      event.replace(at, 1, fmt::format("{:05}", i));
    }
    texts.push_back(std::move(event));
  }
  return texts;
}

std::vector<std::string> Both(std::vector<std::string> a, const std::vector<std::string>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// "a INTEGER NOT NULL <- A.b ms".
std::string InWords(const ProposedColumn& proposed) {
  std::string words = proposed.column.name + " " + ToSql(proposed.column.type);
  if (proposed.column.not_null) words += " NOT NULL";
  if (proposed.source.path != FieldPath{proposed.column.name}) {
    words += " <- " + FromText(proposed.source.path);
  }
  if (proposed.source.epoch) {
    constexpr const char* kUnits[] = {" s", " ms", " us"};
    words += kUnits[static_cast<size_t>(*proposed.source.epoch)];
  }
  return words;
}

std::vector<std::string> ColumnsIn(const ProposedTable& table) {
  std::vector<std::string> words;
  for (const ProposedColumn& column : table.columns) words.push_back(InWords(column));
  return words;
}

std::vector<std::string> ColumnsOf(const std::vector<std::string>& events) {
  const Proposal proposal = InferTables(LinesOf(events));
  if (proposal.tables.size() != 1) return {fmt::format("{} tables", proposal.tables.size())};
  return ColumnsIn(proposal.tables[0]);
}

ProposedTable TableFor(const std::vector<std::string>& events) {
  return InferTables(LinesOf(events)).tables.at(0);
}

// How many events are no rows when what was proposed is read as init writes it.
std::string Refused(const std::vector<std::string>& events) {
  const SampleLines lines = LinesOf(events);
  const auto tables = InitTablesOf(InferTables(lines), "tracking");
  const std::string yaml = SluiceYaml("tracking", InitSource(), tables);
  const DdlOpener open = [&](const std::string& path) -> Result<DdlFile> {
    for (const InitTable& table : tables) {
      if (table.file == path) return DdlFile{path, table.ddl};
    }
    return Fail(ErrorKind::kNotFound, "{}", path);
  };
  const auto config = ParseConfig({"sluice.yaml", "/", yaml, open}, LocalSecretSource({}));
  if (!config) return config.error().message() + "\n" + yaml;
  if (!config->warnings.empty()) return fmt::format("{}", fmt::join(config->warnings, "\n"));
  const auto converter = EventConverter::Make(*config->tables);
  if (!converter) return converter.error().message();
  ConversionCounts counts = (*converter)->MakeCounts();
  StringSource source(lines.text());
  LineChunker chunker(source);
  LineChunk chunk;
  ConvertedChunk out;
  std::string faults;
  while (*chunker.Next(chunk)) {
    (*converter)->Convert(chunk, out, counts);
    for (const RecordFault& fault : out.faults) {
      faults += fmt::format("{} {}\n", fault.line, Name(fault.reason));
    }
  }
  return faults;
}

TEST(Infer, EncodingsAreThoseThatRedshiftHasForTheType) {
  const std::pair<TypeKind, const char*> kWanted[] = {{TypeKind::kSmallInt, "az64"},
                                                      {TypeKind::kInteger, "az64"},
                                                      {TypeKind::kBigInt, "az64"},
                                                      {TypeKind::kDecimal, "az64"},
                                                      {TypeKind::kDate, "az64"},
                                                      {TypeKind::kTimestamp, "az64"},
                                                      {TypeKind::kTimestampTz, "az64"},
                                                      {TypeKind::kReal, "zstd"},
                                                      {TypeKind::kDouble, "zstd"},
                                                      {TypeKind::kBoolean, "zstd"},
                                                      {TypeKind::kChar, "zstd"},
                                                      {TypeKind::kVarchar, "zstd"},
                                                      {TypeKind::kSuper, ""}};
  for (const auto& [kind, encoding] : kWanted) {
    EXPECT_EQ(EncodingOf({.kind = kind}), encoding) << static_cast<int>(kind);
  }
}

TEST(Infer, ATypeHoldsEveryValueSeen) {
  struct Case {
    const char* why;
    std::vector<std::string> values;
    const char* column;
  };
  const Case kCases[] = {
      {"truths", {"true", "false"}, "k BOOLEAN"},
      {"0 and 1 among them", {"true", "0"}, "k BOOLEAN"},
      {"small numbers", {"1", "-7"}, "k INTEGER"},
      {"with head-room", {"123456789"}, "k BIGINT"},
      {"beyond INTEGER", {"1", "9223372036854775807"}, "k BIGINT"},
      {"beyond BIGINT", {"9223372036854775808"}, "k DECIMAL(38,0)"},
      {"beyond DECIMAL", {std::string(39, '9')}, "k VARCHAR(256)"},
      {"fractions", {"1", "2.5"}, "k DOUBLE PRECISION"},
      {"an exponent is no integer", {"1e3"}, "k DOUBLE PRECISION"},
      {"more digits than a DOUBLE has", {"0.123456789012345678"}, "k DOUBLE PRECISION"},
      {"beyond a DOUBLE", {"1e999"}, "k VARCHAR(256)"},
      {"numbers in quotes stay text", {R"("007")"}, "k VARCHAR(256)"},
      {"number and string", {"7", R"("seven")"}, "k VARCHAR(256)"},
      {"truth and string", {"true", R"("no")"}, "k VARCHAR(256)"},
      {"number and truth", {"17", "true"}, "k VARCHAR(256)"},
      {"empty", {R"("")"}, "k VARCHAR(256)"},
      {"a UUID", {R"("a09c4ca3-d142-4312-ba78-029c3355b8ef")"}, "k CHAR(36)"},
      {"a UUID and something",
       {R"("a09c4ca3-d142-4312-ba78-029c3355b8ef")", R"("x")"},
       "k VARCHAR(256)"},
      {"dates", {R"("2026-11-23")", R"("2024-02-29")"}, "k DATE"},
      {"no date", {R"("2026-11-23")", R"("2026-02-30")"}, "k VARCHAR(256)"},
      {"times", {R"("2026-11-23 10:00:00")", R"("2026-11-23T10:00:00.123")"}, "k TIMESTAMP"},
      {"times with an offset", {R"("2026-11-23T10:00:00Z")"}, "k TIMESTAMPTZ"},
      {"midnight is a time", {R"("2026-11-23T00:00:00")"}, "k TIMESTAMP"},
      {"date and time", {R"("2026-11-23")", R"("2026-11-23 10:00:00")"}, "k VARCHAR(256)"},
      {"digits beyond microseconds", {R"("2026-11-23 10:00:00.1234567")"}, "k VARCHAR(256)"},
      {"arrays", {"[1]", "[]"}, "k SUPER"},
      {"array and text", {"[1]", R"("x")"}, "k SUPER"},
      {"empty objects", {"{}"}, "k SUPER"},
      {"object and array", {R"({"a":1})", "[1]"}, "k SUPER"},
      {"object and text", {R"({"a":1})", R"("x")"}, "k SUPER"},
      {"only null", {"null"}, "k VARCHAR(256)"},
      {"null and number", {"null", "5"}, "k INTEGER"},
      {"the name says no time", {"1795443302"}, "k BIGINT"},
  };
  for (const Case& one : kCases) {
    std::vector<std::string> events;
    for (const std::string& value : one.values) events.push_back(R"({"k":)" + value + "}");
    EXPECT_THAT(ColumnsOf(events), ElementsAre(one.column)) << one.why;
    EXPECT_EQ(Refused(events), "") << one.why;
  }
}

TEST(Infer, NumbersOfATimeAreATime) {
  const std::pair<const char*, const char*> kCases[] = {
      {"1795443302", "ts TIMESTAMP NOT NULL s"},
      {"1795443302123", "ts TIMESTAMP NOT NULL ms"},
      {"1795443302123456", "ts TIMESTAMP NOT NULL us"},
      {"1795443302.5", "ts TIMESTAMP NOT NULL s"},
      {"17", "ts INTEGER"},
  };
  for (const auto& [number, wanted] : kCases) {
    const std::vector<std::string> events = {fmt::format(R"({{"ts":{}}})", number)};
    EXPECT_THAT(ColumnsOf(events), ElementsAre(wanted)) << number;
    EXPECT_EQ(Refused(events), "") << number;
  }
  // A duration may well look like one: a second has 1,000,000,000 nanoseconds.
  for (const std::string key : {"load_time", "duration_ms", "time_ns", "based_on", "weekday"}) {
    EXPECT_THAT(ColumnsOf({R"({")" + key + R"(":1795443302})"}), ElementsAre(key + " BIGINT"));
  }
  EXPECT_THAT(ColumnsOf({R"({"ts":1795443302123})", R"({"ts":"2026-11-23 10:00:00"})"}),
              ElementsAre("ts TIMESTAMP NOT NULL ms"));
}

TEST(Infer, ObjectsBecomeColumns) {
  const std::vector<std::string> events = {
      R"({"id":"a","context":{"page":{"url":"x","Title":"T"},"ip":"::1"},"tags":["a"]})",
      R"({"id":"b","context":null})", R"({"id":"c","context":{"page":{}}})"};
  EXPECT_THAT(
      ColumnsOf(events),
      ElementsAre("id VARCHAR(256) NOT NULL", "context_page_url VARCHAR(256) <- context.page.url",
                  "context_page_title VARCHAR(256) <- context.page.Title",
                  "context_ip VARCHAR(256) <- context.ip", "tags SUPER"));
  EXPECT_EQ(Refused(events), "");
  // Five levels, and more keys than names are.
  EXPECT_THAT(ColumnsOf({R"({"a":{"b":{"c":{"d":{"e":1}}}}})"}),
              ElementsAre("a_b_c_d SUPER <- a.b.c.d"));
  std::string crowd = R"({"by_user":{)";
  for (int i = 0; i < 65; ++i) crowd += fmt::format(R"({}"user{}":1)", i == 0 ? "" : ",", i);
  EXPECT_THAT(ColumnsOf({crowd + "}}"}), ElementsAre("by_user SUPER"));
}

TEST(Infer, KeysThatAreNoNamesGetOne) {
  const std::vector<std::string> events = {
      R"({"Id":1,"id":2,"ID":3,"page url":4,"page.url":5,"1st":6,"日本":7,"a\\b":8,"ctid":9,)"
      R"("q\"":10,"sluice_line":11,"null":12,"on":13,"\u00e9":14})"};
  EXPECT_THAT(ColumnsOf(events),
              ElementsAre("id_2 INTEGER NOT NULL <- Id", "id INTEGER", "id_3 INTEGER <- ID",
                          "page_url INTEGER <- page url", "page_url_2 INTEGER <- page\\.url",
                          "_1st INTEGER <- 1st", "field INTEGER <- 日本", "a_b INTEGER <- a\\\\b",
                          "ctid_2 INTEGER <- ctid", "q INTEGER <- q\"",
                          "sluice_line_2 INTEGER <- sluice_line", "null INTEGER", "on INTEGER",
                          "field_2 INTEGER <- é"));
  EXPECT_EQ(Refused(events), "");
}

TEST(Infer, AKeyWithoutANameIsSaid) {
  const Proposal proposal =
      InferTables(LinesOf({R"({"":1,"\ud800":2,"\u0007":4,"o":{"\n":1},"a":3})"}));
  ASSERT_EQ(proposal.tables.size(), 1u);
  EXPECT_THAT(ColumnsIn(proposal.tables[0]), ElementsAre("o SUPER", "a INTEGER"));
  EXPECT_THAT(proposal.notes, ElementsAre(HasSubstr("some keys get no column")));
}

// `count` events, each with a key of its own beside those that all have.
std::vector<std::string> WithKeysThatAreValues(size_t count) {
  return Repeat(R"({"event_id":"$","other_fields":1,"by":{"page":"p"},"user$":{"n":1,"x":"$"}})",
                count);
}

TEST(Infer, KeysThatAreValuesAreCollected) {
  const auto events = WithKeysThatAreValues(101);
  const Proposal proposal = InferTables(LinesOf(events));
  ASSERT_EQ(proposal.tables.size(), 1u);
  EXPECT_THAT(ColumnsIn(proposal.tables[0]),
              ElementsAre("event_id VARCHAR(16) NOT NULL", "other_fields INTEGER NOT NULL",
                          "by_page VARCHAR(16) NOT NULL <- by.page", "other_fields_2 SUPER"));
  EXPECT_EQ(proposal.tables[0].collect, 3u);
  EXPECT_EQ(proposal.tables[0].collected, 202u);
  EXPECT_THAT(proposal.notes, ElementsAre(HasSubstr("events: 202 keys that not every event has")));
  EXPECT_EQ(Refused(events), "");
  EXPECT_THAT(SluiceYaml("t", InitSource(), InitTablesOf(proposal, "t")),
              HasSubstr("    on_unknown_field: {collect: other_fields_2}"));
  // They make no shapes either.
  const Proposal pairs =
      InferTables(LinesOf(Repeat(R"({"event_id":"$","page":"p","a$":1,"b$":2})", 150)));
  ASSERT_EQ(pairs.tables.size(), 1u);
  EXPECT_EQ(pairs.tables[0].collected, 300u);
  // As many as a wide table may have.
  const auto fewer = WithKeysThatAreValues(100);
  EXPECT_EQ(TableFor(fewer).collect, std::nullopt);
  EXPECT_EQ(TableFor(fewer).columns.size(), 203u);
  EXPECT_EQ(Refused(fewer), "");
}

TEST(Infer, NotNullNeedsManyEvents) {
  const auto few = Repeat(R"({"a":"x","b":1})", kEnoughEvents - 1);
  EXPECT_THAT(ColumnsOf(few), ElementsAre("a VARCHAR(256)", "b INTEGER"));
  const auto many = Repeat(R"({"a":"x","b":1})", kEnoughEvents);
  EXPECT_THAT(ColumnsOf(many), ElementsAre("a VARCHAR(16) NOT NULL", "b INTEGER NOT NULL"));
  EXPECT_THAT(ColumnsOf(Both(many, {R"({"a":"x"})"})),
              ElementsAre("a VARCHAR(16) NOT NULL", "b INTEGER"));
  EXPECT_THAT(ColumnsOf(Both(many, {R"({"a":"x","b":null})"})),
              ElementsAre("a VARCHAR(16) NOT NULL", "b INTEGER"));
}

TEST(Infer, ATextHasTwiceTheBytesOfTheLongest) {
  const std::pair<std::string, const char*> kCases[] = {
      {"", "k VARCHAR(16) NOT NULL"},
      {"12345678", "k VARCHAR(16) NOT NULL"},
      {"123456789", "k VARCHAR(32) NOT NULL"},
      {"äöüäöüäöü", "k VARCHAR(64) NOT NULL"},
      {R"(\u00e4\u00e4\u00e4\u00e4)", "k VARCHAR(16) NOT NULL"},
      {std::string(40'000, 'x'), "k VARCHAR(65535) NOT NULL"},
  };
  for (const auto& [text, wanted] : kCases) {
    const auto events = Repeat(R"({"k":")" + text + R"("})", kEnoughEvents);
    EXPECT_THAT(ColumnsOf(events), ElementsAre(wanted)) << text.substr(0, 20);
    EXPECT_EQ(Refused(events), "");
  }
  // Of a few nothing is known.
  EXPECT_THAT(ColumnsOf({R"({"k":"x"})"}), ElementsAre("k VARCHAR(256)"));
}

TEST(Infer, ValuesThatNoTypeTakesAreSaid) {
  const std::vector<std::string> events = {
      R"({"id":"a","k":"\u0000"})", R"({"id":"b","k":"x"})",
      R"({"id":"c","k":")" + std::string(65'536, 'x') + R"("})"};
  const Proposal proposal = InferTables(LinesOf(events));
  ASSERT_EQ(proposal.tables.size(), 1u);
  EXPECT_EQ(InWords(proposal.tables[0].columns[1]), "k VARCHAR(65535)");
  EXPECT_THAT(
      proposal.tables[0].columns[1].reason,
      HasSubstr("1 of 3 go to quarantine: too_long; 1 of 3 go to quarantine: nul_character"));
  EXPECT_EQ(Refused(events), "1 nul_character\n3 too_long\n");
}

struct Chosen {
  std::optional<std::string> unique, time;
};
Chosen ChosenFor(const std::vector<std::string>& events) {
  const Proposal proposal = InferTables(LinesOf(events));
  EXPECT_EQ(proposal.tables.size(), 1u);
  const ProposedTable& table = proposal.tables.at(0);
  Chosen chosen;
  if (table.unique) chosen.unique = table.columns[*table.unique].column.name;
  if (table.time) chosen.time = table.columns[*table.time].column.name;
  return chosen;
}

TEST(Infer, TheUniqueKeyIsWhatNoTwoEventsShare) {
  EXPECT_EQ(ChosenFor({R"({"user_id":"u","request_id":"r"})"}).unique, "request_id");
  EXPECT_EQ(ChosenFor(Repeat(R"({"user_id":"u$"})", 200)).unique, std::nullopt);
  EXPECT_EQ(ChosenFor(Repeat(R"({"user":{"id":"u$"},"data":{"event_id":"$"}})", 9)).unique,
            "data_event_id");
  EXPECT_EQ(ChosenFor(Repeat(R"({"request_id":"r$","event_id":"$"})", 9)).unique, "event_id");
  EXPECT_EQ(ChosenFor(Repeat(R"({"message":"text $"})", 200)).unique, std::nullopt);
  // An event that comes twice is the same event.
  const auto events = Repeat(R"({"id":"$"})", 100);
  EXPECT_EQ(ChosenFor(Both(events, events)).unique, "id");
  EXPECT_EQ(Refused(Both(events, events)), "");
  // One that shares its id with another is a fault, as long as there are few.
  EXPECT_EQ(ChosenFor(Both(events, {R"({"id":"00007","x":1})"})).unique, "id");
  EXPECT_EQ(ChosenFor(Both(events, Repeat(R"({"id":"00007","x":"$"})", 2))).unique, std::nullopt);
  EXPECT_EQ(ChosenFor(Both(Repeat(R"({"id":"$"})", 98), {R"({"id":null})", R"({"id":""})"})).unique,
            std::nullopt);
  EXPECT_EQ(ChosenFor(Both(events, {R"({"id":null})"})).unique, "id");
  EXPECT_EQ(ChosenFor(Both(events, {R"({"id":"ends in a blank "})"})).unique, "id");
  // What cannot be compared exactly is no key.
  EXPECT_EQ(ChosenFor({R"({"id":1.5})"}).unique, std::nullopt);
  EXPECT_EQ(ChosenFor({R"({"id":["a"]})"}).unique, std::nullopt);
}

TEST(Infer, AnIdOfAnythingElseIsNamedAndNotTaken) {
  for (const char* const id : {"record_id", "hit_id", "messageId", "insert_id"}) {
    const std::string event = fmt::format(R"({{"{}":"$","user_id":"u","rate":1}})", id);
    const ProposedTable table = TableFor(Repeat(event, 100));
    EXPECT_EQ(table.unique, std::nullopt) << id;
    EXPECT_THAT(table.unique_reason,
                HasSubstr(IdentifierOf(std::string_view(id)) + " did in 100 different events"));
    EXPECT_THAT(table.unique_reason, Not(HasSubstr("user_id")));
    // Few events have different ones of anything.
    EXPECT_THAT(TableFor(Repeat(event, 19)).unique_reason, Not(HasSubstr("_id")));
  }
}

TEST(Infer, FewEventsAreSaidToShowLittle) {
  const std::string event = R"({"event_id":"$","ts":"2026-11-23 10:00:00"})";
  EXPECT_EQ(TableFor(Repeat(event, 1)).unique_reason,
            "by its name; only 1 different event seen, which shows little");
  EXPECT_EQ(TableFor(Repeat(event, 19)).unique_reason,
            "by its name; only 19 different events seen, which shows little");
  EXPECT_EQ(TableFor(Repeat(event, 100)).unique_reason, "no two of 100 different events share one");
}

TEST(Infer, OnlyAUniqueKeyMakesDuplicatesOfOneTime) {
  const std::string time = R"("ts":"2026-11-23 10:00:00")";
  EXPECT_THAT(TableFor({R"({"id":"a",)" + time + "}"}).time_reason,
              HasSubstr("a duplicate must have the same"));
  EXPECT_EQ(TableFor({"{" + time + "}"}).time_reason, "the first time that events have");
}

TEST(Infer, ReasonsCountInEnglish) {
  const ProposedTable table = TableFor({R"({"zero":0,"two":12,"letter":"a"})"});
  EXPECT_THAT(table.columns.at(0).reason, HasSubstr("up to 1 digit"));
  EXPECT_THAT(table.columns.at(0).reason, Not(HasSubstr("digits")));
  EXPECT_THAT(table.columns.at(1).reason, HasSubstr("up to 2 digits"));
  EXPECT_EQ(table.columns.at(2).reason, "the longest has 1 byte");
}

TEST(Infer, TheTimeIsOneThatEveryEventHas) {
  EXPECT_EQ(ChosenFor({R"({"received_at":"2026-11-23 10:00:00","ts":"2026-11-23 10:00:00"})"}).time,
            "ts");
  EXPECT_EQ(ChosenFor({R"({"received_at":"2026-11-23 10:00:00"})"}).time, std::nullopt);
  EXPECT_EQ(
      ChosenFor({R"({"user":{"created_at":"2026-11-23 10:00:00"},"ts":"2026-11-23 10:00:00"})"})
          .time,
      "ts");
  EXPECT_EQ(ChosenFor({R"({"created_at":"2026-11-23"})"}).time, std::nullopt) << "a day is no time";
  EXPECT_EQ(ChosenFor({R"({"ts":"2026-11-23 10:00:00"})", R"({"ts":null})"}).time, std::nullopt);
}

TEST(Infer, NoIdAndNoTimeOfTodayIsARule) {
  for (const std::string key : {"tenant_id", "app_time"}) {
    const Proposal proposal =
        InferTables(LinesOf(Both(Repeat(R"({")" + key + R"(":"Mon","a":"$","c":1})", 100),
                                 Repeat(R"({")" + key + R"(":"Tue","b":"$","d":1})", 100))));
    ASSERT_EQ(proposal.tables.size(), 2u);
    for (const ProposedTable& table : proposal.tables) {
      EXPECT_THAT(ToText(table.when), Not(HasSubstr(key)));
    }
  }
}

TEST(Infer, ATableOfANumberHasAName) {
  const Proposal proposal = InferTables(LinesOf(
      Both(Repeat(R"({"type":"404","a":"$"})", 100), Repeat(R"({"type":"page","b":"$"})", 100))));
  ASSERT_EQ(proposal.tables.size(), 2u);
  EXPECT_EQ(proposal.tables[0].name, "_404_events");
}

TEST(Infer, AFewFaultsTakeNoTimeAndNoRuleAway) {
  const auto good = Both(Repeat(R"({"id":"a$","topic":"t","x":1,"ts":"2026-11-23 10:00:00"})", 150),
                         Repeat(R"({"id":"b$","source":"s","y":1})", 150));
  const auto events = Both(good, {R"({"id":"c","topic":null,"x":null,"ts":"yesterday"})",
                                  R"({"id":"d","source":null,"y":null})"});
  const Proposal proposal = InferTables(LinesOf(events));
  ASSERT_EQ(proposal.tables.size(), 2u);
  EXPECT_EQ(ToText(proposal.tables[0].when), "has topic");
  EXPECT_THAT(ColumnsIn(proposal.tables[0]),
              ElementsAre("id VARCHAR(16) NOT NULL", "topic VARCHAR(16) NOT NULL", "x INTEGER",
                          "ts TIMESTAMP NOT NULL"));
  EXPECT_THAT(proposal.tables[0].time_reason,
              HasSubstr("without such a time, in quarantine: 1 of 151 events"));
  EXPECT_EQ(Refused(events), "301 null_in_not_null\n302 null_in_not_null\n");
  // A key that is never null is asked for instead.
  const auto other = Both(good, {R"({"id":"c","topic":null,"x":1,"ts":"2026-11-23 10:00:00"})"});
  EXPECT_EQ(ToText(InferTables(LinesOf(other)).tables.at(0).when), "has x");
  EXPECT_EQ(Refused(other), "");
  // Of many it is no fault.
  const auto many = Both(good, Repeat(R"({"id":"c$","topic":"t","x":1,"ts":"yesterday"})", 2));
  EXPECT_EQ(InferTables(LinesOf(many)).tables.at(0).time, std::nullopt);
  EXPECT_EQ(Refused(many), "");
}

TEST(Infer, ShapesBecomeTables) {
  const std::vector<std::string> events =
      Both(Repeat(R"({"id":"a$","topic":"t","message":"m","ts":"2026-11-23 10:00:00"})", 100),
           Repeat(R"({"id":"b$","source":"s","medium":null,"content":null})", 50));
  const Proposal proposal = InferTables(LinesOf(events));
  ASSERT_EQ(proposal.tables.size(), 2u);
  EXPECT_EQ(proposal.events, 150u);
  EXPECT_EQ(proposal.tables[0].name, "topic_events");
  EXPECT_EQ(ToText(proposal.tables[0].when), "has topic");
  EXPECT_THAT(ColumnsIn(proposal.tables[0]),
              ElementsAre("id VARCHAR(16) NOT NULL", "topic VARCHAR(16) NOT NULL",
                          "message VARCHAR(16) NOT NULL", "ts TIMESTAMP NOT NULL"));
  EXPECT_EQ(proposal.tables[1].name, "source_events");
  EXPECT_EQ(ToText(proposal.tables[1].when), "has source");
  EXPECT_THAT(ColumnsIn(proposal.tables[1]),
              ElementsAre("id VARCHAR(256) NOT NULL", "source VARCHAR(256) NOT NULL",
                          "medium VARCHAR(256)", "content VARCHAR(256)"));
  EXPECT_EQ(Refused(events), "");
}

TEST(Infer, AValueMayPartTheShapes) {
  const std::vector<std::string> events =
      Both(Repeat(R"({"id":"a$","type":"Page View"})", 10),
           Repeat(R"({"id":"b$","type":"buy \"x\"","price":1,"currency":"EUR"})", 10));
  const Proposal proposal = InferTables(LinesOf(events));
  ASSERT_EQ(proposal.tables.size(), 2u);
  EXPECT_EQ(proposal.tables[0].name, "page_view_events");
  EXPECT_EQ(ToText(proposal.tables[0].when), R"(type = "Page View")");
  EXPECT_EQ(proposal.tables[1].name, "buy_x_events");
  EXPECT_EQ(Refused(events), "");
}

TEST(Infer, LinesThatAreNoEventsAreCountedAndLeftOut) {
  const std::vector<std::string> lines = {
      "",          "not json", R"({"a":1})",       "[1]",
      R"({"a":2)", "  ",       "{\"a\":\"\xFF\"}", R"({"sluice_raw":{"id":"x","base64":"AA=="}})"};
  const Proposal proposal = InferTables(LinesOf(lines));
  EXPECT_EQ(proposal.events, 1u);
  EXPECT_THAT(
      proposal.broken,
      ElementsAre(Pair(FaultReason::kNotJson, 2), Pair(FaultReason::kNotAnObject, 1),
                  Pair(FaultReason::kInvalidUtf8, 1), Pair(FaultReason::kNotJsonMessage, 1)));
  ASSERT_EQ(proposal.tables.size(), 1u);
  EXPECT_THAT(ColumnsIn(proposal.tables[0]), ElementsAre("a INTEGER"));
}

TEST(Infer, WithoutEventsThereIsNoTable) {
  EXPECT_THAT(InferTables(SampleLines()).tables, IsEmpty());
  EXPECT_THAT(InferTables(LinesOf({"", "not json"})).tables, IsEmpty());
  EXPECT_THAT(InferTables(LinesOf({"{}"})).tables, IsEmpty());
}

TEST(Infer, MoreKeysThanATableHasAreLeftOut) {
  std::string event = "{";
  for (int i = 0; i < 2'000; ++i) event += fmt::format(R"({}"k{}":1)", i == 0 ? "" : ",", i);
  const Proposal proposal = InferTables(LinesOf({event + "}"}));
  ASSERT_EQ(proposal.tables.size(), 1u);
  EXPECT_GT(proposal.tables[0].columns.size(), 1'500u);
  EXPECT_LE(proposal.tables[0].columns.size(), SampleFields::kMostFields);
  EXPECT_EQ(Refused({event + "}"}), "");
}

}  // namespace
}  // namespace sluice
