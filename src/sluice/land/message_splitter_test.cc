// SPDX-License-Identifier: Apache-2.0
#include "sluice/land/message_splitter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "sluice/base/base64.h"

namespace sluice {
namespace {

using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::SizeIs;

std::vector<std::string> LinesOf(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    if (end == std::string_view::npos) {
      ADD_FAILURE() << "the last line has no end";
      break;
    }
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  return lines;
}

std::vector<std::string> Split(std::string_view body) {
  std::string text;
  const SplitCounts counts = SplitMessage("m-1", body, text);
  const std::vector<std::string> lines = LinesOf(text);
  EXPECT_EQ(counts.lines, lines.size());
  uint64_t enveloped = 0;
  for (const std::string& line : lines) enveloped += line.starts_with("{\"sluice_raw\":");
  EXPECT_EQ(counts.enveloped, enveloped);
  return lines;
}

std::string Envelope(std::string_view bytes) {
  return "{\"sluice_raw\":{\"id\":\"m-1\",\"base64\":\"" + ToBase64(bytes) + "\"}}";
}

struct Case {
  const char* name;
  std::string body;
  std::vector<std::string> lines;
};

class SplitTest : public ::testing::TestWithParam<Case> {};

TEST_P(SplitTest, GivesTheseLines) {
  EXPECT_THAT(Split(GetParam().body), ElementsAreArray(GetParam().lines));
}

std::string NameOf(const ::testing::TestParamInfo<Case>& info) {
  return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, SplitTest,
    ::testing::Values(
        Case{"OneObject", R"({"a":1})", {R"({"a":1})"}},
        Case{"Records",
             R"({"Records":[{"a":1},{"b":[2,{"c":3}]}]})",
             {R"({"a":1})", R"({"b":[2,{"c":3}]})"}},
        Case{"RecordsWithBlanks",
             "\t{ \"Records\" :\r\n [ {\"a\": 1} ,\n{\"b\":2}\n] } \n",
             {R"({"a": 1})", R"({"b":2})"}},
        Case{"RecordsKeyWithEscapes",
             R"({"\u0052ecord\u0073":[{"a":1},{"b":2}]})",
             {R"({"a":1})", R"({"b":2})"}},
        Case{"RecordsBesideOtherKeysIsOneEvent",
             R"({"Records":[{"a":1},{"b":2}],"x":1})",
             {R"({"Records":[{"a":1},{"b":2}],"x":1})"}},
        Case{"RecordsAfterOtherKeysIsOneEvent",
             R"({"x":1,"Records":[{"a":1}]})",
             {R"({"x":1,"Records":[{"a":1}]})"}},
        Case{"RecordsTwiceIsOneEvent",
             R"({"Records":[{}],"Records":[{}]})",
             {R"({"Records":[{}],"Records":[{}]})"}},
        Case{
            "RecordsThatIsNoArrayIsOneEvent", R"({"Records":{"a":1}})", {R"({"Records":{"a":1}})"}},
        Case{"OtherKeyIsOneEvent", R"({"records":[{"a":1}]})", {R"({"records":[{"a":1}]})"}},
        Case{"LongerKeyIsOneEvent", R"({"Recordss":[{"a":1}]})", {R"({"Recordss":[{"a":1}]})"}},
        Case{"RecordsInsideRecordsStays",
             R"({"Records":[{"Records":[{"a":1}]}]})",
             {R"({"Records":[{"a":1}]})"}},
        Case{"Array", R"([{"a":1},{"b":2}])", {R"({"a":1})", R"({"b":2})"}},
        Case{"ElementsThatAreNoObjects",
             R"({"Records":[1,"x,]}",null,[2,3],{"a":1}]})",
             {"1", R"("x,]}")", "null", "[2,3]", R"({"a":1})"}},
        Case{"EmptyRecordsStays", R"({"Records":[ ]})", {R"({"Records":[ ]})"}},
        Case{"EmptyArrayStays", "[]", {"[]"}}, Case{"CommasWithoutElementsStay", "[,]", {"[,]"}},
        Case{"EmptyElementsVanish", R"([,{"a":1},,{"b":2},])", {R"({"a":1})", R"({"b":2})"}},
        Case{"EmptyObject", "{}", {"{}"}},
        Case{"LinesOfObjects",
             "{\"a\":1}\n{\"b\":2}\r\n\n {\"c\":3}",
             {R"({"a":1})", R"({"b":2})", R"({"c":3})"}},
        Case{"ObjectsWithoutBlanksBetween",
             R"({"a":1}{"b":2}[{"c":3}])",
             {R"({"a":1})", R"({"b":2})", R"({"c":3})"}},
        Case{"LinesOfRecords",
             "{\"Records\":[{\"a\":1},{\"b\":2}]}\n{\"Records\":[{\"c\":3}]}\n",
             {R"({"a":1})", R"({"b":2})", R"({"c":3})"}},
        Case{"PrettyPrinted",
             "{\r\n\t\"a\": [\n1,\n2\n]\n}\n{\n\"b\":{\"c\":\n3}}",
             {"{  \t\"a\": [ 1, 2 ] }", "{ \"b\":{\"c\": 3}}"}},
        Case{"ByteOrderMark", "\xEF\xBB\xBF{\"a\":1}", {R"({"a":1})"}}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Strings, SplitTest,
    ::testing::Values(Case{"BracketsAndCommasInStrings",
                           R"([{"a":"]},{[\"}"},{"b":"\\"},{"c":"\\\""}])",
                           {R"({"a":"]},{[\"}"})", R"({"b":"\\"})", R"({"c":"\\\""})"}},
                      Case{"EscapesAtEveryPlaceOfAWord",
                           R"({"k":"1234567\"1234567\\12345678\"\"\\"},)",
                           {Envelope(R"({"k":"1234567\"1234567\\12345678\"\"\\"},)")}},
                      Case{"BytesStayAsTheyCame",
                           "{\"a\":\"\xFF\xC3\xA9\\ud800\\n\x01\x7F\t\"}",
                           {"{\"a\":\"\xFF\xC3\xA9\\ud800\\n\x01\x7F\t\"}"}},
                      Case{"NulStays",
                           std::string("{\"a\":\"x\0y\"}", 11),
                           {std::string("{\"a\":\"x\0y\"}", 11)}},
                      Case{"LineEndInAStringIsEnvelopedAlone",
                           "[{\"a\":\"x\ny\"},{\"b\":2}]",
                           {Envelope("{\"a\":\"x\ny\"}"), R"({"b":2})"}},
                      Case{"CarriageReturnInAStringToo",
                           "{\"Records\":[{\"b\":2}, {\"a\":\"x\ry\"} ]}",
                           {R"({"b":2})", Envelope("{\"a\":\"x\ry\"}")}},
                      Case{"LineEndBehindABackslashToo",
                           "[{\"a\":\"x\\\ny\"}]",
                           {Envelope("{\"a\":\"x\\\ny\"}")}},
                      Case{"LineEndInAKeyToo", "{\"a\n\":1}", {Envelope("{\"a\n\":1}")}}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Faults, SplitTest,
    ::testing::Values(
        Case{"Empty", "", {Envelope("")}},  //
        Case{"Blank", " \r\n", {Envelope(" \r\n")}},
        Case{"ByteOrderMarkOnly", "\xEF\xBB\xBF", {Envelope("\xEF\xBB\xBF")}},
        Case{"NulsOnly", std::string(3, '\0'), {Envelope(std::string(3, '\0'))}},
        Case{"Text", "hello\nworld", {Envelope("hello\nworld")}},
        Case{"Number", "17", {Envelope("17")}}, Case{"String", R"("{}")", {Envelope(R"("{}")")}},
        Case{"Truncated",
             R"({"Records":[{"a":1},{"b":)",
             {Envelope(R"({"Records":[{"a":1},{"b":)")}},
        Case{"TruncatedInAString", R"({"a":"x)", {Envelope(R"({"a":"x)")}},
        Case{"TruncatedInAnEscape", R"({"a":"x\)", {Envelope(R"({"a":"x\)")}},
        Case{"TruncatedAcrossLines",
             "{\n\"Records\": [\n{\n\"a\":1\n},\n",
             {Envelope("{\n\"Records\": [\n{\n\"a\":1\n},\n")}},
        Case{"ClosingBracketTooMany", R"({"a":1}})", {Envelope(R"({"a":1}})")}},
        Case{"RecordsClosedWrongly", R"({"Records":[{"a":1}}})", {R"({"Records":[{"a":1}}})"}},
        Case{"ArrayClosedWrongly", R"([{"a":1}})", {Envelope(R"([{"a":1}})")}},
        Case{"CommaBetweenObjects", R"({"a":1},{"b":2})", {Envelope(R"({"a":1},{"b":2})")}},
        Case{"TextBehindAnObject", R"({"a":1} x)", {Envelope(R"({"a":1} x)")}}),
    NameOf);

// Invariant 6.
INSTANTIATE_TEST_SUITE_P(
    SiblingsOfFaults, SplitTest,
    ::testing::Values(
        Case{"NoJsonAtAll",
             R"({"Records":[{"a":1},{b c},nonsense,{"d":4}]})",
             {R"({"a":1})", "{b c}", "nonsense", R"({"d":4})"}},
        Case{
            "WrongKindOfBracket", R"({"Records":[{"a":1],{"b":2}]})", {R"({"a":1])", R"({"b":2})"}},
        Case{"NoCommaBetweenElements",
             "{\"Records\":[{\"g\":1},{\"a\":1}\n{\"b\":2}]}",
             {R"({"g":1})", R"({"a":1} {"b":2})"}},
        Case{"BrokenLine",
             "{\"a\":1}\n{\"b\":[\n{\"c\":3}\n",
             {R"({"a":1})", Envelope("{\"b\":["), R"({"c":3})"}},
        Case{"BrokenFirstLine", "{\"b\":\"\r\n{\"c\":3}", {Envelope("{\"b\":\""), R"({"c":3})"}},
        Case{"ForeignLine",
             "{\"a\":1}\nINFO x\n{\"c\":3}",
             {R"({"a":1})", Envelope("INFO x"), R"({"c":3})"}},
        Case{"TwoLinesWhoseQuotesMatch",
             "{\"a\":\"x}\n{\"g\":1}\n{\"h\":2}\n{\"b\":\"y}",
             {Envelope("{\"a\":\"x}"), R"({"g":1})", R"({"h":2})", Envelope("{\"b\":\"y}")}},
        Case{"TwoLinesWhoseBracketsMatch",
             "{\"a\":{\"b\":1}\n{\"g\":1}\n{\"h\":1}\n{\"c\":1}}",
             {Envelope("{\"a\":{\"b\":1}"), R"({"g":1})", R"({"h":1})", Envelope("{\"c\":1}}")}},
        Case{"TextBehindAnObjectOfALine",
             "{\"a\":1}\n{\"b\":2} x\n",
             {R"({"a":1})", Envelope("{\"b\":2} x")}},
        Case{"ArraysAreNoLinesOfNdjson",
             "{\"a\":\n[1,2]\n[3]\n",
             {Envelope("{\"a\":\n[1,2]\n[3]\n")}},
        Case{"TooFewWholeLinesForNdjson",
             "{\n\"a\":1,\n\"b\":[\n{\"c\":3}\n",
             {Envelope("{\n\"a\":1,\n\"b\":[\n{\"c\":3}\n")}}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Forgeries, SplitTest,
    ::testing::Values(
        Case{"Whole",
             R"({"sluice_raw":{"id":"x","base64":""}})",
             {Envelope(R"({"sluice_raw":{"id":"x","base64":""}})")}},
        Case{"Element",
             R"([{"a":1},{"b":1,"sluice_raw" :2}])",
             {R"({"a":1})", Envelope(R"({"b":1,"sluice_raw" :2})")}},
        Case{"WithEscapes",
             R"({"Records":[{"\u0073luice\u005fra\u0077":1}]})",
             {Envelope(R"({"\u0073luice\u005fra\u0077":1})")}},
        Case{"InALine",
             "{\"sluice_raw\":1}\n{\"a\":1}",
             {Envelope(R"({"sluice_raw":1})"), R"({"a":1})"}},
        Case{"WithALineEndBeforeTheColon",
             "{\"sluice_raw\"\n:1}",
             {Envelope("{\"sluice_raw\"\n:1}")}},
        Case{"AsAValueItIsNone", R"({"topic":"sluice_raw"})", {R"({"topic":"sluice_raw"})"}},
        Case{"FurtherInItIsNone", R"([{"a":{"sluice_raw":1}}])", {R"({"a":{"sluice_raw":1}})"}},
        Case{"AnotherKeyIsNone",
             R"({"sluice_row":1,"\u0173luice_raw":1,"sluice_raw2":1})",
             {R"({"sluice_row":1,"\u0173luice_raw":1,"sluice_raw2":1})"}}),
    NameOf);

TEST(MessageSplitterTest, AppendsToWhatIsThere) {
  std::string lines = "{\"before\":1}\n";
  SplitMessage("m-1", "{\"a\":\"x}\n{\"b\":2}\n", lines);
  EXPECT_THAT(LinesOf(lines), ElementsAre("{\"before\":1}", Envelope("{\"a\":\"x}"), "{\"b\":2}"));
}

TEST(MessageSplitterTest, EscapesTheMessageId) {
  std::string lines;
  SplitMessage("a\"\n", "", lines);
  EXPECT_EQ(lines, "{\"sluice_raw\":{\"id\":\"a\\\"\\n\",\"base64\":\"\"}}\n");
}

TEST(MessageSplitterTest, TakesAMillionBrackets) {
  const std::string open(1'000'000, '['), close(1'000'000, ']');
  EXPECT_THAT(Split(open), ElementsAre(Envelope(open)));
  EXPECT_THAT(Split(close), ElementsAre(Envelope(close)));
  EXPECT_THAT(Split("{\"a\":" + open + close + "}"), SizeIs(1));
  std::string objects, lines, records;
  for (int i = 0; i < 50'000; ++i) {
    objects += "{}";
    lines += "}\n{\n";
    records += "{\"Records\":[";
  }
  EXPECT_THAT(Split(objects), SizeIs(50'000));
  EXPECT_THAT(Split(lines), ElementsAre(Envelope(lines)));
  EXPECT_THAT(Split("{" + lines + "}"), SizeIs(50'001));
  EXPECT_THAT(Split(records), ElementsAre(Envelope(records)));
}

TEST(MessageSplitterTest, GrowthIsBounded) {
  std::string body;
  for (int i = 0; i < 100'000; ++i) body += "{}\nx\n";
  std::string lines;
  const SplitCounts counts = SplitMessage("00000000-0000-0000-0000-000000000000", body, lines);
  EXPECT_EQ(counts.enveloped, 100'000u);
  EXPECT_LT(lines.size(), 50 * body.size());
}

class RandomBodies {
 public:
  explicit RandomBodies(uint32_t seed) : random_(seed) {}

  size_t Below(size_t n) { return random_() % n; }

  std::string String() {
    static const std::vector<std::string> kPieces = {
        "a", "bcdefgh", "\\\"", "\\\\",     "{",       "}",     "[",         "]",
        ",", ":",       "\\n",  "\xC3\xA9", "\\u0073", "Recor", "sluice_ra", "            "};
    std::string text = "\"";
    for (size_t n = Below(6); n > 0; --n) text += kPieces[Below(kPieces.size())];
    return text + '"';
  }

  std::string Value(int depth) {
    switch (Below(depth == 0 ? 3 : 5)) {
      case 0:
        return std::to_string(Below(1000));
      case 1:
        return String();
      case 2:
        return "null";
      case 3:
        return Object(depth - 1);
      default: {
        std::string text = "[";
        for (size_t n = Below(4); n > 0; --n) text += Value(depth - 1) + (n > 1 ? ", " : "");
        return text + "]";
      }
    }
  }

  std::string Object(int depth) {
    std::string text = "{";
    for (size_t n = Below(4); n > 0; --n) {
      text += String() + ": " + Value(depth) + (n > 1 ? "," : "");
    }
    return text + "}";
  }

  void Mutate(std::string& body) {
    static constexpr std::string_view kBytes(
        "{}[]\",:\\\n\r \0\xEF\xBB\xBF"
        "a",
        16);
    for (size_t n = 1 + Below(4); n > 0 && !body.empty(); --n) {
      const size_t at = Below(body.size());
      switch (Below(4)) {
        case 0:
          body[at] = kBytes[Below(kBytes.size())];
          break;
        case 1:
          body.insert(at, 1, kBytes[Below(kBytes.size())]);
          break;
        case 2:
          body.erase(at, 1 + Below(3));
          break;
        default:
          body.resize(at);
      }
    }
  }

 private:
  std::mt19937 random_;
};

TEST(MessageSplitterTest, EveryShapeGivesTheBytesOfItsEvents) {
  RandomBodies random(1);
  for (int round = 0; round < 2'000; ++round) {
    std::vector<std::string> events(1 + random.Below(5));
    std::string joined, glued;
    for (std::string& event : events) {
      event = random.Object(3);
      joined += (joined.empty() ? "" : ", ") + event;
      glued += event + (random.Below(2) ? "\n" : "\r\n");
    }
    for (const std::string& body : {"{\"Records\":[" + joined + "]}", "[" + joined + "]", glued}) {
      ASSERT_THAT(Split(body), ElementsAreArray(events)) << body;
    }
  }
}

// The bytes that a reader gets back from a line.
std::string Opened(std::string_view line) {
  constexpr std::string_view kStart = "{\"sluice_raw\":{\"id\":\"m-1\",\"base64\":\"";
  if (!line.starts_with(kStart)) return std::string(line);
  line.remove_prefix(kStart.size());
  line.remove_suffix(3);
  return FromBase64(line).value_or("not base64");
}

// What must not get lost: every letter and digit, in order, but for the word that makes the
// container.
std::string Substance(std::string_view text) {
  std::string substance;
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c))) substance += c;
  }
  return substance;
}

TEST(MessageSplitterTest, NoMutationCrashesOrLosesBytes) {
  RandomBodies random(2);
  for (int round = 0; round < 10'000; ++round) {
    std::string body;
    const size_t shape = random.Below(3);
    for (size_t n = 1 + random.Below(5); n > 0; --n) {
      body += random.Object(2) + (shape == 0 ? "\n" : n > 1 ? "," : "");
    }
    if (shape == 1) body = "{\"Records\":[" + body + "]}";
    if (shape == 2) body = "[" + body + "]";
    random.Mutate(body);

    // An exact copy, so that the sanitizer sees a byte read too many.
    const std::vector<char> exact(body.begin(), body.end());
    const std::vector<std::string> lines = Split({exact.data(), exact.size()});
    ASSERT_FALSE(lines.empty()) << body;
    std::string substance;
    for (const std::string& line : lines) {
      ASSERT_EQ(line.find('\r'), std::string::npos) << body;
      substance += Substance(Opened(line));
    }
    const std::string whole = Substance(body);
    ASSERT_TRUE(substance == whole || "Records" + substance == whole) << body;
  }
}

}  // namespace
}  // namespace sluice
