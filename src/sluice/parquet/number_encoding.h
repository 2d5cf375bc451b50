// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "sluice/parquet/byte_buffer.h"
#include "sluice/parquet/parquet_writer.h"
#include "sluice/parquet/uint128.h"
#include "sluice/parquet/value_dictionary.h"
#include "sluice/parquet/value_range.h"
#include "sluice/schema/row_batch.h"

namespace sluice {

// The wire formats of numbers: what a value is in a ColumnBatch, its bits as a dictionary key, and
// its PLAIN bytes.
template <typename Stored>
struct IntWire {
  using Value = int64_t;
  using Key = uint64_t;
  static const std::vector<Value>& ValuesOf(const ColumnBatch& batch) { return batch.ints; }
  static Key KeyOf(Value value) { return static_cast<Key>(value); }
  static Value ValueOf(Key key) { return static_cast<Value>(key); }
  static constexpr size_t width() { return sizeof(Stored); }
  void Put(const Value* values, size_t count, char* out) const {
    for (size_t i = 0; i < count; ++i) {
      const Stored stored = static_cast<Stored>(values[i]);
      std::memcpy(out + i * sizeof stored, &stored, sizeof stored);
    }
  }
};

template <typename Stored>
struct FloatWire {
  using Value = double;
  using Key = uint64_t;
  static const std::vector<Value>& ValuesOf(const ColumnBatch& batch) { return batch.doubles; }
  static Key KeyOf(Value value) { return std::bit_cast<Key>(value); }  // -0 is not 0
  static Value ValueOf(Key key) { return std::bit_cast<Value>(key); }
  static constexpr size_t width() { return sizeof(Stored); }
  void Put(const Value* values, size_t count, char* out) const {
    for (size_t i = 0; i < count; ++i) {
      const Stored stored = static_cast<Stored>(values[i]);
      std::memcpy(out + i * sizeof stored, &stored, sizeof stored);
    }
  }
};

// FIXED_LEN_BYTE_ARRAY: big-endian two's complement.
struct DecimalWire {
  using Value = Int128;
  using Key = UInt128;
  size_t bytes;
  static const std::vector<Value>& ValuesOf(const ColumnBatch& batch) { return batch.wide_ints; }
  static Key KeyOf(Value value) { return static_cast<Key>(value); }
  static Value ValueOf(Key key) { return static_cast<Value>(key); }
  size_t width() const { return bytes; }
  void Put(const Value* values, size_t count, char* out) const {
    for (size_t i = 0; i < count; ++i) {
      Key key = KeyOf(values[i]);
      for (size_t byte = bytes; byte-- > 0; key >>= 8)
        out[i * bytes + byte] = static_cast<char>(key);
    }
  }
};

template <typename Wire>
class NumberEncoding {
 public:
  using Value = typename Wire::Value;
  using Key = typename Wire::Key;
  static constexpr bool kHasDictionary = true;

  NumberEncoding(Wire wire, size_t most_dictionary_bytes)
      : wire_(wire), dictionary_(most_dictionary_bytes / wire.width()) {}

  static const std::vector<Value>& ValuesOf(const ColumnBatch& batch) {
    return Wire::ValuesOf(batch);
  }

  size_t AppendPlain(const Value* values, size_t count, size_t full, size_t must_take,
                     ByteBuffer& out) {
    const size_t room = full > out.size() ? (full - out.size()) / wire_.width() : 0;
    const size_t taken = std::min(count, std::max(room, must_take));
    wire_.Put(values, taken, out.Reserve(taken * wire_.width()));
    out.Advance(taken * wire_.width());
    range_.Add(values, taken);
    return taken;
  }
  uint64_t PlainBytes(const Value*, size_t count) const { return count * wire_.width(); }

  size_t Lookup(const Value* values, size_t count, uint16_t* ids) {
    keys_.resize(count);
    for (size_t i = 0; i < count; ++i) keys_[i] = Wire::KeyOf(values[i]);
    const size_t known = dictionary_.size();
    const size_t taken = dictionary_.Lookup(keys_.data(), count, ids);
    for (size_t id = known; id < dictionary_.size(); ++id) {
      const Value value = DictionaryValue(id);
      range_.Add(&value, 1);
    }
    return taken;
  }
  size_t dictionary_size() const { return dictionary_.size(); }
  uint64_t dictionary_bytes() const { return dictionary_.size() * wire_.width(); }
  Value DictionaryValue(size_t id) const { return Wire::ValueOf(dictionary_.at(id)); }
  std::string_view DictionaryPage(ByteBuffer& page) const {
    page.Clear();
    for (size_t id = 0; id < dictionary_.size(); ++id) {
      const Value value = DictionaryValue(id);
      wire_.Put(&value, 1, page.Reserve(wire_.width()));
      page.Advance(wire_.width());
    }
    return page.view();
  }
  void ClearDictionary() { dictionary_.Clear(); }

  std::optional<std::pair<std::string, std::string>> MinMax() const {
    if (!range_.known()) return std::nullopt;
    Value least = range_.min(), most = range_.max();
    if constexpr (std::is_floating_point_v<Value>) {
      // Either zero is both: parquet.thrift's ColumnOrder.
      if (least == 0) least = -0.0;
      if (most == 0) most = 0.0;
    }
    std::pair<std::string, std::string> text;
    text.first.resize(wire_.width());
    text.second.resize(wire_.width());
    wire_.Put(&least, 1, text.first.data());
    wire_.Put(&most, 1, text.second.data());
    return text;
  }
  std::optional<ParquetFileInfo::Range> IntRange() const {
    if constexpr (std::is_same_v<Value, int64_t>) {
      if (range_.known()) return ParquetFileInfo::Range{range_.min(), range_.max()};
    }
    return std::nullopt;
  }
  void ClearRange() { range_.Clear(); }

 private:
  Wire wire_;
  NumberDictionary<Key> dictionary_;
  NumberRange<Value> range_;
  std::vector<Key> keys_;
};

}  // namespace sluice
