// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>

#include "sluice/aws/aws_client.h"
#include "sluice/base/clock.h"
#include "sluice/warehouse/pg_login.h"

namespace sluice {

// Whose password is asked for: a user of a cluster (GetClusterCredentials, Amazon Redshift API
// Reference), or whoever signs, of a workgroup (GetCredentials, Redshift Serverless API Reference).
struct IamLoginTarget {
  std::string cluster, workgroup;  // one of them
  std::string database, user;
};

// The cluster or workgroup in Amazon's own host names: "NAME.ID.REGION.redshift.amazonaws.com",
// "NAME.ACCOUNT.REGION.redshift-serverless.amazonaws.com". Both empty for any other.
IamLoginTarget TargetInHost(const std::string& host);

// Passwords that live for a quarter of an hour, kept until shortly before they end, or until
// one is refused. Thread-safe.
class IamLogin final : public PgLoginSource {
 public:
  // What both services answer when they refuse.
  static std::span<const FailureMeaning> failures();

  // `client` is of the service redshift, or redshift-serverless for a workgroup, with these
  // failures. `clock` outlives it.
  IamLogin(std::unique_ptr<AwsClient> client, IamLoginTarget target, Clock& clock)
      : client_(std::move(client)), target_(std::move(target)), clock_(clock) {}
  Result<PgLogin> Get() override;
  Result<PgLogin> InPlaceOf(const PgLogin& refused) override;

 private:
  Result<PgLogin> AskAnew();
  Result<PgLogin> OfCluster();
  Result<PgLogin> OfWorkgroup();

  const std::unique_ptr<AwsClient> client_;
  const IamLoginTarget target_;
  Clock& clock_;
  std::mutex mutex_;  // guards what comes now
  std::optional<PgLogin> kept_;
  Timestamp asked_at_;
};

}  // namespace sluice
