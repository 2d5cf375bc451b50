// SPDX-License-Identifier: Apache-2.0
#include "sluice/operate/init_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "sluice/config/load_config.h"
#include "sluice/operate/sample_reader.h"
#include "sluice/schema/ddl_parser.h"

namespace sluice {
namespace {

using ::testing::HasSubstr;

GivenDdl Given(const std::string& text) {
  const auto schema = ParseCreateTable(text, "given.sql");
  EXPECT_TRUE(schema.has_value());
  return {"given.sql", text, *schema};
}

Result<PipelineConfig> Read(const InitSource& source, std::span<const InitTable> tables) {
  const std::string yaml = SluiceYaml("tracking", source, tables);
  const DdlOpener open = [&](const std::string& path) -> Result<DdlFile> {
    for (const InitTable& table : tables) {
      if (table.file == path) return DdlFile{path, table.ddl};
    }
    return Fail(ErrorKind::kNotFound, "{}", path);
  };
  return ParseConfig({"sluice.yaml", "/work", yaml, open}, LocalSecretSource({}));
}

const char* const kEvents =
    "CREATE TABLE t.events (request_id CHAR(36) NOT NULL, request_timestamp TIMESTAMP NOT NULL,"
    " topic VARCHAR(64) NOT NULL, page_url VARCHAR(99))";
const char* const kUtm =
    "CREATE TABLE t.utm (request_id CHAR(36) NOT NULL, source VARCHAR(9) NOT NULL)";

TEST(InitFiles, GivenTablesAreToldApartByAColumnOfTheirOwn) {
  const GivenDdl given[] = {Given(kEvents), Given(kUtm)};
  const auto tables = InitTablesOf(given, SampleLines());
  ASSERT_TRUE(tables.has_value());
  ASSERT_EQ(tables->size(), 2u);
  EXPECT_EQ(ToText((*tables)[0].when), "has topic");
  EXPECT_EQ((*tables)[0].unique, "request_id");
  EXPECT_EQ((*tables)[0].time, "request_timestamp");
  EXPECT_EQ(ToText((*tables)[1].when), "has source");
  EXPECT_EQ((*tables)[1].time, std::nullopt);
  const auto config = Read(InitSource(), *tables);
  ASSERT_TRUE(config.has_value()) << config.error().message();
  EXPECT_TRUE(config->warnings.empty());
}

TEST(InitFiles, ATableWithoutAColumnOfItsOwnComesLast) {
  const GivenDdl plain = Given("CREATE TABLE rest (request_id CHAR(36) NOT NULL, x INTEGER)");
  const GivenDdl given[] = {plain, Given(kUtm)};
  const auto tables = InitTablesOf(given, SampleLines());
  ASSERT_TRUE(tables.has_value());
  EXPECT_EQ((*tables)[0].name, "utm");
  EXPECT_EQ((*tables)[1].name, "rest");
  EXPECT_EQ(ToText((*tables)[1].when), "any");
  const GivenDdl two[] = {plain, plain};
  const auto refused = InitTablesOf(two, SampleLines());
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error().message(), HasSubstr("no rule tells the events of rest from"));
}

TEST(InitFiles, ASampleSaysWhereTheValuesOfColumnsStand) {
  SampleLines sample;
  sample.Add(
      R"({"requestId":"a","request_timestamp":1795443302123,"topic":"t","page":{"url":"u"}})");
  const GivenDdl given[] = {Given(kEvents)};
  const auto tables = InitTablesOf(given, sample);
  ASSERT_TRUE(tables.has_value());
  const auto config = Read(InitSource(), *tables);
  ASSERT_TRUE(config.has_value()) << config.error().message();
  const Table& table = config->tables->tables[0];
  EXPECT_EQ(table.sources[0].path, FieldPath{"requestId"});
  EXPECT_EQ(table.sources[1].path, FieldPath{"request_timestamp"});
  EXPECT_EQ(table.sources[1].epoch, EpochUnit::kMillis);
  EXPECT_EQ(table.sources[2].path, FieldPath{"topic"});
  EXPECT_EQ(table.sources[3].path, (FieldPath{"page", "url"}));
}

TEST(InitFiles, EverySourceMakesAConfigurationThatIsRead) {
  const GivenDdl given[] = {Given(kEvents)};
  const auto tables = InitTablesOf(given, SampleLines());
  const std::pair<const char*, Location::Kind> kSources[] = {
      {"https://sqs.eu-central-1.amazonaws.com/111111111111/tracking", Location::Kind::kSqs},
      {"arn:aws:kinesis:eu-central-1:111111111111:stream/tracking", Location::Kind::kKinesis},
      {"dir:/some where/else", Location::Kind::kDirectory}};
  for (const auto& [text, kind] : kSources) {
    const auto source = ParseInitSource(text, "");
    ASSERT_TRUE(source.has_value()) << text;
    const auto config = Read(*source, *tables);
    ASSERT_TRUE(config.has_value()) << config.error().message();
    EXPECT_EQ(config->source.location.kind, kind) << text;
    EXPECT_NE(config->raw.notifications.kind, Location::Kind::kNone) << text;
  }
  EXPECT_FALSE(ParseInitSource("kinesis:tracking", "").has_value()) << "no region";
  EXPECT_EQ(ParseInitSource("kinesis:tracking", "eu-central-1")->region, "eu-central-1");
  EXPECT_FALSE(ParseInitSource("tracking", "").has_value());
  for (const char* const nothing : {"dir:", "kinesis:"}) {
    EXPECT_FALSE(ParseInitSource(nothing, "eu-central-1").has_value()) << nothing;
  }
}

TEST(InitFiles, OnlyAnAddressOfAwsSaysItsRegion) {
  const auto region = [](const std::string& host) {
    const auto source = ParseInitSource(host + "/111111111111/tracking", "");
    return source ? source->region : "none";
  };
  EXPECT_EQ(region("https://sqs.eu-central-1.amazonaws.com"), "eu-central-1");
  EXPECT_EQ(region("https://sqs.cn-north-1.amazonaws.com.cn"), "cn-north-1");
  EXPECT_EQ(region("https://sqs.eu-central-1.amazonaws.com:443"), "eu-central-1");
  EXPECT_EQ(region("http://sqs.localhost.localstack.cloud:4566"), "none");
  EXPECT_EQ(region("http://sqs.x.amazonaws.com.example.com"), "none");
  EXPECT_EQ(region("http://sqs"), "none");
}

TEST(InitFiles, AWordOfSqlMayBeTheSchema) {
  SampleLines sample;
  sample.Add(R"({"id":"a"})");
  const auto tables = InitTablesOf(InferTables(sample), "select");
  ASSERT_EQ(tables.size(), 1u);
  EXPECT_THAT(tables[0].ddl, HasSubstr("\"select\".\"events\""));
  EXPECT_EQ(ParseCreateTable(tables[0].ddl, "x")->schema, "select");
}

TEST(InitFiles, ADdlSaysWhyItsColumnsAreEncodedAsTheyAre) {
  SampleLines sample;
  sample.Add(R"({"id":"a","n":1,"at":"2026-11-27 10:00:00"})");
  const std::string ddl = InitTablesOf(InferTables(sample), "t").at(0).ddl;
  for (const char* const text :
       {"-- ENCODE az64: for integers", "-- ENCODE zstd: for", "-- ENCODE raw: for the first",
        " ENCODE az64 ", " ENCODE zstd ", "TIMESTAMP NOT NULL ENCODE raw"}) {
    EXPECT_THAT(ddl, HasSubstr(text));
  }
  EXPECT_THAT(ddl, Not(HasSubstr("SUPER")));
}

TEST(InitFiles, ADdlSaysNothingOfEncodingsThatItDoesNotHave) {
  SampleLines sample;
  sample.Add(R"({"name":"a","tags":["b"]})");
  const std::string ddl = InitTablesOf(InferTables(sample), "t").at(0).ddl;
  EXPECT_THAT(ddl, HasSubstr("-- ENCODE zstd: for texts"));
  EXPECT_THAT(ddl, HasSubstr("-- Redshift chooses the encoding of SUPER"));
  for (const char* const text : {"az64:", "raw:", "SORTKEY"}) {
    EXPECT_THAT(ddl, Not(HasSubstr(text)));
  }
}

TEST(InitFiles, ATimeWithoutAKeySaysNothingOfDuplicates) {
  const GivenDdl with[] = {Given(kEvents)};
  EXPECT_THAT((*InitTablesOf(with, SampleLines()))[0].time_reason, HasSubstr("duplicate"));
  const GivenDdl without[] = {
      Given("CREATE TABLE t (hit_id CHAR(9) NOT NULL, ts TIMESTAMP NOT NULL)")};
  const auto tables = InitTablesOf(without, SampleLines());
  EXPECT_EQ((*tables)[0].unique, std::nullopt);
  EXPECT_THAT((*tables)[0].unique_reason, HasSubstr("hit_id: write [hit_id] if it is the event's"));
  EXPECT_EQ((*tables)[0].time_reason, "by its name");
}

std::vector<std::string> EventsIn(std::string_view text, SampleLimits limits = {}) {
  StringSource source(text, 3);
  SampleLines lines;
  const auto end = ReadSample(source, limits, lines);
  std::vector<std::string> events;
  if (!end) return {end.error().message()};
  for (size_t i = 0; i < lines.count(); ++i) events.emplace_back(lines.line(i));
  if (*end == SampleEnd::kEvents) events.emplace_back("…");
  if (*end == SampleEnd::kBytes) events.emplace_back("… bytes");
  return events;
}

TEST(SampleReader, ReadsEventsAsLandingWould) {
  using Events = std::vector<std::string>;
  EXPECT_EQ(EventsIn(""), Events());
  EXPECT_EQ(EventsIn("\n \r\n"), Events());
  EXPECT_EQ(EventsIn("{\"a\":1}\n\n{\"a\":2}"), (Events{"{\"a\":1}", "{\"a\":2}"}));
  EXPECT_EQ(EventsIn("\xEF\xBB\xBF{\"a\":1}\r\n"), Events{"{\"a\":1}"});
  EXPECT_EQ(EventsIn("{\"Records\":[{\"a\":1},{\"a\":2}]}\n{\"a\":3}\n"),
            (Events{"{\"a\":1}", "{\"a\":2}", "{\"a\":3}"}));
  EXPECT_EQ(EventsIn("{\n  \"a\": 1\n}\n{\n  \"a\": 2\n}\n"),
            (Events{"{   \"a\": 1 }", "{   \"a\": 2 }"}));
  const Events broken = EventsIn("{\"a\":1}\nnot json\n{\"a\":2}\n");
  ASSERT_EQ(broken.size(), 3u);
  EXPECT_THAT(broken[1], HasSubstr("sluice_raw"));
}

TEST(SampleReader, EndsAtItsLimits) {
  using Events = std::vector<std::string>;
  EXPECT_EQ(EventsIn("{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n", {.events = 2}),
            (Events{"{\"a\":1}", "{\"a\":2}", "…"}));
  EXPECT_EQ(EventsIn("{\"a\":1}\n{\"a\":2}\n", {.bytes = {10}}), (Events{"{\"a\":1}", "… bytes"}));
  EXPECT_EQ(EventsIn("{\"a\":1}\n{\"a\":2}\n", {.events = 2}), (Events{"{\"a\":1}", "{\"a\":2}"}));
}

TEST(SampleReader, ALimitIsOfEachFile) {
  SampleLines lines;
  for (int i = 0; i < 2; ++i) {
    StringSource source("{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n", 3);
    EXPECT_EQ(ReadSample(source, {.events = 2}, lines), SampleEnd::kEvents);
  }
  EXPECT_EQ(lines.count(), 4u);
}

// Wherever the limit of bytes cuts `text`, the events before it are read, and nothing else.
void ExpectWholeEvents(const std::string& text, const std::string& event, size_t events) {
  size_t most = 0;
  for (uint64_t size = 1; size < text.size(); ++size) {
    std::vector<std::string> read = EventsIn(text, {.bytes = {size}});
    ASSERT_EQ(read.back(), "… bytes") << text.substr(0, size);
    read.pop_back();
    EXPECT_THAT(read, ::testing::Each(event)) << text.substr(0, size);
    EXPECT_GE(read.size(), most) << text.substr(0, size);
    most = std::max(most, read.size());
  }
  EXPECT_GE(most, events - 1) << text;
}

TEST(SampleReader, AnEventThatIsCutIsLeftOut) {
  const std::string event = R"({
  "a": {"]}\"":
 [1]}
})";
  std::string line = event;
  std::ranges::replace(line, '\n', ' ');
  ExpectWholeEvents(event + "\n" + event + "\n" + event, line, 3);
  const std::string events = event + ",\n" + event + ",\n" + event;
  ExpectWholeEvents("[" + events + "]", line, 3);
  ExpectWholeEvents("{\n \"Records\": [" + events + "]\n}", line, 3);
}

TEST(SampleReader, BrokenLinesAreLinesWhereTheFileIsCut) {
  const std::vector<std::string> read =
      EventsIn("no \"json\n{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n", {.bytes = {30}});
  ASSERT_EQ(read.size(), 4u);
  EXPECT_THAT(read[0], HasSubstr("sluice_raw"));
  EXPECT_THAT(read, ::testing::IsSupersetOf({"{\"a\":1}", "{\"a\":2}", "… bytes"}));
}

}  // namespace
}  // namespace sluice
