// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "sluice/ndjson/column_converter.h"
#include "sluice/ndjson/scan_kernels.h"
#include "sluice/ndjson/text_arena.h"
#include "sluice/ndjson/timestamp_reader.h"
#include "sluice/ndjson/token_batch.h"
#include "sluice/schema/row_batch.h"

namespace sluice {

// The text that tokens are in, and where unescaped strings go.
struct TokenText {
  const char* text;  // kScanPadding readable bytes behind
  bool is_ascii;
  bool has_noncharacter;  // somewhere, not escaped
  TextArena& arena;       // a text for which it has no room is in doubt
};

// The tokens of one field for some rows that follow each other.
struct TokenRun {
  const Token* tokens;     // one for each present row
  const uint8_t* present;  // by row
  size_t rows, values;
};

// Turns the tokens of one field into the values of one column: what ColumnConverter makes of the
// same JSON, a column at a time. `column` and `kernels` outlive it.
class TokenConverter {
 public:
  TokenConverter(const ColumnConverter& column, const ScanKernels& kernels)
      : column_(column), kernels_(kernels), plain_text_(column.plain_text()) {}

  // Appends an entry for every row to `out`. A row that has a fault, or whose JSON is not what its
  // template promised, gets any entry and a 1 in `refused`, for the general path to look at.
  NoteCounts Append(const TokenRun& run, const TokenText& text, ColumnBatch& out,
                    std::vector<uint8_t>& refused);

 private:
  bool AppendTexts(const TokenRun& run, const TokenText& text, ColumnBatch& out) const;
  bool AreGood(std::span<const std::string_view> texts, bool may_have_more_than_ascii) const;
  bool AppendPlain(const TokenRun& run, const TokenText& text, ColumnBatch& out);
  bool AppendNumbers(const TokenRun& run, const TokenText& text, ColumnBatch& out) const;
  template <typename T, typename Read>
  static bool AppendValues(const TokenRun& run, uint32_t marks, std::vector<T>& to, Read read);
  NoteCounts AppendEach(const TokenRun& run, const TokenText& text, ColumnBatch& out,
                        std::vector<uint8_t>& refused) const;
  std::optional<JsonValue> ValueOf(Token token, const TokenText& text) const;
  std::optional<std::string_view> Unescaped(std::string_view inside, TextArena& arena,
                                            StringTraits& traits) const;

  const ColumnConverter& column_;
  const ScanKernels& kernels_;
  const std::optional<PlainText> plain_text_;
  TimestampReader timestamps_;
};

}  // namespace sluice
