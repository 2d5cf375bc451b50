// SPDX-License-Identifier: Apache-2.0
#include "sluice/parquet/text_encoding.h"

#include <gtest/gtest.h>

#include <random>

namespace sluice {
namespace {

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

TEST(TextEncoding, AChunkWithALongTextHasNoBounds) {
  const std::string fits(64, 'x'), longer(65, 'x');
  EXPECT_EQ(TextBounds({"a", fits}), Bounds({"a", fits}));
  EXPECT_EQ(TextBounds({"a", longer}), std::nullopt);
  EXPECT_EQ(TextBounds({longer, "a", "z"}), std::nullopt);
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

}  // namespace
}  // namespace sluice
