// SPDX-License-Identifier: Apache-2.0
#include "sluice/parquet/value_dictionary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "sluice/base/bytes.h"

namespace sluice {
namespace {

using testing::ElementsAre;

TEST(TextDictionary, IdsAreByFirstAppearance) {
  TextDictionary dictionary(1000);
  const std::vector<std::string_view> values = {"b", "", "b", "a", "", "a long one, over 16 bytes"};
  std::vector<uint16_t> ids(values.size());
  ASSERT_EQ(dictionary.Lookup(values.data(), 6, ids.data()), 6u);
  EXPECT_THAT(ids, ElementsAre(0, 1, 0, 2, 1, 3));
  EXPECT_EQ(dictionary.size(), 4u);
  EXPECT_EQ(dictionary.at(3), values[5]);
}

// Texts of every length around the edges of the hash, each standing at the end of its own memory,
// that differ in one byte only.
TEST(TextDictionary, EveryByteAndTheLengthTellTextsApart) {
  std::vector<std::vector<char>> texts;
  for (size_t size = 0; size <= 140; ++size) {
    texts.emplace_back(size, 'a');
    for (size_t at = 0; at < size; ++at) {
      for (const char byte : {'\0', 'b', '\xe1'}) {
        texts.emplace_back(size, 'a')[at] = byte;
      }
    }
  }
  std::vector<std::string_view> views;
  for (const std::vector<char>& text : texts) views.emplace_back(text.data(), text.size());
  TextDictionary dictionary(MiB(32).count);
  std::vector<uint16_t> ids(views.size());
  for (int round = 0; round < 2; ++round) {
    ASSERT_EQ(dictionary.Lookup(views.data(), views.size(), ids.data()), views.size());
    for (size_t i = 0; i < ids.size(); ++i) ASSERT_EQ(ids[i], i);
  }
  for (size_t i = 0; i < views.size(); ++i) ASSERT_EQ(dictionary.at(i), views[i]);
}

TEST(TextDictionary, EndsWhenItsHashIsFlooded) {
  // Texts chosen so that they all want the same slot of a large table.
  std::vector<std::string> texts;
  for (uint64_t i = 0; texts.size() < 200; ++i) {
    const std::string text = std::to_string(i);
    const auto words = hashing::WordsOfShort(text.data(), text.size());
    if ((hashing::OfWords(words, text.size()) & 0x3fff) == 7) texts.push_back(text);
  }
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  TextDictionary dictionary(MiB(1).count);
  std::vector<uint16_t> ids(views.size());
  EXPECT_EQ(dictionary.Lookup(views.data(), 200, ids.data()), kMostProbes);
}

TEST(TextDictionary, StopsAtTheFirstValueThatDoesNotFit) {
  TextDictionary dictionary(4 + 3 + 4 + 1);
  const std::vector<std::string_view> values = {"abc", "abc", "d", "d", "e", "abc"};
  std::vector<uint16_t> ids(values.size());
  EXPECT_EQ(dictionary.Lookup(values.data(), 6, ids.data()), 4u);
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
  EXPECT_EQ(text_dictionary.Lookup(views.data(), views.size(), ids.data()), 65'536u);
  EXPECT_EQ(ids[65'535], 65'535);
  EXPECT_EQ(number_dictionary.Lookup(numbers.data(), numbers.size(), ids.data()), 65'536u);
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
  EXPECT_EQ(dictionary.Lookup(numbers.data(), 200, ids.data()), kMostProbes);
}

}  // namespace
}  // namespace sluice
