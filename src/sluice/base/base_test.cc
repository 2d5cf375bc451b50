// SPDX-License-Identifier: Apache-2.0
// The small parts of base/, one test a behaviour.
#include <gtest/gtest.h>

#include <set>

#include "sluice/base/clock.h"
#include "sluice/base/fault_plan.h"
#include "sluice/base/hash.h"
#include "sluice/base/io.h"
#include "sluice/base/json_text.h"
#include "sluice/base/retry.h"
#include "sluice/base/unique_id.h"
#include "sluice/base/utf8.h"

namespace sluice {
namespace {

TEST(ClockTest, FormatsMicrosecondsInUtcWhateverTheLocalZone) {
  EXPECT_EQ(ToIso8601(Timestamp(std::chrono::microseconds(1'590'969'624'000'001))),
            "2020-06-01T00:00:24.000001Z");
}

TEST(Sha256Test, GivesThePublishedDigest) {
  // FIPS 180-4 example "abc".
  EXPECT_EQ(ToHex(Sha256Of("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(First63Bits(Sha256Of("abc")), 0xba7816bf8f01cfeall >> 1);
}

TEST(Sha256Test, PiecesGiveTheDigestOfTheWhole) {
  Sha256 hash;
  hash.Update("a");
  hash.Update("bc");
  EXPECT_EQ(hash.Finish(), Sha256Of("abc"));
}

TEST(Utf8Test, KnowsWellFormedSequences) {
  EXPECT_EQ(Utf8SequenceLength("a"), 1u);
  EXPECT_EQ(Utf8SequenceLength("\xC3\xA9"), 2u);
  EXPECT_EQ(Utf8SequenceLength("\xEF\xBF\xBF"), 3u);
  EXPECT_EQ(Utf8SequenceLength("\xF4\x8F\xBF\xBF"), 4u);
  for (const char* bad : {"\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xF0\x80\x80\x80",
                          "\xF4\x90\x80\x80", "\x80", "\xFF", "\xC3"}) {
    EXPECT_EQ(Utf8SequenceLength(bad), 0u);
    EXPECT_FALSE(IsUtf8(bad));
  }
}

TEST(Utf8Test, ControlCharactersAreShownAndNothingElseChanges) {
  EXPECT_EQ(WithoutControls("a\n\t\x7F\x1B[1m \"\\ é"), "a\\u000a\\u0009\\u007f\\u001b[1m \"\\ é");
  EXPECT_EQ(WithoutControls(""), "");
}

TEST(Utf8Test, PrefixNeverSplitsACodePoint) {
  EXPECT_EQ(Utf8Prefix("ab\xF0\x9F\x98\x80", 5), "ab");
  EXPECT_EQ(Utf8Prefix("ab\xF0\x9F\x98\x80", 6), "ab\xF0\x9F\x98\x80");
}

TEST(JsonTextTest, EscapesWhatMustBeEscapedAndNothingElse) {
  JsonText json;
  json.BeginObject()
      .Key("a\"b")
      .Value("x\n\t\\\xC3\xA9\xFF")
      .Key("n")
      .Value(-3)
      .Key("l")
      .BeginArray()
      .Value(true)
      .Null()
      .EndArray()
      .EndObject();
  EXPECT_EQ(json.text(),
            "{\"a\\\"b\":\"x\\n\\u0009\\\\\xC3\xA9\xEF\xBF\xBD\",\"n\":-3,\"l\":[true,null]}");
}

TEST(RetryTest, TriesTransientFailuresAndStopsAtOthers) {
  FakeClock clock;
  std::minstd_rand random(1);
  int calls = 0;
  const Status done = Retry({.attempts = 5}, clock, random, [&]() -> Status {
    if (++calls < 3) return Fail(ErrorKind::kTransient, "busy");
    return {};
  });
  EXPECT_TRUE(done);
  EXPECT_EQ(calls, 3);
  calls = 0;
  const Status stopped = Retry({}, clock, random, [&]() -> Status {
    ++calls;
    return Fail(ErrorKind::kOutcomeUnknown, "lost");
  });
  EXPECT_EQ(stopped.error().kind(), ErrorKind::kOutcomeUnknown);
  EXPECT_EQ(calls, 1);
}

TEST(RetryTest, LastErrorSaysThatAttemptsRanOut) {
  FakeClock clock;
  std::minstd_rand random(1);
  const Status failed = Retry({.attempts = 2}, clock, random,
                              []() -> Status { return Fail(ErrorKind::kTransient, "busy"); });
  EXPECT_EQ(failed.error().message(), "gave up after 2 attempts: busy");
}

TEST(RetryTest, ABudgetIsSpentByRepetitionsAndEarnedBySuccess) {
  FakeClock clock;
  std::minstd_rand random(1);
  RetryBudget budget;
  int calls = 0;
  const auto fail = [&]() -> Status {
    ++calls;
    return Fail(ErrorKind::kTransient, "busy");
  };
  constexpr int kRepetitions = RetryBudget::kMost / RetryBudget::kCost;
  const Status failed = Retry({.attempts = 1000}, clock, random, fail, &budget);
  EXPECT_EQ(failed.error().message(), "gave up after 101 attempts: too many calls fail: busy");
  EXPECT_EQ(calls, 1 + kRepetitions);
  for (int i = 0; i < RetryBudget::kCost; ++i) {
    EXPECT_TRUE(Retry({}, clock, random, []() -> Status { return {}; }, &budget));
  }
  calls = 0;
  EXPECT_FALSE(Retry({}, clock, random, fail, &budget));
  EXPECT_EQ(calls, 2);
}

TEST(FaultPlanTest, StrikesTheOperationWithItsNumber) {
  auto plan = *FaultPlan::Parse("fail-before:2");
  int done = 0;
  const auto operation = [&]() -> Status {
    ++done;
    return {};
  };
  EXPECT_TRUE(FaultPlan::Run(plan.get(), "a", operation));
  EXPECT_EQ(FaultPlan::Run(plan.get(), "b", operation).error().kind(), ErrorKind::kTransient);
  EXPECT_EQ(done, 1);
  EXPECT_TRUE(FaultPlan::Run(plan.get(), "c", operation));
  EXPECT_EQ(plan->struck(), "b");
  EXPECT_EQ(plan->operations(), 3);
}

TEST(FaultPlanTest, AfterMeansItHappenedAndTheReplyIsLost) {
  auto plan = *FaultPlan::Parse("fail-after:1");
  int done = 0;
  const auto status = FaultPlan::Run(plan.get(), "a", [&]() -> Result<int> { return ++done; });
  EXPECT_EQ(status.error().kind(), ErrorKind::kOutcomeUnknown);
  EXPECT_EQ(done, 1);
  EXPECT_FALSE(FaultPlan::Parse("fail-before:0"));
  EXPECT_FALSE(FaultPlan::Parse("explode:3"));
}

TEST(StringSourceTest, GivesPiecesThenTheEnd) {
  StringSource source("abcde", 2);
  std::string all;
  char buffer[4];
  while (size_t n = *source.Read(buffer)) all.append(buffer, n);
  EXPECT_EQ(all, "abcde");
  EXPECT_EQ(*source.Read(buffer), 0u);
}

TEST(UniqueIdTest, SortsByTimeAndNeverRepeats) {
  const Timestamp now(std::chrono::seconds(1'700'000'000));
  std::set<std::string> ids;
  for (int i = 0; i < 1000; ++i) ids.insert(MakeUniqueId(now));
  EXPECT_EQ(ids.size(), 1000u);
  EXPECT_LT(*ids.rbegin(), MakeUniqueId(now + std::chrono::seconds(1)));
}

}  // namespace
}  // namespace sluice
