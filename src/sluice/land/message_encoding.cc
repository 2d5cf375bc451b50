// SPDX-License-Identifier: Apache-2.0
#include "sluice/land/message_encoding.h"

#include <algorithm>
#include <array>

#include "sluice/base/base64.h"
#include "sluice/codec/stream_codec.h"

namespace sluice {
namespace {

// The magic numbers, with gzip's only method behind it; and how base64 of them begins.
constexpr std::string_view kGzip = "\x1F\x8B\x08", kGzipInBase64 = "H4sI";
constexpr std::string_view kZstd = "\x28\xB5\x2F\xFD", kZstdInBase64 = "KLUv/";

std::optional<std::string> Decompressed(std::string_view bytes) {
  StringSource source(bytes);
  const auto content = DecompressingSource(source);
  std::string decoded;
  std::array<char, 1 << 16> buffer;
  for (;;) {
    const Result<size_t> n = content->Read(buffer);
    if (!n) return std::nullopt;
    if (*n == 0) return decoded;
    if (*n > kMostDecoded.count - decoded.size()) return std::nullopt;
    decoded.append(buffer.data(), *n);
  }
}

std::optional<std::string> BytesOf(std::string_view base64) {
  if (base64.find_first_of("\r\n") == std::string_view::npos) return FromBase64(base64);
  std::string joined(base64);
  std::erase_if(joined, [](char c) { return c == '\r' || c == '\n'; });
  return FromBase64(joined);
}

}  // namespace

std::optional<std::string> DecodedBody(std::string_view body) {
  if (body.starts_with(kGzip) || body.starts_with(kZstd)) return Decompressed(body);
  if (!body.starts_with(kGzipInBase64) && !body.starts_with(kZstdInBase64)) return std::nullopt;
  const std::optional<std::string> bytes = BytesOf(body);
  return bytes ? Decompressed(*bytes) : std::nullopt;
}

}  // namespace sluice
