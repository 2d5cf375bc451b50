// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "sluice/aws/http.h"
#include "sluice/base/check.h"

namespace sluice {

// An HTTP server on 127.0.0.1 that answers as it is told, however wrong that is.
class LoopbackServer {
 public:
  struct Answer {
    std::string bytes;
    bool closes = false;  // the connection, when they are sent
  };
  // Gets a request as it came, head and body. Called by any thread.
  using Handler = std::function<Answer(const std::string& request)>;

  explicit LoopbackServer(Handler handler) : handler_(std::move(handler)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    SLUICE_CHECK(::bind(listener_, any, size) == 0);
    SLUICE_CHECK(::listen(listener_, 16) == 0);
    SLUICE_CHECK(::getsockname(listener_, any, &size) == 0);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { Accept(); });
  }
  ~LoopbackServer() {
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();  // makes no more threads
    {
      const std::lock_guard lock(mutex_);
      for (const int connection : connections_) ::shutdown(connection, SHUT_RDWR);
    }
    for (std::thread& thread : threads_) thread.join();
    for (const int connection : connections_) ::close(connection);
    ::close(listener_);
  }

  HttpEndpoint endpoint() const { return {.tls = false, .host = "127.0.0.1", .port = port_}; }
  size_t connections() {
    const std::lock_guard lock(mutex_);
    return connections_.size();
  }

  static Answer Ok(std::string_view body) {
    return {"HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
            std::string(body)};
  }

 private:
  void Accept() {
    for (;;) {
      const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (connection < 0) return;
      const std::lock_guard lock(mutex_);
      connections_.push_back(connection);
      threads_.emplace_back([this, connection] { Serve(connection); });
    }
  }

  void Serve(int connection) {
    std::string received;
    while (ReadRequest(connection, received)) {
      const Answer answer = handler_(received);
      received.clear();
      if (::send(connection, answer.bytes.data(), answer.bytes.size(), MSG_NOSIGNAL) < 0) break;
      if (answer.closes) break;
    }
    ::shutdown(connection, SHUT_RDWR);
  }

  static bool ReadRequest(int connection, std::string& received) {
    for (;;) {
      const size_t head = received.find("\r\n\r\n");
      if (head != std::string::npos && received.size() >= head + 4 + BodySize(received))
        return true;
      char buffer[4096];
      const ssize_t n = ::recv(connection, buffer, sizeof buffer, 0);
      if (n <= 0) return false;
      received.append(buffer, static_cast<size_t>(n));
    }
  }

  static size_t BodySize(std::string_view request) {
    constexpr std::string_view kName = "Content-Length: ";
    const size_t at = request.find(kName);
    size_t size = 0;
    if (at == std::string_view::npos) return 0;
    const char* const begin = request.data() + at + kName.size();
    std::from_chars(begin, request.data() + request.size(), size);
    return size;
  }

  const Handler handler_;
  int listener_;
  uint16_t port_ = 0;
  std::mutex mutex_;
  std::vector<int> connections_;
  std::vector<std::thread> threads_;  // of the connections
  std::thread acceptor_;
};

}  // namespace sluice
