// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "sluice/schema/row_batch.h"
#include "sluice/schema/table.h"
#include "sluice/warehouse/sql_session.h"

namespace sluice {

// Rows in the binary format of PostgreSQL's COPY (its documentation, "COPY", "Binary Format"; each
// value as its type's receive function takes it). Text goes as it is: PostgreSQL checks that it is
// UTF-8 and holds no NUL.
std::string PgCopyHeader();
std::string PgCopyTrailer();

// The rows of `columns`, which all have the same number of them, behind `out`.
void AppendPgRows(const std::vector<ColumnType>& types, const std::vector<ColumnBatch>& columns,
                  std::string& out);
// One row: BIGINT and text.
void AppendPgRow(const SqlRow& row, std::string& out);

}  // namespace sluice
