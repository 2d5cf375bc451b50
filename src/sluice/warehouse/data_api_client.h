// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/aws/aws_client.h"
#include "sluice/base/clock.h"
#include "sluice/base/result.h"
#include "sluice/warehouse/sql_session.h"

namespace sluice {

// Whose database, in the words of the Data API: one of cluster and workgroup; of a cluster a user
// with temporary credentials or a secret, else whoever signs.
struct DataApiTarget {
  std::string cluster, workgroup;
  std::string database, user, secret_arn;
};

// What the service holds of a statement, or of one of a batch.
struct DataApiStatement {
  std::string id, status, error;
  bool has_result = false;
  std::vector<DataApiStatement> parts;  // of a batch

  bool has_ended() const;
};

// The calls of the Amazon Redshift Data API ("Amazon Redshift Data API Reference", 2026) that
// loading needs. One thread at a time. Failures as AwsClient says them.
class DataApiClient {
 public:
  // A batch has at most so many statements, each of at most so many bytes.
  static constexpr size_t kMostStatements = 40, kMostBytes = 100'000;

  static std::span<const FailureMeaning> failures();

  DataApiClient(std::shared_ptr<AwsClient> client, DataApiTarget target, Clock& clock)
      : client_(std::move(client)), target_(std::move(target)), clock_(clock) {}

  enum class Session { kNone, kKeep };

  // Hands in one statement, or several as one transaction; answers its id. With kKeep in this
  // client's session, which begins with the first of them; without, by itself until there is one.
  // `token` makes that happen once, however often it is asked for, for eight hours.
  Result<std::string> Submit(std::span<const std::string> sql, const std::string& token,
                             Session session);
  // Until it has ended, or `until`; absent: it goes on. A stop request cancels it first.
  Result<std::optional<DataApiStatement>> Wait(const std::string& id, Ticks until,
                                               const std::stop_token& stop);
  Status Cancel(const std::string& id);
  Result<std::vector<TextRow>> Rows(const std::string& id);

 private:
  Result<HttpResponse> Call(std::string_view action, const std::string& body);

  const std::shared_ptr<AwsClient> client_;
  const DataApiTarget target_;
  Clock& clock_;
  std::string session_;
};

}  // namespace sluice
