// SPDX-License-Identifier: Apache-2.0
#include "sluice/lambda/runtime_api.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "sluice/base/json_text.h"
#include "sluice/base/retry.h"

namespace sluice {
namespace {

constexpr std::string_view kVersion = "/2018-06-01/runtime";
constexpr std::chrono::milliseconds kForEver = std::chrono::years(10);
constexpr std::chrono::milliseconds kAnswerTime{10'000};
// A payload has at most 6 MiB (ParseLambdaEvent says how much is read of it); without any limit a
// broken server would fill the memory.
constexpr Bytes kLargestBody = MiB(32);
constexpr size_t kLongestId = 128;
constexpr RetryOptions kRetry{.attempts = 4, .longest_pause = std::chrono::milliseconds(500)};

// It becomes a part of a path.
bool IsRequestId(std::string_view id) {
  const auto is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  };
  return !id.empty() && id.size() <= kLongestId && std::ranges::all_of(id, is_allowed);
}

std::optional<Timestamp> TimeOfMillis(std::string_view digits) {
  constexpr uint64_t kLatest = 253'402'300'800'000;  // the year 10000
  uint64_t millis = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, millis);
  if (error != std::errc() || stop != end || millis > kLatest) return std::nullopt;
  return Timestamp(std::chrono::milliseconds(millis));
}

std::string ToJson(const FunctionFailure& failure) {
  JsonText json;
  json.BeginObject().Key("errorMessage").Value(failure.message);
  json.Key("errorType").Value(failure.type);
  json.Key("stackTrace").BeginArray().EndArray().EndObject();
  return json.text();
}

}  // namespace

Result<std::unique_ptr<RuntimeApi>> RuntimeApi::Open(std::string_view address, Clock& clock) {
  const auto endpoint = ParseEndpoint(fmt::format("http://{}", address));
  if (!endpoint) {
    return sluice::Fail(ErrorKind::kPermanent,
                        "AWS_LAMBDA_RUNTIME_API is no HOST:PORT: AWS Lambda sets it for the "
                        "processes that it starts: value={}",
                        address);
  }
  SLUICE_ASSIGN(auto http, HttpClient::Make(*endpoint, {.largest_body = kLargestBody}));
  return std::unique_ptr<RuntimeApi>(new RuntimeApi(std::move(http), clock));
}

Result<HttpResponse> RuntimeApi::Send(const HttpRequest& request,
                                      std::chrono::milliseconds timeout) {
  // What is told twice is told once: the second time it is refused, or the first did not arrive.
  // What is asked for twice may be lost once.
  const bool is_repeatable = request.method == "POST";
  return Retry(kRetry, clock_, random_, [&]() -> Result<HttpResponse> {
    Result<HttpResponse> answer = http_->Send(request, timeout);
    if (answer || !is_repeatable || answer.error().kind() != ErrorKind::kOutcomeUnknown) {
      return answer;
    }
    return std::unexpected(Error(ErrorKind::kTransient, answer.error().message()));
  });
}

Result<Invocation> RuntimeApi::Next() {
  constexpr std::string_view kAttempt = "cannot get the next invocation";
  const auto answer = Send({.target = fmt::format("{}/invocation/next", kVersion)}, kForEver);
  if (!answer) return std::unexpected(answer.error().During(kAttempt));
  if (answer->status != 200) {
    return sluice::Fail(ErrorKind::kPermanent, "{}: status={}", kAttempt, answer->status);
  }
  const std::string* const id = answer->Header("Lambda-Runtime-Aws-Request-Id");
  const std::string* const deadline = answer->Header("Lambda-Runtime-Deadline-Ms");
  const auto time = deadline == nullptr ? std::nullopt : TimeOfMillis(*deadline);
  if (id == nullptr || !IsRequestId(*id) || !time) {
    return sluice::Fail(ErrorKind::kPermanent, "{}: it came without {}", kAttempt,
                        time ? "a request id" : "a deadline");
  }
  return Invocation{*id, *time, std::move(answer->body)};
}

Status RuntimeApi::Tell(std::string path, std::string_view body, std::string_view error_type) {
  HttpRequest request{.method = "POST",
                      .target = fmt::format("{}{}", kVersion, path),
                      .headers = {{"Content-Type", "application/json"}},
                      .body = body};
  if (!error_type.empty()) {
    request.headers.push_back({"Lambda-Runtime-Function-Error-Type", std::string(error_type)});
  }
  const std::string attempt = fmt::format("cannot tell AWS Lambda: POST {}", path);
  const auto answer = Send(request, kAnswerTime);
  if (!answer) return std::unexpected(answer.error().During(attempt));
  if (answer->status >= 200 && answer->status < 300) return {};
  const bool is_over = answer->status >= 400 && answer->status < 500 && answer->status != 413;
  return sluice::Fail(is_over ? ErrorKind::kNotFound : ErrorKind::kPermanent, "{}: status={}",
                      attempt, answer->status);
}

Status RuntimeApi::Respond(const std::string& request_id, std::string_view answer) {
  return Tell(fmt::format("/invocation/{}/response", request_id), answer, "");
}

Status RuntimeApi::Fail(const std::string& request_id, const FunctionFailure& failure) {
  return Tell(fmt::format("/invocation/{}/error", request_id), ToJson(failure), failure.type);
}

Status RuntimeApi::FailInit(const FunctionFailure& failure) {
  return Tell("/init/error", ToJson(failure), failure.type);
}

}  // namespace sluice
