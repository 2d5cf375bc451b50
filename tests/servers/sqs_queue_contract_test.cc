// SPDX-License-Identifier: Apache-2.0
// The contract suite of Queue on a server of SQS's protocol, whose address is in
// SLUICE_SQS_ENDPOINT: with_server.py starts one.
#include <fmt/format.h>

#include <atomic>
#include <cstdlib>
#include <set>

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

  SqsQueue& queue() override { return *queue_; }
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

std::unique_ptr<ServersQueue> MakeServersQueue() {
  const char* const url = std::getenv("SLUICE_SQS_ENDPOINT");
  const auto endpoint = ParseEndpoint(url == nullptr ? "" : url);
  EXPECT_TRUE(endpoint) << "SLUICE_SQS_ENDPOINT";
  if (!endpoint) return nullptr;
  return std::make_unique<ServersQueue>(*endpoint);
}

INSTANTIATE_TEST_SUITE_P(Sqs, QueueContract,
                         ::testing::Values(QueueFactory{"Sqs", MakeServersQueue}));

// Of what Queue does not say.
class SqsServerTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(under_test_, nullptr); }

  const std::unique_ptr<ServersQueue> under_test_ = MakeServersQueue();
};

TEST_F(SqsServerTest, TenThousandMessagesComeEachOnceByParallelReceives) {
  constexpr int kMessages = 10'000;
  SqsQueue& queue = under_test_->queue();
  for (int sent = 0; sent < kMessages; sent += Queue::kMaxBatch) {
    std::vector<std::string> bodies;
    for (int i = 0; i < Queue::kMaxBatch; ++i) bodies.push_back(std::to_string(sent + i));
    const auto answers = queue.Send(bodies);
    ASSERT_TRUE(answers) << answers.error().message();
    for (const Status& answer : *answers) ASSERT_TRUE(answer) << answer.error().message();
  }
  std::set<std::string> bodies;
  size_t receives = 0, messages = 0;
  for (int misses = 0; misses < 2; ++receives) {
    const auto some = queue.Receive(
        {.max_messages = Queue::kMaxBatch, .visibility_timeout = std::chrono::minutes(10)});
    ASSERT_TRUE(some) << some.error().message();
    misses = some->empty() ? misses + 1 : 0;
    messages += some->size();
    std::vector<Receipt> receipts;
    for (const Message& message : *some) {
      bodies.insert(message.body);
      receipts.push_back(message.receipt);
    }
    if (receipts.empty()) continue;
    const auto deleted = queue.Delete(receipts);
    ASSERT_TRUE(deleted) << deleted.error().message();
    for (const Status& answer : *deleted) ASSERT_TRUE(answer) << answer.error().message();
  }
  EXPECT_EQ(messages, size_t{kMessages});
  EXPECT_EQ(bodies.size(), size_t{kMessages});
  EXPECT_LT(receives, size_t{kMessages / 20});  // they grew
  const auto depth = queue.Depth();
  ASSERT_TRUE(depth) << depth.error().message();
  EXPECT_EQ(depth->visible + depth->in_flight, 0u);
}

TEST_F(SqsServerTest, SaysHowItIsSetUpAndWhatIsInTheDeadLetterQueue) {
  const std::vector<std::string> bodies = {"dead", "too"};
  ASSERT_TRUE(under_test_->dead_letters().Send(bodies));
  const auto settings = under_test_->queue().Settings();
  ASSERT_TRUE(settings) << settings.error().message();
  EXPECT_EQ(settings->max_receive_count, QueueUnderTest::kMaxReceiveCount);
  EXPECT_TRUE(settings->dead_letter_arn.ends_with("-dead")) << settings->dead_letter_arn;
  EXPECT_FALSE(settings->is_fifo);
  const auto depth = under_test_->queue().Depth();
  ASSERT_TRUE(depth) << depth.error().message();
  EXPECT_EQ(depth->dead, 2u);
}

}  // namespace
}  // namespace sluice
