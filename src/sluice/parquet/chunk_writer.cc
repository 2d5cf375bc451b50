// SPDX-License-Identifier: Apache-2.0
#include "sluice/parquet/chunk_writer.h"

namespace sluice {
namespace {

constexpr size_t kSampleBytes = 1024;

}  // namespace

void ChunkWriter::Begin() {
  chunk_ = std::make_shared<ChunkPages>(wanted_, traffic_.memory);
  has_sample_ = wanted_ == Codec::kUncompressed;  // which needs none
  bytes_ = 0;
}

void ChunkWriter::AddDataPage(ChunkPage page, std::string_view dictionary) {
  const size_t size = page.body().size();
  bytes_ += size;
  ChunkPage& added = chunk_->Add(std::move(page));
  if (has_sample_) {
    MakeJob(added);
  } else if (size >= kSampleBytes) {
    chunk_->SampleWith(dictionary, added);
    MakeJobs();
  }
}

// Of all pages so far, of which none has one.
void ChunkWriter::MakeJobs() {
  has_sample_ = true;
  for (ChunkPage& page : chunk_->pages()) MakeJob(page);
}

std::shared_ptr<ChunkPages> ChunkWriter::End(std::string_view dictionary,
                                             uint32_t dictionary_values) {
  if (!has_sample_) {
    chunk_->SampleAll(dictionary_values > 0 ? dictionary : std::string_view());
    MakeJobs();
  }
  if (dictionary_values > 0) {
    ChunkPage page{.type = PageType::kDictionary, .values = dictionary_values};
    page.buffer.Append(dictionary);
    MakeJob(chunk_->Add(std::move(page)));
  }
  std::shared_ptr<ChunkPages> ended = std::move(chunk_);
  Begin();
  return ended;
}

}  // namespace sluice
