// SPDX-License-Identifier: Apache-2.0
#include "sluice/parquet/row_group_queue.h"

#include <algorithm>
#include <utility>

#include "sluice/base/check.h"

namespace sluice {

void RowGroupQueue::Add(size_t rows, std::vector<std::shared_ptr<ChunkPages>> chunks) {
  const std::lock_guard lock(mutex_);
  waiting_.push_back({rows, std::move(chunks)});
}

// Who finds `is_writing_` has packed its page before the one that writes looks at the front for the
// last time, so that no group is left behind.
Status RowGroupQueue::WritePacked() {
  std::unique_lock lock(mutex_);
  if (is_writing_) return status_;
  is_writing_ = true;
  while (status_ && IsFrontPacked()) {
    const RowGroup group = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    Status status = Write(group);
    lock.lock();
    status_ = std::move(status);
  }
  is_writing_ = false;
  return status_;
}

bool RowGroupQueue::is_behind() {
  const std::lock_guard lock(mutex_);
  return is_writing_ && IsFrontPacked();
}

bool RowGroupQueue::IsFrontPacked() const {
  return !waiting_.empty() &&
         std::ranges::all_of(waiting_.front().chunks, &ChunkPages::packed,
                             [](const auto& chunk) -> const ChunkPages& { return *chunk; });
}

Status RowGroupQueue::Write(const RowGroup& group) {
  SLUICE_TRY(WriteMagic());
  RowGroupMetadata metadata{.rows = static_cast<uint32_t>(group.rows)};
  for (const auto& pages : group.chunks) {
    SLUICE_ASSIGN(ChunkMetadata chunk, pages->WriteTo(sink_, body_.bytes));
    body_.bytes += chunk.compressed;
    metadata.chunks.push_back(std::move(chunk));
  }
  body_.groups.push_back(std::move(metadata));
  return {};
}

Status RowGroupQueue::WriteMagic() {
  if (body_.bytes > 0) return {};
  body_.bytes = kParquetMagic.size();
  return sink_.Write(kParquetMagic);
}

Result<RowGroupQueue::Body> RowGroupQueue::Finish() {
  SLUICE_TRY(WritePacked());
  SLUICE_CHECK(waiting_.empty());  // else a job has not run
  SLUICE_TRY(WriteMagic());
  return std::move(body_);
}

}  // namespace sluice
