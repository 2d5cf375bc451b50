// SPDX-License-Identifier: Apache-2.0
#include "sluice/base/bytes.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(BytesTest, ParsesBinaryAndDecimalUnits) {
  EXPECT_EQ(ParseBytes("512MiB")->count, 536'870'912u);
  EXPECT_EQ(ParseBytes("100MB")->count, 100'000'000u);
  EXPECT_EQ(ParseBytes("4096")->count, 4096u);
}

TEST(BytesTest, RefusesWhatIsNotASize) {
  for (const char* text : {"", "MiB", "-1", "1.5MiB", "12 MiB", "99999999999999999999",
                           "18446744073709551615KiB", "1mib"}) {
    EXPECT_FALSE(ParseBytes(text)) << text;
  }
}

TEST(BytesTest, IsReadableForPeople) {
  EXPECT_EQ(ToText({0}), "0 B");
  EXPECT_EQ(ToText({618'400'000}), "618 MB");
  EXPECT_EQ(ToText({61'840'000}), "61.8 MB");
}

}  // namespace
}  // namespace sluice
