// SPDX-License-Identifier: Apache-2.0
#include "sluice/operate/infer_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(InferNames, AKeyBecomesAnIdentifier) {
  const std::pair<const char*, const char*> kCases[] = {
      {"request_id", "request_id"},
      {"requestId", "request_id"},
      {"RequestID", "request_id"},
      {"URLPath", "url_path"},
      {"page-url", "page_url"},
      {"page url!", "page_url"},
      {"@timestamp", "timestamp"},
      {"1st", "_1st"},
      {"größe", "gr_e"},
      {"日本", "field"},
      {"", "field"},
      {"utm.source", "utm_source"},
      {"_private", "_private"},
      {"x__y", "x__y"},
      {"HTTP2Server", "http2_server"},
      {"\"; DROP", "drop"},
  };
  for (const auto& [key, wanted] : kCases) {
    EXPECT_EQ(IdentifierOf(std::string_view(key)), wanted) << key;
  }
  EXPECT_EQ(IdentifierOf(FieldPath{"context", "Page", "url"}), "context_page_url");
  EXPECT_EQ(IdentifierOf(std::string(200, 'x')).size(), 63u);
}

TEST(InferNames, AnIdOfAnEventIsMoreThanThatOfAThing) {
  for (const char* const key :
       {"id", "uuid", "request_id", "eventId", "event-uuid", "requestid", "_id"}) {
    EXPECT_EQ(IdNameOf(key), IdName::kEvent) << key;
  }
  for (const char* const key :
       {"user_id", "cookie_id", "ad_id", "accountId", "transaction_id", "record_id", "hit_id",
        "messageId", "insert_id", "parent_event_id", "event_type_id"}) {
    EXPECT_EQ(IdNameOf(key), IdName::kThing) << key;
  }
  EXPECT_EQ(IdNameOf(FieldPath{"user", "id"}), IdName::kThing);
  EXPECT_EQ(IdNameOf(FieldPath{"event", "user", "id"}), IdName::kThing);
  EXPECT_EQ(IdNameOf(FieldPath{"data", "uuid"}), IdName::kThing);
  EXPECT_EQ(IdNameOf(FieldPath{"data", "request_id"}), IdName::kEvent);
  EXPECT_EQ(IdNameOf(FieldPath{"user", "request_id"}), IdName::kThing);
  EXPECT_EQ(IdNameOf(FieldPath{"parent", "event_id"}), IdName::kThing);
  EXPECT_EQ(IdNameOf(FieldPath{"event", "id"}), IdName::kEvent);
  for (const char* const key : {"", "topic", "identity", "idea", "paid", "request"}) {
    EXPECT_EQ(IdNameOf(key), std::nullopt) << key;
  }
}

TEST(InferNames, ATimeOfTheEventIsNotThatOfItsDelivery) {
  for (const char* const key : {"request_timestamp", "ts", "created_at", "occurredAt", "time"}) {
    EXPECT_TRUE(IsTimeName(key) && IsEventTimeName(key)) << key;
  }
  for (const char* const key :
       {"received_at", "sentAt", "updated_at", "expires_at", "birth_date"}) {
    EXPECT_TRUE(IsTimeName(key) && !IsEventTimeName(key)) << key;
  }
  for (const char* const key : {"price", "status", "counts"}) EXPECT_FALSE(IsTimeName(key)) << key;
}

TEST(InferNames, ADurationIsNoMoment) {
  for (const char* const key :
       {"ts", "tsMs", "created_at", "created_on", "epoch_millis", "sent", "event_time", "run_at",
        "member_since", "lastUpdated", "@timestamp"}) {
    EXPECT_TRUE(IsMomentName(key)) << key;
  }
  for (const char* const key :
       {"duration_ms", "load_time_ms", "loadTime", "response_time", "based_on", "weekday", "day",
        "time_on_page", "timeSpent", "time_ns", "ms", "on", "bytes_sent", "times_seen", "timezone",
        ""}) {
    EXPECT_FALSE(IsMomentName(key) || IsEventTimeName(key)) << key;
  }
}

TEST(InferNames, APathIsWrittenAsTheConfigurationReadsIt) {
  EXPECT_EQ(FromText({"a", "b"}), "a.b");
  EXPECT_EQ(FromText({"a.b", "c\\d"}), "a\\.b.c\\\\d");
}

}  // namespace
}  // namespace sluice
