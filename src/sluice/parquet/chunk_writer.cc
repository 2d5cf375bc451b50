// SPDX-License-Identifier: Apache-2.0
#include "sluice/parquet/chunk_writer.h"

#include <algorithm>
#include <utility>

namespace sluice {
namespace {

constexpr size_t kSampleBytes = 1024;
constexpr uint64_t kWorthwhilePercent = 85, kWorthwhileZstdPercent = 90;
constexpr uint64_t kAboutAsSmallPercent = 115;

std::string_view HeaderOf(PageHeader header, std::string_view body, std::string_view packed,
                          std::string& out) {
  header.uncompressed = static_cast<uint32_t>(body.size());
  header.compressed = static_cast<uint32_t>(packed.size());
  header.crc = Crc32(packed);
  out.clear();
  AppendPageHeader(header, out);
  return out;
}

}  // namespace

void ChunkWriter::AddDataPage(std::string_view body, uint32_t rows, PageEncoding encoding,
                              std::string_view dictionary) {
  ++pages_;
  bytes_ += body.size();
  if (wanted_ == Codec::kUncompressed) decided_ = Packing::kNone;
  if (decided_) return Store(body, rows, encoding);
  if (body.size() < kSampleBytes) {
    waiting_.push_back({std::string(body), rows, encoding});
    return;
  }
  if (!dictionary.empty()) Sample(dictionary);
  Sample(body);
  decided_ = Decide();
  StoreWaiting();
  switch (*decided_) {
    case Packing::kNone:
      return StorePacked(body, body, rows, encoding);
    case Packing::kFull:
      return StorePacked(body, full_, rows, encoding);
    case Packing::kLiterals:
      return StorePacked(body, literals_, rows, encoding);
  }
}

void ChunkWriter::Sample(std::string_view bytes) {
  sample_bytes_ += bytes.size();
  codec_.Compress(wanted_, bytes, full_);
  sample_full_ += full_.size();
  if (wanted_ != Codec::kZstd) return;
  codec_.CompressLiterals(bytes, literals_);
  sample_literals_ += literals_.size();
}

ChunkWriter::Packing ChunkWriter::Decide() const {
  const auto saves = [this](uint64_t packed, uint64_t percent) {
    return packed * 100 <= sample_bytes_ * percent;
  };
  if (wanted_ != Codec::kZstd) {
    return saves(sample_full_, kWorthwhilePercent) ? Packing::kFull : Packing::kNone;
  }
  if (!saves(std::min(sample_full_, sample_literals_), kWorthwhileZstdPercent)) {
    return Packing::kNone;
  }
  return sample_literals_ * 100 <= sample_full_ * kAboutAsSmallPercent ? Packing::kLiterals
                                                                       : Packing::kFull;
}

void ChunkWriter::StoreWaiting() {
  for (const WaitingPage& page : waiting_) Store(page.body, page.rows, page.encoding);
  waiting_.clear();
}

std::string_view ChunkWriter::Pack(std::string_view body) {
  if (decided_ == Packing::kNone) return body;
  if (decided_ == Packing::kFull) {
    codec_.Compress(wanted_, body, packed_);
  } else {
    codec_.CompressLiterals(body, packed_);
  }
  return packed_;
}

void ChunkWriter::Store(std::string_view body, uint32_t rows, PageEncoding encoding) {
  StorePacked(body, Pack(body), rows, encoding);
}

void ChunkWriter::StorePacked(std::string_view body, std::string_view packed, uint32_t rows,
                              PageEncoding encoding) {
  const PageHeader header{.type = PageType::kData, .encoding = encoding, .values = rows};
  stored_.Append(HeaderOf(header, body, packed, header_));
  stored_.Append(packed);
  metadata_.uncompressed += header_.size() + body.size();
}

Result<ChunkMetadata> ChunkWriter::WriteTo(ByteSink& sink, uint64_t offset,
                                           std::string_view dictionary,
                                           uint32_t dictionary_values) {
  if (!decided_) {
    if (dictionary_values > 0) Sample(dictionary);
    for (const WaitingPage& page : waiting_) Sample(page.body);
    decided_ = Decide();
    StoreWaiting();
  }
  ChunkMetadata metadata = std::exchange(metadata_, {});
  metadata.codec = decided_ == Packing::kNone ? Codec::kUncompressed : wanted_;
  metadata.offset = offset;
  metadata.compressed = stored_.size();
  if (dictionary_values > 0) {
    const std::string_view packed = Pack(dictionary);
    const PageHeader header{.type = PageType::kDictionary, .values = dictionary_values};
    const std::string_view head = HeaderOf(header, dictionary, packed, header_);
    metadata.has_dictionary = true;
    metadata.dictionary_size = head.size() + packed.size();
    metadata.uncompressed += head.size() + dictionary.size();
    metadata.compressed += metadata.dictionary_size;
    SLUICE_TRY(sink.Write(head));
    SLUICE_TRY(sink.Write(packed));
  }
  SLUICE_TRY(sink.Write(stored_.view()));
  stored_.Clear();
  pages_ = 0;
  bytes_ = sample_bytes_ = sample_full_ = sample_literals_ = 0;
  decided_.reset();
  return metadata;
}

}  // namespace sluice
