// SPDX-License-Identifier: Apache-2.0
#include "sluice/queue/sqlite_file.h"

namespace sluice {
namespace {

Result<int64_t> AskNumber(SqliteDatabase& database, std::string_view sql) {
  SLUICE_ASSIGN(SqliteStatement statement, database.Prepare(sql));
  return statement.Number({});
}

// Whether the file is one of `kind` already; if not, it is empty.
Result<bool> IsMade(SqliteDatabase& database, const SqliteFileKind& kind) {
  SLUICE_TRY(database.Execute("SAVEPOINT look"));  // all of it at one moment
  SLUICE_ASSIGN(const int64_t application, AskNumber(database, "PRAGMA application_id"));
  SLUICE_ASSIGN(const int64_t version, AskNumber(database, "PRAGMA user_version"));
  SLUICE_ASSIGN(const int64_t objects, AskNumber(database, "SELECT count(*) FROM sqlite_master"));
  SLUICE_TRY(database.Execute("RELEASE look"));
  if (application == 0 && version == 0 && objects == 0) return false;
  if (application != kind.application_id) {
    return Fail(ErrorKind::kPermanent,
                "this is another program's database, not a {}; name another file: file={}",
                kind.name, database.path());
  }
  if (version == kind.version) return true;
  return Fail(ErrorKind::kPermanent,
              "this {} is of another version of sluice; use that one, or name another file: "
              "file={} version={} understood={}",
              kind.name, database.path(), version, kind.version);
}

}  // namespace

Result<std::unique_ptr<SqliteDatabase>> OpenSqliteFile(SqliteDatabase::Options options,
                                                       const SqliteFileKind& kind, Clock& clock) {
  SLUICE_ASSIGN(auto database, SqliteDatabase::Open(std::move(options), clock));
  SLUICE_ASSIGN(const bool is_old, IsMade(*database, kind));
  // What is deleted needs no zeros written over it. A checkpoint each 16 MiB, not each 4, copies
  // pages less often; after a burst the log shrinks again.
  SLUICE_TRY(
      database->Execute("PRAGMA secure_delete = OFF; PRAGMA wal_autocheckpoint = 4096;"
                        "PRAGMA journal_size_limit = 67108864"));
  SLUICE_TRY(database->UseWriteAheadLog());
  if (is_old) return database;
  SLUICE_ASSIGN(SqliteTransaction transaction, database->Begin(Durability::kSynced));
  // Another process may have been quicker.
  SLUICE_ASSIGN(const bool is_made, IsMade(*database, kind));
  if (!is_made) SLUICE_TRY(database->Execute(kind.schema));
  SLUICE_TRY(transaction.Commit());
  return database;
}

}  // namespace sluice
