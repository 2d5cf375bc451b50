// SPDX-License-Identifier: Apache-2.0
#include "sluice/parquet/value_dictionary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice {
namespace {

using testing::ElementsAre;

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
  EXPECT_EQ(dictionary.Lookup(numbers.data(), 200, ids.data(), [](auto) {}), kMostProbes);
}

}  // namespace
}  // namespace sluice
