// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "sluice/base/result.h"
#include "sluice/ndjson/json_value.h"
#include "sluice/ndjson/record_fault.h"
#include "sluice/schema/row_batch.h"
#include "sluice/schema/table.h"

namespace sluice {

// What happened to a value on its way into its column, beyond being stored as it is. Coerced: its
// type in JSON is another than the column's, and it was taken all the same.
enum class ValueNote { kNone, kCoerced, kTruncated, kCoercedAndTruncated, kNulled };

// How many values had which note.
struct NoteCounts {
  uint64_t coerced = 0, nulled = 0, truncated = 0;

  void Add(ValueNote note) {
    const bool both = note == ValueNote::kCoercedAndTruncated;
    coerced += both || note == ValueNote::kCoerced ? 1 : 0;
    truncated += both || note == ValueNote::kTruncated ? 1 : 0;
    nulled += note == ValueNote::kNulled ? 1 : 0;
  }
};

// What a string must be to be the value of a text column as it is.
struct PlainText {
  size_t longest = 0;  // bytes
  bool is_ascii = false;
  bool is_key = false;  // not empty, and not ended by a blank
};

// Turns the JSON values of one column into its values: one row of the table in docs/formats.md,
// "JSON value → column", with the table's options and the rules for null, absence and keys.
// Immutable; the texts it hands out are views into the values it was given, or its own default.
class ColumnConverter {
 public:
  // `column` is an index in `table`'s schema. kPermanent where its DEFAULT is no value of its type.
  static Result<ColumnConverter> Make(const Table& table, size_t column);

  // Appends one entry to `out`. On a fault `out` is as before.
  std::optional<FaultReason> Append(const JsonValue& value, ColumnBatch& out,
                                    ValueNote& note) const;

  // For those who convert many values at once: what may be taken without asking Append.
  std::optional<PlainText> plain_text() const;  // of a column of CHAR or VARCHAR
  const ColumnType& type() const { return type_; }
  bool takes_null() const { return !not_null_; }
  // Of an integer column.
  bool is_in_range(int64_t value) const { return value >= low_ && value <= high_; }
  bool has_default() const { return default_ != nullptr; }

 private:
  struct Default {
    std::string text;
    ColumnBatch value;  // of one row
  };

  ColumnConverter(const Table& table, size_t column);
  Status CompileDefault(const Table& table, size_t column);
  std::optional<FaultReason> AppendAbsent(ColumnBatch& out) const;
  std::optional<FaultReason> AppendValue(const JsonValue& value, ColumnBatch& out,
                                         ValueNote& note) const;
  std::optional<FaultReason> AppendText(const JsonValue& value, ColumnBatch& out,
                                        ValueNote& note) const;
  std::optional<FaultReason> AppendSuper(const JsonValue& value, ColumnBatch& out) const;
  std::optional<FaultReason> AppendInteger(const JsonValue& value, ColumnBatch& out,
                                           ValueNote& note) const;
  std::optional<FaultReason> AppendDecimal(const JsonValue& value, ColumnBatch& out,
                                           ValueNote& note) const;
  std::optional<FaultReason> AppendFloating(const JsonValue& value, ColumnBatch& out) const;
  std::optional<FaultReason> AppendBoolean(const JsonValue& value, ColumnBatch& out,
                                           ValueNote& note) const;
  std::optional<FaultReason> AppendDate(const JsonValue& value, ColumnBatch& out) const;
  std::optional<FaultReason> AppendTimestamp(const JsonValue& value, ColumnBatch& out) const;

  ColumnType type_;
  size_t longest_ = 0;          // of CHAR, VARCHAR and SUPER: bytes
  int64_t low_ = 0, high_ = 0;  // of integers
  std::optional<EpochUnit> epoch_;
  bool not_null_;
  bool is_unique_;  // in `unique`
  bool is_key_;     // in `unique`, or `time`
  bool collects_;   // what no column takes, as JSON: that is its own type
  bool generated_;
  bool truncates_;
  bool bad_is_null_;
  std::unique_ptr<const Default> default_;
};

}  // namespace sluice
