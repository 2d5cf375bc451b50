// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/field_changes.h"

#include <gtest/gtest.h>

#include "sluice/base/utf8.h"
#include "sluice/warehouse/ledger_sql.h"

namespace sluice {
namespace {

using Kind = FieldChangeKind;
using Changes = std::vector<FieldChange>;

TEST(FieldChangesTest, TheLargestComeFirstThenByKindAndName) {
  EXPECT_EQ(ToText(Changes{{Kind::kUnknown, "context.ip", 3},
                           {Kind::kTruncated, "b", 3},
                           {Kind::kTruncated, "a", 3},
                           {Kind::kNulled, "x", 1},
                           {Kind::kCoerced, "page_url", 12}}),
            "coerced:page_url=12 truncated:a=3 truncated:b=3 unknown:context.ip=3 nulled:x=1");
  EXPECT_EQ(ToText(Changes{}), "");
}

TEST(FieldChangesTest, AreReadAsTheyWereWritten) {
  const Changes changes = {{Kind::kUnknown, "a b=c:d+e%\n\\.é\xef\xbf\xbf…", 9},
                           {Kind::kUnknown, "", 2},
                           {Kind::kCoerced, "x", 1}};
  const std::string text = ToText(changes);
  EXPECT_TRUE(IsAscii(text)) << text;
  EXPECT_EQ(text.find('\n'), std::string::npos);
  const auto read = ParseFieldChanges(text);
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, changes);
  EXPECT_EQ(*ParseFieldChanges(""), Changes());
}

TEST(FieldChangesTest, WhatDoesNotFitIsLeftOutTheSmallestFirst) {
  Changes many;
  for (uint64_t i = 1; i <= 300; ++i) {
    many.push_back({Kind::kUnknown, std::string(100, 'x') + std::to_string(i), i});
  }
  const std::string text = ToText(many);
  EXPECT_LE(text.size(), size_t{kLongestReason});
  const auto read = ParseFieldChanges(text);
  ASSERT_TRUE(read);
  ASSERT_GT(read->size(), 30u);
  for (size_t i = 0; i < read->size(); ++i) EXPECT_EQ((*read)[i].events, 300 - i);
}

TEST(FieldChangesTest, AnythingElseIsRefused) {
  for (const char* const text :
       {"held", "coerced:a", "coerced=1", "changed:a=1", "coerced:a=", "coerced:a=-1",
        "coerced:a=1x", "coerced:%zz=1", "coerced:a=1  coerced:b=1", " coerced:a=1"}) {
    EXPECT_FALSE(ParseFieldChanges(text)) << text;
  }
}

}  // namespace
}  // namespace sluice
