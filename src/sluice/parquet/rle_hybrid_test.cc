// SPDX-License-Identifier: Apache-2.0
#include "sluice/parquet/rle_hybrid.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <random>

namespace sluice {
namespace {

std::vector<uint32_t> Decoded(std::string_view data, int width, size_t count) {
  std::vector<uint32_t> out;
  const Status status = DecodeHybrid(data, width, count, out);
  EXPECT_TRUE(status) << status.error().message();
  return out;
}

TEST(RleHybrid, BitWidths) {
  EXPECT_EQ(BitWidth(0), 1);
  EXPECT_EQ(BitWidth(1), 1);
  EXPECT_EQ(BitWidth(2), 2);
  EXPECT_EQ(BitWidth(255), 8);
  EXPECT_EQ(BitWidth(256), 9);
  EXPECT_EQ(BitWidth(65'535), 16);
}

TEST(RleHybrid, IdsOfEveryWidthComeBack) {
  std::mt19937 random(1);
  for (int width = 1; width <= 16; ++width) {
    for (const size_t count : {0u, 1u, 7u, 8u, 9u, 31u, 32u, 33u, 100u, 1000u, 100'000u}) {
      for (const uint32_t run : {1u, 5u, 40u, 1000u}) {
        std::vector<uint16_t> ids;
        while (ids.size() < count) {
          const uint16_t id = static_cast<uint16_t>(random() % (1u << width));
          const size_t length = std::min<size_t>(1 + random() % run, count - ids.size());
          ids.insert(ids.end(), length, id);
        }
        ByteBuffer out;
        AppendIds(ids, width, out);
        const std::vector<uint32_t> wanted(ids.begin(), ids.end());
        ASSERT_EQ(Decoded(out.view(), width, count), wanted) << width << " " << count << " " << run;
      }
    }
  }
}

TEST(RleHybrid, BitsAreInTheOrderOfTheSpecification) {
  // Encodings.md: 0 to 7 at 3 bits are 10001000 11000110 11111010.
  const std::vector<uint16_t> ids = {0, 1, 2, 3, 4, 5, 6, 7};
  ByteBuffer out;
  AppendIds(ids, 3, out);
  EXPECT_EQ(out.view(), "\x03\x88\xc6\xfa");
}

TEST(RleHybrid, EqualIdsAreOneRun) {
  ByteBuffer out;
  AppendIds(std::vector<uint16_t>(20'001, 300), 9, out);
  EXPECT_EQ(out.size(), 5u);
}

TEST(RleHybrid, LevelsComeBack) {
  std::mt19937 random(2);
  for (const size_t rows : {1u, 7u, 8u, 9u, 1000u, 32'768u}) {
    for (const uint32_t share : {0u, 1u, 50u, 100u}) {
      std::vector<uint8_t> present;
      size_t ones = 0;
      for (size_t i = 0; i < rows; ++i) {
        present.push_back(random() % 100 < share ? 1 : 0);
        ones += present.back();
      }
      std::string room(LevelRoom(rows), '?');
      char* const end = room.data() + room.size();
      char* const begin = WriteLevelsBefore(end, present, ones);
      ASSERT_GE(begin, room.data());
      uint32_t length = 0;
      std::memcpy(&length, begin, 4);
      ASSERT_EQ(begin + 4 + length, end);
      const std::vector<uint32_t> wanted(present.begin(), present.end());
      ASSERT_EQ(Decoded({begin + 4, length}, 1, rows), wanted);
      if (share == 0 || share == 100) {
        EXPECT_LE(length, 4u);
      }
    }
  }
}

TEST(RleHybrid, PackedBoolsAreBitsFromTheLowest) {
  std::array<uint8_t, 11> bools = {1, 0, 1, 1, 0, 0, 0, 1, 0, 1, 1};
  char out[2];
  EXPECT_EQ(PackBools(bools.data(), bools.size(), out), out + 2);
  EXPECT_EQ(static_cast<uint8_t>(out[0]), 0b1000'1101);
  EXPECT_EQ(static_cast<uint8_t>(out[1]), 0b0000'0110);
}

TEST(RleHybrid, WrongLengthsAreRefused) {
  std::vector<uint32_t> out;
  const std::vector<uint16_t> ids = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  ByteBuffer good;
  AppendIds(ids, 4, good);
  ASSERT_TRUE(DecodeHybrid(good.view(), 4, 12, out));
  EXPECT_FALSE(DecodeHybrid(good.view(), 4, 8, out));   // a whole group too many
  EXPECT_FALSE(DecodeHybrid(good.view(), 4, 17, out));  // too few
  EXPECT_FALSE(DecodeHybrid(std::string(good.view()) + "x", 4, 12, out));
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(DecodeHybrid(good.view().substr(0, size), 4, 12, out));
  }
  EXPECT_FALSE(DecodeHybrid(good.view(), 0, 12, out));
  EXPECT_FALSE(DecodeHybrid(good.view(), 17, 12, out));
  EXPECT_FALSE(DecodeHybrid("\x06\x07", 1, 3, out));                      // 7 does not fit in 1 bit
  EXPECT_FALSE(DecodeHybrid("\xff\xff\xff\xff\xff\xff\x01", 1, 3, out));  // run header too long
  EXPECT_FALSE(DecodeHybrid(std::string("\0\0", 2), 1, 3, out));          // run of nothing
}

TEST(RleHybrid, RandomBytesNeverCrash) {
  std::mt19937 random(3);
  std::vector<uint32_t> out;
  for (int round = 0; round < 50'000; ++round) {
    std::string bytes(random() % 40, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    const int width = static_cast<int>(1 + random() % 16);
    const size_t count = random() % 300;
    if (DecodeHybrid(bytes, width, count, out)) {
      ASSERT_EQ(out.size(), count);
    }
    for (const uint32_t value : out) ASSERT_LT(value, 1u << width);
  }
}

}  // namespace
}  // namespace sluice
