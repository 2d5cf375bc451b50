// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/codec/block_codec.h"
#include "sluice/schema/table.h"
#include "sluice/warehouse/sql_dialect.h"
#include "sluice/warehouse/sql_session.h"

namespace sluice {

// A table with a column of every type, and its rows in files as transform writes them: what Probe
// loads. Its key is `id` with the time `at`, which all rows have in common.
struct SampleRow {
  int64_t id;
  std::string_view text;
  bool is_full;  // false: what may be NULL is
};

Table SampleTable(std::string schema, std::string name);
// Of all rows, "2026-01-31T12:00:00.123456Z".
extern const std::string_view kSampleTime;

// The file of a raw object with these rows, each a line.
Result<std::string> SampleFile(int64_t object, std::span<const SampleRow> rows, Codec codec);
// A file of one column, `text`, with one row.
Result<std::string> TextFile(std::string_view text);

// A query for the full row of `id`, each column as text. Of a staged table, SUPER as it will be.
std::string ReadSampleSql(const SqlDialect& dialect, const std::string& table, int64_t id,
                          bool is_staged);
// What is not as it was sent, "price=12.5, not -12.50, …"; empty: everything is.
std::string SampleDifferences(const SampleRow& sent, const std::vector<TextRow>& rows);

}  // namespace sluice
