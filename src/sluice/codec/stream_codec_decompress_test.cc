// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libdeflate.h>
#include <zstd.h>

#include <random>
#include <vector>

#include "sluice/codec/stream_codec.h"
#include "sluice/codec/stream_codec_for_test.h"

namespace sluice {

std::string ZstdFrame(std::string_view content, int window_log, int checksum) {
  ZSTD_CCtx* const state = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(state, ZSTD_c_checksumFlag, checksum);
  if (window_log > 0) {
    ZSTD_CCtx_setParameter(state, ZSTD_c_windowLog, window_log);
    ZSTD_CCtx_setParameter(state, ZSTD_c_contentSizeFlag, 0);
  }
  std::string out(ZSTD_compressBound(content.size()) + 64, '\0');
  ZSTD_inBuffer in{content.data(), content.size(), 0};
  ZSTD_outBuffer to{out.data(), out.size(), 0};
  EXPECT_EQ(ZSTD_compressStream2(state, &to, &in, window_log > 0 ? ZSTD_e_flush : ZSTD_e_end), 0U);
  if (window_log > 0) {
    EXPECT_EQ(ZSTD_compressStream2(state, &to, &in, ZSTD_e_end), 0U);
  }
  ZSTD_freeCCtx(state);
  out.resize(to.pos);
  return out;
}

namespace {

using std::literals::operator""s;

TEST(Gzip, LibdeflateReadsEveryMember) {
  const std::string content = Lines(2'500'000);
  const std::string stored = Compressed(StreamFormat::kGzip, content);
  libdeflate_decompressor* const state = libdeflate_alloc_decompressor();
  std::string out(content.size(), '\0');
  size_t in_used = 0, out_used = 0;
  for (size_t at = 0, to = 0; at < stored.size(); at += in_used, to += out_used) {
    ASSERT_EQ(libdeflate_gzip_decompress_ex(state, stored.data() + at, stored.size() - at,
                                            out.data() + to, out.size() - to, &in_used, &out_used),
              LIBDEFLATE_SUCCESS);
  }
  libdeflate_free_decompressor(state);
  EXPECT_EQ(out, content);
}

TEST(Gzip, T3_AllMembersAreReadEmptyOnesTooWithBoundariesInsideLines) {
  const std::string empty = Member("");
  const std::string stored = empty + Member("{\"a\": ") + empty + empty + Member("1}\n{\"b\"") +
                             Member(": 2}\n" + Lines(60'000)) + empty;
  const std::string content = "{\"a\": 1}\n{\"b\": 2}\n" + Lines(60'000);
  for (const size_t piece :
       {size_t{1}, size_t{2}, size_t{17}, size_t{18}, size_t{4096}, SIZE_MAX}) {
    for (const size_t buffer : {1, 13, 65'536}) {
      EXPECT_EQ(Decompressed(stored, piece, buffer), content) << piece << ' ' << buffer;
    }
  }
  EXPECT_EQ(Decompressed(empty), "");
}

TEST(Gzip, T3_MemberBoundariesAtEveryPlaceOfTheInputBuffer) {
  // The first member's length runs over the size of the buffer for compressed bytes.
  for (size_t size = 131'072 - 40; size <= 131'072 + 4; ++size) {
    const std::string content = Noise(size, 5);
    EXPECT_EQ(Decompressed(Member(content) + Member("next")), content + "next") << size;
  }
}

TEST(Gzip, T4_HeadersWithOptionalFieldsAreAccepted) {
  const std::string extra("\x04\x00QQQQ", 6), name("events.json\0", 12), comment("c\0", 2);
  const std::string big_extra = std::string("\xFF\xFF", 2) + std::string(65'535, 'e');
  const struct {
    uint8_t flags;
    std::string fields;
  } cases[] = {{1, ""},
               {4, extra},
               {8, name},
               {16, comment},
               {28, extra + name + comment},
               {4, big_extra},
               {8, std::string(70'000, 'n') + '\0'},
               {4, std::string("\0\0", 2)}};
  for (const auto& [flags, fields] : cases) {
    const std::string stored = Member("content\n", flags, fields) + Member("more\n", flags, fields);
    for (const size_t piece : {size_t{1}, size_t{3}, size_t{1000}, SIZE_MAX}) {
      EXPECT_EQ(Decompressed(stored, piece), "content\nmore\n") << int{flags} << ' ' << piece;
    }
  }
}

TEST(Gzip, TheHeadersOwnChecksumIsChecked) {
  std::string head("\x1F\x8B\x08\x02\0\0\0\0\0\xFF", 10);
  const uint32_t crc = libdeflate_crc32(0, head.data(), head.size());
  const std::string rest = Member("content\n").substr(10);
  const std::string good{static_cast<char>(crc & 0xFF), static_cast<char>(crc >> 8 & 0xFF)};
  for (const size_t piece : {size_t{1}, SIZE_MAX}) {
    EXPECT_EQ(Decompressed(head + good + rest, piece), "content\n");
  }
  ExpectBad(head + std::string{static_cast<char>(good[0] + 1), good[1]} + rest);
}

TEST(Gzip, T2_AWrongCrcOrLengthIsBadData) {
  const std::string stored = Member(Lines(10'000));
  for (size_t back = 1; back <= 8; ++back) {
    std::string wrong = stored;
    wrong[wrong.size() - back] ^= 1;
    ExpectBad(wrong, "CRC or length");
    ExpectBad(wrong + stored);
    ExpectBad(stored + wrong);
  }
}

TEST(Gzip, T4_BytesBehindTheLastMemberAreBadData) {
  const std::string stored = Member("content\n");
  for (const std::string& garbage :
       {std::string("x"), std::string("garbage behind it"), std::string(1, '\0'),
        std::string(512, '\0'), std::string("\x1F"), std::string("\x1F\x8B"), std::string("\n"),
        Compressed(StreamFormat::kZstd, "x")}) {
    ExpectBad(stored + garbage);
  }
  ExpectBad(std::string("\x1F\x8B"));
  ExpectBad(std::string("\x1F\x8B\x07\0\0\0\0\0\0\xFF", 10), "not deflate");
}

TEST(Zstd, T3_AllFramesAreReadEmptyAndSkippableOnesToo) {
  const std::string empty = ZstdFrame("");
  const std::string stored = kSkippable + ZstdFrame("{\"a\": ") + empty + kSkippable + kSkippable +
                             ZstdFrame("1}\n", 0, 0) + ZstdFrame(Lines(60'000), 17) + kSkippable;
  for (const size_t piece : {size_t{1}, size_t{5}, size_t{13}, size_t{4096}, SIZE_MAX}) {
    for (const size_t buffer : {1, 13, 65'536}) {
      EXPECT_EQ(Decompressed(stored, piece, buffer), "{\"a\": 1}\n" + Lines(60'000));
    }
  }
  EXPECT_EQ(Decompressed(kSkippable), "");
  EXPECT_EQ(Decompressed(empty), "");
}

TEST(Zstd, T2_AWrongChecksumIsBadData) {
  std::string stored = ZstdFrame(Lines(50'000));
  stored.back() ^= 1;
  ExpectBad(stored, "checksum");
}

// One empty block in a frame that promises 128 bytes: zstd 1.5.4 refuses it only where all of it
// comes at once.
TEST(Zstd, AFrameOfAnotherLengthThanItSaysIsBadDataHoweverItIsCut) {
  ExpectBad("\x28\xB5\x2F\xFD\x24\x80\x01\x00\x00\x99\xE9\xD8\x51"s);
  const std::string good = ZstdFrame("good\n");
  ExpectBad(good + "\x28\xB5\x2F\xFD\x24\x80\x01\x00\x00\x99\xE9\xD8\x51"s);
  for (const size_t piece : {1, 5, 1000})
    EXPECT_EQ(Decompressed(good + good, piece), "good\ngood\n");
}

TEST(Zstd, T4_BytesBehindTheLastFrameAreBadData) {
  const std::string stored = ZstdFrame("content\n");
  for (const std::string& garbage :
       {std::string("x"), std::string("\x28\xB5\x2F"), std::string("garbage"),
        std::string(100, '\0'), Member("gzip"), kSkippable.substr(0, 12)}) {
    ExpectBad(stored + garbage);
  }
}

TEST(Zstd, AWindowOverTheLimitIsRefused) {
  const std::string content = Lines(1000);
  EXPECT_EQ(Decompressed(ZstdFrame(content, 27)), content);
  ExpectBad(ZstdFrame(content, 28), "too much memory");
}

TEST(StreamCodec, T1_CutAnywhereItIsBadData) {
  const std::string content = Lines(60'000);
  for (const std::string& stored :
       {Compressed(StreamFormat::kGzip, content), Compressed(StreamFormat::kZstd, content),
        Member("first\n") + Member(content)}) {
    for (size_t eighth = 1; eighth < 8; ++eighth) {
      ExpectBad(std::string_view(stored).substr(0, stored.size() * eighth / 8), "cut short");
    }
    for (size_t back = 1; back <= 20; ++back) {
      ExpectBad(std::string_view(stored).substr(0, stored.size() - back), "cut short");
    }
  }
  for (const std::string& stored : {Member("x"), ZstdFrame("x")}) {
    for (size_t length = 4; length < stored.size(); ++length) {
      ExpectBad(std::string_view(stored).substr(0, length), "cut short");
    }
  }
}

// Pretends to be a source of `count` times the same bytes.
class RepeatingSource : public ByteSource {
 public:
  RepeatingSource(std::string unit, size_t count) : unit_(std::move(unit)), left_(count) {}
  Result<size_t> Read(std::span<char> buffer) override {
    if (at_ == unit_.size()) at_ = 0, --left_;
    if (left_ == 0) return 0;
    const size_t n = unit_.copy(buffer.data(), buffer.size(), at_);
    at_ += n;
    return n;
  }

 private:
  const std::string unit_;
  size_t left_, at_ = 0;
};

TEST(StreamCodec, T6_ABombIsStreamed) {
  // 16 MB of zeros in some 16 KB, sixteen times: what a Read gives is bounded by its buffer.
  const std::string zeros(16'000'000, '\0');
  for (const StreamFormat format : {StreamFormat::kGzip, StreamFormat::kZstd}) {
    const std::string bomb = Compressed(format, zeros);
    EXPECT_LT(bomb.size(), 80'000U);
    RepeatingSource stored(bomb, 16);
    const auto source = DecompressingSource(stored);
    std::vector<char> buffer(1 << 16);
    uint64_t size = 0;
    for (;;) {
      const auto n = source->Read(buffer);
      ASSERT_TRUE(n) << n.error().message();
      if (*n == 0) break;
      size += *n;
    }
    EXPECT_EQ(size, 256'000'000U);
  }
}

TEST(StreamCodec, ManyEmptyMembersAreReadInLinearTimeAndNoStack) {
  for (const std::string& empty : {Member(""), ZstdFrame(""), kSkippable}) {
    RepeatingSource stored(empty, 200'000);
    char buffer[16];
    EXPECT_EQ(DecompressingSource(stored)->Read(buffer), 0U);
  }
}

TEST(StreamCodec, T6_AnArchiveInsideAnArchiveIsUnpackedOnce) {
  const std::string inner = Member("content\n");
  EXPECT_EQ(Decompressed(Member(inner)), inner);
}

TEST(StreamCodec, ErrorsOfTheSourcePassAsTheyAreAndReadingGoesOn) {
  // Fails once before every piece.
  class Flaky : public ByteSource {
   public:
    explicit Flaky(std::string_view text) : source_(text, 100) {}
    Result<size_t> Read(std::span<char> buffer) override {
      fails_ = !fails_;
      if (fails_) return Fail(ErrorKind::kTransient, "connection lost");
      return source_.Read(buffer);
    }

   private:
    StringSource source_;
    bool fails_ = false;
  };
  const std::string content = Lines(20'000);
  for (const StreamFormat format : kFormats) {
    const std::string stored = Compressed(format, content);
    Flaky flaky(stored);
    const auto source = DecompressingSource(flaky);
    std::string text;
    int failures = 0;
    for (;;) {
      char buffer[777];
      const auto n = source->Read(buffer);
      if (!n) {
        ASSERT_EQ(n.error().message(), "connection lost");
        ++failures;
      } else if (*n == 0) {
        break;
      } else {
        text.append(buffer, *n);
      }
    }
    EXPECT_EQ(text, content) << Name(format);
    EXPECT_GT(failures, 5);
  }
}

TEST(StreamCodec, WhatCameBeforeAnErrorOfTheSourceComesFirst) {
  class Cut : public ByteSource {
   public:
    explicit Cut(std::string_view text) : source_(text) {}
    Result<size_t> Read(std::span<char> buffer) override {
      const Result<size_t> n = source_.Read(buffer);
      if (n == 0) return Fail(ErrorKind::kTransient, "connection lost");
      return n;
    }

   private:
    StringSource source_;
  };
  const std::string content = Lines(100'000);
  for (const StreamFormat format : kFormats) {
    // The last four bytes are a checksum or a length.
    std::string stored = Compressed(format, content);
    if (format != StreamFormat::kPlain) stored.resize(stored.size() - 4);
    Cut cut(stored);
    const auto source = DecompressingSource(cut);
    std::string text;
    char buffer[777];
    for (auto n = source->Read(buffer); n; n = source->Read(buffer)) text.append(buffer, *n);
    EXPECT_EQ(text, content) << Name(format);
  }
}

TEST(StreamCodec, ASourceMayFailManyTimesInARow) {
  class Stubborn : public ByteSource {
   public:
    explicit Stubborn(std::string_view text) : source_(text, 20) {}
    Result<size_t> Read(std::span<char> buffer) override {
      if (++calls_ % 50 != 0) return Fail(ErrorKind::kTransient, "connection lost");
      return source_.Read(buffer);
    }

   private:
    StringSource source_;
    int calls_ = 0;
  };
  const std::string content = Lines(500);
  for (const StreamFormat format : kFormats) {
    const std::string stored = Compressed(format, content);
    Stubborn stubborn(stored);
    const auto source = DecompressingSource(stubborn);
    std::string text;
    for (Result<size_t> n = 1; !n || *n > 0;) {
      char buffer[777];
      n = source->Read(buffer);
      if (n) text.append(buffer, *n);
      ASSERT_TRUE(n || n.error().message() == "connection lost") << n.error().message();
    }
    EXPECT_EQ(text, content) << Name(format);
  }
}

// Damaged input is an error or other text, never a crash or an endless loop. gzip and zstd with
// their checksums must notice any damage of the data.
TEST(StreamCodec, DamageIsNoticed) {
  std::mt19937 random(11);  // a fixed seed: the same run each time
  const std::string content = Lines(30'000);
  int unnoticed = 0;
  for (int i = 0; i < 2000; ++i) {
    const StreamFormat format = i % 2 == 0 ? StreamFormat::kGzip : StreamFormat::kZstd;
    std::string stored = Compressed(format, content.substr(random() % 20'000)) +
                         Compressed(format, content.substr(0, random() % 1000));
    const auto good = Decompressed(stored);
    for (unsigned n = random() % 4 + 1; n > 0; --n) {
      const size_t at = 4 + random() % (stored.size() - 4);
      switch (random() % 4) {
        case 0:
          stored[at] ^= static_cast<char>(1 << random() % 8);
          break;
        case 1:
          stored[at] = static_cast<char>(random());
          break;
        case 2:
          stored.erase(at, random() % 10);
          break;
        default:
          stored.insert(at, Noise(random() % 10, static_cast<unsigned>(random())));
          break;
      }
    }
    const auto text = Decompressed(stored, random() % 2 == 0 ? SIZE_MAX : 1 + random() % 100);
    if (!text) {
      EXPECT_EQ(text.error().kind(), ErrorKind::kBadData);
    } else if (*text != *good) {
      ++unnoticed;
    }
  }
  EXPECT_EQ(unnoticed, 0);
}

TEST(StreamCodec, AFaultIsTheSameHoweverItIsCut) {
  const std::string text = "{\"a\": 1}\n{\"a\": 1}\n";
  const std::string gzip = Member(text) + Member(Lines(200)) + Member(text);
  const std::string zstd = ZstdFrame(text) + ZstdFrame(Lines(200)) + ZstdFrame(text, 17);
  for (const std::string& stored : {gzip, zstd}) {
    for (size_t at = 0; at < stored.size(); ++at) {
      for (const int change : {0x01, 0x02, 0x08, 0x20, 0x80, 0xFF}) {
        std::string damaged = stored;
        damaged[at] ^= static_cast<char>(change);
        const auto whole = Decompressed(damaged);
        for (const size_t piece : {size_t{1}, size_t{7}, SIZE_MAX}) {
          const auto cut = Decompressed(damaged, piece, 10);
          ASSERT_EQ(whole.has_value(), cut.has_value());
          EXPECT_EQ(whole ? *whole : whole.error().message(), cut ? *cut : cut.error().message());
        }
      }
    }
  }
}

TEST(StreamCodec, NoiseBehindAMagicNumberIsBadData) {
  for (unsigned seed = 0; seed < 2000; ++seed) {
    const std::string noise = Noise(seed % 300, seed);
    for (const char* magic : {"\x1F\x8B\x08", "\x28\xB5\x2F\xFD"}) {
      const auto text = Decompressed(magic + noise, 1 + seed % 50);
      EXPECT_TRUE(!text || text->empty()) << seed;
    }
  }
}

}  // namespace
}  // namespace sluice
