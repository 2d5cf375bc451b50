// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "sluice/base/clock.h"
#include "sluice/base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace sluice {

class SqliteDatabase;

// Bytes that are no text.
struct SqliteBlob {
  std::string_view bytes;
};
using SqliteValue = std::variant<int64_t, std::string_view, SqliteBlob>;

// The row that a statement stands on; columns count from 0.
class SqliteRow {
 public:
  explicit SqliteRow(sqlite3_stmt* statement) : statement_(statement) {}
  int64_t Int(int column) const;
  std::string_view Text(int column) const;  // blobs too; valid until the next row

 private:
  sqlite3_stmt* statement_;
};

// A prepared statement. Lives no longer than its database.
class SqliteStatement {
 public:
  // Binds `values` to ?1, ?2, …, and hands every row to `row`.
  Status Each(std::initializer_list<SqliteValue> values,
              const std::function<void(const SqliteRow&)>& row);
  Status Run(std::initializer_list<SqliteValue> values);
  // The first column of the only row.
  Result<int64_t> Number(std::initializer_list<SqliteValue> values);

  // Nothing that could run, until one that SqliteDatabase::Prepare made is assigned.
  SqliteStatement() = default;
  SqliteStatement(const SqliteDatabase& database, sqlite3_stmt* handle)
      : database_(&database), handle_(handle) {}

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };

  const SqliteDatabase* database_ = nullptr;
  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
};

// Undone by the destructor unless committed.
class SqliteTransaction {
 public:
  // What SqliteDatabase::Begin makes.
  explicit SqliteTransaction(const SqliteDatabase& database) : database_(&database) {}
  SqliteTransaction(SqliteTransaction&& other) noexcept
      : database_(std::exchange(other.database_, nullptr)) {}
  SqliteTransaction& operator=(SqliteTransaction&&) = delete;
  ~SqliteTransaction();
  // kTransient, kPermanent: undone. kOutcomeUnknown: the disk failed while it was written.
  Status Commit();

 private:
  const SqliteDatabase* database_;
};

// What a commit waits for.
enum class Durability {
  kSynced,    // it survives a loss of power
  kUnsynced,  // it survives the end of this process, by any signal; a loss of power undoes it, and
              // only together with everything committed after it
};

// One SQLite file in WAL mode. Failures name the file and say what to do: kTransient where another
// process keeps it locked, kPermanent where a person must act. One thread at a time.
class SqliteDatabase {
 public:
  struct Options {
    std::string path;
    std::chrono::milliseconds busy_timeout{10'000};  // how long a lock is waited for
    std::stop_token stop;                            // shortens that wait to a second
  };

  // Opens or creates the file. `clock` outlives the database.
  static Result<std::unique_ptr<SqliteDatabase>> Open(Options options, Clock& clock);
  ~SqliteDatabase();

  Result<SqliteStatement> Prepare(std::string_view sql);
  // Statements whose rows do not matter, separated by ';'.
  Status Execute(const char* sql) const;
  // Switches to write-ahead logging; durable in the file.
  Status UseWriteAheadLog();
  // Takes the lock of the only writer.
  Result<SqliteTransaction> Begin(Durability durability);

  // Of the statement that ran last.
  int64_t inserted_row() const;
  int64_t changed_rows() const;
  bool failed_on_disk() const;

  // Absolute, without symbolic links, so that every process that shares the file names it alike.
  const std::string& path() const { return path_; }

  // What SQLite's result `code` means to the caller.
  Error Failure(int code) const;

 private:
  SqliteDatabase(Options options, Clock& clock) : options_(std::move(options)), clock_(clock) {}
  std::string Explain(int code) const;
  bool WaitsOn(Ticks since);
  static int OnBusy(void* self, int attempt);

  const Options options_;
  Clock& clock_;
  std::string path_;
  sqlite3* handle_ = nullptr;
  Ticks busy_since_;
  Durability durability_ = Durability::kSynced;
};

}  // namespace sluice
