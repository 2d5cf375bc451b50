// SPDX-License-Identifier: Apache-2.0
#include "sluice/connect/aws_access.h"

#include "sluice/aws/assumed_role.h"

namespace sluice {

Result<std::shared_ptr<CredentialsSource>> AwsAccess::CredentialsFor(
    const std::optional<AssumeRole>& role, const std::string& region) {
  if (!own_) {
    SLUICE_ASSIGN(own_, DefaultCredentials(clock_));
  }
  if (!role) return own_;
  SLUICE_ASSIGN(const HttpEndpoint endpoint, EndpointOf("sts", region, role->endpoint));
  SLUICE_ASSIGN(
      std::unique_ptr<AwsClient> sts,
      MakeStsClient(endpoint, region, own_, clock_, {.http = {}, .retry = {.attempts = 3}}));
  const RoleOptions options{.arn = role->arn,
                            .session_name = "sluice-" + pipeline_.substr(0, 50),
                            .external_id = role->external_id.Reveal()};
  return std::make_shared<AssumedRole>(std::move(sts), options, clock_);
}

}  // namespace sluice
