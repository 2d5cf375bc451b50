// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/base/io.h"
#include "sluice/parquet/chunk_pages.h"
#include "sluice/parquet/page_job.h"
#include "sluice/parquet/page_memory.h"
#include "sluice/parquet/row_group_queue.h"

namespace sluice {

// Where the pages of all columns of a file take their memory, put their jobs, and go.
struct PageTraffic {
  PageTraffic(std::shared_ptr<PageMemory> shared, ByteSink& sink)
      : memory(shared ? std::move(shared) : std::make_shared<PageMemory>()), groups(sink) {}

  const std::shared_ptr<PageMemory> memory;
  std::vector<PageJob> jobs;
  RowGroupQueue groups;
};

// Gathers the finished pages of one column chunk after the other, and makes the jobs that pack
// them. Calls must match: (AddDataPage* End)*.
//
// A chunk's sample, which decides how it is packed, is its first page of kSampleBytes or more with
// the dictionary so far; without such a page all there is. Jobs are made when it is known.
class ChunkWriter {
 public:
  // `traffic` outlives it.
  ChunkWriter(Codec wanted, PageTraffic& traffic) : wanted_(wanted), traffic_(traffic) { Begin(); }

  PageMemory& memory() { return *traffic_.memory; }

  // `dictionary` is the PLAIN page of the chunk's dictionary as far as it is known; empty without.
  // Looked at only before the sample is there.
  void AddDataPage(ChunkPage page, std::string_view dictionary);

  bool has_sample() const { return has_sample_; }
  size_t pages() const { return chunk_->pages().size(); }
  uint64_t bytes() const { return bytes_; }  // of the pages so far, before compression

  // Adds the dictionary (unless `dictionary_values` is 0) and hands the chunk over. It has pages.
  std::shared_ptr<ChunkPages> End(std::string_view dictionary, uint32_t dictionary_values);

 private:
  void Begin();
  void MakeJob(ChunkPage& page) { traffic_.jobs.emplace_back(chunk_, page, traffic_.groups); }
  void MakeJobs();

  const Codec wanted_;
  PageTraffic& traffic_;
  std::shared_ptr<ChunkPages> chunk_;
  bool has_sample_ = false;
  uint64_t bytes_ = 0;
};

}  // namespace sluice
