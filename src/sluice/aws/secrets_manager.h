// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "sluice/aws/aws_client.h"

namespace sluice {

// What Secrets Manager answers when it refuses.
std::span<const FailureMeaning> SecretsManagerFailures();

// A client of AWS Secrets Manager at `endpoint`, with the failures that it answers.
Result<std::unique_ptr<AwsClient>> MakeSecretsManagerClient(
    const HttpEndpoint& endpoint, const std::string& region,
    std::shared_ptr<CredentialsSource> credentials, Clock& clock,
    const AwsClientOptions& options = {});

struct StoredSecret {
  std::string text;
  std::string username;  // beside it in the JSON object, where it is a member of one
};

// The text of the secret `id`, its name or ARN, in its current version (GetSecretValue, AWS Secrets
// Manager API Reference, 2017-10-17); with a `key`, as SecretIn. kTransient, or kPermanent: then
// the message says what to do.
Result<StoredSecret> GetSecret(AwsClient& secrets_manager, const std::string& id,
                               std::string_view key);

// The secret in an answer of GetSecretValue: all of its text, without a line end at its end as a
// file's, or with a `key` the text of that member of the JSON object that it is. kTransient: it is
// no such answer. kPermanent: it holds no such text, or one with NUL, which no password may have
// (libpq would cut it there). No error holds any of it. Fuzzed; the answer is in memory, and
// simdjson's limits hold.
Result<StoredSecret> SecretIn(std::string_view answer, std::string_view key);

}  // namespace sluice
