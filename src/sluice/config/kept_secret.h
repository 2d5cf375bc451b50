// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "sluice/base/result.h"
#include "sluice/config/secret.h"

namespace sluice {

// Where AWS Secrets Manager keeps a secret.
struct KeptSecret {
  std::string id;   // its name or ARN
  std::string key;  // the member of its JSON object that is meant; empty: all of its text
  std::string region;

  // As the configuration has it: "secretsmanager:sluice/redshift#password".
  std::string reference() const;
};

// A secret of the configuration: its text, or where it is kept until somebody needs it.
using SecretSetting = std::variant<Secret, KeptSecret>;

// Is it a reference to Secrets Manager, rightly or wrongly written?
bool IsKeptReference(std::string_view reference);

// Understands "secretsmanager:ID" and "secretsmanager:ID#KEY". ID is a name (AWS Secrets Manager
// API Reference, CreateSecret: at most 512 of A–Z a–z 0–9 /_+=.@-, and the '!' of those that
// services keep) or an ARN, whose region counts; else `region` does. KEY has at most 256 bytes, no
// control characters. kPermanent for anything else, and where there is no region: without the
// reference, which may be the secret itself. Fuzzed.
Result<KeptSecret> ParseKeptSecret(std::string_view reference, const std::string& region);

}  // namespace sluice
