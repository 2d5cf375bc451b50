// SPDX-License-Identifier: Apache-2.0
// Runs tests/golden/notification/CASE: body.json, or body.template, is what ParseS3Notification
// gets; want.json says what it makes of it, one record a line.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "sluice/base/json_text.h"
#include "sluice/event/s3_notification.h"
#include "tests/golden/case_folder.h"

namespace sluice {
namespace {

void Add(JsonText& json, const ObjectCreated& object) {
  json.Key("created").BeginObject().Key("bucket").Value(object.bucket);
  json.Key("key").Value(object.key).Key("size").Value(object.size.count);
  json.Key("etag").Value(object.etag).Key("version_id").Value(object.version_id);
  json.Key("sequencer").Value(object.sequencer).Key("region").Value(object.region);
  json.Key("event_name").Value(object.event_name).EndObject();
}
void Add(JsonText& json, const S3TestEvent& event) {
  json.Key("test_event").BeginObject().Key("bucket").Value(event.bucket).EndObject();
}
void Add(JsonText& json, const OtherEvent& event) {
  json.Key("other").BeginObject().Key("event_name").Value(event.event_name).EndObject();
}
void Add(JsonText& json, const NotANotification&) {
  json.Key("not_a_notification").Value(true);
}

std::vector<std::string> InWords(const std::vector<NotificationRecord>& records) {
  std::vector<std::string> lines;
  for (const NotificationRecord& record : records) {
    JsonText json;
    json.BeginObject();
    std::visit([&json](const auto& one) { Add(json, one); }, record);
    lines.push_back(json.EndObject().text());
  }
  return lines;
}

class NotificationCase : public ::testing::TestWithParam<std::string> {};

TEST_P(NotificationCase, GivesWhatItsFolderSays) {
  const CaseFolder folder("notification", GetParam());
  const auto body = folder.Text("body", "json"), want = folder.Text("want", "json");
  ASSERT_TRUE(body) << body.error().message();
  ASSERT_TRUE(want) << want.error().message();
  ASSERT_TRUE(body->has_value() && want->has_value()) << "wanted body.json and want.json";
  ASSERT_EQ(folder.FileNames().size(), 2u) << "wanted body.json and want.json only";
  const auto records = ParseS3Notification(**body);
  const std::string difference = FirstDifference("want.json", LinesOf(**want), InWords(records));
  EXPECT_TRUE(difference.empty()) << difference;

  // What was read can be said in our own words and read again.
  for (const NotificationRecord& record : records) {
    const auto* created = std::get_if<ObjectCreated>(&record);
    if (!created) continue;
    const auto again = ParseS3Notification(FormatS3Notification(*created, Timestamp()));
    EXPECT_EQ(FirstDifference("again", InWords({record}), InWords(again)), "");
  }
}

TEST(OwnNotification, IsTheOneInItsFolder) {
  const ObjectCreated object{.bucket = "/var/lib/sluice/raw",
                             .key = "date=2026-11-23/14/a b+c%é.ndjson.zst",
                             .size = Bytes{1024},
                             .etag = "9f86d081884c7d65",
                             .event_name = "ObjectCreated:Put"};
  const Timestamp time = std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) +
                         std::chrono::hours(14) + std::chrono::milliseconds(302'123);
  const auto body = CaseFolder("notification", "own-format").Text("body", "json");
  ASSERT_TRUE(body && body->has_value());
  EXPECT_EQ(LinesOf(**body), std::vector<std::string>{FormatS3Notification(object, time)});
}

std::string CaseTestName(const ::testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;  // of letters, digits and '_' only
  std::ranges::replace(name, '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Golden, NotificationCase, ::testing::ValuesIn(CaseNames("notification")),
                         CaseTestName);

}  // namespace
}  // namespace sluice
