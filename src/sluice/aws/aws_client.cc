// SPDX-License-Identifier: Apache-2.0
#include "sluice/aws/aws_client.h"

#include <algorithm>
#include <numeric>
#include <ranges>
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

bool OnlyAsks(const HttpRequest& request) {
  return request.method == "GET" || request.method == "HEAD";
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
      deadline_(options.deadline),
      http_(std::move(http)),
      random_(std::random_device()()) {}

Result<HttpResponse> AwsClient::Call(const AwsCall& call) {
  return std::move(CallAll({&call, 1}).front());
}

std::vector<Result<HttpResponse>> AwsClient::CallAll(std::span<const AwsCall> calls) {
  std::vector<Result<HttpResponse>> results(calls.size());
  std::vector<bool> was_unknown(calls.size());
  std::vector<size_t> open(calls.size());
  std::iota(open.begin(), open.end(), size_t{0});
  std::minstd_rand random = NewRandom();
  const Deadline deadline = deadline_ == nullptr ? Deadline::Never() : deadline_->Get();
  for (RetryPace pace(retry_, clock_, random, deadline); !open.empty(); pace.Pause()) {
    Calls now;
    for (const size_t i : open) now.push_back(&calls[i]);
    std::vector<Result<HttpResponse>> answers = AttemptAll(now, deadline);
    std::vector<size_t> again;
    for (size_t k = 0; k < open.size(); ++k) {
      const size_t i = open[k];
      results[i] = std::move(answers[k]);
      if (results[i]) {
        budget_.Give();
        continue;
      }
      Error failure = results[i].error();
      if (failure.kind() == ErrorKind::kOutcomeUnknown) {
        const bool only_asks = OnlyAsks(calls[i].request);
        if (!only_asks) was_unknown[i] = true;
        if (!only_asks && !calls[i].is_repeatable) continue;
        failure = Error(ErrorKind::kTransient, failure.message());
      }
      if (failure.kind() != ErrorKind::kTransient) continue;
      if (pace.may_go_on() && budget_.Take()) {
        again.push_back(i);
      } else {
        results[i] = std::unexpected(pace.GaveUp(failure));
      }
    }
    open = std::move(again);
    if (open.empty()) break;
  }
  for (size_t i = 0; i < calls.size(); ++i) {
    // What a later attempt met does not say what an earlier one did, and may be its work.
    if (results[i] || !was_unknown[i] || results[i].error().kind() == ErrorKind::kNotFound) {
      continue;
    }
    results[i] = std::unexpected(Error(ErrorKind::kOutcomeUnknown, results[i].error().message()));
  }
  return results;
}

std::vector<Result<HttpResponse>> AwsClient::AttemptAll(const Calls& calls, Deadline deadline) {
  const Ticks begun = clock_.Monotonic();
  const std::chrono::seconds thought = clock_error();
  std::vector<Result<HttpClient::Exchange>> exchanges = SendAll(calls, deadline, thought);
  // The last first: this thread is woken once, and not by each answer.
  for (const auto& exchange : exchanges | std::views::reverse) {
    if (exchange) exchange->Wait();
  }
  const Ticks::duration took = clock_.Monotonic() - begun;
  const Timestamp now = clock_.Now();
  std::vector<Result<HttpResponse>> results;
  for (size_t i = 0; i < calls.size(); ++i) {
    const auto take = [&]() -> Result<HttpResponse> {
      if (!exchanges[i]) return std::unexpected(exchanges[i].error());
      Result<HttpResponse> answer = exchanges[i]->Take();
      if (LogsAt(LogLevel::kDebug)) {
        LogCall(service_.scope.service, calls[i]->request, answer, took);
      }
      if (!answer) return answer;
      return Judge(*calls[i], *std::move(answer), thought, now);
    };
    results.push_back(take());
  }
  return results;
}

std::vector<Result<HttpClient::Exchange>> AwsClient::SendAll(const Calls& calls, Deadline deadline,
                                                             std::chrono::seconds thought) {
  const Result<AwsCredentials> credentials = credentials_->Get();
  const auto make = [&](const AwsCall& call) -> Result<CrtMessage> {
    if (!credentials) return std::unexpected(credentials.error());
    SLUICE_ASSIGN(CrtMessage message, MakeCrtMessage(call.request, service_.endpoint.authority()));
    SLUICE_TRY(Sign(message, service_.scope, *credentials, clock_.Now() + thought));
    return message;
  };
  // All are signed before the first is begun: so the runtime's thread is woken once.
  std::vector<Result<CrtMessage>> messages;
  for (const AwsCall* call : calls) messages.push_back(make(*call));
  std::vector<Result<HttpClient::Exchange>> exchanges;
  for (size_t i = 0; i < calls.size(); ++i) {
    const auto begin = [&]() -> Result<HttpClient::Exchange> {
      if (!messages[i]) return std::unexpected(messages[i].error());
      const auto left =
          std::chrono::floor<std::chrono::milliseconds>(deadline.at - clock_.Monotonic());
      if (left.count() <= 0) return Fail(ErrorKind::kTransient, "no time is left for the call");
      return http_->Begin(calls[i]->request, *std::move(messages[i]),
                          std::min(calls[i]->timeout, left));
    };
    exchanges.push_back(begin());
  }
  return exchanges;
}

Result<HttpResponse> AwsClient::Judge(const AwsCall& call, HttpResponse answer,
                                      std::chrono::seconds thought, Timestamp now) {
  if (answer.status < 300) {
    if (call.check) SLUICE_TRY(call.check(answer));
    return answer;
  }
  const AwsFailure failure = service_.read_failure(answer);
  // An answer that may be a matter of the clock is asked for again with the service's time.
  const bool is_of_the_clock =
      IsWorthAskingTheTime(failure, answer) && LearnTime(answer, thought, now);
  return Fail(
      is_of_the_clock ? ErrorKind::kTransient : KindOf(failure, answer.status, service_.failures),
      "{} refused: {}: status={} request_id={}", service_.scope.service, Describe(failure),
      answer.status, failure.request_id.substr(0, 100));
}

// Whether the clock is wrong by another time than was thought.
bool AwsClient::LearnTime(const HttpResponse& response, std::chrono::seconds thought,
                          Timestamp now) {
  const std::string* const date = response.Header("Date");
  const auto time = date == nullptr ? std::nullopt : ParseHttpDate(*date);
  if (!time) return false;
  const auto error = std::chrono::round<std::chrono::seconds>(*time - now);
  if (std::chrono::abs(error - thought) < kWorthCorrecting) return false;
  const std::lock_guard lock(mutex_);
  clock_error_ = error;
  return true;
}

std::chrono::seconds AwsClient::clock_error() const {
  const std::lock_guard lock(mutex_);
  return clock_error_;
}

std::minstd_rand AwsClient::NewRandom() {
  const std::lock_guard lock(mutex_);
  return std::minstd_rand(random_());
}

}  // namespace sluice
