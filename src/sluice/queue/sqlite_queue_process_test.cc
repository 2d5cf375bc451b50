// SPDX-License-Identifier: Apache-2.0
// One queue file and several processes, some of which die.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <map>

#include "sluice/queue/queue_test_folder.h"
#include "sluice/queue/sqlite_queue.h"

namespace sluice {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

// A forked process that writes lines to its parent. It never returns into the test.
class Child {
 public:
  using Say = std::function<void(std::string_view)>;

  explicit Child(const std::function<void(const Say&)>& run) {
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      run([&](std::string_view line) {
        const std::string text = std::string(line) + "\n";
        if (::write(ends[1], text.data(), text.size()) < 0) ::_exit(2);
      });
      ::_exit(0);
    }
    ::close(ends[1]);
    said_ = ::fdopen(ends[0], "r");
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    Kill();
    ::fclose(said_);
  }

  // The next line; empty after the last.
  std::string Hear() {
    char line[512];
    if (::fgets(line, sizeof line, said_) == nullptr) return "";
    std::string text(line);
    text.pop_back();
    return text;
  }
  void Kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    Wait();
  }
  // Its exit code, or -1 where a signal ended it.
  int Wait() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  pid_t pid_ = -1;
  FILE* said_ = nullptr;
};

class SqliteQueueProcessTest : public ::testing::Test {
 protected:
  // For parents and children alike; never across a fork.
  std::unique_ptr<SqliteQueue> Open() {
    auto queue = SqliteQueue::Open({.path = folder_.file(), .busy_timeout = seconds(60)}, clock_);
    if (queue) return std::move(*queue);
    ADD_FAILURE() << queue.error().message();
    return nullptr;
  }
  static bool Send(Queue& queue, const std::string& name, int count) {
    std::vector<std::string> bodies;
    for (int i = 0; i < count; ++i) bodies.push_back(name + "." + std::to_string(i));
    return queue.Send(bodies).has_value();
  }

  QueueTestFolder folder_;
  SystemClock clock_;
};

TEST_F(SqliteQueueProcessTest, KilledProcessFreesItsMessagesAtOnce) {
  Child child([&](const Child::Say& say) {
    const auto queue = Open();
    Send(*queue, "m", 3);
    const auto messages = queue->Receive({.max_messages = 2, .visibility_timeout = hours(12)});
    say(std::to_string(messages->size()));
    ::pause();
  });
  ASSERT_EQ(child.Hear(), "2");
  const auto queue = Open();
  EXPECT_EQ(queue->Depth()->in_flight, 2u);
  // While it lives, its messages are its own.
  const auto rest = queue->Receive({.visibility_timeout = hours(12)});
  ASSERT_EQ(rest->size(), 1u);
  EXPECT_EQ(rest->at(0).body, "m.2");
  EXPECT_TRUE(queue->Receive({})->empty());
  EXPECT_EQ(folder_.owner_files().size(), 2u);

  child.Kill();
  EXPECT_EQ(queue->Depth()->in_flight, 1u);
  EXPECT_EQ(queue->Depth()->visible, 2u);
  const auto freed = queue->Receive({.visibility_timeout = hours(12)});
  ASSERT_EQ(freed->size(), 2u);
  EXPECT_EQ(freed->at(0).body, "m.0");
  EXPECT_EQ(freed->at(0).receive_count, 2);
  EXPECT_EQ(folder_.owner_files().size(), 1u);
}

TEST_F(SqliteQueueProcessTest, StoppedProcessKeepsItsMessages) {
  Child child([&](const Child::Say& say) {
    const auto queue = Open();
    Send(*queue, "m", 1);
    say(std::to_string(queue->Receive({.visibility_timeout = hours(12)})->size()));
    ::raise(SIGSTOP);
  });
  ASSERT_EQ(child.Hear(), "1");
  EXPECT_TRUE(Open()->Receive({})->empty());
}

TEST_F(SqliteQueueProcessTest, ManyReceiversGetEveryMessageOnce) {
  constexpr int kBatches = 60;
  std::vector<std::unique_ptr<Child>> children;
  for (int i = 0; i < 4; ++i) {
    children.push_back(std::make_unique<Child>([&](const Child::Say& say) {
      const auto queue = Open();
      for (int ends = 0; ends == 0;) {
        const auto messages =
            queue->Receive({.wait = seconds(20), .visibility_timeout = hours(12)});
        if (!messages || messages->empty()) ::_exit(3);
        std::vector<Receipt> receipts;
        for (const Message& message : *messages) {
          receipts.push_back(message.receipt);
          if (message.body.starts_with("end")) {
            ++ends;
          } else {
            say(message.body);
          }
        }
        // One end is for each receiver.
        if (ends > 1 && !Send(*queue, "end", ends - 1)) ::_exit(4);
        if (!queue->Delete(receipts)) ::_exit(5);
      }
    }));
  }
  const auto queue = Open();
  for (int i = 0; i < kBatches; ++i) ASSERT_TRUE(Send(*queue, std::to_string(i), 10));
  ASSERT_TRUE(Send(*queue, "end", static_cast<int>(children.size())));
  std::map<std::string, int> seen;
  for (const auto& child : children) {
    for (std::string line = child->Hear(); !line.empty(); line = child->Hear()) ++seen[line];
    EXPECT_EQ(child->Wait(), 0);
  }
  EXPECT_EQ(seen.size(), size_t{kBatches * 10});
  for (const auto& [line, count] : seen) EXPECT_EQ(count, 1) << line;
  EXPECT_EQ(queue->Depth()->visible + queue->Depth()->in_flight, 0u);
}

TEST_F(SqliteQueueProcessTest, ManySendersAtOnceLoseNothing) {
  std::vector<std::unique_ptr<Child>> children;
  for (int i = 0; i < 4; ++i) {
    children.push_back(std::make_unique<Child>([&, i](const Child::Say&) {
      const auto queue = Open();  // all of them make the file
      for (int batch = 0; batch < 25; ++batch)
        if (!Send(*queue, std::to_string(i) + "." + std::to_string(batch), 10)) ::_exit(3);
    }));
  }
  for (const auto& child : children) EXPECT_EQ(child->Wait(), 0);
  EXPECT_EQ(Open()->Depth()->visible, 1000u);
}

TEST_F(SqliteQueueProcessTest, KilledSenderLeavesWholeBatchesAndAllThatItWasTold) {
  for (int round = 0; round < 5; ++round) {
    const uint64_t before = Open()->Depth()->visible;
    Child child([&](const Child::Say& say) {
      const auto queue = Open();
      for (int i = 0;; ++i)
        if (Send(*queue, std::to_string(i), 10)) say("sent");
    });
    uint64_t told = 0;
    for (int i = 0; i < 20 + round; ++i) told += child.Hear() == "sent" ? 10 : 0;
    child.Kill();
    while (child.Hear() == "sent") told += 10;
    const uint64_t sent = Open()->Depth()->visible - before;
    EXPECT_EQ(sent % 10, 0u);
    EXPECT_GE(sent, told);
    EXPECT_LE(sent, told + 10);  // the last reply may not have been said
  }
}

TEST_F(SqliteQueueProcessTest, FileThatMayNotBeWrittenIsRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become nobody";
  {
    const auto queue = Open();
    Send(*queue, "m", 1);
  }
  ASSERT_EQ(::chmod(folder_.path().c_str(), 0755), 0);
  ASSERT_EQ(::chmod(folder_.file().c_str(), 0644), 0);
  Child child([&](const Child::Say& say) {
    if (::setresuid(65534, 65534, 65534) != 0) ::_exit(2);
    const auto queue = SqliteQueue::Open({.path = folder_.file()}, clock_);
    say(queue ? "opened" : queue.error().message());
    say(queue ? "" : Name(queue.error().kind()));
  });
  const std::string message = child.Hear();
  EXPECT_THAT(message, ::testing::HasSubstr("cannot open for writing"));
  EXPECT_THAT(message, ::testing::HasSubstr(folder_.file()));
  EXPECT_EQ(child.Hear(), "permanent");
}

TEST_F(SqliteQueueProcessTest, DiskThatTakesNoMoreLosesNothing) {
  Child child([&](const Child::Say& say) {
    ::signal(SIGXFSZ, SIG_IGN);
    const auto queue = Open();
    const rlimit limit{2 << 20, 2 << 20};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) ::_exit(2);
    const std::vector<std::string> bodies(10, std::string(50'000, 'x'));
    int sent = 0;
    for (;; ++sent) {
      const auto answers = queue->Send(bodies);
      if (answers) continue;
      say(answers.error().message());
      break;
    }
    say(std::to_string(sent));
  });
  const std::string message = child.Hear();
  EXPECT_THAT(message, ::testing::HasSubstr("the disk failed"));
  EXPECT_THAT(message, ::testing::HasSubstr(folder_.file()));
  const uint64_t sent = std::stoul(child.Hear());
  EXPECT_EQ(child.Wait(), 0);
  EXPECT_GT(sent, 0u);
  EXPECT_EQ(Open()->Depth()->visible, sent * 10);
}

}  // namespace
}  // namespace sluice
