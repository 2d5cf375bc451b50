// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <random>
#include <span>

#include "sluice/aws/aws_failure.h"
#include "sluice/aws/credentials.h"
#include "sluice/aws/http_client.h"
#include "sluice/aws/signer.h"
#include "sluice/base/clock.h"
#include "sluice/base/result.h"
#include "sluice/base/retry.h"

namespace sluice {

// What an AwsClient needs to know of its service.
struct AwsService {
  SigningScope scope;
  HttpEndpoint endpoint;
  std::span<const FailureMeaning> failures;  // its own; outlives the client
  AwsFailure (*read_failure)(const HttpResponse& response) = ReadJsonFailure;
};

struct AwsClientOptions {
  HttpClientOptions http;
  RetryOptions retry;
  // When calls must have ended, whatever time they were given, also while they connect; outlives
  // the client. Null: never. Credentials are waited for first, as long as their source takes.
  const MovingDeadline* deadline = nullptr;
};

// A request whose repetition changes nothing more than the first one did is repeatable: it is tried
// again also where its outcome is not known. GET and HEAD have no outcome: of them an answer that
// did not come is kTransient.
struct AwsCall {
  HttpRequest request;
  bool is_repeatable = false;
  std::chrono::milliseconds timeout{30'000};
  // What an answer below 300 must also be; a failure counts as the service's own.
  std::function<Status(const HttpResponse& answer)> check = {};
};

// Signed calls to one service, tried again where that can help. The time that the service's answers
// give corrects the clock's. Errors name the service's code, message and request id. Thread-safe.
class AwsClient {
 public:
  // `clock` outlives it. As HttpClient::Make.
  static Result<std::unique_ptr<AwsClient>> Make(AwsService service,
                                                 std::shared_ptr<CredentialsSource> credentials,
                                                 Clock& clock,
                                                 const AwsClientOptions& options = {});

  // An answer below 300 that passes the check; everything else is an error of the kind that the
  // service's table says.
  Result<HttpResponse> Call(const AwsCall& call);

  // Several, in flight at the same time by one thread; their answers in the same order. Those that
  // can be tried again are, together, so that all take no longer than the slowest one alone would.
  // More than there are connections wait for each other.
  std::vector<Result<HttpResponse>> CallAll(std::span<const AwsCall> calls);

 private:
  AwsClient(AwsService service, std::shared_ptr<CredentialsSource> credentials, Clock& clock,
            const AwsClientOptions& options, std::unique_ptr<HttpClient> http);

  using Calls = std::vector<const AwsCall*>;
  std::vector<Result<HttpResponse>> AttemptAll(const Calls& calls, Deadline deadline);
  // `thought` is what the clock is taken to be wrong by; `now` when the answer was there.
  std::vector<Result<HttpClient::Exchange>> SendAll(const Calls& calls, Deadline deadline,
                                                    std::chrono::seconds thought);
  Result<HttpResponse> Judge(const AwsCall& call, HttpResponse answer, std::chrono::seconds thought,
                             Timestamp now);
  bool LearnTime(const HttpResponse& response, std::chrono::seconds thought, Timestamp now);
  std::chrono::seconds clock_error() const;
  std::minstd_rand NewRandom();

  const AwsService service_;
  const std::shared_ptr<CredentialsSource> credentials_;
  Clock& clock_;
  const RetryOptions retry_;
  const MovingDeadline* const deadline_;
  const std::unique_ptr<HttpClient> http_;
  RetryBudget budget_;

  mutable std::mutex mutex_;  // guards what comes now
  std::chrono::seconds clock_error_{0};
  std::minstd_rand random_;
};

}  // namespace sluice
