// SPDX-License-Identifier: Apache-2.0
#include "sluice/queue/queue_file.h"

namespace sluice {
namespace {

constexpr int64_t kApplicationId = 0x736C7571;  // "sluq"
constexpr int64_t kVersion = 1;

// A body stands apart from its message, so that receiving, which changes the message's row, does
// not write the body again. Moments of delivery are the monotonic clock's, which all processes of
// one boot share: setting the time moves no deadline, and after a boot every owner is dead.
constexpr const char* kSchema = R"(
CREATE TABLE queue (
  number INTEGER PRIMARY KEY,
  name   TEXT NOT NULL UNIQUE
);
CREATE TABLE owner (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  ending TEXT NOT NULL UNIQUE            -- of its file's name, behind NAME-OF-THIS-FILE-owner-
);
CREATE TABLE message (
  number        INTEGER PRIMARY KEY,
  queue         INTEGER NOT NULL,        -- queue.number
  id            TEXT NOT NULL,
  sent          INTEGER NOT NULL,        -- microseconds since 1970, UTC
  receive_count INTEGER NOT NULL,
  place         INTEGER NOT NULL,        -- in line: the lowest comes first, then the lowest number
  receipt       TEXT,                    -- the newest delivery's
  owner         INTEGER,                 -- owner.number; this and the next two only while in flight
  received      INTEGER,                 -- microseconds of the monotonic clock
  hidden_until  INTEGER                  -- the same; NULL while it waits in line
);
CREATE INDEX message_waiting ON message (queue, place) WHERE hidden_until IS NULL;
CREATE INDEX message_in_flight ON message (queue, hidden_until, owner)
  WHERE hidden_until IS NOT NULL;
CREATE TABLE body (
  number INTEGER PRIMARY KEY,            -- message.number
  bytes  BLOB NOT NULL
);
PRAGMA application_id = 0x736C7571;
PRAGMA user_version = 1;
)";

Result<int64_t> AskNumber(SqliteDatabase& database, std::string_view sql) {
  SLUICE_ASSIGN(SqliteStatement statement, database.Prepare(sql));
  return statement.Number({});
}

// Whether the file holds queues already; if not, it is empty.
Result<bool> HoldsQueues(SqliteDatabase& database) {
  SLUICE_TRY(database.Execute("SAVEPOINT look"));  // all of it at one moment
  SLUICE_ASSIGN(const int64_t application, AskNumber(database, "PRAGMA application_id"));
  SLUICE_ASSIGN(const int64_t version, AskNumber(database, "PRAGMA user_version"));
  SLUICE_ASSIGN(const int64_t objects, AskNumber(database, "SELECT count(*) FROM sqlite_master"));
  SLUICE_TRY(database.Execute("RELEASE look"));
  if (application == 0 && version == 0 && objects == 0) return false;
  if (application != kApplicationId) {
    return Fail(ErrorKind::kPermanent,
                "this is another program's database, not a queue file; name another file: file={}",
                database.path());
  }
  if (version == kVersion) return true;
  return Fail(ErrorKind::kPermanent,
              "this queue file is of another version of sluice; use that one, or name another "
              "file: file={} version={} understood={}",
              database.path(), version, kVersion);
}

}  // namespace

Result<std::unique_ptr<SqliteDatabase>> OpenQueueFile(SqliteDatabase::Options options,
                                                      Clock& clock) {
  SLUICE_ASSIGN(auto database, SqliteDatabase::Open(std::move(options), clock));
  SLUICE_ASSIGN(const bool is_old, HoldsQueues(*database));
  // A deleted body needs no zeros written over it. A checkpoint each 16 MiB, not each 4, copies
  // pages less often; after a burst the log shrinks again.
  SLUICE_TRY(
      database->Execute("PRAGMA secure_delete = OFF; PRAGMA wal_autocheckpoint = 4096;"
                        "PRAGMA journal_size_limit = 67108864"));
  SLUICE_TRY(database->UseWriteAheadLog());
  if (is_old) return database;
  SLUICE_ASSIGN(SqliteTransaction transaction, database->Begin(Durability::kSynced));
  // Another process may have been quicker.
  SLUICE_ASSIGN(const bool is_made, HoldsQueues(*database));
  if (!is_made) SLUICE_TRY(database->Execute(kSchema));
  SLUICE_TRY(transaction.Commit());
  return database;
}

Result<int64_t> QueueNumber(SqliteDatabase& database, std::string_view name) {
  SLUICE_ASSIGN(SqliteStatement insert,
                database.Prepare("INSERT OR IGNORE INTO queue (name) VALUES (?1)"));
  SLUICE_TRY(insert.Run({name}));
  SLUICE_ASSIGN(SqliteStatement find, database.Prepare("SELECT number FROM queue WHERE name = ?1"));
  return find.Number({name});
}

}  // namespace sluice
