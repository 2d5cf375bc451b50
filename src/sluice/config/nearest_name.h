// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace sluice {

// "; did you mean 'compression'?" for the one of `known` that differs from `name` in the fewest
// letters, if it is a few only; else nothing.
std::string DidYouMean(std::string_view name, std::span<const std::string> known);

}  // namespace sluice
