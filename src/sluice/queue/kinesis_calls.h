// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/aws/aws_client.h"
#include "sluice/queue/stream.h"

namespace sluice {

// What GetRecords answers.
struct KinesisRecords {
  std::vector<StreamRecord> records;
  std::string next_iterator;  // empty: this was the end of the shard
  std::vector<std::string> children;
  std::chrono::milliseconds behind{0};  // the newest record; zero: there was nothing newer
};

// The calls of Kinesis that a reader makes, by its JSON protocol (API version 2013-12-02), for one
// stream. kNotFound: the stream, the shard, the iterator or the page is not there, or no more; an
// iterator is good for five minutes. Thread-safe.
class KinesisCalls {
 public:
  // `stream` is a name or an ARN.
  KinesisCalls(std::unique_ptr<AwsClient> kinesis, std::string stream);

  const std::string& name() const { return name_; }

  struct ShardPage {
    std::vector<StreamShard> shards;
    std::string next;  // token of the next page; empty behind the last one
  };
  // The page that `token` names, or the first one, of shards behind `after` where that is given.
  Result<ShardPage> ListShards(const std::string& token, const std::string& after);
  Result<std::string> GetShardIterator(const std::string& shard, const StreamPosition& from);
  Result<KinesisRecords> GetRecords(const std::string& iterator, size_t most);

 private:
  Result<HttpResponse> Call(std::string_view operation, const std::string& body);

  const std::unique_ptr<AwsClient> kinesis_;
  const std::string arn_;  // or empty
  const std::string name_;
};

}  // namespace sluice
