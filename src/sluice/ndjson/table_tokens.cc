// SPDX-License-Identifier: Apache-2.0
#include "sluice/ndjson/table_tokens.h"

#include <algorithm>
#include <numeric>

#include "sluice/base/unaligned.h"
#include "sluice/ndjson/rest_fields.h"

namespace sluice {
namespace {

const auto kNull = LoadAs<uint32_t>("null");

// How much of a column there was before a run.
struct ColumnSizes {
  explicit ColumnSizes(const ColumnBatch& of)
      : present(of.present.size()),
        ints(of.ints.size()),
        wide_ints(of.wide_ints.size()),
        doubles(of.doubles.size()),
        texts(of.texts.size()) {}

  void Restore(ColumnBatch& of) const {
    of.present.resize(present);
    of.ints.resize(ints);
    of.wide_ints.resize(wide_ints);
    of.doubles.resize(doubles);
    of.texts.resize(texts);
  }

  size_t present, ints, wide_ints, doubles, texts;
};

}  // namespace

TableTokens::TableTokens(const RowConverter& rows, const ScanKernels& kernels) : batch_(0) {
  for (size_t i = 0; i < rows.columns(); ++i) {
    if (rows.is_generated(i)) continue;
    const int field = rows.field(i);
    auto slot = std::ranges::find(fields_, field);
    if (slot == fields_.end()) slot = fields_.insert(fields_.end(), field);
    columns_.push_back({.column = i,
                        .slot = static_cast<size_t>(slot - fields_.begin()),
                        .has_default = rows.converter(i).has_default(),
                        .converter = TokenConverter(rows.converter(i), kernels)});
  }
  for (size_t slot = 0; slot < fields_.size(); ++slot) {
    const auto readers = std::ranges::count(columns_, slot, &ColumnPlace::slot);
    most_readers_ = std::max(most_readers_, static_cast<size_t>(readers));
  }
  batch_ = TokenBatch(fields_.size());
  next_token_.resize(fields_.size());
  values_.resize(fields_.size());
  notes_.resize(columns_.size());
}

void TableTokens::Bind(RowTemplate& made) const {
  std::vector<bool> is_there(fields_.size());
  for (size_t i = 0; i < made.fields.size(); ++i) {
    const auto slot = made.fields[i] == FieldTree::kNone
                          ? fields_.end()
                          : std::ranges::find(fields_, made.fields[i]);
    if (slot == fields_.end()) {
      made.slots.push_back(RowTemplate::kNoSlot);
      made.unread.push_back(i);
    } else {
      made.slots.push_back(static_cast<int32_t>(slot - fields_.begin()));
      is_there[static_cast<size_t>(slot - fields_.begin())] = true;
    }
  }
  for (const ColumnPlace& column : columns_) {
    if (!column.has_default || is_there[column.slot]) continue;
    made.absent.push_back(static_cast<uint16_t>(column.slot));
    is_there[column.slot] = true;
  }
}

void TableTokens::Put(const RowTemplate& made, const RowShape& shape, const IndexedLine& line,
                      uint32_t row) {
  const TokenBatch::Row to = batch_.AddRow(row);
  const size_t last = shape.fields.size() - 1;
  const auto put = [&](size_t field, ValuePlace place) {
    const int32_t slot = made.slots[field];
    if (slot == RowTemplate::kNoSlot) return;
    // The literals around a scalar may overlap where there is none: that is one without bytes,
    // which is nobody's value.
    const uint32_t length = place.end > place.begin ? place.end - place.begin : 0;
    const uint32_t scalar = shape.fields[field].is_scalar() ? Token::kScalar : 0;
    // Without a branch, because nobody can tell which values are null.
    const uint32_t differs_from_null = (LoadAs<uint32_t>(line.text + place.begin) ^ kNull) |
                                       (length ^ 4) | (scalar ^ Token::kScalar);
    to.Put(static_cast<size_t>(slot), {place.begin, length | scalar},
           differs_from_null != 0 ? 1 : 0);
  };
  for (size_t i = 0; i < last; ++i) {
    put(i, InnerPlaceOf(line, made.spacing, shape.fields[i]));
  }
  put(last, LastPlaceOf(line, made.spacing, shape.fields[last], made.tail.size()));
  for (const uint16_t slot : made.absent) to.Put(slot, {0, Token::kAbsent}, 1);
  if (!made.unknown.empty()) unknown_.push_back({batch_.rows() - 1, &made.unknown});
}

size_t TableTokens::Flush(const TokenText& text, uint64_t first_line, RowBatch& out,
                          TableCounts& counts, const std::function<void(uint32_t row)>& general) {
  if (batch_.rows() == 0) return 0;
  std::ranges::fill(next_token_, 0);
  next_unknown_ = 0;
  const Target target{
      .text = text, .first_line = first_line, .out = out, .counts = counts, .general = general};
  const size_t taken = ConvertRows(0, batch_.rows(), target);
  batch_.Clear();
  unknown_.clear();
  return taken;
}

// Converts the rows from `begin` to `end`, the refused ones by the general path. Without those, the
// others are tried again: they may be refused then, where they have no room for their texts.
size_t TableTokens::ConvertRows(size_t begin, size_t end, const Target& target) {
  if (begin == end) return 0;
  char* const arena = target.text.arena.at;
  const std::vector<ColumnSizes> before(target.out.columns.begin(), target.out.columns.end());
  if (ConvertRun(begin, end, target.text, target.out)) {
    CommitRun(begin, end, target);
    return end - begin;
  }
  for (size_t i = 0; i < before.size(); ++i) before[i].Restore(target.out.columns[i]);
  target.text.arena.at = arena;
  const std::vector<uint8_t> refused = refused_;
  const size_t first = begin;
  size_t taken = 0;
  for (size_t row = begin; row < end; ++row) {
    if (refused[row - first] == 0) continue;
    taken += ConvertRows(begin, row, target);
    begin = row + 1;
    PassTokens(row);
    if (next_unknown_ < unknown_.size() && unknown_[next_unknown_].row == row) ++next_unknown_;
    target.general(batch_.row_numbers()[row]);
  }
  return taken + ConvertRows(begin, end, target);
}

// False where rows are refused; then they are marked.
bool TableTokens::ConvertRun(size_t begin, size_t end, const TokenText& text, RowBatch& out) {
  refused_.assign(end - begin, 0);
  for (size_t slot = 0; slot < fields_.size(); ++slot) {
    const uint8_t* const present = batch_.present(slot);
    values_[slot] = std::accumulate(present + begin, present + end, 0U);
  }
  for (size_t i = 0; i < columns_.size(); ++i) {
    ColumnPlace& column = columns_[i];
    const TokenRun run{.tokens = batch_.tokens(column.slot) + next_token_[column.slot],
                       .present = batch_.present(column.slot) + begin,
                       .rows = end - begin,
                       .values = values_[column.slot]};
    notes_[i] = column.converter.Append(run, text, out.columns[i], refused_);
  }
  return std::ranges::find(refused_, 1) == refused_.end();
}

void TableTokens::CommitRun(size_t begin, size_t end, const Target& target) {
  RowBatch& out = target.out;
  TableCounts& counts = target.counts;
  for (size_t slot = 0; slot < fields_.size(); ++slot) next_token_[slot] += values_[slot];
  for (size_t i = 0; i < columns_.size(); ++i) {
    CountNotes(notes_[i], columns_[i].column, counts);
  }
  for (size_t row = begin; row < end; ++row) {
    out.lines.push_back(static_cast<int32_t>(target.first_line + batch_.row_numbers()[row]));
  }
  for (; next_unknown_ < unknown_.size() && unknown_[next_unknown_].row < end; ++next_unknown_) {
    for (const std::string& name : *unknown_[next_unknown_].names) {
      RestFields::CountName(name, counts.unknown_fields);
    }
  }
  out.rows += end - begin;
  counts.routed += end - begin;
}

void TableTokens::PassTokens(size_t row) {
  for (size_t slot = 0; slot < fields_.size(); ++slot)
    next_token_[slot] += batch_.present(slot)[row];
}

}  // namespace sluice
