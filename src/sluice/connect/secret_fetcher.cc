// SPDX-License-Identifier: Apache-2.0
#include "sluice/connect/secret_fetcher.h"

#include <fmt/format.h>

namespace sluice {
namespace {

// A policy's name of the secret: behind its name the service puts six characters ("Secrets Manager
// ARNs" in its user guide).
std::string ArnOf(const KeptSecret& secret) {
  if (secret.id.starts_with("arn:")) return secret.id;
  return fmt::format("arn:{}:secretsmanager:{}:*:secret:{}-??????", PartitionOf(secret.region),
                     secret.region, secret.id);
}

// Where the key that it is encrypted with may not be used: of who may, the service says no more.
bool IsOfItsKey(const Error& error) {
  return error.message().contains("Access to KMS is not allowed");
}

}  // namespace

Result<std::unique_ptr<SecretFetcher>> SecretFetcher::Make(KeptSecret secret,
                                                           const SecretsManagerConfig& where,
                                                           AwsAccess& access, Clock& clock) {
  SLUICE_ASSIGN(const HttpEndpoint endpoint,
                EndpointOf("secretsmanager", secret.region, where.service.endpoint));
  SLUICE_ASSIGN(auto credentials, access.CredentialsFor(where.assume_role, secret.region));
  SLUICE_ASSIGN(auto client,
                MakeSecretsManagerClient(endpoint, secret.region, std::move(credentials), clock));
  return std::unique_ptr<SecretFetcher>(new SecretFetcher(std::move(secret), std::move(client)));
}

Result<FetchedSecret> SecretFetcher::Fetch() {
  Result<StoredSecret> stored = Ask();
  if (stored) return FetchedSecret{Secret(std::move(stored->text)), std::move(stored->username)};
  const TriedAction tried = TriedWith("", std::unexpected(stored.error()));
  return Fail(stored.error().kind(), "{}{}", stored.error().message(), tried.Advice());
}

TriedAction SecretFetcher::Try(std::string part) {
  const Result<StoredSecret> stored = Ask();
  return TriedWith(std::move(part), stored ? Status() : std::unexpected(stored.error()));
}

Result<StoredSecret> SecretFetcher::Ask() {
  Result<StoredSecret> stored = GetSecret(*client_, secret_.id, secret_.key);
  if (stored) return stored;
  return std::unexpected(stored.error().During(
      fmt::format("cannot fetch {} from {}", secret_.reference(), secret_.region)));
}

TriedAction SecretFetcher::TriedWith(std::string part, Status result) const {
  if (!result && IsOfItsKey(result.error())) {
    return {std::move(part), "kms:Decrypt",
            fmt::format("arn:{}:kms:{}:*:key/*", PartitionOf(secret_.region), secret_.region),
            std::move(result)};
  }
  return {std::move(part), "secretsmanager:GetSecretValue", ArnOf(secret_), std::move(result)};
}

}  // namespace sluice
