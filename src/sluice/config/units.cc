// SPDX-License-Identifier: Apache-2.0
#include "sluice/config/units.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <utility>

namespace sluice {
namespace {

constexpr std::array<std::pair<std::string_view, int64_t>, 5> kUnits = {
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};
constexpr int64_t kLongest = 10ll * 366 * 24 * 3'600'000;

}  // namespace

Result<std::chrono::milliseconds> ParseDuration(std::string_view text) {
  const std::unexpected<Error> refused =
      Fail(ErrorKind::kPermanent, "not a duration: '{}'; write 30s, 5m, 1h30m or 7d", text);
  int64_t total = 0;
  size_t next_unit = 0;
  std::string_view rest = text;
  do {
    uint32_t number = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (error != std::errc()) return refused;
    rest.remove_prefix(static_cast<size_t>(end - rest.data()));
    const std::string_view unit = rest.substr(0, rest.find_first_of("0123456789"));
    while (next_unit < kUnits.size() && kUnits[next_unit].first != unit) ++next_unit;
    if (next_unit == kUnits.size()) return refused;
    total += number * kUnits[next_unit].second;
    ++next_unit;
    rest.remove_prefix(unit.size());
  } while (!rest.empty());
  if (total > kLongest) {
    return Fail(ErrorKind::kPermanent, "too long: '{}'; at most {}d", text,
                kLongest / kUnits[0].second);
  }
  return std::chrono::milliseconds(total);
}

Result<double> ParseShare(std::string_view text) {
  double percent = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), percent, std::chars_format::fixed);
  const std::string_view rest = text.substr(static_cast<size_t>(end - text.data()));
  if (error != std::errc() || rest != "%" || !(percent >= 0 && percent <= 100)) {
    return Fail(ErrorKind::kPermanent, "not a share: '{}'; write 0.1% or 20%", text);
  }
  return percent / 100;
}

}  // namespace sluice
