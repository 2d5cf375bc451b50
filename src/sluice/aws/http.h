// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/clock.h"
#include "sluice/base/result.h"

namespace sluice {

struct HttpHeader {
  std::string name, value;
};

// An HTTP/1.1 request (RFC 9112) whose body is in memory.
struct HttpRequest {
  std::string method = "GET";
  std::string target = "/";         // absolute path and query, percent-encoded
  std::vector<HttpHeader> headers;  // but Host and Content-Length, which the client knows
  std::string_view body;            // outlives the request
};

struct HttpResponse {
  int status = 0;
  std::vector<HttpHeader> headers;
  std::string body;

  // The first of that name, in any case of letters; null where there is none.
  const std::string* Header(std::string_view name) const;
};

// "Fri, 24 May 2013 00:00:00 GMT" (RFC 9110 §5.6.7, the form that all must send).
std::optional<Timestamp> ParseHttpDate(std::string_view text);

// Where a service answers.
struct HttpEndpoint {
  bool tls = true;
  std::string host;  // without brackets
  uint16_t port = 443;

  // As the Host header names it: without the scheme's own port.
  std::string authority() const;
};

// "https://sqs.eu-central-1.amazonaws.com", "http://127.0.0.1:9324/": scheme, host and port, and no
// more than a slash behind them. kPermanent for anything else.
Result<HttpEndpoint> ParseEndpoint(std::string_view url);

// Is it of the form of a region's name, which becomes a part of a host's name?
bool IsRegionName(std::string_view text);

// The part of Amazon that a region belongs to, as ARNs name it: "aws", "aws-cn", "aws-us-gov".
std::string_view PartitionOf(std::string_view region);

// Amazon's own address of a service in a region ("AWS service endpoints" in its General Reference):
// "sqs.eu-central-1.amazonaws.com".
HttpEndpoint AwsEndpoint(std::string_view service, std::string_view region);
// The same, or what `configured` says where it is not empty; fails as ParseEndpoint does.
Result<HttpEndpoint> EndpointOf(std::string_view service, std::string_view region,
                                std::string_view configured);

}  // namespace sluice
