// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "sluice/base/result.h"
#include "sluice/codec/block_codec.h"

namespace sluice {

class ChunkPages;
class RowGroupQueue;
struct ChunkPage;

// What packing pages needs: one for each thread that runs jobs, reused.
struct PagePacker {
  BlockCodec codec;
  std::string full, literals;  // working memory
};

// A finished page of a ParquetWriter that waits to be compressed. Jobs run on any threads in any
// order, each once, while their writer lives; the bytes of the file do not depend on it. No job
// waits for one that has not begun.
class PageJob {
 public:
  PageJob(std::shared_ptr<ChunkPages> chunk, ChunkPage& page, RowGroupQueue& groups)
      : chunk_(std::move(chunk)), page_(&page), groups_(&groups) {}

  // Packs the page, and writes the row groups that are complete with it. Fails where the sink does.
  Status Run(PagePacker& packer);

 private:
  std::shared_ptr<ChunkPages> chunk_;
  ChunkPage* page_;  // of *chunk_
  RowGroupQueue* groups_;
};

}  // namespace sluice
