// SPDX-License-Identifier: Apache-2.0
#include "sluice/parquet/chunk_writer.h"

#include <utility>

namespace sluice {
namespace {

constexpr size_t kSampleBytes = 1024;
constexpr uint64_t kWorthwhilePercent = 85;

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
  if (wanted_ == Codec::kUncompressed) decided_ = wanted_;
  if (decided_) return Store(body, rows, encoding);
  if (body.size() < kSampleBytes) {
    waiting_.push_back({std::string(body), rows, encoding});
    return;
  }
  if (!dictionary.empty()) Sample(dictionary, packed_);
  Sample(body, packed_);
  Decide();
  StorePacked(body, decided_ == Codec::kUncompressed ? body : packed_, rows, encoding);
}

void ChunkWriter::Sample(std::string_view bytes, std::string& packed) {
  codec_.Compress(wanted_, bytes, packed);
  sample_bytes_ += bytes.size();
  sample_packed_ += packed.size();
}

void ChunkWriter::Decide() {
  decided_ =
      sample_packed_ * 100 <= sample_bytes_ * kWorthwhilePercent ? wanted_ : Codec::kUncompressed;
  for (const WaitingPage& page : waiting_) {
    StorePacked(page.body, Pack(page.body, other_packed_), page.rows, page.encoding);
  }
  waiting_.clear();
}

std::string_view ChunkWriter::Pack(std::string_view body, std::string& packed) {
  if (decided_ == Codec::kUncompressed) return body;
  codec_.Compress(*decided_, body, packed);
  return packed;
}

void ChunkWriter::Store(std::string_view body, uint32_t rows, PageEncoding encoding) {
  StorePacked(body, Pack(body, packed_), rows, encoding);
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
    if (dictionary_values > 0) Sample(dictionary, packed_);
    for (const WaitingPage& page : waiting_) Sample(page.body, packed_);
    Decide();
  }
  ChunkMetadata metadata = std::exchange(metadata_, {});
  metadata.codec = *decided_;
  metadata.offset = offset;
  metadata.compressed = stored_.size();
  if (dictionary_values > 0) {
    const std::string_view packed = Pack(dictionary, packed_);
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
  bytes_ = sample_bytes_ = sample_packed_ = 0;
  decided_.reset();
  return metadata;
}

}  // namespace sluice
