// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "sluice/base/io.h"
#include "sluice/base/result.h"

namespace sluice {

// How a raw object is compressed.
enum class StreamFormat { kPlain, kGzip, kZstd };

std::string_view Name(StreamFormat format);       // "none", "gzip", "zstd"
std::string_view Extension(StreamFormat format);  // "", ".gz", ".zst"
std::optional<StreamFormat> StreamFormatNamed(std::string_view name);

// The decompressed bytes of `source`, whose format is told by its magic number (RFC 1952 §2.3.1,
// RFC 8878 §3.1), never by its name. All members and frames are read, empty and skippable ones too,
// in bounded memory, whatever comes out (a zstd window over 128 MiB is refused; the fields of a
// gzip header are passed over). Fuzzed. What is cut short, fails its checksum, is of another length
// than it says or has other bytes behind its last member (zeros too) is kBadData, with the same
// message however the bytes are cut into reads; how much of a damaged member comes out before is
// not said. Errors of `source` are passed on as they are, behind all bytes before them; the next
// Read tries it again. `source` outlives the result.
std::unique_ptr<ByteSource> DecompressingSource(ByteSource& source);

// Compresses what is written into `sink`. Calls must match: Write* Finish.
class CompressingSink : public ByteSink {
 public:
  // Ends the last frame or member. Nothing may be written after it.
  virtual Status Finish() = 0;
};

// Frames or members of whole lines, each ending behind the first newline at or after 1 MiB (or, in
// a line without end, at 17 MiB), so that a reader can work on several at once. zstd level 1 with
// content checksum and content size; gzip level 6 without name and time. Of nothing one empty frame
// or member is made. The bytes are a function of the content, not of how it was cut into writes.
// `sink` outlives the result.
std::unique_ptr<CompressingSink> MakeCompressingSink(StreamFormat format, ByteSink& sink);

}  // namespace sluice
