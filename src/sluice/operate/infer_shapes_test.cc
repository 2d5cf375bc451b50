// SPDX-License-Identifier: Apache-2.0
#include "sluice/operate/infer_shapes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>

namespace sluice {
namespace {

using ::testing::ElementsAre;

// Events as words: "id topic type=a ×10". Facts are numbered as they first occur; "?" before a word
// says that no rule may ask for it, "-" that it is a last choice.
class Sample {
 public:
  explicit Sample(std::initializer_list<std::pair<std::string_view, uint64_t>> kinds) {
    for (const auto& [text, events] : kinds) {
      ShapeKind kind{.facts = {}, .events = events};
      for (std::string_view rest = text; !rest.empty();) {
        const size_t end = std::min(rest.find(' '), rest.size());
        AddWord(rest.substr(0, end), kind);
        rest.remove_prefix(std::min(end + 1, rest.size()));
      }
      std::ranges::sort(kind.facts);
      kinds_.push_back(std::move(kind));
    }
  }

  // Each rule as its words, joined by " & "; the last one may be "any".
  std::vector<std::string> Rules() const {
    std::vector<std::string> rules;
    for (const std::vector<size_t>& rule : FindShapes(facts_, kinds_)) {
      std::string words;
      for (const size_t fact : rule) words += (words.empty() ? "" : " & ") + words_[fact];
      rules.push_back(words.empty() ? "any" : words);
    }
    return rules;
  }

 private:
  void AddWord(std::string_view word, ShapeKind& kind) {
    const size_t equals = word.find('=');
    kind.facts.push_back(FactOf(std::string(word.substr(0, equals)), std::nullopt));
    if (equals == std::string_view::npos) return;
    kind.facts.push_back(FactOf(std::string(word), std::string(word.substr(equals + 1))));
  }

  size_t FactOf(const std::string& word, std::optional<std::string> value) {
    const auto [found, is_new] = numbers_.emplace(word, facts_.size());
    if (!is_new) return found->second;
    const std::string key = word.substr(0, word.find('='));
    facts_.push_back({.key = numbers_.at(key),
                      .value = std::move(value),
                      .can_route = !word.starts_with('?'),
                      .rank = word.starts_with('-') ? 1 : 0});
    words_.push_back(word);
    return facts_.size() - 1;
  }

  std::map<std::string, size_t> numbers_;
  std::vector<std::string> words_;
  std::vector<ShapeFact> facts_;
  std::vector<ShapeKind> kinds_;
};

TEST(FindShapes, OneShapeIsAnyEvent) {
  EXPECT_THAT(Sample({{"id", 1}}).Rules(), ElementsAre("any"));
  EXPECT_THAT(Sample({{"", 1}}).Rules(), ElementsAre("any"));
  EXPECT_THAT(Sample({{"id time topic", 1000}}).Rules(), ElementsAre("any"));
}

TEST(FindShapes, AKeyThatSomeEventsLackMakesNoShape) {
  EXPECT_THAT(Sample({{"id a b", 500}, {"id a", 300}, {"id b", 200}, {"id", 10}}).Rules(),
              ElementsAre("any"));
  // Nor do many, as long as the others have nothing of their own.
  EXPECT_THAT(Sample({{"id a b c d e", 500}, {"id", 500}}).Rules(), ElementsAre("any"));
}

TEST(FindShapes, OneKeyIsTooFewOnEitherSide) {
  EXPECT_THAT(Sample({{"id a", 10}, {"id b1 b2", 10}}).Rules(), ElementsAre("any"));
  EXPECT_THAT(Sample({{"id a1 a2", 10}, {"id b", 10}}).Rules(), ElementsAre("any"));
}

TEST(FindShapes, TwoSetsOfKeysAreTwoShapes) {
  EXPECT_THAT(Sample({{"id topic message", 1}, {"id source medium", 1}}).Rules(),
              ElementsAre("topic", "source"));
  EXPECT_THAT(
      Sample({{"-id topic message x", 900}, {"-id topic message", 50}, {"-id source medium", 50}})
          .Rules(),
      ElementsAre("topic", "source"));
}

TEST(FindShapes, ThreeShapesAreParted) {
  EXPECT_THAT(Sample({{"id a1 a2", 10}, {"id b1 b2", 10}, {"id c1 c2", 10}}).Rules(),
              ElementsAre("a1", "b1", "c1"));
}

TEST(FindShapes, ARuleAsksForNoKeyThatMayNot) {
  EXPECT_THAT(Sample({{"id ?a1 a2", 10}, {"id ?b1 b2", 10}}).Rules(), ElementsAre("a2", "b2"));
  EXPECT_THAT(Sample({{"id -a1 a2", 10}, {"id -b1 b2", 10}}).Rules(), ElementsAre("a2", "b2"));
  EXPECT_THAT(Sample({{"id a1 a2", 10}, {"id ?b1 ?b2", 10}}).Rules(), ElementsAre("a1", "any"));
  EXPECT_THAT(Sample({{"id ?a1 ?a2", 10}, {"id ?b1 ?b2", 10}}).Rules(), ElementsAre("any"));
}

TEST(FindShapes, AValueThatGoesWithKeysIsARule) {
  EXPECT_THAT(Sample({{"id type=click x y", 10}, {"id type=view", 10}}).Rules(),
              ElementsAre("type=click", "type=view"));
  // As good as a key, and better to read.
  EXPECT_THAT(Sample({{"id type=click x y", 10}, {"id type=buy p q", 10}}).Rules(),
              ElementsAre("type=click", "type=buy"));
  EXPECT_THAT(Sample({{"id type=a x y", 10}, {"id type=b p q", 10}, {"id type=c r s", 10}}).Rules(),
              ElementsAre("type=a", "type=b", "type=c"));
}

TEST(FindShapes, AValueThatGoesWithNoKeysIsNone) {
  EXPECT_THAT(Sample({{"id lang=de x", 10}, {"id lang=en x", 10}, {"id lang=en", 5}}).Rules(),
              ElementsAre("any"));
  // In two events everything is different.
  EXPECT_THAT(Sample({{"id user=a x y", 1}, {"id user=b", 1}}).Rules(), ElementsAre("any"));
  // A value of a key that not all events have only says what the key says.
  EXPECT_THAT(Sample({{"id env=x topic message", 10}, {"id source medium", 10}}).Rules(),
              ElementsAre("env", "source"));
}

TEST(FindShapes, FewEventsOutOfOrderAreNoShape) {
  EXPECT_THAT(Sample({{"id topic message", 1000}, {"junk rubbish", 4}}).Rules(),
              ElementsAre("any"));
  EXPECT_THAT(Sample({{"id topic message", 1000}, {"junk rubbish", 6}}).Rules(),
              ElementsAre("id", "junk"));
  // A key that one event in a thousand lacks is still the shape's.
  EXPECT_THAT(
      Sample({{"id topic message", 999}, {"id topic", 1}, {"id source medium", 999}}).Rules(),
      ElementsAre("topic", "source"));
}

TEST(FindShapes, TheLastRuleMayLeaveAFewOut) {
  EXPECT_THAT(Sample({{"id topic message", 900}, {"id source medium", 99}, {"beat", 1}}).Rules(),
              ElementsAre("topic", "source"));
  EXPECT_THAT(Sample({{"id topic message", 900}, {"id source medium", 97}, {"beat", 2}}).Rules(),
              ElementsAre("topic", "any"));
}

TEST(FindShapes, ThereAreAtMostSixteen) {
  std::vector<ShapeFact> facts;
  std::vector<ShapeKind> kinds;
  for (size_t i = 0; i < 20; ++i) {
    facts.push_back({.key = 2 * i});
    facts.push_back({.key = 2 * i + 1});
    kinds.push_back({.facts = {2 * i, 2 * i + 1}, .events = 10});
  }
  EXPECT_EQ(FindShapes(facts, kinds).size(), 16u);
}

}  // namespace
}  // namespace sluice
