// SPDX-License-Identifier: Apache-2.0
#include "sluice/operate/alerts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice {
namespace {

using std::chrono::hours, std::chrono::minutes, std::chrono::microseconds;
using ::testing::IsEmpty;
using Kind = ConcernKind;

const Timestamp kNow = *FromIso8601("2026-11-27T16:05:00Z");
constexpr microseconds kAMoment{1};

Concern About(Kind kind, uint64_t count = 0, std::string subject = "") {
  return {.kind = kind, .subject = std::move(subject), .count = count, .text = "t", .next = "n"};
}
ToldConcern Told(std::string type, microseconds ago, uint64_t count = 0, std::string subject = "") {
  return {.type = std::move(type),
          .subject = std::move(subject),
          .count = count,
          .since = kNow - hours(100),
          .told = kNow - ago};
}

struct Case {
  const char* name;
  std::vector<Concern> concerns;
  AlertMemory memory;
  std::vector<std::string> told;  // "severity type subject"; "over type subject"
};

const std::vector<Case> kCases = {
    {"all is well", {}, {}, {}},
    {"each that begins",
     {About(Kind::kStale), About(Kind::kHeld, 1)},
     {},
     {"critical stale", "warning held"}},
    {"nobody is told twice", {About(Kind::kStale)}, {Told("stale", hours(23))}, {}},
    {"but once a day", {About(Kind::kStale)}, {Told("stale", hours(24))}, {"critical stale"}},
    {"it is over", {}, {Told("stale", minutes(5))}, {"over stale"}},
    {"the warehouse is back", {}, {Told("warehouse_down", minutes(5))}, {"over warehouse_down"}},
    {"one ends, another begins",
     {About(Kind::kMissing, 1)},
     {Told("held", minutes(5), 1)},
     {"critical missing", "over held"}},
    {"more are held, an hour later",
     {About(Kind::kHeld, 2)},
     {Told("held", hours(1), 1)},
     {"warning held"}},
    {"more are held, too soon",
     {About(Kind::kHeld, 2)},
     {Told("held", hours(1) - kAMoment, 1)},
     {}},
    {"fewer are held", {About(Kind::kHeld, 1)}, {Told("held", hours(2), 2)}, {}},
    {"more quarantine is no news",
     {About(Kind::kQuarantine, 9)},
     {Told("quarantine", hours(2), 1)},
     {}},
    {"each queue by itself",
     {About(Kind::kDeadLetters, 1, "source"), About(Kind::kDeadLetters, 1, "notifications")},
     {Told("dead_letters", minutes(5), 1, "source")},
     {"warning dead_letters notifications"}},
    {"what only the warehouse knows neither begins nor ends while it is down",
     {About(Kind::kWarehouseDown)},
     {Told("held", minutes(5), 1), Told("missing", minutes(5), 1), Told("quarantine", minutes(5)),
      Told("not_balanced", minutes(5))},
     {"critical warehouse_down"}},
    {"what is known without it ends",
     {About(Kind::kWarehouseDown)},
     {Told("stale", minutes(5)), Told("expiring", minutes(5)),
      Told("dead_letters", minutes(5), 1, "source")},
     {"critical warehouse_down", "over expiring", "over dead_letters source"}},
    {"nor what only another part knows",
     {About(Kind::kNotKnown, 0, "raw_store"), About(Kind::kNotKnown, 0, "notifications")},
     {Told("missing", minutes(5), 1), Told("stale", minutes(5)), Told("expiring", minutes(5)),
      Told("quarantine", minutes(5)), Told("dead_letters", minutes(5), 1, "notifications")},
     {"warning not_known raw_store", "warning not_known notifications"}},
    {"until when notifications are kept hides their expiry only",
     {About(Kind::kNotKnown, 0, "retention")},
     {Told("missing", minutes(5), 1), Told("expiring", minutes(5))},
     {"warning not_known retention", "over missing"}},
    {"what others know ends",
     {About(Kind::kNotKnown, 0, "source")},
     {Told("missing", minutes(5), 1), Told("held", minutes(5), 1),
      Told("dead_letters", minutes(5), 1, "source"),
      Told("dead_letters", minutes(5), 1, "notifications"),
      Told("not_known", minutes(5), 0, "raw_store")},
     {"warning not_known source", "over missing", "over held", "over dead_letters notifications",
      "over not_known raw_store"}},
    {"another part can be asked while the warehouse is down",
     {About(Kind::kWarehouseDown)},
     {Told("not_known", minutes(5), 0, "source")},
     {"critical warehouse_down", "over not_known source"}},
    {"nobody asked the tables either",
     {About(Kind::kWarehouseDown)},
     {Told("not_known", minutes(5), 0, "tables")},
     {"critical warehouse_down"}},
    {"a pause is told to nobody", {About(Kind::kPaused)}, {}, {}},
    {"an alert of an earlier version ends",
     {},
     {Told("no_such_kind", minutes(5))},
     {"over no_such_kind"}},
};

std::vector<std::string> Summary(const std::vector<Alert>& alerts) {
  std::vector<std::string> told;
  for (const Alert& alert : alerts) {
    const bool is_over = alert.state == Alert::State::kResolved;
    told.push_back(fmt::format("{} {}{}{}", is_over ? "over" : Name(alert.severity), alert.type,
                               alert.subject.empty() ? "" : " ", alert.subject));
  }
  return told;
}

TEST(AlertsTest, WhatIsMissingDoesNotEndByNotificationsOfOthers) {
  const AlertMemory memory = {Told("missing", minutes(5)), Told("stale", minutes(5))};
  const auto types = [&](bool has_overdue) {
    std::string text;
    for (const Alert& alert : AlertsOf({}, memory, kNow, has_overdue)) text += alert.type + " ";
    return text;
  };
  EXPECT_EQ(types(true), "stale ");
  EXPECT_EQ(types(false), "missing stale ");
}

TEST(AlertsTest, FollowFromConcernsAndFromWhatWasTold) {
  for (const Case& one : kCases) {
    SCOPED_TRACE(one.name);
    const std::vector<Alert> alerts = AlertsOf(one.concerns, one.memory, kNow, false);
    EXPECT_EQ(Summary(alerts), one.told);
    AlertMemory memory = one.memory;
    for (const Alert& alert : alerts) memory = Remember(std::move(memory), alert, kNow);
    EXPECT_THAT(AlertsOf(one.concerns, memory, kNow, false), IsEmpty()) << "told once";
  }
}

TEST(AlertsTest, WhatIsToldAgainBeganWhenItBegan) {
  const AlertMemory memory = {Told("held", hours(30), 1)};
  const std::vector<Alert> alerts = AlertsOf({About(Kind::kHeld, 3)}, memory, kNow, false);
  ASSERT_EQ(alerts.size(), 1u);
  EXPECT_EQ(alerts[0].since, kNow - hours(100));
  const AlertMemory then = Remember(memory, alerts[0], kNow);
  EXPECT_EQ(then, (AlertMemory{Told("held", hours(0), 3)}));
}

TEST(AlertsTest, Json) {
  const Alert alert{.type = "dead_letters",
                    .subject = "source",
                    .severity = Severity::kWarning,
                    .count = 3,
                    .text = "3 dead letters",
                    .next = "look",
                    .since = kNow};
  EXPECT_EQ(
      ToJson(alert, "tracking", kNow + minutes(1)),
      R"({"version":1,"pipeline":"tracking","type":"dead_letters","state":"firing",)"
      R"("severity":"warning","subject":"source","count":3,"text":"tracking: 3 dead letters",)"
      R"("next":"look","since":"2026-11-27T16:05:00.000000Z",)"
      R"("time":"2026-11-27T16:06:00.000000Z"})");
  const std::vector<Alert> over = AlertsOf({}, {Told("stale", minutes(5))}, kNow, false);
  EXPECT_EQ(
      ToJson(over.at(0), "tracking", kNow),
      R"({"version":1,"pipeline":"tracking","type":"stale","state":"resolved",)"
      R"("severity":"info","subject":"","count":0,"text":"tracking: over, after 4 d 4 h: stale",)"
      R"("next":"","since":"2026-11-23T12:05:00.000000Z",)"
      R"("time":"2026-11-27T16:05:00.000000Z"})");
}

TEST(AlertsTest, TheMemoryIsReadAsItWasWritten) {
  const AlertMemory memory = {Told("held", minutes(1), 18'446'744'073'709'551'615u),
                              Told("new_field", minutes(2), 1, "a b\n%é"),
                              Told("stale", minutes(3))};
  const auto read = ParseAlertMemory(ToText(memory));
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, memory);
  EXPECT_EQ(*ParseAlertMemory(ToText(AlertMemory())), AlertMemory());
}

TEST(AlertsTest, WhatIsNoMemoryIsRefused) {
  const std::string good = ToText(AlertMemory{Told("held", minutes(1), 1, "x")});
  for (size_t size = 0; size < good.size(); ++size) {
    const std::string cut = good.substr(0, size);
    EXPECT_EQ(ParseAlertMemory(cut).has_value(), cut == "sluice alerts 1\n") << size;
  }
  for (const char* const text :
       {"sluice alerts 2\n", "sluice alerts 1\nheld x y\n",
        "sluice alerts 1\nheld x -1 2026-11-27T16:05:00Z 2026-11-27T16:05:00Z\n",
        "sluice alerts 1\nheld x 1 yesterday 2026-11-27T16:05:00Z\n",
        "sluice alerts 1\nheld %zz 1 2026-11-27T16:05:00Z 2026-11-27T16:05:00Z\n"}) {
    EXPECT_FALSE(ParseAlertMemory(text)) << text;
  }
}

}  // namespace
}  // namespace sluice
