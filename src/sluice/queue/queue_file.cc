// SPDX-License-Identifier: Apache-2.0
#include "sluice/queue/queue_file.h"

#include "sluice/queue/sqlite_file.h"

namespace sluice {
namespace {

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

}  // namespace

Result<std::unique_ptr<SqliteDatabase>> OpenQueueFile(SqliteDatabase::Options options,
                                                      Clock& clock) {
  return OpenSqliteFile(std::move(options),
                        {.name = "queue file",
                         .application_id = 0x736C7571,  // "sluq"
                         .version = 1,
                         .schema = kSchema},
                        clock);
}

Result<int64_t> QueueNumber(SqliteDatabase& database, std::string_view name) {
  SLUICE_ASSIGN(SqliteStatement insert,
                database.Prepare("INSERT OR IGNORE INTO queue (name) VALUES (?1)"));
  SLUICE_TRY(insert.Run({name}));
  SLUICE_ASSIGN(SqliteStatement find, database.Prepare("SELECT number FROM queue WHERE name = ?1"));
  return find.Number({name});
}

}  // namespace sluice
