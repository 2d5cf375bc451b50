// SPDX-License-Identifier: Apache-2.0
#include "sluice/ndjson/event_reader.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <cstring>
#include <random>
#include <string>

#include "sluice/base/utf8.h"
#include "sluice/ndjson/json_scan.h"

namespace sluice {
namespace {

std::string Verdict(EventReader& reader, const std::string& line) {
  const auto size = line.size() + 1 + kScanPadding;
  // On the heap and no larger than promised, so that the sanitizer sees every step too far.
  const auto padded = std::make_unique<char[]>(size);
  std::memcpy(padded.get(), line.data(), line.size());
  padded[line.size()] = '\n';
  const auto arena = std::make_unique<char[]>(line.size() + 15);
  char* at = arena.get();
  const auto fault = reader.Read({padded.get(), line.size()}, at);
  EXPECT_LE(static_cast<size_t>(at - arena.get()), line.size());
  return fault ? std::string(Name(*fault)) : "event";
}

std::string Verdict(const std::string& line) {
  FieldTree fields;
  fields.Add({"a"});
  fields.Add({"o", "p", "q"});
  EventReader reader(fields);
  return Verdict(reader, line);
}

TEST(EventReaderTest, OneObjectIsAnEvent) {
  for (const char* line : {"{}", " { } \t\r", R"({"a":1})", R"({ "a" : -0.5E+10 , "b" : [ ] })",
                           R"({"a":[1,[2,{"x":{}}],"s"],"o":{"p":{"q":null,"z":[true,false]}}})",
                           R"({"o":{"p":7},"o":[],"":""})", R"({"a":"\u0000\ud83d\ude00\ud800"})",
                           "{\"a\":\"\x7F\"}"}) {
    EXPECT_EQ(Verdict(line), "event") << line;
  }
}

TEST(EventReaderTest, WhatIsNotJsonIsRefusedWhereverItStands) {
  for (const char* wrong : {"",
                            "tru",
                            "truex",
                            "nul",
                            "falsy",
                            "True",
                            "01",
                            "-",
                            "-a",
                            "1.",
                            ".5",
                            "1e",
                            "1e+",
                            "+1",
                            "0x1",
                            "NaN",
                            "Infinity",
                            "'a'",
                            "\"a",
                            "\"\\x\"",
                            "\"\\u12g4\"",
                            "\"\\u123\"",
                            "\"\\",
                            "[",
                            "[1",
                            "[1,",
                            "[1,]",
                            "[,1]",
                            "[1 2]",
                            "[1}",
                            "{",
                            "{\"x\"",
                            "{\"x\":",
                            "{\"x\":1",
                            "{\"x\":1,",
                            "{\"x\":1,}",
                            "{\"x\" 1}",
                            "{x:1}",
                            "{1:1}",
                            "{\"x\":1]",
                            "{,}",
                            "1 2",
                            "/**/1",
                            "1//",
                            "\xEF\xBB\xBF"
                            "1",
                            "\v1",
                            "1,",
                            "\"a\"\"b\""}) {
    for (const char* before :
         {"", "{\"a\":", "{\"b\":", "{\"o\":{\"p\":{\"q\":", "[[", "{\"b\":[{\"c\":"}) {
      std::string line = std::string(before) + wrong;
      for (const char c : std::string(before)) {
        if (c == '{') line += '}';
        if (c == '[') line += ']';
      }
      if (std::string(before) == "[[" && std::string(wrong).empty()) continue;
      if (std::string(before) == "{\"b\":[{\"c\":") line = std::string(before) + wrong + "}]}";
      EXPECT_EQ(Verdict(line), "not_json") << line;
    }
  }
}

TEST(EventReaderTest, OtherJsonIsNotAnObject) {
  for (const char* line : {"1", "\"x\"", "[]", "[{}]", "null", " true ", "-0"}) {
    EXPECT_EQ(Verdict(line), "not_an_object") << line;
  }
  EXPECT_EQ(Verdict("{} {}"), "not_json");
}

TEST(EventReaderTest, ControlCharactersInStringsHaveTheirOwnName) {
  for (int c = 0; c < 0x20; ++c) {
    if (c == '\n') continue;
    const std::string bad(1, static_cast<char>(c));
    for (const std::string& line :
         {"{\"a\":\"x" + bad + "\"}", "{\"b\":\"" + bad + "\"}", "{\"" + bad + "\":1}",
          "{\"a\":\"\\n" + bad + "\"}", "{\"b\":[{\"k" + bad + "\":1}]}"}) {
      EXPECT_EQ(Verdict(line), "control_character") << c;
    }
    EXPECT_EQ(c == 9 || c == 13 ? "not_json" : Verdict("{\"a\":" + bad + "1}"), "not_json") << c;
  }
  EXPECT_EQ(Verdict("{\"a\":\"x"), "not_json");
}

TEST(EventReaderTest, T8_DepthIsLimitedOnEveryWay) {
  for (const char* key : {"a", "b"}) {
    const auto nested = [&](size_t levels) {
      return "{\"" + std::string(key) + "\":" + std::string(levels - 1, '[') +
             std::string(levels - 1, ']') + "}";
    };
    EXPECT_EQ(Verdict(nested(256)), "event");
    EXPECT_EQ(Verdict(nested(257)), "too_deep");
    EXPECT_EQ(Verdict(nested(1'000'001)), "too_deep");
  }
  std::string objects;
  for (int i = 0; i < 1'000'000; ++i) objects += "{\"o\":";
  EXPECT_EQ(Verdict(objects), "too_deep");
  EXPECT_EQ(Verdict(std::string(1'000'000, '[')), "too_deep");
  FieldPath path(300, "o");
  FieldTree fields;
  fields.Add(path);
  EventReader reader(fields);
  EXPECT_EQ(Verdict(reader, objects), "too_deep");
}

TEST(EventReaderTest, T11_KeysWithLoneSurrogatesAreKeysLikeOthers) {
  for (const char* line : {R"({"\ud800":1})", R"({"b":[{"x\udc00":1}]})", R"({"o":{"\ud800":1}})",
                           R"({"\ud83d\ude00":1,"b":{"\\ud800":"\ud800"}})"}) {
    EXPECT_EQ(Verdict(line), "event") << line;
  }
  EXPECT_EQ(Verdict(R"({"\ud800":1)"), "not_json");
  FieldTree fields;
  const int replacement = fields.Add({"\xEF\xBF\xBD"});
  EventReader reader(fields);
  EXPECT_EQ(Verdict(reader, R"({"\ud800":1,"\ud801":2,"\udc00":3,"a\ud800":4,"\uD801":5})"),
            "event");
  EXPECT_EQ(reader.value(replacement).kind, JsonKind::kAbsent);
  EXPECT_EQ(reader.unknown().size(), 4U);
  EXPECT_TRUE(reader.has_duplicates());
}

TEST(EventReaderTest, UnknownMembersAreThoseOfTheLastValueOfEachObject) {
  FieldTree fields;
  const int object = fields.Add({"o"}), inner = fields.Add({"o", "p"});
  fields.Add({"o", "p", "q"});
  EventReader reader(fields);
  const auto unknown = [&](const std::string& line) {
    EXPECT_EQ(Verdict(reader, line), "event") << line;
    std::string words;
    for (const UnknownMember& member : reader.unknown()) {
      words += member.object == object ? "o." : member.object == inner ? "o.p." : "";
      words += std::string(line, member.key_begin + 1, 1);
      words += line.substr(member.value_begin, member.value_end - member.value_begin) + " ";
    }
    return words + (reader.has_duplicates() ? "twice" : "");
  };
  EXPECT_EQ(unknown(R"({"x":1,"o":{"y":2,"p":{"z":3,"q":0},"w":4},"v":5})"),
            "x1 o.y2 o.p.z3 o.w4 v5 ");
  EXPECT_EQ(unknown(R"({"o":{"x":1,"p":{"x":2}},"x":3})"), "o.x1 o.p.x2 x3 ");
  EXPECT_EQ(unknown(R"({"o":{"x":1,"p":{"x":2,"x":3},"x":4},"o":5})"), "twice");
  EXPECT_EQ(unknown(R"({"o":{"x":1,"x":2}})"), "o.x2 twice");
  EXPECT_EQ(unknown(R"({"o":{"x":1,"p":{"y":2}},"o":{"z":3}})"), "o.z3 twice");
  EXPECT_EQ(unknown(R"({"o":{"p":{"y":1},"x":2,"p":{"z":3}}})"), "o.x2 o.p.z3 twice");
  EXPECT_EQ(unknown(R"({"o":{"x":1},"o":null,"o":{"y":2}})"), "o.y2 twice");
}

// The second oracle: RFC 8259's grammar, as plainly as can be.
class PlainGrammar {
 public:
  explicit PlainGrammar(const std::string& text) : text_(text) {}
  bool IsObject() {
    Blanks();
    return Peek() == '{' && Value(0) && (Blanks(), at_ == text_.size());
  }

 private:
  char Peek() const { return at_ < text_.size() ? text_[at_] : '\n'; }
  bool Take(char c) { return Peek() == c && ++at_ > 0; }
  void Blanks() {
    while (Peek() == ' ' || Peek() == '\t' || Peek() == '\r') ++at_;
  }
  bool Digits() {
    const size_t begin = at_;
    while (std::isdigit(static_cast<unsigned char>(Peek())) != 0) ++at_;
    return at_ > begin;
  }
  bool Number() {
    Take('-');
    if (!Take('0') && !Digits()) return false;
    if (Take('.') && !Digits()) return false;
    if (!Take('e') && !Take('E')) return true;
    if (!Take('+')) Take('-');
    return Digits();
  }
  bool String() {
    if (!Take('"')) return false;
    while (Peek() != '"') {
      if (static_cast<unsigned char>(Peek()) < 0x20) return false;
      if (!Take('\\')) {
        ++at_;
      } else if (Take('u')) {
        for (int i = 0; i < 4; ++i, ++at_) {
          if (std::isxdigit(static_cast<unsigned char>(Peek())) == 0) return false;
        }
      } else if (std::strchr("\"\\/bfnrt", Peek()) == nullptr || Peek() == 0) {
        return false;
      } else {
        ++at_;
      }
    }
    return Take('"');
  }
  bool Word(const std::string& word) {
    at_ += word.size();
    return text_.compare(at_ - word.size(), word.size(), word) == 0;
  }
  bool Members(char end, int depth) {
    Blanks();
    if (Take(end)) return true;
    do {
      Blanks();
      if (end == '}') {
        if (!String()) return false;
        Blanks();
        if (!Take(':')) return false;
        Blanks();
      }
      if (!Value(depth)) return false;
      Blanks();
    } while (Take(','));
    return Take(end);
  }
  bool Value(int depth) {
    if (Peek() == '{' || Peek() == '[') {
      if (depth == EventReader::kDeepest) return false;
      return Members(text_[at_++] == '{' ? '}' : ']', depth + 1);
    }
    if (Peek() == '"') return String();
    if (Peek() == 't') return Word("true");
    if (Peek() == 'f') return Word("false");
    return Peek() == 'n' ? Word("null") : Number();
  }

  const std::string& text_;
  size_t at_ = 0;
};

TEST(EventReaderTest, MutatedEventsAreJudgedAsByTwoOracles) {
  FieldTree fields;
  for (const FieldPath& path : std::vector<FieldPath>{
           {"request_id"}, {"message"}, {"context", "page", "url"}, {"context", "n"}, {"list"}}) {
    fields.Add(path);
  }
  EventReader reader(fields);
  const std::vector<std::string> seeds = {
      R"({"request_id": "fc417c2b-fe7a-4737-afe2-bec49c0ebd6f", "message": "{\"a\":false,\"l\":\"\u00e9\"}", "context": {"page": {"url": "x", "r": [1, 2.5e3]}, "n": -0}, "list": [], "u": null})",
      R"({"list":[{"a":{"b":[[],{},"\ud83d\ude00"]}},true,false,null,-1.5E-7],"context":{"page":3},"x":"y","x":"\\\"\/\b"})",
      "{\"message\":\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\",\"zz\":{\"k\":\"v\"}}"};
  const std::string alphabet = "{}[]:,\"\\ue0129.-+tfn \t\x01\x7F\xC3\xA9";
  std::minstd_rand random(11);
  size_t good = 0, compared_with_simdjson = 0;
  simdjson::dom::parser parser;
  for (int i = 0; i < 150'000; ++i) {
    std::string line = seeds[random() % seeds.size()];
    for (size_t n = random() % 4; n > 0; --n) {
      const size_t at = random() % line.size();
      switch (random() % 4) {
        case 0:
          line[at] = alphabet[random() % alphabet.size()];
          break;
        case 1:
          line.erase(at, 1 + random() % 3);
          break;
        case 2:
          line.insert(at, 1, alphabet[random() % alphabet.size()]);
          break;
        default:
          line.insert(at, line.substr(random() % line.size(), random() % 9));
      }
      if (line.empty()) line = " ";
    }
    if (!IsUtf8(line)) continue;  // the converter's part
    const std::string verdict = Verdict(reader, line);
    const bool accepted = verdict == "event";
    ASSERT_EQ(accepted, PlainGrammar(line).IsObject()) << line << " " << verdict;
    good += accepted ? 1 : 0;
    // simdjson refuses half surrogates and numbers that no double holds, which RFC 8259 allows.
    if (line.find("\\ud") != std::string::npos) continue;
    simdjson::dom::element element;
    const auto error = parser.parse(line).get(element);
    if (error == simdjson::NUMBER_ERROR) continue;
    ++compared_with_simdjson;
    ASSERT_EQ(accepted, error == simdjson::SUCCESS && element.is_object()) << line;
  }
  EXPECT_GT(good, 30'000U);
  EXPECT_GT(compared_with_simdjson, 60'000U);
}

}  // namespace
}  // namespace sluice
