// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "sluice/base/result.h"

namespace sluice {

// The place of a record in its shard: a whole number that grows along the shard, not by ones. Too
// large for any integer type (Kinesis API Reference: 0|([1-9]\d{0,128})).
struct SequenceNumber {
  std::string digits = "0";

  // kBadData where `text` is none.
  static Result<SequenceNumber> Parse(std::string_view text);

  friend bool operator==(const SequenceNumber&, const SequenceNumber&) = default;
  friend std::strong_ordering operator<=>(const SequenceNumber& a, const SequenceNumber& b) {
    // Without leading zeros the longer one is the greater one.
    if (const auto order = a.digits.size() <=> b.digits.size(); order != 0) return order;
    return a.digits <=> b.digits;
  }
};

}  // namespace sluice
