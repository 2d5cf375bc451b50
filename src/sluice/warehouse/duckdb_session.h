// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sluice/base/bytes.h"
#include "sluice/base/fault_plan.h"
#include "sluice/base/result.h"

namespace sluice {

// What Append stores: NULL, BIGINT or VARCHAR.
using SqlValue = std::variant<std::monostate, int64_t, std::string>;
using SqlRow = std::vector<SqlValue>;
// What Query answers; absent is NULL.
using TextRow = std::vector<std::optional<std::string>>;

struct DuckDbSessionOptions {
  enum class Access { kReadOnly, kReadWrite };
  std::string path;  // of the database file; made where it is missing, unless access is kReadOnly
  Access access = Access::kReadWrite;
  int threads = 0;              // 0: one for each core
  Bytes memory;                 // what DuckDB may hold before it spills to PATH.tmp
  FaultPlan* faults = nullptr;  // each statement is one operation of it; outlives the session
};

// One connection to one database file, which is attached as the catalog `wh`; temporary tables are
// in `temp.main`. The session is in UTC (invariant 10), reads local files only, and installs
// nothing. Destroyed inside a transaction, that is rolled back. One thread at a time.
//
// Failures: kBadData: a value or a file is refused, or error() was called; kTransient: I/O;
// kPermanent: everything else. After any failure inside a transaction the caller must not COMMIT:
// DuckDB would commit what was done before it.
class DuckDbSession {
 public:
  // kConflict: another program holds the database; the message names it.
  static Result<std::unique_ptr<DuckDbSession>> Open(const DuckDbSessionOptions& options);
  ~DuckDbSession();

  // One statement. `name` is the operation's, for fault plans and errors.
  Status Run(std::string_view name, const std::string& sql);
  // One statement, all of whose columns are VARCHAR: cast what is not.
  Result<std::vector<TextRow>> Query(std::string_view name, const std::string& sql);
  // ROLLBACK. No operation of a fault plan: cleaning up.
  Status Undo();
  // All rows or, after a failure, none, into temp.main.`table`; values in the order of its columns.
  Status Append(std::string_view name, const std::string& table, const std::vector<SqlRow>& rows);

 private:
  class Impl;
  explicit DuckDbSession(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice
