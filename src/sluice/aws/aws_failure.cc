// SPDX-License-Identifier: Apache-2.0
#include "sluice/aws/aws_failure.h"

#include <simdjson.h>

#include <algorithm>

#include "sluice/aws/json_answer.h"
#include "sluice/aws/xml_reader.h"

namespace sluice {
namespace {

// Sources: "Common Errors" of the services' API references and botocore's retry tables, 2026.
constexpr FailureMeaning kShared[] = {
    // Refused for now; nothing was done.
    {"Throttling", ErrorKind::kTransient},
    {"ThrottlingException", ErrorKind::kTransient},
    {"ThrottledException", ErrorKind::kTransient},
    {"RequestThrottled", ErrorKind::kTransient},
    {"RequestThrottledException", ErrorKind::kTransient},
    {"RequestLimitExceeded", ErrorKind::kTransient},
    {"TooManyRequestsException", ErrorKind::kTransient},
    {"BandwidthLimitExceeded", ErrorKind::kTransient},
    {"SlowDown", ErrorKind::kTransient},
    {"PriorRequestNotComplete", ErrorKind::kTransient},
    {"ServiceUnavailable", ErrorKind::kTransient},
    {"ServiceUnavailableException", ErrorKind::kTransient},
    {"KMSThrottlingException", ErrorKind::kTransient},
    {"KmsThrottled", ErrorKind::kTransient},
    // The next credentials will do.
    {"ExpiredToken", ErrorKind::kTransient},
    {"ExpiredTokenException", ErrorKind::kTransient},
    // The request came incomplete.
    {"RequestTimeout", ErrorKind::kTransient},
    {"RequestTimeoutException", ErrorKind::kTransient},
    {"IncompleteBody", ErrorKind::kTransient},
    // It broke while it was done.
    {"InternalError", ErrorKind::kOutcomeUnknown},
    {"InternalFailure", ErrorKind::kOutcomeUnknown},
    {"InternalServerError", ErrorKind::kOutcomeUnknown},
    {"InternalServerException", ErrorKind::kOutcomeUnknown},
    {"InternalServiceError", ErrorKind::kOutcomeUnknown},
    // Who asks, or what for, is wrong.
    {"AccessDenied", ErrorKind::kPermanent},
    {"AccessDeniedException", ErrorKind::kPermanent},
    {"NotAuthorized", ErrorKind::kPermanent},
    {"OptInRequired", ErrorKind::kPermanent},
    {"UnrecognizedClientException", ErrorKind::kPermanent},
    {"InvalidClientTokenId", ErrorKind::kPermanent},
    {"InvalidAccessKeyId", ErrorKind::kPermanent},
    {"MissingAuthenticationToken", ErrorKind::kPermanent},
    {"IncompleteSignature", ErrorKind::kPermanent},
    {"IncompleteSignatureException", ErrorKind::kPermanent},
    {"SignatureDoesNotMatch", ErrorKind::kPermanent},
    {"InvalidSignatureException", ErrorKind::kPermanent},
    {"ValidationError", ErrorKind::kPermanent},
    {"ValidationException", ErrorKind::kPermanent},
    {"SerializationException", ErrorKind::kPermanent},
    {"UnknownOperationException", ErrorKind::kPermanent},
    {"InvalidAction", ErrorKind::kPermanent},
    {"MalformedQueryString", ErrorKind::kPermanent},
    // And the service's time is no other than was thought (MayBeOfTheClock).
    {"RequestTimeTooSkewed", ErrorKind::kPermanent},
    {"RequestInTheFuture", ErrorKind::kPermanent},
    {"RequestExpired", ErrorKind::kPermanent},
};

const FailureMeaning* Find(std::span<const FailureMeaning> table, std::string_view code) {
  const auto found = std::ranges::find(table, code, &FailureMeaning::code);
  return found == table.end() ? nullptr : &*found;
}

bool IsWrongSignature(const AwsFailure& failure) {
  constexpr std::string_view kCodes[] = {"SignatureDoesNotMatch", "InvalidSignatureException",
                                         "IncompleteSignature", "IncompleteSignatureException"};
  return std::ranges::find(kCodes, failure.code) != std::end(kCodes);
}

// "com.amazonaws.sqs#QueueDoesNotExist:http://…" without what stands around the code.
std::string_view BareCode(std::string_view type) {
  type = type.substr(0, type.find(':'));
  const size_t sign = type.rfind('#');
  return sign == std::string_view::npos ? type : type.substr(sign + 1);
}

}  // namespace

std::span<const FailureMeaning> SharedFailures() {
  return kShared;
}

ErrorKind KindOf(const AwsFailure& failure, int status, std::span<const FailureMeaning> service) {
  if (const FailureMeaning* const own = Find(service, failure.code)) return own->kind;
  if (const FailureMeaning* const shared = Find(kShared, failure.code)) return shared->kind;
  if (status == 429 || status == 503) return ErrorKind::kTransient;
  return status >= 500 ? ErrorKind::kOutcomeUnknown : ErrorKind::kPermanent;
}

std::string Describe(const AwsFailure& failure) {
  constexpr size_t kMostCodeBytes = 100, kMostBytes = 500;
  std::string text =
      failure.code.empty() ? "no error code" : failure.code.substr(0, kMostCodeBytes);
  if (IsWrongSignature(failure)) {
    return text + ": is the secret access key the one of this access key?";
  }
  if (!failure.message.empty()) text += ": " + failure.message.substr(0, kMostBytes);
  return text;
}

bool MayBeOfTheClock(const AwsFailure& failure) {
  return IsWrongSignature(failure) || failure.code == "RequestTimeTooSkewed" ||
         failure.code == "RequestInTheFuture" || failure.code == "RequestExpired";
}

AwsFailure ReadJsonFailure(const HttpResponse& response) {
  AwsFailure failure;
  const std::string* const id = response.Header("x-amzn-requestid");
  if (id != nullptr) failure.request_id = *id;
  const std::string* const type = response.Header("x-amzn-errortype");
  if (type != nullptr) failure.code = BareCode(*type);
  simdjson::dom::parser parser;
  simdjson::dom::object body;
  if (parser.parse(response.body).get(body) != simdjson::SUCCESS) return failure;
  if (failure.code.empty()) failure.code = BareCode(TextMember(body, "__type"));
  failure.message = TextMember(body, "message");
  if (failure.message.empty()) failure.message = TextMember(body, "Message");
  return failure;
}

AwsFailure ReadXmlFailure(const HttpResponse& response) {
  AwsFailure failure;
  for (const std::string_view name : {"x-amz-request-id", "x-amzn-requestid"}) {
    const std::string* const id = response.Header(name);
    if (id != nullptr) failure.request_id = *id;
  }
  const Result<XmlElement> root = ParseXml(response.body);
  if (!root) return failure;
  const XmlElement* const error = root->name == "Error" ? &*root : root->Child("Error");
  if (error == nullptr) return failure;
  failure.code = error->TextAt("Code");
  failure.message = error->TextAt("Message");
  if (failure.request_id.empty()) failure.request_id = root->TextAt("RequestId");
  return failure;
}

}  // namespace sluice
