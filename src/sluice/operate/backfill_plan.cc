// SPDX-License-Identifier: Apache-2.0
#include "sluice/operate/backfill_plan.h"

#include <algorithm>
#include <utility>

#include "sluice/operate/foreign_keys.h"

namespace sluice {
namespace {

bool IsOfLayout(const std::string& key, const RawLayout& layout) {
  return !key.ends_with('/') && layout.HourOf({key}).has_value();
}

std::unexpected<Error> NoneMatches(uint64_t keys, const ObjectStore& raw, const RawLayout& layout,
                                   const std::string& example) {
  return Fail(ErrorKind::kPermanent,
              "0 of {} keys match raw.layout, so nothing can be loaded: layout={} store={} for "
              "example={}",
              keys, layout.text(), raw.uri(), example);
}

// Nothing is in the hours. That may be right; or what landed in them has other keys than the layout
// has.
Status RequireLayout(ObjectStore& raw, const RawLayout& layout, const HourRange& hours) {
  SLUICE_ASSIGN(const ForeignKeys found, FindForeign(raw, layout, FoldersOf(layout, hours)));
  if (found.count == 0) return {};
  if (!found.matches) return NoneMatches(found.count, raw, layout, found.example);
  return Fail(ErrorKind::kPermanent,
              "nothing is in these hours, and {} keys{} of the raw store do not match raw.layout: "
              "layout={} store={} for example={}",
              found.count, found.is_whole ? "" : " or more", layout.text(), raw.uri(),
              found.example);
}

}  // namespace

BackfillAim AimOf(bool replaces, std::string_view table) {
  if (!replaces) return BackfillAim::kMissing;
  return table.empty() ? BackfillAim::kReplace : BackfillAim::kFillTable;
}

BackfillStep StepFor(const RawKeyState& state, const std::string& store, const RawLayout& layout,
                     BackfillAim aim) {
  if (!state.stored) return BackfillStep::kGone;
  if (!IsOfLayout(state.key, layout)) return BackfillStep::kForeign;
  if (aim == BackfillAim::kFillTable && state.IsLoadedOtherwise(store)) {
    return BackfillStep::kStays;
  }
  return state.IsSettled(store) ? BackfillStep::kLoadedBefore : BackfillStep::kLoad;
}

void BackfillPlan::Add(const RawKeyState& state, BackfillStep step) {
  if (step == BackfillStep::kGone) {
    ++gone;
    return;
  }
  ++stored;
  if (step == BackfillStep::kForeign) ++foreign;
  if (step == BackfillStep::kStays) ++stays;
  if (step == BackfillStep::kLoadedBefore) {
    ++loaded_before;
    if (replaces) size_to_load += state.stored->size;
  }
  if (step != BackfillStep::kLoad) return;
  ++to_load;
  size_to_load += state.stored->size;
  const auto is = [&](ObjectState wanted) {
    return std::ranges::any_of(state.known,
                               [&](const LedgerObject& one) { return one.state == wanted; });
  };
  if (is(ObjectState::kHeld)) ++held;
  if (is(ObjectState::kSetAside)) ++set_aside;
}

Result<BackfillPlan> PlanBackfill(ObjectStore& raw, const LedgerPages& ledger,
                                  const RawLayout& layout, const HourRange& hours, BackfillAim aim,
                                  const OnKey& on_key) {
  BackfillPlan plan{.hours = hours, .size_to_load = {}, .replaces = aim == BackfillAim::kReplace};
  RawWalk walk(raw, ledger, FoldersOf(layout, hours));
  std::string example;
  for (uint64_t keys = 1;; ++keys) {
    SLUICE_ASSIGN(const std::optional<RawKeyState> state, walk.Next());
    if (!state) break;
    if (on_key) SLUICE_TRY(on_key(keys));
    if (example.empty()) example = state->key;
    plan.Add(*state, StepFor(*state, raw.uri(), layout, aim));
  }
  plan.stored += walk.without_key();
  plan.foreign += walk.without_key();
  if (plan.stored > 0 && plan.foreign == plan.stored) {
    return NoneMatches(plan.stored, raw, layout, example);
  }
  if (plan.stored == 0) SLUICE_TRY(RequireLayout(raw, layout, hours));
  return plan;
}

}  // namespace sluice
