// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"

namespace sluice {

enum class EventSource { kSqs, kKinesis };

std::string_view Name(EventSource source);  // "sqs"

struct BatchMessage {
  std::string id;  // of SQS its own; of Kinesis as where a stream is read: "SHARD:NUMBER[:PLACE]"
  std::string body;
  friend bool operator==(const BatchMessage&, const BatchMessage&) = default;
};

// One record of a batch: what AWS Lambda can be told has failed.
struct BatchItem {
  std::string id;                      // SQS: the message's; Kinesis: the sequence number
  std::vector<BatchMessage> messages;  // one, or as many as a producer's library packed into it
};

struct LambdaBatch {
  EventSource source = EventSource::kSqs;
  std::vector<BatchItem> items;
};

// What AWS Lambda hands to a function for an event source mapping of SQS or Kinesis:
// {"Records":[…]} (AWS Lambda Developer Guide, "Using Lambda with Amazon SQS" and "… with Kinesis
// Data Streams"). kBadData for everything else: records of another service, of several, or ones
// that lack what is needed. Then nothing of it may be taken for done. Fuzzed. Limits: 8 MiB
// (Lambda's is 6), 10,000 records, 64 levels.
Result<LambdaBatch> ParseLambdaEvent(std::string_view payload);

// The answer that says which items failed, all others being done: {"batchItemFailures":[…]}; the
// mapping must have ReportBatchItemFailures. `failed` are ids, of which those of Kinesis are in
// order of the stream. Of SQS each is named. Of Kinesis the lowest is: Lambda goes on from there,
// and what came after it comes again too.
std::string FormatBatchAnswer(EventSource source, std::span<const std::string> failed);

}  // namespace sluice
