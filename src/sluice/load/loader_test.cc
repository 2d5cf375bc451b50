// SPDX-License-Identifier: Apache-2.0
#include "sluice/load/loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <set>

namespace sluice {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A ledger in memory, with a script of what goes wrong.
class ScriptedWarehouse : public Warehouse {
 public:
  std::function<Status(const LoadPlan&)> before_commit = [](const LoadPlan&) -> Status {
    return {};
  };
  std::function<Status(const LoadPlan&)> after_commit = [](const LoadPlan&) -> Status {
    return {};
  };
  std::set<int64_t> bad;  // objects that no load can hold
  std::map<int64_t, ObjectOutcome> ledger;
  int loads = 0;
  std::set<int64_t> refused;  // set aside since the last load

  class Load : public StagedLoad {
   public:
    Load(ScriptedWarehouse& warehouse, LoadPlan plan)
        : warehouse_(warehouse), plan_(std::move(plan)) {}
    Result<std::vector<ObjectOutcome>> Commit() override {
      SLUICE_TRY(warehouse_.before_commit(plan_));
      ++warehouse_.loads;
      warehouse_.refused.clear();
      std::vector<ObjectOutcome> outcomes;
      for (const PlannedObject& object : plan_.objects) {
        auto& row = warehouse_.ledger[object.object];
        if (!row.state)
          row = {.object = object.object,
                 .state = ObjectState::kLoaded,
                 .batch = plan_.batch,
                 .reason = {}};
        outcomes.push_back(row);
      }
      SLUICE_TRY(warehouse_.after_commit(plan_));
      return outcomes;
    }

   private:
    ScriptedWarehouse& warehouse_;
    LoadPlan plan_;
  };

  Result<std::unique_ptr<StagedLoad>> Stage(const LoadPlan& plan) override {
    for (const PlannedObject& object : plan.objects) {
      if (bad.contains(object.object)) {
        return Fail(ErrorKind::kBadData, "cannot stage: {}: object={}", Cause(object.object),
                    object.object);
      }
    }
    return std::make_unique<Load>(*this, plan);
  }
  std::function<std::string(int64_t)> Cause = [](int64_t object) {
    return fmt::format("cause {}", object);
  };

  Result<std::vector<ObjectOutcome>> Outcome(std::span<const int64_t> objects) override {
    std::vector<ObjectOutcome> outcomes;
    for (const int64_t id : objects) {
      outcomes.push_back(ledger.contains(id)
                             ? ledger[id]
                             : ObjectOutcome{.object = id, .state = {}, .batch = {}, .reason = {}});
    }
    return outcomes;
  }
  Status Settle(std::span<const Settlement> settlements) override {
    for (const Settlement& s : settlements) {
      ledger[s.object.object] = {
          .object = s.object.object, .state = s.state, .batch = {}, .reason = s.reason};
      refused.insert(s.object.object);
    }
    return {};
  }
  Result<uint64_t> RefusedInARow(std::span<const int64_t> others_than) override {
    std::set<int64_t> others = refused;
    for (const int64_t id : others_than) others.erase(id);
    return others.size();
  }
  Result<std::vector<ObjectOutcome>> Peek(std::span<const int64_t> objects) override {
    return Outcome(objects);
  }
  Result<WarehouseState> Probe() override { return WarehouseState{}; }
  Status Prepare() override { return {}; }
  Status tables = {};
  Status RequireTables() override { return tables; }
  Result<std::vector<LiveColumn>> Describe(const Table&) override { return {}; }
  Status Change(const std::string&) override { return {}; }
  Result<std::optional<std::string>> Pause(const std::optional<std::string>&) override {
    return std::nullopt;
  }
  Result<std::vector<TableBalance>> Balance() override { return {}; }
  Result<std::vector<StateCount>> States(Timestamp) override { return {}; }
  Result<std::vector<LedgerObject>> ListObjects(const LedgerRange&) override { return {}; }
  Result<uint64_t> CountRows(const Table&) override { return 0; }
  Result<std::vector<std::vector<std::optional<std::string>>>> SampleRows(const Table&,
                                                                          size_t) override {
    return {};
  }
  Result<TableCheck> Check(const Table&, const EventHours&) override { return {}; }
  Result<std::vector<EventHour>> CountHours(const Table&, const EventHours&) override { return {}; }
  Result<std::vector<LedgerPart>> ListParts(const PartQuery&) override { return {}; }
  Result<std::vector<NamedFile>> ListFiles(const std::string&, size_t) override { return {}; }
  Result<std::vector<std::string>> NamedAmong(std::span<const std::string>) override { return {}; }
  Result<QuarantineSummary> SumQuarantine(const QuarantineFilter&) override { return {}; }
  Result<std::vector<QuarantinedEvent>> ListQuarantined(const QuarantineFilter&) override {
    return {};
  }
  Result<std::vector<QuarantinedLine>> ListReplayable(
      const QuarantineFilter&, const std::optional<QuarantinedLine>&) override {
    return {};
  }
  Result<uint64_t> AcceptQuarantined(const QuarantineFilter&, const Acceptance&) override {
    return 0;
  }
  Result<bool> AcceptOverwritten(int64_t, const Acceptance&) override { return false; }
  Result<EventTraces> FindEvent(const std::string&, size_t) override { return {}; }
};

class LoaderTest : public ::testing::Test {
 protected:
  static std::vector<PlannedObject> Objects(int n) {
    std::vector<PlannedObject> objects(static_cast<size_t>(n));
    for (int i = 0; i < n; ++i) objects[static_cast<size_t>(i)].object = i + 1;
    return objects;
  }
  static std::vector<std::string> States(const std::vector<ObjectOutcome>& outcomes) {
    std::vector<std::string> states;
    for (const ObjectOutcome& outcome : outcomes)
      states.emplace_back(outcome.state ? Name(*outcome.state) : "none");
    return states;
  }
  ScriptedWarehouse warehouse_;
  FakeClock clock_;
  Loader loader_{warehouse_, clock_};
};

TEST_F(LoaderTest, GoodObjectsAreOneLoad) {
  const auto outcomes = loader_.Load(Objects(5));
  ASSERT_TRUE(outcomes);
  EXPECT_THAT(States(*outcomes), ElementsAre("loaded", "loaded", "loaded", "loaded", "loaded"));
  EXPECT_EQ(warehouse_.loads, 1);
}

TEST_F(LoaderTest, C9_ABadObjectIsFoundByHalvingAndSetAside) {
  warehouse_.bad = {4};
  const auto outcomes = loader_.Load(Objects(5));
  ASSERT_TRUE(outcomes);
  EXPECT_THAT(States(*outcomes), ElementsAre("loaded", "loaded", "loaded", "set_aside", "loaded"));
  EXPECT_EQ(warehouse_.ledger[4].state, ObjectState::kSetAside);
}

TEST_F(LoaderTest, TheSameFaultInAllObjectsStopsAndSetsNothingAside) {
  warehouse_.bad = {1, 2};
  warehouse_.Cause = [](int64_t) { return std::string("no such column"); };
  const auto outcomes = loader_.Load(Objects(2));
  ASSERT_FALSE(outcomes);
  EXPECT_EQ(outcomes.error().kind(), ErrorKind::kPermanent);
  EXPECT_THAT(outcomes.error().message(), HasSubstr("all objects of a batch fail alike"));
  EXPECT_TRUE(warehouse_.ledger.empty());
}

TEST_F(LoaderTest, C14_ATableThatWasAlteredMeanwhileIsNoObjectsFault) {
  warehouse_.bad = {2};
  warehouse_.tables = Fail(ErrorKind::kPermanent, "the table is not as its DDL says");
  const auto outcomes = loader_.Load(Objects(3));
  ASSERT_FALSE(outcomes);
  EXPECT_EQ(outcomes.error().message(), "the table is not as its DDL says");
  EXPECT_FALSE(warehouse_.ledger.contains(2));
}

TEST_F(LoaderTest, TwoObjectsWithDifferentFaultsAreSetAside) {
  warehouse_.bad = {1, 2};
  const auto outcomes = loader_.Load(Objects(2));
  ASSERT_TRUE(outcomes);
  EXPECT_THAT(States(*outcomes), ElementsAre("set_aside", "set_aside"));
}

TEST_F(LoaderTest, ObjectsWithTheSameFaultAreSetAsideWhereverTheyStandWhenOthersLoad) {
  warehouse_.Cause = [](int64_t) { return std::string("no such value"); };
  for (const std::set<int64_t>& bad :
       {std::set<int64_t>{1, 4}, {1, 2}, {3, 4}, {2, 3}, {1, 3, 4}}) {
    warehouse_.bad = bad;
    warehouse_.ledger.clear();
    const auto outcomes = loader_.Load(Objects(4));
    ASSERT_TRUE(outcomes) << outcomes.error().message();
    for (const ObjectOutcome& outcome : *outcomes) {
      EXPECT_EQ(outcome.state,
                bad.contains(outcome.object) ? ObjectState::kSetAside : ObjectState::kLoaded);
    }
  }
}

TEST_F(LoaderTest, OfABatchThreeAreSetAsideTheOthersComeAgainAndTheGoodOnesLoad) {
  warehouse_.bad = {1, 2, 3, 4};
  const auto outcomes = loader_.Load(Objects(6));
  ASSERT_TRUE(outcomes) << outcomes.error().message();
  int set_aside = 0, left = 0;
  for (const ObjectOutcome& outcome : *outcomes) {
    set_aside += outcome.state == ObjectState::kSetAside ? 1 : 0;
    left += !outcome.state && !outcome.reason.empty() ? 1 : 0;
  }
  EXPECT_EQ(set_aside, 3);
  EXPECT_EQ(left, 1);
  EXPECT_EQ(warehouse_.ledger.size(), 5u);
  EXPECT_EQ(warehouse_.ledger[6].state, ObjectState::kLoaded);
}

TEST_F(LoaderTest, WhatCannotBeReplacedStaysAsItIsAndIsNotSetAside) {
  ASSERT_TRUE(loader_.Load(Objects(2)));
  warehouse_.bad = {1};
  Loader replacing(warehouse_, clock_, {.replaces = true});
  const auto outcomes = replacing.Load(Objects(2));
  ASSERT_TRUE(outcomes) << outcomes.error().message();
  EXPECT_THAT(States(*outcomes), ElementsAre("none", "loaded"));
  EXPECT_THAT((*outcomes)[0].reason, HasSubstr("not replaced, the old rows stay: cannot stage"));
  EXPECT_EQ(warehouse_.ledger[1].state, ObjectState::kLoaded);
}

// None of them is set aside, and the next batch may be of others.
TEST_F(LoaderTest, ABatchOfWhichNothingCanBeReplacedIsNoReasonToStop) {
  warehouse_.bad = {1, 2};
  warehouse_.Cause = [](int64_t) { return std::string("the key was another"); };
  Loader replacing(warehouse_, clock_, {.replaces = true});
  const auto outcomes = replacing.Load(Objects(2));
  ASSERT_TRUE(outcomes) << outcomes.error().message();
  EXPECT_THAT(States(*outcomes), ElementsAre("none", "none"));
  EXPECT_TRUE(warehouse_.ledger.empty());
}

// What is loaded is loaded: only a row of the batch itself says that it was replaced.
TEST_F(LoaderTest, AReplaceWhoseAnswerIsLostIsRepeatedUnlessTheLedgerHasItsBatch) {
  ASSERT_TRUE(loader_.Load(Objects(1)));
  const std::string before = warehouse_.ledger[1].batch;
  int lost = 1;
  warehouse_.before_commit = [&](const LoadPlan& plan) -> Status {
    EXPECT_TRUE(plan.replaces);
    if (lost-- > 0) return Fail(ErrorKind::kOutcomeUnknown, "connection lost");
    warehouse_.ledger.clear();
    return {};
  };
  Loader replacing(warehouse_, clock_, {.replaces = true});
  ASSERT_TRUE(replacing.Load(Objects(1)));
  EXPECT_EQ(warehouse_.loads, 2);
  EXPECT_NE(warehouse_.ledger[1].batch, before);
}

// Each batch is one object, and each run a Loader of its own.
TEST_F(LoaderTest, MoreThanThreeRefusedInARowStopWhateverRunTheyAreOf) {
  const auto all = Objects(9);
  const auto load = [&](size_t i) {
    return Loader(warehouse_, clock_).Load(std::span(all).subspan(i, 1));
  };
  warehouse_.bad = {1, 2, 3, 4};
  for (size_t i = 0; i < 3; ++i) ASSERT_TRUE(load(i));
  ASSERT_TRUE(load(2)) << "the same one once more is no other one";
  const auto stopped = load(3);
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().kind(), ErrorKind::kPermanent);
  EXPECT_THAT(stopped.error().message(), HasSubstr("refused 4 objects"));
  EXPECT_FALSE(warehouse_.ledger.contains(4));
  ASSERT_TRUE(load(4));
  ASSERT_TRUE(load(3)) << "an object that loads shows that the warehouse is well";
  EXPECT_EQ(warehouse_.ledger[4].state, ObjectState::kSetAside);
}

TEST_F(LoaderTest, C3_ALostReplyIsLookedUpAndNotLoadedAgain) {
  warehouse_.after_commit = [](const LoadPlan&) -> Status {
    return Fail(ErrorKind::kOutcomeUnknown, "lost");
  };
  const auto outcomes = loader_.Load(Objects(2));
  ASSERT_TRUE(outcomes);
  EXPECT_THAT(States(*outcomes), ElementsAre("loaded", "loaded"));
  EXPECT_EQ(warehouse_.loads, 1);
}

TEST_F(LoaderTest, ALoadThatDidNotHappenIsRepeatedUnderANewBatch) {
  std::set<std::string> batches;
  warehouse_.before_commit = [&](const LoadPlan& plan) -> Status {
    batches.insert(plan.batch);
    if (batches.size() == 1) return Fail(ErrorKind::kOutcomeUnknown, "lost");
    return {};
  };
  ASSERT_TRUE(loader_.Load(Objects(2)));
  EXPECT_EQ(batches.size(), 2u);
  EXPECT_EQ(warehouse_.loads, 1);
}

// A provisional row of another batch says nothing of this load.
TEST_F(LoaderTest, C3_AHeldObjectsOldRowIsNoAnswer) {
  warehouse_.ledger[1] = {
      .object = 1, .state = ObjectState::kHeld, .batch = "before", .reason = "many bad events"};
  int commits = 0;
  warehouse_.before_commit = [&](const LoadPlan&) -> Status {
    if (++commits == 1) return Fail(ErrorKind::kOutcomeUnknown, "lost");
    return {};
  };
  ASSERT_TRUE(loader_.Load(Objects(1)));
  EXPECT_EQ(commits, 2);
  EXPECT_EQ(warehouse_.loads, 1);
}

TEST_F(LoaderTest, LookingForeverIsGivenUp) {
  warehouse_.before_commit = [](const LoadPlan&) -> Status {
    return Fail(ErrorKind::kOutcomeUnknown, "lost");
  };
  const auto outcomes = loader_.Load(Objects(1));
  ASSERT_FALSE(outcomes);
  EXPECT_EQ(outcomes.error().kind(), ErrorKind::kTransient);
  EXPECT_EQ(warehouse_.loads, 0);
}

TEST_F(LoaderTest, N13_AnOutageIsNoFaultOfTheData) {
  warehouse_.before_commit = [](const LoadPlan&) -> Status {
    return Fail(ErrorKind::kTransient, "no connection");
  };
  const auto outcomes = loader_.Load(Objects(4));
  ASSERT_FALSE(outcomes);
  EXPECT_EQ(outcomes.error().kind(), ErrorKind::kTransient);
  EXPECT_TRUE(warehouse_.ledger.empty());
}

TEST_F(LoaderTest, NothingToLoadIsNoLoad) {
  ASSERT_TRUE(loader_.Load({}));
  EXPECT_EQ(warehouse_.loads, 0);
}

}  // namespace
}  // namespace sluice
