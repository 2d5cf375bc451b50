// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/bytes.h"
#include "sluice/base/fault_plan.h"
#include "sluice/base/result.h"
#include "sluice/warehouse/sql_session.h"

struct _duckdb_database;

namespace sluice {

struct DuckDbApi;

struct DuckDbEngineOptions {
  std::string spill_folder;  // for what does not fit into memory; made when needed
  int threads = 0;           // 0: one for each core
  Bytes memory;              // what it may hold before it spills; 0: DuckDB's own default
};

// DuckDB without any file open. To start one takes longer than most loads of a quiet hour (25 ms of
// CPU), so a warehouse keeps it; files are open only as long as a DuckDbSession lives. It reads
// local files only, and installs nothing. One session at a time.
class DuckDbEngine {
 public:
  static Result<std::shared_ptr<DuckDbEngine>> Start(const DuckDbEngineOptions& options);
  ~DuckDbEngine();
  DuckDbEngine(const DuckDbEngine&) = delete;
  DuckDbEngine& operator=(const DuckDbEngine&) = delete;

  // Ends it, and with it its hold of any file: for a session that cannot let go of its own.
  void Stop();
  // Then it must end before the file's lock is let go: at its end DuckDB removes what is in the
  // folder, and the next one may have spilled there too.
  bool HasSpilled() const;
  bool is_running() const { return database_ != nullptr; }

  const DuckDbApi& api() const { return *api_; }
  _duckdb_database* database() const { return database_; }

 private:
  DuckDbEngine(std::unique_ptr<DuckDbApi> api, std::string spill_folder);
  Status Open(const DuckDbEngineOptions& options);

  const std::unique_ptr<DuckDbApi> api_;
  const std::string spill_folder_;
  _duckdb_database* database_ = nullptr;
};

struct DuckDbSessionOptions {
  enum class Access { kReadOnly, kReadWrite };
  std::string path;  // of the database file; made where it is missing, unless access is kReadOnly
  Access access = Access::kReadWrite;
  // Null: one of the session's own, with `threads` and `memory`, which spills to PATH.tmp.
  std::shared_ptr<DuckDbEngine> engine;
  int threads = 0;
  Bytes memory;
  // Once requested, the statement under way is interrupted and none is begun any more, but for
  // Commit and Undo: kTransient.
  std::stop_token stop;
  FaultPlan* faults = nullptr;  // each statement is one operation of it; outlives the session
};

// One connection to one database file, which is attached as the catalog `wh`; temporary tables are
// in `temp.main`. The session is in UTC (invariant 10). Destroyed inside a transaction, that
// is rolled back; then nothing holds the file any more. One thread at a time.
//
// Failures: kBadData: a value or a file is refused, or error() was called; kTransient: I/O, or
// stopped; kPermanent: everything else. After any failure inside a transaction the caller must not
// COMMIT: DuckDB would commit what was done before it.
class DuckDbSession final : public SqlSession {
 public:
  // kConflict: another program holds the database; the message names it.
  static Result<std::unique_ptr<DuckDbSession>> Open(const DuckDbSessionOptions& options);
  ~DuckDbSession() override;

  Status Run(std::string_view name, const std::string& sql) override;
  // All of the statement's columns are VARCHAR: cast what is not.
  Result<std::vector<TextRow>> Query(std::string_view name, const std::string& sql) override;
  Result<std::vector<TextRow>> Transact(std::span<const SqlStatement> statements,
                                        const std::optional<std::string>& last) override;
  // COMMIT, the operation "commit". A stop request neither refuses nor interrupts it: what is done
  // is to be kept.
  Status Commit();
  // ROLLBACK, whatever was requested. No operation of a fault plan: cleaning up.
  Status Undo();
  // All rows or, after a failure, none, into temp.main.`table`; values in the order of its columns.
  Status Append(std::string_view name, const std::string& table, const std::vector<SqlRow>& rows);

 private:
  class Impl;
  explicit DuckDbSession(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice
