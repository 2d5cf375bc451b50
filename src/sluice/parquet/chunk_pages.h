// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "sluice/base/io.h"
#include "sluice/parquet/byte_buffer.h"
#include "sluice/parquet/page_job.h"
#include "sluice/parquet/page_memory.h"
#include "sluice/parquet/parquet_format.h"

namespace sluice {

struct ChunkPage {
  PageType type = PageType::kData;
  PageEncoding encoding = PageEncoding::kPlain;
  uint32_t values = 0;  // as in PageHeader
  ByteBuffer buffer;    // the body, from `begin` on; given back when it is packed
  size_t begin = 0, size = 0;

  // Made by the page's job.
  bool is_packed = false;  // false: `buffer` is what is stored
  std::string header, packed;

  std::string_view body() const { return buffer.view().substr(begin); }
};

// The finished pages of one column chunk, from encoding over packing to the file. One thread adds
// pages, others run their jobs meanwhile, and one of them writes all when they are packed.
//
// A chunk's pages are packed in one way, which is decided from its sample by the job that first
// needs it; others wait for it. Snappy if it saves at least 15 %, else none (UUIDs and the like
// cost time and save nothing). zstd by its literals alone if that is at most 15 % larger than level
// 1, and none if neither saves 10 %.
class ChunkPages {
 public:
  ChunkPages(Codec wanted, std::shared_ptr<PageMemory> memory);

  // Pages stay where they are. A job may run once the sample is there.
  ChunkPage& Add(ChunkPage page);
  // The sample: `dictionary`, which is copied, and a page, or all pages so far.
  void SampleWith(std::string_view dictionary, ChunkPage& page);
  void SampleAll(std::string_view dictionary);
  std::deque<ChunkPage>& pages() { return pages_; }

  // The job of `page`. Thread-safe.
  void Pack(ChunkPage& page, PagePacker& packer);
  // Whether the jobs of all pages added so far have run.
  bool packed() const { return waiting_.load(std::memory_order_acquire) == 0; }

  // Writes the pages, the dictionary's first, and forgets them. `offset` is the sink's place in the
  // file. All are packed.
  Result<ChunkMetadata> WriteTo(ByteSink& sink, uint64_t offset);

  ChunkStatistics statistics;

 private:
  enum class Packing { kNone, kFull, kLiterals };
  struct Sizes {
    uint64_t bytes = 0, full = 0, literals = 0;
  };

  Packing DecidePacking(PagePacker& packer);
  Packing BestFor(const Sizes& sample) const;
  void Sample(std::string_view bytes, PagePacker& packer, Sizes& sizes) const;
  void Finish(ChunkPage& page, std::string_view packed);

  const Codec wanted_;
  const std::shared_ptr<PageMemory> memory_;
  std::deque<ChunkPage> pages_;
  std::string sample_dictionary_;
  std::vector<ChunkPage*> sample_pages_;
  std::atomic<size_t> waiting_ = 0;
  std::mutex mutex_;  // of the decision, which needs the sample and may finish its page
  std::optional<Packing> decided_;
};

}  // namespace sluice
