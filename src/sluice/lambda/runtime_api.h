// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <random>
#include <string>
#include <string_view>

#include "sluice/aws/http_client.h"
#include "sluice/base/clock.h"
#include "sluice/base/result.h"

namespace sluice {

// One call of the function.
struct Invocation {
  std::string request_id;
  Timestamp deadline;   // by the wall clock: from then on Lambda may end the process
  std::string payload;  // JSON
};

// A failure as Lambda shows it to an operator.
struct FunctionFailure {
  std::string type;     // "Runtime.UnknownEvent"
  std::string message;  // for people; may have several lines
};

// The interface between AWS Lambda and the process that is the function (AWS Lambda Developer
// Guide, "Using the Lambda runtime API for custom runtimes", version 2018-06-01). Calls must match:
// (FailInit | (Next (Respond | Fail))*). One thread at a time.
//
// The connection is on loopback and lives as long as Lambda freezes and thaws both of its ends, so
// that a process may be frozen in Next and go on there. The trace id is not put into the
// environment: that is for a tracing library, and there is none here.
class RuntimeApi {
 public:
  // `address` is what AWS_LAMBDA_RUNTIME_API says, "127.0.0.1:9001". `clock` outlives it.
  static Result<std::unique_ptr<RuntimeApi>> Open(std::string_view address, Clock& clock);

  // Waits for ever. After an error the process has to end: an invocation may be lost with it, which
  // Lambda then repeats.
  Result<Invocation> Next();

  // An answer or a failure of the invocation of that id. kNotFound: Lambda does not want it any
  // more, since it came too late; everything else ends the process as above.
  Status Respond(const std::string& request_id, std::string_view answer);
  Status Fail(const std::string& request_id, const FunctionFailure& failure);
  // The function cannot run at all; the process has to end.
  Status FailInit(const FunctionFailure& failure);

 private:
  RuntimeApi(std::unique_ptr<HttpClient> http, Clock& clock)
      : http_(std::move(http)), clock_(clock), random_(std::random_device()()) {}

  Status Tell(std::string path, std::string_view body, std::string_view error_type);
  Result<HttpResponse> Send(const HttpRequest& request, std::chrono::milliseconds timeout);

  const std::unique_ptr<HttpClient> http_;
  Clock& clock_;
  std::minstd_rand random_;
};

}  // namespace sluice
