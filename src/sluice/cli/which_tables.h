// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "sluice/cli/session.h"
#include "sluice/schema/table.h"

namespace sluice {

// What --table names: all tables, or the one of this name, with or without its schema. Wrong usage
// where there is none.
Result<std::vector<size_t>> WhichTables(Session& session, const TableSet& tables,
                                        const std::string& name);

}  // namespace sluice
