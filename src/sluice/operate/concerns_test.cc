// SPDX-License-Identifier: Apache-2.0
#include "sluice/operate/concerns.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

namespace sluice {
namespace {

using std::chrono::days, std::chrono::hours, std::chrono::minutes;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const Timestamp kNow = *FromIso8601("2026-11-27T16:05:00Z");

// A pipeline that is well: loaded to a few minutes ago.
StatusReport Well() {
  StatusReport report{.now = kNow};
  report.source = QueueDepth{};
  report.notifications = QueueDepth{};
  report.ledger_exists = true;
  report.states = {{ObjectState::kLoaded, 3, 3'000}};
  report.tables = {{.table = "tracking.events", .rows = 0}};
  report.landed = Landed{.hours = {{.hour = kNow, .objects = 3, .events = 3'000, .loaded = 3'000}},
                         .fresh_to = kNow - minutes(4)};
  return report;
}

struct Case {
  const char* name;
  std::function<void(StatusReport&)> change;
  std::vector<std::string> concerns;  // "severity type subject count: next"
  const char* sentence;
};

std::string Summary(const Concern& c) {
  return fmt::format("{} {}{}{} {}: {}", Name(SeverityOf(c.kind)), Name(c.kind),
                     c.subject.empty() ? "" : " ", c.subject, c.count, c.next);
}

void CannotAsk(StatusReport& report, StatusPart part) {
  report.not_known.push_back({part, Error(ErrorKind::kTransient, "lost connection")});
}

void NeverLoaded(StatusReport& report, std::chrono::microseconds age) {
  report.states.clear();
  report.landed = Landed{.oldest_waiting = kNow - age};
  report.landed->waiting = 1;
  report.notifications->visible = 1;
}

void WaitSince(StatusReport& report, std::chrono::microseconds age, uint64_t notifications) {
  report.landed->fresh_to = kNow - age - minutes(4);
  report.landed->oldest_waiting = kNow - age;
  report.landed->hour_waiting = std::chrono::floor<hours>(kNow - age);
  report.landed->waiting = 2;
  report.landed->overdue = age > hours(1) ? 2 : 0;
  report.notifications = QueueDepth{.visible = notifications};
}

// One object, which landed then; what landed before it is loaded.
void HoldSince(StatusReport& report, std::chrono::microseconds age) {
  report.states.push_back({ObjectState::kHeld, 1, 20});
  report.stuck_key = "date=2026-11-27/15/x";
  report.landed->fresh_to = kNow - age - minutes(4);
  report.landed->stuck_since = kNow - age;
  report.landed->stuck_key = report.stuck_key;
}

// `age` ago, and what was loaded landed more than a day ago.
void LoadedLongAgo(StatusReport& report, std::chrono::microseconds age) {
  report.states = {{ObjectState::kLoaded, 3, 3'000, kNow - days(9), kNow - age}};
  report.landed = Landed();
}

// One object, held `age` ago.
void OnlyHeldSince(StatusReport& report, std::chrono::microseconds age) {
  report.states.clear();
  HoldSince(report, age);
  report.states[0].first = report.states[0].last = kNow - age;
  report.landed->fresh_to.reset();
}

const std::vector<Case> kCases = {
    {"well",
     [](StatusReport&) {},
     {},
     "fresh to 16:01; nothing lost in the last 24 hours, nothing to do"},
    {"a pipeline that never ran",
     [](StatusReport& r) { r = {.now = kNow}; },
     {},
     "nothing is loaded yet; nothing lost in the last 24 hours, nothing to do"},
    {"the next load will take it",
     [](StatusReport& r) { WaitSince(r, minutes(5), 2); },
     {},
     "fresh to 15:56; nothing lost in the last 24 hours, nothing to do yet"},
    {"messages wait for landing",
     [](StatusReport& r) { r.source->visible = 1; },
     {},
     "fresh to 16:01; nothing lost in the last 24 hours, nothing to do yet"},
    {"an outage of the warehouse",
     [](StatusReport& r) {
       WaitSince(r, hours(2), 2);
       r.notifications_kept = days(4);
       CannotAsk(r, StatusPart::kWarehouse);
       r.ledger_exists = false;
       r.states.clear();
       r.landed->is_estimate = true;
     },
     {"critical warehouse_down 0: sluice check --connect",
      "critical stale 0: sluice check --connect"},
     "fresh to about 14:01; what is lost is not known without the warehouse, something to do; "
     "notifications expire in 3 d 22 h"},
    {"an outage of all",
     [](StatusReport& r) {
       r.ledger_exists = false;
       r.states.clear();
       r.landed.reset();
       CannotAsk(r, StatusPart::kSource);
       CannotAsk(r, StatusPart::kNotifications);
       CannotAsk(r, StatusPart::kWarehouse);
     },
     {"warning not_known source 0: sluice check --connect",
      "warning not_known notifications 0: sluice check --connect",
      "critical warehouse_down 0: sluice check --connect"},
     "how fresh is not known; what is lost is not known without the source and the "
     "notifications and the warehouse, something to do"},
    {"a warehouse that nobody could ask yet",
     [](StatusReport& r) {
       NeverLoaded(r, minutes(10));
       CannotAsk(r, StatusPart::kWarehouse);
     },
     {"critical warehouse_down 0: sluice check --connect"},
     "how fresh is not known; what is lost is not known without the warehouse, something to do"},
    {"nobody can say how many notifications wait",
     [](StatusReport& r) {
       WaitSince(r, hours(2), 0);
       CannotAsk(r, StatusPart::kNotifications);
     },
     {"warning not_known notifications 0: sluice check --connect",
      "critical stale 0: sluice why 2026-11-27T14"},
     "fresh to 14:01; what is lost is not known without the notifications, something to do"},
    {"the raw store cannot be asked",
     [](StatusReport& r) {
       r.landed.reset();
       CannotAsk(r, StatusPart::kRawStore);
     },
     {"warning not_known raw_store 0: sluice check --connect"},
     "how fresh is not known; what is lost is not known without the raw store, something to do"},
    {"nothing was ever loaded, and waits for long",
     [](StatusReport& r) { NeverLoaded(r, minutes(21)); },
     {"critical stale 0: sluice process"},
     "nothing is loaded yet; nothing lost in the last 24 hours, something to do"},
    {"nothing was ever loaded, and waits since a moment",
     [](StatusReport& r) { NeverLoaded(r, minutes(20)); },
     {},
     "nothing is loaded yet; nothing lost in the last 24 hours, nothing to do yet"},
    {"nothing ever landed, and the source has a message since long",
     [](StatusReport& r) {
       r.states.clear();
       r.landed = Landed();
       r.source = QueueDepth{.visible = 1, .oldest = kNow - minutes(21)};
     },
     {"critical stale 0: sluice run --once"},
     "nothing is loaded yet; nothing lost in the last 24 hours, something to do"},
    {"they expire within a day",
     [](StatusReport& r) {
       WaitSince(r, days(3) + hours(1), 2);
       r.notifications_kept = days(4);
     },
     {"critical expiring 2: sluice process", "critical stale 0: sluice process"},
     "fresh to 2026-11-24 15:01; nothing lost in the last 24 hours, something to do; notifications "
     "expire in 23 h"},
    {"they have expired",
     [](StatusReport& r) {
       WaitSince(r, days(5), 0);
       r.notifications_kept = days(4);
     },
     {"critical expiring 2: sluice process", "critical missing 2: sluice reconcile --repair",
      "critical stale 0: sluice why 2026-11-22T16"},
     "fresh to 2026-11-22 16:01; not all is well, something to do"},
    {"nobody was told of two objects",
     [](StatusReport& r) { WaitSince(r, hours(2), 0); },
     {"critical missing 2: sluice reconcile --repair",
      "critical stale 0: sluice why 2026-11-27T14"},
     "fresh to 14:01; not all is well, something to do"},
    {"their notifications may be those that wait",
     [](StatusReport& r) { WaitSince(r, hours(2), 2); },
     {"critical stale 0: sluice process"},
     "fresh to 14:01; nothing lost in the last 24 hours, something to do"},
    {"there are fewer notifications than objects that nobody loaded",
     [](StatusReport& r) { WaitSince(r, hours(2), 1); },
     {"critical missing 1: sluice reconcile --repair", "critical stale 0: sluice process"},
     "fresh to 14:01; not all is well, something to do"},
    {"as fresh as it may be",
     [](StatusReport& r) { r.landed->fresh_to = kNow - minutes(20); },
     {},
     "fresh to 15:45; nothing lost in the last 24 hours, nothing to do"},
    {"a microsecond too old",
     [](StatusReport& r) {
       r.landed->fresh_to = kNow - minutes(20) - std::chrono::microseconds(1);
     },
     {"critical stale 0: sluice why 2026-11-27T15"},
     "fresh to 15:44; nothing lost in the last 24 hours, something to do"},
    {"nothing landed for a day",
     [](StatusReport& r) { LoadedLongAgo(r, days(3)); },
     {"critical stale 0: sluice why 2026-11-27T15"},
     "nothing that landed in the last 24 hours is loaded; nothing lost in the last 24 hours, "
     "something to do"},
    {"a backfill of an old hour, just now",
     [](StatusReport& r) { LoadedLongAgo(r, minutes(20)); },
     {},
     "nothing that landed in the last 24 hours is loaded; nothing lost in the last 24 hours, "
     "nothing to do"},
    {"nothing landed for a day, and what is loaded from before is not known",
     [](StatusReport& r) {
       r.landed = Landed{.is_estimate = true};
       CannotAsk(r, StatusPart::kWarehouse);
     },
     {"critical warehouse_down 0: sluice check --connect"},
     "how fresh is not known; what is lost is not known without the warehouse, something to do"},
    {"the first object of a new pipeline is held",
     [](StatusReport& r) { OnlyHeldSince(r, minutes(20)); },
     {"warning held 1: sluice why date=2026-11-27/15/x"},
     "nothing that landed in the last 24 hours is loaded; not all is well, something to do"},
    {"the first object of a new pipeline is held for long",
     [](StatusReport& r) { OnlyHeldSince(r, minutes(21)); },
     {"warning held 1: sluice why date=2026-11-27/15/x",
      "critical stale 0: sluice why date=2026-11-27/15/x"},
     "nothing that landed in the last 24 hours is loaded; not all is well, something to do"},
    {"the first object of a new pipeline was tried again just now",
     [](StatusReport& r) {
       OnlyHeldSince(r, minutes(21));
       r.states[0].first = r.states[0].last = kNow;
     },
     {"warning held 1: sluice why date=2026-11-27/15/x",
      "critical stale 0: sluice why date=2026-11-27/15/x"},
     "nothing that landed in the last 24 hours is loaded; not all is well, something to do"},
    {"the first object of a new pipeline is held, and the source has a message since long",
     [](StatusReport& r) {
       OnlyHeldSince(r, minutes(1));
       r.source = QueueDepth{.visible = 1, .oldest = kNow - minutes(21)};
     },
     {"critical stale 0: sluice run --once", "warning held 1: sluice why date=2026-11-27/15/x"},
     "nothing that landed in the last 24 hours is loaded; not all is well, something to do"},
    {"a backfill of an old hour, just now, while all of today is held",
     [](StatusReport& r) {
       LoadedLongAgo(r, minutes(1));
       HoldSince(r, minutes(21));
       r.landed->fresh_to.reset();
     },
     {"warning held 1: sluice why date=2026-11-27/15/x",
      "critical stale 0: sluice why date=2026-11-27/15/x"},
     "nothing that landed in the last 24 hours is loaded; not all is well, something to do"},
    {"a notification of an old hour waits",
     [](StatusReport& r) { r.notifications->visible = 1; },
     {},
     "fresh to 16:01; nothing lost in the last 24 hours, nothing to do yet"},
    {"a notification of an old hour waits for long",
     [](StatusReport& r) {
       r.notifications = QueueDepth{.visible = 1, .oldest = kNow - minutes(21)};
     },
     {"critical stale 0: sluice process"},
     "fresh to 16:01; nothing lost in the last 24 hours, something to do"},
    {"of a new pipeline nothing is loaded, since it vanished",
     [](StatusReport& r) {
       r.states = {{ObjectState::kVanished, 1, 0, kNow - days(1), kNow - days(1)}};
       r.landed = Landed();
     },
     {},
     "nothing that landed in the last 24 hours is loaded; nothing lost in the last 24 hours, "
     "nothing to do"},
    {"what is older waits while what is newer is loaded",
     [](StatusReport& r) {
       r.landed->fresh_to.reset();
       r.landed->oldest_waiting = kNow - minutes(180);
       r.landed->hour_waiting = std::chrono::floor<hours>(kNow - hours(4));  // when it was begun
     },
     {"critical stale 0: sluice why 2026-11-27T12"},
     "fresh to before 13:05, when the oldest of what waits landed; nothing lost in the last 24 "
     "hours, something to do"},
    {"held",
     [](StatusReport& r) {
       r.states.push_back({ObjectState::kHeld, 2, 20});
       r.states.push_back({ObjectState::kSetAside, 1, 0});
       r.stuck_key = "date=2026-11-27/16/x";
     },
     {"warning held 3: sluice why date=2026-11-27/16/x"},
     "fresh to 16:01; not all is well, something to do"},
    {"a producer broke, and everything since is held",
     [](StatusReport& r) { HoldSince(r, minutes(30)); },
     {"warning held 1: sluice why date=2026-11-27/15/x",
      "critical stale 0: sluice why date=2026-11-27/15/x"},
     "fresh to 15:31; not all is well, something to do"},
    {"what keeps the tables behind was held before something older was tried again",
     [](StatusReport& r) {
       HoldSince(r, minutes(30));
       r.stuck_key = "date=2026-11-20/09/older";
     },
     {"warning held 1: sluice why date=2026-11-27/15/x",
      "critical stale 0: sluice why date=2026-11-27/15/x"},
     "fresh to 15:31; not all is well, something to do"},
    {"a key that a shell would take apart",
     [](StatusReport& r) {
       HoldSince(r, minutes(30));
       r.landed->stuck_key = "date=2026-11-27/15/a b&c's";
     },
     {"warning held 1: sluice why 'date=2026-11-27/15/a b&c'\\''s'",
      "critical stale 0: sluice why 'date=2026-11-27/15/a b&c'\\''s'"},
     "fresh to 15:31; not all is well, something to do"},
    {"everything is held, and the next one is on its way",
     [](StatusReport& r) {
       HoldSince(r, minutes(30));
       r.landed->oldest_waiting = kNow - minutes(1);
       r.landed->waiting = r.notifications->visible = 1;
     },
     {"warning held 1: sluice why date=2026-11-27/15/x",
      "critical stale 0: sluice why date=2026-11-27/15/x"},
     "fresh to 15:31; not all is well, something to do"},
    {"what is held is not why what waits is not loaded",
     [](StatusReport& r) {
       HoldSince(r, minutes(50));
       r.landed->oldest_waiting = kNow - minutes(30);
       r.landed->waiting = r.notifications->visible = 1;
     },
     {"critical stale 0: sluice process", "warning held 1: sluice why date=2026-11-27/15/x"},
     "fresh to 15:11; not all is well, something to do"},
    {"one is held from before, and nothing came since",
     [](StatusReport& r) {
       HoldSince(r, minutes(50));
       r.landed->fresh_to = kNow - minutes(30);
       r.landed->stuck_since.reset();
       r.landed->stuck_key.clear();
     },
     {"critical stale 0: sluice why 2026-11-27T15",
      "warning held 1: sluice why date=2026-11-27/15/x"},
     "fresh to 15:35; not all is well, something to do"},
    {"held, and settled before it was named",
     [](StatusReport& r) { r.states.push_back({ObjectState::kHeld, 1, 20}); },
     {"warning held 1: "},
     "fresh to 16:01; not all is well, nothing to do"},
    {"dead letters",
     [](StatusReport& r) {
       r.source->dead = 3;
       r.notifications->dead = 1;
     },
     {"warning dead_letters source 3: look into the dead-letter queue of the source",
      "warning dead_letters notifications 1: sluice reconcile"},
     "fresh to 16:01; not all is well, something to do"},
    {"paused",
     [](StatusReport& r) { r.paused = "until Monday"; },
     {"info paused 0: sluice resume"},
     "fresh to 16:01; nothing lost in the last 24 hours, something to do"},
    {"somebody changed the ledger",
     [](StatusReport& r) { r.objects.lines = 1; },
     {"critical not_balanced 0: sluice verify"},
     "fresh to 16:01; not all is well, something to do"},
    {"rows are gone",
     [](StatusReport& r) {
       r.tables[0].balance.routed = r.tables[0].balance.staged = r.tables[0].balance.loaded = 9;
       r.tables[0].rows = 7;
     },
     {"warning rows_missing tracking.events 2: sluice verify"},
     "fresh to 16:01; nothing lost in the last 24 hours, something to do"},
    {"nobody counted rows",
     [](StatusReport& r) {
       r.tables[0].balance.routed = r.tables[0].balance.staged = r.tables[0].balance.loaded = 9;
       r.tables[0].rows.reset();
     },
     {},
     "fresh to 16:01; nothing lost in the last 24 hours, nothing to do"},
    {"quarantine",
     [](StatusReport& r) {
       r.landed->noisy = 1;
       r.landed->noisy_events = 200;
       r.landed->noisy_quarantined = 4;
     },
     {"warning quarantine 1: sluice quarantine list"},
     "fresh to 16:01; nothing lost in the last 24 hours, something to do"},
    {"duplicates that differ, so large a share as may be",
     [](StatusReport& r) {
       r.tables[0].seen = 1'000;
       r.tables[0].differing = 1;
     },
     {},
     "fresh to 16:01; nothing lost in the last 24 hours, nothing to do"},
    {"duplicates that differ",
     [](StatusReport& r) {
       r.tables[0].seen = 1'000;
       r.tables[0].differing = 2;
     },
     {"warning differing tracking.events 2: sluice verify"},
     "fresh to 16:01; nothing lost in the last 24 hours, something to do"},
    {"new fields, and a column of another type",
     [](StatusReport& r) {
       const std::string table = "tracking.events";
       for (const char* const name : {"a", "b", "c", "d", "e", "f"}) {
         r.fields.push_back({.kind = FieldChangeKind::kUnknown,
                             .table = table,
                             .name = name,
                             .is_new = true,
                             .alter = "ALTER"});
       }
       r.fields.push_back(
           {.kind = FieldChangeKind::kUnknown, .table = table, .name = "known for long"});
       r.fields.push_back(
           {.kind = FieldChangeKind::kUnknown, .table = "another", .name = "x", .is_new = true});
       r.fields.push_back({.kind = FieldChangeKind::kNulled,
                           .table = table,
                           .name = "page",
                           .newest = "an object",
                           .is_new = true});
     },
     {"warning type_changed tracking.events 1: sluice why 'an object'",
      "info new_field tracking.events 6: add the columns to the DDL of the table, then sluice ddl "
      "--apply"},
     "fresh to 16:01; nothing lost in the last 24 hours, something to do"},
    {"a new field with the name of a column that takes another one",
     [](StatusReport& r) {
       r.fields.push_back({.kind = FieldChangeKind::kUnknown,
                           .table = "tracking.events",
                           .name = "page",
                           .is_new = true});
     },
     {"info new_field tracking.events 1: see whether `from` of the table's columns is right"},
     "fresh to 16:01; nothing lost in the last 24 hours, something to do"},
    {"stale while loading is paused",
     [](StatusReport& r) {
       WaitSince(r, minutes(30), 2);
       r.paused = "until Monday";
     },
     {"critical stale 0: sluice resume", "info paused 0: sluice resume"},
     "fresh to 15:31; nothing lost in the last 24 hours, something to do"},
};

TEST(ConcernsTest, FollowFromTheReportAlone) {
  for (const Case& one : kCases) {
    SCOPED_TRACE(one.name);
    StatusReport report = Well();
    one.change(report);
    const std::vector<Concern> concerns = ConcernsOf(report);
    std::vector<std::string> found;
    for (const Concern& concern : concerns) found.push_back(Summary(concern));
    EXPECT_EQ(found, one.concerns);
    EXPECT_EQ(FreshnessSentence(report, concerns), one.sentence);
    // Nobody reads that there is nothing to do beside what is critical.
    if (std::ranges::any_of(concerns, [](const Concern& concern) {
          return SeverityOf(concern.kind) == Severity::kCritical;
        })) {
      EXPECT_THAT(one.sentence, HasSubstr("something to do"));
    }
  }
}

TEST(ConcernsTest, StaleSaysWhatItGoesBy) {
  const auto text = [](const std::function<void(StatusReport&)>& change) {
    StatusReport report = Well();
    change(report);
    for (const Concern& concern : ConcernsOf(report)) {
      if (concern.kind == ConcernKind::kStale) return concern.text;
    }
    return std::string("not stale");
  };
  EXPECT_EQ(text([](StatusReport& r) { r.landed->fresh_to = kNow - minutes(30); }),
            "nothing that landed in the last 30 min is in the tables");
  EXPECT_EQ(text([](StatusReport& r) { WaitSince(r, minutes(30), 2); }),
            "what landed 30 min ago is in no table yet");
  EXPECT_EQ(text([](StatusReport& r) {
              WaitSince(r, minutes(30), 2);
              r.landed->stuck_since = kNow - minutes(40);
            }),
            "what landed 40 min ago is in no table yet");
  EXPECT_EQ(text([](StatusReport& r) {
              r.notifications = QueueDepth{.visible = 1, .oldest = kNow - minutes(30)};
            }),
            "a notification waits for 30 min");
  EXPECT_EQ(text([](StatusReport& r) { LoadedLongAgo(r, days(3)); }), "nothing was loaded for 3 d");
  EXPECT_EQ(text([](StatusReport& r) { NeverLoaded(r, minutes(30)); }),
            "nothing was ever loaded, and the oldest of what is to be loaded waits for 30 min");
  EXPECT_EQ(text([](StatusReport& r) {
              OnlyHeldSince(r, minutes(1));
              r.source = QueueDepth{.visible = 1, .oldest = kNow - minutes(30)};
            }),
            "nothing was ever loaded, and the oldest of what is to be loaded waits for 30 min");
  EXPECT_EQ(text([](StatusReport& r) {
              LoadedLongAgo(r, minutes(1));
              HoldSince(r, minutes(30));
              r.landed->fresh_to.reset();
            }),
            "the oldest of what is held or set aside is so for 30 min");
  EXPECT_EQ(
      text([](StatusReport& r) { OnlyHeldSince(r, minutes(30)); }),
      "nothing was ever loaded, and the oldest of what is held or set aside is so for 30 min");
}

TEST(ConcernsTest, FieldsAreNamedTheFirstFive) {
  StatusReport report = Well();
  for (const char* const name : {"a", "b\n", "c", "d", "e", "f"}) {
    report.fields.push_back({.kind = FieldChangeKind::kUnknown,
                             .table = "tracking.events",
                             .name = name,
                             .is_new = true,
                             .alter = "ALTER"});
  }
  report.fields.push_back({.kind = FieldChangeKind::kCoerced,
                           .table = "tracking.events",
                           .name = "page",
                           .is_new = true});
  const std::vector<Concern> concerns = ConcernsOf(report);
  ASSERT_EQ(concerns.size(), 2u);
  EXPECT_EQ(concerns[0].text,
            "tracking.events: 1 column with values of another type: page (coerced); mend the "
            "producer or the DDL");
  EXPECT_EQ(concerns[1].text,
            "tracking.events: 6 new fields: a, b\\u000a, c, d, e, …; sluice status has "
            "the ALTER that adds them");
}

TEST(ConcernsTest, MissingIsWhatNoNotificationCanTellOf) {
  StatusReport report = Well();
  report.landed->overdue = 5;
  report.notifications = QueueDepth{.visible = 1, .in_flight = 1};
  EXPECT_EQ(ConcernsOf(report).at(0).text,
            "at least 3 raw objects missing: 5 not loaded for more than 1 h, and only 2 "
            "notifications wait");
}

TEST(ConcernsTest, WhatIsMissingLongerThanADayIsMissing) {
  StatusReport report = Well();
  report.landed->overdue = 1;
  report.overdue_before = {{kNow - hours(80) - minutes(5), 2}, {kNow - hours(30) - minutes(5), 1}};
  const std::vector<Concern> concerns = ConcernsOf(report);
  ASSERT_EQ(concerns.size(), 1u);
  EXPECT_EQ(Summary(concerns[0]), "critical missing 4: sluice reconcile --repair");
  EXPECT_EQ(concerns[0].text,
            "4 raw objects missing: nobody was told of them; 3 landed before the last 24 hours, "
            "the first in 2026-11-24T08");
  EXPECT_EQ(FreshnessSentence(report, concerns),
            "fresh to 16:01; not all is well, something to do");
  const Timestamp week_ago = kNow - days(7) - minutes(5);
  report.overdue_before = {{week_ago, 1}};
  EXPECT_EQ(ConcernsOf(report).at(0).next, "sluice reconcile --repair");
  report.overdue_before = {{week_ago - hours(1), 1}};
  EXPECT_EQ(ConcernsOf(report).at(0).next, "sluice reconcile --since 8d --repair");
  CannotAsk(report, StatusPart::kNotifications);
  EXPECT_THAT(Summary(ConcernsOf(report).at(0)), HasSubstr("not_known"));
}

TEST(ConcernsTest, WhatIsNotKnownIsNullInJson) {
  StatusReport report = Well();
  for (const auto part : {StatusPart::kSource, StatusPart::kNotifications, StatusPart::kTables}) {
    CannotAsk(report, part);
  }
  const std::string json = ToJson(report);
  for (const char* const text :
       {R"("source":null)", R"("notifications":null)", R"("rows":null)",
        R"("warehouse_error":null)", R"("rows_missing":null)", R"("event_hours":null)",
        R"("sample":null)",
        R"("not_known":[{"part":"source","error":"lost connection"},{"part":"notif)"}) {
    EXPECT_THAT(json, HasSubstr(text));
  }
}

TEST(ConcernsTest, WhatTheWarehouseAloneKnowsIsNullWhileItIsDown) {
  StatusReport report = Well();
  CannotAsk(report, StatusPart::kWarehouse);
  for (const char* const name : {"balanced", "objects", "events", "events_last_hour", "states",
                                 "tables", "event_hours", "quarantine", "fields", "sample"}) {
    EXPECT_THAT(ToJson(report), HasSubstr(fmt::format("\"{}\":null", name)));
  }
  report.landed->is_estimate = true;
  report.landed->hours = {{.hour = kNow, .objects = 2, .waiting = 1}};
  EXPECT_THAT(
      ToJson(report),
      HasSubstr(R"("objects":2,"waiting":1,"stuck":null,"events":null,"loaded":null,)"
                R"("duplicates":null,"quarantined":null,"dropped":null,"balanced":null}])"));
}

TEST(ConcernsTest, WhatLandedIsNullWhereNobodyCouldAsk) {
  StatusReport report = Well();
  report.landed.reset();
  for (const char* const text : {R"("landed_last_hour":{"objects":0,"bytes":0})", R"("hours":[])",
                                 R"("objects":0,"bytes":0,"objects_since":null)"}) {
    EXPECT_THAT(ToJson(report), HasSubstr(text)) << "there is no raw store yet";
  }
  CannotAsk(report, StatusPart::kRawStore);
  for (const char* const text : {R"("landed_last_hour":null)", R"("hours":null)",
                                 R"("objects":null,"bytes":null,"objects_since":null)"}) {
    EXPECT_THAT(ToJson(report), HasSubstr(text));
  }
}

TEST(ConcernsTest, WhatToTypeNext) {
  const auto next = [](const StatusReport& report) {
    return NextSteps(report, ConcernsOf(report));
  };
  StatusReport report{.now = kNow};
  EXPECT_THAT(next(report), ElementsAre("sluice send FILE"));
  report.source = QueueDepth{.visible = 1};
  EXPECT_THAT(next(report), ElementsAre("sluice run --once"));
  report = Well();
  EXPECT_THAT(next(report), IsEmpty());
  report.notifications->in_flight = 1;
  EXPECT_THAT(next(report), ElementsAre("sluice process"));
  report.source->visible = 1;
  EXPECT_THAT(next(report), ElementsAre("sluice process", "sluice run --once"));
  report.paused = "until Monday";
  EXPECT_THAT(next(report), ElementsAre("sluice resume", "sluice run --once"));
  report.objects.lines = 1;
  report.tables[0].balance.routed = 1;
  EXPECT_THAT(next(report), ElementsAre("sluice verify", "sluice resume", "sluice run --once"))
      << "each once";
  CannotAsk(report, StatusPart::kWarehouse);
  report.paused.reset();
  EXPECT_THAT(next(report), ElementsAre("sluice check --connect", "sluice verify"))
      << "nothing can be loaded now";
}

TEST(ConcernsTest, Ages) {
  const auto text = [](auto age) { return AgeText(age); };
  EXPECT_EQ(text(std::chrono::seconds(-3)), "0 s");
  EXPECT_EQ(text(std::chrono::milliseconds(59'999)), "59 s");
  EXPECT_EQ(text(minutes(60) - std::chrono::seconds(1)), "59 min");
  EXPECT_EQ(text(minutes(64)), "1 h 4 min");
  EXPECT_EQ(text(hours(24)), "1 d");
  EXPECT_EQ(text(hours(94) + minutes(59)), "3 d 22 h");
}

TEST(ConcernsTest, JsonHasTheSentenceAndTheConcerns) {
  StatusReport report = Well();
  report.source->dead = 3;
  const std::string json = ToJson(report);
  EXPECT_THAT(json, HasSubstr(R"("freshness":"fresh to 16:01; not all is well, something to do")"));
  EXPECT_THAT(json, HasSubstr(R"("fresh_to":"2026-11-27T16:01:00.000000Z")"));
  EXPECT_THAT(json, HasSubstr(R"({"type":"dead_letters","severity":"warning","subject":"source",)"
                              R"("count":3,"text":"3 dead letters of the source: )"));
}

}  // namespace
}  // namespace sluice
