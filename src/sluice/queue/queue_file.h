// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>

#include "sluice/base/clock.h"
#include "sluice/base/result.h"
#include "sluice/queue/sqlite_database.h"

namespace sluice {

// Opens the file of one or several queues, or makes it; its tables are in docs/formats.md. Refuses
// other programs' databases and files of a newer sluice, and leaves them as they are. `clock`
// outlives the database.
Result<std::unique_ptr<SqliteDatabase>> OpenQueueFile(SqliteDatabase::Options options,
                                                      Clock& clock);

// The number of the queue `name`, which is made when it is missing. Inside a transaction.
Result<int64_t> QueueNumber(SqliteDatabase& database, std::string_view name);

// SQL for the end of the line of the queue of which a row of `message` is updated.
inline constexpr std::string_view kEndOfLine =
    "(1 + (SELECT coalesce(max(other.place), 0) FROM message AS other"
    " WHERE other.queue = message.queue AND other.hidden_until IS NULL))";

}  // namespace sluice
