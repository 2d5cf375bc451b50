// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "sluice/base/clock.h"
#include "sluice/base/fault_plan.h"
#include "sluice/warehouse/data_api_client.h"
#include "sluice/warehouse/server_session.h"
#include "sluice/warehouse/staged_file.h"

namespace sluice {

struct DataApiOptions {
  std::shared_ptr<AwsClient> client;  // of the service redshift-data, with DataApiClient::failures
  DataApiTarget target;
  std::vector<std::string> copy_role;  // a chain of ARNs, the cluster's own first
  StagedStores stores;
  // For one statement, and for a batch, which waits for the lock too.
  std::chrono::milliseconds copy_timeout{900'000}, batch_timeout{420'000};
  std::stop_token stop;
  // Strikes at statements of loads and settlements; a transaction is one. Outlives the connector.
  FaultPlan* faults = nullptr;
};

// Sessions with Amazon Redshift by HTTPS alone: no network path to the cluster is needed. A
// transaction is one BatchExecuteStatement. `clock` outlives it.
class DataApiConnector final : public ServerConnector {
 public:
  DataApiConnector(DataApiOptions options, Clock& clock)
      : options_(std::move(options)), clock_(clock) {}
  // Asks nothing yet: a session begins with its first statement.
  Result<std::unique_ptr<ServerSession>> Connect() override;

 private:
  const DataApiOptions options_;
  Clock& clock_;
};

}  // namespace sluice
