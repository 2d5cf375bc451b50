// SPDX-License-Identifier: Apache-2.0
#include "sluice/operate/infer_shapes.h"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace sluice {
namespace {

constexpr size_t kMostShapes = 16;
// A value that fewer events have tells nothing.
constexpr uint64_t kFewestOfValue = 3;
// Of all events; fewer make no shape of their own.
constexpr uint64_t kSmallestShare = 200;

bool IsNearlyAll(uint64_t part, uint64_t whole) {
  return part * 100 >= whole * 95;
}
bool IsNearlyNone(uint64_t part, uint64_t whole) {
  return part * 100 <= whole;
}

class ShapeSearch {
 public:
  ShapeSearch(std::span<const ShapeFact> facts, std::span<const ShapeKind> kinds)
      : facts_(facts), kinds_(kinds) {
    for (const ShapeKind& kind : kinds) all_events_ += kind.events;
  }

  std::vector<std::vector<size_t>> Run() {
    std::vector<size_t> all(kinds_.size());
    std::iota(all.begin(), all.end(), size_t{0});
    Part(all, {}, {});
    return std::move(rules_);
  }

 private:
  // How the events of a node are divided by one fact.
  struct Split {
    size_t fact = 0;
    size_t keys = 0;                 // that tell the two parts apart
    std::vector<size_t> other_keys;  // those of the events without the fact
  };

  bool Has(size_t kind, size_t fact) const {
    return std::ranges::binary_search(kinds_[kind].facts, fact);
  }

  // `conditions` lead to `kinds`; `others` are facts that events which other rules took lack.
  void Part(const std::vector<size_t>& kinds, std::vector<size_t> conditions,
            std::vector<size_t> others) {
    const std::optional<Split> split =
        rules_.size() + waiting_ + 1 < kMostShapes ? BestSplit(kinds) : std::nullopt;
    if (!split) {
      if (conditions.empty()) conditions = LastRule(kinds, others);
      rules_.push_back(std::move(conditions));
      return;
    }
    std::vector<size_t> with, without;
    for (const size_t kind : kinds) (Has(kind, split->fact) ? with : without).push_back(kind);
    std::vector<size_t> more = conditions;
    more.push_back(split->fact);
    ++waiting_;
    Part(with, std::move(more), {});
    --waiting_;
    Part(without, std::move(conditions), split->other_keys);
  }

  std::optional<Split> BestSplit(const std::vector<size_t>& kinds) const {
    std::vector<uint64_t> events(facts_.size());
    uint64_t all = 0;
    for (const size_t kind : kinds) {
      all += kinds_[kind].events;
      for (const size_t fact : kinds_[kind].facts) events[fact] += kinds_[kind].events;
    }
    std::optional<Split> best;
    for (size_t fact = 0; fact < facts_.size(); ++fact) {
      std::optional<Split> split = SplitBy(fact, kinds, events, all);
      if (split && (!best || RankOf(*split) > RankOf(*best))) best = std::move(split);
    }
    return best;
  }

  // A value says what an event is; a key only lets one guess it.
  std::tuple<size_t, bool, int> RankOf(const Split& split) const {
    const ShapeFact& fact = facts_[split.fact];
    return {split.keys, fact.value.has_value(), -fact.rank};
  }

  std::optional<Split> SplitBy(size_t fact, const std::vector<size_t>& kinds,
                               const std::vector<uint64_t>& events, uint64_t all) const {
    const uint64_t with = events[fact], without = all - with;
    const bool is_value = facts_[fact].value.has_value();
    const uint64_t fewest =
        std::max(is_value ? kFewestOfValue : uint64_t{1}, all_events_ / kSmallestShare);
    if (!facts_[fact].can_route || with < fewest || without < fewest) return std::nullopt;
    std::vector<uint64_t> both(facts_.size());
    for (const size_t kind : kinds) {
      if (!Has(kind, fact)) continue;
      for (const size_t other : kinds_[kind].facts) both[other] += kinds_[kind].events;
    }
    Split split{.fact = fact};
    size_t own = 0;
    bool all_have_the_key = false;
    for (size_t key = 0; key < facts_.size(); ++key) {
      if (facts_[key].value) continue;
      const uint64_t here = both[key], there = events[key] - both[key];
      all_have_the_key |= facts_[key].key == facts_[fact].key && events[key] == all;
      if (IsNearlyAll(here, with) && IsNearlyNone(there, without)) ++own;
      if (IsNearlyAll(there, without) && IsNearlyNone(here, with)) split.other_keys.push_back(key);
    }
    split.keys = own + split.other_keys.size();
    const bool parts = is_value ? all_have_the_key && split.keys >= 2
                                : own >= 2 && OthersHaveTheirOwn(fact, kinds, both, with, without);
    return parts ? std::optional(std::move(split)) : std::nullopt;
  }

  // Whether nearly all events without the fact have two keys that nearly none with it have: they
  // may be of several shapes.
  bool OthersHaveTheirOwn(size_t fact, const std::vector<size_t>& kinds,
                          const std::vector<uint64_t>& both, uint64_t with,
                          uint64_t without) const {
    uint64_t found = 0;
    for (const size_t kind : kinds) {
      if (Has(kind, fact)) continue;
      const auto own = std::ranges::count_if(kinds_[kind].facts, [&](size_t key) {
        return !facts_[key].value && IsNearlyNone(both[key], with);
      });
      if (own >= 2) found += kinds_[kind].events;
    }
    return IsNearlyAll(found, without);
  }

  // What nearly all events have that no other rule took, so that a shape which is not in the sample
  // is seen as one. Nothing where they have nothing of their own, or where there is no other rule.
  std::vector<size_t> LastRule(const std::vector<size_t>& kinds,
                               const std::vector<size_t>& others) const {
    if (rules_.empty()) return {};
    const auto nearly_all_have = [&](size_t fact) {
      uint64_t all = 0, lacking = 0;
      for (const size_t kind : kinds) {
        all += kinds_[kind].events;
        lacking += Has(kind, fact) ? 0 : kinds_[kind].events;
      }
      return facts_[fact].can_route && IsNearlyNone(lacking, all);
    };
    for (size_t fact = 0; fact < facts_.size(); ++fact) {
      const size_t last_taken = rules_.back().back();
      const bool is_sibling = facts_[fact].value && facts_[last_taken].value &&
                              facts_[fact].key == facts_[last_taken].key;
      if (is_sibling && nearly_all_have(fact)) return {fact};
    }
    std::optional<size_t> best;
    for (const size_t fact : others) {
      if (nearly_all_have(fact) && (!best || facts_[fact].rank < facts_[*best].rank)) best = fact;
    }
    return best ? std::vector{*best} : std::vector<size_t>();
  }

  const std::span<const ShapeFact> facts_;
  const std::span<const ShapeKind> kinds_;
  uint64_t all_events_ = 0;
  size_t waiting_ = 0;  // parts that get at least one rule each
  std::vector<std::vector<size_t>> rules_;
};

}  // namespace

std::vector<std::vector<size_t>> FindShapes(std::span<const ShapeFact> facts,
                                            std::span<const ShapeKind> kinds) {
  return ShapeSearch(facts, kinds).Run();
}

}  // namespace sluice
