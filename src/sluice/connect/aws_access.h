// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "sluice/aws/credentials.h"
#include "sluice/base/clock.h"
#include "sluice/base/result.h"
#include "sluice/config/pipeline_config.h"

namespace sluice {

// The credentials of this process, made when first asked for, and of the roles that it assumes,
// each time anew. One thread at a time.
class AwsAccess {
 public:
  // `pipeline` names the sessions, which CloudTrail shows. `clock` outlives it and what it gives.
  AwsAccess(std::string pipeline, Clock& clock) : pipeline_(std::move(pipeline)), clock_(clock) {}

  // The process's own, or those of `role`, asked of the token service in `region`.
  Result<std::shared_ptr<CredentialsSource>> CredentialsFor(const std::optional<AssumeRole>& role,
                                                            const std::string& region);

 private:
  const std::string pipeline_;
  Clock& clock_;
  std::shared_ptr<CredentialsSource> own_;
};

}  // namespace sluice
