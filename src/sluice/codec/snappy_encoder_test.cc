// SPDX-License-Identifier: Apache-2.0
#include "sluice/codec/snappy_encoder.h"

#include <gtest/gtest.h>
#include <snappy.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

namespace sluice {
namespace {

// Through an allocation of exactly the size promised, so that the sanitizer sees a byte too many.
std::string Encode(SnappyEncoder& encoder, std::string_view in) {
  std::vector<char> input(in.begin(), in.end());
  std::vector<char> out(SnappyEncoder::MostBytes(in.size()));
  return {out.data(), encoder.Compress({input.data(), input.size()}, out.data())};
}

void ExpectRoundTrip(SnappyEncoder& encoder, std::string_view in) {
  const std::string packed = Encode(encoder, in);
  EXPECT_LE(packed.size(), snappy::MaxCompressedLength(in.size()));
  std::string back;
  ASSERT_TRUE(snappy::Uncompress(packed.data(), packed.size(), &back)) << in.size();
  ASSERT_TRUE(back == in) << in.size();
}

std::string Noise(size_t size, uint32_t seed) {
  std::mt19937 random(seed);
  std::string text(size, '\0');
  for (char& byte : text) byte = static_cast<char>(random());
  return text;
}

// URLs with noise of many lengths between them: matches and literals of every length.
std::string Text(size_t size, uint32_t seed) {
  std::mt19937 random(seed);
  const std::string words = "https://cms.example.com/wizard/step?section=hero&lang=es";
  std::string text;
  while (text.size() < size) {
    text += words.substr(random() % 8, random() % words.size());
    text += Noise(random() % 4 == 0 ? random() % 300 : random() % 5, seed += 7);
  }
  text.resize(size);
  return text;
}

std::vector<size_t> Sizes() {
  std::vector<size_t> sizes;
  for (size_t size = 0; size < 200; ++size) sizes.push_back(size);
  for (size_t power = 256; power <= 1 << 18; power *= 2) {
    for (const size_t size : {power - 1, power, power + 1, power + 60}) sizes.push_back(size);
  }
  return sizes;
}

TEST(SnappyEncoder, LibsnappyGivesBackEveryKindOfInput) {
  SnappyEncoder encoder;
  for (const size_t size : Sizes()) {
    const uint32_t seed = static_cast<uint32_t>(size);
    ExpectRoundTrip(encoder, std::string(size, 'x'));
    ExpectRoundTrip(encoder, Noise(size, seed));
    ExpectRoundTrip(encoder, Text(size, seed));
    ExpectRoundTrip(encoder, Noise(size / 2, seed) + Noise(size / 2, seed));
  }
}

TEST(SnappyEncoder, MatchesOfEveryLengthAndOffsetAreGivenBack) {
  SnappyEncoder encoder;
  const std::string noise = Noise(70'000, 1);
  for (size_t length = 1; length < 300; ++length) {
    for (const size_t gap : {0u, 1u, 7u, 200u, 1900u, 2047u - 8u, 2048u}) {
      ExpectRoundTrip(encoder, noise.substr(0, length) + noise.substr(1000, gap) +
                                   noise.substr(0, length) + "end");
    }
  }
  for (size_t period = 1; period < 80; ++period) {
    std::string text;
    while (text.size() < 1000) text += noise.substr(0, period);
    ExpectRoundTrip(encoder, text);
  }
}

TEST(SnappyEncoder, OffsetsStayBelow64KiB) {
  SnappyEncoder encoder;
  const std::string noise = Noise(1000, 2);
  const auto twice = [&](size_t offset) {
    return Encode(encoder, noise + std::string(offset - 1000, 'x') + noise).size();
  };
  // A copy with a longer offset would be found and cost no more.
  EXPECT_LT(twice(65'535) + 900, twice(65'536));
  ExpectRoundTrip(encoder, noise + std::string(65'535 - 1000, 'x') + noise);
  ExpectRoundTrip(encoder, noise + std::string(65'536 - 1000, 'x') + noise);
}

TEST(SnappyEncoder, TextShrinksAboutAsFarAsByLibsnappy) {
  SnappyEncoder encoder;
  const std::string text = Text(1 << 18, 3);
  std::string theirs;
  snappy::Compress(text.data(), text.size(), &theirs);
  EXPECT_LT(Encode(encoder, text).size() * 100, theirs.size() * 115);
}

TEST(SnappyEncoder, WhatItDidBeforeDoesNotMatter) {
  SnappyEncoder used;
  for (uint32_t seed = 0; seed < 20; ++seed) {
    const std::string text = Text(100 + seed * 7919, seed);
    const auto fresh = std::make_unique<SnappyEncoder>();
    EXPECT_EQ(Encode(used, text), Encode(*fresh, text));
    Encode(used, Noise(300, seed));
  }
}

// The bytes are part of every revision: when these change, kVersion rises.
TEST(SnappyEncoder, GoldenBytes) {
  static_assert(SnappyEncoder::kVersion == 1);
  SnappyEncoder encoder;
  const std::string packed = Encode(encoder, "abcdefghijkl,abcdefghijkl,abcdefghijkm");
  EXPECT_EQ(packed, std::string("\x26\x30"
                                "abcdefghijkl,"
                                "\x5e\x0d\x00\x00m",
                                20));
}

}  // namespace
}  // namespace sluice
