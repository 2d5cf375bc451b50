// SPDX-License-Identifier: Apache-2.0
#include "sluice/parquet/value_range.h"

namespace sluice {

void TextRange::AddSlowly(std::string_view text, uint64_t head) {
  if (empty_ || text < min_) {
    min_ = text;
    min_head_ = head;
  }
  if (empty_ || text > max_) {
    max_ = text;
    max_head_ = head;
  }
  empty_ = false;
}

}  // namespace sluice
