// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "sluice/schema/table.h"
#include "sluice/schema/table_set_builder.h"

namespace sluice {

// What a table may be in PostgreSQL ("Limits", "B-Tree Indexes"), beyond what its DDL may say:
// names have 63 bytes, behind which PostgreSQL cuts them, and the unique columns together 2,704
// bytes in the index that sluice makes of them.
inline constexpr size_t kLongestPostgresName = 63;
inline constexpr size_t kLargestPostgresKey = 2'704;

// Bytes of the largest row of an index over these columns, with what PostgreSQL adds; it compresses
// long texts where it can, which nobody can count on.
size_t PostgresKeyBytes(const Table& table);

// All that PostgreSQL would not take; `entry` of a problem is the table's place in `tables`.
std::vector<TableSetProblem> PostgresProblems(std::span<const Table> tables);

}  // namespace sluice
