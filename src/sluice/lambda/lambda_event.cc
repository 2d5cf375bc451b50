// SPDX-License-Identifier: Apache-2.0
#include "sluice/lambda/lambda_event.h"

#include <simdjson.h>

#include <algorithm>
#include <set>

#include "sluice/base/base64.h"
#include "sluice/base/json_text.h"
#include "sluice/event/kpl_record.h"

namespace sluice {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;

constexpr size_t kMaxBytes = 8 << 20;
constexpr size_t kMaxRecords = 10'000;
constexpr size_t kMaxDepth = 64;
constexpr size_t kMaxIdBytes = 256;
constexpr size_t kMaxDigits = 129;  // Kinesis API Reference: 0|([1-9]\d{0,128})

std::unexpected<Error> Bad(std::string_view why) {
  return Fail(ErrorKind::kBadData, "{}", why);
}

Result<std::string_view> Text(const object& from, std::string_view name) {
  std::string_view text;
  if (from.at_key(name).get(text) == simdjson::SUCCESS) return text;
  return Fail(ErrorKind::kBadData, "{} is missing or no string", name);
}

// The id of a message or record. SQS takes an empty one in an answer for all of the batch, so there
// must be none.
Result<std::string_view> Id(const object& from, std::string_view name) {
  SLUICE_ASSIGN(const std::string_view id, Text(from, name));
  if (id.empty()) return Fail(ErrorKind::kBadData, "{} is empty", name);
  if (id.size() > kMaxIdBytes) return Fail(ErrorKind::kBadData, "{} is too long", name);
  return id;
}

Result<EventSource> SourceOf(const object& record) {
  SLUICE_ASSIGN(const std::string_view source, Text(record, "eventSource"));
  if (source == "aws:sqs") return EventSource::kSqs;
  if (source == "aws:kinesis") return EventSource::kKinesis;
  return Bad("eventSource is neither aws:sqs nor aws:kinesis");
}

Result<BatchItem> ReadSqs(const object& record) {
  SLUICE_ASSIGN(const std::string_view id, Id(record, "messageId"));
  SLUICE_ASSIGN(const std::string_view body, Text(record, "body"));
  return BatchItem{std::string(id), {{std::string(id), std::string(body)}}};
}

std::vector<BatchMessage> MessagesOf(std::string_view id, std::string data) {
  std::vector<BatchMessage> messages;
  if (const auto users = UserRecordsOf(data)) {
    for (const std::string_view user : *users) {
      messages.push_back({fmt::format("{}:{}", id, messages.size()), std::string(user)});
    }
  } else {
    messages.push_back({std::string(id), std::move(data)});
  }
  return messages;
}

bool IsSequenceNumber(std::string_view text) {
  return text.size() <= kMaxDigits && text.find_first_not_of("0123456789") == text.npos &&
         (text == "0" || !text.starts_with('0'));
}

Result<BatchItem> ReadKinesis(const object& record) {
  object kinesis;
  if (record.at_key("kinesis").get(kinesis) != simdjson::SUCCESS) return Bad("kinesis is missing");
  SLUICE_ASSIGN(const std::string_view number, Id(kinesis, "sequenceNumber"));
  if (!IsSequenceNumber(number)) return Bad("sequenceNumber is no number");
  SLUICE_ASSIGN(const std::string_view id, Id(record, "eventID"));  // "SHARD:NUMBER"
  SLUICE_ASSIGN(const std::string_view text, Text(kinesis, "data"));
  std::optional<std::string> data = FromBase64(text);
  if (!data) return Bad("data is not base64");
  return BatchItem{std::string(number), MessagesOf(id, std::move(*data))};
}

Result<BatchItem> ReadItem(EventSource source, const object& record) {
  SLUICE_ASSIGN(const EventSource its, SourceOf(record));
  if (its != source) return Bad("it comes from another eventSource than the first");
  return source == EventSource::kSqs ? ReadSqs(record) : ReadKinesis(record);
}

Result<LambdaBatch> ReadRecords(const simdjson::dom::array& records) {
  LambdaBatch batch;
  for (const element& record : records) {
    if (batch.items.size() == kMaxRecords) return Bad("Records has more than 10000 entries");
    const size_t number = batch.items.size() + 1;
    object from;
    if (record.get(from) != simdjson::SUCCESS) {
      return Fail(ErrorKind::kBadData, "record {} is no object", number);
    }
    if (number == 1) {
      SLUICE_ASSIGN(batch.source, SourceOf(from));
    }
    Result<BatchItem> item = ReadItem(batch.source, from);
    if (!item) return std::unexpected(item.error().During(fmt::format("record {}", number)));
    batch.items.push_back(std::move(*item));
  }
  return batch;
}

Result<LambdaBatch> Read(std::string_view payload) {
  if (payload.empty()) return Bad("not JSON: empty");
  if (payload.size() > kMaxBytes) return Bad("longer than 8 MiB");
  simdjson::dom::parser parser(kMaxBytes);
  if (parser.allocate(std::max<size_t>(payload.size(), 64), kMaxDepth) != simdjson::SUCCESS) {
    return Bad("out of memory");
  }
  element root;
  if (const auto error = parser.parse(payload.data(), payload.size()).get(root)) {
    return Fail(ErrorKind::kBadData, "not JSON: {}", simdjson::error_message(error));
  }
  object from;
  simdjson::dom::array records;
  if (root.get(from) != simdjson::SUCCESS ||
      from.at_key("Records").get(records) != simdjson::SUCCESS) {
    return Bad("no object with a list of Records");
  }
  return ReadRecords(records);
}

// Decimal numbers without zeros in front.
bool IsLower(std::string_view a, std::string_view b) {
  return a.size() != b.size() ? a.size() < b.size() : a < b;
}

}  // namespace

std::string_view Name(EventSource source) {
  return source == EventSource::kSqs ? "sqs" : "kinesis";
}

Result<LambdaBatch> ParseLambdaEvent(std::string_view payload) {
  Result<LambdaBatch> batch = Read(payload);
  if (batch) return batch;
  return std::unexpected(batch.error().During(
      "no event of SQS or Kinesis; check the function's event source mappings"));
}

std::string FormatBatchAnswer(EventSource source, std::span<const std::string> failed) {
  // A message may be in one batch twice.
  std::set<std::string_view> named(failed.begin(), failed.end());
  if (source == EventSource::kKinesis && !named.empty()) {
    named = {*std::ranges::min_element(named, IsLower)};
  }
  JsonText json;
  json.BeginObject().Key("batchItemFailures").BeginArray();
  for (const std::string_view id : named) {
    json.BeginObject().Key("itemIdentifier").Value(id).EndObject();
  }
  json.EndArray().EndObject();
  return json.text();
}

}  // namespace sluice
