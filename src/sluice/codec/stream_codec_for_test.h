// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "sluice/codec/stream_codec.h"

namespace sluice {

inline constexpr StreamFormat kFormats[] = {StreamFormat::kPlain, StreamFormat::kGzip,
                                            StreamFormat::kZstd};

inline std::string Lines(size_t size, unsigned seed = 1) {
  std::mt19937 random(seed);
  std::string text;
  while (text.size() < size) {
    text += "{\"request_id\": \"" + std::to_string(random()) +
            "\", \"n\": " + std::to_string(text.size()) + "}\n";
  }
  return text;
}

inline std::string Noise(size_t size, unsigned seed = 1) {
  std::mt19937 random(seed);
  std::string noise(size, '\0');
  for (char& c : noise) c = static_cast<char>(random());
  return noise;
}

inline std::string Compressed(StreamFormat format, std::string_view content,
                              size_t piece = SIZE_MAX) {
  StringSink out;
  const auto sink = MakeCompressingSink(format, out);
  while (!content.empty()) {
    EXPECT_TRUE(sink->Write(content.substr(0, piece)));
    content.remove_prefix(std::min(piece, content.size()));
  }
  EXPECT_TRUE(sink->Finish());
  return out.text();
}

// All of it, in reads of `buffer` bytes from a source that gives `piece` bytes at a time.
inline Result<std::string> Decompressed(std::string_view data, size_t piece = SIZE_MAX,
                                        size_t buffer = 10'000) {
  StringSource stored(data, piece);
  const auto source = DecompressingSource(stored);
  std::string text;
  std::vector<char> chunk(buffer);
  for (;;) {
    const auto n = source->Read(chunk);
    if (!n) {
      const auto again = source->Read(chunk);
      EXPECT_FALSE(again) << "a fault stays";
      return std::unexpected(n.error());
    }
    if (*n == 0) break;
    text.append(chunk.data(), *n);
  }
  for (int i = 0; i < 3; ++i) EXPECT_EQ(source->Read(chunk), 0U) << "the end stays";
  return text;
}

inline void ExpectBad(std::string_view data, std::string_view because = "offset=") {
  for (const size_t piece : {size_t{1}, size_t{7}, SIZE_MAX}) {
    const auto text = Decompressed(data, piece);
    ASSERT_FALSE(text);
    EXPECT_EQ(text.error().kind(), ErrorKind::kBadData);
    EXPECT_THAT(text.error().message(), testing::HasSubstr(std::string(because)));
    EXPECT_THAT(text.error().message(), testing::HasSubstr("offset="));
  }
}

// One gzip member with the header's optional fields (RFC 1952 §2.3.1); `flags` and `fields` must
// fit.
inline std::string Member(std::string_view content, uint8_t flags = 0,
                          std::string_view fields = "") {
  std::string member = Compressed(StreamFormat::kGzip, content);
  member[3] = static_cast<char>(flags);
  return member.insert(10, fields);
}

// One zstd frame. With a `window_log` it is made without knowing the content's size, and in two
// blocks at least.
std::string ZstdFrame(std::string_view content, int window_log = 0, int checksum = 1);

inline const std::string kSkippable("\x5A\x2A\x4D\x18\x05\x00\x00\x00hello", 13);

}  // namespace sluice
