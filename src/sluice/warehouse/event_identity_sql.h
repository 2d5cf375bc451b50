// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "sluice/base/clock.h"
#include "sluice/schema/table.h"
#include "sluice/warehouse/ledger_sql.h"

namespace sluice {

// What makes an event itself, as SQL over a table's rows; `alias` is the table's in the query.

// The same text for the same unique columns and no others (RFC 6901's escapes for '|'): what
// sluice.duplicates holds. The table has unique columns.
std::string EventKeySql(const LedgerNames& names, const Table& table, std::string_view alias);
// A TIMESTAMP in UTC; NULL where the table has no time.
std::string EventTimeSql(const LedgerNames& names, const Table& table, std::string_view alias);
// A moment to compare the table's time column itself with, so that sort keys prune. It has one.
std::string EventTimeLiteral(const Table& table, Timestamp time);

}  // namespace sluice
