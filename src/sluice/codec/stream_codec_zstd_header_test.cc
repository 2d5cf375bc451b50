// SPDX-License-Identifier: Apache-2.0
#include "sluice/codec/stream_codec_zstd_header.h"

#include <gtest/gtest.h>
#include <zstd.h>

#include "sluice/codec/stream_codec_for_test.h"

namespace sluice {
namespace {

// Wherever it is cut, and whatever follows, the walk finds the end that zstd finds.
void ExpectEnd(const std::string& frame) {
  SCOPED_TRACE(testing::PrintToString(frame.substr(0, 20)));
  ASSERT_EQ(ZSTD_findFrameCompressedSize(frame.data(), frame.size()), frame.size());
  const std::string more = frame + "more";
  for (const size_t step : {size_t{1}, size_t{1000}, more.size()}) {
    ZstdFrameWalk walk;
    for (size_t size = 0; size < more.size() + step; size += step) {
      const size_t end = walk.FindEnd(std::string_view(more).substr(0, size));
      if (size >= frame.size()) {
        EXPECT_EQ(end, frame.size());
      } else {
        EXPECT_TRUE(end == 0 || end == frame.size()) << size;
      }
    }
  }
}

TEST(ZstdFrameWalk, FindsTheEndOfFramesOfAnyContent) {
  for (const size_t size : {0, 1, 255, 256, 65'791, 65'792, 300'000}) {
    for (const std::string& content : {Lines(size), Noise(size), std::string(size, 'x')}) {
      ExpectEnd(ZstdFrame(content));
      ExpectEnd(ZstdFrame(content, 17));
      ExpectEnd(ZstdFrame(content, 0, 0));
    }
  }
  ExpectEnd(kSkippable);
}

TEST(ZstdFrameWalk, KnowsEveryFormOfTheHeader) {
  for (int descriptor = 0; descriptor < 256; ++descriptor) {
    if ((descriptor & 0x08) != 0) continue;  // reserved
    std::string frame = std::string("\x28\xB5\x2F\xFD") + static_cast<char>(descriptor);
    const size_t header = ZstdHeaderSize(frame);
    frame.resize(header);
    frame += std::string("\x01\x00\x00", 3);  // the last block, empty
    if ((descriptor & 0x04) != 0) frame += "sum.";
    ExpectEnd(frame);
  }
}

TEST(ZstdFrameWalk, FindsNoEndWhereThereIsNoFrame) {
  for (const std::string& bytes :
       {std::string(100, 'x'), Member("gzip"), "\x28\xB5\x2F\xFC" + std::string(100, '\0'),
        "\x28\xB5\x2F\xFD" + std::string(2, '\0') + std::string(50, '\x07')}) {
    EXPECT_EQ(ZstdFrameWalk().FindEnd(bytes), 0U);
  }
}

TEST(MayBeZstdFrame, IsToldFromAsManyBytesAsThereAre) {
  for (const std::string& frame : {ZstdFrame("x"), kSkippable}) {
    for (size_t size = 0; size < frame.size(); ++size) {
      EXPECT_TRUE(MayBeZstdFrame(frame.substr(0, size)));
      if (size == 0 || size > 4) continue;
      std::string other = frame.substr(0, size);
      other.back() ^= '\x80';
      EXPECT_FALSE(MayBeZstdFrame(other));
    }
  }
}

}  // namespace
}  // namespace sluice
