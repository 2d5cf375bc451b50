// SPDX-License-Identifier: Apache-2.0
#include "sluice/ndjson/token_batch.h"

#include <cstring>

namespace sluice {

void TokenBatch::Allocate() {
  // Slots are written side by side. At distances of a power of two they would all compete for the
  // same few lines of a set-associative cache.
  constexpr size_t kStagger = 3 * 64 / sizeof(Token);
  constexpr size_t kStride = kMostRows + kStagger;
  memory_ = std::make_unique_for_overwrite<Token[]>(slots_.size() * kStride);
  presence_ = std::make_unique<uint8_t[]>(slots_.size() * kStride);
  for (size_t i = 0; i < slots_.size(); ++i) {
    Token* const tokens = memory_.get() + i * kStride;
    slots_[i] = {.tokens = tokens, .next = tokens, .present = presence_.get() + i * kStride};
  }
}

void TokenBatch::Clear() {
  for (Slot& slot : slots_) {
    if (slot.present != nullptr) std::memset(slot.present, 0, rows_.size());
    slot.next = slot.tokens;
  }
  rows_.clear();
}

}  // namespace sluice
