// SPDX-License-Identifier: Apache-2.0
#include "sluice/ndjson/plain_number.h"

#include <gtest/gtest.h>

#include <bit>
#include <random>
#include <string>

#include "sluice/ndjson/decimal_value.h"
#include "sluice/ndjson/floating_value.h"
#include "sluice/ndjson/integer_value.h"
#include "sluice/ndjson/json_scan.h"

namespace sluice {
namespace {

std::optional<PlainNumber> Read(const std::string& text) {
  const std::string padded = text + ',' + std::string(kScanPadding, '7');
  return ReadPlainNumber(std::string_view(padded).substr(0, text.size()));
}

TEST(PlainNumberTest, ReadsWhatMostWritersWrite) {
  EXPECT_EQ(Read("0")->Signed(), 0);
  EXPECT_EQ(Read("-7")->Signed(), -7);
  EXPECT_EQ(Read("123456789012345678")->Signed(), 123'456'789'012'345'678);
  EXPECT_EQ(Read("12.50")->magnitude, 1250U);
  EXPECT_EQ(Read("12.50")->fraction, 2U);
  EXPECT_TRUE(Read("-0.000001")->is_negative);
  for (const std::string text :
       {"",     "-",     ".",  "1.", ".5",    "-.5", "01", "-01", "00",  "1e3",
        "1E3",  "+1",    "1 ", " 1", "1.2.3", "--1", "1-", "0x1", "1,2", "1234567890123456789",
        "null", "1\xb0", "/",  ":"}) {
    EXPECT_FALSE(Read(text)) << text;
  }
}

// Whatever it reads, the general path's readers read the same.
TEST(PlainNumberTest, AgreesWithTheReadersOfTheGeneralPath) {
  std::mt19937 random(5);
  constexpr std::string_view kCharacters = "0123456789012345678901234567890.-e+x:/";
  size_t read = 0, decimals = 0, doubles = 0;
  for (int i = 0; i < 400'000; ++i) {
    std::string text;
    if (random() % 3 == 0) text += '-';
    const size_t kinds = i % 2 == 0 ? 32 : kCharacters.size();
    for (size_t size = random() % 20; size > 0; --size) text += kCharacters[random() % kinds];
    const auto number = Read(text);
    if (!number) continue;
    ++read;
    const std::string ended = text + '\n';
    ASSERT_EQ(SkipNumber(ended.data()), ended.data() + text.size()) << text;
    if (!number->has_point) {
      ASSERT_EQ(ParseInteger(text, INT64_MIN, INT64_MAX).value(), number->Signed()) << text;
    }
    const int precision = 1 + static_cast<int>(random() % 18);
    const int scale = static_cast<int>(random() % static_cast<unsigned>(precision + 1));
    if (const auto decimal = AsDecimal(*number, precision, scale)) {
      ++decimals;
      ASSERT_EQ(ParseDecimal(text, precision, scale).value(), *decimal) << text;
    }
    if (const auto value = AsDouble(*number)) {
      ++doubles;
      ASSERT_EQ(std::bit_cast<uint64_t>(ParseDouble(text).value()), std::bit_cast<uint64_t>(*value))
          << text;
    }
  }
  EXPECT_GT(read, 50'000U);
  EXPECT_GT(decimals, 20'000U);
  EXPECT_GT(doubles, 50'000U);
}

}  // namespace
}  // namespace sluice
