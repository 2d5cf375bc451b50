// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "sluice/aws/http.h"
#include "sluice/base/result.h"

struct aws_http_message;
struct aws_input_stream;

namespace sluice {

// A request as the runtime takes it. Both parts outlive what is done with them; `request`, of which
// the body is a view, outlives both.
struct CrtMessage {
  struct Release {
    void operator()(aws_http_message* message) const;
    void operator()(aws_input_stream* body) const;
  };
  std::unique_ptr<aws_input_stream, Release> body;
  std::unique_ptr<aws_http_message, Release> message;
};

// With Host, and Content-Length if `with_length`. kPermanent where a header is none.
Result<CrtMessage> MakeCrtMessage(const HttpRequest& request, std::string_view authority,
                                  bool with_length);

}  // namespace sluice
