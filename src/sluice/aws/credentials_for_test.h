// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

#include "sluice/aws/credentials.h"

namespace sluice {

// Always the same.
class FixedCredentials : public CredentialsSource {
 public:
  explicit FixedCredentials(AwsCredentials credentials) : credentials_(std::move(credentials)) {}
  Result<AwsCredentials> Get() override { return credentials_; }

 private:
  const AwsCredentials credentials_;
};

}  // namespace sluice
