// SPDX-License-Identifier: Apache-2.0
#include "sluice/aws/secrets_manager.h"

#include <simdjson.h>

#include "sluice/aws/json_answer.h"
#include "sluice/base/json_text.h"

namespace sluice {
namespace {

using simdjson::SUCCESS;
using simdjson::dom::object;

// Source: "Errors" of GetSecretValue in the API reference.
constexpr FailureMeaning kFailures[] = {
    {"ResourceNotFoundException", ErrorKind::kNotFound},
    {"InvalidRequestException", ErrorKind::kPermanent},  // it is to be deleted
    {"InvalidParameterException", ErrorKind::kPermanent},
    {"DecryptionFailure", ErrorKind::kPermanent},
};

// Asking changes nothing; and that there is no such secret must not look like a table or an object
// that is not there.
Error OfAsking(const Error& error) {
  switch (error.kind()) {
    case ErrorKind::kOutcomeUnknown:
      return Error(ErrorKind::kTransient, error.message());
    case ErrorKind::kNotFound:
      return Error(ErrorKind::kPermanent,
                   error.message() +
                       "; is its name right, and is it in this account? that of another account is "
                       "named by its ARN");
    default:
      return error;
  }
}

Result<StoredSecret> MemberOf(std::string_view text, std::string_view key) {
  simdjson::dom::parser parser;
  object members;
  if (parser.parse(text.data(), text.size()).get(members) != SUCCESS) {
    return Fail(ErrorKind::kPermanent,
                "it is no JSON object: leave out the '#' and what is behind it, or store one");
  }
  const auto member = members.at_key(key);
  if (member.error() != SUCCESS) {
    return Fail(ErrorKind::kPermanent, "its JSON object has no such key");
  }
  std::string_view found;
  if (member.get(found) != SUCCESS) {
    return Fail(ErrorKind::kPermanent, "what its JSON object has at this key is no text");
  }
  return StoredSecret{.text = std::string(found),
                      .username = std::string(TextMember(members, "username"))};
}

}  // namespace

std::span<const FailureMeaning> SecretsManagerFailures() {
  return kFailures;
}

Result<std::unique_ptr<AwsClient>> MakeSecretsManagerClient(
    const HttpEndpoint& endpoint, const std::string& region,
    std::shared_ptr<CredentialsSource> credentials, Clock& clock, const AwsClientOptions& options) {
  return AwsClient::Make({.scope = {.service = "secretsmanager", .region = region},
                          .endpoint = endpoint,
                          .failures = kFailures},
                         std::move(credentials), clock, options);
}

Result<StoredSecret> GetSecret(AwsClient& secrets_manager, const std::string& id,
                               std::string_view key) {
  JsonText json;
  json.BeginObject().Key("SecretId").Value(id).EndObject();
  const auto answer = secrets_manager.Call(
      {.request = {.method = "POST",
                   .headers = {{"Content-Type", "application/x-amz-json-1.1"},
                               {"X-Amz-Target", "secretsmanager.GetSecretValue"}},
                   .body = json.text()},
       .is_repeatable = true});
  if (!answer) return std::unexpected(OfAsking(answer.error()));
  return SecretIn(answer->body, key);
}

Result<StoredSecret> SecretIn(std::string_view answer, std::string_view key) {
  simdjson::dom::parser parser;
  object root;
  if (answer.empty() || parser.parse(answer.data(), answer.size()).get(root) != SUCCESS) {
    return Fail(ErrorKind::kTransient, "the answer is no JSON object");
  }
  std::string_view text;
  if (root.at_key("SecretString").get(text) != SUCCESS) {
    if (root.at_key("SecretBinary").error() == SUCCESS) {
      return Fail(ErrorKind::kPermanent,
                  "it is bytes (SecretBinary): store it as text (SecretString)");
    }
    return Fail(ErrorKind::kTransient, "the answer holds no secret");
  }
  StoredSecret secret;
  if (key.empty()) {
    if (text.ends_with('\n')) text.remove_suffix(1);
    if (text.ends_with('\r')) text.remove_suffix(1);
    secret.text = text;
  } else {
    SLUICE_ASSIGN(secret, MemberOf(text, key));
  }
  if (secret.text.empty()) return Fail(ErrorKind::kPermanent, "it is empty");
  if (secret.text.contains('\0')) return Fail(ErrorKind::kPermanent, "there is a NUL in it");
  return secret;
}

}  // namespace sluice
