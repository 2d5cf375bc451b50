// SPDX-License-Identifier: Apache-2.0
#include "sluice/event/s3_notification.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "sluice/base/json_text.h"
#include "sluice/base/utf8.h"
#include "sluice/event/s3_notification_bodies.h"

namespace sluice {
namespace {

using ::testing::HasSubstr;

std::string InSns(std::string_view message) {
  JsonText json;
  json.BeginObject().Key("Type").Value("Notification").Key("MessageId").Value("165545c9");
  json.Key("TopicArn").Value("arn:aws:sns:us-east-1:111122223333:raw");
  json.Key("Subject").Value("Amazon S3 Notification").Key("Message").Value(message);
  json.Key("Timestamp").Value("2026-11-23T14:05:03.000Z").Key("SignatureVersion").Value("1");
  return json.EndObject().text();
}

// One S3 record whose object's members are `object`, without braces.
std::string WithObject(const std::string& object) {
  return R"({"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","awsRegion":"r",)"
         R"("eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"bucket"},"object":{)" +
         object + "}}}]}";
}
std::string WithKey(const std::string& key) {
  return WithObject(R"("key":")" + key + R"(","size":1)");
}
std::string WithBucket(const std::string& bucket) {
  return R"({"Records":[{"eventVersion":"2.1","eventSource":"aws:s3",)"
         R"("eventName":"ObjectCreated:Put","s3":{"bucket":{"name":")" +
         bucket + R"("},"object":{"key":"k","size":1}}}]})";
}
std::string WithHead(const std::string& head) {
  return R"({"Records":[{)" + head +
         R"("s3":{"bucket":{"name":"bucket"},"object":{"key":"k","size":1}}}]})";
}

template <typename T>
T OnlyRecord(std::string_view body) {
  const auto records = ParseS3Notification(body);
  EXPECT_EQ(records.size(), 1u);
  if (records.size() != 1 || !std::holds_alternative<T>(records[0])) {
    const auto* bad = records.empty() ? nullptr : std::get_if<NotANotification>(&records[0]);
    ADD_FAILURE() << "another kind of record: " << (bad ? bad->why : "") << " in " << body;
    return {};
  }
  return std::get<T>(records[0]);
}
std::string WhyNot(std::string_view body) {
  return OnlyRecord<NotANotification>(body).why;
}

std::string ToLine(const ObjectCreated& o) {
  return fmt::format("{}|{}|{}|{}|{}|{}|{}|{}", o.bucket, o.key, o.size.count, o.etag, o.version_id,
                     o.sequencer, o.region, o.event_name);
}

TEST(S3NotificationTest, N12_ReadsEveryShape) {
  const struct {
    std::string_view body;
    std::string_view want;
  } cases[] = {
      {kS3Body,
       "acme-raw|tracking/date=2026-11-23/14/a b+c%.ndjson.zst|1048576|"
       "d41d8cd98f00b204e9800998ecf8427e-3|096fKKXTRTtl3on89fVO.nfljtsv6qko|0055AED6DCD90281E5|"
       "eu-central-1|ObjectCreated:Put"},
      {kMotoBody,
       "bkt|raw/a b+c=\xC3\xA9.json|2|99914b932bd37a50b983c5e7c90ae93b|||us-east-1|"
       "ObjectCreated:Put"},
      {kMotoMultipartBody,
       "bkt|mp|7|c264e0cab88e21e30e5808f97314abbc-1|||us-east-1|ObjectCreated:"
       "CompleteMultipartUpload"},
      {kMinioBody,
       "raw|date=2026-11-23/14/a b+c%\xC3\xA9.ndjson|2|99914b932bd37a50b983c5e7c90ae93b||"
       "18EB8D3E1297D1F8|us-east-1|ObjectCreated:Put"},
      {kMinioEmptyBody,
       "raw|date=2026-11-23/14/empty|0|d41d8cd98f00b204e9800998ecf8427e||18EB8D4955D3BBAF|"
       "us-east-1|ObjectCreated:Put"},
      {kVersitygwBody,
       "raw|date=2026-11-23/14/empty|0|d41d8cd98f00b204e9800998ecf8427e||1|us-east-1|"
       "ObjectCreated:Put"},
      {kVersitygwMultipartBody,
       "raw|date=2026-11-23/14/x.gz|0|c264e0cab88e21e30e5808f97314abbc-1||2|us-east-1|"
       "ObjectCreated:CompleteMultipartUpload"},
      {kEventBridgeBody,
       "acme-raw|date=2026-11-23/14/a+b%2Bc.ndjson|5|b1946ac92492d2347c6235b4d2611184|"
       "IYV3p45BT0ac8hjHg1houSdS1a.Mro8e|617f08299329d189|ca-central-1|ObjectCreated:Copy"},
  };
  for (const auto& [body, want] : cases) {
    EXPECT_EQ(ToLine(OnlyRecord<ObjectCreated>(body)), want);
    EXPECT_EQ(ToLine(OnlyRecord<ObjectCreated>(InSns(body))), want);  // fault N12
  }
}

TEST(S3NotificationTest, N3_TestEventIsRecognised) {  // fault N3
  EXPECT_EQ(OnlyRecord<S3TestEvent>(kS3TestEventBody).bucket, "acme-raw");
  EXPECT_EQ(OnlyRecord<S3TestEvent>(kMotoTestEventBody).bucket, "bkt");
  EXPECT_EQ(OnlyRecord<S3TestEvent>(kVersitygwTestEventBody).bucket, "Test-Bucket");
  EXPECT_EQ(OnlyRecord<S3TestEvent>(InSns(kS3TestEventBody)).bucket, "acme-raw");
}

TEST(S3NotificationTest, N8_OnlyObjectCreatedIsAnObject) {  // fault N8
  const std::string source = R"("eventVersion":"2.1","eventSource":"aws:s3","eventName":")";
  for (const char* name : {"ObjectCreated:Put", "ObjectCreated:Post", "ObjectCreated:Copy",
                           "ObjectCreated:CompleteMultipartUpload"}) {
    EXPECT_EQ(OnlyRecord<ObjectCreated>(WithHead(source + name + "\",")).event_name, name);
    EXPECT_EQ(OnlyRecord<ObjectCreated>(WithHead(source + "s3:" + name + "\",")).event_name, name);
  }
  for (const char* name :
       {"ObjectRemoved:Delete", "ObjectRemoved:DeleteMarkerCreated", "ObjectTagging:Put",
        "ObjectRestore:Completed", "LifecycleExpiration:Delete", "ObjectCreatedByNobody"}) {
    EXPECT_EQ(OnlyRecord<OtherEvent>(WithHead(source + name + "\",")).event_name, name);
  }
  // A removal has neither size nor ETag, and needs none.
  EXPECT_EQ(OnlyRecord<OtherEvent>(R"({"Records":[{"eventVersion":"2.1","eventSource":"aws:s3",)"
                                   R"("eventName":"ObjectRemoved:Delete"}]})")
                .event_name,
            "ObjectRemoved:Delete");
  EXPECT_EQ(
      OnlyRecord<OtherEvent>(R"({"source":"aws.s3","detail-type":"Object Deleted","detail":{}})")
          .event_name,
      "Object Deleted");
}

TEST(S3NotificationTest, N4_WhatIsNoNotificationSaysWhy) {  // fault N4
  const std::pair<std::string, std::string> cases[] = {
      {"", "not JSON"},
      {"hello", "not JSON"},
      {"{\"Records\":[}", "not JSON"},
      {"\xFF\xFE{}", "not JSON"},
      {"{\"Records\":[{\"a\":\"\xFF\"}]}", "not JSON"},
      {R"({"Records":[]} x)", "not JSON"},
      {"[]", "not a JSON object"},
      {"17", "not a JSON object"},
      {"null", "not a JSON object"},
      {"{}", "neither S3's Records"},
      {R"({"request_id":"1","user_account_id":2})", "neither S3's Records"},
      {R"({"Records":[]})", "Records is empty"},
      {R"({"Records":{}})", "Records is not a list"},
      {R"({"Records":null})", "Records is not a list"},
      {R"({"Records":[17]})", "record 1: it is not an object"},
      {R"({"Records":[{}]})", "record 1: eventSource is not S3"},
      // Lambda's form of SQS messages, DynamoDB's stream, CloudTrail's log.
      {R"({"Records":[{"messageId":"1","body":"{}","eventSource":"aws:sqs"}]})", "is not S3"},
      {R"({"Records":[{"eventID":"1","eventVersion":"1.1","eventSource":"aws:dynamodb"}]})",
       "is not S3"},
      {R"({"Records":[{"eventVersion":"1.08","eventSource":"s3.amazonaws.com"}]})", "is not S3"},
      {WithHead(R"("eventSource":"aws:s3","eventName":"ObjectCreated:Put",)"), "not 2.x"},
      {WithHead(R"("eventSource":"aws:s3","eventVersion":"3.0","eventName":"ObjectCreated:Put",)"),
       "not 2.x"},
      {WithHead(R"("eventSource":"aws:s3","eventVersion":2.1,"eventName":"ObjectCreated:Put",)"),
       "eventVersion is not a string"},
      {WithHead(R"("eventSource":"aws:s3","eventVersion":"2.1",)"), "eventName is missing"},
      {R"({"Records":[{"eventSource":"aws:s3","eventVersion":"2.1",)"
       R"("eventName":"ObjectCreated:Put"}]})",
       "s3 is missing"},
      {R"({"Records":[{"eventSource":"aws:s3","eventVersion":"2.1",)"
       R"("eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"bucket"}}}]})",
       "object is missing"},
      {R"({"source":"aws.s3","detail-type":"Object Created","detail":[]})", "detail is missing"},
      {R"({"source":"aws.ec2","detail-type":"Object Created"})", "neither S3's Records"},
      {R"({"Type":"SubscriptionConfirmation","Token":"1"})", "confirm"},
      {InSns("hello"), "not JSON"},
      {InSns("{}"), "neither S3's Records"},
      {InSns(InSns(kS3Body)), "neither S3's Records"},
      {R"({"Type":"Notification"})", "not JSON"},
  };
  for (const auto& [body, why] : cases) EXPECT_THAT(WhyNot(body), HasSubstr(why)) << body;
}

TEST(S3NotificationTest, ReasonsHoldNoPayload) {
  EXPECT_THAT(WhyNot(WithKey("secret%zz")), ::testing::Not(HasSubstr("secret")));
  EXPECT_THAT(WhyNot(WithBucket("secret/..")), ::testing::Not(HasSubstr("secret")));
}

TEST(S3NotificationTest, N5_KeysAreDecodedOnce) {  // fault N5
  const std::string longest(1024, 'k');
  std::string encoded;
  for (int i = 0; i < 1024; ++i) encoded += "%6B";
  const std::pair<std::string, std::string> cases[] = {
      {"a+b", "a b"},
      {"a%20b", "a b"},
      {"a%2Bb", "a+b"},
      {"a%2bb", "a+b"},
      {"a%252Bb", "a%2Bb"},
      {"date%3D2026-11-23%2F14/x", "date=2026-11-23/14/x"},
      {"date=2026-11-23/14/x", "date=2026-11-23/14/x"},
      {"%C3%A9%F0%9F%98%80", "\xC3\xA9\xF0\x9F\x98\x80"},
      {"\xC3\xA9", "\xC3\xA9"},
      {"\\u00e9\\/x", "\xC3\xA9/x"},
      {"folder/", "folder/"},  // fault N11: whoever reads objects skips it
      {"../../etc/passwd", "../../etc/passwd"},
      {"%0A%1B", "\n\x1B"},
      {longest, longest},
      {encoded, longest},
  };
  for (const auto& [text, key] : cases)
    EXPECT_EQ(OnlyRecord<ObjectCreated>(WithKey(text)).key, key) << text;
}

TEST(S3NotificationTest, BadKeysAreRefused) {
  const std::pair<std::string, std::string> cases[] = {
      {"", "no key"},          {"a%", "'%' without"},   {"a%4", "'%' without"},
      {"a%4g", "'%' without"}, {"a%-1", "'%' without"}, {"a%+1", "'%' without"},
      {"%%41", "'%' without"}, {"a%FF", "not UTF-8"},   {"%ED%A0%80", "not UTF-8"},
      {"a%00b", "NUL"},        {"a\\u0000b", "NUL"},    {std::string(1025, 'k'), "1024 bytes"},
      {"\\ud800", "not JSON"},
  };
  for (const auto& [text, why] : cases) EXPECT_THAT(WhyNot(WithKey(text)), HasSubstr(why)) << text;
}

TEST(S3NotificationTest, BucketsAreNamesOrAbsolutePaths) {  // faults S1, S2
  for (const char* name : {"abc", "my-bucket.v1", "Legacy_Bucket", "/", "/data/raw", "/data/raw/",
                           "/data/a b/\xC3\xA9", "/data/..raw"}) {
    EXPECT_EQ(OnlyRecord<ObjectCreated>(WithBucket(name)).bucket, name);
  }
  for (const std::string& name :
       {std::string(""), std::string("ab"), std::string(256, 'a'), std::string("169.254.169.254"),
        std::string("a/../b"), std::string("a..b"), std::string("-ab"), std::string("ab."),
        std::string("host:80"), std::string("user@host"), std::string("a b"),
        std::string("arn:aws:s3:us-west-2:111122223333:accesspoint/ap"),
        std::string("/data/../etc"), std::string("/.."), std::string("/data/./raw"),
        std::string("/data\\u0000"), "/" + std::string(4096, 'a'), std::string("\\u00e9abc")}) {
    EXPECT_THAT(WhyNot(WithBucket(name)), HasSubstr("bucket")) << name;
  }
}

TEST(S3NotificationTest, DetailsDifferBetweenServers) {
  const auto etag = [](const std::string& text) {
    return OnlyRecord<ObjectCreated>(WithObject(R"("key":"k","eTag":)" + text)).etag;
  };
  EXPECT_EQ(etag(R"("abc")"), "abc");
  EXPECT_EQ(etag(R"("\"abc\"")"), "abc");
  EXPECT_EQ(etag(R"("\"")"), "\"");
  EXPECT_EQ(etag("null"), "");
  const auto size = [](const std::string& text) {
    return OnlyRecord<ObjectCreated>(WithObject(R"("key":"k","size":)" + text)).size.count;
  };
  EXPECT_EQ(size("0"), 0u);
  EXPECT_EQ(size("null"), 0u);
  EXPECT_EQ(size("18446744073709551615"), 18446744073709551615u);
  for (const char* text : {"-1", "1.5", "\"1\"", "{}"})
    EXPECT_THAT(WhyNot(WithObject(std::string(R"("key":"k","size":)") + text)), HasSubstr("size"));
  const auto sequencer = [](const std::string& text) {
    return OnlyRecord<ObjectCreated>(WithObject(R"("key":"k","sequencer":)" + text)).sequencer;
  };
  EXPECT_EQ(sequencer(R"("00aF")"), "00aF");
  EXPECT_EQ(sequencer(R"("2026-11-23")"), "");
  EXPECT_THAT(WhyNot(WithObject(R"("key":"k","sequencer":1)")), HasSubstr("sequencer"));
  EXPECT_THAT(WhyNot(WithObject(R"("key":"k","eTag":")" + std::string(1025, 'e') + "\"")),
              HasSubstr("eTag is longer"));
}

TEST(S3NotificationTest, N9_OneBadRecordDoesNotSpoilTheOthers) {  // fault N9
  const std::string good =
      R"({"eventVersion":"2.1","eventSource":"aws:s3","eventName":"ObjectCreated:Put",)"
      R"("s3":{"bucket":{"name":"bucket"},"object":{"key":"KEY","size":1}}})";
  std::string bad = good;
  bad.replace(bad.find("KEY"), 3, "%");
  const auto records = ParseS3Notification(R"({"Records":[)" + good + "," + bad + ",17," + good +
                                           R"(,{"eventVersion":"2.1","eventSource":"aws:s3",)"
                                           R"("eventName":"ObjectRemoved:Delete"}]})");
  ASSERT_EQ(records.size(), 5u);
  EXPECT_TRUE(std::holds_alternative<ObjectCreated>(records[0]));
  EXPECT_THAT(std::get<NotANotification>(records[1]).why, HasSubstr("record 2: a '%'"));
  EXPECT_THAT(std::get<NotANotification>(records[2]).why, HasSubstr("record 3: it is not"));
  EXPECT_TRUE(std::holds_alternative<ObjectCreated>(records[3]));
  EXPECT_TRUE(std::holds_alternative<OtherEvent>(records[4]));
}

TEST(S3NotificationTest, SizeDepthAndCountAreBounded) {
  EXPECT_THAT(WhyNot(std::string((1 << 20) + 1, ' ')), HasSubstr("1 MiB"));
  std::string padded(kS3Body);
  padded.resize(1 << 20, ' ');
  OnlyRecord<ObjectCreated>(padded);

  const auto nested = [](int levels) {
    return R"({"x":)" + std::string(levels - 1, '[') + std::string(levels - 1, ']') +
           R"(,"Event":"s3:TestEvent"})";
  };
  OnlyRecord<S3TestEvent>(nested(60));
  EXPECT_THAT(WhyNot(nested(65)), HasSubstr("not JSON"));
  EXPECT_THAT(WhyNot(nested(500'000)), HasSubstr("not JSON"));

  std::string many = R"({"Records":[0)";
  for (int i = 1; i < 10'000; ++i) many += ",0";
  EXPECT_EQ(ParseS3Notification(many + "]}").size(), 10'000u);
  EXPECT_THAT(WhyNot(many + ",0]}"), HasSubstr("10000"));
}

TEST(S3NotificationTest, FormatsWhatS3Sends) {
  const ObjectCreated object{.bucket = "acme-raw",
                             .key = "date=2026-11-23/14/a b+\xC3\xA9~.zst",
                             .size = {17},
                             .etag = "e",
                             .version_id = "v",
                             .sequencer = "0A",
                             .region = "eu-central-1",
                             .event_name = "ObjectCreated:Put"};
  EXPECT_EQ(
      FormatS3Notification(object, Timestamp(std::chrono::microseconds(1'590'969'624'123'456))),
      R"({"Records":[{"eventVersion":"2.1","eventSource":"aws:s3",)"
      R"("awsRegion":"eu-central-1","eventTime":"2020-06-01T00:00:24.123Z",)"
      R"("eventName":"ObjectCreated:Put","s3":{"s3SchemaVersion":"1.0",)"
      R"("configurationId":"sluice","bucket":{"name":"acme-raw",)"
      R"("arn":"arn:aws:s3:::acme-raw"},"object":{)"
      R"("key":"date%3D2026-11-23/14/a+b%2B%C3%A9%7E.zst","size":17,"eTag":"e",)"
      R"("versionId":"v","sequencer":"0A"}}}]})");
}

TEST(S3NotificationTest, WhatIsFormattedIsReadBack) {
  std::minstd_rand random(7);
  const std::string_view alphabet[] = {"a",
                                       "Z",
                                       "0",
                                       "/",
                                       "+",
                                       "%",
                                       "%2",
                                       " ",
                                       "=",
                                       "&",
                                       "?",
                                       "\"",
                                       "\\",
                                       "\n",
                                       "\x01",
                                       "\x7F",
                                       "\xC3\xA9",
                                       "\xE2\x80\xA8",
                                       "\xF0\x9F\x98\x80",
                                       ".",
                                       "*",
                                       "~"};
  for (int i = 0; i < 2000; ++i) {
    std::string key, path = "/";
    for (size_t n = 1 + random() % 100; n > 0; --n) key += alphabet[random() % std::size(alphabet)];
    for (size_t n = random() % 20; n > 0; --n) path += alphabet[random() % std::size(alphabet)];
    path += "x";
    if (path.contains("/./") || path.contains("/../")) continue;
    const ObjectCreated object{.bucket = random() % 2 == 0 ? "bucket" : path,
                               .key = key,
                               .size = {random()},
                               .etag = random() % 2 == 0 ? "" : "etag\"1",
                               .version_id = random() % 2 == 0 ? "" : "v\\1",
                               .sequencer = random() % 2 == 0 ? "" : "0aF",
                               .region = random() % 2 == 0 ? "" : "eu-central-1",
                               .event_name = "ObjectCreated:Copy"};
    const std::string body = FormatS3Notification(object, Timestamp());
    EXPECT_EQ(ToLine(OnlyRecord<ObjectCreated>(body)), ToLine(object));
  }
}

TEST(S3NotificationTest, DamagedBodiesNeverCrashTheReader) {
  std::minstd_rand random(11);
  const std::string bodies[] = {std::string(kS3Body),          std::string(kMotoBody),
                                std::string(kMinioBody),       std::string(kVersitygwBody),
                                std::string(kEventBridgeBody), InSns(kS3Body),
                                std::string(kS3TestEventBody)};
  int created = 0, refused = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string body = bodies[random() % std::size(bodies)];
    for (size_t n = 1 + random() % 4; n > 0 && !body.empty(); --n) {
      const size_t at = random() % body.size();
      switch (random() % 5) {
        case 0:
          body[at] = static_cast<char>(random());
          break;
        case 1:
          body.erase(at, 1 + random() % 20);
          break;
        case 2:
          body.insert(at, body.substr(random() % body.size(), random() % 40));
          break;
        case 3:
          body.insert(at, 1, "\"\\{}[]%+0:,"[random() % 11]);
          break;
        default:
          if (random() % 8 == 0) body.resize(at);
      }
    }
    const auto records = ParseS3Notification(body);
    ASSERT_FALSE(records.empty());
    for (const NotificationRecord& record : records) {
      if (std::holds_alternative<NotANotification>(record)) ++refused;
      const auto* object = std::get_if<ObjectCreated>(&record);
      if (object == nullptr) continue;
      ++created;
      ASSERT_TRUE(!object->key.empty() && object->key.size() <= 1024 && IsUtf8(object->key));
      ASSERT_EQ(ToLine(OnlyRecord<ObjectCreated>(FormatS3Notification(*object, Timestamp()))),
                ToLine(*object));
    }
  }
  // The test did see both.
  EXPECT_GT(created, 1000);
  EXPECT_GT(refused, 1000);
}

TEST(SequencerTest, ShorterOneIsPaddedOnTheRight) {
  EXPECT_TRUE(SequencerLess("0055AED6DCD90281E5", "0055AED6DCD90281E6"));
  EXPECT_TRUE(SequencerLess("0055AED6DCD90281E5", "0055AED6DCD90281E501"));
  EXPECT_FALSE(SequencerLess("0055AED6DCD90281E5", "0055AED6DCD90281E500"));
  EXPECT_FALSE(SequencerLess("0055AED6DCD90281E500", "0055AED6DCD90281E5"));
  EXPECT_TRUE(SequencerLess("1", "10000001"));
  EXPECT_TRUE(SequencerLess("0FFF", "1"));
  EXPECT_FALSE(SequencerLess("1", "0FFF"));
  EXPECT_TRUE(SequencerLess("9", "A"));
  EXPECT_TRUE(SequencerLess("9", "a"));
  EXPECT_FALSE(SequencerLess("aB", "Ab"));
  EXPECT_FALSE(SequencerLess("", ""));
  EXPECT_TRUE(SequencerLess("", "1"));
  EXPECT_FALSE(SequencerLess("", "0"));
}

}  // namespace
}  // namespace sluice
