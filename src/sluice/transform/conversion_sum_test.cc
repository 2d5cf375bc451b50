// SPDX-License-Identifier: Apache-2.0
#include "sluice/transform/conversion_sum.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

ConversionCounts Sample(uint64_t n) {
  return {.lines = n,
          .no_route = n,
          .dropped = n,
          .duplicate_keys = n,
          .tables = {{.routed = n,
                      .quarantined = n,
                      .coerced = {n, 0},
                      .nulled = {0, n},
                      .truncated = {n, n},
                      .unknown_fields = {{"both", n}, {"of " + std::to_string(n), n}}}}};
}

TEST(ConversionSumTest, EveryCountAddsUp) {
  ConversionCounts sum;  // without any table yet
  sum += Sample(1);
  sum += Sample(10);
  sum += ConversionCounts();  // of an object that could not be read
  EXPECT_EQ(sum.lines, 11u);
  EXPECT_EQ(sum.no_route, 11u);
  EXPECT_EQ(sum.dropped, 11u);
  EXPECT_EQ(sum.duplicate_keys, 11u);
  ASSERT_EQ(sum.tables.size(), 1u);
  const TableCounts& table = sum.tables[0];
  EXPECT_EQ(table.routed, 11u);
  EXPECT_EQ(table.quarantined, 11u);
  EXPECT_THAT(table.coerced, ElementsAre(11, 0));
  EXPECT_THAT(table.nulled, ElementsAre(0, 11));
  EXPECT_THAT(table.truncated, ElementsAre(11, 11));
  EXPECT_THAT(table.unknown_fields,
              ElementsAre(Pair("both", 11), Pair("of 1", 1), Pair("of 10", 10)));
}

TEST(ConversionSumTest, UnknownFieldsBeyondTheFirst256CountTogether) {
  ConversionCounts sum;
  for (int i = 0; i < 300; ++i) {
    sum += {.tables = {{.unknown_fields = {{"field " + std::to_string(i), 2}}}}};
  }
  EXPECT_EQ(sum.tables[0].unknown_fields.size(), 257u);
  EXPECT_EQ(sum.tables[0].unknown_fields.at("…"), 88u);
}

}  // namespace
}  // namespace sluice
