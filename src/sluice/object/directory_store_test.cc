// SPDX-License-Identifier: Apache-2.0
#include "sluice/object/directory_store.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "sluice/base/hash.h"
#include "sluice/base/test_folder.h"
#include "tests/contract/object_store_contract.h"

namespace sluice {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class DirectoryUnderTest : public StoreUnderTest {
 public:
  std::unique_ptr<ObjectStore> Open() override {
    return DirectoryStore::At(folder_.path() + "/store").value();
  }

 private:
  TestFolder folder_;
};

INSTANTIATE_TEST_SUITE_P(Directory, ObjectStoreContract,
                         ::testing::Values(StoreFactory{
                             "Directory", [] { return std::make_unique<DirectoryUnderTest>(); }}));

class DirectoryStoreTest : public ::testing::Test {
 protected:
  void WriteFile(const std::string& name, std::string_view content) const {
    std::ofstream(folder_.path() + "/" + name) << content;
  }
  Result<PendingObject::Committed> Put(const std::string& key, std::string_view content) const {
    SLUICE_ASSIGN(const auto pending, store_->Create(key));
    SLUICE_TRY(pending->Write(content));
    return pending->Commit();
  }
  std::vector<std::string> Keys(std::string_view prefix = "", size_t limit = 1000) const {
    std::vector<std::string> keys;
    const auto page = store_->List(prefix, "", limit);
    EXPECT_TRUE(page) << page.error().message();
    if (page) {
      for (const ObjectInfo& object : page->objects) keys.push_back(object.key);
    }
    return keys;
  }
  size_t Temporaries() const {
    size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path() + "/.tmp")) {
      count += entry.is_regular_file() ? 1 : 0;
    }
    return count;
  }

  const TestFolder folder_;
  const std::unique_ptr<DirectoryStore> store_ = DirectoryStore::At(folder_.path()).value();
};

TEST_F(DirectoryStoreTest, UriAndLocalPathAreAbsolute) {
  EXPECT_EQ(store_->uri(), "file://" + folder_.path() + "/");
  EXPECT_EQ(store_->LocalPath("a/b"), folder_.path() + "/a/b");
  const auto same = DirectoryStore::At(folder_.path() + "/x/.././/").value();
  EXPECT_EQ(same->uri(), store_->uri());
}

// Else a notification that was sent under one name would be foreign to who reads by the other.
TEST_F(DirectoryStoreTest, EveryWayToAFolderGivesOneUri) {
  const TestFolder elsewhere;
  std::filesystem::create_directory_symlink(folder_.path(), elsewhere.path() + "/link");
  EXPECT_EQ(DirectoryStore::At(elsewhere.path() + "/link").value()->uri(), store_->uri());
  EXPECT_EQ(DirectoryStore::At(elsewhere.path() + "/link/raw").value()->uri(),
            store_->uri() + "raw/");
}

// N6: an object counts as gone only where its store is there to say so.
TEST_F(DirectoryStoreTest, N6_AStoreThatIsGoneIsNotAMissingObject) {
  const std::string path = folder_.path() + "/store";
  const auto store = DirectoryStore::At(path).value();
  ASSERT_TRUE(store->Create("a/k").value()->Commit());
  EXPECT_EQ(store->Open("a/other").error().kind(), ErrorKind::kNotFound);
  std::filesystem::rename(path, path + ".away");
  ASSERT_TRUE(store->Open("a/k"));  // the folder is still open here
  std::filesystem::remove_all(path + ".away/a");
  EXPECT_EQ(store->Open("a/k").error().kind(), ErrorKind::kTransient);
  std::filesystem::create_directory(path);  // an empty mount point
  EXPECT_EQ(store->Open("a/k").error().kind(), ErrorKind::kTransient);
  EXPECT_EQ(store->Stat("a/k").error().kind(), ErrorKind::kTransient);
}

TEST_F(DirectoryStoreTest, MissingFoldersAreMade) {
  const auto store = DirectoryStore::At(folder_.path() + "/über/a b/c").value();
  EXPECT_TRUE(store->Create("k").value()->Commit());
  EXPECT_TRUE(std::filesystem::exists(folder_.path() + "/über/a b/c/k"));
}

TEST_F(DirectoryStoreTest, APlaceThatCannotBeAStoreIsAClearError) {
  WriteFile("file", "x");
  for (const std::string& path :
       {std::string(), folder_.path() + "/file", folder_.path() + "/file/below",
        folder_.path() + "/\xFF", folder_.path() + "/line\nend"}) {
    const auto store = DirectoryStore::At(path);
    ASSERT_FALSE(store) << path;
    EXPECT_EQ(store.error().kind(), ErrorKind::kPermanent);
  }
  EXPECT_THAT(DirectoryStore::At(folder_.path() + "/file").error().message(),
              HasSubstr("Not a directory"));
}

TEST_F(DirectoryStoreTest, TheEtagIsTheHashOfTheContent) {
  const auto put = Put("k", "content");
  ASSERT_TRUE(put);
  EXPECT_EQ(put->info.etag, ToHex(Sha256Of("content")));
  EXPECT_EQ(store_->Stat("k")->etag, put->info.etag);
  EXPECT_EQ(store_->List("", "", 10)->objects.at(0).etag, "");
}

TEST_F(DirectoryStoreTest, AKeyCannotBeAnObjectAndAFolderAtOnce) {
  ASSERT_TRUE(Put("a", "x"));
  ASSERT_TRUE(Put("b/c", "x"));
  for (const char* key : {"a/b", "a/b/c", "b"}) {
    const auto put = Put(key, "x");
    ASSERT_FALSE(put) << key;
    EXPECT_EQ(put.error().kind(), ErrorKind::kConflict);
  }
  EXPECT_THAT(Keys(), ElementsAre("a", "b/c"));
  EXPECT_EQ(Temporaries(), 0U);
}

TEST_F(DirectoryStoreTest, APartLongerThanAFileNameIsRefused) {
  EXPECT_TRUE(Put(std::string(255, 'k'), "x"));
  const auto put = Put("a/" + std::string(256, 'k') + "/b", "x");
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().kind(), ErrorKind::kPermanent);
  EXPECT_THAT(put.error().message(), HasSubstr("255 bytes"));
}

TEST_F(DirectoryStoreTest, HiddenFilesAreNoObjects) {
  std::filesystem::create_directories(folder_.path() + "/hour/.sub");
  for (const char* name : {"hour/.object.gz.X7ab", "hour/.sub/x", ".hidden", "hour/object.gz"}) {
    WriteFile(name, "x");
  }
  EXPECT_THAT(Keys(), ElementsAre("hour/object.gz"));
  EXPECT_THAT(Keys("hour/."), IsEmpty());
  for (const char* key : {".hidden", "hour/.sub/x", ".tmp/x", ".tmp"}) {
    EXPECT_EQ(store_->Stat(key).error().kind(), ErrorKind::kPermanent) << key;
    EXPECT_EQ(Put(key, "x").error().kind(), ErrorKind::kPermanent) << key;
  }
}

TEST_F(DirectoryStoreTest, NamesThatAreNoKeysAndThingsThatAreNoFilesAreNotListed) {
  WriteFile("\xFF\xFE", "x");
  WriteFile("line\nend", "x");
  ASSERT_EQ(::mkfifo((folder_.path() + "/pipe").c_str(), 0666), 0);
  std::filesystem::create_directories(folder_.path() + "/empty/folder");
  ASSERT_TRUE(Put("k", "x"));
  EXPECT_THAT(Keys(), ElementsAre("k"));
  EXPECT_EQ(store_->Open("pipe").error().kind(), ErrorKind::kNotFound) << "and it did not wait";
  EXPECT_EQ(Put("pipe", "x").error().kind(), ErrorKind::kConflict);
  EXPECT_TRUE(store_->Remove("pipe"));
  EXPECT_TRUE(std::filesystem::exists(folder_.path() + "/pipe"));
}

TEST_F(DirectoryStoreTest, SymbolicLinksNeverLeadOutside) {  // fault S11
  const TestFolder outside;
  std::ofstream(outside.path() + "/secret") << "secret";
  std::filesystem::create_directory_symlink(outside.path(), folder_.path() + "/out");
  std::filesystem::create_symlink(outside.path() + "/secret", folder_.path() + "/file");
  std::filesystem::create_symlink(outside.path() + "/new", folder_.path() + "/dangling");
  for (const char* key : {"out/secret", "file", "dangling"}) {
    const auto opened = store_->Open(key);
    ASSERT_FALSE(opened) << key;
    EXPECT_EQ(opened.error().kind(), ErrorKind::kPermanent);
    EXPECT_THAT(opened.error().message(), HasSubstr("symbolic link"));
    EXPECT_FALSE(store_->OpenRandom(key));
    EXPECT_FALSE(store_->Stat(key));
  }
  EXPECT_FALSE(Put("out/new", "x"));
  EXPECT_FALSE(Put("out/sub/new", "x"));
  EXPECT_EQ(Put("file", "secret").error().kind(), ErrorKind::kConflict);
  EXPECT_EQ(Put("dangling", "x").error().kind(), ErrorKind::kConflict);
  EXPECT_FALSE(store_->Remove("out/secret"));
  EXPECT_TRUE(store_->Remove("file"));
  EXPECT_THAT(Keys(), IsEmpty());
  EXPECT_FALSE(store_->List("out/", "", 10));
  size_t left = 0;
  for (const auto& entry : std::filesystem::directory_iterator(outside.path())) {
    EXPECT_EQ(entry.path().filename(), "secret");
    ++left;
  }
  EXPECT_EQ(left, 1U);
}

TEST_F(DirectoryStoreTest, ATemporaryFolderThatIsALinkIsRefused) {
  const TestFolder outside;
  std::ofstream(outside.path() + "/precious") << "x";
  std::filesystem::create_directory_symlink(outside.path(), folder_.path() + "/.tmp");
  EXPECT_FALSE(store_->Create("k"));
  EXPECT_TRUE(DirectoryStore::At(folder_.path()));
  EXPECT_TRUE(std::filesystem::exists(outside.path() + "/precious"));
}

TEST_F(DirectoryStoreTest, TemporaryNamesHoldNothingOfTheKey) {  // fault S11
  const auto pending = store_->Create("date=2026-11-23/14/key");
  ASSERT_TRUE(pending);
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path() + "/.tmp")) {
    EXPECT_EQ(entry.path().filename().string().size(), 26U);
    EXPECT_EQ(entry.path().filename().string().find("key"), std::string::npos);
  }
  EXPECT_EQ(Temporaries(), 1U);
}

TEST_F(DirectoryStoreTest, OnlyDeadProcessesLoseTheirTemporaryFiles) {
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const auto pending = DirectoryStore::At(folder_.path()).value()->Create("theirs");
    static_cast<void>(::write(ready[1], "x", 1));
    for (;;) ::pause();
  }
  char byte;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  auto mine = store_->Create("mine");
  ASSERT_TRUE(mine && (*mine)->Write("content"));
  ASSERT_TRUE(DirectoryStore::At(folder_.path()));
  EXPECT_EQ(Temporaries(), 2U) << "both live";
  ASSERT_EQ(::kill(child, SIGKILL), 0);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  ASSERT_TRUE(DirectoryStore::At(folder_.path()));
  EXPECT_EQ(Temporaries(), 1U) << "the child's is gone";
  EXPECT_TRUE((*mine)->Commit());
  EXPECT_EQ(Temporaries(), 0U);
  EXPECT_THAT(Keys(), ElementsAre("mine"));
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_F(DirectoryStoreTest, OfRacingProcessesExactlyOneCreates) {
  constexpr int kProcesses = 6, kKeys = 40;
  std::vector<pid_t> children;
  int start[2];
  ASSERT_EQ(::pipe(start), 0);
  for (int i = 0; i < kProcesses; ++i) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ::close(start[1]);
      char byte;
      static_cast<void>(::read(start[0], &byte, 1));  // until the parent closes its end
      int created = 0;
      for (int key = 0; key < kKeys; ++key) {
        const auto store = DirectoryStore::At(folder_.path()).value();  // cleans up, too
        auto pending = store->Create("race/" + std::to_string(key)).value();
        if (!pending->Write("by " + std::to_string(i))) ::_exit(101);
        const auto committed = pending->Commit();
        if (!committed && committed.error().kind() != ErrorKind::kConflict) ::_exit(102);
        created += committed ? 1 : 0;
      }
      ::_exit(created);
    }
    children.push_back(child);
  }
  ::close(start[0]);
  ::close(start[1]);
  int created = 0;
  for (const pid_t child : children) {
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status));
    ASSERT_LE(WEXITSTATUS(status), kKeys);
    created += WEXITSTATUS(status);
  }
  EXPECT_EQ(created, kKeys);
  EXPECT_EQ(Keys("race/").size(), static_cast<size_t>(kKeys));
  EXPECT_EQ(Temporaries(), 0U);
}

TEST_F(DirectoryStoreTest, AReaderKeepsItsVersionWhenTheFileIsReplaced) {
  ASSERT_TRUE(Put("k", std::string(100'000, 'a')));
  auto reader = store_->Open("k");
  ASSERT_TRUE(reader);
  std::vector<char> buffer(60'000);
  ASSERT_EQ((*reader)->Read(buffer), 60'000U);
  ASSERT_TRUE(store_->Remove("k"));
  ASSERT_TRUE(Put("k", std::string(100'000, 'b')));
  ASSERT_EQ((*reader)->Read(buffer), 40'000U);
  EXPECT_EQ(buffer[39'999], 'a');
  EXPECT_EQ((*reader)->Read(buffer), 0U);
}

TEST_F(DirectoryStoreTest, AFileThatIsChangedInPlaceFailsItsReader) {
  for (const char* change : {"longer", "shorter", "same size"}) {
    const std::string key = std::string("k-") + change, path = store_->LocalPath(key);
    ASSERT_TRUE(Put(key, "0123456789"));
    auto reader = store_->Open(key);
    char buffer[6];
    ASSERT_TRUE(reader && (*reader)->Read(buffer) == 6U);
    if (change[0] == 'l') std::ofstream(path, std::ios::app) << "more";
    if (change[0] == 's') std::filesystem::resize_file(path, change[1] == 'h' ? 7 : 10);
    if (change[1] == 'a') {
      std::ofstream(path) << "9876543210";
      std::filesystem::last_write_time(
          path, std::filesystem::file_time_type::clock::now() + std::chrono::seconds(5));
    }
    Result<size_t> n = 1;
    while (n && *n > 0) n = (*reader)->Read(buffer);
    ASSERT_FALSE(n) << change;
    EXPECT_EQ(n.error().kind(), ErrorKind::kTransient);
  }
}

TEST_F(DirectoryStoreTest, ListingManyEmptyFoldersStillFindsTheLastObject) {
  for (int i = 0; i < 50; ++i) {
    std::filesystem::create_directories(folder_.path() + "/e" + std::to_string(i) + "/f");
  }
  ASSERT_TRUE(Put("z/k", "x"));
  EXPECT_THAT(Keys("", 1), ElementsAre("z/k"));
  EXPECT_FALSE(store_->List("", "", 1)->next);
  EXPECT_THAT(Keys("", 0), ElementsAre("z/k")) << "a page holds at least one";
  EXPECT_THAT(Keys("", SIZE_MAX), ElementsAre("z/k"));
}

TEST_F(DirectoryStoreTest, DepthCostsNoDescriptors) {
  std::string deep;
  for (int i = 0; i < 500; ++i) deep += "a/";
  rlimit before;
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit few = before;
  few.rlim_cur = 40;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  const auto put = Put(deep + "k", "x");
  const auto keys = Keys();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_TRUE(put) << put.error().message();
  EXPECT_THAT(keys, ElementsAre(deep + "k"));
}

}  // namespace
}  // namespace sluice
