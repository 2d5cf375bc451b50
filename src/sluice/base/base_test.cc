// SPDX-License-Identifier: Apache-2.0
// The small parts of base/, one test a behaviour.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <ranges>
#include <set>
#include <vector>

#include "sluice/base/clock.h"
#include "sluice/base/fault_plan.h"
#include "sluice/base/hash.h"
#include "sluice/base/io.h"
#include "sluice/base/json_text.h"
#include "sluice/base/percent_encoding.h"
#include "sluice/base/retry.h"
#include "sluice/base/shell_word.h"
#include "sluice/base/unique_id.h"
#include "sluice/base/utf8.h"

namespace sluice {
namespace {

TEST(ClockTest, FormatsMicrosecondsInUtcWhateverTheLocalZone) {
  EXPECT_EQ(ToIso8601(Timestamp(std::chrono::microseconds(1'590'969'624'000'001))),
            "2020-06-01T00:00:24.000001Z");
}

TEST(ClockTest, ReadsTheIso8601ThatServicesWrite) {
  EXPECT_EQ(FromIso8601("2020-06-01T00:00:24.000001Z"),
            Timestamp(std::chrono::microseconds(1'590'969'624'000'001)));
  EXPECT_EQ(FromIso8601("2020-06-01T00:00:24.5Z"),
            Timestamp(std::chrono::microseconds(1'590'969'624'500'000)));
  EXPECT_EQ(FromIso8601("2020-06-01T00:00:24Z"), Timestamp(std::chrono::seconds(1'590'969'624)));
  EXPECT_EQ(FromIso8601("2020-06-01T00:00:24.123456789Z"),
            Timestamp(std::chrono::microseconds(1'590'969'624'123'456)));
  for (const char* wrong :
       {"", "Z", "2020-06-01T00:00:24", "2020-06-31T00:00:24Z", "2020-06-01T24:00:00Z",
        "2020-06-01T00:00:60Z", "2020-06-01T00:00:24.Z", "2020-06-01T00:00:24.1x",
        "2020-06-01 00:00:24Z", "2020-06-01T00:00:24.1234567890Z", "2020-06-01T00:00:24+00:00",
        "x020-06-01T00:00:24Z"}) {
    EXPECT_EQ(FromIso8601(wrong), std::nullopt) << wrong;
  }
}

TEST(PercentEncodingTest, EncodesAllButUnreservedCharactersAndThoseGiven) {
  std::string text = "k=";
  AppendPercentEncoded(text, "aZ09-._~ /+%\xC3\xA9");
  EXPECT_EQ(text, "k=aZ09-._~%20%2F%2B%25%C3%A9");
  text.clear();
  AppendPercentEncoded(text, "a/b c", "/");
  EXPECT_EQ(text, "a/b%20c");
}

TEST(PercentEncodingTest, ReadsFormsBack) {
  EXPECT_EQ(DecodeForm("a+b%2Bc%2fd~"), "a b+c/d~");
  for (const char* wrong : {"%", "%2", "%2x", "a%+1"}) {
    EXPECT_EQ(DecodeForm(wrong).error().kind(), ErrorKind::kBadData) << wrong;
  }
}

TEST(ShellWordTest, IsQuotedWhereAShellWouldTakeItApart) {
  for (const char* const plain : {"date=2026-11-27/16/x-1_a.ndjson.gz", "%2B@a:b,c+d"}) {
    EXPECT_EQ(ShellWord(plain), plain);
  }
  EXPECT_EQ(ShellWord(""), "''");
  EXPECT_EQ(ShellWord("a b"), "'a b'");
  EXPECT_EQ(ShellWord("a'b"), R"('a'\''b')");
  for (const char* const special :
       {"a&b", "a;b", "a|b", "a*b", "a?b", "a$b",   "a`b", "a\"b", "a\\b", "a(b",
        "a<b", "a>b", "a#b", "~a",  "a!b", "{a,b}", "[a]", "a\tb", "=a",   "\xC3\xA4"}) {
    EXPECT_EQ(ShellWord(special), ShellQuoted(special)) << special;
  }
}

TEST(Sha256Test, GivesThePublishedDigest) {
  // FIPS 180-4 example "abc".
  EXPECT_EQ(ToHex(Sha256Of("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(First63Bits(Sha256Of("abc")), 0xba7816bf8f01cfeall >> 1);
}

// RFC 1321, appendix A.5.
TEST(Md5Test, GivesThePublishedDigest) {
  const std::array<uint8_t, 16> digest = Md5Of("abc");
  const std::array<uint8_t, 16> published = {0x90, 0x01, 0x50, 0x98, 0x3c, 0xd2, 0x4f, 0xb0,
                                             0xd6, 0x96, 0x3f, 0x7d, 0x28, 0xe1, 0x7f, 0x72};
  EXPECT_EQ(digest, published);
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

TEST(Utf8Test, NoncharactersAreFoundAnywhere) {
  for (const std::string one : {"\xEF\xBF\xBE", "\xEF\xBF\xBF"}) {
    for (size_t before = 0; before < 80; ++before) {
      EXPECT_TRUE(HasNoncharacter(std::string(before, 'x') + one)) << before;
      EXPECT_TRUE(HasNoncharacter(one + std::string(before, 'x'))) << before;
    }
  }
  for (const char* text :
       {"", "x", "\xEF\xBF\xBD", "\xEF\xBE\xBF", "\xF0\x9F\xBF\xBF", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_FALSE(HasNoncharacter(text)) << text;
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

// Remembers what it was to sleep.
class PauseClock : public FakeClock {
 public:
  void Sleep(std::chrono::microseconds duration) override { pauses.push_back(duration); }

  std::vector<std::chrono::microseconds> pauses;
};

// Those who failed together do not come again together.
TEST(RetryTest, PausesAreSpreadOverALimitThatDoublesUpToTheLongest) {
  using std::chrono::milliseconds;
  constexpr std::array kLimits = {milliseconds(50), milliseconds(100), milliseconds(200),
                                  milliseconds(300), milliseconds(300)};
  constexpr int kCalls = 200;
  std::minstd_rand random(1);
  std::array<PauseClock, kCalls> clocks;
  for (PauseClock& clock : clocks) {
    EXPECT_FALSE(Retry({.attempts = kLimits.size() + 1,
                        .first_pause = kLimits.front(),
                        .longest_pause = kLimits.back()},
                       clock, random, []() -> Status { return Fail(ErrorKind::kTransient, "b"); }));
    ASSERT_EQ(clock.pauses.size(), kLimits.size());
  }
  for (size_t i = 0; i < kLimits.size(); ++i) {
    const auto pause = [i](const PauseClock& clock) { return clock.pauses[i]; };
    const auto [least, most] = std::ranges::minmax(clocks | std::views::transform(pause));
    EXPECT_GE(least, milliseconds(0)) << i;
    EXPECT_LT(least, kLimits[i] / 10) << i;
    EXPECT_GT(most, kLimits[i] * 9 / 10) << i;
    EXPECT_LE(most, kLimits[i]) << i;
    const auto below_half =
        std::ranges::count_if(clocks, [&](auto& clock) { return pause(clock) < kLimits[i] / 2; });
    EXPECT_NEAR(static_cast<double>(below_half), kCalls / 2.0, kCalls / 8.0) << i;
  }
}

TEST(RetryTest, PatienceEndsWhatFailsSlowly) {
  FakeClock clock;
  std::minstd_rand random(1);
  int calls = 0;
  const Status failed =
      Retry({.patience = std::chrono::seconds(60)}, clock, random, [&]() -> Status {
        ++calls;
        clock.Advance(std::chrono::seconds(29));
        return Fail(ErrorKind::kTransient, "slow");
      });
  EXPECT_EQ(calls, 3);
  EXPECT_EQ(failed.error().message(), "gave up after 3 attempts: slow");
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
  const Status failed =
      Retry({.attempts = 1000, .patience = std::chrono::hours(1)}, clock, random, fail, &budget);
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
