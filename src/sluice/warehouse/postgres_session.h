// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "sluice/warehouse/server_session.h"
#include "sluice/warehouse/staged_file.h"
#include "sluice/warehouse/wire_session.h"

namespace sluice {

// Sessions with PostgreSQL 13 or later. Parquet is read here and goes over as COPY's binary format.
class PostgresConnector final : public ServerConnector {
 public:
  PostgresConnector(WireOptions options, StagedStores stores)
      : options_(std::move(options)), stores_(stores) {}
  Result<std::unique_ptr<ServerSession>> Connect() override;

 private:
  const WireOptions options_;
  const StagedStores stores_;
};

}  // namespace sluice
