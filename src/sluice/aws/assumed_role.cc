// SPDX-License-Identifier: Apache-2.0
#include "sluice/aws/assumed_role.h"

#include "sluice/aws/xml_reader.h"
#include "sluice/base/percent_encoding.h"

namespace sluice {
namespace {

constexpr std::chrono::minutes kBeforeExpiry{5};
constexpr std::chrono::seconds kAfterFailure{30}, kAnswerTime{10};

// "Errors" of AssumeRole in the API reference.
constexpr FailureMeaning kFailures[] = {
    {"IDPCommunicationError", ErrorKind::kTransient},
    {"MalformedPolicyDocument", ErrorKind::kPermanent},
    {"PackedPolicyTooLarge", ErrorKind::kPermanent},
    {"RegionDisabledException", ErrorKind::kPermanent},
    {"InvalidContextAssertion", ErrorKind::kPermanent},
};

void AppendField(std::string& form, std::string_view name, std::string_view value) {
  if (!form.empty()) form += '&';
  form.append(name) += '=';
  AppendPercentEncoded(form, value);
}

// All but when they expire.
Result<AwsCredentials> CredentialsIn(const HttpResponse& answer) {
  SLUICE_ASSIGN(const XmlElement root, ParseXml(answer.body));
  const auto text = [&](std::string_view name) {
    return std::string(root.TextAt("AssumeRoleResult/Credentials/" + std::string(name)));
  };
  AwsCredentials found{.access_key_id = text("AccessKeyId"),
                       .secret_access_key = text("SecretAccessKey"),
                       .session_token = text("SessionToken")};
  if (!found.access_key_id.empty() && !found.secret_access_key.empty()) return found;
  return Fail(ErrorKind::kTransient, "the answer holds no credentials");
}

}  // namespace

std::span<const FailureMeaning> StsFailures() {
  return kFailures;
}

Result<std::unique_ptr<AwsClient>> MakeStsClient(const HttpEndpoint& endpoint,
                                                 const std::string& region,
                                                 std::shared_ptr<CredentialsSource> credentials,
                                                 Clock& clock, const AwsClientOptions& options) {
  return AwsClient::Make({.scope = {.service = "sts", .region = region},
                          .endpoint = endpoint,
                          .failures = kFailures,
                          .read_failure = ReadXmlFailure},
                         std::move(credentials), clock, options);
}

Result<AwsCredentials> AssumedRole::Get() {
  const std::lock_guard lock(mutex_);
  const Timestamp now = clock_.Now();
  if (kept_ && now < kept_->expires - kBeforeExpiry) return *kept_;
  if (!failure_ || now >= failed_at_ + kAfterFailure) Renew();
  if (!failure_) return *kept_;
  if (failure_->kind() == ErrorKind::kTransient && kept_ && clock_.Now() < kept_->expires)
    return *kept_;
  return std::unexpected(*failure_);
}

// Whatever it is that went wrong, it is no fault of what the credentials are wanted for.
void AssumedRole::Renew() {
  failure_.reset();
  Result<AwsCredentials> assumed = Assume();
  if (assumed) {
    kept_ = std::move(*assumed);
    return;
  }
  const bool may_pass = assumed.error().kind() != ErrorKind::kPermanent;
  failure_ = Error(may_pass ? ErrorKind::kTransient : ErrorKind::kPermanent,
                   assumed.error().During("cannot assume role " + role_.arn).message());
  failed_at_ = clock_.Now();
}

Result<AwsCredentials> AssumedRole::Assume() {
  const Timestamp asked_at = clock_.Now();
  std::string form;
  AppendField(form, "Action", "AssumeRole");
  AppendField(form, "Version", "2011-06-15");
  AppendField(form, "RoleArn", role_.arn);
  AppendField(form, "RoleSessionName", role_.session_name);
  AppendField(form, "DurationSeconds", std::to_string(role_.duration.count()));
  if (!role_.external_id.empty()) AppendField(form, "ExternalId", role_.external_id);
  SLUICE_ASSIGN(
      const HttpResponse answer,
      sts_->Call({.request = {.method = "POST",
                              .headers = {{"Content-Type",
                                           "application/x-www-form-urlencoded; charset=utf-8"}},
                              .body = form},
                  .is_repeatable = true,
                  .timeout = kAnswerTime}));
  SLUICE_ASSIGN(AwsCredentials found, CredentialsIn(answer));
  found.expires = asked_at + role_.duration;
  return found;
}

}  // namespace sluice
