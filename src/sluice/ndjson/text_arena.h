// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>

#include "sluice/ndjson/json_scan.h"

namespace sluice {

// Memory for the texts that are made while a chunk is converted, one behind the other; kept from
// chunk to chunk.
class TextArena {
 public:
  // Forgets the texts and makes room for `bytes` of them; kScanPadding bytes more may be written.
  void Reset(size_t bytes) {
    if (size_ < bytes + kScanPadding) {
      size_ = bytes + kScanPadding;
      memory_ = std::make_unique_for_overwrite<char[]>(size_);
    }
    at = memory_.get();
  }
  bool HasRoom(size_t bytes) const {
    return bytes + kScanPadding <= size_ - static_cast<size_t>(at - memory_.get());
  }

  char* at = nullptr;  // where the next text goes; moved on by who writes it

 private:
  std::unique_ptr<char[]> memory_;
  size_t size_ = 0;
};

}  // namespace sluice
