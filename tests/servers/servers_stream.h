// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>

#include "sluice/aws/credentials_for_test.h"
#include "sluice/base/base64.h"
#include "sluice/base/json_text.h"
#include "sluice/queue/kinesis_stream.h"
#include "tests/contract/stream_contract.h"

namespace sluice {

// What stands between `before` and the next quote in an answer.
inline std::string Behind(const std::string& body, const std::string& before) {
  const size_t at = body.find(before);
  if (at == std::string::npos) return "";
  const size_t begin = at + before.size();
  return body.substr(begin, body.find('"', begin) - begin);
}

// A new stream with two shards on a server of Kinesis's protocol, and its producer.
class ServersStream : public StreamUnderTest {
 public:
  explicit ServersStream(const HttpEndpoint& endpoint)
      : endpoint_(endpoint),
        name_(fmt::format("contract-{}", ++numbers_)),
        kinesis_(Client()),
        stream_(Client(), name_, clock_) {
    JsonText json;
    json.BeginObject().Key("StreamName").Value(name_).Key("ShardCount").Value(2).EndObject();
    EXPECT_TRUE(Call("CreateStream", json.text()));
    WaitUntilActive();
  }

  Stream& stream() override { return stream_; }

  Result<SequenceNumber> Put(const std::string& shard, const std::string& partition_key,
                             const std::string& data) override {
    SLUICE_ASSIGN(const std::string hash, FirstHashOf(shard));
    JsonText json;
    json.BeginObject().Key("StreamName").Value(name_).Key("PartitionKey").Value(partition_key);
    json.Key("ExplicitHashKey").Value(hash).Key("Data").Value(ToBase64(data)).EndObject();
    SLUICE_ASSIGN(const std::string answer, Call("PutRecord", json.text()));
    EXPECT_EQ(Behind(answer, "\"ShardId\":\""), shard);
    return SequenceNumber::Parse(Behind(answer, "\"SequenceNumber\":\""));
  }

  Status Split(const std::string& shard) override {
    // A hash inside the first shard's half, or the second's.
    const bool is_first = shard == "shardId-000000000000";
    JsonText json;
    json.BeginObject().Key("StreamName").Value(name_).Key("ShardToSplit").Value(shard);
    json.Key("NewStartingHashKey");
    json.Value(is_first ? "1000" : "340282366920938463463374607431768211000").EndObject();
    SLUICE_TRY(Call("SplitShard", json.text()));
    WaitUntilActive();
    return {};
  }

  Status Merge(const std::string& shard, const std::string& other) override {
    JsonText json;
    json.BeginObject().Key("StreamName").Value(name_).Key("ShardToMerge").Value(shard);
    json.Key("AdjacentShardToMerge").Value(other).EndObject();
    SLUICE_TRY(Call("MergeShards", json.text()));
    WaitUntilActive();
    return {};
  }

  // Its time is the real one.
  void Elapse(std::chrono::milliseconds duration) override { clock_.Sleep(duration); }

 private:
  std::unique_ptr<AwsClient> Client() {
    auto credentials = std::make_shared<FixedCredentials>(
        AwsCredentials{.access_key_id = "test", .secret_access_key = "test"});
    return MakeKinesisClient(endpoint_, "us-east-1", std::move(credentials), clock_).value();
  }

  Result<std::string> Call(const std::string& operation, const std::string& body) {
    SLUICE_ASSIGN(
        HttpResponse answer,
        kinesis_->Call({.request = {.method = "POST",
                                    .headers = {{"Content-Type", "application/x-amz-json-1.1"},
                                                {"X-Amz-Target", "Kinesis_20131202." + operation}},
                                    .body = body}}));
    return std::move(answer.body);
  }

  std::string NameBody() const { return fmt::format("{{\"StreamName\":\"{}\"}}", name_); }

  void WaitUntilActive() {
    for (int tries = 0; tries < 500; ++tries) {
      const auto summary = Call("DescribeStreamSummary", NameBody());
      if (summary && Behind(*summary, "\"StreamStatus\":\"") == "ACTIVE") return;
      clock_.Sleep(std::chrono::milliseconds(20));
    }
    ADD_FAILURE() << "the stream does not become active: " << name_;
  }

  Result<std::string> FirstHashOf(const std::string& shard) {
    SLUICE_ASSIGN(const std::string shards, Call("ListShards", NameBody()));
    // The members of a shard may come in any order, and a parent is named by its children too.
    for (size_t at = shards.find("\"HashKeyRange\""); at != std::string::npos;) {
      const size_t begin = shards.rfind("{", at), next = shards.find("\"HashKeyRange\"", at + 1);
      const size_t end = next == std::string::npos ? next : shards.rfind("{", next);
      const std::string one = shards.substr(begin, end - begin);
      if (Behind(one, "\"ShardId\":\"") == shard) return Behind(one, "\"StartingHashKey\":\"");
      at = next;
    }
    return Fail(ErrorKind::kNotFound, "no shard {}", shard);
  }

  static inline std::atomic<int> numbers_ = 0;
  SystemClock clock_;
  const HttpEndpoint endpoint_;
  const std::string name_;
  const std::unique_ptr<AwsClient> kinesis_;
  KinesisStream stream_;
};

}  // namespace sluice
