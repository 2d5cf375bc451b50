// SPDX-License-Identifier: Apache-2.0
// What a server can say that AWS Lambda does not; what it does say is in tests/lambda/.
#include "sluice/lambda/runtime_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "sluice/aws/loopback_server_for_test.h"

namespace sluice {
namespace {

using ::testing::HasSubstr;

class RuntimeApiTest : public ::testing::Test {
 protected:
  std::unique_ptr<RuntimeApi> Open(LoopbackServer& server) {
    return RuntimeApi::Open(server.endpoint().authority(), clock_).value();
  }
  static LoopbackServer::Answer Next(std::string_view headers) {
    return {fmt::format("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n{}\r\n{{}}", headers)};
  }

  FakeClock clock_;
};

TEST_F(RuntimeApiTest, ReadsAnInvocation) {
  LoopbackServer server([](const std::string& request) {
    EXPECT_TRUE(request.starts_with("GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n"));
    return Next(
        "lambda-runtime-aws-request-id: 8476a536-e9f4-11e8-9739-2dfe598c3fcd\r\n"
        "Lambda-Runtime-Deadline-Ms: 1542409706888\r\n");
  });
  const auto invocation = Open(server)->Next();
  ASSERT_TRUE(invocation);
  EXPECT_EQ(invocation->request_id, "8476a536-e9f4-11e8-9739-2dfe598c3fcd");
  EXPECT_EQ(ToIso8601(invocation->deadline), "2018-11-16T23:08:26.888000Z");
  EXPECT_EQ(invocation->payload, "{}");
}

TEST_F(RuntimeApiTest, RefusesAnInvocationThatItCouldNotAnswer) {
  std::string headers;
  LoopbackServer server([&](const std::string&) { return Next(headers); });
  const auto api = Open(server);
  for (const char* id : {"", "../x", "a b", "a?b"}) {
    headers =
        fmt::format("Lambda-Runtime-Aws-Request-Id: {}\r\nLambda-Runtime-Deadline-Ms: 1\r\n", id);
    EXPECT_THAT(api->Next().error().message(), HasSubstr("without a request id")) << id;
  }
  for (const char* deadline : {"", "x", "-1", "1.5", "253402300800001", "99999999999999999999"}) {
    headers = fmt::format("Lambda-Runtime-Aws-Request-Id: r\r\nLambda-Runtime-Deadline-Ms: {}\r\n",
                          deadline);
    EXPECT_THAT(api->Next().error().message(), HasSubstr("without a deadline")) << deadline;
  }
  headers = "";
  EXPECT_FALSE(api->Next());
}

TEST_F(RuntimeApiTest, AnInvocationThatMayBeLostIsNotAskedForAgain) {
  std::atomic<int> requests = 0;
  LoopbackServer server([&](const std::string&) {
    ++requests;
    return LoopbackServer::Answer{"", true};
  });
  EXPECT_FALSE(Open(server)->Next());
  EXPECT_EQ(requests, 1);
}

TEST_F(RuntimeApiTest, AnAnswerIsToldAgainUntilItIsHeard) {
  std::atomic<int> requests = 0;
  LoopbackServer server([&](const std::string& request) {
    EXPECT_TRUE(
        request.starts_with("POST /2018-06-01/runtime/invocation/r-1/response HTTP/1.1\r\n"));
    EXPECT_TRUE(request.ends_with("\r\n\r\n{}"));
    if (++requests < 3) return LoopbackServer::Answer{"", true};
    return LoopbackServer::Answer{"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"};
  });
  EXPECT_TRUE(Open(server)->Respond("r-1", "{}"));
  EXPECT_EQ(requests, 3);
}

TEST_F(RuntimeApiTest, AFailureHasATypeAndAMessage) {
  std::string seen;
  LoopbackServer server([&](const std::string& request) {
    seen = request;
    return LoopbackServer::Answer{"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"};
  });
  const auto api = Open(server);
  ASSERT_TRUE(api->Fail("r", {"Runtime.UnknownEvent", "no \"event\"\n"}));
  EXPECT_THAT(seen, HasSubstr("POST /2018-06-01/runtime/invocation/r/error "));
  EXPECT_THAT(seen, HasSubstr("Lambda-Runtime-Function-Error-Type: Runtime.UnknownEvent\r\n"));
  EXPECT_THAT(
      seen,
      HasSubstr(
          R"({"errorMessage":"no \"event\"\n","errorType":"Runtime.UnknownEvent","stackTrace":[]})"));
  ASSERT_TRUE(api->FailInit({"Runtime.ConfigInvalid", "x"}));
  EXPECT_THAT(seen, HasSubstr("POST /2018-06-01/runtime/init/error "));
}

TEST_F(RuntimeApiTest, WhatIsOverIsNotFoundAndWhatFailsIsFinal) {
  std::string status;
  LoopbackServer server([&](const std::string&) {
    return LoopbackServer::Answer{"HTTP/1.1 " + status + " X\r\nContent-Length: 0\r\n\r\n"};
  });
  const auto api = Open(server);
  for (const char* over : {"400", "403", "404"}) {
    status = over;
    EXPECT_EQ(api->Respond("r", "{}").error().kind(), ErrorKind::kNotFound) << over;
  }
  for (const char* final : {"413", "500", "502", "301"}) {
    status = final;
    EXPECT_EQ(api->Respond("r", "{}").error().kind(), ErrorKind::kPermanent) << final;
  }
}

TEST_F(RuntimeApiTest, AnAddressThatIsNoneIsSaid) {
  for (const char* address : {"", "127.0.0.1:x", "http://127.0.0.1:1", "a/b"}) {
    EXPECT_THAT(RuntimeApi::Open(address, clock_).error().message(),
                HasSubstr("AWS_LAMBDA_RUNTIME_API"))
        << address;
  }
}

}  // namespace
}  // namespace sluice
