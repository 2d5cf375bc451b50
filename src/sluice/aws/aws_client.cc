// SPDX-License-Identifier: Apache-2.0
#include "sluice/aws/aws_client.h"

#include <utility>

#include "sluice/base/log.h"

namespace sluice {
namespace {

// Services accept five minutes or more.
constexpr std::chrono::seconds kWorthCorrecting{60};

// What is asked for, for a log: "POST /bucket/key", "AmazonSQS.ReceiveMessage". Nothing of a query,
// which may hold an upload's id, and of no body.
std::string NameOf(const HttpRequest& request) {
  for (const auto& [name, value] : request.headers) {
    if (name == "X-Amz-Target") return value;
  }
  return request.method + " " + request.target.substr(0, request.target.find('?'));
}

void LogCall(std::string_view service, const HttpRequest& request,
             const Result<HttpResponse>& answer, Ticks::duration took) {
  const std::string what =
      answer ? fmt::format("status={} received={}", answer->status, answer->body.size())
             : answer.error().message();
  Log(LogLevel::kDebug, "{} {}: {} sent={} took={}ms", service, NameOf(request), what,
      request.body.size(), std::chrono::round<std::chrono::milliseconds>(took).count());
}

// HEAD is refused without a word of why.
bool IsWorthAskingTheTime(const AwsFailure& failure, const HttpResponse& answer) {
  return MayBeOfTheClock(failure) || (answer.status == 403 && answer.body.empty());
}

}  // namespace

Result<std::unique_ptr<AwsClient>> AwsClient::Make(AwsService service,
                                                   std::shared_ptr<CredentialsSource> credentials,
                                                   Clock& clock, const AwsClientOptions& options) {
  SLUICE_ASSIGN(std::unique_ptr<HttpClient> http, HttpClient::Make(service.endpoint, options.http));
  return std::unique_ptr<AwsClient>(
      new AwsClient(std::move(service), std::move(credentials), clock, options, std::move(http)));
}

AwsClient::AwsClient(AwsService service, std::shared_ptr<CredentialsSource> credentials,
                     Clock& clock, const AwsClientOptions& options,
                     std::unique_ptr<HttpClient> http)
    : service_(std::move(service)),
      credentials_(std::move(credentials)),
      clock_(clock),
      retry_(options.retry),
      http_(std::move(http)),
      random_(std::random_device()()) {}

Result<HttpResponse> AwsClient::Call(const AwsCall& call) {
  const bool only_asks = call.request.method == "GET" || call.request.method == "HEAD";
  bool was_unknown = false;
  std::minstd_rand random;
  {
    const std::lock_guard lock(mutex_);
    random.seed(random_());
  }
  const auto attempt = [&]() -> Result<HttpResponse> {
    Result<HttpResponse> answer = Attempt(call);
    if (answer || answer.error().kind() != ErrorKind::kOutcomeUnknown) return answer;
    was_unknown = !only_asks;
    if (!call.is_repeatable && !only_asks) return answer;
    return std::unexpected(Error(ErrorKind::kTransient, answer.error().message()));
  };
  Result<HttpResponse> answer = Retry(retry_, clock_, random, attempt, &budget_);
  // What a later attempt met does not say what an earlier one did, and may be its work.
  if (answer || !was_unknown || answer.error().kind() == ErrorKind::kNotFound) return answer;
  return std::unexpected(Error(ErrorKind::kOutcomeUnknown, answer.error().message()));
}

// An answer that may be a matter of the clock is asked for once more with the service's time.
Result<HttpResponse> AwsClient::Attempt(const AwsCall& call) {
  for (bool may_correct = true;; may_correct = false) {
    const std::chrono::seconds thought = clock_error();
    SLUICE_ASSIGN(HttpResponse answer, SendSigned(call, thought));
    if (answer.status < 300) {
      if (call.check) SLUICE_TRY(call.check(answer));
      return answer;
    }
    const AwsFailure failure = service_.read_failure(answer);
    if (may_correct && IsWorthAskingTheTime(failure, answer) && LearnTime(answer, thought))
      continue;
    return Fail(KindOf(failure, answer.status, service_.failures),
                "{} refused: {}: status={} request_id={}", service_.scope.service,
                Describe(failure), answer.status, failure.request_id.substr(0, 100));
  }
}

Result<HttpResponse> AwsClient::SendSigned(const AwsCall& call, std::chrono::seconds clock_error) {
  SLUICE_ASSIGN(const AwsCredentials credentials, credentials_->Get());
  SLUICE_ASSIGN(const std::vector<HttpHeader> signature,
                SignatureOf(call.request, service_.endpoint.authority(), service_.scope,
                            credentials, clock_.Now() + clock_error));
  HttpRequest request = call.request;
  request.headers.insert(request.headers.end(), signature.begin(), signature.end());
  const Ticks begun = clock_.Monotonic();
  Result<HttpResponse> answer = http_->Send(request, call.timeout);
  if (LogsAt(LogLevel::kDebug)) {
    LogCall(service_.scope.service, call.request, answer, clock_.Monotonic() - begun);
  }
  return answer;
}

// Whether the clock is wrong by another time than was thought.
bool AwsClient::LearnTime(const HttpResponse& response, std::chrono::seconds thought) {
  const std::string* const date = response.Header("Date");
  const auto time = date == nullptr ? std::nullopt : ParseHttpDate(*date);
  if (!time) return false;
  const auto error = std::chrono::round<std::chrono::seconds>(*time - clock_.Now());
  if (std::chrono::abs(error - thought) < kWorthCorrecting) return false;
  const std::lock_guard lock(mutex_);
  clock_error_ = error;
  return true;
}

std::chrono::seconds AwsClient::clock_error() const {
  const std::lock_guard lock(mutex_);
  return clock_error_;
}

}  // namespace sluice
