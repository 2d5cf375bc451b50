// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
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

struct StagedFileFacts {
  std::vector<std::string> columns;  // names, in order
  std::optional<std::string> key;    // KeyText of its table when it was written, where it says it
};

// How rows come into the temporary tables of a session.
class StageFiller {
 public:
  virtual ~StageFiller() = default;

  // Rows of `columns`, BIGINT and VARCHAR, into `table`, which is there and has these columns.
  virtual Status FillRows(const std::string& table, const std::vector<StagedColumn>& columns,
                          const std::vector<SqlRow>& rows) = 0;
  // The rows of `files`, each once, into `table`. `columns` are those of the files in order; the
  // table may have more, which are NULL. kBadData: a file is not what it should be.
  virtual Status FillFiles(const std::string& table, const std::vector<StagedColumn>& columns,
                           std::span<const StagedFile> files) = 0;
  // kBadData: it is not there, or no Parquet.
  virtual Result<StagedFileFacts> FactsOf(const StagedFile& file) = 0;
};

}  // namespace sluice
