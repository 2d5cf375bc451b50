// SPDX-License-Identifier: Apache-2.0
#include "sluice/config/config_problems.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "sluice/base/utf8.h"

namespace sluice {

void ConfigProblems::Add(const YamlNode& at, std::string_view message) {
  AddFrom(at, fmt::format("{}: {}", PlaceOf(at), message));
}

void ConfigProblems::AddFrom(const YamlNode& at, std::string text) {
  problems_.push_back({at.line, at.column, WithoutControls(text)});
}

std::string ConfigProblems::PlaceOf(const YamlNode& at) const {
  if (!at.origin.empty()) return at.origin;
  return fmt::format("{}:{}:{}", file_, std::max(at.line, 1), std::max(at.column, 1));
}

Error ConfigProblems::ToError() const {
  std::vector<Problem> sorted = problems_;
  std::ranges::stable_sort(
      sorted, {}, [](const Problem& problem) { return std::tuple(problem.line, problem.column); });
  std::string text;
  for (const Problem& problem : sorted) {
    if (!text.empty()) text += '\n';
    text += problem.text;
  }
  return Error(ErrorKind::kPermanent, std::move(text));
}

}  // namespace sluice
