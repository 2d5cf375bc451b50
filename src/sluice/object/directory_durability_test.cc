// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "sluice/base/test_folder.h"
#include "sluice/object/directory_store.h"
#include "sluice/object/system_call_tap.h"

namespace sluice {
namespace {

using Name = SystemCall::Name;
using Tree = std::map<std::string, std::optional<std::string>>;  // no content: it was not synced

// A disk that holds in memory what was not synced. Files and folders have numbers of their own,
// because the kernel uses those of removed ones again.
class ModelDisk {
 public:
  explicit ModelDisk(ino_t root) { number_of_[root] = last_ = kRoot; }

  void Apply(const SystemCall& call, const std::string& written) {
    switch (call.name) {
      case Name::kMakeFolder:
        folders_.insert(last_ + 1);
        [[fallthrough]];
      case Name::kCreate:
        number_of_[call.file] = ++last_;
        [[fallthrough]];
      case Name::kLink:
        in_memory_[number_of_[call.folder]][call.entry] = number_of_[call.file];
        break;
      case Name::kUnlink:
        in_memory_[number_of_[call.folder]].erase(call.entry);
        break;
      case Name::kWrite:
        content_[number_of_[call.file]] += written;
        break;
      case Name::kSync: {
        const int file = number_of_[call.file];
        synced_folders_[file] = in_memory_[file];
        synced_content_[file] = content_[file];
        break;
      }
      case Name::kLock:
      case Name::kOpen:
        break;
    }
  }

  // What is there after a crash, where the disk lost everything that was not synced …
  Tree AfterLosingNames() const { return TreeOf(synced_folders_); }
  // … and where it kept every name, but no content that was not synced.
  Tree AfterKeepingNames() const { return TreeOf(in_memory_); }

 private:
  using Folders = std::map<int, std::map<std::string, int>>;

  Tree TreeOf(const Folders& folders) const {
    Tree tree;
    Walk(folders, kRoot, "", tree);
    return tree;
  }
  void Walk(const Folders& folders, int folder, const std::string& path, Tree& tree) const {
    const auto found = folders.find(folder);
    if (found == folders.end()) return;
    for (const auto& [name, file] : found->second) {
      if (path.empty() && name == ".tmp") continue;
      if (folders_.contains(file)) {
        Walk(folders, file, path + name + "/", tree);
        continue;
      }
      const auto content = synced_content_.find(file);
      tree[path + name] =
          content == synced_content_.end() ? std::nullopt : std::optional(content->second);
    }
  }

  static constexpr int kRoot = 1;
  int last_ = 0;
  std::set<int> folders_;  // but for the root
  std::map<ino_t, int> number_of_;
  Folders in_memory_, synced_folders_;
  std::map<int, std::string> content_, synced_content_;
};

// What a store did: system calls, and between them what it promised.
struct Step {
  SystemCall call{.name = SystemCall::Name::kOpen};
  std::string written;
  std::optional<std::string> promised_key;  // from here on this key …
  std::optional<std::string> promised;      // … has this content; none: it is gone
  std::optional<std::string> released_key;  // from here on nothing is promised of this key
};

class Scenario {
 public:
  explicit Scenario(const std::string& path)
      : tap_(nullptr, [this](const SystemCall& call) {
          steps_.push_back({.call = call, .written = std::string(call.written)});
        }) {
    store_ = DirectoryStore::At(path).value();
    struct stat facts;
    EXPECT_EQ(::stat(path.c_str(), &facts), 0);
    root_ = facts.st_ino;
  }

  void Put(const std::string& key, const std::string& content) {
    auto pending = store_->Create(key);
    for (size_t at = 0; at < content.size(); at += 50'000) {
      ASSERT_TRUE((*pending)->Write(std::string_view(content).substr(at, 50'000)));
    }
    meant_[key].push_back(content);
    if ((*pending)->Commit()) Promise(key, content);
  }
  void Abandon(const std::string& key, const std::string& content) {
    auto pending = store_->Create(key);
    ASSERT_TRUE((*pending)->Write(content));
  }
  void Remove(const std::string& key) {
    steps_.push_back({.released_key = key});
    ASSERT_TRUE(store_->Remove(key));
    Promise(key, std::nullopt);
  }

  // Crashes after each step in turn; returns what is wrong, the first thing only. `forget` names
  // steps that did not happen.
  std::string Check(const std::function<bool(const Step&)>& forget = nullptr) const {
    ModelDisk disk(root_);
    std::map<std::string, std::optional<std::string>> promised;
    for (size_t i = 0; i < steps_.size(); ++i) {
      const Step& step = steps_[i];
      if (step.promised_key) {
        promised[*step.promised_key] = step.promised;
      } else if (step.released_key) {
        promised.erase(*step.released_key);
      } else if (!forget || !forget(step)) {
        disk.Apply(step.call, step.written);
      }
      const std::string fault = Compare(disk, promised);
      if (!fault.empty()) return "step " + std::to_string(i) + ": " + fault;
    }
    return "";
  }
  const std::vector<Step>& steps() const { return steps_; }

 private:
  void Promise(const std::string& key, std::optional<std::string> content) {
    steps_.push_back({.promised_key = key, .promised = std::move(content)});
  }

  std::string Compare(const ModelDisk& disk,
                      const std::map<std::string, std::optional<std::string>>& promised) const {
    const Tree least = disk.AfterLosingNames();
    for (const Tree& tree : {least, disk.AfterKeepingNames()}) {
      for (const auto& [key, content] : tree) {
        const auto meant = meant_.find(key);
        if (meant == meant_.end()) return "never committed, but there: " + key;
        if (!content || std::find(meant->second.begin(), meant->second.end(), *content) ==
                            meant->second.end()) {
          return "half-written: " + key;
        }
      }
    }
    for (const auto& [key, content] : promised) {
      const auto found = least.find(key);
      if (found == least.end() ? content.has_value() : found->second != content) {
        return "not as promised: " + key;
      }
    }
    return "";
  }

  std::vector<Step> steps_;
  std::map<std::string, std::vector<std::string>> meant_;
  SystemCallTap tap_;
  ino_t root_ = 0;
  std::unique_ptr<DirectoryStore> store_;
};

void Play(Scenario& scenario) {
  scenario.Put("date=2026-11-23/14/a", "one");
  scenario.Put("date=2026-11-23/14/b", std::string(200'000, 'b'));  // several writes
  scenario.Put("date=2026-11-23/14/events/c", "two");
  scenario.Put("date=2026-11-23/15/d", "");
  scenario.Abandon("date=2026-11-23/15/never", "never");
  scenario.Put("date=2026-11-23/14/a", "another");  // a conflict
  scenario.Put("date=2026-11-23/14/a", "one");      // exists
  scenario.Remove("date=2026-11-23/14/b");
  scenario.Put("top", "three");
}

TEST(DirectoryDurability, WhatIsCommittedSurvivesACrashAnywhereAndNothingElseShows) {
  const TestFolder folder;
  Scenario scenario(folder.path());
  Play(scenario);
  EXPECT_EQ(scenario.Check(), "");
  EXPECT_GE(scenario.steps().size(), 60U);
}

TEST(DirectoryDurability, TheModelNoticesWhenSyncsAreLeftOut) {
  const TestFolder folder;
  Scenario scenario(folder.path());
  Play(scenario);
  std::map<ino_t, bool> is_file;
  for (const Step& step : scenario.steps()) {
    if (step.call.name == Name::kCreate) is_file[step.call.file] = true;
    if (step.call.name == Name::kMakeFolder) is_file[step.call.file] = false;
  }
  const auto forgets = [&](bool files) {
    return [&is_file, files](const Step& step) {
      return step.call.name == Name::kSync && is_file[step.call.file] == files;
    };
  };
  EXPECT_NE(scenario.Check(forgets(true)), "");
  EXPECT_NE(scenario.Check(forgets(false)), "");
  // The last sync of all is the one that "top" needs, and each file is synced once: without any of
  // those the model objects.
  int noticed = 0;
  for (size_t i = 0; i < scenario.steps().size(); ++i) {
    const Step* const left_out = &scenario.steps()[i];
    if (left_out->call.name != Name::kSync) continue;
    noticed += scenario.Check([&](const Step& step) { return &step == left_out; }).empty() ? 0 : 1;
  }
  EXPECT_GE(noticed, 9);
}

TEST(DirectoryDurability, ADeadProcesssUnsyncedFolderAndNameAreMadeDurable) {
  const TestFolder folder;
  Scenario scenario(folder.path());
  const int root = ::open(folder.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  ASSERT_EQ(::mkdirat(root, "hour", 0777), 0);  // and died before it synced its parent
  scenario.Put("hour/a", "one");
  EXPECT_EQ(scenario.Check(), "");
  // Another died between writing its object and syncing anything of it.
  const int hour = ::openat(root, "hour", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const int file = ::openat(hour, "b", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  ASSERT_EQ(::write(file, "two", 3), 3);
  ::close(file);
  ::close(hour);
  ::close(root);
  const size_t before = scenario.steps().size();
  scenario.Put("hour/b", "two");
  size_t syncs = 0;
  for (size_t i = before; i < scenario.steps().size(); ++i) {
    syncs += scenario.steps()[i].call.name == Name::kSync ? 1 : 0;
  }
  EXPECT_EQ(syncs, 4U) << "the temporary file, the root, the object that existed, its folder";
}

// Who made it may have died before its name was on the disk, and what stands in it would go with
// it.
TEST(DirectoryDurability, AStoresFolderThatExistsIsSyncedIntoItsParent) {
  const TestFolder folder;
  struct stat parent;
  ASSERT_EQ(::stat(folder.path().c_str(), &parent), 0);
  ASSERT_EQ(::mkdir((folder.path() + "/raw").c_str(), 0777), 0);
  std::set<ino_t> synced;
  const SystemCallTap tap({}, [&](const SystemCall& call) {
    if (call.name == Name::kSync) synced.insert(call.file);
  });
  ASSERT_TRUE(DirectoryStore::At(folder.path() + "/raw"));
  EXPECT_TRUE(synced.contains(parent.st_ino));
}

// Every system call of a commit fails in turn, with every error that a disk has.
class FailingDisk : public ::testing::TestWithParam<int> {};

TEST_P(FailingDisk, NothingIsHalfVisibleAndTheNextTryWorks) {
  const std::string key = "date=2026-11-23/14/k", content(200'000, 'c');
  const auto put = [&](ObjectStore& store) -> Result<PendingObject::Committed> {
    SLUICE_ASSIGN(const auto pending, store.Create(key));
    SLUICE_TRY(pending->Write(content));
    SLUICE_TRY(pending->Write("end"));
    return pending->Commit();
  };
  const bool is_shortage = GetParam() == ENOSPC || GetParam() == EDQUOT || GetParam() == EMFILE;
  int failures = 0, unknown = 0;
  for (int n = 1;; ++n) {
    const TestFolder folder;
    const auto store = DirectoryStore::At(folder.path()).value();
    int calls = 0;
    std::optional<Result<PendingObject::Committed>> first;
    {
      const SystemCallTap failing(
          [&](Name name) { return name != Name::kUnlink && ++calls == n ? GetParam() : 0; },
          nullptr);
      first = put(*store);
    }
    if (calls < n) {
      EXPECT_TRUE(*first) << first->error().message();
      break;
    }
    ASSERT_FALSE(*first) << "call " << n;
    ++failures;
    const Error& error = first->error();
    EXPECT_NE(error.message().find(folder.path()), std::string::npos) << error.message();
    if (error.kind() == ErrorKind::kOutcomeUnknown) {
      ++unknown;
      EXPECT_TRUE(store->Stat(key)) << "visible whole, perhaps not durable";
    } else {
      EXPECT_EQ(error.kind(), is_shortage ? ErrorKind::kTransient : ErrorKind::kPermanent)
          << error.message();
      EXPECT_EQ(store->Stat(key).error().kind(), ErrorKind::kNotFound);
    }
    const std::string temporaries = folder.path() + "/.tmp";
    EXPECT_TRUE(!std::filesystem::exists(temporaries) || std::filesystem::is_empty(temporaries));
    const auto again = put(*store);
    ASSERT_TRUE(again) << again.error().message();
    EXPECT_EQ(again->existed, error.kind() == ErrorKind::kOutcomeUnknown);
    EXPECT_EQ(store->Stat(key)->size.count, content.size() + 3);
  }
  EXPECT_GE(failures, 15);
  EXPECT_EQ(unknown, 1) << "only the sync of the folder after the link";
}

INSTANTIATE_TEST_SUITE_P(Errors, FailingDisk,
                         ::testing::Values(ENOSPC, EDQUOT, EMFILE, EIO, EROFS, EACCES),
                         [](const auto& error) {
                           return std::string(strerrorname_np(error.param));
                         });

TEST(FailingDisk, SignalsAndShortWritesChangeNothing) {
  const TestFolder folder;
  const auto store = DirectoryStore::At(folder.path()).value();
  bool interrupt = false;
  SystemCallTap tap(
      [&](Name name) {
        interrupt = !interrupt;
        const bool may_be = name == Name::kWrite || name == Name::kSync || name == Name::kOpen;
        return may_be && interrupt ? EINTR : 0;
      },
      nullptr);
  tap.longest_write = 1000;
  auto pending = store->Create("a/k");
  ASSERT_TRUE(pending && (*pending)->Write(std::string(100'001, 'x')));
  const auto committed = (*pending)->Commit();
  ASSERT_TRUE(committed) << committed.error().message();
  EXPECT_EQ(store->Stat("a/k")->size.count, 100'001U);
  EXPECT_EQ(store->Stat("a/k")->etag, committed->info.etag);
}

TEST(FailingDisk, AfterAFailedWriteNothingCanBeCommitted) {
  const TestFolder folder;
  const auto store = DirectoryStore::At(folder.path()).value();
  auto pending = store->Create("k");
  ASSERT_TRUE(pending);
  {
    const SystemCallTap full([](Name name) { return name == Name::kWrite ? ENOSPC : 0; }, nullptr);
    EXPECT_EQ((*pending)->Write(std::string(100'000, 'x')).error().kind(), ErrorKind::kTransient);
  }
  EXPECT_FALSE((*pending)->Write("more"));
  const auto committed = (*pending)->Commit();
  ASSERT_FALSE(committed);
  EXPECT_NE(committed.error().message().find("free space"), std::string::npos);
  EXPECT_FALSE(store->Stat("k"));
}

TEST(FailingDisk, AFailedListingIsAnErrorNotAShortPage) {
  const TestFolder folder;
  const auto store = DirectoryStore::At(folder.path()).value();
  for (const char* key : {"a/1", "b/2"}) {
    auto pending = store->Create(key);
    ASSERT_TRUE(pending && (*pending)->Commit());
  }
  for (int n = 1;; ++n) {
    int calls = 0;
    const SystemCallTap failing([&](Name) { return ++calls == n ? EACCES : 0; }, nullptr);
    const auto page = store->List("", "", 10);
    if (calls < n) {
      EXPECT_EQ(page->objects.size(), 2U);
      break;
    }
    EXPECT_FALSE(page) << n;
  }
}

}  // namespace
}  // namespace sluice
