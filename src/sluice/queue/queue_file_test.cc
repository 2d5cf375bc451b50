// SPDX-License-Identifier: Apache-2.0
// Files that cannot be used: what is said, and that they stay as they are.
#include "sluice/queue/queue_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <optional>
#include <sstream>

#include "sluice/queue/queue_test_folder.h"
#include "sluice/queue/sqlite_queue.h"

namespace sluice {
namespace {

using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::HasSubstr;

std::string Content(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

// Something happens while somebody sleeps.
class EventfulClock : public FakeClock {
 public:
  void Sleep(std::chrono::microseconds duration) override {
    FakeClock::Sleep(duration);
    if (when_it_sleeps) when_it_sleeps();
  }
  std::function<void()> when_it_sleeps;
};

class QueueFileTest : public ::testing::Test {
 protected:
  void Write(std::string_view content) {
    std::ofstream(folder_.file(), std::ios::binary) << content;
  }
  // Of opening the file as a queue.
  Error Refusal(SqliteQueueOptions options = {}) {
    if (options.path.empty()) options.path = folder_.file();
    const auto queue = SqliteQueue::Open(options, clock_);
    if (!queue) return queue.error();
    ADD_FAILURE() << "was opened";
    return Error(ErrorKind::kPermanent, "");
  }
  std::unique_ptr<SqliteDatabase> OpenDatabase() {
    auto database = SqliteDatabase::Open({.path = folder_.file()}, clock_);
    EXPECT_TRUE(database) << database.error().message();
    return database ? std::move(*database) : nullptr;
  }

  QueueTestFolder folder_;
  EventfulClock clock_;
};

TEST_F(QueueFileTest, OtherFilesAreRefusedAndLeftAlone) {
  for (const size_t size : {size_t{2}, size_t{99}, size_t{600}, size_t{20'000}}) {
    const std::string content(size, 'x');
    Write(content);
    const Error error = Refusal();
    EXPECT_EQ(error.kind(), ErrorKind::kPermanent);
    EXPECT_THAT(error.message(), AllOf(HasSubstr("not a queue file"), HasSubstr(folder_.file())))
        << size;
    EXPECT_EQ(Content(folder_.file()), content);
  }
}

TEST_F(QueueFileTest, EmptyFileBecomesAQueue) {
  Write("");
  EXPECT_TRUE(SqliteQueue::Open({.path = folder_.file()}, clock_));
}

TEST_F(QueueFileTest, OtherProgramsDatabaseIsRefusedAndLeftAlone) {
  ASSERT_TRUE(OpenDatabase()->Execute("CREATE TABLE theirs (x)"));
  const std::string content = Content(folder_.file());
  EXPECT_THAT(Refusal().message(), HasSubstr("another program's database"));
  EXPECT_EQ(Content(folder_.file()), content);
}

TEST_F(QueueFileTest, NewerVersionIsRefused) {
  ASSERT_TRUE(SqliteQueue::Open({.path = folder_.file()}, clock_));
  ASSERT_TRUE(OpenDatabase()->Execute("PRAGMA user_version = 2"));
  const Error error = Refusal();
  EXPECT_EQ(error.kind(), ErrorKind::kPermanent);
  EXPECT_THAT(error.message(), AllOf(HasSubstr("version=2"), HasSubstr("understood=1")));
}

TEST_F(QueueFileTest, DamagedFileIsReported) {
  {
    const auto queue = *SqliteQueue::Open({.path = folder_.file()}, clock_);
    for (int i = 0; i < 50; ++i) {
      const std::vector<std::string> bodies(10, std::string(3000, 'b'));
      ASSERT_TRUE(queue->Send(bodies));
    }
  }
  // Every page but the first.
  std::string content = Content(folder_.file());
  ASSERT_GT(content.size(), 100'000u);
  std::fill(content.begin() + 4096, content.end(), '\xA5');
  Write(content);
  auto queue = SqliteQueue::Open({.path = folder_.file()}, clock_);
  Error error(ErrorKind::kTransient, "");
  if (!queue) {
    error = queue.error();
  } else {
    const auto messages = (*queue)->Receive({});
    ASSERT_FALSE(messages);
    error = messages.error();
  }
  EXPECT_EQ(error.kind(), ErrorKind::kPermanent);
  EXPECT_THAT(error.message(),
              AllOf(HasSubstr("damaged"), HasSubstr(".recover"), HasSubstr(folder_.file())));
}

TEST_F(QueueFileTest, MissingFolderAndFolderInPlaceOfTheFileAreReported) {
  for (const std::string& path : {folder_.path() + "/missing/queue.db", folder_.path()}) {
    const Error error = Refusal({.path = path});
    EXPECT_EQ(error.kind(), ErrorKind::kPermanent);
    EXPECT_THAT(error.message(), AllOf(HasSubstr("cannot open"), HasSubstr(path)));
  }
}

TEST_F(QueueFileTest, LockedFileIsTransientAndNamed) {
  const auto queue =
      *SqliteQueue::Open({.path = folder_.file(), .busy_timeout = seconds(3)}, clock_);
  const std::vector<std::string> bodies = {"a"};
  ASSERT_TRUE(queue->Send(bodies));
  const auto holder = OpenDatabase();
  {
    const auto transaction = holder->Begin(Durability::kUnsynced);
    ASSERT_TRUE(transaction);
    const Ticks start = clock_.Monotonic();
    const auto answers = queue->Send(bodies);
    ASSERT_FALSE(answers);
    EXPECT_EQ(answers.error().kind(), ErrorKind::kTransient);
    EXPECT_THAT(answers.error().message(),
                AllOf(HasSubstr("locked for 3000 ms by queue_test (process " +
                                std::to_string(::getpid()) + ")"),
                      HasSubstr(folder_.file()), HasSubstr("queue source")));
    EXPECT_GE(clock_.Monotonic() - start, seconds(3));
    EXPECT_LE(clock_.Monotonic() - start, seconds(4));
    EXPECT_EQ(queue->Receive({}).error().kind(), ErrorKind::kTransient);
  }
  EXPECT_TRUE(queue->Send(bodies));
  EXPECT_EQ(queue->Receive({})->size(), 2u);
}

// L13: a stage that is told to stop still deletes what it has landed.
TEST_F(QueueFileTest, StopShortensTheWaitForALockToASecond) {
  std::stop_source stop;
  const auto queue = *SqliteQueue::Open({.path = folder_.file(), .stop = stop.get_token()}, clock_);
  const auto holder = OpenDatabase();
  const auto transaction = holder->Begin(Durability::kUnsynced);
  stop.request_stop();
  const Ticks start = clock_.Monotonic();
  const std::vector<std::string> bodies = {"a"};
  EXPECT_EQ(queue->Send(bodies).error().kind(), ErrorKind::kTransient);
  EXPECT_GE(clock_.Monotonic() - start, seconds(1));
  EXPECT_LE(clock_.Monotonic() - start, seconds(2));
}

TEST_F(QueueFileTest, L13_ALockThatIsHeldForAMomentDoesNotFailACallAfterStop) {
  std::stop_source stop;
  const auto queue = *SqliteQueue::Open({.path = folder_.file(), .stop = stop.get_token()}, clock_);
  const auto holder = OpenDatabase();
  std::optional<SqliteTransaction> transaction(*holder->Begin(Durability::kUnsynced));
  stop.request_stop();
  clock_.when_it_sleeps = [&] { transaction.reset(); };
  const std::vector<std::string> bodies = {"a"};
  EXPECT_TRUE(queue->Send(bodies));
}

}  // namespace
}  // namespace sluice
