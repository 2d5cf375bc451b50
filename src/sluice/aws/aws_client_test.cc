// SPDX-License-Identifier: Apache-2.0
#include "sluice/aws/aws_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <future>
#include <map>
#include <mutex>

#include "sluice/aws/credentials_for_test.h"
#include "sluice/aws/loopback_server_for_test.h"

namespace sluice {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

constexpr std::string_view kSecret = "tHeSeCrEt", kToken = "tHeToKeN";

constexpr FailureMeaning kFailures[] = {{"QueueDoesNotExist", ErrorKind::kNotFound},
                                        {"OverLimit", ErrorKind::kTransient}};

// A service that gives the answers it was told, the last one for ever, and its client.
class AwsClientTest : public testing::Test {
 protected:
  static LoopbackServer::Answer Refusal(int status, std::string_view type,
                                        const std::string& more = "") {
    const std::string body = "{\"__type\":\"" + std::string(type) + "\",\"message\":\"why\"}";
    return {"HTTP/1.1 " + std::to_string(status) + " No\r\nx-amzn-RequestId: r-1\r\n" + more +
            "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body};
  }
  static LoopbackServer::Answer Cut() { return {"HTTP/1.1 200 OK\r\n", true}; }

  void Make(const RetryOptions& retry = {.attempts = 4}, const MovingDeadline* deadline = nullptr) {
    client_ = AwsClient::Make({.scope = {.service = "sqs", .region = "eu-central-1"},
                               .endpoint = server_.endpoint(),
                               .failures = kFailures},
                              std::make_shared<FixedCredentials>(
                                  AwsCredentials{.access_key_id = "AKID",
                                                 .secret_access_key = std::string(kSecret),
                                                 .session_token = std::string(kToken)}),
                              clock_, {.http = {}, .retry = retry, .deadline = deadline})
                  .value();
  }
  Result<HttpResponse> Call(std::deque<LoopbackServer::Answer> answers,
                            bool is_repeatable = false) {
    answers_ = std::move(answers);
    requests_.clear();
    Make();
    return client_->Call({.request = {.method = "POST", .body = "{}"},
                          .is_repeatable = is_repeatable,
                          .timeout = std::chrono::seconds(30)});
  }

  FakeClock clock_{Timestamp(std::chrono::seconds(1'369'353'600))};
  std::mutex mutex_;  // held by whoever answers
  std::deque<LoopbackServer::Answer> answers_;
  std::vector<std::string> requests_;
  std::function<LoopbackServer::Answer(const std::string&)> answer_ = [this](const std::string&) {
    const LoopbackServer::Answer answer = answers_.front();
    if (answers_.size() > 1) answers_.pop_front();
    return answer;
  };
  LoopbackServer server_{[this](const std::string& request) {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request);
    return answer_(request);
  }};
  std::unique_ptr<AwsClient> client_;
};

TEST_F(AwsClientTest, SignsWhatItSends) {
  const auto answer = Call({LoopbackServer::Ok("{}")});
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->body, "{}");
  ASSERT_EQ(requests_.size(), 1U);
  EXPECT_NE(requests_[0].find("Authorization: AWS4-HMAC-SHA256 Credential=AKID/20130524/"
                              "eu-central-1/sqs/aws4_request"),
            std::string::npos)
      << requests_[0];
  EXPECT_NE(requests_[0].find("X-Amz-Date: 20130524T000000Z"), std::string::npos);
}

TEST_F(AwsClientTest, TriesAgainWhatWasNotDone) {
  const Timestamp before = clock_.Now();
  const auto answer =
      Call({Refusal(400, "com.amazonaws.sqs#OverLimit"), Refusal(503, "ServiceUnavailable"),
            Refusal(429, "SomethingNew"), LoopbackServer::Ok("{}")});
  EXPECT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(requests_.size(), 4U);
  EXPECT_LT(before, clock_.Now()) << "it paused";
}

TEST_F(AwsClientTest, GivesUpAfterItsAttempts) {
  const auto answer = Call({Refusal(503, "SlowDown")});
  ASSERT_FALSE(answer);
  EXPECT_EQ(requests_.size(), 4U);
  EXPECT_EQ(answer.error().kind(), ErrorKind::kTransient);
  EXPECT_NE(answer.error().message().find("4 attempts"), std::string::npos);
}

TEST_F(AwsClientTest, NoAttemptBeginsAfterItsDeadline) {
  answers_ = {Refusal(503, "SlowDown")};
  MovingDeadline deadline;
  Make({.attempts = 100, .first_pause = std::chrono::seconds(2)}, &deadline);
  const AwsCall call{.request = {.method = "POST", .body = "{}"}};
  deadline.Move(Deadline::After(clock_, std::chrono::seconds(10)));
  const Ticks end = deadline.Get().at;
  const auto refused = client_->Call(call);
  EXPECT_EQ(refused.error().kind(), ErrorKind::kTransient);
  EXPECT_NE(refused.error().message().find("SlowDown"), std::string::npos);
  EXPECT_GT(requests_.size(), 1U);
  EXPECT_LT(clock_.Monotonic(), end);
  requests_.clear();
  deadline.Move({end - std::chrono::hours(1)});
  EXPECT_EQ(client_->Call(call).error().kind(), ErrorKind::kTransient);
  EXPECT_EQ(requests_.size(), 0U);
  deadline.Move(Deadline::Never());
  answers_ = {LoopbackServer::Ok("{}")};
  EXPECT_TRUE(client_->Call(call));
}

// The answer never comes, and the call has an hour. The deadline is far enough away for any machine
// to send the request before it.
TEST_F(AwsClientTest, WhatIsOnItsWayIsGivenUpAtTheDeadline) {
  std::promise<void> over;
  answer_ = [&](const std::string&) {
    over.get_future().wait();
    return Cut();
  };
  MovingDeadline deadline;
  Make({.attempts = 1}, &deadline);
  deadline.Move(Deadline::After(clock_, std::chrono::seconds(3)));
  const auto answer = client_->Call(
      {.request = {.method = "POST", .body = "{}"}, .timeout = std::chrono::hours(1)});
  EXPECT_EQ(answer.error().kind(), ErrorKind::kOutcomeUnknown);
  over.set_value();
}

TEST_F(AwsClientTest, OfSeveralCallsEachHasItsOwnAnswerAndItsOwnAttempts) {
  std::map<std::string, int> asked;
  answer_ = [&](const std::string& request) {
    const std::string body = request.substr(request.find("\r\n\r\n") + 4);
    ++asked[body];
    if (body == "1" && asked[body] == 1) return Refusal(503, "SlowDown");
    return body == "2" ? Refusal(403, "AccessDenied") : LoopbackServer::Ok(body);
  };
  Make();
  std::vector<AwsCall> calls(4);
  const std::array<std::string, 4> bodies = {"0", "1", "2", "3"};
  for (size_t i = 0; i < 4; ++i) calls[i].request = {.method = "POST", .body = bodies[i]};
  const auto answers = client_->CallAll(calls);
  for (size_t i = 0; i < 4; ++i) {
    ASSERT_EQ(answers[i].has_value(), i != 2) << i;
    if (i != 2) {
      EXPECT_EQ(answers[i]->body, bodies[i]);
    }
  }
  EXPECT_THAT(asked, ElementsAre(Pair("0", 1), Pair("1", 2), Pair("2", 1), Pair("3", 1)));
}

TEST_F(AwsClientTest, SeveralCallsTogetherHaveThePatienceOfOne) {
  Make({.attempts = 1000, .patience = std::chrono::minutes(1)});
  answers_ = {Refusal(503, "SlowDown")};
  const Ticks before = clock_.Monotonic();
  const std::vector<AwsCall> calls(8, {.request = {.method = "POST", .body = "{}"}});
  for (const auto& answer : client_->CallAll(calls)) EXPECT_FALSE(answer);
  EXPECT_LT(clock_.Monotonic() - before, std::chrono::seconds(66));
}

// What may have been done is done again only where that changes nothing.
TEST_F(AwsClientTest, AnUnknownOutcomeIsTriedAgainOnlyWhereItIsRepeatable) {
  for (const auto& unknown : {Cut(), Refusal(500, "InternalFailure"), Refusal(502, "")}) {
    auto answer = Call({unknown, LoopbackServer::Ok("{}")});
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind(), ErrorKind::kOutcomeUnknown);
    EXPECT_EQ(requests_.size(), 1U);

    answer = Call({unknown, LoopbackServer::Ok("{}")}, true);
    EXPECT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(requests_.size(), 2U);

    // Nor does what comes later say what became of it.
    answer = Call({unknown, Refusal(503, "SlowDown")}, true);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind(), ErrorKind::kOutcomeUnknown);
    answer = Call({unknown, Refusal(403, "AccessDenied")}, true);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind(), ErrorKind::kOutcomeUnknown);

    answer = Call({unknown}, true);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind(), ErrorKind::kOutcomeUnknown);
    EXPECT_EQ(requests_.size(), 4U);
  }
}

TEST_F(AwsClientTest, ARefusalSaysWhatWhyAndWhich) {
  const auto answer = Call({Refusal(400, "com.amazonaws.sqs#QueueDoesNotExist")});
  ASSERT_FALSE(answer);
  EXPECT_EQ(requests_.size(), 1U);
  EXPECT_EQ(answer.error().kind(), ErrorKind::kNotFound);
  EXPECT_EQ(answer.error().message(),
            "sqs refused: QueueDoesNotExist: why: status=400 request_id=r-1");
  EXPECT_EQ(Call({Refusal(403, "AccessDeniedException")}).error().kind(), ErrorKind::kPermanent);
  EXPECT_EQ(Call({Refusal(400, "SomethingNew")}).error().kind(), ErrorKind::kPermanent);
  EXPECT_EQ(Call({{"HTTP/1.1 400 No\r\nContent-Length: 6\r\n\r\n<html>"}}).error().message(),
            "sqs refused: no error code: status=400 request_id=");
}

// No redirect is followed: the answer of another host is nobody's (fault S2).
TEST_F(AwsClientTest, ARedirectIsARefusal) {
  const auto answer =
      Call({{"HTTP/1.1 307 Temporary Redirect\r\nLocation: http://169.254.169.254/"
             "\r\nContent-Length: 0\r\n\r\n"}});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind(), ErrorKind::kPermanent);
  EXPECT_EQ(requests_.size(), 1U);
}

// Fault L20.
TEST_F(AwsClientTest, TheServicesTimeCorrectsTheClock) {
  const auto skewed =
      Refusal(403, "RequestTimeTooSkewed", "Date: Fri, 24 May 2013 02:00:10 GMT\r\n");
  const auto answer = Call({skewed, LoopbackServer::Ok("{}")});
  ASSERT_TRUE(answer) << answer.error().message();
  ASSERT_EQ(requests_.size(), 2U);
  EXPECT_NE(requests_[1].find("X-Amz-Date: 20130524T020010Z"), std::string::npos) << requests_[1];
  // It stays corrected; and a service that still refuses is not asked for ever.
  ASSERT_TRUE(client_->Call({.request = {.method = "POST"}}));
  EXPECT_NE(requests_[2].find("X-Amz-Date: 20130524T020010Z"), std::string::npos);
  EXPECT_FALSE(Call({skewed}));
  EXPECT_EQ(requests_.size(), 2U);
}

// HEAD is refused without a code.
TEST_F(AwsClientTest, ARefusalWithoutAWordMayBeOfTheClockToo) {
  const auto refused = [](std::string date) {
    return LoopbackServer::Answer{"HTTP/1.1 403 No\r\nDate: " + std::move(date) +
                                  "\r\nContent-Length: 0\r\n\r\n"};
  };
  EXPECT_TRUE(Call({refused("Fri, 24 May 2013 02:00:10 GMT"), LoopbackServer::Ok("{}")}));
  EXPECT_EQ(requests_.size(), 2U);
  EXPECT_FALSE(Call({refused("Fri, 24 May 2013 00:00:01 GMT"), LoopbackServer::Ok("{}")}));
  EXPECT_EQ(requests_.size(), 1U) << "the clock is right";
}

// Fault S5: a service quotes the whole request when its signature is wrong.
TEST_F(AwsClientTest, ErrorsKeepSecrets) {
  const std::string body =
      "{\"__type\":\"InvalidSignatureException\",\"message\":\"should have been 'POST\\n/\\n"
      "x-amz-security-token:" +
      std::string(kToken) + "'\"}";
  const auto answer = Call(
      {{"HTTP/1.1 403 No\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body}});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().message().find(kToken), std::string::npos) << answer.error().message();
  for (const auto& other : {Cut(), Refusal(503, "SlowDown")}) {
    const std::string message = Call({other}).error().message();
    EXPECT_EQ(message.find(kToken), std::string::npos) << message;
    EXPECT_EQ(message.find(kSecret), std::string::npos) << message;
    EXPECT_EQ(message.find("Signature="), std::string::npos) << message;
  }
}

TEST_F(AwsClientTest, ManyFailuresEndTheTryingAgain) {
  ASSERT_FALSE(Call({Refusal(503, "SlowDown")}));
  for (int i = 0; i < 40; ++i) EXPECT_FALSE(client_->Call({.request = {.method = "POST"}}));
  // 500 / 5 repetitions for 41 calls, each of which would have had three.
  EXPECT_EQ(requests_.size(), 41U + RetryBudget::kMost / RetryBudget::kCost);
}

TEST(HttpDateTest, IsReadAsAllMustSendIt) {
  EXPECT_EQ(ParseHttpDate("Fri, 24 May 2013 00:00:00 GMT"),
            Timestamp(std::chrono::seconds(1'369'353'600)));
  EXPECT_EQ(ParseHttpDate("Thu, 01 Jan 1970 00:00:01 GMT"), Timestamp(std::chrono::seconds(1)));
  for (const std::string_view text :
       {"", "Fri, 24 May 2013 00:00:00 CET", "Fri, 31 Feb 2013 00:00:00 GMT",
        "Fri, 24 ayJ 2013 00:00:00 GMT", "Fri, 24 May 2013 24:00:00 GMT",
        "Fri, -4 May 2013 00:00:00 GMT", "Fri, 24 May 2013 00:00:0x GMT",
        "Friday, 24-May-13 00:00:00 GMT"}) {
    EXPECT_EQ(ParseHttpDate(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace sluice
