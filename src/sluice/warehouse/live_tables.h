// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/schema/table.h"
#include "sluice/warehouse/ledger_sql.h"
#include "sluice/warehouse/sql_session.h"

namespace sluice {

// Whether a load could fill all of `tables` as they are in the warehouse now (fault C14): every
// column of the DDL is there with its type, and every other one takes NULL or has a DEFAULT. One
// query, however many they are. kPermanent: names the first column that is wrong, and what mends
// it. Answers the columns of each of them that take no NULL, though the DDL has none of that
// (UnexpectedNotNull).
Result<std::vector<std::vector<size_t>>> RequireTables(SqlSession& session,
                                                       const LedgerNames& names,
                                                       const TableSet& tables);

}  // namespace sluice
