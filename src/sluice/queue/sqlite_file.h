// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "sluice/base/clock.h"
#include "sluice/base/result.h"
#include "sluice/queue/sqlite_database.h"

namespace sluice {

// What tells one of our kinds of SQLite files from others.
struct SqliteFileKind {
  std::string_view name;   // "queue file"
  int64_t application_id;  // what the schema sets as PRAGMA application_id and user_version
  int64_t version;
  const char* schema;  // SQL that makes the tables and sets both
};

// Opens a file of `kind` in WAL mode, or makes it. Refuses other programs' databases and files of
// another version, and leaves them as they are. `clock` outlives the database.
Result<std::unique_ptr<SqliteDatabase>> OpenSqliteFile(SqliteDatabase::Options options,
                                                       const SqliteFileKind& kind, Clock& clock);

}  // namespace sluice
