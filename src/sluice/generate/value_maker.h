// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/generate/random.h"
#include "sluice/schema/table.h"

namespace sluice {

// What the values of one event follow from. Two events with the same serial and time have the same
// identity, whatever their contents.
struct ValueContext {
  uint64_t serial = 0;
  int64_t time = 0;  // microseconds since the epoch
  Random keys;       // of the serial
  Random contents;
};

enum class ColumnRole { kOrdinary, kUnique, kTime };

// Makes JSON values for one column that its type accepts. Immutable.
class ValueMaker {
 public:
  ValueMaker(const Column& column, const ColumnSource& source, ColumnRole role);

  // Appends JSON text.
  void Append(std::string& out, ValueContext& context) const;

  // How many events have values of their own: 0 where the role is not kUnique or the type cannot
  // tell events apart.
  uint64_t distinct_values() const { return distinct_; }

 private:
  enum class Shape {
    kUuid,
    kSerialText,
    kDigits,
    kWord,
    kEscapedJson,
    kInteger,
    kDecimal,
    kNumber,
    kBoolean,
    kDate,
    kTimestamp,
    kEpoch,
    kJson,
  };
  void ChooseTextShape(const Column& column);
  void ChooseShape(const Column& column, const ColumnSource& source);
  void CountDistinctValues();
  void AppendValue(std::string& out, ValueContext& context, Random& random) const;
  void AppendInteger(std::string& out, const ValueContext& context, Random& random) const;

  Shape shape_ = Shape::kWord;
  ColumnRole role_;
  ColumnType type_;
  uint64_t null_below_ = 0;  // of 2^64
  uint64_t distinct_ = 0;
  int64_t units_per_second_ = 0;    // kEpoch
  std::vector<std::string> words_;  // kWord: JSON strings with their quotes
};

// "2020-06-01 00:00:24.000000", without quotes.
void AppendTimestamp(std::string& out, int64_t microseconds);

}  // namespace sluice
