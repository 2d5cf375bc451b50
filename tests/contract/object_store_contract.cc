// SPDX-License-Identifier: Apache-2.0
#include "tests/contract/object_store_contract.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <barrier>
#include <thread>

#include "sluice/object/object_names.h"

namespace sluice {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Result<PendingObject::Committed> ObjectStoreContract::Put(ObjectStore& store,
                                                          const std::string& key,
                                                          std::string_view content) {
  SLUICE_ASSIGN(const std::unique_ptr<PendingObject> pending, store.Create(key));
  SLUICE_TRY(pending->Write(content));
  return pending->Commit();
}

Result<std::string> ObjectStoreContract::Get(ObjectStore& store, const std::string& key,
                                             size_t piece) {
  SLUICE_ASSIGN(const std::unique_ptr<ObjectReader> reader, store.Open(key));
  std::string content;
  std::vector<char> buffer(piece);
  for (;;) {
    SLUICE_ASSIGN(const size_t n, reader->Read(buffer));
    if (n == 0) return content;
    content.append(buffer.data(), n);
  }
}

std::vector<std::string> ObjectStoreContract::ListAll(std::string_view prefix, size_t limit) {
  std::vector<std::string> keys;
  std::string after;
  for (;;) {
    const auto page = store_->List(prefix, after, limit);
    EXPECT_TRUE(page) << page.error().message();
    if (!page) return keys;
    EXPECT_LE(page->objects.size(), limit);
    for (const ObjectInfo& object : page->objects) {
      EXPECT_LT(after, object.key);
      after = object.key;
      keys.push_back(object.key);
    }
    if (!page->next) return keys;
    after = *page->next;
  }
}

namespace {

// What Commit answers may be the committer's own time.
constexpr std::chrono::seconds kTimeOfCommit(60);

std::string Patterned(size_t size) {
  std::string content(size, '\0');
  for (size_t i = 0; i < size; ++i) content[i] = static_cast<char>((i * 2654435761U) >> 13);
  return content;
}

template <typename T>
ErrorKind KindOf(const Result<T>& result) {
  EXPECT_FALSE(result);
  return result ? ErrorKind::kOutcomeUnknown : result.error().kind();
}

}  // namespace

TEST_P(ObjectStoreContract, AnObjectReadsBackAsItWasWritten) {
  for (const size_t size : {0, 1, 4095, 4096, 70'000, 3'000'000, 12'000'000}) {
    const std::string key = "date=2026-11-23/14/size-" + std::to_string(size);
    const std::string content = Patterned(size);
    const auto put = Put(*store_, key, content);
    ASSERT_TRUE(put) << put.error().message();
    EXPECT_FALSE(put->existed);
    EXPECT_EQ(put->info.key, key);
    EXPECT_EQ(put->info.size.count, size);
    EXPECT_EQ(Get(*store_, key, 1000), content);
    EXPECT_EQ(Get(*place_->Open(), key, 1 << 20), content);  // another handle sees it too
  }
}

TEST_P(ObjectStoreContract, PiecesOfAnySizeMakeOneObject) {
  const std::string content = Patterned(300'000);
  auto pending = store_->Create("pieces");
  ASSERT_TRUE(pending);
  size_t at = 0;
  for (size_t piece = 0; at < content.size(); piece = piece * 3 + 1) {
    ASSERT_TRUE((*pending)->Write(std::string_view(content).substr(at, piece)));
    at += piece;
  }
  ASSERT_TRUE((*pending)->Commit());
  EXPECT_EQ(Get(*store_, "pieces"), content);
}

TEST_P(ObjectStoreContract, CommitOpenAndStatAgreeOnTheObject) {
  const auto put = Put(*store_, "a/b", "content");
  ASSERT_TRUE(put);
  const auto stat = store_->Stat("a/b");
  const auto reader = store_->Open("a/b");
  ASSERT_TRUE(stat && reader);
  EXPECT_FALSE(put->info.etag.empty());
  EXPECT_EQ(put->info.etag.find('"'), std::string::npos);
  for (const ObjectInfo& info : {*stat, (*reader)->info()}) {
    EXPECT_EQ(info.key, "a/b");
    EXPECT_EQ(info.size.count, 7U);
    EXPECT_EQ(info.etag, put->info.etag);
    EXPECT_LE(std::chrono::abs(info.last_modified - put->info.last_modified), kTimeOfCommit);
  }
  const auto other = Put(*store_, "a/c", "Content");
  ASSERT_TRUE(other);
  EXPECT_NE(other->info.etag, put->info.etag);
}

TEST_P(ObjectStoreContract, NothingIsVisibleBeforeCommit) {
  auto pending = store_->Create("date=2026-11-23/14/half");
  ASSERT_TRUE(pending);
  ASSERT_TRUE((*pending)->Write(Patterned(1'000'000)));
  EXPECT_EQ(KindOf(store_->Open("date=2026-11-23/14/half")), ErrorKind::kNotFound);
  EXPECT_EQ(KindOf(store_->OpenRandom("date=2026-11-23/14/half")), ErrorKind::kNotFound);
  EXPECT_EQ(KindOf(store_->Stat("date=2026-11-23/14/half")), ErrorKind::kNotFound);
  EXPECT_THAT(ListAll("", 10), IsEmpty());
}

TEST_P(ObjectStoreContract, AnObjectDestroyedWithoutCommitLeavesNothing) {
  {
    auto pending = store_->Create("gone");
    ASSERT_TRUE(pending);
    ASSERT_TRUE((*pending)->Write(Patterned(1'000'000)));
  }
  EXPECT_EQ(KindOf(store_->Stat("gone")), ErrorKind::kNotFound);
  EXPECT_THAT(ListAll("", 10), IsEmpty());
  EXPECT_TRUE(Put(*store_, "gone", "another")) << "the key is free";
}

TEST_P(ObjectStoreContract, TheSameContentAgainIsNoConflict) {
  const auto first = Put(*store_, "k", "content");
  const auto stat = store_->Stat("k");
  const auto second = Put(*store_, "k", "content");
  ASSERT_TRUE(first && stat && second);
  EXPECT_FALSE(first->existed);
  EXPECT_TRUE(second->existed);
  EXPECT_EQ(second->info.etag, first->info.etag);
  EXPECT_EQ(second->info.last_modified, stat->last_modified) << "nothing was written";
}

TEST_P(ObjectStoreContract, OtherContentIsAConflictAndTheFirstStays) {
  ASSERT_TRUE(Put(*store_, "k", "content"));
  for (const std::string_view other : {"Content", "", "content, and more", "conten"}) {
    EXPECT_EQ(KindOf(Put(*store_, "k", other)), ErrorKind::kConflict) << other;
  }
  EXPECT_EQ(Get(*store_, "k"), "content");
}

TEST_P(ObjectStoreContract, OfRacingCreatorsExactlyOneWins) {
  constexpr int kRacers = 8, kRounds = 20;
  for (int round = 0; round < kRounds; ++round) {
    const bool same = round % 2 == 0;
    const std::string key = "race/" + std::to_string(round);
    std::atomic<int> created = 0, existed = 0, conflicts = 0;
    std::barrier start(kRacers);
    std::vector<std::thread> racers;
    for (int i = 0; i < kRacers; ++i) {
      racers.emplace_back([&, i] {
        const auto store = place_->Open();
        auto pending = store->Create(key);
        const bool ready = pending && (*pending)->Write(Patterned(5000 + (same ? 0 : i)));
        start.arrive_and_wait();
        ASSERT_TRUE(ready);
        const auto committed = (*pending)->Commit();
        if (committed) ++(committed->existed ? existed : created);
        if (!committed && committed.error().kind() == ErrorKind::kConflict) ++conflicts;
      });
    }
    for (std::thread& racer : racers) racer.join();
    EXPECT_EQ(created, 1);
    EXPECT_EQ(existed, same ? kRacers - 1 : 0);
    EXPECT_EQ(conflicts, same ? 0 : kRacers - 1);
  }
}

TEST_P(ObjectStoreContract, AReaderAtTheEndStaysThere) {
  ASSERT_TRUE(Put(*store_, "k", "abc"));
  auto reader = store_->Open("k");
  ASSERT_TRUE(reader);
  char buffer[8];
  EXPECT_EQ((*reader)->Read(buffer), 3U);
  for (int i = 0; i < 3; ++i) EXPECT_EQ((*reader)->Read(buffer), 0U);
}

TEST_P(ObjectStoreContract, AReaderMayBeLeftInTheMiddle) {
  ASSERT_TRUE(Put(*store_, "k", Patterned(1'000'000)));
  {
    auto reader = store_->Open("k");
    char buffer[10];
    ASSERT_TRUE(reader && (*reader)->Read(buffer));
  }
  EXPECT_EQ(Get(*store_, "k"), Patterned(1'000'000));
}

TEST_P(ObjectStoreContract, RandomAccessReadsAnyRangeAndNothingPastTheEnd) {
  const std::string content = Patterned(100'000);
  ASSERT_TRUE(Put(*store_, "k", content));
  const auto access = store_->OpenRandom("k");
  ASSERT_TRUE(access);
  EXPECT_EQ((*access)->size().count, content.size());
  for (const size_t offset : {0, 1, 50'000, 99'999, 100'000}) {
    std::string got(std::min<size_t>(777, content.size() - offset), '?');
    ASSERT_TRUE((*access)->ReadAt(offset, got));
    EXPECT_EQ(got, content.substr(offset, got.size()));
  }
  char two[2];
  EXPECT_FALSE((*access)->ReadAt(99'999, two));
  EXPECT_FALSE((*access)->ReadAt(UINT64_MAX, two));
  EXPECT_FALSE((*access)->ReadAt(UINT64_MAX - 1, two));
}

TEST_P(ObjectStoreContract, WhatDoesNotExistIsNotFoundAndRemovesWithoutAnError) {
  ASSERT_TRUE(Put(*store_, "a/b/c", "content"));
  for (const char* key : {"x", "a", "a/b", "a/b/x", "a/b/c/d", "x/y/z"}) {
    EXPECT_EQ(KindOf(store_->Open(key)), ErrorKind::kNotFound) << key;
    EXPECT_EQ(KindOf(store_->OpenRandom(key)), ErrorKind::kNotFound) << key;
    EXPECT_EQ(KindOf(store_->Stat(key)), ErrorKind::kNotFound) << key;
    EXPECT_TRUE(store_->Remove(key)) << key;
  }
  EXPECT_EQ(Get(*store_, "a/b/c"), "content");
}

TEST_P(ObjectStoreContract, ARemovedKeyIsFreeAgain) {
  ASSERT_TRUE(Put(*store_, "a/k", "one"));
  ASSERT_TRUE(Put(*store_, "a/l", "stays"));
  ASSERT_TRUE(store_->Remove("a/k"));
  EXPECT_EQ(KindOf(store_->Stat("a/k")), ErrorKind::kNotFound);
  EXPECT_THAT(ListAll("", 10), ElementsAre("a/l"));
  ASSERT_TRUE(Put(*store_, "a/k", "two"));
  EXPECT_EQ(Get(*store_, "a/k"), "two");
}

TEST_P(ObjectStoreContract, KeysThatAreNoneTouchNothing) {
  const std::string too_long(place_->longest_key() + 1, 'k');
  for (const std::string& key :
       {std::string(), std::string("/"), std::string("/etc/passwd"), std::string("a/"),
        std::string("a//b"), std::string("."), std::string(".."), std::string("../x"),
        std::string("a/../../x"), std::string("a/./b"), std::string("a/.."), too_long,
        std::string("nul\0byte", 8), std::string("line\nend"), std::string("del\x7F"),
        std::string("\xFF\xFE"), std::string("over\xC0\xAFlong"), std::string("\xED\xA0\x80")}) {
    EXPECT_EQ(KindOf(store_->Create(key)), ErrorKind::kPermanent) << key;
    EXPECT_EQ(KindOf(store_->Open(key)), ErrorKind::kPermanent) << key;
    EXPECT_EQ(KindOf(store_->OpenRandom(key)), ErrorKind::kPermanent) << key;
    EXPECT_EQ(KindOf(store_->Stat(key)), ErrorKind::kPermanent) << key;
    EXPECT_EQ(KindOf(store_->Remove(key)), ErrorKind::kPermanent) << key;
  }
  EXPECT_THAT(ListAll("", 10), IsEmpty());
}

TEST_P(ObjectStoreContract, UnusualKeysAreFine) {
  std::string longest;  // in parts of at most 128
  while (longest.size() < place_->longest_key() - 1)
    longest += (longest.size() % 128 == 127) ? '/' : 'k';
  longest += 'k';
  std::vector<std::string> keys = {"a b+c=d%2F&e",  "date=2026-11-23/14/über/日本語/🙂",
                                   "a\\b",          "~",
                                   "quote'\"quote", "a;b*c?d[e]",
                                   "x..y",          "-rf",
                                   longest};
  for (const std::string& key : keys) {
    ASSERT_TRUE(Put(*store_, key, key)) << key;
    EXPECT_EQ(Get(*store_, key), key);
  }
  std::sort(keys.begin(), keys.end());
  EXPECT_EQ(ListAll("", 3), keys);
}

TEST_P(ObjectStoreContract, ListingIsInByteOrderOfWholeKeys) {
  // '-' and '.' come before '/', '0' and letters behind it, so folders sort among files.
  const std::vector<std::string> keys = {"a!",   "a-", "a-b",  "a.b", "a/a", "a/b/c", "a/b0",
                                         "a/b_", "a0", "a1/x", "aa",  "b",   "z/z/z", "Ä"};
  std::vector<std::string> sorted = keys;
  std::sort(sorted.begin(), sorted.end());
  for (auto key = keys.rbegin(); key != keys.rend(); ++key) ASSERT_TRUE(Put(*store_, *key, *key));
  for (const size_t limit : {1, 2, 3, 5, 14, 1000}) {
    if (limit < keys.size() && !place_->pages_folders_among_files()) continue;
    EXPECT_EQ(ListAll("", limit), sorted) << limit;
  }
}

TEST_P(ObjectStoreContract, APrefixIsOfBytesNotOfFolders) {
  for (const char* key : {"date=2026-11-23/14/a", "date=2026-11-23/15/b", "date=2026-11-24/01/c",
                          "date=2026-12-01/00/d", "other"}) {
    ASSERT_TRUE(Put(*store_, key, "x"));
  }
  EXPECT_THAT(ListAll("date=2026-11-2", 10),
              ElementsAre("date=2026-11-23/14/a", "date=2026-11-23/15/b", "date=2026-11-24/01/c"));
  EXPECT_THAT(ListAll("date=2026-11-23/", 1),
              ElementsAre("date=2026-11-23/14/a", "date=2026-11-23/15/b"));
  EXPECT_THAT(ListAll("date=2026-11-23/14/a", 10), ElementsAre("date=2026-11-23/14/a"));
  EXPECT_THAT(ListAll("date=2026-11-23/14/a/", 10), IsEmpty());
  EXPECT_THAT(ListAll("date=2026-11-23/14/ab", 10), IsEmpty());
  EXPECT_THAT(ListAll("o", 10), ElementsAre("other"));
  for (const std::string_view nowhere :
       {"x", "date=2026-11-25/", "/", "../", "date=2026-11-23//", "./"}) {
    if (!place_->takes_any_prefix() && !CheckKey(nowhere.substr(0, nowhere.size() - 1))) continue;
    EXPECT_THAT(ListAll(nowhere, 10), IsEmpty()) << nowhere;
  }
}

TEST_P(ObjectStoreContract, ListingResumesAfterAnyPlace) {
  for (const char* key : {"a/1", "a/2", "b/1", "b/2", "c"}) ASSERT_TRUE(Put(*store_, key, "x"));
  const auto keys_after = [&](std::string_view prefix, std::string_view after) {
    std::vector<std::string> keys;
    const auto page = store_->List(prefix, after, 100);
    EXPECT_TRUE(page);
    if (page) {
      for (const ObjectInfo& object : page->objects) keys.push_back(object.key);
    }
    return keys;
  };
  EXPECT_THAT(keys_after("", "a/1"), ElementsAre("a/2", "b/1", "b/2", "c"));
  EXPECT_THAT(keys_after("", "a/15"), ElementsAre("a/2", "b/1", "b/2", "c"));  // no such key
  EXPECT_THAT(keys_after("", "a/"), ElementsAre("a/1", "a/2", "b/1", "b/2", "c"));
  EXPECT_THAT(keys_after("", "a0"), ElementsAre("b/1", "b/2", "c"));
  EXPECT_THAT(keys_after("b/", "a/2"), ElementsAre("b/1", "b/2"));
  EXPECT_THAT(keys_after("b/", "b/1"), ElementsAre("b/2"));
  EXPECT_THAT(keys_after("b/", "c"), IsEmpty());
  EXPECT_THAT(keys_after("", "zzz"), IsEmpty());
}

TEST_P(ObjectStoreContract, AListedObjectHasItsSizeAndTime) {
  const auto put = Put(*store_, "a/k", "content");
  ASSERT_TRUE(put);
  const auto page = store_->List("", "", 10);
  ASSERT_TRUE(page && page->objects.size() == 1);
  EXPECT_FALSE(page->next);
  EXPECT_EQ(page->objects[0].size.count, 7U);
  EXPECT_LE(std::chrono::abs(page->objects[0].last_modified - put->info.last_modified),
            kTimeOfCommit);
  const std::string& etag = page->objects[0].etag;
  EXPECT_TRUE(etag.empty() || etag == put->info.etag);
}

TEST_P(ObjectStoreContract, ManyKeysInPagesAreTheSortedSet) {
  std::vector<std::string> keys;
  for (int i = 0; i < place_->many(); ++i) {
    // Scattered, in three levels and one.
    const unsigned n = static_cast<unsigned>(i) * 2654435761U;
    keys.push_back(i % 4 == 0 ? "flat-" + std::to_string(n)
                              : "date=" + std::to_string(n % 7) + "/" + std::to_string(n % 24) +
                                    "/" + std::to_string(n));
    ASSERT_TRUE(Put(*store_, keys.back(), ""));
  }
  std::sort(keys.begin(), keys.end());
  EXPECT_EQ(ListAll("", 1000), keys);
  EXPECT_EQ(ListAll("", 777), keys);
  std::erase_if(keys, [](const std::string& key) { return !key.starts_with("date=3/1"); });
  EXPECT_EQ(ListAll("date=3/1", 100), keys);
}

TEST_P(ObjectStoreContract, TheUriNamesThePlaceForEveryHandle) {
  EXPECT_TRUE(store_->uri().ends_with('/'));
  EXPECT_NE(store_->uri().find("://"), std::string::npos);
  EXPECT_EQ(place_->Open()->uri(), store_->uri());
}

}  // namespace sluice
