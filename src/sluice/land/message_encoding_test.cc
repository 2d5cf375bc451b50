// SPDX-License-Identifier: Apache-2.0
#include "sluice/land/message_encoding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sluice/base/base64.h"
#include "sluice/codec/stream_codec.h"
#include "sluice/land/message_splitter.h"

namespace sluice {
namespace {

using ::testing::Optional;

std::string Compressed(StreamFormat format, std::string_view text) {
  StringSink sink;
  const auto compressor = MakeCompressingSink(format, sink);
  EXPECT_TRUE(compressor->Write(text));
  EXPECT_TRUE(compressor->Finish());
  return sink.text();
}

// As RFC 2045 breaks it, 76 characters a line.
std::string InLines(std::string_view base64, std::string_view line_end) {
  std::string text;
  for (; !base64.empty(); base64.remove_prefix(std::min<size_t>(76, base64.size()))) {
    text.append(base64.substr(0, 76)).append(line_end);
  }
  return text;
}

std::string Split(std::string_view body) {
  std::string lines;
  const SplitCounts counts = SplitMessage("m-1", body, lines);
  EXPECT_EQ(counts.lines, static_cast<uint64_t>(std::ranges::count(lines, '\n')));
  return lines;
}

std::string Envelope(std::string_view bytes) {
  return "{\"sluice_raw\":{\"id\":\"m-1\",\"base64\":\"" + ToBase64(bytes) + "\"}}\n";
}

class MessageEncodingTest : public ::testing::TestWithParam<StreamFormat> {
 protected:
  static std::string Of(std::string_view text) { return Compressed(GetParam(), text); }
  static std::string Base64Of(std::string_view text) { return ToBase64(Of(text)); }
};

INSTANTIATE_TEST_SUITE_P(Formats, MessageEncodingTest,
                         ::testing::Values(StreamFormat::kGzip, StreamFormat::kZstd),
                         [](const auto& format) { return std::string(Name(format.param)); });

TEST_P(MessageEncodingTest, EveryShapeIsReadAsIfItWerePlain) {
  const std::string_view bodies[] = {R"({"a":1})",
                                     R"({"Records":[{"a":1},{"b":2}]})",
                                     R"([{"a":1},{"b":2}])",
                                     "{\"a\":1}\n{\"b\":2}\n",
                                     "\xEF\xBB\xBF{\n\"a\":1}",
                                     "{\"a\":\"x\ny\"}\n{\"b\":2}"};
  for (const std::string_view body : bodies) {
    EXPECT_EQ(Split(Of(body)), Split(body)) << body;
    EXPECT_EQ(Split(Base64Of(body)), Split(body)) << body;
    EXPECT_EQ(Split(Base64Of(body) + "\n"), Split(body)) << body;
  }
}

TEST_P(MessageEncodingTest, LineEndsInBase64DoNotCount) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "{\"n\":" + std::to_string(i * 7919) + "}\n";
  const std::string base64 = Base64Of(text);
  for (const char* line_end : {"\n", "\r\n"}) {
    EXPECT_THAT(DecodedBody(InLines(base64, line_end)), Optional(text));
  }
}

TEST_P(MessageEncodingTest, SeveralMembersAreOneMessage) {
  EXPECT_EQ(Split(ToBase64(Of("{\"a\":1}\n") + Of("{\"b\":2}"))), "{\"a\":1}\n{\"b\":2}\n");
}

// Faults L15, T1, T2 and T4: the original bytes are kept.
TEST_P(MessageEncodingTest, WhatCannotBeReadIsKeptAsItCame) {
  const std::string whole = Of("{\"a\":1}");
  for (size_t cut = 0; cut < whole.size(); ++cut) {
    const std::string part = whole.substr(0, cut);
    EXPECT_EQ(Split(part), Envelope(part));
    EXPECT_EQ(Split(ToBase64(part)), Envelope(ToBase64(part)));
  }
  std::string damaged = whole;
  damaged[damaged.size() - 1] ^= 1;
  EXPECT_EQ(Split(damaged), Envelope(damaged));
  EXPECT_EQ(Split(whole + "x"), Envelope(whole + "x"));
  const std::string base64 = ToBase64(whole);
  for (const std::string& text :
       {base64 + "=", base64 + " ", base64 + "!", " " + base64,
        base64.substr(0, 9) + "\t" + base64.substr(9), '"' + base64 + '"'}) {
    EXPECT_EQ(Split(text), Envelope(text));
  }
}

TEST_P(MessageEncodingTest, WhatDecodesToNoEventIsKeptAsItCame) {
  for (const char* content : {"", "\n", "hello", "7", "{\"a\":"}) {
    EXPECT_EQ(Split(Of(content)), Envelope(Of(content))) << content;
    EXPECT_EQ(Split(Base64Of(content)), Envelope(Base64Of(content))) << content;
  }
}

TEST_P(MessageEncodingTest, OnlyOneLevelIsDecoded) {
  const std::string twice = Of(Of("{\"a\":1}")), mixed = Of(Base64Of("{\"a\":1}"));
  EXPECT_EQ(Split(twice), Envelope(twice));
  EXPECT_EQ(Split(mixed), Envelope(mixed));
  EXPECT_EQ(Split(ToBase64(ToBase64(Of("{\"a\":1}")))),
            Envelope(ToBase64(ToBase64(Of("{\"a\":1}")))));
}

// Fault T6.
TEST_P(MessageEncodingTest, MoreThanAMessageMayHoldIsKeptAsItCame) {
  const std::string most = "{\"a\":\"" + std::string(kMostDecoded.count - 8, 'x') + "\"}";
  ASSERT_EQ(most.size(), kMostDecoded.count);
  EXPECT_EQ(DecodedBody(Of(most))->size(), most.size());
  const std::string more = Of(most + "\n");
  EXPECT_EQ(DecodedBody(more), std::nullopt);
  EXPECT_EQ(Split(more), Envelope(more));
}

TEST(MessageEncodingTest, MoreLinesThanAMessageMayHaveAreKeptAsTheyCame) {
  const std::string id(4000, 'm');  // so that few lines are many bytes
  std::string text;
  for (int i = 0; i < 40'000; ++i) text += "{}\nx\n";
  const std::string body = ToBase64(Compressed(StreamFormat::kGzip, text));
  std::string lines = "before\n";
  const SplitCounts counts = SplitMessage(id, body, lines);
  EXPECT_EQ(counts.lines, 1u);
  EXPECT_EQ(counts.enveloped, 1u);
  EXPECT_EQ(lines, "before\n{\"sluice_raw\":{\"id\":\"" + id + "\",\"base64\":\"" + ToBase64(body) +
                       "\"}}\n");
}

TEST(MessageEncodingTest, OneLookTellsPlainJson) {
  for (const char* plain :
       {"{\"a\":1}", "[]", " {}", "\n{}", "\xEF\xBB\xBF{}", "", "text", "\"H4sI\""}) {
    EXPECT_FALSE(MayBeEncoded(plain)) << plain;
  }
}

TEST(MessageEncodingTest, OtherTextThatBeginsLikeItIsNone) {
  for (const char* body : {"Hello", "H", "H4s", "K", "KLUv", "KLUvvvvv", "(", "\x1F", "\x1F\x8B"}) {
    EXPECT_TRUE(MayBeEncoded(body)) << body;
    EXPECT_EQ(Split(body), Envelope(body)) << body;
  }
}

}  // namespace
}  // namespace sluice
