// SPDX-License-Identifier: Apache-2.0
// Fails, or kills, at every outside operation in turn, runs again and wants the undisturbed run's
// end state.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <map>

#include "sluice/base/log.h"
#include "tests/crash/scenario.h"

extern char** environ;

namespace sluice {

void PrintTo(const Scenario::EndState& state, std::ostream* out) {
  for (const std::string& row : state.rows) *out << "\n  row " << row;
  for (const std::string& event : state.quarantined) *out << "\n  quarantined " << event;
  for (const std::string& object : state.objects) *out << "\n  object " << object;
  for (const std::string& row : state.unbalanced) *out << "\n  UNBALANCED " << row;
  *out << "\n  waiting " << state.waiting << "\n";
}

namespace {

constexpr int kLeastPoints = 150;      // of each way to fail
constexpr int kMostOperations = 2000;  // a scenario that needs more does not end

class CrashTest : public ::testing::Test {
 protected:
  // The scenario is laid out once; each attempt starts with a copy of it at the same path, which
  // stands in the notifications.
  void SetUp() override {
    ConfigureLog(LogLevel::kOff, LogFormat::kText);
    ASSERT_NE(::mkdtemp(base_.data()), nullptr);
    folder_ = base_ + "/pipeline";
    prepared_ = base_ + "/prepared";
    std::filesystem::create_directory(folder_);
    const Status prepared = Scenario::Prepare(folder_);
    ASSERT_TRUE(prepared) << prepared.error().message();
    std::filesystem::rename(folder_, prepared_);
    Reset();
  }
  void TearDown() override { std::filesystem::remove_all(base_); }

  void Reset() const {
    std::filesystem::remove_all(folder_);
    std::filesystem::copy(prepared_, folder_, std::filesystem::copy_options::recursive);
  }

  // What is struck: a run, or something else that is done to what runs have left.
  using Work = Status (*)(const std::string& folder, std::shared_ptr<FaultPlan> faults);

  // From now on attempts start with the end of a run, and what was done then, and do that `work`.
  void BeginAfter(Status (*then)(const std::string& folder), Work work,
                  std::vector<std::string> words) {
    RunToTheEnd();
    const Status done = then(folder_);
    ASSERT_TRUE(done) << done.error().message();
    std::filesystem::remove_all(prepared_);
    std::filesystem::rename(folder_, prepared_);
    Reset();
    work_ = work;
    words_ = std::move(words);
    least_points_ = 30;
  }
  void BeginAfterOverwriting() {
    BeginAfter(&Scenario::Overwrite, &Scenario::Replace,
               {"backfill", "--from", "2026-11-23T10", "--replace"});
  }
  void BeginAfterMending() {
    BeginAfter(&Scenario::Mend, &Scenario::Replay, {"quarantine", "replay"});
  }
  void BeginAfterArchiving() {
    BeginAfter(&Scenario::Archive, &Scenario::Backfill,
               {"--set", "load.max_size=1B", "backfill", "--from", "2026-11-23T12"});
  }

  // Once without faults to its end, as an operator's scheduler would start it.
  Scenario::EndState RunToTheEnd() const {
    const Status run = work_(folder_, nullptr);
    EXPECT_TRUE(run) << run.error().message();
    const auto state = Scenario::Inspect(folder_);
    EXPECT_TRUE(state) << state.error().message();
    return state.value_or(Scenario::EndState{});
  }

  // Fails at operation 1, 2, … in the way `verb` says until a run meets no fault; the number of
  // faults met.
  int TryAll(const std::string& verb, std::map<std::string, int>& struck) {
    const Scenario::EndState wanted = RunToTheEnd();
    int points = 0;
    for (int n = 1; n < kMostOperations; ++n) {
      Reset();
      const auto plan = *FaultPlan::Parse(verb + ":" + std::to_string(n));
      (void)work_(folder_, plan);
      if (plan->operations() < n) return points;
      // An operation that fails by itself has no reply to lose.
      if (plan->struck().empty()) continue;
      ++points;
      ++struck[plan->struck()];
      EXPECT_EQ(RunToTheEnd(), wanted) << verb << ":" << n << " struck " << plan->struck();
      if (HasFailure()) return points;
    }
    ADD_FAILURE() << "the run never ends";
    return 0;
  }

  // The program itself, killed; true if it was.
  bool RunAndKill(const std::string& plan) const {
    const char* program = std::getenv("SLUICE_PROGRAM");
    std::vector<std::string> words = {program};
    for (const std::string& flag : Scenario::Flags(folder_)) words.push_back(flag);
    words.insert(words.end(), words_.begin(), words_.end());
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    std::string fault = "SLUICE_FAULT=" + plan;
    std::vector<char*> variables;
    for (char** entry = environ; *entry != nullptr; ++entry) variables.push_back(*entry);
    variables.push_back(fault.data());
    variables.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    pid_t child = 0;
    EXPECT_EQ(::posix_spawn(&child, program, &actions, nullptr, arguments.data(), variables.data()),
              0);
    posix_spawn_file_actions_destroy(&actions);
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  }

  int KillAll(const std::string& verb) {
    const Scenario::EndState wanted = RunToTheEnd();
    int points = 0;
    for (int n = 1; n < kMostOperations; ++n) {
      Reset();
      const bool killed = RunAndKill(verb + ":" + std::to_string(n));
      EXPECT_EQ(RunToTheEnd(), wanted) << verb << ":" << n;
      if (HasFailure()) return points;
      if (!killed) return points;
      ++points;
    }
    ADD_FAILURE() << "the run never ends";
    return 0;
  }

  // Of `what` a test begins after: "a replace".
  void FailBothWays(const char* what) {
    std::map<std::string, int> struck;
    for (const char* verb : {"fail-before", "fail-after"}) {
      const int points = TryAll(verb, struck);
      std::printf("crash points: %d of %s, %s\n", points, what, verb);
      EXPECT_GE(points, least_points_);
    }
    EXPECT_TRUE(struck.contains("commit"));
  }
  void KillEverywhere(const char* what) {
    const int points = KillAll("kill-before");
    std::printf("crash points: %d of %s, killed\n", points, what);
    EXPECT_GE(points, least_points_);
  }

  std::string base_ = ::testing::TempDir() + "sluice-crash-XXXXXX";
  std::string folder_, prepared_;
  Work work_ = &Scenario::Run;
  std::vector<std::string> words_ = {"run", "--once"};
  int least_points_ = kLeastPoints;
};

TEST_F(CrashTest, TheUndisturbedRunIsNotTrivial) {
  const Scenario::EndState state = RunToTheEnd();
  EXPECT_EQ(state.rows.size(), 11u);
  EXPECT_EQ(state.quarantined.size(), 5u);
  EXPECT_THAT(state.objects, ::testing::ElementsAre("date=2026-11-23/10/a.ndjson.zst loaded",
                                                    "date=2026-11-23/10/b.ndjson.zst loaded",
                                                    "date=2026-11-23/10/c.ndjson.zst set_aside",
                                                    "date=2026-11-23/10/d.ndjson loaded",
                                                    "date=2026-11-23/10/e.ndjson.zst set_aside",
                                                    "date=2026-11-23/10/f.ndjson vanished"));
  EXPECT_THAT(state.unbalanced, ::testing::IsEmpty());
  EXPECT_EQ(state.waiting, 0u);
}

TEST_F(CrashTest, EveryKindOfOperationIsCounted) {
  const auto plan = *FaultPlan::Parse("count");
  ASSERT_TRUE(Scenario::Run(folder_, plan));
  std::printf("operations of an undisturbed run: %d\n", plan->operations());
  EXPECT_GE(plan->operations(), kLeastPoints);
}

TEST_F(CrashTest, ARepeatOfEverythingChangesNothing) {
  const Scenario::EndState once = RunToTheEnd();
  EXPECT_EQ(RunToTheEnd(), once);
}

TEST_F(CrashTest, TheUndisturbedReplaceIsNotTrivial) {
  const Scenario::EndState before = RunToTheEnd();
  BeginAfterOverwriting();
  const Scenario::EndState state = RunToTheEnd();
  EXPECT_NE(state.rows, before.rows);
  EXPECT_THAT(state.objects, ::testing::IsSupersetOf({"date=2026-11-23/10/a.ndjson.zst loaded",
                                                      "date=2026-11-23/10/a.ndjson.zst replaced",
                                                      "date=2026-11-23/10/d.ndjson replaced"}));
  EXPECT_THAT(state.unbalanced, ::testing::IsEmpty());
  EXPECT_EQ(RunToTheEnd(), state);
}

TEST_F(CrashTest, TheUndisturbedReplayIsNotTrivial) {
  BeginAfterMending();
  const auto before = Scenario::Inspect(folder_);
  ASSERT_TRUE(before) << before.error().message();
  const Scenario::EndState state = RunToTheEnd();
  // Events 3 and 16, and the three that nobody wanted.
  EXPECT_EQ(state.rows.size(), before->rows.size() + 5);
  const auto waiting = [](const Scenario::EndState& of) {
    return std::ranges::count_if(of.quarantined,
                                 [](const std::string& event) { return event.ends_with("waits"); });
  };
  EXPECT_LT(waiting(state), waiting(*before));
  EXPECT_GT(waiting(state), 0);
  EXPECT_THAT(state.unbalanced, ::testing::IsEmpty());
  EXPECT_EQ(RunToTheEnd(), state);
}

TEST_F(CrashTest, TheUndisturbedBackfillIsNotTrivial) {
  BeginAfterArchiving();
  const auto before = Scenario::Inspect(folder_);
  ASSERT_TRUE(before) << before.error().message();
  const Scenario::EndState state = RunToTheEnd();
  EXPECT_EQ(state.rows.size(), before->rows.size() + 3);  // events 21 and 23, utm 21
  EXPECT_THAT(state.objects, ::testing::IsSupersetOf({"date=2026-11-23/12/h.ndjson.zst loaded",
                                                      "date=2026-11-23/12/i.ndjson loaded"}));
  EXPECT_THAT(state.unbalanced, ::testing::IsEmpty());
  EXPECT_EQ(RunToTheEnd(), state);
}

// Points, and what kinds of operation were struck: none of them may go missing unnoticed.
void ExpectEnough(int points, const std::map<std::string, int>& struck, const char* what) {
  std::printf("crash points: %d %s, of %zu kinds\n", points, what, struck.size());
  EXPECT_GE(points, kLeastPoints);
  for (const char* kind : {"queue.receive", "queue.delete", "queue.send", "store.create",
                           "store.commit", "store.open"}) {
    EXPECT_TRUE(struck.contains(kind)) << kind;
  }
}

TEST_F(CrashTest, C2_AnyOperationMayFail) {
  std::map<std::string, int> struck;
  ExpectEnough(TryAll("fail-before", struck), struck, "failed");
}

TEST_F(CrashTest, C3_AnyReplyMayBeLost) {
  std::map<std::string, int> struck;
  ExpectEnough(TryAll("fail-after", struck), struck, "lost their reply");
}

// Killed after the n-th is killed before the next one.
TEST_F(CrashTest, C2_TheProcessMayBeKilledAnywhere) {
  const int points = KillAll("kill-before");
  std::printf("crash points: %d killed\n", points);
  EXPECT_GE(points, kLeastPoints);
}

TEST_F(CrashTest, C2_AnyOperationOfAReplaceMayFail) {
  BeginAfterOverwriting();
  FailBothWays("a replace");
}

TEST_F(CrashTest, C2_AnyOperationOfABackfillMayFail) {
  BeginAfterArchiving();
  FailBothWays("a backfill");
}

TEST_F(CrashTest, C2_TheProcessMayBeKilledAnywhereInABackfill) {
  BeginAfterArchiving();
  KillEverywhere("a backfill");
}

TEST_F(CrashTest, C2_AnyOperationOfAReplayMayFail) {
  BeginAfterMending();
  FailBothWays("a replay");
}

TEST_F(CrashTest, C2_TheProcessMayBeKilledAnywhereInAReplay) {
  BeginAfterMending();
  KillEverywhere("a replay");
}

TEST_F(CrashTest, C2_TheProcessMayBeKilledAnywhereInAReplace) {
  BeginAfterOverwriting();
  KillEverywhere("a replace");
}

}  // namespace
}  // namespace sluice
