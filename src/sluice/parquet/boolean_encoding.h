// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sluice/parquet/byte_buffer.h"
#include "sluice/parquet/parquet_writer.h"
#include "sluice/parquet/value_range.h"
#include "sluice/schema/row_batch.h"

namespace sluice {

// BOOLEAN: bits. They are held as bytes until the page is full; see PackBools.
class BooleanEncoding {
 public:
  using Value = int64_t;
  static constexpr bool kHasDictionary = false;

  static const std::vector<Value>& ValuesOf(const ColumnBatch& batch) { return batch.ints; }

  size_t AppendPlain(const Value* values, size_t count, size_t, size_t, ByteBuffer& out) {
    char* const bools = out.Reserve(count);
    for (size_t i = 0; i < count; ++i) bools[i] = values[i] != 0;
    out.Advance(count);
    range_.Add(values, count);
    return count;
  }
  std::optional<std::pair<std::string, std::string>> MinMax() const {
    if (!range_.known()) return std::nullopt;
    return std::pair(std::string(1, static_cast<char>(range_.min())),
                     std::string(1, static_cast<char>(range_.max())));
  }
  std::optional<ParquetFileInfo::Range> IntRange() const {
    if (!range_.known()) return std::nullopt;
    return ParquetFileInfo::Range{range_.min(), range_.max()};
  }
  void ClearRange() { range_.Clear(); }

 private:
  NumberRange<Value> range_;
};

}  // namespace sluice
