// SPDX-License-Identifier: Apache-2.0
#include "tests/golden/case_folder.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(GoldenCases, AreFound) {
  EXPECT_GE(CaseNames("convert").size(), 80u) << "is SLUICE_SOURCE set?";
  EXPECT_GE(CaseNames("notification").size(), 15u);
}

TEST(GoldenTemplate, RepeatsAndWritesBytes) {
  EXPECT_EQ(ExpandTemplate("a${repeat 3 xy}b${hex 00fF0a}{}$\n").value(),
            std::string("axyxyxyb\0\xff\n{}$\n", 15));
  EXPECT_EQ(ExpandTemplate("${repeat 0 x}").value(), "");
}

TEST(GoldenTemplate, RefusesWhatIsNoMacro) {
  for (const char* text : {"${", "${repeat 3}", "${repeat x y}", "${hex 0}", "${hex zz}",
                           "${hex +1}", "${times 3 x}", "${repeat 99999999 abc}"})
    EXPECT_FALSE(ExpandTemplate(text)) << text;
}

TEST(GoldenDifference, NamesTheFirstLineThatDiffers) {
  EXPECT_EQ(FirstDifference("f", {"a", "b"}, {"a", "b"}), "");
  EXPECT_EQ(FirstDifference("f", {"a", "b"}, {"a"}), "f:2: did not come out: b");
  EXPECT_EQ(FirstDifference("f", {"a"}, {"a", "b"}), "f:2: not expected: b");
  EXPECT_EQ(FirstDifference("f", {"abc"}, {"abd"}),
            "f:1: differs from byte 2 on\n  want abc\n  have abd");
}

TEST(GoldenLines, LastLineMayLackItsEnd) {
  EXPECT_EQ(LinesOf("a\n\nb"), (std::vector<std::string>{"a", "", "b"}));
  EXPECT_EQ(LinesOf("a\n"), (std::vector<std::string>{"a"}));
  EXPECT_EQ(LinesOf(""), std::vector<std::string>());
}

}  // namespace
}  // namespace sluice
