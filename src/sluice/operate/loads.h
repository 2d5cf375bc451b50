// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>

#include "sluice/operate/story.h"

namespace sluice {

// When what was loaded was, and by whom.
struct Loads {
  std::string first, last;  // moments; empty: none
  std::set<std::string> batches;

  void Add(const std::string& at, const std::string& batch) {
    const std::string moment = MomentText(at);
    first = first.empty() ? moment : std::min(first, moment);
    last = std::max(last, moment);
    batches.insert(batch);
  }
  void Add(const Loads& others) {
    if (others.first.empty()) return;
    first = first.empty() ? others.first : std::min(first, others.first);
    last = std::max(last, others.last);
    batches.insert(others.batches.begin(), others.batches.end());
  }
  std::string ToText() const {
    if (batches.empty()) return "loaded under other ETags, or from another store";
    const std::string when = first == last ? "on " + first : "from " + first + " to " + last;
    return batches.size() == 1 ? fmt::format("loaded {} by batch {}", when, *batches.begin())
                               : fmt::format("loaded {} by {} batches", when, batches.size());
  }
};

}  // namespace sluice
