// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>

#include "sluice/aws/aws_client.h"
#include "sluice/aws/credentials.h"

namespace sluice {

struct RoleOptions {
  std::string arn;
  std::string session_name;             // 2–64 of letters, digits and =,.@-_; shown in CloudTrail
  std::string external_id;              // empty: none is asked for
  std::chrono::seconds duration{3600};  // 15 min – 12 h; 1 h for a role assumed by a role
};

// What the Security Token Service answers when it refuses.
std::span<const FailureMeaning> StsFailures();

// A client of the Security Token Service at `endpoint`, with the failures that it answers.
Result<std::unique_ptr<AwsClient>> MakeStsClient(
    const HttpEndpoint& endpoint, const std::string& region,
    std::shared_ptr<CredentialsSource> credentials, Clock& clock,
    const AwsClientOptions& options = {.retry = {.attempts = 3}});

// The credentials of a role (AssumeRole of the STS API, 2011-06-15), asked for with those of `sts`,
// which may be a role's themselves. They are kept until five minutes before they expire, by this
// clock; when new ones cannot be had then for a reason that may pass, the old ones serve as long as
// they are good. After a failure nobody asks for half a minute.
class AssumedRole final : public CredentialsSource {
 public:
  // `clock` outlives it.
  AssumedRole(std::unique_ptr<AwsClient> sts, RoleOptions role, Clock& clock)
      : sts_(std::move(sts)), role_(std::move(role)), clock_(clock) {}

  Result<AwsCredentials> Get() override;

 private:
  Result<AwsCredentials> Assume();
  void Renew();

  const std::unique_ptr<AwsClient> sts_;
  const RoleOptions role_;
  Clock& clock_;
  std::mutex mutex_;  // one asks, the others wait for the answer
  std::optional<AwsCredentials> kept_;
  std::optional<Error> failure_;  // of the last asking, at
  Timestamp failed_at_;
};

}  // namespace sluice
