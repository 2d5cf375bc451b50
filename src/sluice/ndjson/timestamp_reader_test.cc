// SPDX-License-Identifier: Apache-2.0
#include "sluice/ndjson/timestamp_reader.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace sluice {
namespace {

TEST(TimestampReaderTest, ReadsWhatParseTimestampReads) {
  std::mt19937 random(4);
  const std::string good = "2026-01-31 12:34:56.123456";
  constexpr std::string_view kBytes = "0123456789:.- TZ+\"a/\x80";
  TimestampReader reader;
  size_t read = 0;
  for (int i = 0; i < 300'000; ++i) {
    std::string text = good;
    for (auto changes = random() % 3; changes > 0; --changes) {
      text[random() % text.size()] = kBytes[random() % kBytes.size()];
    }
    if (random() % 50 == 0) text.resize(random() % (text.size() + 1));
    if (random() % 50 == 0) text += 'Z';
    const auto want = ParseTimestamp(text);
    const auto got = reader.Read(text);
    ASSERT_EQ(got.has_value(), want.has_value()) << text;
    if (want) {
      ASSERT_EQ(*got, *want) << text;
    }
    read += want ? 1 : 0;
  }
  EXPECT_GT(read, 100'000U);
}

}  // namespace
}  // namespace sluice
