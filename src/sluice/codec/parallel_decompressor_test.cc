// SPDX-License-Identifier: Apache-2.0
#include "sluice/codec/parallel_decompressor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libdeflate.h>

#include <atomic>
#include <functional>
#include <thread>
#include <vector>

#include "sluice/codec/stream_codec.h"
#include "sluice/codec/stream_codec_for_test.h"

namespace sluice {
namespace {

struct Outcome {
  std::string text;
  std::string fault;  // and its kind; empty: there was none
  bool operator==(const Outcome&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Outcome& outcome) {
  return out << outcome.text.size() << " bytes, '" << outcome.fault << "'";
}

Outcome ReadAll(ByteSource& source, size_t buffer, const std::function<void()>& before_each) {
  Outcome outcome;
  std::vector<char> chunk(buffer);
  for (;;) {
    before_each();
    const auto n = source.Read(chunk);
    if (!n) {
      outcome.fault = std::string(Name(n.error().kind())) + ": " + n.error().message();
      const auto again = source.Read(chunk);
      EXPECT_TRUE(!again && again.error().message() == n.error().message()) << "a fault stays";
      return outcome;
    }
    if (*n == 0) break;
    outcome.text.append(chunk.data(), *n);
  }
  EXPECT_EQ(source.Read(chunk), 0U) << "the end stays";
  return outcome;
}

// Threads that do nothing but help, until they go.
class Helpers {
 public:
  Helpers(ParallelDecompressor& source, size_t count) {
    for (size_t i = 0; i < count; ++i) {
      threads_.emplace_back([this, &source] {
        while (!done_) {
          if (!source.Help()) std::this_thread::yield();
        }
      });
    }
  }
  ~Helpers() { done_ = true; }

 private:
  std::atomic<bool> done_ = false;
  std::vector<std::jthread> threads_;  // joined first
};

struct Way {
  size_t piece = SIZE_MAX;  // of the source
  size_t buffer = 10'000;
};

Outcome OneByOne(std::string_view stored, Way way = {}) {
  StringSource source(stored, way.piece);
  return ReadAll(*DecompressingSource(source), way.buffer, [] {});
}

// Small pieces, so that little is needed to have many.
constexpr AheadOptions kSmall{
    .pieces = 4, .smallest_piece = 1, .largest_piece = 20'000, .largest_text = 60'000};

Outcome Threaded(std::string_view stored, size_t helpers, Way way = {},
                 const AheadOptions& options = kSmall) {
  StringSource source(stored, way.piece);
  const auto decompressor = MakeParallelDecompressor(source, options);
  const Helpers threads(*decompressor, helpers);
  return ReadAll(*decompressor, way.buffer, [] {});
}

// All that can be decoded ahead is.
Outcome Ahead(std::string_view stored, Way way = {}, const AheadOptions& options = kSmall,
              int* count = nullptr) {
  StringSource source(stored, way.piece);
  const auto decompressor = MakeParallelDecompressor(source, options);
  return ReadAll(*decompressor, way.buffer, [&] {
    while (decompressor->Help()) {
      if (count != nullptr) ++*count;
    }
  });
}

// One member, whatever its length.
std::string OneMember(std::string_view content, int level = 6) {
  libdeflate_compressor* const state = libdeflate_alloc_compressor(level);
  std::string out(libdeflate_gzip_compress_bound(state, content.size()), '\0');
  out.resize(
      libdeflate_gzip_compress(state, content.data(), content.size(), out.data(), out.size()));
  libdeflate_free_compressor(state);
  return out;
}

// `content` stands in it as it is (RFC 1951 §3.2.4).
std::string StoredMember(std::string_view content) {
  const std::string member = OneMember(content, 0);
  EXPECT_THAT(member, testing::HasSubstr(std::string(content.substr(0, 60'000))));
  return member;
}

struct Stream {
  std::string stored, content;
  void Add(std::string_view frame, std::string_view text = "") {
    stored += frame;
    content += text;
  }
};

std::string TextOf(unsigned i) {
  return Lines(i * i * 7 % 5000, i) + Noise(i % 3 * 400, i);
}

Stream ManyMembers() {
  Stream stream;
  for (unsigned i = 0; i < 60; ++i) {
    const std::string text = TextOf(i);
    stream.Add(Member(text), text);
    if (i % 5 == 0) stream.Add(Member(""));
    if (i % 9 == 0) stream.Add(StoredMember(text), text);
  }
  return stream;
}

Stream ManyFrames() {
  Stream stream;
  for (unsigned i = 0; i < 60; ++i) {
    const std::string text = TextOf(i);
    stream.Add(ZstdFrame(text), text);
    if (i % 5 == 0) stream.Add(ZstdFrame(""));
    if (i % 7 == 0) stream.Add(kSkippable);
    if (i % 9 == 0) stream.Add(ZstdFrame(text, 17), text);  // of unknown size
    if (i % 11 == 0) stream.Add(ZstdFrame(text, 0, 0), text);
  }
  return stream;
}

TEST(ParallelDecompressor, GivesWhatOneThreadGivesHoweverManyHelp) {
  for (const Stream& stream : {ManyMembers(), ManyFrames()}) {
    for (const size_t helpers : {0, 1, 3}) {
      for (const Way way : {Way{1, 1000}, Way{13, 70}, Way{4099, 10'000}, Way{SIZE_MAX, 1 << 17}}) {
        EXPECT_EQ(Threaded(stream.stored, helpers, way).text, stream.content) << helpers;
      }
    }
  }
}

TEST(ParallelDecompressor, HelpDecodesAllPiecesButTheFirstTwo) {
  // The whole of what the sink makes: members and frames of 1 MiB.
  const std::string content = Lines(6 << 20);
  for (const StreamFormat format : {StreamFormat::kGzip, StreamFormat::kZstd}) {
    const std::string stored = Compressed(format, content);
    for (const size_t pieces : {1, 2, 100}) {
      int count = 0;
      EXPECT_EQ(Ahead(stored, {}, {.pieces = pieces}, &count).text, content);
      EXPECT_EQ(count, 4) << pieces;
    }
    EXPECT_EQ(Threaded(stored, 1, {}, {.pieces = 2}).text, content);
    int count = 0;
    EXPECT_EQ(Ahead(stored, {}, {.pieces = 0}, &count).text, content);
    EXPECT_EQ(count, 0);
  }
}

TEST(ParallelDecompressor, WhatIsTooLargeIsDecodedInItsTurn) {
  for (const StreamFormat format : {StreamFormat::kGzip, StreamFormat::kZstd}) {
    Stream stream;
    for (const std::string& text : {Lines(1000), Noise(30'000), Lines(2000), Noise(20'001),
                                    Lines(3000), std::string(70'000, 'x'), std::string(60'000, 'y'),
                                    Lines(100), Noise(400'000), Lines(100)}) {
      stream.Add(Compressed(format, text), text);
    }
    int count = 0;
    EXPECT_EQ(Ahead(stream.stored, {}, kSmall, &count).text, stream.content);
    EXPECT_GE(count, 4) << Name(format);
    for (const size_t piece : {size_t{100}, SIZE_MAX}) {
      EXPECT_EQ(Threaded(stream.stored, 2, {piece, 5000}).text, stream.content);
    }
  }
}

TEST(ParallelDecompressor, AWindowThatIsTooLargeToHelpIsStillRead) {
  const std::string content = Lines(1000);
  const std::string small = ZstdFrame(content);
  EXPECT_EQ(Ahead(small + small + ZstdFrame(content, 27)).text, content + content + content);
  const std::string refused = small + small + ZstdFrame(content, 28) + small;
  EXPECT_EQ(Ahead(refused), OneByOne(refused));
  EXPECT_THAT(Ahead(refused).fault, testing::HasSubstr("too much memory"));
}

TEST(ParallelDecompressor, AMemberInsideTheDataOfAMemberIsData) {
  const std::string inner = Member("inner\n"), header = inner.substr(0, 10);
  Stream stream;
  for (const std::string& text : {"first\n" + inner, inner, inner + inner + inner, header,
                                  header + header + "text\n" + header, inner + "last\n",
                                  StoredMember(inner), StoredMember(inner + header)}) {
    stream.Add(StoredMember(text), text);
    stream.Add(Member("between\n"), "between\n");
  }
  for (const size_t smallest : {1, 20, 100}) {
    AheadOptions options = kSmall;
    options.smallest_piece = smallest;
    EXPECT_EQ(Ahead(stream.stored, {}, options).text, stream.content);
    EXPECT_EQ(Threaded(stream.stored, 3, {7, 10}, options).text, stream.content);
  }
}

// The same fault; and the same bytes, but for how much of the damaged member came before it.
void ExpectSame(std::string_view stored, const Outcome& outcome, const Outcome& want) {
  SCOPED_TRACE(testing::PrintToString(stored));
  EXPECT_EQ(outcome.fault, want.fault);
  const size_t length =
      want.fault.empty() ? SIZE_MAX : std::min(outcome.text.size(), want.text.size());
  EXPECT_EQ(outcome.text.substr(0, length), want.text.substr(0, length));
}

// Of every byte of some members, and of every length.
TEST(ParallelDecompressor, DamageHasTheSameOutcome) {
  const std::string one = "{\"a\": 1}\n{\"a\": 1}\n", two = Lines(200), three = "3\n";
  const std::string gzip =
      Member(one) + Member(three) + Member(one) + Member(two) + StoredMember(three);
  const std::string zstd =
      ZstdFrame(one) + ZstdFrame(three) + ZstdFrame(one) + ZstdFrame(two) + ZstdFrame(three, 17);
  for (const std::string& stored : {gzip, zstd}) {
    for (size_t at = 0; at < stored.size(); ++at) {
      for (const int change : {0x01, 0x02, 0x08, 0x20, 0x80, 0xFF}) {
        std::string damaged = stored;
        damaged[at] ^= static_cast<char>(change);
        ExpectSame(damaged, Ahead(damaged), OneByOne(damaged));
        ExpectSame(damaged, Ahead(damaged, {3, 10}), OneByOne(damaged));
      }
      const std::string shorter = stored.substr(0, at), longer = shorter + "x" + stored.substr(at);
      EXPECT_EQ(Ahead(shorter), OneByOne(shorter)) << at;
      ExpectSame(longer, Ahead(longer), OneByOne(longer));
      ExpectSame(longer, Threaded(longer, 1), OneByOne(longer));
    }
  }
}

// Gives `text` in pieces, and fails before each of them that is at or behind `from`.
class Flaky : public ByteSource {
 public:
  Flaky(std::string_view text, size_t piece, size_t from)
      : source_(text, piece), piece_(piece), from_(from) {}
  Result<size_t> Read(std::span<char> buffer) override {
    fails_ = !fails_ && given_ >= from_;
    if (fails_) return Fail(ErrorKind::kTransient, "connection lost: at={}", given_);
    given_ += piece_;
    return source_.Read(buffer);
  }

 private:
  StringSource source_;
  const size_t piece_, from_;
  size_t given_ = 0;
  bool fails_ = false;
};

// The text, with each error where it came.
std::string WithErrors(ByteSource& source, const std::function<void()>& before_each) {
  std::string all;
  for (;;) {
    char buffer[777];
    before_each();
    const auto n = source.Read(buffer);
    if (!n) {
      all += "\n[" + n.error().message() + "]\n";
    } else if (*n == 0) {
      return all;
    } else {
      all.append(buffer, *n);
    }
  }
}

TEST(ParallelDecompressor, ErrorsOfTheSourceComeWhereTheyCameAndReadingGoesOn) {
  for (const Stream& stream : {ManyMembers(), ManyFrames()}) {
    for (const size_t piece : {50, 3000}) {
      for (const size_t from : {size_t{0}, stream.stored.size() / 2}) {
        Flaky first(stream.stored, piece, from), second(first), third(first);
        const std::string want = WithErrors(*DecompressingSource(first), [] {});
        EXPECT_THAT(want, testing::HasSubstr("connection lost"));
        const auto ahead = MakeParallelDecompressor(second, kSmall);
        EXPECT_EQ(WithErrors(*ahead, [&] { while (ahead->Help()); }), want);
        const auto threaded = MakeParallelDecompressor(third, kSmall);
        const Helpers helpers(*threaded, 1);
        EXPECT_EQ(WithErrors(*threaded, [] {}), want);
      }
    }
  }
}

// Counts what was taken from it.
class Counted : public ByteSource {
 public:
  explicit Counted(std::string_view text) : source_(text) {}
  Result<size_t> Read(std::span<char> buffer) override {
    const auto n = source_.Read(buffer);
    taken_ += n.value_or(0);
    return n;
  }
  size_t taken() const { return taken_; }

 private:
  StringSource source_;
  size_t taken_ = 0;
};

TEST(ParallelDecompressor, OfASingleMemberAndOfPlainTextNothingIsReadAhead) {
  const std::string content = Noise(3'000'000);
  for (const std::string& stored : {OneMember(content), ZstdFrame(content), "{}\n" + content}) {
    Counted one_source(stored), other_source(stored);
    const auto one = DecompressingSource(one_source);
    const auto other = MakeParallelDecompressor(other_source, {.pieces = 8});
    std::vector<char> buffer(10'000);
    for (size_t size = 0; size < content.size();) {
      const auto n = one->Read(buffer);
      ASSERT_TRUE(n && *n > 0);
      ASSERT_EQ(other->Read(buffer), *n);
      ASSERT_EQ(other_source.taken(), one_source.taken());
      size += *n;
    }
    EXPECT_FALSE(other->Help());
  }
}

TEST(ParallelDecompressor, ReadsNoFurtherAheadThanItIsAllowed) {
  const std::string member = Member(Noise(200'000));
  std::string stored;
  for (int i = 0; i < 40; ++i) stored += member;
  Counted source(stored);
  const auto decompressor = MakeParallelDecompressor(source, {.pieces = 3});
  std::vector<char> buffer(50'000);
  size_t size = 0;
  for (;;) {
    const auto n = decompressor->Read(buffer);
    ASSERT_TRUE(n);
    if (*n == 0) break;
    size += *n;
    // The member at hand, three more, and what the last Read gave behind them.
    EXPECT_LE(source.taken(), size / 200'000 * member.size() + 5 * member.size());
  }
  EXPECT_EQ(size, 8'000'000U);
}

// As often as a member ends it could be tried anew.
TEST(ParallelDecompressor, GivesUpWhereItDecodesAheadInVain) {
  const std::string inner = OneMember("inner\n"), header = inner.substr(0, 10);
  std::string content;
  for (int i = 0; i < 20; ++i) content += inner + header;
  std::string stored = OneMember("first\n");
  for (int i = 0; i < 100; ++i) stored += OneMember(content, 0);
  int decoded = 0;
  EXPECT_EQ(Ahead(stored, {.piece = 100}, kSmall, &decoded), OneByOne(stored));
  EXPECT_GT(decoded, 0);
  EXPECT_LE(decoded, 4 * 5) << "four times as many as there are ahead";
}

TEST(ParallelDecompressor, ManyTinyMembersAndManyFalseOnesTakeLinearTime) {
  const std::string member = Member("");
  std::string empty, text, nothing_true;
  for (int i = 0; i < 100'000; ++i) empty += member;
  for (int i = 0; i < 6'000; ++i) text += member.substr(0, 10);
  const std::string false_ones = StoredMember(text);
  for (int i = 0; i < 30; ++i) nothing_true += false_ones;
  for (const std::string& stored : {empty, nothing_true, empty + nothing_true + empty}) {
    for (const size_t smallest : {1000, 16'384}) {
      AheadOptions options = kSmall;
      options.smallest_piece = smallest;
      EXPECT_EQ(Ahead(stored, {}, options), OneByOne(stored));
    }
  }
}

}  // namespace
}  // namespace sluice
