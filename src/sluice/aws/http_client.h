// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>

#include "sluice/aws/http.h"
#include "sluice/base/bytes.h"
#include "sluice/base/result.h"

namespace sluice {

struct HttpClientOptions {
  size_t most_connections = 32;
  std::chrono::milliseconds connect_timeout{3000};
  Bytes largest_body{MiB(64)};  // of an answer; a larger one is an error
};

// Requests to one endpoint over pooled connections. Follows no redirect, keeps no cookie, asks no
// proxy. Thread-safe; each thread waits for its answer.
class HttpClient {
 public:
  // kPermanent where TLS is wanted and cannot be had.
  static Result<std::unique_ptr<HttpClient>> Make(const HttpEndpoint& endpoint,
                                                  const HttpClientOptions& options = {});
  ~HttpClient();  // waits for its connections to end

  const HttpEndpoint& endpoint() const { return endpoint_; }

  // An answer of any status, whole. kTransient: nothing was sent. kOutcomeUnknown: some of the
  // request was sent, and no whole answer came within `timeout` of the call. kPermanent: the
  // request is none; or it only asks (GET, HEAD), and the answer is too large. While all
  // connections are busy it waits for one, as long as that takes.
  Result<HttpResponse> Send(const HttpRequest& request, std::chrono::milliseconds timeout);

 private:
  struct Pool;
  HttpClient(HttpEndpoint endpoint, const HttpClientOptions& options);

  const HttpEndpoint endpoint_;
  const HttpClientOptions options_;
  std::unique_ptr<Pool> pool_;
};

}  // namespace sluice
