// SPDX-License-Identifier: Apache-2.0
#include "sluice/ndjson/floating_value.h"

#include <charconv>
#include <cmath>
#include <system_error>

#include "sluice/ndjson/decimal_value.h"

namespace sluice {
namespace {

template <typename T>
Converted<T> Parse(std::string_view text) {
  T value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range) {
    // Too large or too small: it says the same for both.
    if (IsBelowOne(text)) return text.starts_with('-') ? -T{0} : T{0};
    return std::unexpected(FaultReason::kBadNumber);
  }
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) {
    return std::unexpected(FaultReason::kBadNumber);
  }
  return value;
}

}  // namespace

Converted<double> ParseDouble(std::string_view text) {
  return Parse<double>(text);
}
Converted<float> ParseFloat(std::string_view text) {
  return Parse<float>(text);
}

}  // namespace sluice
