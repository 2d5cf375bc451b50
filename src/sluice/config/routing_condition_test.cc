// SPDX-License-Identifier: Apache-2.0
#include "sluice/config/routing_condition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(FieldPathTest, DotsSeparateKeysUnlessEscaped) {
  EXPECT_THAT(*ParseFieldPath("topic"), ElementsAre("topic"));
  EXPECT_THAT(*ParseFieldPath("context.page.url"), ElementsAre("context", "page", "url"));
  EXPECT_THAT(*ParseFieldPath(R"(context.page\.url.\\x)"),
              ElementsAre("context", "page.url", "\\x"));
  EXPECT_THAT(*ParseFieldPath("Größe.a b"), ElementsAre("Größe", "a b"));
}

TEST(FieldPathTest, RefusesWhatLeadsNowhere) {
  for (const char* text : {"", ".", "a.", ".a", "a..b", "a\\", "a\\b"}) {
    EXPECT_FALSE(ParseFieldPath(text)) << text;
  }
  std::string deep = "a";
  for (int i = 0; i < 32; ++i) deep += ".a";
  EXPECT_THAT(ParseFieldPath(deep).error().message(), HasSubstr("at most 32 keys"));
}

std::string LiteralOf(std::string text, bool quoted = false) {
  const auto literal =
      JsonLiteralOf({.kind = YamlNode::Kind::kScalar, .text = std::move(text), .quoted = quoted});
  return literal ? *literal : "error: " + literal.error().message();
}

TEST(JsonLiteralTest, PlainValuesAreWhatJsonTakesThemFor) {
  for (const char* same : {"0", "-0", "12", "-1.50", "1e3", "1.5E-7", "true", "false"}) {
    EXPECT_EQ(LiteralOf(same), same);
  }
  for (const char* text : {"click", "012", "1.", ".5", "0x10", "1_000", "+1", "-", "2020-06-01",
                           "1e", "nullable", "Infinity"}) {
    EXPECT_EQ(LiteralOf(text), '"' + std::string(text) + '"');
  }
}

TEST(JsonLiteralTest, QuotedValuesAreStrings) {
  EXPECT_EQ(LiteralOf("12", true), "\"12\"");
  EXPECT_EQ(LiteralOf("yes", true), "\"yes\"");
  EXPECT_EQ(LiteralOf("a\"b", true), R"("a\"b")");
  EXPECT_EQ(LiteralOf("", true), "\"\"");
}

TEST(JsonLiteralTest, YamlsManyBooleansAreRefused) {
  for (const char* text : {"yes", "No", "ON", "off", "True", "FALSE"}) {
    EXPECT_THAT(LiteralOf(text), HasSubstr("write true or false, or quote it")) << text;
  }
}

TEST(JsonLiteralTest, NullMustBeWrittenOut) {
  EXPECT_EQ(*JsonLiteralOf({.kind = YamlNode::Kind::kNull, .text = "null"}), "null");
  EXPECT_FALSE(JsonLiteralOf({.kind = YamlNode::Kind::kNull}));
  EXPECT_FALSE(JsonLiteralOf({.kind = YamlNode::Kind::kList}));
}

}  // namespace
}  // namespace sluice
