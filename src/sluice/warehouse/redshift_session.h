// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sluice/base/clock.h"
#include "sluice/warehouse/server_session.h"
#include "sluice/warehouse/staged_file.h"
#include "sluice/warehouse/wire_session.h"

namespace sluice {

struct RedshiftWireOptions {
  WireOptions wire;
  std::vector<std::string> copy_role;  // a chain of ARNs, the cluster's own first
  StagedStores stores;
};

// Sessions with Amazon Redshift by PostgreSQL's protocol. `clock` outlives it.
class RedshiftWireConnector final : public ServerConnector {
 public:
  RedshiftWireConnector(RedshiftWireOptions options, Clock& clock)
      : options_(std::move(options)), clock_(clock) {}
  Result<std::unique_ptr<ServerSession>> Connect() override;

 private:
  const RedshiftWireOptions options_;
  Clock& clock_;
};

}  // namespace sluice
