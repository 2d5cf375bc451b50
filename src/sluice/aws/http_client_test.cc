// SPDX-License-Identifier: Apache-2.0
#include "sluice/aws/http_client.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <future>
#include <latch>

#include "sluice/aws/loopback_server_for_test.h"

namespace sluice {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::unique_ptr<HttpClient> ClientOf(const LoopbackServer& server,
                                     const HttpClientOptions& options = {}) {
  return HttpClient::Make(server.endpoint(), options).value();
}

TEST(HttpClientTest, SendsARequestAndGetsItsAnswer) {
  std::string seen;
  LoopbackServer server([&](const std::string& request) {
    seen = request;
    return LoopbackServer::Answer{
        "HTTP/1.1 404 Not Found\r\nX-One: 1\r\nx-two:  2 \r\nContent-Length: 3\r\n\r\nno!"};
  });
  const auto client = ClientOf(server);
  const std::string body(100'000, 'b');
  const auto answer = client->Send({.method = "POST",
                                    .target = "/a%20b?c=d",
                                    .headers = {{"X-Amz-Target", "AmazonSQS.SendMessage"}},
                                    .body = body},
                                   seconds(10));
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->status, 404);
  EXPECT_EQ(answer->body, "no!");
  ASSERT_NE(answer->Header("x-one"), nullptr);
  EXPECT_EQ(*answer->Header("X-ONE"), "1");
  EXPECT_EQ(*answer->Header("X-Two"), "2");
  EXPECT_EQ(answer->Header("X-Three"), nullptr);
  EXPECT_EQ(seen, "POST /a%20b?c=d HTTP/1.1\r\nHost: " + server.endpoint().authority() +
                      "\r\nX-Amz-Target: AmazonSQS.SendMessage\r\nContent-Length: 100000\r\n\r\n" +
                      body);
}

TEST(HttpClientTest, UsesAConnectionAgain) {
  LoopbackServer server([](const std::string&) { return LoopbackServer::Ok("yes"); });
  const auto client = ClientOf(server);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(client->Send({}, seconds(10))->body, "yes");
  EXPECT_EQ(server.connections(), 1U);
}

TEST(HttpClientTest, ManyThreadsAskAtOnce) {
  std::latch all(8);
  LoopbackServer server([&](const std::string&) {
    all.arrive_and_wait();  // nobody is answered before all have asked
    return LoopbackServer::Ok("yes");
  });
  const auto client = ClientOf(server);
  std::atomic<int> good = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        const auto answer = client->Send({}, seconds(30));
        if (answer && answer->body == "yes") ++good;
      });
    }
  }
  EXPECT_EQ(good, 8);
}

// What came of it nobody knows: the request was sent.
TEST(HttpClientTest, AnAnswerThatIsCutIsAnUnknownOutcome) {
  for (const std::string cut :
       {"", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n",
        "HTTP/1.1 200 OK\r\n\r\n12345", "what?\r\n\r\n"}) {
    LoopbackServer server([&](const std::string&) { return LoopbackServer::Answer{cut, true}; });
    const auto answer = ClientOf(server)->Send({.method = "PUT", .body = "x"}, seconds(10));
    ASSERT_FALSE(answer) << cut;
    EXPECT_EQ(answer.error().kind(), ErrorKind::kOutcomeUnknown) << answer.error().message();
  }
}

// Neither for one that says it will close its connection, and then does not.
TEST(HttpClientTest, WaitsNoLongerThanItIsTold) {
  for (const std::string more : {"", "Connection: close\r\n"}) {
    LoopbackServer server([&](const std::string&) {
      return LoopbackServer::Answer{"HTTP/1.1 200 OK\r\n" + more +
                                    "Content-Length: 10\r\n\r\n12345"};
    });
    const auto answer = ClientOf(server)->Send({}, milliseconds(700));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind(), ErrorKind::kOutcomeUnknown);
    EXPECT_NE(answer.error().message().find("700 ms"), std::string::npos)
        << answer.error().message();
  }
}

// A port of which every further SYN is dropped: its one place is taken, and nobody accepts.
class FullPort {
 public:
  FullPort() {
    sockaddr_in address{.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    SLUICE_CHECK(::bind(listener_, any, size) == 0);
    SLUICE_CHECK(::listen(listener_, 0) == 0);
    SLUICE_CHECK(::getsockname(listener_, any, &size) == 0);
    SLUICE_CHECK(::connect(first_, any, size) == 0);
    port_ = ntohs(address.sin_port);
  }
  ~FullPort() {
    ::close(listener_);
    ::close(first_);
  }
  HttpEndpoint endpoint() const { return {.tls = false, .host = "127.0.0.1", .port = port_}; }

 private:
  const int listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int first_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  uint16_t port_ = 0;
};

// `end` ends what the connection waits for, in vain long before.
void ExpectNoConnectionIn300Ms(HttpClient& client, const std::function<void()>& end) {
  const std::string body(100'000, 'x');
  auto sent = std::async(std::launch::async, [&] {
    return client.Send({.method = "PUT", .body = body}, milliseconds(300));
  });
  // The runtime waits ten seconds for TLS.
  EXPECT_EQ(sent.wait_for(seconds(8)), std::future_status::ready) << "it waits for a connection";
  end();
  const auto answer = sent.get();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind(), ErrorKind::kTransient);
  EXPECT_NE(answer.error().message().find("no connection within 300 ms"), std::string::npos)
      << answer.error().message();
}

TEST(HttpClientTest, O1_AConnectionThatIsNotMadeIsWaitedForNoLongerThanItIsTold) {
  auto port = std::make_unique<FullPort>();
  const auto client = HttpClient::Make(port->endpoint(), {.connect_timeout = seconds(60)}).value();
  ExpectNoConnectionIn300Ms(*client, [&] { port.reset(); });  // the next SYN is refused
}

TEST(HttpClientTest, O1_NeitherIsAServerThatIsSilentInTls) {
  auto server = std::make_unique<LoopbackServer>(
      [](const std::string&) { return LoopbackServer::Ok(""); });  // is never asked
  HttpEndpoint endpoint = server->endpoint();
  endpoint.tls = true;
  const auto client = HttpClient::Make(endpoint).value();
  ExpectNoConnectionIn300Ms(*client, [&] { server.reset(); });
}

TEST(HttpClientTest, O1_AConnectionThatIsBeingMadeKeepsNobodyFromEndingItsClient) {
  FullPort port;
  auto client = HttpClient::Make(port.endpoint(), {.connect_timeout = seconds(60)}).value();
  EXPECT_FALSE(client->Send({}, std::chrono::milliseconds(1)));
  const auto ended = std::async(std::launch::async, [&] { client.reset(); });
  EXPECT_EQ(ended.wait_for(seconds(20)), std::future_status::ready);
}

// Given up before it was there, and then good for the next one.
TEST(HttpClientTest, AConnectionThatComesTooLateIsUsedByTheNext) {
  std::promise<void> asked, over;
  LoopbackServer server([&](const std::string& request) {
    if (request.starts_with("GET /slow")) {
      asked.set_value();
      over.get_future().wait();
    }
    return LoopbackServer::Ok("yes");
  });
  const auto client = ClientOf(server, {.most_connections = 1});
  const HttpRequest slow{.target = "/slow"};
  auto first = client->Begin(slow, MakeCrtMessage(slow, "h").value(), seconds(60));
  asked.get_future().wait();
  ExpectNoConnectionIn300Ms(*client, [&] { over.set_value(); });
  EXPECT_EQ(first->Take()->body, "yes");
  EXPECT_EQ(client->Send({}, seconds(20))->body, "yes");
  EXPECT_EQ(server.connections(), 1U);
}

TEST(HttpClientTest, NothingHappenedWhereNobodyListens) {
  HttpEndpoint nowhere;
  {
    LoopbackServer server([](const std::string&) { return LoopbackServer::Ok(""); });
    nowhere = server.endpoint();
  }
  const auto answer = HttpClient::Make(nowhere).value()->Send({}, seconds(10));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind(), ErrorKind::kTransient) << answer.error().message();
}

TEST(HttpClientTest, AnAnswerIsNotLargerThanAllowed) {
  LoopbackServer server(
      [](const std::string&) { return LoopbackServer::Ok(std::string(1001, 'x')); });
  const auto refused = ClientOf(server, {.largest_body = {1000}})->Send({}, seconds(10));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind(), ErrorKind::kPermanent);
  const auto done = ClientOf(server, {.largest_body = {1000}})
                        ->Send({.method = "POST", .body = "x"}, seconds(10));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind(), ErrorKind::kOutcomeUnknown);
  EXPECT_EQ(ClientOf(server, {.largest_body = {1001}})->Send({}, seconds(10))->body.size(), 1001U);
}

TEST(HttpClientTest, AHeaderIsNoPlaceForOthers) {
  std::atomic<int> requests = 0;
  LoopbackServer server([&](const std::string&) {
    ++requests;
    return LoopbackServer::Ok("");
  });
  const auto client = ClientOf(server);
  const auto is_refused = [&](const HttpRequest& request) {
    const auto answer = client->Send(request, seconds(10));
    return !answer && answer.error().kind() == ErrorKind::kPermanent;
  };
  for (const std::string& value : {std::string("a\r\nX-Evil: 1"), std::string("a\nb"),
                                   std::string("a\0b", 3), std::string("a\rb")}) {
    EXPECT_TRUE(is_refused({.headers = {{"X-Good", value}}})) << value;
  }
  EXPECT_TRUE(is_refused({.headers = {{"X Evil", "1"}}}));
  EXPECT_TRUE(is_refused({.headers = {{"X-Evil\r\n", "1"}}}));
  EXPECT_TRUE(is_refused({.target = "/a HTTP/1.1\r\nX-Evil: 1"}));
  EXPECT_TRUE(is_refused({.method = "GET /a"}));
  EXPECT_EQ(requests, 0);
}

// Answers before the answer (RFC 9110 §15.2) are none.
TEST(HttpClientTest, InformationalAnswersArePassedOver) {
  LoopbackServer server([](const std::string&) {
    return LoopbackServer::Answer{
        "HTTP/1.1 100 Continue\r\nX-One: 1\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"};
  });
  const auto answer = ClientOf(server)->Send({}, seconds(10));
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->Header("X-One"), nullptr);
}

TEST(HttpEndpointTest, IsReadFromAUrl) {
  const auto read = [](std::string_view url) -> std::string {
    const auto endpoint = ParseEndpoint(url);
    if (!endpoint) return "none";
    return (endpoint->tls ? "tls " : "plain ") + endpoint->host + " " +
           std::to_string(endpoint->port) + " " + endpoint->authority();
  };
  EXPECT_EQ(read("https://sqs.eu-central-1.amazonaws.com"),
            "tls sqs.eu-central-1.amazonaws.com 443 sqs.eu-central-1.amazonaws.com");
  EXPECT_EQ(read("http://127.0.0.1:9324/"), "plain 127.0.0.1 9324 127.0.0.1:9324");
  EXPECT_EQ(read("http://[::1]:80"), "plain ::1 80 [::1]");
  EXPECT_EQ(read("https://[::1]"), "tls ::1 443 [::1]");
  for (const std::string_view url :
       {"", "sqs.eu-central-1.amazonaws.com", "ftp://a", "https://", "https:///",
        "http://a:", "http://a:0", "http://a:65536", "http://a:1x", "http://a/b", "http://a?b",
        "http://u@a", "http://a b", "http://[::1", "http://::1", "http://[g]", "http://a\n"}) {
    EXPECT_EQ(read(url), "none") << url;
  }
}

// More than there are connections, begun by one thread that takes nothing before all are there.
TEST(HttpClientTest, AnAnswerThatIsNotTakenHoldsNoConnection) {
  LoopbackServer server([](const std::string&) { return LoopbackServer::Ok("yes"); });
  const auto client = ClientOf(server, {.most_connections = 2});
  const HttpRequest request;
  std::vector<HttpClient::Exchange> exchanges;
  for (int i = 0; i < 6; ++i) {
    exchanges.push_back(
        client->Begin(request, MakeCrtMessage(request, "h").value(), seconds(20)).value());
  }
  exchanges.back().Wait();
  for (HttpClient::Exchange& exchange : exchanges) EXPECT_EQ(exchange.Take()->body, "yes");
}

TEST(HttpClientTest, OfSeveralOnlyTheSilentOneHasNoAnswer) {
  std::promise<void> over;
  const std::shared_future<void> end = over.get_future().share();
  LoopbackServer server([&](const std::string& request) {
    if (request.starts_with("GET /silent")) end.wait();
    return LoopbackServer::Ok("yes");
  });
  const auto client = ClientOf(server);
  const HttpRequest silent{.target = "/silent"}, other;
  auto first = client->Begin(silent, MakeCrtMessage(silent, "h").value(), milliseconds(500));
  auto second = client->Begin(other, MakeCrtMessage(other, "h").value(), seconds(20));
  first->Wait();
  first->Wait();
  EXPECT_EQ(second->Take()->body, "yes");
  const auto none = first->Take();
  over.set_value();
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind(), ErrorKind::kOutcomeUnknown);
}

TEST(HttpClientTest, AnExchangeThatNobodyTakesIsGivenUp) {
  std::promise<void> asked, over;
  LoopbackServer server([&](const std::string&) {
    asked.set_value();
    over.get_future().wait();
    return LoopbackServer::Ok("late");
  });
  {
    const auto client = ClientOf(server);
    const HttpRequest request;
    const auto exchange = client->Begin(request, MakeCrtMessage(request, "h").value(), seconds(60));
    asked.get_future().wait();
  }  // neither waits for the answer
  over.set_value();
}

}  // namespace
}  // namespace sluice
