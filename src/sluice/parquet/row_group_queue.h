// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "sluice/base/io.h"
#include "sluice/base/result.h"
#include "sluice/parquet/chunk_pages.h"
#include "sluice/parquet/parquet_format.h"

namespace sluice {

// The row groups of one file that have all their rows, on their way to the sink. Each is written
// when its pages are packed and those before it are written, by whoever packed the last page: who
// makes rows does not wait for the disk. One thread adds and finishes, any threads write.
class RowGroupQueue {
 public:
  // `sink` outlives it.
  explicit RowGroupQueue(ByteSink& sink) : sink_(sink) {}

  // `chunks` by column.
  void Add(size_t rows, std::vector<std::shared_ptr<ChunkPages>> chunks);

  // Writes the groups at the front whose pages are packed. Where another thread is at it, that one
  // writes them and this call returns at once. After a failure always the same one.
  Status WritePacked();

  // One group is being written and the next waits for that: who makes more rows now makes memory
  // of them. True only while a thread is in WritePacked.
  bool is_behind();

  // What a file is in front of its footer.
  struct Body {
    uint64_t bytes = 0;
    std::vector<RowGroupMetadata> groups;
  };
  // All pages are packed, and no other thread is left.
  Result<Body> Finish();

 private:
  struct RowGroup {
    size_t rows;
    std::vector<std::shared_ptr<ChunkPages>> chunks;
  };

  bool IsFrontPacked() const;
  Status Write(const RowGroup& group);
  Status WriteMagic();

  ByteSink& sink_;
  std::mutex mutex_;  // guards what follows, but not what is written
  std::deque<RowGroup> waiting_;
  bool is_writing_ = false;
  Status status_;
  Body body_;  // of the thread that writes
};

}  // namespace sluice
