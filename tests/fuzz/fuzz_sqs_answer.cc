// SPDX-License-Identifier: Apache-2.0
// Whatever answers in SQS's place, its answer is read or refused: each entry of a batch has one
// answer, a message is never without id and receipt, and every refusal leaves the outcome unknown.
#include "sluice/queue/sqs_protocol.h"
#include "tests/fuzz/fuzz_target.h"

namespace sluice {

std::vector<std::string> FuzzSeeds() {
  return {
      R"({"Messages":[{"MessageId":"i","ReceiptHandle":"r","Body":"\u00e9","Attributes":)"
      R"({"SentTimestamp":"1700000000123","ApproximateReceiveCount":"7"}}]})",
      R"({"Successful":[{"Id":"0"},{"Id":"2"}],"Failed":[{"Id":"1","Code":"MessageTooLong",)"
      R"("Message":"why","SenderFault":true}]})",
      R"({"Attributes":{"VisibilityTimeout":"30","MessageRetentionPeriod":"345600",)"
      R"("RedrivePolicy":"{\"deadLetterTargetArn\":\"arn:aws:sqs:r:1:dead\",\"maxReceiveCount\":5}"}})",
      R"({"QueueUrl":"https://sqs.eu-central-1.amazonaws.com/111111111111/dead"})"};
}

}  // namespace sluice

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice;
  constexpr size_t kEntries = 3;
  const std::string_view answer = FuzzInput(data, size).Rest();
  if (const auto messages = ReadSqsMessages(answer)) {
    for (const Message& message : *messages) {
      SLUICE_CHECK(!message.id.empty() && !message.receipt.handle.empty());
      SLUICE_CHECK(message.sent.time_since_epoch().count() >= 0);
    }
  } else {
    SLUICE_CHECK(messages.error().kind() == ErrorKind::kOutcomeUnknown);
  }
  if (const auto results = ReadSqsBatch(answer, kEntries)) {
    SLUICE_CHECK(results->size() == kEntries);
  }
  if (const auto attributes = ReadSqsAttributes(answer)) {
    const auto settings = SettingsIn(*attributes);
    if (settings) {
      SLUICE_CHECK(settings->retention.count() >= 0 && settings->max_receive_count >= 0);
      SLUICE_CHECK(settings->dead_letter_arn.empty() == (settings->max_receive_count == 0));
      (void)FindingsOf(*settings, {});
      (void)SqsUrlBody(settings->dead_letter_arn);
    }
  }
  if (const auto url = ReadSqsUrl(answer)) SLUICE_CHECK(!url->empty());
  return 0;
}
