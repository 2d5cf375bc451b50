// SPDX-License-Identifier: Apache-2.0
#include "sluice/ndjson/line_chunker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

namespace sluice {
namespace {

struct Line {
  std::string text;  // of a cut line: its front
  uint64_t number, offset, length;
  bool cut;

  friend bool operator==(const Line&, const Line&) = default;
  friend void PrintTo(const Line& line, std::ostream* out) {
    *out << line.number << "@" << line.offset << "+" << line.length << (line.cut ? " cut " : " ")
         << line.text.substr(0, 40);
  }
};

// The reference: looks at the whole text from `at` on at once.
std::vector<Line> LinesOf(std::string_view text, size_t at, size_t longest, size_t kept) {
  std::vector<Line> lines;
  for (uint64_t number = 1; at < text.size(); ++number) {
    const size_t newline = text.find('\n', at);
    const size_t end = std::min(newline, text.size());
    size_t length = end - at;
    if (newline != std::string_view::npos && length > 0 && text[end - 1] == '\r') --length;
    const bool cut = length > longest;
    lines.push_back({.text = std::string(text.substr(at, cut ? std::min(kept, length) : length)),
                     .number = number,
                     .offset = at,
                     .length = length,
                     .cut = cut});
    at = end + 1;
  }
  return lines;
}

std::vector<Line> LinesThrough(LineChunker& chunker) {
  std::vector<Line> lines;
  LineChunk chunk;
  for (;;) {
    const Result<bool> more = chunker.Next(chunk);
    EXPECT_TRUE(more);
    if (!more || !*more) return lines;
    if (chunk.is_cut_line) {
      lines.push_back({.text = std::string(chunk.text),
                       .number = chunk.first_line,
                       .offset = chunk.byte_offset,
                       .length = chunk.byte_length,
                       .cut = true});
      continue;
    }
    EXPECT_FALSE(chunk.text.empty());
    volatile char behind = chunk.text.data()[chunk.text.size() + LineChunker::kPadding - 1];
    (void)behind;  // readable: the sanitizer would say
    uint64_t number = chunk.first_line;
    for (Line line : LinesOf(chunk.text, 0, SIZE_MAX, 0)) {
      line.number = number++;
      line.offset += chunk.byte_offset;
      lines.push_back(std::move(line));
    }
  }
}

std::vector<Line> Chunked(std::string_view text, LineChunkerOptions options, size_t piece) {
  StringSource source(text, piece);
  LineChunker chunker(source, options);
  const std::vector<Line> lines = LinesThrough(chunker);
  EXPECT_EQ(chunker.bytes(), text.size());
  EXPECT_EQ(chunker.lines(), lines.size());
  return lines;
}

TEST(LineChunkerTest, NothingComesFromNothing) {
  EXPECT_TRUE(Chunked("", {}, SIZE_MAX).empty());
  EXPECT_TRUE(Chunked("\xEF\xBB\xBF", {}, 1).empty());
}

TEST(LineChunkerTest, LinesKeepTheirNumberAndPlace) {
  const std::string text = "\xEF\xBB\xBF{}\r\n\n  \r\nlast\r";
  const std::vector<Line> lines = Chunked(text, {}, SIZE_MAX);
  EXPECT_THAT(lines,
              testing::ElementsAre(Line{"{}", 1, 3, 2, false}, Line{"", 2, 7, 0, false},
                                   Line{"  ", 3, 8, 2, false}, Line{"last\r", 4, 12, 5, false}));
}

TEST(LineChunkerTest, AByteOrderMarkIsSkippedAtTheVeryStartOnly) {
  const std::string mark = "\xEF\xBB\xBF";
  EXPECT_THAT(
      Chunked(mark + mark + "a\n" + mark + "b\n", {}, 1),
      testing::ElementsAre(Line{mark + "a", 1, 3, 4, false}, Line{mark + "b", 2, 8, 4, false}));
}

TEST(LineChunkerTest, ALineAtTheLimitPassesAndOneByteMoreIsCut) {
  const LineChunkerOptions options{
      .chunk = {64}, .longest_line = {1000}, .kept_of_cut_line = {100}};
  for (const std::string end : {"\n", "\r\n", ""}) {
    const std::string fits(1000, 'x'), too_long(1001, 'y');
    EXPECT_THAT(Chunked(fits + end, options, 7),
                testing::ElementsAre(Line{fits, 1, 0, 1000, false}));
    EXPECT_THAT(Chunked(too_long + end, options, 7),
                testing::ElementsAre(Line{too_long.substr(0, 100), 1, 0, 1001, true}));
  }
}

TEST(LineChunkerTest, AnyChunkingGivesTheSameLines) {
  std::minstd_rand random(7);
  for (int round = 0; round < 300; ++round) {
    std::string text = round % 3 == 0 ? "\xEF\xBB\xBF" : "";
    const size_t lines = random() % 20;
    for (size_t i = 0; i < lines; ++i) {
      const size_t kind = random() % 4;
      const size_t length = kind == 0 ? 0 : kind == 1 ? random() % 400 : 190 + random() % 20;
      text += std::string(length, static_cast<char>('a' + random() % 26));
      if (random() % 3 == 0) text += '\r';
      if (i + 1 < lines || random() % 2 == 0) text += '\n';
    }
    const std::vector<Line> want = LinesOf(text, round % 3 == 0 ? 3 : 0, 200, 50);
    for (const size_t chunk : {64, 100, 201, 4096}) {
      for (const size_t piece : {1, 3, 64, 100'000}) {
        const LineChunkerOptions options{
            .chunk = {chunk}, .longest_line = {200}, .kept_of_cut_line = {50}};
        ASSERT_EQ(Chunked(text, options, piece), want) << round << " " << chunk << " " << piece;
      }
    }
  }
}

// Endless lines, of which nobody holds more than a part.
class RepeatingSource : public ByteSource {
 public:
  explicit RepeatingSource(uint64_t size) : rest_(size) {}
  Result<size_t> Read(std::span<char> buffer) override {
    largest = std::max(largest, buffer.size());
    const size_t n = std::min<uint64_t>(buffer.size(), rest_);
    std::fill_n(buffer.begin(), n, 'x');
    rest_ -= n;
    return n;
  }
  size_t largest = 0;

 private:
  uint64_t rest_;
};

TEST(LineChunkerTest, ChunksInMemoryOfTheirOwnOutliveTheNext) {
  std::string text;
  for (int i = 0; i < 500; ++i) text += std::string(static_cast<size_t>(i * 7 % 300), 'x') + "\n";
  text += std::string(5000, 'y') + "\nno end";
  StringSource source(text, 100);
  LineChunker chunker(source, {.chunk = Bytes{700}, .longest_line = Bytes{6000}});
  std::vector<std::pair<LineChunk, std::vector<char>>> chunks(1);
  while (chunker.Next(chunks.back().first, chunks.back().second).value_or(false)) {
    chunks.emplace_back();
  }
  std::string together;
  for (const auto& [chunk, memory] : chunks) {
    EXPECT_EQ(chunk.byte_offset, chunk.text.empty() ? 0 : together.size());
    together += chunk.text;
  }
  EXPECT_EQ(together, text);
}

TEST(LineChunkerTest, T7_ALineOfAnyLengthPassesInBoundedMemory) {
  RepeatingSource source(300'000'000);
  LineChunker chunker(source, {.chunk = KiB(64), .longest_line = MiB(1)});
  LineChunk chunk;
  ASSERT_TRUE(*chunker.Next(chunk));
  EXPECT_TRUE(chunk.is_cut_line);
  EXPECT_EQ(chunk.byte_length, 300'000'000U);
  EXPECT_EQ(chunk.text.size(), KiB(64).count);
  EXPECT_LE(source.largest, MiB(1).count);
  EXPECT_FALSE(*chunker.Next(chunk));
}

TEST(LineChunkerTest, ALineOfFiveMegabytesIsWhole) {
  const std::string text = "a\n" + std::string(5'000'000, 'b') + "\nc\n";
  EXPECT_THAT(Chunked(text, {}, 4096),
              testing::ElementsAre(Line{"a", 1, 0, 1, false},
                                   Line{std::string(5'000'000, 'b'), 2, 2, 5'000'000, false},
                                   Line{"c", 3, 5'000'003, 1, false}));
}

class BrokenSource : public ByteSource {
 public:
  Result<size_t> Read(std::span<char>) override {
    return Fail(ErrorKind::kTransient, "connection reset");
  }
};

TEST(LineChunkerTest, AnErrorOfTheSourceIsPassedOn) {
  BrokenSource source;
  LineChunker chunker(source);
  LineChunk chunk;
  const Result<bool> more = chunker.Next(chunk);
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().kind(), ErrorKind::kTransient);
  EXPECT_EQ(more.error().message(), "connection reset");
}

}  // namespace
}  // namespace sluice
