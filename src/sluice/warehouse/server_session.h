// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "sluice/base/result.h"
#include "sluice/warehouse/sql_session.h"
#include "sluice/warehouse/stage_filler.h"

namespace sluice {

// A session with a warehouse that is a server.
class ServerSession : public SqlSession, public StageFiller {};

// How a ServerWarehouse gets its sessions, which it outlives. May be called by several threads at
// once.
class ServerConnector {
 public:
  virtual ~ServerConnector() = default;
  // kTransient: it cannot be reached, or takes nobody now.
  virtual Result<std::unique_ptr<ServerSession>> Connect() = 0;
};

}  // namespace sluice
