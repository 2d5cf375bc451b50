// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/ndjson/column_converter.h"
#include "sluice/ndjson/event_converter.h"
#include "sluice/ndjson/event_reader.h"
#include "sluice/ndjson/field_tree.h"
#include "sluice/ndjson/rest_fields.h"
#include "sluice/schema/row_batch.h"
#include "sluice/schema/table.h"

namespace sluice {

// Adds what happened to values of a column, by its number in the schema.
void CountNotes(const NoteCounts& notes, size_t column, TableCounts& counts);

// Turns the events of one table into its rows. `fields` outlives it, and has every field before the
// first Append.
class RowConverter {
 public:
  // Adds the fields that the columns read to `fields`.
  static Result<RowConverter> Make(const Table& table, FieldTree& fields);

  // To be called when `fields` is complete, with those that the table's own rules test.
  void SetRest(const std::vector<int>& tested);

  struct Fault {
    FaultReason reason;
    std::optional<size_t> column;
  };
  // Appends one row, or nothing where a column has a fault: the first one in table order. An
  // unknown field, where the table takes none, comes after the columns' faults.
  std::optional<Fault> Append(const EventReader& event, int32_t line, char*& arena, RowBatch& rows,
                              TableCounts& counts);

  // RestFields::Names of the last event; none where a column collects what it had.
  std::optional<std::vector<std::string>> UncollectedNames() const;

  size_t columns() const { return columns_.size(); }  // of the schema
  bool is_generated(size_t column) const { return columns_[column].generated; }
  int field(size_t column) const { return columns_[column].field; }
  const ColumnConverter& converter(size_t column) const { return columns_[column].converter; }
  size_t batch_columns() const { return batch_columns_; }

 private:
  struct Source {
    ColumnConverter converter;
    int field;
    bool generated;
    ValueKind kind;
  };

  RowConverter(const Table& table, const FieldTree& fields)
      : fields_(&fields), policy_(table.on_unknown_field) {}
  void Undo(RowBatch& rows, size_t columns) const;

  const FieldTree* fields_;
  OnUnknownField policy_;
  std::optional<size_t> collect_;
  std::vector<Source> columns_;
  size_t batch_columns_ = 0;
  std::vector<std::pair<size_t, ValueNote>> notes_;  // of the row being made
  std::optional<RestFields> rest_;
};

}  // namespace sluice
