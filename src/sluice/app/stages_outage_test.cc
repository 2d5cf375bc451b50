// SPDX-License-Identifier: Apache-2.0
// Landing while S3 refuses everything.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>

#include "sluice/app/pipeline.h"
#include "sluice/app/stages.h"
#include "sluice/aws/loopback_server_for_test.h"
#include "sluice/base/test_folder.h"
#include "sluice/config/load_config.h"

namespace sluice {
namespace {

class OutageTest : public ::testing::TestWithParam<const char*> {
 protected:
  OutageTest() {
    ::setenv("AWS_ACCESS_KEY_ID", "AKID", 1);
    ::setenv("AWS_SECRET_ACCESS_KEY", "s", 1);
    PipelineConfig config = *LoadEmbedded(folder_.path(), LocalSecretSource({}));
    config.raw.location = {.kind = Location::Kind::kS3, .text = "s3://acme-raw/"};
    config.raw.service = {
        .region = "eu-central-1",
        .endpoint = "http://127.0.0.1:" + std::to_string(server_.endpoint().port)};
    config.raw.close_size = kCloseSize;
    config.raw.compression = StreamFormat::kPlain;
    pipeline_ =
        *Pipeline::Open(std::move(config), {.clock = clock_, .stop = {}, .faults = nullptr});
    const std::vector<std::string> bodies(10, '"' + std::string(1000, 'x') + '"');
    for (size_t sent = 0; sent < kMessages; sent += bodies.size()) {
      EXPECT_TRUE(pipeline_->source()->Send(bodies)->front());
    }
  }

  LoopbackServer::Answer Answer(const std::string& request) {
    if (!request.starts_with("PUT "))
      return {"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"};
    if (is_down_) {
      ++refused_;
      if (request.size() > largest_) largest_ = request.size();
      return {std::string(GetParam())};
    }
    ++put_;
    return {"HTTP/1.1 200 OK\r\nETag: \"e\"\r\nContent-Length: 0\r\n\r\n"};
  }

  static constexpr Bytes kCloseSize = KiB(40);
  static constexpr size_t kMessages = 100;
  const TestFolder folder_;
  FakeClock clock_;
  std::atomic<bool> is_down_ = true;
  std::atomic<size_t> refused_ = 0, put_ = 0, largest_ = 0;
  LoopbackServer server_{[this](const std::string& request) { return Answer(request); }};
  std::unique_ptr<Pipeline> pipeline_;
};

TEST_P(OutageTest, L16_OfTenMinutesCostsFewRequestsAndNoMessage) {
  const StageRequest ten_minutes{.mode = RunMode::kFollow,
                                 .deadline = Deadline::After(clock_, std::chrono::minutes(10))};
  const auto during = RunLand(*pipeline_, ten_minutes, clock_, {}, {});
  ASSERT_TRUE(during) << during.error().message();
  EXPECT_EQ(during->landed.objects, 0u);
  EXPECT_EQ(pipeline_->source()->Depth()->visible, kMessages);
  EXPECT_GT(refused_, 10u) << "it has to try again";
  EXPECT_LT(refused_, 200u) << "but not all the time";
  EXPECT_GE(largest_, kCloseSize.count);
  EXPECT_LT(largest_, 2 * kCloseSize.count) << "no object grows with the queue";

  is_down_ = false;
  const auto after = RunLand(*pipeline_, {}, clock_, {}, {});
  ASSERT_TRUE(after) << after.error().message();
  EXPECT_EQ(after->landed.messages, kMessages);
  EXPECT_EQ(after->landed.deleted, kMessages);
  EXPECT_EQ(after->landed.objects, put_.load());
  EXPECT_EQ(pipeline_->source()->Depth()->visible, 0u);
}

INSTANTIATE_TEST_SUITE_P(
    S3, OutageTest,
    ::testing::Values("HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\n\r\n",
                      "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"));

}  // namespace
}  // namespace sluice
