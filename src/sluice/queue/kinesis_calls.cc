// SPDX-License-Identifier: Apache-2.0
#include "sluice/queue/kinesis_calls.h"

#include <simdjson.h>

#include <cmath>

#include "sluice/aws/json_answer.h"
#include "sluice/base/base64.h"
#include "sluice/base/json_text.h"

namespace sluice {
namespace {

using simdjson::dom::object;

std::unexpected<Error> BadAnswer(std::string_view what) {
  return Fail(ErrorKind::kPermanent, "kinesis: an answer without {}", what);
}

Result<object> ObjectIn(simdjson::dom::parser& parser, const HttpResponse& answer) {
  object root;
  if (parser.parse(answer.body).get(root) == simdjson::SUCCESS) return root;
  return BadAnswer("a JSON object");
}

Result<StreamShard> ShardIn(const object& from) {
  StreamShard shard{.id = std::string(TextMember(from, "ShardId"))};
  if (shard.id.empty()) return BadAnswer("a shard's id");
  for (const char* const name : {"ParentShardId", "AdjacentParentShardId"}) {
    const std::string_view parent = TextMember(from, name);
    if (!parent.empty()) shard.parents.emplace_back(parent);
  }
  object range;
  if (from.at_key("SequenceNumberRange").get(range) != simdjson::SUCCESS) {
    return BadAnswer("a shard's sequence numbers");
  }
  shard.is_open = TextMember(range, "EndingSequenceNumber").empty();
  return shard;
}

// Seconds since 1970, with a fraction; Kinesis's clock has milliseconds.
Result<Timestamp> ArrivalIn(const object& from) {
  double seconds = 0;
  constexpr double kMostSeconds = 1e11;
  if (from.at_key("ApproximateArrivalTimestamp").get(seconds) != simdjson::SUCCESS ||
      !(seconds >= 0 && seconds <= kMostSeconds)) {
    return BadAnswer("a record's time of arrival");
  }
  return Timestamp(std::chrono::milliseconds(std::llround(seconds * 1000)));
}

Result<StreamRecord> RecordIn(const object& from) {
  std::string_view base64;
  if (from.at_key("Data").get(base64) != simdjson::SUCCESS) return BadAnswer("a record's data");
  std::optional<std::string> data = FromBase64(base64);
  if (!data) return BadAnswer("a record's data in base64");
  const auto number = SequenceNumber::Parse(TextMember(from, "SequenceNumber"));
  if (!number) return BadAnswer("a record's sequence number");
  SLUICE_ASSIGN(const Timestamp arrived, ArrivalIn(from));
  return StreamRecord{.number = *number,
                      .partition_key = std::string(TextMember(from, "PartitionKey")),
                      .arrived = arrived,
                      .data = *std::move(data)};
}

// Empty where there is none, for then the shard has ended; nothing else may be taken for that.
Result<std::string> NextIteratorIn(const object& from) {
  const auto next = from.at_key("NextShardIterator");
  if (next.error() == simdjson::NO_SUCH_FIELD || next.is_null()) return std::string();
  std::string_view text;
  if (next.get(text) == simdjson::SUCCESS && !text.empty()) return std::string(text);
  return BadAnswer("a next iterator that is a text");
}

void AddPosition(JsonText& json, const StreamPosition& from) {
  json.Key("ShardIteratorType");
  switch (from.kind) {
    case StreamPosition::Kind::kTrimHorizon:
      json.Value("TRIM_HORIZON");
      break;
    case StreamPosition::Kind::kLatest:
      json.Value("LATEST");
      break;
    case StreamPosition::Kind::kAtTimestamp: {
      const auto time = std::chrono::floor<std::chrono::milliseconds>(from.time);
      json.Value("AT_TIMESTAMP").Key("Timestamp");
      json.Value(static_cast<double>(time.time_since_epoch().count()) / 1000);
      break;
    }
    case StreamPosition::Kind::kAt:
      json.Value("AT_SEQUENCE_NUMBER").Key("StartingSequenceNumber").Value(from.number.digits);
      break;
    case StreamPosition::Kind::kAfter:
      json.Value("AFTER_SEQUENCE_NUMBER").Key("StartingSequenceNumber").Value(from.number.digits);
      break;
  }
}

bool IsArn(std::string_view stream) {
  return stream.starts_with("arn:");
}

}  // namespace

KinesisCalls::KinesisCalls(std::unique_ptr<AwsClient> kinesis, std::string stream)
    : kinesis_(std::move(kinesis)),
      arn_(IsArn(stream) ? stream : std::string()),
      name_(IsArn(stream) ? stream.substr(stream.rfind('/') + 1) : std::move(stream)) {}

// Every one of them only asks.
Result<HttpResponse> KinesisCalls::Call(std::string_view operation, const std::string& body) {
  return kinesis_->Call(
      {.request = {.method = "POST",
                   .headers = {{"Content-Type", "application/x-amz-json-1.1"},
                               {"X-Amz-Target", fmt::format("Kinesis_20131202.{}", operation)}},
                   .body = body},
       .is_repeatable = true});
}

Result<KinesisCalls::ShardPage> KinesisCalls::ListShards(const std::string& token,
                                                         const std::string& after) {
  JsonText json;
  json.BeginObject();
  if (!arn_.empty()) json.Key("StreamARN").Value(arn_);
  // A token says which stream, and must come without its name.
  if (!token.empty()) {
    json.Key("NextToken").Value(token);
  } else if (arn_.empty()) {
    json.Key("StreamName").Value(name_);
  }
  if (token.empty() && !after.empty()) json.Key("ExclusiveStartShardId").Value(after);
  json.EndObject();
  SLUICE_ASSIGN(const HttpResponse answer, Call("ListShards", json.text()));
  simdjson::dom::parser parser;
  SLUICE_ASSIGN(const object root, ObjectIn(parser, answer));
  ShardPage page{.next = std::string(TextMember(root, "NextToken"))};
  for (const object& found : ObjectMembers(root, "Shards")) {
    SLUICE_ASSIGN(StreamShard shard, ShardIn(found));
    page.shards.push_back(std::move(shard));
  }
  return page;
}

Result<std::string> KinesisCalls::GetShardIterator(const std::string& shard,
                                                   const StreamPosition& from) {
  JsonText json;
  json.BeginObject();
  if (arn_.empty()) {
    json.Key("StreamName").Value(name_);
  } else {
    json.Key("StreamARN").Value(arn_);
  }
  json.Key("ShardId").Value(shard);
  AddPosition(json, from);
  json.EndObject();
  SLUICE_ASSIGN(const HttpResponse answer, Call("GetShardIterator", json.text()));
  simdjson::dom::parser parser;
  SLUICE_ASSIGN(const object root, ObjectIn(parser, answer));
  std::string iterator(TextMember(root, "ShardIterator"));
  if (iterator.empty()) return BadAnswer("an iterator");
  return iterator;
}

Result<KinesisRecords> KinesisCalls::GetRecords(const std::string& iterator, size_t most) {
  JsonText json;
  json.BeginObject();
  if (!arn_.empty()) json.Key("StreamARN").Value(arn_);
  json.Key("ShardIterator").Value(iterator).Key("Limit").Value(uint64_t{most});
  json.EndObject();
  SLUICE_ASSIGN(const HttpResponse answer, Call("GetRecords", json.text()));
  simdjson::dom::parser parser;
  SLUICE_ASSIGN(const object root, ObjectIn(parser, answer));
  simdjson::dom::array array;
  if (root.at_key("Records").get(array) != simdjson::SUCCESS) return BadAnswer("records");
  KinesisRecords page;
  SLUICE_ASSIGN(page.next_iterator, NextIteratorIn(root));
  for (const object& found : ObjectMembers(root, "Records")) {
    SLUICE_ASSIGN(StreamRecord record, RecordIn(found));
    page.records.push_back(std::move(record));
  }
  for (const object& child : ObjectMembers(root, "ChildShards")) {
    page.children.emplace_back(TextMember(child, "ShardId"));
    if (page.children.back().empty()) return BadAnswer("a child's id");
  }
  int64_t behind = 0;
  if (root.at_key("MillisBehindLatest").get(behind) == simdjson::SUCCESS && behind > 0) {
    page.behind = std::chrono::milliseconds(behind);
  }
  return page;
}

}  // namespace sluice
