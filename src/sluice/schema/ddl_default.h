// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "sluice/base/result.h"
#include "sluice/schema/ddl_cursor.h"
#include "sluice/schema/table.h"

namespace sluice {

// What follows the word DEFAULT.
struct DefaultClause {
  std::optional<std::string> literal;  // unquoted; absent for NULL and for an expression
  bool is_expression = false;
};

// A literal is a text, a number with or without a sign, TRUE, FALSE or NULL; parentheses around
// it, and a cast that changes nothing in a column of `type`, leave it one ('x'::character varying,
// which is how catalogs print it). Everything else is an expression: names, calls and casts joined
// by operators. What stands within parentheses is only checked for balance.
Result<DefaultClause> ParseDefault(DdlCursor& cursor, const ColumnType& type);

}  // namespace sluice
