// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/warehouse/sql_session.h"
#include "sluice/warehouse/stage_sql.h"

namespace sluice {

// An object with rows for a temporary table.
struct StagedFile {
  enum class Store { kParquet, kQuarantine };
  Store store = Store::kParquet;
  std::string key;
};

// A session with a warehouse that is a server, which knows how rows come into temporary tables.
class ServerSession : public SqlSession {
 public:
  // Rows of PlanColumns() into `table`, which is there and has these columns.
  virtual Status FillRows(const std::string& table, const std::vector<StagedColumn>& columns,
                          const std::vector<SqlRow>& rows) = 0;
  // The rows of `files`, each once, into `table`, which has `columns`, those of the files in order.
  // kBadData: a file is not what it should be.
  virtual Status FillFiles(const std::string& table, const std::vector<StagedColumn>& columns,
                           std::span<const StagedFile> files) = 0;
};

// How a ServerWarehouse gets its sessions. May be called by several threads at once.
class ServerConnector {
 public:
  virtual ~ServerConnector() = default;
  // kTransient: it cannot be reached, or takes nobody now.
  virtual Result<std::unique_ptr<ServerSession>> Connect() = 0;
};

}  // namespace sluice
