// SPDX-License-Identifier: Apache-2.0
#include "sluice/object/object_names.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace sluice {
namespace {

using namespace std::chrono_literals;

// 2026-11-23T14:15:02.5Z
const Timestamp kLanded =
    std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + 14h + 15min + 2s + 500ms;
const Timestamp kHour = std::chrono::floor<std::chrono::hours>(kLanded);

ObjectIdentity Identity(std::string key = "date=2026-11-23/14/20261123T141502Z-ID.ndjson.zst") {
  return {"file:///data/raw/", {std::move(key)}, "e3b0c442"};
}

TEST(CheckKey, AcceptsWhatObjectStoresHold) {
  for (const char* key : {"a", "a/b/c", "date=2026-11-23/14/N.ndjson.zst", "a b+c%2F", "...", "x..",
                          "ü/日本/🙂", "a\\b", "~", "'\"", "C:", "-"}) {
    EXPECT_TRUE(CheckKey(key)) << key;
  }
  EXPECT_TRUE(CheckKey(std::string(1024, 'k')));
}

TEST(CheckKey, RefusesWhatCouldLeaveTheStoreOrGarbleALog) {  // fault S11
  for (const std::string& key : {std::string(),
                                 std::string("/"),
                                 std::string("/a"),
                                 std::string("a/"),
                                 std::string("a//b"),
                                 std::string("."),
                                 std::string(".."),
                                 std::string("../a"),
                                 std::string("a/.."),
                                 std::string("a/../b"),
                                 std::string("./a"),
                                 std::string("a/."),
                                 std::string(1025, 'k'),
                                 std::string("\0", 1),
                                 std::string("a\0b", 3),
                                 std::string("a\nb"),
                                 std::string("\x1B[31m"),
                                 std::string("a\x7F"),
                                 std::string("\x80"),
                                 std::string("\xC3"),
                                 std::string("\xC0\xAE"),
                                 std::string("\xE0\x80\xAF"),
                                 std::string("\xED\xA0\x80"),
                                 std::string("\xF4\x90\x80\x80")}) {
    const Status status = CheckKey(key);
    ASSERT_FALSE(status) << key;
    EXPECT_EQ(status.error().kind(), ErrorKind::kPermanent);
    for (const char c : status.error().message()) EXPECT_GE(static_cast<unsigned char>(c), 0x20);
  }
}

TEST(ObjectIdentity, IsWrittenAsTheLedgerHoldsIt) {
  EXPECT_EQ(Identity("date=2026-11-23/14/N").ToText(),
            "file:///data/raw/date=2026-11-23/14/N#e3b0c442");
  EXPECT_GT(Identity().Id(), 0);
  EXPECT_EQ(Identity("date=2026-11-23/14/N").Id(), 4277175378230457186);
}

TEST(ObjectIdentity, DiffersWhereAnyPartDoes) {
  const ObjectIdentity identity = Identity("a#b");
  const ObjectIdentity shifted{"file:///data/raw/", {"a"}, "b#e3b0c442"};
  EXPECT_NE(identity.ToText(), shifted.ToText());
  EXPECT_NE(identity.Id(), shifted.Id());
  EXPECT_EQ(shifted.ToText(), "file:///data/raw/a#b%23e3b0c442");
}

TEST(RawObjectName, HoldsTheSecondOfLandingTheIdAndTheFormat) {
  EXPECT_EQ(RawObjectName(kLanded, "01ID", ".zst"), "20261123T141502Z-01ID.ndjson.zst");
  EXPECT_EQ(RawObjectName(kLanded, "01ID", ""), "20261123T141502Z-01ID.ndjson");
}

TEST(RawLayout, DefaultIsByDayAndHour) {
  EXPECT_EQ(RawLayout().text(), "date=%Y-%m-%d/%H/");
  EXPECT_EQ(RawLayout().KeyFor(kLanded, "N").text, "date=2026-11-23/14/N");
  EXPECT_EQ(RawLayout().HourOf({"date=2026-11-23/14/N"}), kHour);
}

TEST(RawLayout, EveryConversionIsWrittenAndReadBack) {
  const Timestamp early = std::chrono::sys_days(std::chrono::year(2026) / 2 / 3) + 4h + 5min;
  const struct {
    const char* layout;
    const char* key;
  } cases[] = {
      {"%Y/%m/%d/%H/", "2026/02/03/04/N"},
      {"y=%Y/m=%-m/d=%-d/h=%-H/", "y=2026/m=2/d=3/h=4/N"},
      {"%y%m%d%H%M/", "2602030405/N"},
      {"%Y/%j/%H/", "2026/034/04/N"},
      {"%Y-%m-%d/%j/%H/%M/", "2026-02-03/034/04/05/N"},
      {"100%%/%Y%m%dT%H/", "100%/20260203T04/N"},
      {"log-%d.%m.%Y-%H/", "log-03.02.2026-04/N"},
  };
  for (const auto& [text, key] : cases) {
    const auto layout = RawLayout::Parse(text);
    ASSERT_TRUE(layout) << text;
    EXPECT_EQ(layout->KeyFor(early, "N").text, key);
    EXPECT_EQ(layout->HourOf({key}), std::chrono::floor<std::chrono::hours>(early)) << text;
  }
}

TEST(RawLayout, WithoutAnHourItIsMidnight) {
  const auto layout = RawLayout::Parse("%Y/%m/%d/");
  ASSERT_TRUE(layout);
  EXPECT_EQ(layout->HourOf({"2026/11/23/sub/folder/x.gz"}),
            Timestamp(std::chrono::sys_days(std::chrono::year(2026) / 11 / 23)));
}

TEST(RawLayout, EveryHourOfTwentyYearsComesBack) {
  const auto bare = RawLayout::Parse("%Y/%-m/%-d/%-H/");
  const auto by_day_of_year = RawLayout::Parse("%y-%j-%H/");
  ASSERT_TRUE(bare && by_day_of_year);
  const Timestamp first = std::chrono::sys_days(std::chrono::year(2015) / 1 / 1);
  for (Timestamp hour = first; hour < first + std::chrono::years(20); hour += 7h) {
    const Timestamp whole = std::chrono::floor<std::chrono::hours>(hour);
    for (const RawLayout& layout : {RawLayout(), *bare, *by_day_of_year}) {
      ASSERT_EQ(layout.HourOf(layout.KeyFor(whole + 59min, "N")), whole) << layout.text();
    }
  }
}

TEST(RawLayout, ADifferentKeyDoesNotMatch) {
  for (const char* key : {"", "N", "date=2026-11-23", "date=2026-11-23/14", "date=2026-11-23/14/",
                          "date=2026-11-23/4/N", "date=2026-11-23/24/N", "date=2026-11-31/14/N",
                          "date=2026-02-29/14/N", "date=2026-13-01/00/N", "date=2026-00-01/00/N",
                          "date=0000-01-01/00/N", "date=26-11-23/14/N", "Date=2026-11-23/14/N",
                          "date=2026-11-23/-1/N", "date=2026-11-2a/14/N", "x/date=2026-11-23/14/N",
                          "date=20261-11-23/14/N"}) {
    const auto hour = RawLayout().HourOf({key});
    ASSERT_FALSE(hour) << key;
    EXPECT_EQ(hour.error().kind(), ErrorKind::kPermanent);
  }
  const auto bare = RawLayout::Parse("%Y/%-m/%-d/%-H/");
  EXPECT_FALSE(bare->HourOf({"2026/11/23/04/N"})) << "%-H has no zero before it";
  const auto twice = RawLayout::Parse("%Y/%Y-%m-%d/%H/");
  EXPECT_TRUE(twice->HourOf({"2026/2026-11-23/14/N"}));
  EXPECT_FALSE(twice->HourOf({"2025/2026-11-23/14/N"})) << "two years that differ";
  EXPECT_FALSE(RawLayout::Parse("%Y-%j/")->HourOf({"2026-366/N"})) << "2026 is no leap year";
  EXPECT_TRUE(RawLayout::Parse("%Y-%j/")->HourOf({"2028-366/N"}));
}

TEST(RawLayout, RefusesWhatItCouldNotReadBack) {
  for (const std::string& layout :
       {std::string(), std::string("date=%Y-%m-%d/%H"), std::string("/%Y/%m/%d/"),
        std::string("%Y//%m/%d/"), std::string("../%Y/%m/%d/"), std::string("%F/%H/"),
        std::string("%Y/%m/%d/%k/"), std::string("%Y/%m/%d/%"), std::string("%Y/%m/%d/%-/"),
        std::string("%-Y/%m/%d/"), std::string("%-%%Y/%m/%d/"), std::string("%H/"),
        std::string("%Y/%m/%H/"), std::string("%m/%d/%H/"), std::string("%Y/%-m%d/"),
        std::string("%Y/%-m5/%d/"), std::string("%Y/%m/%d/\n/"), std::string("%Y/%m/%d/\xFF/"),
        "%Y/%m/%d/" + std::string(300, 'x') + "/"}) {
    const auto parsed = RawLayout::Parse(layout);
    ASSERT_FALSE(parsed) << layout;
    EXPECT_EQ(parsed.error().kind(), ErrorKind::kPermanent);
  }
}

// These keys are stored for years: a change here needs a new revision (invariant 2).
TEST(DerivedKeys, AreAsTheyWereEverWritten) {
  EXPECT_EQ(ParquetKeyFor(Identity(), kLanded, "events", "r1").text,
            "date=2026-11-23/14/events/20261123T141502Z-ID-feed848d7b3c73df.parquet");
  EXPECT_EQ(QuarantineKeyFor(Identity(), kLanded, "r1").text,
            "date=2026-11-23/14/20261123T141502Z-ID-7a549b376b42cce1.parquet");
}

TEST(DerivedKeys, HoldNoCharacterOfAPattern) {
  const ObjectIdentity identity{"file:///raw/", {"date=2026-11-23/14/a\\b[1]*?%.ndjson"}, "e"};
  const std::string parquet = ParquetKeyFor(identity, Timestamp(), "t[*]", "r").text;
  EXPECT_TRUE(parquet.starts_with("date=1970-01-01/00/t%5B%2A%5D/a%5Cb%5B1%5D%2A%3F%25-"))
      << parquet;
  const std::string quarantine = QuarantineKeyFor(identity, Timestamp(), "r").text;
  EXPECT_TRUE(quarantine.starts_with("date=1970-01-01/00/a%5Cb%5B1%5D%2A%3F%25-")) << quarantine;
}

TEST(DerivedKeys, DifferWhereIdentityTableOrRevisionDoes) {
  const auto key = [](ObjectIdentity identity, const char* table, const char* revision) {
    return ParquetKeyFor(identity, kHour, table, revision).text;
  };
  ObjectIdentity other_store = Identity(), other_etag = Identity();
  other_store.store_uri = "file:///data/raw2/";
  other_etag.etag = "e3b0c443";
  const std::string base = key(Identity(), "events", "r1");
  EXPECT_EQ(base, key(Identity(), "events", "r1"));
  // The same name in another folder, or with another extension.
  EXPECT_NE(base, key(Identity("x/20261123T141502Z-ID.ndjson.zst"), "events", "r1"));
  EXPECT_NE(base, key(Identity("date=2026-11-23/14/20261123T141502Z-ID.gz"), "events", "r1"));
  EXPECT_NE(base, key(other_store, "events", "r1"));
  EXPECT_NE(base, key(other_etag, "events", "r1"));
  EXPECT_NE(base, key(Identity(), "utm", "r1"));
  EXPECT_NE(base, key(Identity(), "events", "r2"));
  const auto name = [](const std::string& of) { return of.substr(of.rfind('/')); };
  EXPECT_NE(name(key(Identity(), "a", "br")), name(key(Identity(), "ab", "r")))
      << "fields do not run together";
}

TEST(DerivedKeys, AreLegalWhateverTheNamesAre) {
  std::string emoji;
  for (int i = 0; i < 100; ++i) emoji += "🙂";
  for (const std::string& name :
       {std::string(), std::string("."), std::string(".."), std::string(".gz"), std::string("a/b"),
        std::string("../../x"), std::string("nul\0", 4), std::string("\xFF\xFE"), emoji,
        std::string("line\n"), std::string(900, 'x'), std::string("%2F"), std::string("a b\"c")}) {
    for (const std::string& key : {ParquetKeyFor(Identity("k/" + name), kHour, name, "r").text,
                                   ParquetKeyFor(Identity(), kHour, name, "r").text}) {
      EXPECT_TRUE(CheckKey(key)) << key;
      EXPECT_EQ(std::count(key.begin(), key.end(), '/'), 3) << key;
      EXPECT_EQ(key.find("/."), std::string::npos) << key << " would be a hidden file";
      for (size_t start = 0, end; start < key.size(); start = end + 1) {
        end = std::min(key.find('/', start), key.size());
        EXPECT_LE(end - start, 255U) << key;
      }
    }
  }
  EXPECT_TRUE(ParquetKeyFor(Identity(), kHour, "a/b%\x01", "r")
                  .text.starts_with("date=2026-11-23/14/a%2Fb%25%01/"));
}

TEST(CheckpointKeys, AreWhereTheDocumentationSays) {
  EXPECT_EQ(StreamStartKeyFor("tracking", "events").text, "tracking/events/start.json");
  const std::string folder = ShardLogFolder("tracking", "events", "shardId-000000000001");
  EXPECT_EQ(folder, "tracking/events/shards/shardId-000000000001/");
  EXPECT_EQ(ShardEntryKeyFor(folder, 11).text, folder + "999999999988.json");
  EXPECT_EQ(ShardEntryKeyFor(folder, 0).text, folder + "999999999999.json");
  EXPECT_EQ(ShardEntryKeyFor(folder, kLastShardEntry).text, folder + "000000000000.json");
}

TEST(CheckpointKeys, TheNewestEntryIsTheFirstInAListing) {
  for (const uint64_t number : {0ULL, 9ULL, 99ULL, 123'456ULL, 999'999'999'998ULL}) {
    EXPECT_LT(ShardEntryKeyFor("f/", number + 1), ShardEntryKeyFor("f/", number));
  }
}

TEST(CheckpointKeys, GiveTheirNumberBack) {
  for (const uint64_t number : {uint64_t{0}, uint64_t{11}, kLastShardEntry}) {
    EXPECT_EQ(ShardEntryNumberOf("f/", ShardEntryKeyFor("f/", number).text), number);
  }
  for (const char* key :
       {"", "f/", "f/.json", "f/1.json", "f/999999999988", "f/999999999988.jsonx",
        "f/9999999999988.json", "f/-99999999988.json", "g/999999999988.json", "f/99999999998a.json",
        "f/x/999999999988.json", "f/99999999999999999999999.json"}) {
    EXPECT_FALSE(ShardEntryNumberOf("f/", key)) << key;
  }
}

TEST(CheckpointKeys, AreLegalWhateverTheNamesAre) {
  for (const std::string& name : {std::string(), std::string("."), std::string(".."),
                                  std::string("a/b"), std::string(500, 'x'), std::string("\xFF")}) {
    const std::string key = ShardEntryKeyFor(ShardLogFolder(name, name, name), 3).text;
    EXPECT_TRUE(CheckKey(key)) << key;
    EXPECT_EQ(std::count(key.begin(), key.end(), '/'), 4) << key;
    EXPECT_TRUE(CheckKey(StreamStartKeyFor(name, name).text));
  }
}

TEST(CheckpointKeys, AnObjectOfAStreamIsNamedForItsFirstRecord) {
  const std::string id = StreamObjectId("events", "shardId-000000000001", "4959");
  EXPECT_TRUE(id.starts_with("shardId-000000000001-"));
  EXPECT_EQ(id, StreamObjectId("events", "shardId-000000000001", "4959"));
  EXPECT_NE(id, StreamObjectId("events", "shardId-000000000001", "4960"));
  EXPECT_NE(id, StreamObjectId("others", "shardId-000000000001", "4959"));
  EXPECT_NE(StreamObjectId("events", "s", "14"), StreamObjectId("events", "s1", "4"));
}

TEST(RawLayout, MutatedKeysNeverCrashIt) {
  std::mt19937 random(7);  // a fixed seed: the same run each time
  const std::string alphabet = "0123456789-/=%date";
  for (int i = 0; i < 20'000; ++i) {
    std::string text = "date=2026-11-23/14/N";
    for (int n = 0; n < 3; ++n) text[random() % text.size()] = alphabet[random() % alphabet.size()];
    const auto hour = RawLayout().HourOf({text});
    if (hour) {
      EXPECT_TRUE(text.starts_with(RawLayout().KeyFor(*hour, "").text)) << text;
    }
    std::string layout = "date=%Y-%m-%d/%H/";
    for (int n = 0; n < 3; ++n) {
      layout[random() % layout.size()] = alphabet[random() % alphabet.size()];
    }
    const auto parsed = RawLayout::Parse(layout);
    if (!parsed) continue;
    EXPECT_TRUE(parsed->HourOf(parsed->KeyFor(kLanded, "N"))) << layout;
  }
}

}  // namespace
}  // namespace sluice
