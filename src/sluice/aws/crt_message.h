// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "sluice/aws/http.h"
#include "sluice/base/result.h"

struct aws_http_message;
struct aws_input_stream;

namespace sluice {

// A request as the runtime takes it. `request`, of whose body it has a view, outlives it.
struct CrtMessage {
  struct Release {
    void operator()(aws_http_message* message) const;
    void operator()(aws_input_stream* body) const;
  };
  std::unique_ptr<aws_input_stream, Release> body;
  std::unique_ptr<aws_http_message, Release> message;
};

// With Host, without Content-Length. kPermanent where a header is none.
Result<CrtMessage> MakeCrtMessage(const HttpRequest& request, std::string_view authority);

// kPermanent where it is none.
Status AddHeader(CrtMessage& message, std::string_view name, std::string_view value);

}  // namespace sluice
