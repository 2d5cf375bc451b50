// SPDX-License-Identifier: Apache-2.0
// The contract suite of Queue on a server of SQS's protocol, whose address is in
// SLUICE_SQS_ENDPOINT: with_server.py starts one.
#include <fmt/format.h>

#include <atomic>
#include <cstdlib>

#include "sluice/aws/credentials_for_test.h"
#include "sluice/base/json_text.h"
#include "sluice/queue/sqs_queue.h"
#include "tests/contract/queue_contract.h"

namespace sluice {
namespace {

// A server's queue with a dead-letter queue, both new.
class ServersQueue : public QueueUnderTest {
 public:
  explicit ServersQueue(const HttpEndpoint& endpoint) : endpoint_(endpoint), sqs_(Client()) {
    static std::atomic<int> number = 0;
    const std::string name = fmt::format("contract-{}", ++number);
    dead_letters_ = Make(name + "-dead", "");
    JsonText policy;
    policy.BeginObject().Key("deadLetterTargetArn");
    policy.Value("arn:aws:sqs:us-east-1:000000000000:" + name + "-dead");
    policy.Key("maxReceiveCount").Value(kMaxReceiveCount).EndObject();
    queue_ = Make(name, policy.text());
  }

  Queue& queue() override { return *queue_; }
  Queue& dead_letters() override { return *dead_letters_; }
  // Its time is the real one.
  void Elapse(std::chrono::seconds duration) override { clock_.Sleep(duration); }
  bool forgets_receipts() const override { return false; }  // see README.md

 private:
  std::unique_ptr<AwsClient> Client() {
    auto credentials = std::make_shared<FixedCredentials>(
        AwsCredentials{.access_key_id = "test", .secret_access_key = "test"});
    return MakeSqsClient(endpoint_, "us-east-1", std::move(credentials), clock_).value();
  }

  std::unique_ptr<SqsQueue> Make(const std::string& name, const std::string& redrive_policy) {
    JsonText json;
    json.BeginObject().Key("QueueName").Value(name);
    json.Key("Attributes").BeginObject();
    if (!redrive_policy.empty()) json.Key("RedrivePolicy").Value(redrive_policy);
    json.EndObject().EndObject();
    const auto made =
        sqs_->Call({.request = {.method = "POST",
                                .headers = {{"Content-Type", "application/x-amz-json-1.0"},
                                            {"X-Amz-Target", "AmazonSQS.CreateQueue"}},
                                .body = json.text()}});
    EXPECT_TRUE(made) << made.error().message();
    return std::make_unique<SqsQueue>(
        Client(), fmt::format("http://{}/000000000000/{}", endpoint_.authority(), name));
  }

  SystemClock clock_;
  const HttpEndpoint endpoint_;
  const std::unique_ptr<AwsClient> sqs_;
  std::unique_ptr<SqsQueue> queue_, dead_letters_;
};

std::unique_ptr<QueueUnderTest> MakeServersQueue() {
  const char* const url = std::getenv("SLUICE_SQS_ENDPOINT");
  const auto endpoint = ParseEndpoint(url == nullptr ? "" : url);
  EXPECT_TRUE(endpoint) << "SLUICE_SQS_ENDPOINT";
  if (!endpoint) return nullptr;
  return std::make_unique<ServersQueue>(*endpoint);
}

INSTANTIATE_TEST_SUITE_P(Sqs, QueueContract,
                         ::testing::Values(QueueFactory{"Sqs", MakeServersQueue}));

}  // namespace
}  // namespace sluice
