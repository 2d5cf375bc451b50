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

// Who logs in, for the next connection.
struct PgLogin {
  std::string user, password;
};
class PgLoginSource {
 public:
  virtual ~PgLoginSource() = default;
  virtual Result<PgLogin> Get() = 0;
};

struct RedshiftWireOptions {
  WireOptions wire;
  std::shared_ptr<PgLoginSource> login;  // null: user and password of `wire`
  std::vector<std::string> copy_role;    // a chain of ARNs, the cluster's own first
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
