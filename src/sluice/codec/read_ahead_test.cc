// SPDX-License-Identifier: Apache-2.0
#include "sluice/codec/read_ahead.h"

#include <gtest/gtest.h>

#include "sluice/codec/stream_codec_for_test.h"

namespace sluice {
namespace {

using State = Piece::State;

// Reads the first piece, and looks ahead from `first` bytes on.
void Begin(ReadAhead& pieces, StreamFormat format, size_t first) {
  ASSERT_TRUE(pieces.ReadFirst());
  pieces.SetFormat(format);
  ASSERT_TRUE(pieces.LookAhead(pieces.first().substr(first)));
}

void ExpectNext(ReadAhead& pieces, State state, std::string_view bytes) {
  const auto piece = pieces.Next(true);
  ASSERT_TRUE(piece && *piece != nullptr);
  EXPECT_EQ((*piece)->state, state);
  EXPECT_EQ((*piece)->bytes(), bytes);
}

void ExpectDecoded(ReadAhead& pieces, std::string_view bytes, std::string_view text) {
  const auto piece = pieces.Next(true);
  ASSERT_TRUE(piece && *piece != nullptr);
  EXPECT_EQ((*piece)->state, State::kDecoded);
  EXPECT_EQ((*piece)->bytes(), bytes);
  EXPECT_EQ((*piece)->text(), text);
}

void ExpectEnd(ReadAhead& pieces) {
  const auto piece = pieces.Next(true);
  ASSERT_TRUE(piece);
  EXPECT_EQ(*piece, nullptr);
}

constexpr AheadOptions kSmall{.pieces = 2, .smallest_piece = 1, .largest_text = 1000};

TEST(ReadAhead, AMemberIsAPieceThatHelpDecodes) {
  for (const StreamFormat format : {StreamFormat::kGzip, StreamFormat::kZstd}) {
    std::vector<std::string> members;
    std::string stored;
    for (const char* text : {"0\n", "1\n", "2\n", "3\n", "4\n"}) {
      members.push_back(Compressed(format, text));
      stored += members.back();
    }
    StringSource source(stored);
    ReadAhead pieces(source, kSmall);
    Begin(pieces, format, members[0].size());
    EXPECT_FALSE(pieces.Help()) << "nothing was asked for";
    ExpectNext(pieces, State::kInTurn, members[1]);
    EXPECT_TRUE(pieces.Help());
    EXPECT_TRUE(pieces.Help());
    EXPECT_FALSE(pieces.Help()) << "two pieces ahead, no more";
    ExpectDecoded(pieces, members[2], "2\n");
    ExpectDecoded(pieces, members[3], "3\n");
    EXPECT_TRUE(pieces.Help());
    ExpectDecoded(pieces, members[4], "4\n");
    ExpectEnd(pieces);
    ExpectEnd(pieces);
  }
}

TEST(ReadAhead, SmallMembersShareAPiece) {
  for (const StreamFormat format : {StreamFormat::kGzip, StreamFormat::kZstd}) {
    const std::string member = Compressed(format, "x\n");
    const std::string three = member + member + member, stored = three + three + member;
    AheadOptions options = kSmall;
    options.smallest_piece = member.size() * 2 + 1;
    StringSource source(stored);
    ReadAhead pieces(source, options);
    Begin(pieces, format, 0);
    ExpectNext(pieces, State::kInTurn, three);
    EXPECT_TRUE(pieces.Help());
    ExpectDecoded(pieces, three, "x\nx\nx\n");
    EXPECT_TRUE(pieces.Help());
    ExpectDecoded(pieces, member, "x\n");
    ExpectEnd(pieces);
  }
}

TEST(ReadAhead, WhatIsNotWholeMembersIsRefused) {
  const std::string member = Member("x\n"), longer = Member(std::string(1001, 'x')),
                    longest = Member(std::string(1000, 'x'));
  const std::string header = member.substr(0, 10);
  std::string damaged = member;
  damaged[12] ^= 1;
  AheadOptions options = kSmall;
  options.pieces = 10;
  const std::string stored = member + header + member + damaged + longer + longest + member;
  StringSource source(stored);
  ReadAhead pieces(source, options);
  Begin(pieces, StreamFormat::kGzip, 0);
  ExpectNext(pieces, State::kInTurn, member);
  while (pieces.Help()) continue;
  ExpectNext(pieces, State::kRefused, header);
  ExpectDecoded(pieces, member, "x\n");
  ExpectNext(pieces, State::kRefused, damaged);
  ExpectNext(pieces, State::kRefused, longer);
  ExpectNext(pieces, State::kDecoded, longest);
  ExpectNext(pieces, State::kDecoded, member);
  ExpectEnd(pieces);
}

// What looks like members inside of a member's data may be as dear as their author likes.
TEST(ReadAhead, StopsWhereItLooksAheadInVain) {
  const std::string member = Member("x\n"), header = member.substr(0, 10);
  std::string stored = member;
  for (int i = 0; i < 20; ++i) stored += header + member;
  StringSource source(stored);
  ReadAhead pieces(source, kSmall);
  Begin(pieces, StreamFormat::kGzip, 0);
  int decoded = 0;
  std::string found;
  for (bool is_member = true;; is_member = false) {
    while (pieces.Help()) ++decoded;
    const auto piece = pieces.Next(is_member);
    ASSERT_TRUE(piece);
    if (*piece == nullptr) break;
    found += (*piece)->bytes();
  }
  EXPECT_EQ(found, stored);
  EXPECT_LE(decoded, 3) << "as many as were cut at first";
}

TEST(ReadAhead, LooksNoFurtherWhereNoEndIsFoundInTime) {
  const std::string large = Compressed(StreamFormat::kZstd, Noise(1000));
  const std::string stored = large + large;
  AheadOptions options = kSmall;
  options.largest_piece = 500;
  StringSource source(stored, 100);
  ReadAhead pieces(source, options);
  Begin(pieces, StreamFormat::kZstd, 0);
  ExpectNext(pieces, State::kInTurn, stored.substr(0, 500));
  ExpectNext(pieces, State::kInTurn, stored.substr(500, 100));
  EXPECT_FALSE(pieces.Help());
  // A member ended: what is behind it is looked at once more.
  EXPECT_TRUE(pieces.LookAhead(large));
  EXPECT_FALSE(pieces.LookAhead(large)) << "it does so already";
}

}  // namespace
}  // namespace sluice
