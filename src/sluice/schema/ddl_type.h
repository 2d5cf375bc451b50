// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sluice/base/result.h"
#include "sluice/schema/ddl_cursor.h"
#include "sluice/schema/table.h"

namespace sluice {

// Reads one data type in any of its spellings (Amazon Redshift Database Developer Guide, "Data
// types"): VARCHAR, NVARCHAR and TEXT without a length have 256 bytes, CHAR and NCHAR 1, BPCHAR
// 256, DECIMAL is (18,0).
Result<ColumnType> ParseColumnType(DdlCursor& cursor);

}  // namespace sluice
