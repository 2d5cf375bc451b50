// SPDX-License-Identifier: Apache-2.0
#include "sluice/codec/block_codec.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace sluice {
namespace {

constexpr Codec kCodecs[] = {Codec::kUncompressed, Codec::kSnappy, Codec::kZstd};

// Half text that repeats, half noise.
std::string Sample(size_t size, uint32_t seed) {
  std::mt19937 random(seed);
  std::string text;
  while (text.size() < size) {
    if (random() % 2 == 0) {
      text += "https://cms.example.com/wizard/";
    } else {
      text.push_back(static_cast<char>(random()));
    }
  }
  text.resize(size);
  return text;
}

TEST(BlockCodec, EveryCodecGivesBackWhatItTook) {
  BlockCodec codec;
  std::string packed, unpacked;
  for (const Codec which : kCodecs) {
    for (const size_t size : {0u, 1u, 7u, 100u, 65'535u, 65'537u, 300'000u}) {
      const std::string text = Sample(size, static_cast<uint32_t>(size));
      codec.Compress(which, text, packed);
      ASSERT_TRUE(codec.Decompress(which, packed, size, unpacked)) << Name(which) << size;
      EXPECT_EQ(unpacked, text) << Name(which) << size;
    }
  }
}

TEST(BlockCodec, LiteralsAloneAreAZstdFrameToo) {
  BlockCodec codec;
  std::mt19937 random(5);
  std::string packed, unpacked, digits;
  for (const size_t size : {0u, 1u, 7u, 100u, 65'537u, 300'000u}) {
    while (digits.size() < size) digits += "0123456789abcdef"[random() % 16];
    for (const std::string& text : {Sample(size, 1), digits}) {
      codec.CompressLiterals(text, packed);
      ASSERT_TRUE(codec.Decompress(Codec::kZstd, packed, text.size(), unpacked)) << size;
      EXPECT_EQ(unpacked, text) << size;
    }
  }
  EXPECT_LT(packed.size(), digits.size() * 52 / 100);  // half a byte for each digit
}

TEST(BlockCodec, OutputThatMustGrowHasTheSizePromised) {
  BlockCodec codec;
  std::string packed;
  for (const Codec which : kCodecs) {
    for (size_t size = 60; size < 300; ++size) {
      const std::string text(size, 'x');
      std::string unpacked;
      unpacked.reserve(64);
      codec.Compress(which, text, packed);
      ASSERT_TRUE(codec.Decompress(which, packed, size, unpacked));
      ASSERT_EQ(unpacked, text);
    }
  }
}

TEST(BlockCodec, ReusedContextGivesTheBytesOfAFreshOne) {
  BlockCodec reused;
  std::string first, second;
  for (const Codec which : kCodecs) {
    for (uint32_t seed = 0; seed < 20; ++seed) {
      const std::string text = Sample(1000 + seed * 9000, seed);
      BlockCodec fresh;
      fresh.Compress(which, text, first);
      reused.Compress(which, text, second);
      EXPECT_EQ(first, second) << Name(which) << seed;
    }
  }
}

TEST(BlockCodec, AnotherSizeThanPromisedIsBadData) {
  BlockCodec codec;
  std::string packed, unpacked;
  for (const Codec which : kCodecs) {
    codec.Compress(which, Sample(1000, 1), packed);
    for (const size_t wrong : {0u, 999u, 1001u, 1u << 30}) {
      const Status status = codec.Decompress(which, packed, wrong, unpacked);
      ASSERT_FALSE(status) << Name(which) << wrong;
      EXPECT_EQ(status.error().kind(), ErrorKind::kBadData);
    }
  }
}

TEST(BlockCodec, TwoZstdFramesAreNotOneBlock) {
  BlockCodec codec;
  std::string packed, unpacked;
  codec.Compress(Codec::kZstd, Sample(500, 1), packed);
  EXPECT_FALSE(codec.Decompress(Codec::kZstd, packed + packed, 500, unpacked));
  EXPECT_FALSE(codec.Decompress(Codec::kZstd, packed + packed, 1000, unpacked));
}

TEST(BlockCodec, DamagedBlocksNeverCrash) {
  BlockCodec codec;
  std::string packed, unpacked;
  std::mt19937 random(7);
  size_t refused = 0;
  for (const Codec which : {Codec::kSnappy, Codec::kZstd}) {
    const std::string text = Sample(5000, 3);
    codec.Compress(which, text, packed);
    for (int round = 0; round < 3000; ++round) {
      std::string damaged = packed;
      if (round % 3 == 0) damaged.resize(random() % damaged.size());
      for (uint32_t n = 0; n < 1 + random() % 3 && !damaged.empty(); ++n) {
        damaged[random() % damaged.size()] = static_cast<char>(random());
      }
      const Status status = codec.Decompress(which, damaged, text.size(), unpacked);
      if (!status) {
        ++refused;
        EXPECT_EQ(status.error().kind(), ErrorKind::kBadData);
      }
    }
  }
  EXPECT_GT(refused, 1000u);
}

TEST(BlockCodec, NamesAreReadBack) {
  for (const Codec which : kCodecs) EXPECT_EQ(CodecNamed(Name(which)), which);
  EXPECT_EQ(CodecNamed("lzo"), std::nullopt);
  EXPECT_EQ(CodecNamed(""), std::nullopt);
}

TEST(Crc32, HasTheCheckValueOfItsPolynomialAndContinues) {
  EXPECT_EQ(Crc32(""), 0u);
  EXPECT_EQ(Crc32("123456789"), 0xCBF43926u);
  EXPECT_EQ(Crc32("6789", Crc32("12345")), 0xCBF43926u);
}

TEST(CodecVersions, NamesWhatDecidesTheBytes) {
  EXPECT_EQ(CodecVersions().find("snappy-encoder 1 "), 0u);
  EXPECT_NE(CodecVersions().find(" zstd 1."), std::string::npos);
}

}  // namespace
}  // namespace sluice
