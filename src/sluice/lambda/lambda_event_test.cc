// SPDX-License-Identifier: Apache-2.0
#include "sluice/lambda/lambda_event.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sluice/base/base64.h"
#include "sluice/event/kpl_record_for_test.h"

namespace sluice {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Sqs(std::string_view id, std::string_view body) {
  return fmt::format(R"({{"messageId":"{}","body":{},"eventSource":"aws:sqs"}})", id, body);
}
std::string Kinesis(std::string_view number, std::string_view data) {
  return fmt::format(
      R"({{"eventSource":"aws:kinesis","eventID":"s:{}","kinesis":{{"sequenceNumber":"{}","data":"{}"}}}})",
      number, number, data);
}
std::string Records(std::string_view records) {
  return fmt::format(R"({{"Records":[{}]}})", records);
}

std::string WhyNot(std::string_view payload) {
  const auto batch = ParseLambdaEvent(payload);
  if (batch) return "it is understood";
  EXPECT_EQ(batch.error().kind(), ErrorKind::kBadData);
  return batch.error().message();
}

TEST(LambdaEventTest, MessagesOfSqsHaveTheirBodiesAsTheyWereSent) {
  const auto batch =
      ParseLambdaEvent(Records(Sqs("a", R"("{\"n\":1}\n\u0000\u00e9")") + "," + Sqs("b", R"("")")));
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->source, EventSource::kSqs);
  ASSERT_EQ(batch->items.size(), 2u);
  EXPECT_EQ(batch->items[0].id, "a");
  const std::string body("{\"n\":1}\n\0\xC3\xA9", 11);
  EXPECT_THAT(batch->items[0].messages, ElementsAre(BatchMessage{"a", body}));
  EXPECT_THAT(batch->items[1].messages, ElementsAre(BatchMessage{"b", ""}));
}

TEST(LambdaEventTest, RecordsOfKinesisAreDecoded) {
  const auto batch = ParseLambdaEvent(Records(Kinesis("495", "eyJuIjoxfQ==") + "," +
                                              Kinesis("496", "") + "," + Kinesis("0", "H4s=")));
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->source, EventSource::kKinesis);
  ASSERT_EQ(batch->items.size(), 3u);
  EXPECT_EQ(batch->items[0].id, "495");
  EXPECT_THAT(batch->items[0].messages, ElementsAre(BatchMessage{"s:495", "{\"n\":1}"}));
  EXPECT_THAT(batch->items[1].messages, ElementsAre(BatchMessage{"s:496", ""}));
  EXPECT_THAT(batch->items[2].messages, ElementsAre(BatchMessage{"s:0", "\x1F\x8B"}));
}

TEST(LambdaEventTest, WhatAmazonsProducerLibraryPackedIsTakenApart) {
  const auto batch =
      ParseLambdaEvent(Records(Kinesis("7", ToBase64(KplRecord({"{\"n\":1}", "{\"n\":2}"})))));
  ASSERT_TRUE(batch);
  ASSERT_EQ(batch->items.size(), 1u);
  EXPECT_EQ(batch->items[0].id, "7");
  EXPECT_THAT(batch->items[0].messages,
              ElementsAre(BatchMessage{"s:7:0", "{\"n\":1}"}, BatchMessage{"s:7:1", "{\"n\":2}"}));
}

TEST(LambdaEventTest, WhatIsMissingIsNamedWithItsRecord) {
  EXPECT_THAT(WhyNot({}), HasSubstr("event source mappings: not JSON"));
  EXPECT_THAT(WhyNot("{"), HasSubstr("event source mappings: not JSON"));
  EXPECT_THAT(WhyNot("[]"), HasSubstr("no object with a list of Records"));
  EXPECT_THAT(WhyNot(Records("{}")), HasSubstr("eventSource is missing"));
  EXPECT_THAT(WhyNot(Records(Sqs("a", "\"\"") + ",7")), HasSubstr("record 2 is no object"));
  EXPECT_THAT(WhyNot(Records(Sqs("", "\"\""))), HasSubstr("record 1: messageId is empty"));
  EXPECT_THAT(WhyNot(Records(Sqs(std::string(257, 'a'), "\"\""))), HasSubstr("is too long"));
  EXPECT_THAT(WhyNot(Records(Sqs("a", "7"))), HasSubstr("body is missing or no string"));
  EXPECT_THAT(WhyNot(Records(Kinesis("1", "e"))), HasSubstr("data is not base64"));
  for (const std::string& number : {std::string("01"), std::string("-1"), std::string(130, '1')}) {
    EXPECT_THAT(WhyNot(Records(Kinesis(number, ""))), HasSubstr("sequenceNumber is no number"));
  }
  EXPECT_TRUE(ParseLambdaEvent(Records(Kinesis(std::string(129, '1'), ""))));
  EXPECT_THAT(WhyNot(Records(Sqs("a", "\"\"") + "," + Kinesis("1", ""))),
              HasSubstr("record 2: it comes from another eventSource"));
  EXPECT_THAT(WhyNot(Records(R"({"eventSource":"aws:s3","messageId":"a","body":""})")),
              HasSubstr("neither aws:sqs nor aws:kinesis"));
}

TEST(LambdaEventTest, LimitsHold) {
  EXPECT_THAT(WhyNot(Records(Sqs("a", '"' + std::string(8 << 20, 'x') + '"'))),
              HasSubstr("longer than 8 MiB"));
  std::string many = Sqs("a", "\"\"");
  for (int i = 1; i < 10'000; ++i) many += "," + Sqs("a", "\"\"");
  EXPECT_TRUE(ParseLambdaEvent(Records(many)));
  EXPECT_THAT(WhyNot(Records(many + "," + Sqs("a", "\"\""))), HasSubstr("more than 10000"));
  const std::string deep = std::string(100'000, '[');
  EXPECT_THAT(WhyNot(Records(deep)), HasSubstr("not JSON"));
}

TEST(BatchAnswerTest, OfSqsEveryMessageIsNamedOnce) {
  EXPECT_EQ(FormatBatchAnswer(EventSource::kSqs, {}), R"({"batchItemFailures":[]})");
  const std::vector<std::string> failed = {"a", "b\"", "a"};
  EXPECT_EQ(FormatBatchAnswer(EventSource::kSqs, failed),
            R"({"batchItemFailures":[{"itemIdentifier":"a"},{"itemIdentifier":"b\""}]})");
}

TEST(BatchAnswerTest, OfKinesisTheLowestNumberIsNamed) {
  EXPECT_EQ(FormatBatchAnswer(EventSource::kKinesis, {}), R"({"batchItemFailures":[]})");
  const std::vector<std::string> failed = {"100", "99", "101"};
  EXPECT_EQ(FormatBatchAnswer(EventSource::kKinesis, failed),
            R"({"batchItemFailures":[{"itemIdentifier":"99"}]})");
}

}  // namespace
}  // namespace sluice
