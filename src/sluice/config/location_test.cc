// SPDX-License-Identifier: Apache-2.0
#include "sluice/config/location.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace sluice {
namespace {

TEST(LocationTest, DirectoriesBecomeAbsoluteWithoutASlashAtTheEnd) {
  EXPECT_EQ(ParseDirectory("data/raw/", "/etc/sluice")->text, "/etc/sluice/data/raw");
  EXPECT_EQ(ParseDirectory("../x/./y", "/etc/sluice")->text, "/etc/x/y");
  EXPECT_EQ(ParseDirectory("/var/lib", "/etc/sluice")->text, "/var/lib");
  EXPECT_EQ(ParseDirectory(".", "/etc/sluice")->text, "/etc/sluice");
  EXPECT_EQ(ParseDirectory("/", "/etc")->text, "/");
  EXPECT_EQ(ParseDirectory("//", "/etc")->text, "/");
  EXPECT_EQ(ParseDirectory("x", "")->text, (std::filesystem::current_path() / "x").string());
  EXPECT_FALSE(ParseDirectory("", "/etc"));
}

TEST(LocationTest, StoresAreBucketsOrDirectories) {
  EXPECT_EQ(*ParseStoreLocation("s3://acme-raw/tracking/", "/"),
            (Location{Location::Kind::kS3, "s3://acme-raw/tracking/"}));
  EXPECT_EQ(ParseStoreLocation("s3://acme.raw/", "/")->kind, Location::Kind::kS3);
  EXPECT_EQ(*ParseStoreLocation("dir:raw", "/data"),
            (Location{Location::Kind::kDirectory, "/data/raw"}));
  for (const char* text :
       {"", "raw", "file:///raw", "s3:/bucket/", "s3://", "s3://b/", "s3://Bucket/", "s3://bucket",
        "s3://bucket/prefix", "s3://bucket//", "s3://bucket/a//b/", "s3://bucket/../b/",
        "s3://169.254.169.254/", "s3://a..b/", "s3://-ab/", "dir:"}) {
    EXPECT_FALSE(ParseStoreLocation(text, "/")) << text;
  }
}

TEST(LocationTest, QueuesAreSqsAddressesOrDirectories) {
  const char* url = "https://sqs.eu-central-1.amazonaws.com/111111111111/tracking";
  EXPECT_EQ(*ParseQueueLocation(url, "/"), (Location{Location::Kind::kSqs, url}));
  EXPECT_EQ(ParseQueueLocation("http://localhost:9324/000000000000/q", "/")->kind,
            Location::Kind::kSqs);
  EXPECT_EQ(ParseQueueLocation("dir:q", "/x")->text, "/x/q");
  for (const char* text :
       {"", "tracking", "https://", "https://host", "https://host/", "https:///q",
        "https://user@host/q", "https://host/q?a=b", "sqs://a/b"}) {
    EXPECT_FALSE(ParseQueueLocation(text, "/")) << text;
  }
}

TEST(LocationTest, LongTextsAndControlCharactersAreRefused) {
  for (const std::string& text :
       {std::string(5000, 'a'), std::string("a\nb"), std::string("a\0b", 3)}) {
    EXPECT_FALSE(ParseDirectory(text, "/")) << text;
    EXPECT_FALSE(ParseStoreLocation("dir:" + text, "/")) << text;
    EXPECT_FALSE(ParseStoreLocation("s3://acme-raw/" + text + "/", "/")) << text;
    EXPECT_FALSE(ParseQueueLocation("https://host/" + text, "/")) << text;
    EXPECT_FALSE(ParseKinesisStream("arn:aws:kinesis:" + text + ":stream/x")) << text;
  }
  EXPECT_FALSE(ParseDirectory(std::string(2500, 'a'), "/" + std::string(2500, 'b')));
  EXPECT_TRUE(ParseQueueLocation("https://host/" + std::string(2000, 'a'), "/"));
}

TEST(LocationTest, StreamsHaveANameOrAnArn) {
  for (const char* text :
       {"tracking", "a.b-c_D9", "arn:aws:kinesis:eu-central-1:111111111111:stream/tracking"}) {
    EXPECT_EQ(ParseKinesisStream(text)->kind, Location::Kind::kKinesis) << text;
  }
  for (const char* text : {"", "a b", "arn:aws:kinesis:x:1:stream/", "a/b"}) {
    EXPECT_FALSE(ParseKinesisStream(text)) << text;
  }
  EXPECT_FALSE(ParseKinesisStream(std::string(129, 'a')));
}

}  // namespace
}  // namespace sluice
