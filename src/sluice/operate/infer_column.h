// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/ndjson/column_converter.h"
#include "sluice/ndjson/json_value.h"
#include "sluice/ndjson/record_fault.h"
#include "sluice/schema/table.h"

namespace sluice {

// The producer's faults, not the rule: at most 1%.
inline bool IsFew(uint64_t part, uint64_t whole) {
  return part * 100 <= whole;
}

// Fewer show nothing to be NOT NULL, and no text to be short.
inline constexpr uint64_t kEnoughEvents = 100;

// Types that a column may get, each tried with the converter that will fill it. Immutable.
class TypeTrials {
 public:
  enum Trial : size_t {
    kBoolean,
    kInteger,
    kBigInt,
    kWideInteger,  // DECIMAL(38,0)
    kDouble,
    kDate,
    kTimestamp,
    kSeconds,  // numbers since 1970, and a time from 2001 to 2099
    kMillis,
    kMicros,
    kText,  // VARCHAR(65535)
    kSuper,
    kCount,
  };
  using Fits = std::bitset<kCount>;

  TypeTrials();

  struct Outcome {
    Fits fits;
    std::optional<FaultReason> text_fault;
  };
  // Neither absent nor null.
  Outcome Try(const JsonValue& value);
  // Whether a unique column of VARCHAR(65535) takes it.
  bool CanBeKey(const JsonValue& value);

 private:
  std::vector<ColumnConverter> converters_;  // by Trial
  std::optional<ColumnConverter> key_;
  ColumnBatch batch_;
};

struct InferredType {
  ColumnType type;
  std::optional<EpochUnit> epoch;
  std::string reason;  // for a comment; no line end in it
  uint64_t unfit = 0;  // values that no type takes
};

// What is known of the values of one key in the events of one table.
class ColumnObserver {
 public:
  // Not absent.
  void Add(const JsonValue& value, TypeTrials& trials);

  uint64_t nulls() const { return nulls_; }
  uint64_t values() const { return strings_ + numbers_ + truths_ + objects_ + arrays_; }
  uint64_t objects() const { return objects_; }
  bool is_all_uuids() const { return strings_ > 0 && values() == strings_ && all_uuids_; }

  // The type that holds every value, with head-room. `has_moment_name`: a number may be a time.
  InferredType Infer(bool has_moment_name) const;
  // The time that all but 1% of `events` have in it; none where they have not.
  std::optional<InferredType> InferTime(uint64_t events) const;

 private:
  bool Fits(TypeTrials::Trial trial) const { return fits_[trial] == values(); }
  std::string Digits() const;
  InferredType InferNumber() const;
  InferredType InferString() const;
  InferredType Text(std::string what) const;

  uint64_t nulls_ = 0, strings_ = 0, numbers_ = 0, truths_ = 0, objects_ = 0, arrays_ = 0;
  std::array<uint64_t, TypeTrials::kCount> fits_{};  // values that each takes
  std::map<FaultReason, uint64_t> unfit_;            // of kText
  size_t longest_ = 0;                               // bytes of text, or of JSON
  size_t most_digits_ = 0;                           // significant ones of a number
  bool has_fraction_ = false, has_offset_ = false, all_uuids_ = true, all_bare_dates_ = true;
};

}  // namespace sluice
