// SPDX-License-Identifier: Apache-2.0
#include "sluice/queue/sqs_protocol.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice {
namespace {

using std::chrono::seconds;

TEST(SqsProtocolTest, AMessageComesWithItsAttributes) {
  const auto messages = ReadSqsMessages(
      R"({"Messages":[{"MessageId":"i","ReceiptHandle":"r","Body":"\u00e9\n","MD5OfBody":"x",)"
      R"("Attributes":{"SentTimestamp":"1700000000123","ApproximateReceiveCount":"7"}}]})");
  ASSERT_TRUE(messages) << messages.error().message();
  ASSERT_EQ(messages->size(), 1u);
  const Message& message = messages->front();
  EXPECT_EQ(message.id, "i");
  EXPECT_EQ(message.receipt.handle, "r");
  EXPECT_EQ(message.body, "\xC3\xA9\n");
  EXPECT_EQ(message.receive_count, 7);
  EXPECT_EQ(message.sent, Timestamp(std::chrono::milliseconds(1'700'000'000'123)));
}

TEST(SqsProtocolTest, AMessageWithoutItsAttributesDoesNotHoldUpTheOthers) {
  const auto messages = ReadSqsMessages(
      R"({"Messages":[{"MessageId":"i","ReceiptHandle":"r","Body":"b"},{"MessageId":"j",)"
      R"("ReceiptHandle":"s","Body":"b","Attributes":{"SentTimestamp":"1","ApproximateReceiveCount":"1"}}]})");
  ASSERT_TRUE(messages) << messages.error().message();
  ASSERT_EQ(messages->size(), 1u);
  EXPECT_EQ(messages->front().id, "j");
}

TEST(SqsProtocolTest, NoMessagesIsNoMemberOrAnEmptyOne) {
  for (const char* answer : {"{}", R"({"Messages":[]})", R"({"Messages":null})"}) {
    const auto messages = ReadSqsMessages(answer);
    ASSERT_TRUE(messages) << answer;
    EXPECT_TRUE(messages->empty());
  }
}

TEST(SqsProtocolTest, AnAnswerThatIsNoneLeavesTheOutcomeUnknown) {
  for (const char* answer :
       {"", "[]", "<html>", R"({"Messages":[{}]})",
        R"({"Messages":[{"MessageId":"i","ReceiptHandle":"r","Body":"b"}]})",
        R"({"Messages":[{"MessageId":"","ReceiptHandle":"r","Attributes":)"
        R"({"SentTimestamp":"1","ApproximateReceiveCount":"1"}}]})",
        R"({"Messages":[{"MessageId":"i","ReceiptHandle":"r","Attributes":)"
        R"({"SentTimestamp":"9223372036854775807","ApproximateReceiveCount":"1"}}]})"}) {
    const auto messages = ReadSqsMessages(answer);
    ASSERT_FALSE(messages) << answer;
    EXPECT_EQ(messages.error().kind(), ErrorKind::kOutcomeUnknown);
  }
}

TEST(SqsProtocolTest, AnEntryThatTheAnswerDoesNotNameIsUnknown) {
  const auto results = ReadSqsBatch(
      R"({"Successful":[{"Id":"2"},{"Id":"9"},{"Id":"x"}],)"
      R"("Failed":[{"Id":"0","Code":"MessageTooLong","SenderFault":true},{"Id":"-1"}]})",
      3);
  ASSERT_TRUE(results) << results.error().message();
  EXPECT_EQ(results->at(0).error().kind(), ErrorKind::kBadData);
  EXPECT_EQ(results->at(1).error().kind(), ErrorKind::kOutcomeUnknown);
  EXPECT_TRUE(results->at(2));
}

// Fault L10, as SQS tells it; the receipt that it repeats is not shown.
TEST(SqsProtocolTest, AReceiptThatAnotherDeliveryMadeStaleIsNotFound) {
  const auto results = ReadSqsBatch(
      R"({"Failed":[{"Id":"0","SenderFault":true,"Code":"InvalidParameterValue","Message":)"
      R"("Value AQEBx for parameter ReceiptHandle is invalid. Reason: Message does not exist or )"
      R"(is not available for visibility timeout change."}]})",
      1);
  ASSERT_TRUE(results);
  EXPECT_EQ(results->front().error().kind(), ErrorKind::kNotFound);
  EXPECT_EQ(results->front().error().message().find("AQEBx"), std::string::npos);
}

TEST(SqsProtocolTest, ARedrivePolicyCountsInNumbersOrInText) {
  const auto with = [](std::string policy) {
    return SettingsIn({{"VisibilityTimeout", "30"},
                       {"MessageRetentionPeriod", "60"},
                       {"RedrivePolicy", std::move(policy)}});
  };
  EXPECT_EQ(with(R"({"deadLetterTargetArn":"arn:a","maxReceiveCount":3})")->max_receive_count, 3);
  EXPECT_EQ(with(R"({"deadLetterTargetArn":"arn:a","maxReceiveCount":"3"})")->max_receive_count, 3);
  for (const char* bad : {"{", "{}", R"({"deadLetterTargetArn":"arn:a"})",
                          R"({"deadLetterTargetArn":"arn:a","maxReceiveCount":0})",
                          R"({"deadLetterTargetArn":"arn:a","maxReceiveCount":-1})"}) {
    EXPECT_FALSE(with(bad)) << bad;
  }
  // ElasticMQ does not say how long it keeps a message.
  EXPECT_EQ(SettingsIn({{"VisibilityTimeout", "30"}})->retention, std::chrono::hours(4 * 24));
  EXPECT_FALSE(SettingsIn({{"VisibilityTimeout", "30"}, {"MessageRetentionPeriod", "1e9"}}));
}

TEST(SqsProtocolTest, AnArnSaysNameAndAccount) {
  EXPECT_EQ(*SqsUrlBody("arn:aws-cn:sqs:cn-north-1:111111111111:tracking-dead"),
            R"({"QueueName":"tracking-dead","QueueOwnerAWSAccountId":"111111111111"})");
  for (const char* bad : {"", ":", "tracking", "arn:", "urn:a:b"}) EXPECT_FALSE(SqsUrlBody(bad));
}

}  // namespace
}  // namespace sluice
