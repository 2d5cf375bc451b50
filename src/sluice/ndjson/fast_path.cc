// SPDX-License-Identifier: Apache-2.0
#include "sluice/ndjson/fast_path.h"

#include <algorithm>

#include "sluice/base/utf8.h"

namespace sluice {
namespace {

constexpr size_t kLargestChunk = size_t{1} << 20;
constexpr uint32_t kMostToPass = 15;

}  // namespace

FastPath::FastPath(LineConverter& general, const ScanKernels& kernels)
    : general_(general),
      kernels_(kernels),
      compared_(general.router().ComparedFields()),
      templates_(kernels) {
  for (const RowConverter& rows : general.rows()) {
    tables_.emplace_back(rows, kernels);
    most_readers_ = std::max(most_readers_, tables_.back().most_readers());
  }
}

bool FastPath::Takes(std::string_view text) {
  static_assert(kLargestChunk <= StructuralIndex::kLongestText);
  if (text.size() > kLargestChunk) return false;
  if (to_pass_ == 0) return true;
  --to_pass_;
  return false;
}

Line FastPath::Convert(const LineChunk& chunk, ConvertedChunk& out, ConversionCounts& counts) {
  text_ = chunk.text.data();
  index_.Reset(chunk.text.size());
  kernels_.index(chunk.text, index_);
  next_control_ = 0;
  out.texts.fast.Reset(most_readers_ * chunk.text.size());
  templates_.Tidy();
  Work work{.chunk = chunk,
            .is_utf8 = !index_.has_high_bit || IsUtf8Fast(chunk.text),
            .has_noncharacter = index_.has_high_bit && HasNoncharacter(chunk.text),
            .out = out,
            .counts = counts};
  general_.StartChunk(work.is_utf8);

  const uint64_t before = counts.fast_lines;
  for (size_t row = 0; row < index_.rows.size(); ++row) {
    const IndexedLine line = IndexedLineAt(row);
    if (HasControls(line) || !TakeByTemplate(work, line, row)) TakeByGeneralPath(work, row);
  }
  for (size_t table = 0; table < tables_.size(); ++table) Flush(work, table);
  // Lines whose values were in doubt come late.
  std::ranges::stable_sort(out.faults, {}, &RecordFault::line);

  const bool is_slow = (counts.fast_lines - before) * 4 < index_.rows.size();
  next_to_pass_ = is_slow ? std::min(2 * next_to_pass_ + 1, kMostToPass) : 0;
  to_pass_ = next_to_pass_;

  const size_t taken = index_.rows.empty() ? 0 : index_.rows.back().end + 1;
  return {.text = chunk.text.substr(taken),
          .number = chunk.first_line + index_.rows.size(),
          .offset = chunk.byte_offset + taken};
}

// Without the '\r' that may be in front of its end.
IndexedLine FastPath::IndexedLineAt(size_t row) const {
  const StructuralIndex::Row before = row == 0 ? StructuralIndex::Row{} : index_.rows[row - 1];
  const uint32_t begin = row == 0 ? 0 : before.end + 1;
  uint32_t end = index_.rows[row].end;
  if (end > begin && text_[end - 1] == '\r') --end;
  return {.text = text_,
          .begin = begin,
          .end = end,
          .quotes = index_.quotes.get() + before.quotes,
          .quote_count = index_.rows[row].quotes - before.quotes};
}

Line FastPath::LineAt(const Work& work, size_t row) const {
  const IndexedLine line = IndexedLineAt(row);
  return {.text = {text_ + line.begin, line.end - line.begin},
          .number = work.chunk.first_line + row,
          .offset = work.chunk.byte_offset + line.begin};
}

bool FastPath::HasControls(const IndexedLine& line) {
  const std::vector<uint32_t>& controls = index_.controls;
  while (next_control_ < controls.size() && controls[next_control_] < line.begin) ++next_control_;
  return next_control_ < controls.size() && controls[next_control_] < line.end;
}

bool FastPath::TakeByTemplate(Work& work, const IndexedLine& line, size_t row) {
  if (!work.is_utf8 && !IsUtf8Fast({line.text + line.begin, line.end - line.begin})) return false;
  const TemplateStore::Match match = templates_.Find(line);
  if (!match) return false;
  const std::optional<size_t> table = match.row_template->table;
  if (!table) {
    ++work.counts.lines;
    ++work.counts.dropped;
    ++work.counts.fast_lines;
    return true;
  }
  if (tables_[*table].is_full()) Flush(work, *table);
  tables_[*table].Put(*match.row_template, *match.shape, line, static_cast<uint32_t>(row));
  return true;
}

void FastPath::TakeByGeneralPath(Work& work, size_t row) {
  const Line line = LineAt(work, row);
  char*& arena = work.out.texts.general.at;
  const std::optional<size_t> table = general_.Route(line, arena, work.out, work.counts);
  if (table) {
    if (!Flush(work, *table)) general_.ReadAgain(line, arena);
    if (!general_.AppendRow(line, *table, arena, work.out, work.counts)) return;
  }
  if ((table || general_.was_dropped()) && templates_.WantsToLearn()) Learn(table);
}

void FastPath::Learn(std::optional<size_t> table) {
  std::optional<RowTemplate> made = LearnTemplate({.event = general_.event(),
                                                   .fields = general_.fields(),
                                                   .tested = compared_,
                                                   .table = table});
  if (!made) return;
  if (table) {
    std::optional<std::vector<std::string>> unknown = general_.rows()[*table].UncollectedNames();
    if (!unknown) return;
    made->unknown = std::move(*unknown);
    tables_[*table].Bind(*made);
  } else {
    made->slots.assign(made->fields.size(), RowTemplate::kNoSlot);
    for (size_t i = 0; i < made->fields.size(); ++i) made->unread.push_back(i);
  }
  templates_.Add(std::move(*made));
}

// Makes rows of the table's lines so far. False where one of them took the general path.
bool FastPath::Flush(Work& work, size_t table) {
  bool all = true;
  const auto take_by_general_path = [&](uint32_t row) {
    all = false;
    const Line line = LineAt(work, row);
    char*& arena = work.out.texts.general.at;
    const auto routed = general_.Route(line, arena, work.out, work.counts);
    if (routed) general_.AppendRow(line, *routed, arena, work.out, work.counts);
  };
  const TokenText text{.text = text_,
                       .is_ascii = !index_.has_high_bit,
                       .has_noncharacter = work.has_noncharacter,
                       .arena = work.out.texts.fast};
  const size_t rows = tables_[table].Flush(text, work.chunk.first_line, work.out.tables[table],
                                           work.counts.tables[table], take_by_general_path);
  work.counts.lines += rows;
  work.counts.fast_lines += rows;
  return all;
}

}  // namespace sluice
