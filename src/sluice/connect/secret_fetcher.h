// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "sluice/aws/aws_client.h"
#include "sluice/aws/secrets_manager.h"
#include "sluice/base/clock.h"
#include "sluice/base/result.h"
#include "sluice/config/pipeline_config.h"
#include "sluice/connect/aws_access.h"
#include "sluice/connect/tried_action.h"

namespace sluice {

struct FetchedSecret {
  Secret secret;
  std::string username;  // whose it is, where the secret says so; else empty
};

// Fetches one secret from Secrets Manager, anew each time. Thread-safe.
class SecretFetcher {
 public:
  // Asks nobody yet. `clock` outlives it.
  static Result<std::unique_ptr<SecretFetcher>> Make(KeptSecret secret,
                                                     const SecretsManagerConfig& where,
                                                     AwsAccess& access, Clock& clock);

  // kTransient: not now. kPermanent: the error names the reference, and what to do.
  Result<FetchedSecret> Fetch();
  // The same, to see whether it may be done, for the key `part` of the configuration.
  TriedAction Try(std::string part);

 private:
  SecretFetcher(KeptSecret secret, std::unique_ptr<AwsClient> client)
      : secret_(std::move(secret)), client_(std::move(client)) {}
  Result<StoredSecret> Ask();
  TriedAction TriedWith(std::string part, Status result) const;

  const KeptSecret secret_;
  const std::unique_ptr<AwsClient> client_;
};

}  // namespace sluice
