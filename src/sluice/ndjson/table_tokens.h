// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "sluice/ndjson/event_converter.h"
#include "sluice/ndjson/row_converter.h"
#include "sluice/ndjson/row_template.h"
#include "sluice/ndjson/template_store.h"
#include "sluice/ndjson/token_batch.h"
#include "sluice/ndjson/token_converter.h"

namespace sluice {

// The way of one table's lines from their templates to its rows: tokens by field first, then values
// by column. Both constructor arguments outlive it.
class TableTokens {
 public:
  TableTokens(const RowConverter& rows, const ScanKernels& kernels);

  // Says in `made`, a template of this table, where its fields' tokens go.
  void Bind(RowTemplate& made) const;

  // How many columns, at most, read one field.
  size_t most_readers() const { return most_readers_; }

  bool is_full() const { return batch_.is_full(); }

  // Takes a line; `row` is its number in the chunk. Not if it is full.
  void Put(const RowTemplate& made, const RowShape& shape, const IndexedLine& line, uint32_t row);

  // Turns the lines taken into rows of `out`, in their order, and counts them. Those with a doubt
  // are given to `general` instead, in their place. Returns how many were not.
  size_t Flush(const TokenText& text, uint64_t first_line, RowBatch& out, TableCounts& counts,
               const std::function<void(uint32_t row)>& general);

 private:
  struct ColumnPlace {
    size_t column;  // of the schema
    size_t slot;
    bool has_default;
    TokenConverter converter;
  };
  struct UnknownFields {
    size_t row;  // in the batch
    const std::vector<std::string>* names;
  };

  // Where the rows of a Flush go.
  struct Target {
    const TokenText& text;
    uint64_t first_line;
    RowBatch& out;
    TableCounts& counts;
    const std::function<void(uint32_t row)>& general;
  };

  size_t ConvertRows(size_t begin, size_t end, const Target& target);
  bool ConvertRun(size_t begin, size_t end, const TokenText& text, RowBatch& out);
  void CommitRun(size_t begin, size_t end, const Target& target);
  void PassTokens(size_t row);

  std::vector<int> fields_;           // by slot
  std::vector<ColumnPlace> columns_;  // of the batch
  size_t most_readers_ = 1;
  TokenBatch batch_;
  std::vector<UnknownFields> unknown_;

  // While rows are made.
  std::vector<size_t> next_token_;  // by slot
  std::vector<size_t> values_;      // by slot: of the run at hand
  std::vector<uint8_t> refused_;    // by row of the batch
  std::vector<NoteCounts> notes_;   // by column of the batch
  size_t next_unknown_ = 0;
};

}  // namespace sluice
