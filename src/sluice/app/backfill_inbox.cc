// SPDX-License-Identifier: Apache-2.0
#include "sluice/app/backfill_inbox.h"

namespace sluice {

Status BackfillInbox::Fill(const std::stop_token& stop) {
  Bytes size;
  while (objects_.size() < kMostObjects && size < max_size_ && !stop.stop_requested()) {
    SLUICE_ASSIGN(const std::optional<RawKeyState> state, walk_->Next());
    if (!state) break;
    const BackfillStep step = StepFor(*state, store_, layout_, aim_);
    const bool is_taken = step == BackfillStep::kLoad ||
                          (aim_ == BackfillAim::kReplace && step == BackfillStep::kLoadedBefore);
    if (!is_taken) continue;
    size += state->stored->size;
    objects_.push_back({{state->key}, state->stored->etag, state->stored->size});
  }
  return {};
}

}  // namespace sluice
