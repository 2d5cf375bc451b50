// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "sluice/aws/aws_client.h"
#include "sluice/queue/kinesis_calls.h"
#include "sluice/queue/stream.h"

namespace sluice {

// What Kinesis answers when it refuses.
std::span<const FailureMeaning> KinesisFailures();

// A client of Amazon Kinesis Data Streams at `endpoint`, with the failures that it answers.
Result<std::unique_ptr<AwsClient>> MakeKinesisClient(const HttpEndpoint& endpoint,
                                                     const std::string& region,
                                                     std::shared_ptr<CredentialsSource> credentials,
                                                     Clock& clock,
                                                     const AwsClientOptions& options = {});

// A stream of Amazon Kinesis Data Streams. A shard takes five reads and gives 2 MiB a second, for
// all who read it together: a batch's pause keeps to that for one reader, and what is throttled all
// the same is tried again by the client. An iterator that expired is replaced by one behind the
// last record that was returned (fault L18).
class KinesisStream final : public Stream {
 public:
  // `stream` is a name, or an ARN, which another account's must be. `clock` outlives the stream.
  KinesisStream(std::unique_ptr<AwsClient> kinesis, std::string stream, Clock& clock)
      : calls_(std::move(kinesis), std::move(stream)), clock_(clock) {}

  const std::string& name() const override { return calls_.name(); }
  Result<std::vector<StreamShard>> Shards() override;
  // kLatest begins at the moment of this call, by the clock here where the first iterator expires.
  Result<std::unique_ptr<ShardReader>> Open(const std::string& shard,
                                            const StreamPosition& from) override;

 private:
  class Reader;

  KinesisCalls calls_;
  Clock& clock_;
};

}  // namespace sluice
