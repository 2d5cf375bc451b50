// SPDX-License-Identifier: Apache-2.0
#include "sluice/ndjson/scan_kernels.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace sluice {
namespace {

std::string Padded(std::string text) {
  return text.append(kScanPadding, '\0');
}

struct Indexed {
  std::vector<uint32_t> quotes, controls;
  std::vector<std::pair<uint32_t, uint32_t>> rows;
  bool has_high_bit;

  friend bool operator==(const Indexed&, const Indexed&) = default;
};

Indexed IndexBy(Isa isa, std::string_view text) {
  StructuralIndex index;
  index.Reset(text.size());
  KernelsFor(isa).index(text, index);
  Indexed made{.quotes = {index.quotes.get(), index.quotes.get() + index.quote_count},
               .controls = index.controls,
               .has_high_bit = index.has_high_bit};
  for (const StructuralIndex::Row row : index.rows) made.rows.emplace_back(row.end, row.quotes);
  return made;
}

std::string RandomText(std::mt19937& random, std::string_view alphabet, size_t size) {
  std::string text(size, ' ');
  for (char& c : text) c = alphabet[random() % alphabet.size()];
  return text;
}

// Heavy in what matters, so that runs of backslashes cross every block's end.
constexpr std::string_view kAlphabets[] = {
    "\"\\", "\\\\\\\\\\\"\n", "\"\\\n ab", "\"\\\r\n\x01 {}:,\xc3", "a\"", "\\"};

TEST(ScanKernelsTest, TheIndexIsTheSameOnEveryInstructionSet) {
  std::mt19937 random(1);
  for (const std::string_view alphabet : kAlphabets) {
    for (size_t size = 0; size < 400; ++size) {
      const std::string padded = Padded(RandomText(random, alphabet, size));
      const std::string_view text = std::string_view(padded).substr(0, size);
      const Indexed want = IndexBy(Isa::kScalar, text);
      for (const Isa isa : SupportedIsas()) {
        EXPECT_EQ(IndexBy(isa, text), want) << Name(isa) << ": " << text;
      }
    }
  }
}

TEST(ScanKernelsTest, EachByteIsIndexedAlikeAtEachPlace) {
  std::string text = Padded(std::string(129, 'x'));
  for (int byte = 0; byte < 256; ++byte) {
    for (size_t place = 0; place < 129; ++place) {
      text[place] = static_cast<char>(byte);
      const Indexed want = IndexBy(Isa::kScalar, {text.data(), 129});
      for (const Isa isa : SupportedIsas()) {
        ASSERT_EQ(IndexBy(isa, {text.data(), 129}), want)
            << Name(isa) << ": " << byte << " at " << place;
      }
      text[place] = 'x';
    }
  }
}

TEST(ScanKernelsTest, TheIndexSaysWhatStandsWhere) {
  const std::string padded = Padded("{\"k\\\"\":1,\"x\":\"\\\\\"}\r\n\x01\n");
  const std::string_view text = std::string_view(padded).substr(0, padded.size() - kScanPadding);
  const uint32_t mark = StructuralIndex::kEscaped;
  for (const Isa isa : SupportedIsas()) {
    const Indexed made = IndexBy(isa, text);
    EXPECT_EQ(made.quotes, (std::vector<uint32_t>{1, 5 | mark, 9, 11, 13, 16 | mark}));
    EXPECT_EQ(made.rows, (std::vector<std::pair<uint32_t, uint32_t>>{{19, 6}, {21, 6}}));
    EXPECT_EQ(made.controls, std::vector<uint32_t>{20});
    EXPECT_FALSE(made.has_high_bit);
  }
}

TEST(ScanKernelsTest, GapsAreTheSameOnEveryInstructionSet) {
  std::mt19937 random(2);
  for (uint32_t strings = 1; strings < 200; ++strings) {
    std::vector<uint32_t> quotes(2 * strings + StructuralIndex::kSlack);
    uint32_t at = 0;
    for (uint32_t i = 0; i < 2 * strings; ++i) {
      at += 1 + static_cast<uint32_t>(random() % 4);
      quotes[i] = at | (random() % 5 == 0 ? StructuralIndex::kEscaped : 0);
    }
    const IndexedLine line{.text = nullptr,
                           .begin = 0,
                           .end = at,
                           .quotes = quotes.data(),
                           .quote_count = 2 * strings};
    for (uint32_t gap = 1; gap < 5; ++gap) {
      for (const Isa isa : SupportedIsas()) {
        std::vector<uint64_t> mask((strings + 63) / 64);
        KernelsFor(isa).gaps(line, gap, mask.data());
        for (uint32_t j = 0; j + 1 < strings; ++j) {
          const bool want = line.quote(2 * j + 2) - line.quote(2 * j + 1) == gap;
          ASSERT_EQ((mask[j / 64] >> j % 64 & 1) != 0, want) << Name(isa) << " " << j;
        }
      }
    }
  }
}

TEST(ScanKernelsTest, ALiteralHoldsOnlyIfEveryByteDoes) {
  for (size_t size = 2; size < 100; ++size) {
    std::string expected = ",";
    expected += '"' + std::string(size - 2, 'k');
    const Literal literal(expected, 1);
    const std::string text = Padded("xxx" + expected + "yy");
    const uint32_t quotes[StructuralIndex::kSlack + 2] = {4, 99};
    const FieldPlace field(0, false);
    for (size_t i = 0; i <= size; ++i) {  // the last one is behind it
      std::string changed = text;
      changed[3 + i] = '#';
      const IndexedLine line{.text = changed.data(),
                             .begin = 0,
                             .end = static_cast<uint32_t>(size + 5),
                             .quotes = quotes,
                             .quote_count = 2};
      for (const Isa isa : SupportedIsas()) {
        EXPECT_EQ(KernelsFor(isa).hold(line, &literal, &field, 1), i == size) << Name(isa);
      }
    }
  }
}

TEST(ScanKernelsTest, UnescapingIsTheSameOnEveryInstructionSet) {
  constexpr std::string_view kBlock =
      "abcdefghijklmnopqrstuvwxyz, longer than a block: ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  constexpr std::string_view kPieces[] = {
      kBlock,           "a",   "\\\"", "\\\\",    "\\/",     "\\n", "bcdef",   "\\u00e9",
      "\\ud83d\\ude00", "\\t", "/",    "\\u0000", "\\ud800", "\\x", "\\u12g4", "\xc3\xa9"};
  std::mt19937 random(3);
  for (int i = 0; i < 20'000; ++i) {
    // Some of them without what is wrong.
    const size_t kinds = i % 3 == 0 ? std::size(kPieces) : i % 3 == 1 ? 13 : 5;
    std::string inside;
    for (size_t pieces = random() % 80; pieces > 0; --pieces) inside += kPieces[random() % kinds];
    const size_t size = inside.size();
    const std::string text = Padded(inside + '"');
    const auto unescape = [&](Isa isa, StringTraits& traits) -> std::optional<std::string> {
      std::vector<char> arena(size + kScanPadding);
      char* out = arena.data();
      if (!KernelsFor(isa).unescape({text.data(), size}, out, traits)) return std::nullopt;
      return std::string(arena.data(), out);
    };
    StringTraits want_traits;
    const auto want = unescape(Isa::kScalar, want_traits);
    for (const Isa isa : SupportedIsas()) {
      StringTraits traits;
      EXPECT_EQ(unescape(isa, traits), want) << Name(isa) << ": " << inside;
      if (!want) continue;
      EXPECT_EQ(traits.has_lone_surrogate, want_traits.has_lone_surrogate);
      EXPECT_EQ(traits.has_nul, want_traits.has_nul);
    }
  }
}

#ifdef __aarch64__
TEST(ScanKernelsTest, EveryArmHasNeon) {
  EXPECT_EQ(SupportedIsas().front(), Isa::kNeon);
}
#endif

TEST(ScanKernelsTest, EveryMachineHasTheScalarOnes) {
  EXPECT_EQ(SupportedIsas().back(), Isa::kScalar);
  EXPECT_EQ(IsaNamed("").value(), SupportedIsas().front());
  EXPECT_EQ(IsaNamed("scalar").value(), Isa::kScalar);
  EXPECT_FALSE(IsaNamed("AVX2"));
  EXPECT_TRUE(IsWorthwhile(Isa::kAvx2, ""));
  EXPECT_TRUE(IsWorthwhile(Isa::kScalar, "scalar")) << "for tests";
  EXPECT_FALSE(IsWorthwhile(Isa::kScalar, ""));
}

}  // namespace
}  // namespace sluice
