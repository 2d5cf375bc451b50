// SPDX-License-Identifier: Apache-2.0
// How a statement's end is waited for. What else the client does, redshim's tests see.
#include "sluice/warehouse/data_api_client.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <chrono>
#include <limits>

#include "sluice/aws/credentials_for_test.h"
#include "sluice/aws/failure_meanings_for_test.h"
#include "sluice/aws/loopback_server_for_test.h"

namespace sluice {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::Lt;
using ::testing::SizeIs;

class DataApiWaitTest : public ::testing::Test {
 protected:
  // Until `limit` has passed; whether it had ended then.
  bool Ends(std::chrono::milliseconds limit) {
    const auto waited = client_.Wait("id", clock_.Monotonic() + limit, stop_.get_token());
    EXPECT_TRUE(waited) << waited.error().message();
    return waited && waited->has_value();
  }
  // Milliseconds between one question and the next.
  std::vector<int64_t> Pauses() const {
    std::vector<int64_t> pauses;
    for (size_t i = 1; i < asked_.size(); ++i) {
      pauses.push_back(
          std::chrono::duration_cast<std::chrono::milliseconds>(asked_[i] - asked_[i - 1]).count());
    }
    return pauses;
  }

  FakeClock clock_;
  std::stop_source stop_;
  std::vector<Ticks> asked_;
  size_t cancelled_ = 0;
  size_t ends_when_asked_ = std::numeric_limits<size_t>::max();  // so often
  std::chrono::milliseconds answers_after_{0};
  LoopbackServer server_{[this](const std::string& request) {
    if (request.contains("CancelStatement")) {
      ++cancelled_;
      return LoopbackServer::Ok(R"({"Status":true})");
    }
    asked_.push_back(clock_.Monotonic());
    clock_.Advance(answers_after_);
    const bool has_ended = asked_.size() >= ends_when_asked_;
    return LoopbackServer::Ok(
        fmt::format(R"({{"Id":"id","Status":"{}"}})", has_ended ? "FINISHED" : "STARTED"));
  }};
  DataApiClient client_{
      AwsClient::Make({.scope = {.service = "redshift-data", .region = "eu-central-1"},
                       .endpoint = server_.endpoint(),
                       .failures = DataApiClient::failures()},
                      std::make_shared<FixedCredentials>(
                          AwsCredentials{.access_key_id = "AKID", .secret_access_key = "s"}),
                      clock_, {})
          .value(),
      {.cluster = "rs", .workgroup = "", .database = "d", .user = "u", .secret_arn = ""},
      clock_};
};

TEST_F(DataApiWaitTest, PausesGrowWhereTheServiceAnswersAtOnce) {
  ends_when_asked_ = 10;
  EXPECT_TRUE(Ends(std::chrono::hours(1)));
  EXPECT_THAT(Pauses(), ElementsAre(50, 100, 200, 400, 800, 1'600, 2'000, 2'000, 2'000));
}

TEST_F(DataApiWaitTest, WhereTheServiceWaitsItIsAskedAgainAtOnce) {
  ends_when_asked_ = 5;
  answers_after_ = std::chrono::seconds(1);
  EXPECT_TRUE(Ends(std::chrono::hours(1)));
  EXPECT_THAT(Pauses(), AllOf(SizeIs(4), Each(1'000)));
}

TEST_F(DataApiWaitTest, WhatHasEndedIsNotWaitedFor) {
  ends_when_asked_ = 1;
  const Ticks begun = clock_.Monotonic();
  EXPECT_TRUE(Ends(std::chrono::hours(1)));
  EXPECT_EQ(clock_.Monotonic(), begun);
}

TEST_F(DataApiWaitTest, WhatGoesOnIsLeftAtItsTime) {
  const Ticks until = clock_.Monotonic() + std::chrono::seconds(60);
  EXPECT_FALSE(Ends(std::chrono::seconds(60)));
  EXPECT_THAT(clock_.Monotonic(), AllOf(Ge(until), Lt(until + std::chrono::seconds(2))));
  EXPECT_EQ(cancelled_, 0u);
}

TEST_F(DataApiWaitTest, AStopCancelsItEachTimeAndWaitsFiveSecondsMore) {
  stop_.request_stop();
  const Ticks grace = clock_.Monotonic() + std::chrono::seconds(5);
  EXPECT_FALSE(Ends(std::chrono::hours(1)));
  EXPECT_THAT(clock_.Monotonic(), AllOf(Ge(grace), Lt(grace + std::chrono::seconds(2))));
  EXPECT_GT(cancelled_, 1u);
  EXPECT_EQ(cancelled_, asked_.size() - 1);
}

TEST(DataApiFailuresTest, OfManyStatementsAndOfTheDatabaseAreNotPermanent) {
  ExpectMeanings(DataApiClient::failures(),
                 {{"ActiveSessionsExceededException", ErrorKind::kTransient},
                  {"ActiveStatementsExceededException", ErrorKind::kTransient},
                  {"ActiveWaitingRequestsExceededException", ErrorKind::kTransient},
                  {"BatchExecuteStatementException", ErrorKind::kOutcomeUnknown},
                  {"DatabaseConnectionException", ErrorKind::kTransient},
                  {"ExecuteStatementException", ErrorKind::kOutcomeUnknown},
                  {"QueryTimeoutException", ErrorKind::kTransient},
                  {"ResourceNotFoundException", ErrorKind::kNotFound}});
}

}  // namespace
}  // namespace sluice
