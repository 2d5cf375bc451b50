// SPDX-License-Identifier: Apache-2.0
#include "sluice/base/bytes.h"

#include <array>
#include <charconv>
#include <limits>
#include <utility>

namespace sluice {

Result<Bytes> ParseBytes(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, uint64_t>, 9> kUnits = {{{"", 1},
                                                                            {"B", 1},
                                                                            {"KiB", 1ull << 10},
                                                                            {"MiB", 1ull << 20},
                                                                            {"GiB", 1ull << 30},
                                                                            {"TiB", 1ull << 40},
                                                                            {"KB", 1'000},
                                                                            {"MB", 1'000'000},
                                                                            {"GB", 1'000'000'000}}};
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit = text.substr(static_cast<size_t>(end - text.data()));
  for (const auto& [name, factor] : kUnits) {
    if (error != std::errc() || unit != name) continue;
    if (number > std::numeric_limits<uint64_t>::max() / factor) break;
    return Bytes{number * factor};
  }
  return Fail(ErrorKind::kPermanent,
              "not a size: '{}'; write a whole number and a unit, like 128MiB", text);
}

std::string ToText(Bytes size) {
  constexpr std::array<std::string_view, 5> kUnits = {"B", "KB", "MB", "GB", "TB"};
  double value = static_cast<double>(size.count);
  size_t unit = 0;
  while (value >= 1000 && unit + 1 < kUnits.size()) value /= 1000, ++unit;
  const int decimals = unit == 0 || value >= 100 ? 0 : 1;
  return fmt::format("{:.{}f} {}", value, decimals, kUnits[unit]);
}

}  // namespace sluice
