// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/load_plan.h"

#include <array>
#include <utility>

namespace sluice {
namespace {
constexpr std::array<std::pair<ObjectState, std::string_view>, 5> kNames = {{
    {ObjectState::kLoaded, "loaded"},
    {ObjectState::kReplaced, "replaced"},
    {ObjectState::kHeld, "held"},
    {ObjectState::kSetAside, "set_aside"},
    {ObjectState::kVanished, "vanished"},
}};
}  // namespace

std::string_view Name(ObjectState state) {
  for (const auto& [known, name] : kNames) {
    if (known == state) return name;
  }
  return "?";
}

std::optional<ObjectState> ObjectStateNamed(std::string_view name) {
  for (const auto& [state, known] : kNames) {
    if (known == name) return state;
  }
  return std::nullopt;
}

}  // namespace sluice
