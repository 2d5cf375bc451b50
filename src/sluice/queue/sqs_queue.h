// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/aws/aws_client.h"
#include "sluice/queue/queue.h"
#include "sluice/queue/queue_settings.h"
#include "sluice/queue/sqs_protocol.h"

namespace sluice {

// A client of Amazon SQS at `endpoint`, with the failures that it answers.
Result<std::unique_ptr<AwsClient>> MakeSqsClient(const HttpEndpoint& endpoint,
                                                 const std::string& region,
                                                 std::shared_ptr<CredentialsSource> credentials,
                                                 Clock& clock,
                                                 const AwsClientOptions& options = {});

struct SqsQueueOptions {
  // Requests in flight at a time, of each call; at least one. SQS takes ten messages with one,
  // which is some 10 ms; eight are some thousands of messages a second. A Receive may hold twenty
  // messages of 1 MiB for each.
  size_t most_requests = 8;
};

// A standard queue of Amazon SQS, by its JSON protocol (API version 2012-11-05). Beyond what Queue
// says:
//
// - A call of many entries is several requests of ten, and of a mebibyte of bodies, side by side.
//   When three requests in a row have failed no further ones are begun; an entry that was not asked
//   for is kTransient.
// - Receive begins with one long poll, of a second at least: a shorter one asks only some of SQS's
//   servers, and may find nothing in a queue that is not empty. While answers come full the next
//   Receive asks twice as many at a time; when less than half comes half as many, and one again
//   when nothing comes. What came is returned, and an error only where nothing did.
// - A lost answer to a Send is sent again, so that a message may stand in the queue twice, as every
//   message of SQS may. A body that is not UTF-8 is refused: kBadData.
// - A request that fails however slowly is given up within two minutes, its wait included.
class SqsQueue final : public Queue {
 public:
  // `url` is the queue's, as SQS gives it out; it is no address that anything is sent to.
  SqsQueue(std::unique_ptr<AwsClient> sqs, std::string url, SqsQueueOptions options = {})
      : sqs_(std::move(sqs)), url_(std::move(url)), options_(options) {}

  Result<std::vector<Message>> Receive(const ReceiveOptions& options) override;
  Result<std::vector<Status>> Delete(std::span<const Receipt> receipts) override;
  Result<std::vector<Status>> Extend(std::span<const Receipt> receipts,
                                     std::chrono::seconds visibility_timeout) override;
  Result<std::vector<Status>> Send(std::span<const std::string> bodies) override;
  Result<QueueDepth> Depth() override;

  // GetQueueUrl, of the queue that has this ARN.
  Result<std::string> UrlOf(std::string_view arn);

  // How the queue is set up; asks its dead-letter queue too, where that is allowed.
  Result<QueueSettings> Settings();

 private:
  Result<SqsAttributes> Attributes(const std::string& url);
  Result<SqsAttributes> DeadLetterAttributes(std::string_view arn);
  Result<HttpResponse> Call(std::string_view operation, const std::string& body);
  // Side by side.
  std::vector<Result<HttpResponse>> CallAll(std::string_view operation,
                                            std::span<const std::string> bodies,
                                            std::chrono::milliseconds wait = {});
  // By `turns` times `at_once` requests side by side, each of which waits so long; fewer turns when
  // no more is there, or enough.
  Result<std::vector<Message>> ReceiveSome(const ReceiveOptions& options, size_t at_once,
                                           size_t turns, std::chrono::seconds wait);
  // Asks of the parts, which stand one behind the other, each with the body that is made of it.
  template <typename Entry, typename BodyOf>
  Result<std::vector<Status>> InRequests(std::string_view operation,
                                         const std::vector<std::span<const Entry>>& parts,
                                         const BodyOf& body_of);

  const std::unique_ptr<AwsClient> sqs_;
  const std::string url_;
  const SqsQueueOptions options_;
  std::atomic<size_t> receives_ = 1;  // that the next Receive has in flight
};

}  // namespace sluice
