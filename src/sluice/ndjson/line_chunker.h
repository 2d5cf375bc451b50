// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "sluice/base/bytes.h"
#include "sluice/base/io.h"
#include "sluice/base/result.h"

namespace sluice {

// Some whole lines of a stream, and where they stand in it.
struct LineChunk {
  // The last line may lack its '\n' only at the end of the stream. At least LineChunker::kPadding
  // bytes behind it are readable.
  std::string_view text;
  uint64_t byte_offset = 0;  // of text in the stream
  uint64_t first_line = 1;
  // This chunk stands for one line over the limit: `text` holds only its front, `byte_length` says
  // how long it is.
  bool is_cut_line = false;
  uint64_t byte_length = 0;
};

struct LineChunkerOptions {
  Bytes chunk =
      KiB(256);  // how much is read at once; memory is about twice this, or twice the longest line
  Bytes longest_line = MiB(16);  // without its end; at most 1 GiB
  Bytes kept_of_cut_line = KiB(64);
};

// Cuts a stream into chunks of whole lines, in bounded memory, and the same lines however `source`
// cuts it. Fuzzed. A UTF-8 byte order mark at the very
// start is skipped (offsets count it). One thread at a time; `source` outlives the chunker.
class LineChunker {
 public:
  static constexpr size_t kPadding = 64;

  explicit LineChunker(ByteSource& source, LineChunkerOptions options = {});

  // False at the end. `chunk` is valid until the next call. An error of the source is passed on as
  // it is.
  Result<bool> Next(LineChunk& chunk);
  // The same for those who work on several chunks at once: `chunk` is in `memory`, in place of what
  // that held, and valid as long as it is.
  Result<bool> Next(LineChunk& chunk, std::vector<char>& memory);

  // Bytes and lines handed out so far.
  uint64_t bytes() const { return byte_offset_; }
  uint64_t lines() const { return next_line_ - 1; }

 private:
  std::string_view held() const { return {buffer_.data() + begin_, end_ - begin_}; }
  Status Fill(size_t wanted);
  Status ReadMore(size_t most);
  Result<size_t> FindWholeLines();
  void HandOut(LineChunk& chunk, size_t size);
  Status HandOutCutLine(LineChunk& chunk);
  Result<uint64_t> PassOverLine(size_t front, uint64_t& length);

  ByteSource& source_;
  LineChunkerOptions options_;
  std::vector<char> buffer_;
  size_t begin_ = 0, end_ = 0;  // of what was read and not handed out yet
  uint64_t byte_offset_ = 0;
  uint64_t next_line_ = 1;
  bool at_end_ = false, started_ = false;
};

}  // namespace sluice
