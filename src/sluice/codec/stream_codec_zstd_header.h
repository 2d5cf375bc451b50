// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

namespace sluice {

// How long the header is of the zstd or skippable frame that begins with `front` (RFC 8878
// §3.1.1.1, §3.1.2). Of less than five bytes it cannot be told yet; the answer is then five.
size_t ZstdHeaderSize(std::string_view front);

// Whether a frame may begin so; `front` may be cut short.
bool MayBeZstdFrame(std::string_view front);

// Where a frame ends, told from the sizes of its blocks, without decoding (RFC 8878 §3.1.1.2).
class ZstdFrameWalk {
 public:
  // Looks at the frame that begins at 0 of `bytes`; in further calls bytes are added behind. The
  // frame's end, which may lie behind `bytes`; 0: not known yet. Each block is looked at once.
  size_t FindEnd(std::string_view bytes);

 private:
  size_t at_ = 0;  // the next block; 0: the header
  size_t end_ = 0;
};

}  // namespace sluice
