// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sluice/base/clock.h"

namespace sluice {

// A time of the ledger as warehouses spell it, to the second: "2026-11-23 14:15:02", with decimals
// or none, and perhaps a zone. Nothing for another text.
inline std::optional<Timestamp> MomentOf(std::string_view text) {
  std::string moment(text.substr(0, 19));
  if (moment.size() != 19) return std::nullopt;
  moment[10] = 'T';
  return FromIso8601(moment + 'Z');
}

}  // namespace sluice
