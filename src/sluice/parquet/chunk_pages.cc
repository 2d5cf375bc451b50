// SPDX-License-Identifier: Apache-2.0
#include "sluice/parquet/chunk_pages.h"

#include <algorithm>
#include <utility>

#include "sluice/base/check.h"

namespace sluice {
namespace {

constexpr uint64_t kWorthwhilePercent = 85, kWorthwhileZstdPercent = 90;
constexpr uint64_t kAboutAsSmallPercent = 115;

}  // namespace

ChunkPages::ChunkPages(Codec wanted, std::shared_ptr<PageMemory> memory)
    : wanted_(wanted), memory_(std::move(memory)) {}

ChunkPage& ChunkPages::Add(ChunkPage page) {
  waiting_.fetch_add(1, std::memory_order_relaxed);
  return pages_.emplace_back(std::move(page));
}

void ChunkPages::SampleWith(std::string_view dictionary, ChunkPage& page) {
  if (wanted_ == Codec::kUncompressed) return;
  sample_dictionary_ = dictionary;
  sample_pages_ = {&page};
}

void ChunkPages::SampleAll(std::string_view dictionary) {
  if (wanted_ == Codec::kUncompressed) return;
  sample_dictionary_ = dictionary;
  for (ChunkPage& page : pages_) sample_pages_.push_back(&page);
}

void ChunkPages::Pack(ChunkPage& page, PagePacker& packer) {
  const Packing packing = DecidePacking(packer);
  if (page.header.empty()) {
    switch (packing) {
      case Packing::kNone:
        Finish(page, page.body());
        break;
      case Packing::kFull:
        packer.codec.Compress(wanted_, page.body(), packer.full);
        Finish(page, packer.full);
        break;
      case Packing::kLiterals:
        packer.codec.CompressLiterals(page.body(), packer.literals);
        Finish(page, packer.literals);
        break;
    }
  }
  SLUICE_CHECK(waiting_.fetch_sub(1, std::memory_order_release) > 0);
}

ChunkPages::Packing ChunkPages::DecidePacking(PagePacker& packer) {
  if (wanted_ == Codec::kUncompressed) return Packing::kNone;
  const std::lock_guard lock(mutex_);
  if (decided_) return *decided_;
  Sizes sizes;
  if (!sample_dictionary_.empty()) Sample(sample_dictionary_, packer, sizes);
  for (const ChunkPage* page : sample_pages_) Sample(page->body(), packer, sizes);
  decided_ = BestFor(sizes);
  // The last page sampled is packed already, whosever job this is.
  if (decided_ == Packing::kFull) Finish(*sample_pages_.back(), packer.full);
  if (decided_ == Packing::kLiterals) Finish(*sample_pages_.back(), packer.literals);
  sample_dictionary_ = {};
  return *decided_;
}

void ChunkPages::Sample(std::string_view bytes, PagePacker& packer, Sizes& sizes) const {
  sizes.bytes += bytes.size();
  packer.codec.Compress(wanted_, bytes, packer.full);
  sizes.full += packer.full.size();
  if (wanted_ != Codec::kZstd) return;
  packer.codec.CompressLiterals(bytes, packer.literals);
  sizes.literals += packer.literals.size();
}

ChunkPages::Packing ChunkPages::BestFor(const Sizes& sample) const {
  const auto saves = [&](uint64_t packed, uint64_t percent) {
    return packed * 100 <= sample.bytes * percent;
  };
  if (wanted_ != Codec::kZstd) {
    return saves(sample.full, kWorthwhilePercent) ? Packing::kFull : Packing::kNone;
  }
  if (!saves(std::min(sample.full, sample.literals), kWorthwhileZstdPercent)) {
    return Packing::kNone;
  }
  return sample.literals * 100 <= sample.full * kAboutAsSmallPercent ? Packing::kLiterals
                                                                     : Packing::kFull;
}

void ChunkPages::Finish(ChunkPage& page, std::string_view packed) {
  page.size = page.body().size();
  const PageHeader header{.type = page.type,
                          .encoding = page.encoding,
                          .values = page.values,
                          .uncompressed = static_cast<uint32_t>(page.size),
                          .compressed = static_cast<uint32_t>(packed.size()),
                          .crc = Crc32(packed)};
  AppendPageHeader(header, page.header);
  page.is_packed = packed.data() != page.body().data();
  if (!page.is_packed) return;
  page.packed = packed;
  memory_->Give(std::move(page.buffer));
}

Result<ChunkMetadata> ChunkPages::WriteTo(ByteSink& sink, uint64_t offset) {
  SLUICE_CHECK(packed());
  ChunkMetadata metadata{.offset = offset, .statistics = std::move(statistics)};
  if (decided_.value_or(Packing::kNone) != Packing::kNone) metadata.codec = wanted_;
  if (pages_.back().type == PageType::kDictionary) {  // known last, stored first
    pages_.push_front(std::move(pages_.back()));
    pages_.pop_back();
    metadata.has_dictionary = true;
  }
  for (ChunkPage& page : pages_) {
    const std::string_view stored = page.is_packed ? page.packed : page.body();
    SLUICE_TRY(sink.Write(page.header));
    SLUICE_TRY(sink.Write(stored));
    metadata.uncompressed += page.header.size() + page.size;
    metadata.compressed += page.header.size() + stored.size();
    if (page.type == PageType::kDictionary) metadata.dictionary_size = metadata.compressed;
    if (!page.is_packed) memory_->Give(std::move(page.buffer));
  }
  pages_.clear();
  return metadata;
}

}  // namespace sluice
