// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "sluice/ndjson/event_converter.h"
#include "sluice/ndjson/line_converter.h"
#include "sluice/ndjson/scan_kernels.h"
#include "sluice/ndjson/structural_index.h"
#include "sluice/ndjson/table_tokens.h"
#include "sluice/ndjson/template_store.h"

namespace sluice {

// Converts lines that look like lines before them without reading them twice: the quotes of a chunk
// are found with SIMD, a line is compared with the template of its like, and the values between the
// template's literals become columns, a column at a time. Any line about which there is a doubt
// takes the general path, alone and in its place; so does every line of an unknown kind, from which
// a template is learned. Gives the same rows, faults and counts as the general path for every line.
// docs/hot-path.md goes through it.
class FastPath {
 public:
  // Both outlive it.
  FastPath(LineConverter& general, const ScanKernels& kernels);

  // Chunks it can do: not those of a single huge line, and for some time none after few lines had a
  // template.
  bool Takes(std::string_view text);

  // Converts all lines of `chunk` that have an end; `out` is empty. Returns where the rest begins.
  // The general path's arena has room for three times the chunk's size, and kScanPadding bytes.
  Line Convert(const LineChunk& chunk, ConvertedChunk& out, ConversionCounts& counts);

 private:
  // The chunk at hand.
  struct Work {
    const LineChunk& chunk;
    bool is_utf8, has_noncharacter;
    ConvertedChunk& out;
    ConversionCounts& counts;
  };

  IndexedLine IndexedLineAt(size_t row) const;
  Line LineAt(const Work& work, size_t row) const;
  bool HasControls(const IndexedLine& line);
  bool TakeByTemplate(Work& work, const IndexedLine& line, size_t row);
  void TakeByGeneralPath(Work& work, size_t row);
  void Learn(std::optional<size_t> table);
  bool Flush(Work& work, size_t table);

  LineConverter& general_;
  const ScanKernels& kernels_;
  const std::vector<int> compared_;  // fields that rules compare with a value
  StructuralIndex index_;
  TemplateStore templates_;
  std::vector<TableTokens> tables_;
  size_t most_readers_ = 1;  // columns that each unescape the same text
  const char* text_ = nullptr;
  size_t next_control_ = 0;
  uint32_t to_pass_ = 0, next_to_pass_ = 0;  // chunks that are not taken
};

}  // namespace sluice
