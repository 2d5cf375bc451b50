// SPDX-License-Identifier: Apache-2.0
#include "sluice/parquet/column_encoding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace sluice {
namespace {

using testing::ElementsAre;
using Bounds = std::optional<std::pair<std::string, std::string>>;

Bounds TextBounds(const std::vector<std::string_view>& values) {
  TextEncoding encoding(0);
  ByteBuffer out;
  encoding.AppendPlain(values.data(), values.size(), SIZE_MAX, 0, out);
  return encoding.MinMax();
}

TEST(TextEncoding, EmptyStringIsALegalMinimum) {
  EXPECT_EQ(TextBounds({}), std::nullopt);
  EXPECT_EQ(TextBounds({""}), Bounds({"", ""}));
  EXPECT_EQ(TextBounds({"b", "", "a"}), Bounds({"", "b"}));
  EXPECT_EQ(TextBounds({"", std::string_view("\0", 1)}), Bounds({"", std::string(1, '\0')}));
}

TEST(TextEncoding, BoundsAreByUnsignedBytesAndLength) {
  EXPECT_EQ(TextBounds({"\xc3\xa9", "z", "a"}), Bounds({"a", "\xc3\xa9"}));
  EXPECT_EQ(TextBounds({"samefront1", "samefront", "samefront2"}),
            Bounds({"samefront", "samefront2"}));
  EXPECT_EQ(TextBounds({"12345678", "1234567"}), Bounds({"1234567", "12345678"}));
  EXPECT_EQ(TextBounds({std::string_view("a\0", 2), "a"}), Bounds({"a", std::string("a\0", 2)}));
}

TEST(TextEncoding, LongBoundsAreLeftOut) {
  const std::string fits(64, 'x'), longer(65, 'x');
  EXPECT_EQ(TextBounds({"a", fits}), Bounds({"a", fits}));
  EXPECT_EQ(TextBounds({"a", longer}), std::nullopt);
}

TEST(TextEncoding, BoundsAreThoseOfASort) {
  std::mt19937 random(1);
  for (int round = 0; round < 2000; ++round) {
    std::vector<std::string> texts(1 + random() % 12);
    for (std::string& text : texts) {
      text.resize(random() % 12);
      for (char& byte : text) byte = "\0ab\xff"[random() % 4];
    }
    const std::vector<std::string_view> views(texts.begin(), texts.end());
    const auto [least, most] = std::minmax_element(views.begin(), views.end());
    ASSERT_EQ(TextBounds(views), Bounds({std::string(*least), std::string(*most)}));
  }
}

TEST(TextEncoding, PagesEndBeforeTheValueThatDoesNotFit) {
  TextEncoding encoding(0);
  ByteBuffer out;
  const std::vector<std::string_view> values = {"123456", "1", "", "12345678901234567890"};
  EXPECT_EQ(encoding.AppendPlain(values.data(), 4, 19, 1, out), 3u);
  EXPECT_EQ(out.size(), 19u);
  EXPECT_EQ(encoding.AppendPlain(values.data() + 3, 1, 19, 0, out), 0u);
  out.Clear();
  EXPECT_EQ(encoding.AppendPlain(values.data() + 3, 1, 19, 1, out), 1u);
}

TEST(TextEncoding, EveryLengthIsCopiedExactly) {
  std::string text;
  for (int i = 0; i < 300; ++i) text += static_cast<char>('!' + i % 90);
  TextEncoding encoding(0);
  for (size_t size = 0; size <= text.size(); ++size) {
    ByteBuffer out;
    const std::string_view value = std::string_view(text).substr(text.size() - size);
    encoding.AppendPlain(&value, 1, SIZE_MAX, 1, out);
    ASSERT_EQ(out.view().substr(4), value);
  }
}

template <typename Wire>
Bounds NumberBounds(Wire wire, const std::vector<typename Wire::Value>& values) {
  NumberEncoding<Wire> encoding(wire, 0);
  ByteBuffer out;
  encoding.AppendPlain(values.data(), values.size(), SIZE_MAX, 0, out);
  return encoding.MinMax();
}

std::string Bytes8(double value) {
  return std::string(std::bit_cast<std::array<char, 8>>(value).data(), 8);
}

TEST(NumberEncoding, ZerosAreWidenedAndNanHasNoBounds) {
  const FloatWire<double> wire;
  EXPECT_EQ(NumberBounds(wire, {0.0, 5.0}), Bounds({Bytes8(-0.0), Bytes8(5.0)}));
  EXPECT_EQ(NumberBounds(wire, {-5.0, -0.0}), Bounds({Bytes8(-5.0), Bytes8(0.0)}));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(NumberBounds(wire, {1.0, nan, 2.0}), std::nullopt);
  EXPECT_EQ(NumberBounds(wire, {nan}), std::nullopt);
}

TEST(NumberEncoding, DecimalsAreBigEndianAndSigned) {
  const DecimalWire wire{9};
  EXPECT_EQ(NumberBounds(wire, {1, -2, 258}),
            Bounds({"\xff\xff\xff\xff\xff\xff\xff\xff\xfe", std::string("\0\0\0\0\0\0\0\1\2", 9)}));
}

TEST(TextDictionary, IdsAreByFirstAppearance) {
  TextDictionary dictionary(1000);
  const std::vector<std::string_view> values = {"b", "", "b", "a", "", "a long one, over 16 bytes"};
  std::vector<uint16_t> ids(values.size());
  size_t fresh = 0;
  ASSERT_EQ(dictionary.Lookup(values.data(), 6, ids.data(), [&](auto) { ++fresh; }), 6u);
  EXPECT_THAT(ids, ElementsAre(0, 1, 0, 2, 1, 3));
  EXPECT_EQ(fresh, 4u);
  EXPECT_EQ(dictionary.at(3), values[5]);
}

TEST(TextDictionary, StopsAtTheFirstValueThatDoesNotFit) {
  TextDictionary dictionary(4 + 3 + 4 + 1);
  const std::vector<std::string_view> values = {"abc", "abc", "d", "d", "e", "abc"};
  std::vector<uint16_t> ids(values.size());
  EXPECT_EQ(dictionary.Lookup(values.data(), 6, ids.data(), [](auto) {}), 4u);
}

TEST(Dictionaries, HoldAsManyValuesAsIdsCanName) {
  std::vector<std::string> texts;
  std::vector<uint64_t> numbers;
  for (uint64_t i = 0; i <= kMostDictionaryValues; ++i) {
    numbers.push_back(i * 1'000'003);
    texts.push_back(std::to_string(numbers.back()));
  }
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  std::vector<uint16_t> ids(views.size());
  TextDictionary text_dictionary(1 << 30);
  NumberDictionary<uint64_t> number_dictionary(1 << 30);
  const auto ignore = [](auto) {};
  EXPECT_EQ(text_dictionary.Lookup(views.data(), views.size(), ids.data(), ignore), 65'536u);
  EXPECT_EQ(ids[65'535], 65'535);
  EXPECT_EQ(number_dictionary.Lookup(numbers.data(), numbers.size(), ids.data(), ignore), 65'536u);
  EXPECT_EQ(ids[65'535], 65'535);
  EXPECT_EQ(number_dictionary.at(65'535), numbers[65'535]);
}

TEST(NumberDictionary, EndsWhenItsHashIsFlooded) {
  // Numbers chosen so that they all want the same slot of a large table.
  std::vector<uint64_t> numbers;
  for (uint64_t i = 0; numbers.size() < 200; ++i) {
    if ((hashing::OfNumber(i) & 0x3fff) == 7) numbers.push_back(i);
  }
  NumberDictionary<uint64_t> dictionary(1000);
  std::vector<uint16_t> ids(numbers.size());
  EXPECT_EQ(dictionary.Lookup(numbers.data(), 200, ids.data(), [](auto) {}), hashing::kMostProbes);
}

}  // namespace
}  // namespace sluice
