// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/io.h"
#include "sluice/parquet/byte_buffer.h"
#include "sluice/parquet/parquet_format.h"

namespace sluice {

// The finished pages of one column chunk, held until its row group is written. Calls must match:
// (AddDataPage* WriteTo)*.
//
// A chunk's pages are packed in one way. It is decided on the chunk's first page of kSampleBytes or
// more, together with the dictionary so far. Snappy if it saves at least 15 %, else none (UUIDs and
// the like cost time and save nothing). zstd by its literals alone if that is at most 15 % larger
// than level 1, and none if neither saves 10 %. Smaller pages wait for the decision.
class ChunkWriter {
 public:
  // `codec` outlives the writer and may be shared by several.
  ChunkWriter(Codec wanted, BlockCodec& codec) : wanted_(wanted), codec_(codec) {}

  // `dictionary` is the PLAIN page of the chunk's dictionary as far as it is known; empty without.
  // Looked at only before the codec is decided.
  void AddDataPage(std::string_view body, uint32_t rows, PageEncoding encoding,
                   std::string_view dictionary);

  bool decided() const { return decided_.has_value(); }
  size_t pages() const { return pages_; }
  uint64_t bytes() const { return bytes_; }  // of the pages so far, before compression

  // Writes dictionary (unless `dictionary_values` is 0) and pages, and forgets them. `offset` is
  // where in the file they come to stand.
  Result<ChunkMetadata> WriteTo(ByteSink& sink, uint64_t offset, std::string_view dictionary,
                                uint32_t dictionary_values);

 private:
  struct WaitingPage {
    std::string body;
    uint32_t rows;
    PageEncoding encoding;
  };

  enum class Packing { kNone, kFull, kLiterals };

  void Sample(std::string_view bytes);
  Packing Decide() const;
  void StoreWaiting();
  void StorePacked(std::string_view body, std::string_view packed, uint32_t rows,
                   PageEncoding encoding);
  void Store(std::string_view body, uint32_t rows, PageEncoding encoding);
  // As decided; the result lives in packed_ or is `body`.
  std::string_view Pack(std::string_view body);

  const Codec wanted_;
  BlockCodec& codec_;
  std::optional<Packing> decided_;
  uint64_t sample_bytes_ = 0, sample_full_ = 0, sample_literals_ = 0;
  std::vector<WaitingPage> waiting_;
  ByteBuffer stored_;  // pages with headers, as they will stand in the file
  size_t pages_ = 0;
  uint64_t bytes_ = 0;
  ChunkMetadata metadata_;
  std::string header_, packed_, full_,
      literals_;  // working memory; the latter two: the last sample
};

}  // namespace sluice
