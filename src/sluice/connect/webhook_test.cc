// SPDX-License-Identifier: Apache-2.0
#include "sluice/connect/webhook.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>
#include <string>
#include <vector>

#include "sluice/aws/loopback_server_for_test.h"

namespace sluice {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class WebhookTest : public ::testing::Test {
 protected:
  Secret Url(std::string_view rest) {
    return Secret(fmt::format("http://127.0.0.1:{}{}", server_.endpoint().port, rest));
  }
  std::string Seen() {
    const std::lock_guard lock(mutex_);
    return seen_;
  }

  std::mutex mutex_;
  bool closes_ = false;
  std::string seen_, answer_ = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  LoopbackServer server_{[this](const std::string& request) {
    const std::lock_guard lock(mutex_);
    seen_ = request;
    return LoopbackServer::Answer{answer_, closes_};
  }};
};

TEST_F(WebhookTest, PostsTheTextToPathAndQuery) {
  for (const auto& [rest, target] : std::vector<std::pair<std::string, std::string>>{
           {"/services/T0?key=2%20b#x", "/services/T0?key=2%20b"},
           {"", "/"},
           {"/", "/"},
           {"?key=2", "/?key=2"}}) {
    auto webhook = Webhook::At(Url(rest));
    ASSERT_TRUE(webhook) << rest;
    ASSERT_TRUE(webhook->Post(R"({"a":1})")) << rest;
    EXPECT_THAT(Seen(), StartsWith("POST " + target + " HTTP/1.1\r\n"));
    EXPECT_THAT(Seen(), HasSubstr("Content-Type: application/json\r\n"));
    EXPECT_THAT(Seen(), EndsWith("\r\n\r\n{\"a\":1}"));
  }
}

TEST_F(WebhookTest, EachTextHasAConnectionOfItsOwn) {
  const auto webhook = Webhook::At(Url("/"));
  ASSERT_TRUE(webhook);
  for (const size_t posted : {1, 2, 3}) {
    ASSERT_TRUE(webhook->Post("{}"));
    EXPECT_EQ(server_.connections(), posted);
  }
}

TEST_F(WebhookTest, OnlyTwoHundredsAreAnAnswer) {
  auto webhook = Webhook::At(Url("/secret-path"));
  ASSERT_TRUE(webhook);
  for (const auto& [status, is_answer] : std::vector<std::pair<int, bool>>{
           {204, true}, {202, true}, {301, false}, {404, false}, {500, false}}) {
    answer_ = fmt::format("HTTP/1.1 {} X\r\nContent-Length: 0\r\nLocation: /\r\n\r\n", status);
    const Status posted = webhook->Post("{}");
    EXPECT_EQ(posted.has_value(), is_answer) << status;
    if (posted) continue;
    EXPECT_EQ(posted.error().message(), fmt::format("the webhook refused: status={}", status));
  }
}

TEST_F(WebhookTest, TheStatusIsTheAnswerWhateverComesBehindIt) {
  const auto webhook = Webhook::At(Url("/"));
  ASSERT_TRUE(webhook);
  const std::string large(1 << 20, 'x');
  closes_ = true;
  for (const std::string& answer :
       {"HTTP/1.0 200 OK\r\n\r\n" + large, std::string("HTTP/1.0 200 OK\r\n\r\n"),
        fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", large.size(), large)}) {
    answer_ = answer;
    const Status posted = webhook->Post("{}");
    EXPECT_TRUE(posted) << answer.substr(0, 40) << ": " << posted.error().message();
  }
}

TEST_F(WebhookTest, NoErrorNamesTheAddress) {
  for (const char* const url :
       {"hunter2", "ftp://hunter2/", "https://", "https://u:hunter2@host/",
        "https://host/hunter2 x", "https://host/hunter2\n", "https://host/hunter2é"}) {
    const auto webhook = Webhook::At(Secret(url));
    ASSERT_FALSE(webhook) << url;
    EXPECT_THAT(webhook.error().message(), Not(HasSubstr("hunter2")));
  }
  uint16_t port = 0;
  {
    LoopbackServer gone([](const std::string&) { return LoopbackServer::Answer{}; });
    port = gone.endpoint().port;
  }
  auto webhook = Webhook::At(Secret(fmt::format("http://127.0.0.1:{}/hunter2", port)));
  ASSERT_TRUE(webhook);
  const Status posted = webhook->Post("{}");
  ASSERT_FALSE(posted);
  EXPECT_EQ(posted.error().message(), "the webhook cannot be reached");
}

}  // namespace
}  // namespace sluice
