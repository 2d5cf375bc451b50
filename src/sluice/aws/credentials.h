// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "sluice/base/clock.h"
#include "sluice/base/result.h"

namespace sluice {

// What requests are signed with. Never printed.
struct AwsCredentials {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;  // empty for those of a user
  Timestamp expires = Timestamp::max();
};

// Where credentials come from. They are asked for before every request, so it keeps them until they
// are about to expire. Thread-safe.
class CredentialsSource {
 public:
  virtual ~CredentialsSource() = default;
  // kTransient: who gave them cannot be reached just now. kPermanent: nobody gives any.
  virtual Result<AwsCredentials> Get() = 0;
};

// What every AWS SDK finds, in its order: environment variables; profile of the configuration
// files, with what it names (single sign-on, keys, an assumed role, a process); web identity token;
// the endpoint of an ECS or EKS container; the instance metadata service, version 2. After single
// sign-on nothing else is asked (docs/adr/0059). Who gives them has `patience` to answer, but for a
// process, which is waited for. Those had before serve as long as they are good when no new ones
// can be had.
Result<std::unique_ptr<CredentialsSource>> DefaultCredentials(
    Clock& clock, std::chrono::milliseconds patience = std::chrono::seconds(30));

}  // namespace sluice
