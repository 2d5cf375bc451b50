// SPDX-License-Identifier: Apache-2.0
#include "sluice/config/yaml_tree.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace sluice {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// "line:column kind text" of the node at `keys`.
std::string At(const YamlNode& root, std::initializer_list<std::string_view> keys) {
  const YamlNode* node = &root;
  for (std::string_view key : keys) {
    node = node->Find(key);
    if (!node) return "nothing there";
  }
  return fmt::format("{}:{} {} {}{}", node->line, node->column, Name(node->kind), node->text,
                     node->quoted ? " quoted" : "");
}

std::string ErrorOf(std::string_view text) {
  const auto tree = ParseYaml(text, "f.yaml");
  return tree ? "no error" : tree.error().message();
}

TEST(YamlTreeTest, KnowsWhereEverythingStands) {
  const auto root = ParseYaml("# first\na: 1\nb:\n  c: [x, 'y']\n  d: {e: \"5\"}\nf:\n", "f.yaml");
  ASSERT_TRUE(root) << root.error().message();
  EXPECT_EQ(At(*root, {"a"}), "2:4 a text 1");
  EXPECT_EQ(At(*root, {"b"}), "4:3 a map ");
  EXPECT_EQ(At(*root, {"b", "c"}), "4:6 a list ");
  EXPECT_EQ(At(root->Find("b")->Find("c")->items[1], {}), "4:10 a text y quoted");
  EXPECT_EQ(At(*root, {"b", "d", "e"}), "5:10 a text 5 quoted");
  EXPECT_EQ(root->Find("f")->kind, YamlNode::Kind::kNull);
  EXPECT_EQ(root->keys[1].line, 3);
  EXPECT_EQ(root->Find("nope"), nullptr);
}

TEST(YamlTreeTest, TellsAWrittenNullFromAnEmptyValue) {
  for (const char* prefix : {"", "\xEF\xBB\xBF", "# é\r\n"}) {
    const auto root =
        ParseYaml(std::string(prefix) + "a: null\nb:\nc: {d: null, e: }\nf: [null]\n", "f.yaml");
    ASSERT_TRUE(root) << root.error().message();
    EXPECT_EQ(root->Find("a")->text, "null");
    EXPECT_EQ(root->Find("b")->text, "");
    EXPECT_EQ(root->Find("c")->Find("d")->text, "null");
    EXPECT_EQ(root->Find("c")->Find("e")->text, "");
    EXPECT_EQ(root->Find("f")->items[0].text, "null");
  }
}

TEST(YamlTreeTest, AnEmptyTextIsNothing) {
  for (const char* text : {"", "# only a comment\n", "---\n", "\n\n"}) {
    const auto root = ParseYaml(text, "f.yaml");
    ASSERT_TRUE(root) << root.error().message();
    EXPECT_EQ(root->kind, YamlNode::Kind::kNull);
  }
}

TEST(YamlTreeTest, RefusesWhatAConfigurationDoesNotNeed) {
  EXPECT_EQ(ErrorOf("a: 1\nb: 2\na: 3"), "f.yaml:3:1: the key 'a' stands here twice");
  EXPECT_THAT(ErrorOf("a: &x 1\nb: 2"), StartsWith("f.yaml:1:4: anchors and aliases"));
  EXPECT_THAT(ErrorOf("a: &x {b: 1}"), HasSubstr("anchors and aliases"));
  EXPECT_THAT(ErrorOf("a: &x [1]"), HasSubstr("anchors and aliases"));
  EXPECT_THAT(ErrorOf("a: !!str 1"), StartsWith("f.yaml:1:4: tags are not accepted"));
  EXPECT_THAT(ErrorOf("a: !x [1]"), HasSubstr("tags are not accepted"));
  EXPECT_THAT(ErrorOf("? [1, 2]\n: 3"), StartsWith("f.yaml:1:3: a key must be a text"));
  EXPECT_THAT(ErrorOf("a: 1\n---\nb: 2"), HasSubstr("a second document"));
  EXPECT_THAT(ErrorOf("a: \xFF"), HasSubstr("not UTF-8"));
  EXPECT_THAT(ErrorOf(std::string("a: \0", 4)), HasSubstr("not UTF-8"));
  EXPECT_THAT(ErrorOf("b: \n  \"x\\0y\""), StartsWith("f.yaml:2:3: a NUL character"));
  EXPECT_THAT(ErrorOf("a: \"x\\N\""), StartsWith("f.yaml:1:4: write the character"));
  EXPECT_THAT(ErrorOf("a: \"\\_x\""), StartsWith("f.yaml:1:4: write the character"));
  EXPECT_EQ(ErrorOf("a: \"\\x85\\u0085\\xA0\\L\\P\""), "no error");
  EXPECT_THAT(ErrorOf("\"\\0\": 1"), StartsWith("f.yaml:1:1: a NUL character"));
  EXPECT_THAT(ErrorOf(std::string(1'048'577, '#')), HasSubstr("longer than 1 MiB"));
}

TEST(YamlTreeTest, SyntaxErrorsHaveAPlace) {
  EXPECT_EQ(ErrorOf("a: 1\nb: [1, 2\n"), "f.yaml:2:4: a list that begins here and has no end");
  EXPECT_EQ(ErrorOf("a: {b: x\n"), "f.yaml:1:4: a map that begins here and has no end");
  EXPECT_EQ(ErrorOf("a: [{b: 1}, {c: [2], d: 3\n\n"),
            "f.yaml:1:13: a map that begins here and has no end");
  EXPECT_THAT(ErrorOf("a: 1\n b: 2"), StartsWith("f.yaml:2:"));
  EXPECT_THAT(ErrorOf("a: 'x"), StartsWith("f.yaml:1:"));
  EXPECT_THAT(ErrorOf("a: *x"), StartsWith("f.yaml:1:"));
}

TEST(YamlTreeTest, AnErrorIsOneLine) {
  EXPECT_EQ(ErrorOf("\"a\\n\": 1\n\"a\\n\": 2"),
            "f.yaml:2:1: the key 'a\\u000a' stands here twice");
  EXPECT_EQ(ErrorOf("\"\\"), "f.yaml:1:4: unknown escape character: \\u0004");
  EXPECT_EQ(ErrorOf("\"\\\x1B\""), "f.yaml:1:4: unknown escape character: \\u001b");
}

TEST(YamlTreeTest, AnErrorIsUtf8) {
  EXPECT_EQ(ErrorOf("\"\\\xC3\xA9\""), "f.yaml:1:4: unknown escape character: \xEF\xBF\xBD");
}

TEST(YamlTreeTest, DeepNestingIsRefused) {
  EXPECT_EQ(ErrorOf(std::string(60, '[') + std::string(60, ']')), "no error");
  EXPECT_THAT(ErrorOf(std::string(65, '[') + std::string(65, ']')), HasSubstr("64 levels"));
  EXPECT_THAT(ErrorOf(std::string(100'000, '[')), StartsWith("f.yaml:1:"));
  EXPECT_THAT(ErrorOf(std::string(100'000, '{')), StartsWith("f.yaml:1:"));
  for (const char* step : {"- ", "? ", "a: ", "[{"}) {
    std::string text;
    for (int i = 0; i < 20'000; ++i) text += step;
    EXPECT_THAT(ErrorOf(text), StartsWith("f.yaml:1:")) << step;
  }
}

TEST(YamlTreeTest, SurvivesMutatedText) {
  const std::string seed =
      "name: x\nsource: {dir: a, 'b': \"c\\n\"}\ntables:\n  - ddl: |\n      text\n    when: "
      "{has: [a, b]}\n    list: [1, null, ~]\n# end\n";
  std::minstd_rand random(7);
  for (int round = 0; round < 5'000; ++round) {
    std::string text = seed;
    for (auto edits = 1 + random() % 4; edits > 0; --edits) {
      const size_t at = random() % text.size();
      text[at] = random() % 2 ? "{}[]:,-?&*!|>'\"#%@` \n\t~"[random() % 23]
                              : static_cast<char>(random() % 256);
    }
    const auto tree = ParseYaml(text, "f.yaml");
    if (!tree) {
      ASSERT_THAT(tree.error().message(), StartsWith("f.yaml")) << text;
    }
  }
}

}  // namespace
}  // namespace sluice
