// SPDX-License-Identifier: Apache-2.0
#include "sluice/config/nearest_name.h"

#include <gtest/gtest.h>

#include <vector>

namespace sluice {
namespace {

TEST(DidYouMeanTest, NamesTheNearestOfAFewLettersDistance) {
  const std::vector<std::string> known = {"every", "max_size", "deadline", "threads"};
  EXPECT_EQ(DidYouMean("evry", known), "; did you mean 'every'?");
  EXPECT_EQ(DidYouMean("maxsize", known), "; did you mean 'max_size'?");
  EXPECT_EQ(DidYouMean("thread", known), "; did you mean 'threads'?");
  EXPECT_EQ(DidYouMean("dedlien", known), "; did you mean 'deadline'?");
  EXPECT_EQ(DidYouMean("eevry", known), "; did you mean 'every'?");
  EXPECT_EQ(DidYouMean("headlamp", known), "");
  EXPECT_EQ(DidYouMean("x", known), "");
  EXPECT_EQ(DidYouMean("", known), "");
  EXPECT_EQ(DidYouMean(std::string(100'000, 'e'), known), "");
  EXPECT_EQ(DidYouMean("every", {}), "");
}

}  // namespace
}  // namespace sluice
