// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/lock_file.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <semaphore>
#include <thread>
#include <utility>

namespace sluice {
namespace {

using ::testing::HasSubstr;

class LockFileTest : public ::testing::Test {
 protected:
  LockFileTest() : path_(fmt::format("{}sluice-lock-{}", ::testing::TempDir(), ::getpid())) {}
  ~LockFileTest() override {
    std::filesystem::remove(path_);
    std::filesystem::remove(path_ + ".next");
  }

  Result<LockFile> Acquire() { return LockFile::Acquire(path_, std::chrono::seconds(3), clock_); }

  const std::string path_;
  FakeClock clock_;
};

TEST_F(LockFileTest, SecondHolderWaitsAndThenNamesTheFirst) {
  const auto first = Acquire();
  ASSERT_TRUE(first);
  const Timestamp before = clock_.Now();
  const auto second = Acquire();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind(), ErrorKind::kTransient);
  EXPECT_EQ(clock_.Now() - before, std::chrono::seconds(3));
  EXPECT_THAT(second.error().message(),
              HasSubstr(fmt::format("pid={} command=\"warehouse_test", ::getpid())));
  EXPECT_THAT(second.error().message(), HasSubstr("since=2023-11-14T22:13:20"));
}

TEST_F(LockFileTest, L13_StopEndsTheWaitButNotTheTaking) {
  std::stop_source stop;
  stop.request_stop();
  const auto acquire = [&] {
    return LockFile::Acquire(path_, std::chrono::seconds(3), clock_, stop.get_token());
  };
  const auto first = acquire();
  ASSERT_TRUE(first);
  const Timestamp before = clock_.Now();
  const auto second = acquire();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind(), ErrorKind::kTransient);
  EXPECT_EQ(clock_.Now(), before);
}

TEST(LockFileCommand, S5_NamesTheProgramAndItsCommandAndNoFlag) {
  using std::literals::operator""sv;
  EXPECT_EQ(CommandOf("/usr/bin/sluice\0run\0--once\0"sv), "sluice run");
  EXPECT_EQ(CommandOf("sluice\0--set=warehouse.password=geheim\0--config\0a.yaml\0process\0"sv),
            "sluice process");
  EXPECT_EQ(CommandOf("sluice\0--set\0p=geheim\0"sv), "sluice");
  EXPECT_EQ(CommandOf("a\nb\0"sv), "a?b");
  EXPECT_EQ(CommandOf(""sv), "");
}

TEST_F(LockFileTest, GivingUpLeavesTheHoldersNameToTheNextWaiter) {
  const auto first = Acquire();
  ASSERT_FALSE(Acquire());
  EXPECT_THAT(Acquire().error().message(), HasSubstr(fmt::format("pid={}", ::getpid())));
}

TEST_F(LockFileTest, ItIsFreeWhenItsHolderIsGone) {
  std::optional<LockFile> kept;
  {
    auto first = Acquire();
    ASSERT_TRUE(first);
    kept.emplace(std::move(*first));
  }
  EXPECT_FALSE(Acquire());
  kept.reset();
  EXPECT_TRUE(Acquire());
}

// Sleeps until the test says so, and says before that it does.
class WatchedClock : public FakeClock {
 public:
  void Sleep(std::chrono::microseconds) override {
    sleeps.release();
    wakes.acquire();
  }
  std::binary_semaphore sleeps{0}, wakes{0};
};

// As one long backfill does from batch to batch.
TEST_F(LockFileTest, WhoFreesItAndAsksAgainStandsBehindWhoWaits) {
  std::optional<LockFile> busy(*Acquire());
  WatchedClock clock;
  std::optional<Result<LockFile>> waiter;
  std::jthread waits(
      [&] { waiter.emplace(LockFile::Acquire(path_, std::chrono::seconds(3), clock)); });
  clock.sleeps.acquire();
  busy.reset();
  const bool has_it_again = LockFile::Acquire(path_, std::chrono::seconds(0), clock_).has_value();
  clock.wakes.release();
  waits.join();
  EXPECT_FALSE(has_it_again);
  ASSERT_TRUE(*waiter) << waiter->error().message();
  waiter.reset();
  EXPECT_TRUE(Acquire());
}

TEST_F(LockFileTest, KilledHolderFreesIt) {
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto held = Acquire();
    std::ignore = ::write(ready[1], "x", 1);
    ::pause();
  }
  char byte;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  EXPECT_THAT(Acquire().error().message(), HasSubstr(fmt::format("pid={}", child)));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_TRUE(Acquire());
}

TEST_F(LockFileTest, FolderThatDoesNotExistIsPermanent) {
  const auto lock = LockFile::Acquire("/nowhere/x.lock", std::chrono::seconds(1), clock_);
  ASSERT_FALSE(lock);
  EXPECT_EQ(lock.error().kind(), ErrorKind::kPermanent);
}

}  // namespace
}  // namespace sluice
