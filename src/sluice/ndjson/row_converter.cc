// SPDX-License-Identifier: Apache-2.0
#include "sluice/ndjson/row_converter.h"

#include <algorithm>

namespace sluice {

void CountNotes(const NoteCounts& notes, size_t column, TableCounts& counts) {
  counts.coerced[column] += notes.coerced;
  counts.nulled[column] += notes.nulled;
  counts.truncated[column] += notes.truncated;
}

Result<RowConverter> RowConverter::Make(const Table& table, FieldTree& fields) {
  if (table.sources.size() != table.schema.columns.size()) {
    return Fail(ErrorKind::kPermanent, "cannot convert: not every column has a source: table={}",
                table.name());
  }
  RowConverter made(table, fields);
  if (table.on_unknown_field == OnUnknownField::kCollect) made.collect_ = table.collect;
  for (size_t i = 0; i < table.sources.size(); ++i) {
    SLUICE_ASSIGN(ColumnConverter converter, ColumnConverter::Make(table, i));
    const FieldPath& path = table.sources[i].path;
    if (path.empty()) {
      return Fail(ErrorKind::kPermanent, "cannot convert: empty path: column={}.{}", table.name(),
                  table.schema.columns[i].name);
    }
    const Column& column = table.schema.columns[i];
    // The column that collects is filled with other fields; one of its own name is among them.
    const int field = i == made.collect_ ? FieldTree::kNone : fields.Add(path);
    made.columns_.push_back({.converter = std::move(converter),
                             .field = field,
                             .generated = column.generated,
                             .kind = ValueKindOf(column.type)});
    if (!column.generated) ++made.batch_columns_;
  }
  if (made.batch_columns_ == 0) {
    return Fail(ErrorKind::kPermanent, "cannot convert: no column takes a value: table={}",
                table.name());
  }
  return made;
}

void RowConverter::SetRest(const std::vector<int>& tested) {
  std::vector<int> taken;
  for (const Source& source : columns_) {
    if (source.field != FieldTree::kNone) taken.push_back(source.field);
  }
  rest_.emplace(*fields_, policy_, taken, tested);
}

std::optional<RowConverter::Fault> RowConverter::Append(const EventReader& event, int32_t line,
                                                        char*& arena, RowBatch& rows,
                                                        TableCounts& counts) {
  const bool has_rest = rest_->Gather(event);
  JsonValue collected;
  if (has_rest) [[unlikely]] {
    rest_->Count(counts.unknown_fields);
    if (collect_) collected = rest_->Collect(event, arena);
  }
  notes_.clear();
  size_t filled = 0;
  for (size_t i = 0; i < columns_.size(); ++i) {
    const Source& source = columns_[i];
    const JsonValue& value =
        source.field == FieldTree::kNone ? collected : event.value(source.field);
    ValueNote note = ValueNote::kNone;
    ColumnBatch& out = rows.columns[std::min(filled, batch_columns_ - 1)];
    if (const auto fault = source.converter.Append(value, out, note)) [[unlikely]] {
      Undo(rows, filled);
      return Fault{.reason = *fault, .column = i};
    }
    if (note != ValueNote::kNone) [[unlikely]]
      notes_.emplace_back(i, note);
    filled += source.generated ? 0 : 1;
  }
  if (has_rest && policy_ == OnUnknownField::kQuarantine) {
    Undo(rows, filled);
    return Fault{.reason = FaultReason::kUnknownField, .column = std::nullopt};
  }
  ++rows.rows;
  rows.lines.push_back(line);
  for (const auto& [noted, note] : notes_) {
    NoteCounts one;
    one.Add(note);
    CountNotes(one, noted, counts);
  }
  return std::nullopt;
}

std::optional<std::vector<std::string>> RowConverter::UncollectedNames() const {
  if (collect_ && !rest_->empty()) return std::nullopt;
  return rest_->Names();
}

// Takes back the last entry of the first `columns` columns of the batch.
void RowConverter::Undo(RowBatch& rows, size_t columns) const {
  size_t at = 0;
  for (const Source& source : columns_) {
    if (source.generated) continue;
    if (at == columns) return;
    ColumnBatch& column = rows.columns[at++];
    const bool present = column.present.back() != 0;
    column.present.pop_back();
    if (!present) continue;
    switch (source.kind) {
      case ValueKind::kInt64:
        column.ints.pop_back();
        break;
      case ValueKind::kInt128:
        column.wide_ints.pop_back();
        break;
      case ValueKind::kDouble:
        column.doubles.pop_back();
        break;
      case ValueKind::kText:
        column.texts.pop_back();
        break;
    }
  }
}

}  // namespace sluice
