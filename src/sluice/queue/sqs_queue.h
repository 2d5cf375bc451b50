// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "sluice/aws/aws_client.h"
#include "sluice/queue/queue.h"

namespace sluice {

// A client of Amazon SQS at `endpoint`, with the failures that it answers.
Result<std::unique_ptr<AwsClient>> MakeSqsClient(const HttpEndpoint& endpoint,
                                                 const std::string& region,
                                                 std::shared_ptr<CredentialsSource> credentials,
                                                 Clock& clock,
                                                 const AwsClientOptions& options = {});

// A standard queue of Amazon SQS, by its JSON protocol (API version 2012-11-05). A lost answer to a
// Send is sent again, so that a message may stand in the queue twice, as every message of SQS may.
class SqsQueue final : public Queue {
 public:
  // `url` is the queue's, as SQS gives it out; it is no address that anything is sent to.
  SqsQueue(std::unique_ptr<AwsClient> sqs, std::string url)
      : sqs_(std::move(sqs)), url_(std::move(url)) {}

  Result<std::vector<Message>> Receive(const ReceiveOptions& options) override;
  Result<std::vector<Status>> Delete(std::span<const Receipt> receipts) override;
  Result<std::vector<Status>> Extend(std::span<const Receipt> receipts,
                                     std::chrono::seconds visibility_timeout) override;
  Result<std::vector<Status>> Send(std::span<const std::string> bodies) override;
  // Without `dead`, which only the dead-letter queue itself knows.
  Result<QueueDepth> Depth() override;

 private:
  Result<HttpResponse> Call(std::string_view operation, const std::string& body,
                            std::chrono::milliseconds wait = {});

  const std::unique_ptr<AwsClient> sqs_;
  const std::string url_;
};

}  // namespace sluice
