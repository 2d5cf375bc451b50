// SPDX-License-Identifier: Apache-2.0
#include "sluice/transform/selected_lines.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace sluice {
namespace {

// Whatever is read at once, of a text that comes in whatever pieces.
std::string Select(std::string_view text, const std::vector<uint64_t>& lines, size_t piece,
                   size_t room) {
  StringSource source(text, piece);
  SelectedLines selected(source, lines);
  std::vector<char> buffer(room);
  std::string all;
  while (true) {
    const auto n = selected.Read(buffer);
    EXPECT_TRUE(n);
    if (!n || *n == 0) return all;
    all.append(buffer.data(), *n);
  }
}

TEST(SelectedLinesTest, StandWhereTheyStoodHoweverTheTextComes) {
  const std::string text = "one\ntwo\n\nfour\r\nfive\nsix";
  for (const size_t piece : {1, 2, 3, 5, 100}) {
    for (const size_t room : {1, 2, 7, 100}) {
      EXPECT_EQ(Select(text, {1}, piece, room), "one\n");
      EXPECT_EQ(Select(text, {2, 4}, piece, room), "\ntwo\n\nfour\r\n");
      EXPECT_EQ(Select(text, {1, 2, 3, 4, 5, 6}, piece, room), text);
      EXPECT_EQ(Select(text, {6}, piece, room), "\n\n\n\n\nsix");
    }
  }
}

TEST(SelectedLinesTest, WhatIsNotThereIsNotMade) {
  EXPECT_EQ(Select("one\ntwo\n", {2, 9}, 100, 100), "\ntwo\n");
  EXPECT_EQ(Select("", {1}, 100, 100), "");
  EXPECT_EQ(Select("one\n", {}, 100, 100), "");
}

}  // namespace
}  // namespace sluice
