// SPDX-License-Identifier: Apache-2.0
// The Parquet store beside what the ledger names of it, in many pages.
#include "sluice/operate/orphans.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace sluice {
namespace {

// Keys by their number, as many in a page as are asked for.
class ListedParquet : public ObjectStore {
 public:
  std::set<std::string> keys;

  const std::string& uri() const override { return uri_; }
  Result<ListPage> List(std::string_view, std::string_view after, size_t limit) override {
    ListPage page;
    for (auto key = keys.upper_bound(std::string(after)); key != keys.end(); ++key) {
      if (page.objects.size() == limit) {
        page.next = page.objects.back().key;
        break;
      }
      page.objects.push_back({.key = *key, .size = {1}, .etag = "", .last_modified = {}});
    }
    return page;
  }
  Result<std::unique_ptr<PendingObject>> Create(const std::string&) override { return No(); }
  Result<std::unique_ptr<ObjectReader>> Open(const std::string&) override { return No(); }
  Result<std::unique_ptr<RandomAccess>> OpenRandom(const std::string&) override { return No(); }
  Result<ObjectInfo> Stat(const std::string&) override { return No(); }
  Status Remove(const std::string&) override { return No(); }

 private:
  static std::unexpected<Error> No() { return Fail(ErrorKind::kPermanent, "it only lists"); }
  const std::string uri_ = "s3://parquet/";
};

FilePages PagesOf(const std::set<std::string>& named) {
  return [&named](const std::string& after, size_t limit) -> Result<std::vector<std::string>> {
    std::vector<std::string> page;
    for (auto key = named.upper_bound(after); key != named.end() && page.size() < limit; ++key) {
      page.push_back(*key);
    }
    return page;
  };
}

TEST(ParquetWalk, EveryKeyOfManyPagesComesOnceWithWhatIsKnownOfIt) {
  ListedParquet store;
  std::set<std::string> named;
  constexpr int kKeys = 60'000;
  for (int i = 0; i < kKeys; ++i) {
    const std::string key = fmt::format("k{:06}", i);
    if (i % 3 != 0 || i > 50'000) store.keys.insert(key);
    if (i % 2 == 0 && i < 55'000) named.insert(key);
  }
  ParquetWalk walk(store, PagesOf(named));
  std::set<std::string> all = store.keys;
  all.insert(named.begin(), named.end());
  for (const std::string& key : all) {
    const auto state = walk.Next();
    ASSERT_TRUE(state) << state.error().message();
    ASSERT_TRUE(*state) << key;
    ASSERT_EQ((*state)->key, key);
    ASSERT_EQ((*state)->stored.has_value(), store.keys.contains(key)) << key;
    ASSERT_EQ((*state)->is_named, named.contains(key)) << key;
  }
  EXPECT_FALSE(*walk.Next());
  EXPECT_FALSE(*walk.Next());
}

TEST(ParquetWalk, OfHoursNothingElseComes) {
  ListedParquet store;
  std::set<std::string> named;
  for (int day = 20; day < 23; ++day) {
    for (int hour = 0; hour < 24; ++hour) {
      const std::string folder = fmt::format("date=2026-11-{}/{:02}/", day, hour);
      store.keys.insert(folder + "t/a");
      named.insert(folder + "t/b");
    }
  }
  named.insert("date=2026-11-21/00.not/an/hour");
  const Timestamp day = std::chrono::sys_days(std::chrono::year(2026) / 11 / 21);
  ParquetWalk walk(store, PagesOf(named),
                   HourRange{day - std::chrono::hours(1), day + std::chrono::hours(2)});
  std::vector<std::string> found;
  while (true) {
    const auto state = walk.Next();
    ASSERT_TRUE(state) << state.error().message();
    if (!*state) break;
    found.push_back((*state)->key);
  }
  EXPECT_THAT(found, testing::ElementsAre("date=2026-11-20/23/t/a", "date=2026-11-20/23/t/b",
                                          "date=2026-11-21/00.not/an/hour",
                                          "date=2026-11-21/00/t/a", "date=2026-11-21/00/t/b",
                                          "date=2026-11-21/01/t/a", "date=2026-11-21/01/t/b"));
}

// Else what is named would be taken for an orphan.
TEST(ParquetWalk, FilesInAnotherOrderAreAnError) {
  ListedParquet store;
  store.keys = {"a", "b"};
  ParquetWalk walk(store, [](const std::string&, size_t) -> Result<std::vector<std::string>> {
    return std::vector<std::string>{"b", "a"};
  });
  const auto state = walk.Next();
  ASSERT_FALSE(state);
  EXPECT_THAT(state.error().message(), testing::HasSubstr("order of their bytes"));
}

}  // namespace
}  // namespace sluice
