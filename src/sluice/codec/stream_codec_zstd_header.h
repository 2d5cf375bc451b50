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

}  // namespace sluice
