// SPDX-License-Identifier: Apache-2.0
#include "sluice/schema/quarantine_schema.h"

#include <gtest/gtest.h>

#include "sluice/base/base64.h"
#include "sluice/base/utf8.h"

namespace sluice {
namespace {

TEST(QuarantinePayloadTest, TextStaysReadable) {
  const QuarantinePayload payload = EncodePayload("{\"a\":\"\xC3\xA9\"}", 10);
  EXPECT_EQ(payload.encoding, "utf8");
  EXPECT_EQ(payload.text, "{\"a\":\"\xC3\xA9\"}");
}

TEST(QuarantinePayloadTest, BytesThatAreNotTextAreKeptExactly) {
  for (const std::string& bytes : {std::string("\xFF\xFE"), std::string("a\0b", 3),
                                   std::string("\xEF\xBF\xBE"), std::string("a\xEF\xBF\xBF")}) {
    const QuarantinePayload payload = EncodePayload(bytes, bytes.size());
    EXPECT_EQ(payload.encoding, "base64");
    EXPECT_EQ(*FromBase64(payload.text), bytes);
  }
}

TEST(QuarantinePayloadTest, LongTextIsCutBetweenCodePoints) {
  std::string text(kLargestPayload - 1, 'x');
  text += "\xF0\x9F\x98\x80";
  const QuarantinePayload payload = EncodePayload(text, text.size());
  EXPECT_EQ(payload.encoding, "utf8_cut");
  EXPECT_EQ(payload.text, std::string(kLargestPayload - 1, 'x'));
}

TEST(QuarantinePayloadTest, AFrontThatEndsInsideACodePointIsStillText) {
  const QuarantinePayload payload = EncodePayload("ab\xF0\x9F\x98", 5'000'000);
  EXPECT_EQ(payload.encoding, "utf8_cut");
  EXPECT_EQ(payload.text, "ab");
}

TEST(QuarantinePayloadTest, LongBytesThatAreNotTextFitToo) {
  const std::string bytes(100'000, '\xFF');
  const QuarantinePayload payload = EncodePayload(bytes, bytes.size());
  EXPECT_EQ(payload.encoding, "base64_cut");
  EXPECT_LE(payload.text.size(), kLargestPayload);
}

}  // namespace
}  // namespace sluice
