// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/parquet/byte_buffer.h"
#include "sluice/parquet/parquet_writer.h"
#include "sluice/parquet/value_dictionary.h"
#include "sluice/parquet/value_range.h"
#include "sluice/schema/row_batch.h"

namespace sluice {

// BYTE_ARRAY: 4 bytes of length, little-endian, and the bytes.
class TextEncoding {
 public:
  using Value = std::string_view;
  static constexpr bool kHasDictionary = true;

  explicit TextEncoding(size_t most_dictionary_bytes) : dictionary_(most_dictionary_bytes) {}

  static const std::vector<Value>& ValuesOf(const ColumnBatch& batch) { return batch.texts; }

  // Appends values until the next one would make `out` larger than `full`; at least one if
  // `must_take`. Returns how many.
  size_t AppendPlain(const Value* values, size_t count, size_t full, size_t must_take,
                     ByteBuffer& out);
  // What AppendPlain would write for all of them.
  uint64_t PlainBytes(const Value* values, size_t count) const;

  size_t Lookup(const Value* values, size_t count, uint16_t* ids) {
    const size_t known = dictionary_.size();
    const size_t taken = dictionary_.Lookup(values, count, ids);
    for (size_t id = known; id < dictionary_.size(); ++id) range_.Add(dictionary_.at(id));
    return taken;
  }
  size_t dictionary_size() const { return dictionary_.size(); }
  uint64_t dictionary_bytes() const { return dictionary_.page_size(); }
  Value DictionaryValue(size_t id) const { return dictionary_.at(id); }
  std::string_view DictionaryPage(ByteBuffer&) const { return dictionary_.page(); }
  void ClearDictionary() { dictionary_.Clear(); }

  // PLAIN without length, both or none. A chunk with a long text has none: a shortened bound would
  // have to be marked as such, and readers older than the mark would take it for a value.
  std::optional<std::pair<std::string, std::string>> MinMax() const;
  std::optional<ParquetFileInfo::Range> IntRange() const { return std::nullopt; }
  void ClearRange() { range_.Clear(); }

 private:
  TextDictionary dictionary_;
  TextRange range_;
};

}  // namespace sluice
