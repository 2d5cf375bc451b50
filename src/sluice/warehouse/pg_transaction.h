// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sluice/warehouse/pg_connection.h"
#include "sluice/warehouse/sql_session.h"

namespace sluice {

// SqlSession::Transact by wire: `begin`, the statements, `last` and COMMIT in one message. COMMIT
// of a transaction that failed answers ROLLBACK and no error, so its tag is looked at.
Result<std::vector<TextRow>> TransactByWire(PgConnection& connection, std::string_view begin,
                                            std::span<const SqlStatement> statements,
                                            const std::optional<std::string>& last,
                                            std::chrono::milliseconds timeout);

}  // namespace sluice
