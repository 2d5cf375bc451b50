// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>

#include "sluice/aws/crt_message.h"
#include "sluice/aws/http.h"
#include "sluice/base/bytes.h"
#include "sluice/base/result.h"

namespace sluice {

struct HttpClientOptions {
  size_t most_connections = 32;
  std::chrono::milliseconds connect_timeout{3000};
  Bytes largest_body{MiB(64)};  // of an answer; a larger one is an error
  bool takes_body = true;  // false: that is let go, however large, and need not say where it ends
};

// Requests to one endpoint over pooled connections. Follows no redirect, keeps no cookie, asks no
// proxy. Thread-safe.
class HttpClient {
 public:
  // A request that is on its way. Destroyed before its answer was taken, it is given up.
  class Exchange;

  // kPermanent where TLS is wanted and cannot be had.
  static Result<std::unique_ptr<HttpClient>> Make(const HttpEndpoint& endpoint,
                                                  const HttpClientOptions& options = {});
  // Waits for its connections to end, but for no longer than a second: one that is being made ends
  // by itself, once its host is resolved, after `connect_timeout` and ten seconds more for TLS.
  ~HttpClient();

  const HttpEndpoint& endpoint() const { return endpoint_; }

  // An answer of any status, whole, within `timeout` of the call, which a connection that is made
  // or waited for is a part of. kTransient: nothing was sent. kOutcomeUnknown: some of the request
  // was sent, and no whole answer came in time. kPermanent: the request is none; or it only asks
  // (GET, HEAD), and the answer is too large.
  Result<HttpResponse> Send(const HttpRequest& request, std::chrono::milliseconds timeout);

  // The same in two halves, so that one thread can have several requests in flight. `message` is
  // MakeCrtMessage of `request` to this endpoint, perhaps with more headers; this client and
  // `request` outlive the exchange.
  Result<Exchange> Begin(const HttpRequest& request, CrtMessage message,
                         std::chrono::milliseconds timeout);

 private:
  struct Flight;
  struct Pool;
  HttpClient(HttpEndpoint endpoint, const HttpClientOptions& options);

  const HttpEndpoint endpoint_;
  const HttpClientOptions options_;
  std::unique_ptr<Pool> pool_;
};

class HttpClient::Exchange {
 public:
  Exchange(Exchange&&) noexcept;
  ~Exchange();

  void Wait() const;            // until the answer is there, or there will be none
  Result<HttpResponse> Take();  // once; waits too

 private:
  friend class HttpClient;
  explicit Exchange(std::shared_ptr<Flight> flight);

  std::shared_ptr<Flight> flight_;
};

}  // namespace sluice
