// SPDX-License-Identifier: Apache-2.0
#include "sluice/generate/event_generator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <numeric>
#include <set>

#include "sluice/base/utf8.h"
#include "sluice/generate/generator_for_test.h"

namespace sluice {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Key;
using ::testing::Not;
using ::testing::StartsWith;

void ExpectSumsToAddUp(const GeneratorTruth& truth) {
  uint64_t in = 0, quarantined = truth.no_route, reasons = 0;
  for (const GeneratedTable& table : truth.tables) {
    EXPECT_EQ(table.in, table.loaded + table.duplicates + table.quarantined);
    in += table.in;
    quarantined += table.quarantined;
  }
  for (const auto& [reason, count] : truth.reasons) reasons += count;
  EXPECT_EQ(truth.events, in + truth.no_route);
  EXPECT_EQ(reasons, quarantined);
}

TEST(EventGeneratorTest, TheSameSeedGivesTheSameBytes) {
  const TableSet tables = Tracking();
  const auto one = Messages(*Make(tables, {.seed = 7, .events = 5'000}));
  const auto two = Messages(*Make(tables, {.seed = 7, .events = 5'000}));
  const auto other = Messages(*Make(tables, {.seed = 8, .events = 5'000}));
  EXPECT_EQ(one, two);
  EXPECT_NE(one, other);
}

TEST(EventGeneratorTest, MessagesAndLinesHoldTheSameEvents) {
  const TableSet tables = Tracking();
  const auto by_message = Make(tables, {.events = 5'000});
  const auto by_line = Make(tables, {.events = 5'000});
  std::string all;
  for (const std::string& body : Messages(*by_message)) all += body + "\n";
  const auto lines = Lines(*by_line);
  EXPECT_EQ(lines.size(), 5'000u);
  size_t at = 0;
  for (const std::string& line : lines) {
    at = all.find(line, at);
    ASSERT_NE(at, std::string::npos) << line;
    at += line.size();
  }
  EXPECT_EQ(by_message->truth().no_route, by_line->truth().no_route);
  EXPECT_EQ(by_message->truth().reasons, by_line->truth().reasons);
}

TEST(EventGeneratorTest, EventsLookLikeTheFirstUsers) {
  const TableSet tables = Tracking();
  const auto generator = Make(tables, Clean(10'000));
  const auto lines = Lines(*generator);
  std::map<size_t, int> by_table;
  for (const std::string& line : lines) {
    EXPECT_THAT(line, StartsWith("{\"request_id\": \""));
    const bool utm = line.find("\"source\": ") != std::string::npos;
    EXPECT_EQ(utm, line.find("\"user_account_id\": ") == std::string::npos);
    ++by_table[utm];
  }
  EXPECT_NEAR(by_table[0], 7'000, 200);
  EXPECT_NEAR(static_cast<double>(generator->truth().bytes) / 10'000, 617, 25);
  EXPECT_THAT(lines[0] + lines[1] + lines[2] + lines[3],
              HasSubstr("\"request_timestamp\": \"2020-06-01 00:00:0"));
}

TEST(EventGeneratorTest, SharesAreMet) {
  const TableSet tables = Tracking();
  constexpr uint64_t kEvents = 200'000;
  const auto generator = Make(tables, {.events = kEvents});
  Lines(*generator);
  const GeneratorTruth& truth = generator->truth();
  ExpectSumsToAddUp(truth);
  EXPECT_EQ(truth.events, kEvents);
  const auto share = [&](uint64_t count) { return static_cast<double>(count) / kEvents; };
  EXPECT_NEAR(share(truth.repeated), 0.01, 0.001);
  EXPECT_NEAR(share(truth.reasons.find("no_route")->second), 0.002, 0.0005);
  EXPECT_NEAR(share(truth.late), 0.02, 0.002);
  EXPECT_NEAR(share(truth.reordered), 0.05, 0.003);
  const uint64_t quarantined =
      truth.no_route + truth.tables[0].quarantined + truth.tables[1].quarantined;
  EXPECT_NEAR(share(quarantined), 0.0071, 0.001);
  EXPECT_GT(truth.differing, 100u);
}

TEST(EventGeneratorTest, EveryFaultOfTheTrackingTablesOccurs) {
  const TableSet tables = Tracking();
  const auto generator = Make(tables, {.events = 20'000, .share_broken = 0.5});
  Lines(*generator);
  ExpectSumsToAddUp(generator->truth());
  for (const char* reason :
       {"null_in_not_null", "too_long", "not_single_byte", "nul_character", "lone_surrogate",
        "empty_key", "blank_ended_key", "bad_timestamp", "not_json", "invalid_utf8",
        "control_character", "too_deep", "not_json_message", "no_route"}) {
    EXPECT_THAT(generator->truth().reasons, Contains(Key(reason)));
  }
}

TEST(EventGeneratorTest, EveryTypeHasItsFaults) {
  const TableSet tables{.tables = {Types()}, .rules = {Rule(0)}};
  const auto generator = Make(tables, {.events = 20'000, .share_broken = 0.5});
  Lines(*generator);
  ExpectSumsToAddUp(generator->truth());
  for (const char* reason :
       {"bad_integer", "bad_decimal", "bad_number", "bad_boolean", "bad_date", "bad_timestamp",
        "out_of_range", "inexact_decimal", "generated_column"}) {
    EXPECT_THAT(generator->truth().reasons, Contains(Key(reason)));
  }
}

TEST(EventGeneratorTest, NothingIsWithoutRouteWhereARuleTakesAll) {
  const TableSet tables{.tables = {Types()}, .rules = {Rule(0)}};
  const auto generator = Make(tables, {.events = 5'000, .share_unrouted = 0.5});
  Lines(*generator);
  EXPECT_THAT(generator->truth().reasons, Not(Contains(Key("no_route"))));
}

TEST(EventGeneratorTest, MessagesStayFarBelowOneMebibyte) {
  const TableSet tables = Tracking();
  for (const double share_broken : {0.0, 0.9}) {
    const auto generator = Make(
        tables, {.events = 20'000, .share_broken = share_broken, .records_per_message = 100'000});
    const auto bodies = Messages(*generator);
    for (const std::string& body : bodies) EXPECT_LT(body.size(), 512u << 10);
    EXPECT_EQ(generator->truth().messages, bodies.size());
    EXPECT_EQ(generator->truth().bytes,
              std::accumulate(bodies.begin(), bodies.end(), uint64_t{0},
                              [](uint64_t sum, const std::string& b) { return sum + b.size(); }));
  }
}

TEST(EventGeneratorTest, MessagesHoldAsManyRecordsAsAsked) {
  const TableSet tables = Tracking();
  GeneratorOptions options = Clean(95);
  options.records_per_message = 10;
  const auto bodies = Messages(*Make(tables, options));
  ASSERT_EQ(bodies.size(), 10u);
  EXPECT_THAT(bodies[0], StartsWith("{\"Records\": [{\"request_id\": "));
  EXPECT_TRUE(bodies[0].ends_with("}]}"));
}

TEST(EventGeneratorTest, NotJsonMessagesAreMessagesOfTheirOwn) {
  const TableSet tables = Tracking();
  const auto generator = Make(tables, {.events = 5'000, .share_broken = 0.9});
  uint64_t alone = 0;
  for (const std::string& body : Messages(*generator)) {
    if (!body.starts_with("{\"Records\": [") || !body.ends_with("]}")) ++alone;
  }
  EXPECT_GT(alone, 100u);
  EXPECT_EQ(alone, generator->truth().reasons.find("not_json_message")->second);
}

TEST(EventGeneratorTest, LinesHaveNoLineEnds) {
  const TableSet tables{.tables = {Events(), Types()},
                        .rules = {Rule(0, {Has({"topic"})}), Rule(1)}};
  const auto generator =
      Make(tables, {.events = 20'000, .share_broken = 0.5, .share_unusual = 0.5});
  for (const std::string& line : Lines(*generator)) {
    EXPECT_EQ(line.find_first_of("\r\n"), std::string::npos);
    EXPECT_FALSE(line.empty());
  }
}

TEST(EventGeneratorTest, RepeatsAreTheSameBytesOrTheSameKey) {
  const TableSet tables = Tracking();
  const auto generator = Make(
      tables, {.events = 20'000, .share_broken = 0, .share_duplicated = 0.2, .share_unusual = 0});
  std::map<std::string, std::set<std::string>> by_key;
  uint64_t exact = 0, others = 0;
  for (const std::string& line : Lines(*generator)) {
    if (!line.starts_with("{\"request_id\"")) continue;
    auto& seen = by_key[line.substr(0, 52)];
    if (seen.contains(line)) {
      ++exact;
    } else if (!seen.empty()) {
      ++others;
    }
    seen.insert(line);
  }
  const GeneratorTruth& truth = generator->truth();
  EXPECT_EQ(by_key.size(), truth.tables[0].loaded + truth.tables[1].loaded);
  EXPECT_EQ(exact + others, truth.tables[0].duplicates + truth.tables[1].duplicates);
  EXPECT_GT(others, 100u);
  EXPECT_GT(exact, 10 * others / 4);
}

TEST(EventGeneratorTest, RepeatsOfATableWithoutKeyAreLoaded) {
  TableSet tables = Tracking();
  tables.tables[0].unique.clear();
  tables.tables[0].time.reset();
  const auto generator = Make(tables, {.events = 10'000, .share_duplicated = 0.3});
  Lines(*generator);
  EXPECT_EQ(generator->truth().tables[0].duplicates, 0u);
  EXPECT_GT(generator->truth().tables[1].duplicates, 500u);
}

TEST(EventGeneratorTest, EventTimesSpreadOverTheDuration) {
  const TableSet tables = Tracking();
  GeneratorOptions options = Clean(4'000);
  options.start = Timestamp{std::chrono::sys_days(std::chrono::year(2026) / 11 / 23)};
  options.duration = std::chrono::hours(48);
  std::set<std::string> days;
  for (const std::string& line : Lines(*Make(tables, options))) {
    const size_t at = line.find("\"request_timestamp\": \"");
    if (at != std::string::npos) days.insert(line.substr(at + 22, 10));
  }
  EXPECT_EQ(days, (std::set<std::string>{"2026-11-23", "2026-11-24"}));
}

TEST(EventGeneratorTest, SharesThatAreNoSharesAreAnError) {
  const TableSet tables = Tracking();
  EXPECT_FALSE(EventGenerator::Make(tables, {.share_broken = 1.5}));
  EXPECT_FALSE(EventGenerator::Make(tables, {.share_broken = 0.6, .share_duplicated = 0.6}));
  EXPECT_FALSE(EventGenerator::Make(tables, {.records_per_message = 0}));
}

TEST(EventGeneratorTest, ShortKeysStillTellEventsApart) {
  TableSet tables{.tables = {Utm()}, .rules = {Rule(0)}};
  tables.tables[0].schema.columns[0].type.length = 3;
  std::set<std::string> keys;
  for (const std::string& line : Lines(*Make(tables, Clean(30'000)))) {
    keys.insert(line.substr(0, 21));
  }
  EXPECT_EQ(keys.size(), 30'000u);
}

TEST(GeneratorTruthTest, IsOneJsonObject) {
  GeneratorTruth truth{.seed = 3, .events = 2, .no_route = 1};
  truth.tables = {{.table = "events", .in = 1, .loaded = 1}};
  truth.reasons = {{"not_json", 1}};
  EXPECT_EQ(truth.ToJson(),
            "{\"seed\":3,\"events\":2,\"messages\":0,\"bytes\":0,\"tables\":[{\"table\":\"events\","
            "\"in\":1,\"loaded\":1,\"duplicates\":0,\"quarantined\":0}],\"no_route\":1,"
            "\"reasons\":{\"not_json\":1},\"late\":0,\"reordered\":0,\"unusual\":0,\"repeated\":0,"
            "\"differing\":0}");
}

}  // namespace
}  // namespace sluice
