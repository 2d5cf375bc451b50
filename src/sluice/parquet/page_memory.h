// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <mutex>
#include <utility>
#include <vector>

#include "sluice/parquet/byte_buffer.h"

namespace sluice {

// The memory of pages that were written, for the next ones: the system would give it as pages that
// fault. Only large pieces are kept, and only who needs one gets one: a file of many columns must
// not end with a large piece for each. Thread-safe.
class PageMemory {
 public:
  // Empty. `size` is what is expected to be put into it.
  ByteBuffer Take(size_t size) {
    ByteBuffer taken;
    if (size < kWorthKeeping) return taken;
    {
      const std::lock_guard lock(mutex_);
      if (!free_.empty()) {
        taken = std::move(free_.back());
        free_.pop_back();
      }
    }
    taken.Reserve(size + size / 8);  // pages differ a little
    return taken;
  }

  void Give(ByteBuffer buffer) {
    if (buffer.capacity() < kWorthKeeping || buffer.capacity() > kTooLarge) return;
    buffer.Clear();
    const std::lock_guard lock(mutex_);
    if (free_.size() < kMost) free_.push_back(std::move(buffer));
  }

 private:
  static constexpr size_t kWorthKeeping = 64 << 10, kTooLarge = 1 << 20;
  static constexpr size_t kMost = 256;  // pieces; two row groups of usual pages
  std::mutex mutex_;
  std::vector<ByteBuffer> free_;
};

}  // namespace sluice
