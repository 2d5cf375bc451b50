// SPDX-License-Identifier: Apache-2.0
#include "sluice/codec/stream_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zstd.h>

#include <vector>

#include "sluice/codec/stream_codec_for_test.h"

namespace sluice {
namespace {

TEST(StreamFormat, NamesAndExtensions) {
  for (const StreamFormat format : kFormats) EXPECT_EQ(StreamFormatNamed(Name(format)), format);
  EXPECT_EQ(StreamFormatNamed("snappy"), std::nullopt);
  EXPECT_EQ(Extension(StreamFormat::kPlain), "");
  EXPECT_EQ(Extension(StreamFormat::kGzip), ".gz");
  EXPECT_EQ(Extension(StreamFormat::kZstd), ".zst");
}

TEST(StreamCodec, WhatIsCompressedComesBack) {
  for (const StreamFormat format : kFormats) {
    for (const size_t size : {0, 1, 2, 3, 100, 70'000, 3'500'000}) {
      for (const std::string& content : {Lines(size).substr(0, size), Noise(size, 3)}) {
        if (format == StreamFormat::kPlain && size > 1 && content[0] == '\x1F') continue;
        const std::string stored = Compressed(format, content);
        EXPECT_EQ(Decompressed(stored), content) << Name(format) << size;
        EXPECT_EQ(Decompressed(stored, 4099, 1 << 20), content) << Name(format) << size;
        if (size <= 70'000) {
          EXPECT_EQ(Decompressed(stored, 1, 1), content) << Name(format) << size;
        }
      }
    }
  }
}

TEST(StreamCodec, T5_ShortPlainInputsPass) {
  for (const std::string& text :
       {std::string(), std::string("x"), std::string("{}"), std::string("\x1F"),
        std::string("\x28\xB5\x2F"), std::string("\x28\xB5"), std::string("\x8B\x1F"),
        std::string("P*M"), std::string("\0\0\0\0\0", 5), std::string("\n")}) {
    EXPECT_EQ(Decompressed(text), text);
    EXPECT_EQ(Decompressed(text, 1, 1), text);
  }
}

TEST(StreamCodec, TheBytesAreAFunctionOfTheContent) {
  const std::string content = Lines(2'500'000) + "no newline at the end";
  for (const StreamFormat format : kFormats) {
    const std::string at_once = Compressed(format, content);
    for (const size_t piece : {617, 65'536, 1'048'575, 1'048'576, 1'048'577}) {
      EXPECT_EQ(Compressed(format, content, piece), at_once) << Name(format) << piece;
    }
  }
  // No name and no time in a gzip header.
  EXPECT_EQ(Compressed(StreamFormat::kGzip, "x").substr(0, 8),
            std::string("\x1F\x8B\x08\x00\x00\x00\x00\x00", 8));
}

// The content of each zstd frame of `stored`.
std::vector<std::string> Frames(std::string_view stored) {
  std::vector<std::string> frames;
  while (!stored.empty()) {
    const size_t length = ZSTD_findFrameCompressedSize(stored.data(), stored.size());
    EXPECT_EQ(ZSTD_isError(length), 0U);
    // The content size is in the header, and four bytes of checksum are wanted.
    std::string frame(ZSTD_getFrameContentSize(stored.data(), stored.size()), '\0');
    EXPECT_EQ(stored[4] & 4, 4) << "the checksum flag, RFC 8878 §3.1.1.1.1";
    EXPECT_EQ(ZSTD_decompress(frame.data(), frame.size(), stored.data(), length), frame.size());
    frames.push_back(std::move(frame));
    stored.remove_prefix(length);
  }
  return frames;
}

TEST(CompressingSink, FramesAreOfWholeLinesAndAboutOneMebibyte) {
  const auto frames = Frames(Compressed(StreamFormat::kZstd, Lines(5'000'000)));
  ASSERT_EQ(frames.size(), 5U);
  for (size_t i = 0; i < frames.size(); ++i) {
    EXPECT_TRUE(frames[i].ends_with('\n'));
    EXPECT_LE(frames[i].size(), (1U << 20) + 100);
    if (i + 1 < frames.size()) {
      EXPECT_GE(frames[i].size(), 1U << 20);
    }
  }
}

TEST(CompressingSink, ALongLineStaysInOneFrameUnlessItIsTooLongForAnyTable) {
  const std::string five_megabytes(5'000'000, 'x');
  EXPECT_EQ(Frames(Compressed(StreamFormat::kZstd, "a\n" + five_megabytes + "\nb\n")).size(), 2U);
  const auto frames =
      Frames(Compressed(StreamFormat::kZstd, std::string(40'000'000, 'x') + "\nb\n", 1'000'000));
  ASSERT_EQ(frames.size(), 4U);
  EXPECT_EQ(frames[0].size(), 17U << 20);
}

TEST(CompressingSink, NothingBecomesOneEmptyFrameThatOtherToolsTake) {
  EXPECT_EQ(Frames(Compressed(StreamFormat::kZstd, "")), std::vector<std::string>{""});
  EXPECT_GE(Compressed(StreamFormat::kGzip, "").size(), 18U);
  EXPECT_EQ(Compressed(StreamFormat::kPlain, ""), "");
}

TEST(CompressingSink, PassesErrorsOfItsSinkOn) {
  class FullSink : public ByteSink {
    Status Write(std::string_view) override { return Fail(ErrorKind::kTransient, "full"); }
  } full;
  for (const StreamFormat format : kFormats) {
    const auto sink = MakeCompressingSink(format, full);
    const Status written = sink->Write(Lines(2'000'000));
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().message(), "full");
  }
}

}  // namespace
}  // namespace sluice
