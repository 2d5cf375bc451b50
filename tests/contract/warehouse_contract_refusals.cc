// SPDX-License-Identifier: Apache-2.0
// What a load refuses, and what it says: counts, files and plans that are wrong, and a pause.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <set>

#include "tests/contract/warehouse_contract.h"

namespace sluice {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// C10: the count that is checked is the warehouse's, not ours.
TEST_P(WarehouseContract, C10RowDeletedBehindOurBackIsNotCommitted) {
  const auto before = EndState();
  for (const char* sql : {"DELETE FROM sluice_stage_1 WHERE request_id = '2'",
                          "DELETE FROM sluice_bad WHERE line = 6"}) {
    auto staged = warehouse_->Stage(Plan(Difficult(*harness_)));
    ASSERT_TRUE(staged) << staged.error().message();
    harness_->Tamper(**staged, sql);
    const auto outcome = (*staged)->Commit();
    ASSERT_FALSE(outcome) << sql;
    EXPECT_EQ(outcome.error().kind(), ErrorKind::kBadData);
    EXPECT_THAT(outcome.error().message(),
                HasSubstr(harness_->says_why() ? "the balance does not add up: a table="
                                               : "the balance does not add up"));
    EXPECT_EQ(EndState(), before);
  }
}

TEST_P(WarehouseContract, C10RowAddedBehindOurBackIsNotCommitted) {
  auto staged = warehouse_->Stage(Plan(Difficult(*harness_)));
  ASSERT_TRUE(staged);
  harness_->Tamper(**staged, "INSERT INTO sluice_stage_2 SELECT * FROM sluice_stage_2 LIMIT 1");
  const auto outcome = (*staged)->Commit();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind(), ErrorKind::kBadData);
  EXPECT_THAT(
      outcome.error().message(),
      HasSubstr(harness_->says_why() ? "the balance does not add up: a table=* routed=6 staged=5"
                                     : "the balance does not add up"));
  EXPECT_EQ(One("SELECT count(*)::VARCHAR FROM tracking.utm"), "0");
}

TEST_P(WarehouseContract, C7WrongPlannedCountIsBadDataAndNamesTheFile) {
  PlannedObject wrong = Put({.key = "w", .events = {{"1"}, {"2"}}});
  wrong.tables[0].routed = wrong.lines = 3;
  const auto loaded = Load({Put({.key = "a", .events = {{"3"}}}), wrong});
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().kind(), ErrorKind::kBadData);
  EXPECT_THAT(loaded.error().message(), HasSubstr("rows=2 planned=3"));
  EXPECT_THAT(loaded.error().message(), HasSubstr("events/w-etag.parquet"));
  EXPECT_EQ(One("SELECT count(*)::VARCHAR FROM tracking.events"), "0");
}

TEST_P(WarehouseContract, C7MissingFileIsBadData) {
  PlannedObject wrong = Put({.key = "w", .events = {{"1"}}});
  wrong.tables[0].parquet = "date=2026-11-23/14/events/none.parquet";
  const auto loaded = Load({wrong});
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().kind(), ErrorKind::kBadData);
  EXPECT_THAT(loaded.error().message(), HasSubstr("none.parquet"));
}

TEST_P(WarehouseContract, FileThatIsNoParquetIsBadData) {
  PlannedObject wrong = Put({.key = "w", .events = {{"1"}}});
  harness_->WriteBytes(wrong.tables[0].parquet, "this is not Parquet, but it is long enough");
  const auto loaded = Load({wrong});
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().kind(), ErrorKind::kBadData);
  EXPECT_THAT(loaded.error().message(), HasSubstr("w-etag.parquet"));
}

TEST_P(WarehouseContract, FileWithADamagedFooterIsBadData) {
  PlannedObject wrong = Put({.key = "w", .events = {{"1"}}});
  using namespace std::string_view_literals;
  for (const std::string_view footer : {"\x1d\x1d\x1d\x1d"sv, "\x15\x0f\xff\xff"sv, "\0\0\0\0"sv}) {
    harness_->WriteBytes(wrong.tables[0].parquet,
                         fmt::format("PAR1{}{}PAR1", footer, "\4\0\0\0"sv));
    const auto loaded = Load({wrong});
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error().kind(), ErrorKind::kBadData) << loaded.error().message();
  }
}

TEST_P(WarehouseContract, FileOfAnotherTableIsBadDataAndNamesTheColumn) {
  PlannedObject wrong = Put({.key = "w", .events = {{"1"}}, .utm = {{"u"}}});
  std::swap(wrong.tables[0].parquet, wrong.tables[1].parquet);
  const auto loaded = Load({wrong});
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().kind(), ErrorKind::kBadData);
  EXPECT_THAT(loaded.error().message(),
              AllOf(HasSubstr("column 2 is source VARCHAR"), HasSubstr("not at TIMESTAMP")));
}

TEST_P(WarehouseContract, TimesOutsideOfThePlanAreBadData) {
  PlannedObject wrong = Put({.key = "w", .events = {{"1", 1}, {"2", 9}}});
  wrong.tables[0].max_time = wrong.tables[0].min_time;
  const auto loaded = Load({wrong});
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().kind(), ErrorKind::kBadData);
}

TEST_P(WarehouseContract, PlanThatNamesAnObjectTwiceIsRefused) {
  const PlannedObject object = Put({.key = "a", .events = {{"1"}}});
  const auto loaded = Load({object, object});
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().kind(), ErrorKind::kPermanent);
}

TEST_P(WarehouseContract, TwoObjectsOfOneIdAreRefused) {
  MustLoad({Put({.key = "a", .events = {{"1"}}})});
  harness_->Execute("UPDATE sluice.ledger SET object_identity = 'another'");
  const auto loaded = Load({Put({.key = "a", .events = {{"1"}}})});
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().kind(), ErrorKind::kPermanent);
  EXPECT_THAT(loaded.error().message(), HasSubstr("one id"));
}

TEST_P(WarehouseContract, StagedLoadWithoutCommitLeavesNothing) {
  const auto before = EndState();
  ASSERT_TRUE(warehouse_->Stage(Plan(Difficult(*harness_))));
  EXPECT_EQ(EndState(), before);
}

TEST_P(WarehouseContract, PausedLoadsNothingAndSaysWhy) {
  harness_->Execute("UPDATE sluice.control SET paused = 1, reason = 'moving house'");
  const auto loaded = Load({Put({.key = "a", .events = {{"1"}}})});
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().kind(), ErrorKind::kPermanent);
  EXPECT_THAT(loaded.error().message(),
              HasSubstr(harness_->says_why() ? "moving house" : "loading is paused"));
  EXPECT_EQ(warehouse_->Probe()->paused, "moving house");
  EXPECT_EQ(One("SELECT count(*)::VARCHAR FROM tracking.events"), "0");
}

TEST_P(WarehouseContract, APauseIsMadeAndEndedWithItsReason) {
  EXPECT_EQ(*warehouse_->Pause("now"), std::nullopt);
  EXPECT_EQ(*warehouse_->Pause("it's a \\ reason"), "now");
  EXPECT_EQ(warehouse_->Probe()->paused, "it's a \\ reason");
  EXPECT_FALSE(Load({Put({.key = "a", .events = {{"1"}}})}));
  EXPECT_EQ(*warehouse_->Pause(std::nullopt), "it's a \\ reason");
  EXPECT_EQ(*warehouse_->Pause(std::nullopt), std::nullopt);
  EXPECT_EQ(warehouse_->Probe()->paused, std::nullopt);
  MustLoad({Put({.key = "a", .events = {{"1"}}})});
}

TEST_P(WarehouseContract, MissingLockRowLoadsNothing) {
  harness_->Execute("DELETE FROM sluice.lock");
  const auto loaded = Load({Put({.key = "a", .events = {{"1"}}})});
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().kind(), ErrorKind::kPermanent);
}

// What makes them stop together, and not be set aside one by one.
TEST_P(WarehouseContract, ObjectsThatFailAlikeSayTheSameBeforeTheirFiles) {
  std::set<std::string> causes;
  for (const char* key : {"x", "y"}) {
    PlannedObject object = Put({.key = key, .events = {{"1"}}, .utm = {{"u"}}});
    std::swap(object.tables[0].parquet, object.tables[1].parquet);
    const auto loaded = Load({object});
    ASSERT_FALSE(loaded);
    const std::string& message = loaded.error().message();
    causes.insert(message.substr(0, message.rfind(": ")));
  }
  EXPECT_EQ(causes.size(), 1U) << *causes.begin() << "\n" << *causes.rbegin();
}

}  // namespace
}  // namespace sluice
