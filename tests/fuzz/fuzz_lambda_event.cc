// SPDX-License-Identifier: Apache-2.0
// Whatever AWS Lambda hands over, the reader answers; what it takes for a batch survives being
// written as one; and the answer about it names ids of the batch only: of SQS those that failed, of
// Kinesis the lowest of them.
#include <algorithm>

#include "sluice/base/base64.h"
#include "sluice/base/json_text.h"
#include "sluice/lambda/lambda_event.h"
#include "tests/fuzz/fuzz_target.h"

namespace sluice {
namespace {

std::string ToEvent(const LambdaBatch& batch) {
  JsonText json;
  json.BeginObject().Key("Records").BeginArray();
  for (const BatchItem& item : batch.items) {
    json.BeginObject().Key("eventSource");
    if (batch.source == EventSource::kSqs) {
      json.Value("aws:sqs")
          .Key("messageId")
          .Value(item.id)
          .Key("body")
          .Value(item.messages.front().body);
    } else {
      json.Value("aws:kinesis")
          .Key("eventID")
          .Value(item.messages.front().id)
          .Key("kinesis")
          .BeginObject()
          .Key("sequenceNumber")
          .Value(item.id);
      json.Key("data").Value(ToBase64(item.messages.front().body)).EndObject();
    }
    json.EndObject();
  }
  json.EndArray().EndObject();
  return json.text();
}

void CheckSame(const LambdaBatch& one, const LambdaBatch& other) {
  SLUICE_CHECK(one.source == other.source && one.items.size() == other.items.size());
  for (size_t i = 0; i < one.items.size(); ++i) {
    SLUICE_CHECK(one.items[i].id == other.items[i].id);
    SLUICE_CHECK(one.items[i].messages == other.items[i].messages);
  }
}

void CheckAnswer(const LambdaBatch& batch, size_t first_failed) {
  std::vector<std::string> failed;
  for (size_t i = first_failed; i < batch.items.size(); ++i) failed.push_back(batch.items[i].id);
  const std::string answer = FormatBatchAnswer(batch.source, failed);
  SLUICE_CHECK(failed.empty() == (answer == R"({"batchItemFailures":[]})"));
  if (failed.empty()) return;
  if (batch.source == EventSource::kSqs) {
    for (const std::string& id : failed) {
      std::string quoted;
      AppendJsonString(quoted, id);
      SLUICE_CHECK(answer.find("{\"itemIdentifier\":" + quoted + "}") != std::string::npos);
    }
    return;
  }
  const auto as_number = [](const std::string& id) { return std::pair(id.size(), id); };
  const std::string lowest = *std::ranges::min_element(failed, {}, as_number);
  SLUICE_CHECK(answer == R"({"batchItemFailures":[{"itemIdentifier":")" + lowest + "\"}]}");
}

bool HasOneMessageEach(const LambdaBatch& batch) {
  return std::ranges::all_of(batch.items,
                             [](const BatchItem& item) { return item.messages.size() == 1; });
}

}  // namespace

std::vector<std::string> FuzzSeeds() {
  return {
      R"({"Records":[{"messageId":"059f36b4-87a3-44ab-83d2-661975830a7d","body":"{\"n\":1}\n","eventSource":"aws:sqs"},)"
      R"({"messageId":"2e1424d4","receiptHandle":"x","body":"\u0000\ud83d\ude00","attributes":{},"eventSource":"aws:sqs"}]})",
      R"({"Records":[{"kinesis":{"partitionKey":"1","sequenceNumber":"9","data":"SGVsbG8=","approximateArrivalTimestamp":15.9},)"
      R"("eventSource":"aws:kinesis","eventID":"shardId-6:9"},{"kinesis":{"sequenceNumber":"10","data":"H4sI"},"eventID":"s:10","eventSource":"aws:kinesis"}]})",
      R"({"Records":[]})", R"({"Records":[{"eventSource":"aws:s3","s3":{}}]})"};
}

}  // namespace sluice

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice;
  const auto batch = ParseLambdaEvent(FuzzInput(data, size).Rest());
  if (!batch) {
    SLUICE_CHECK(batch.error().kind() == ErrorKind::kBadData);
    return 0;
  }
  for (const BatchItem& item : batch->items)
    SLUICE_CHECK(!item.id.empty() && !item.messages.empty());
  for (size_t i = 0; i <= batch->items.size(); ++i) CheckAnswer(*batch, i);
  if (HasOneMessageEach(*batch)) CheckSame(*batch, ParseLambdaEvent(ToEvent(*batch)).value());
  return 0;
}
