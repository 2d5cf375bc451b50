// SPDX-License-Identifier: Apache-2.0
#include "sluice/parquet/number_encoding.h"

#include <gtest/gtest.h>

#include <limits>

namespace sluice {
namespace {

using Bounds = std::optional<std::pair<std::string, std::string>>;

template <typename Wire>
Bounds NumberBounds(Wire wire, const std::vector<typename Wire::Value>& values) {
  NumberEncoding<Wire> encoding(wire, 0);
  ByteBuffer out;
  encoding.AppendPlain(values.data(), values.size(), SIZE_MAX, 0, out);
  return encoding.MinMax();
}

std::string Bytes8(double value) {
  return std::string(std::bit_cast<std::array<char, 8>>(value).data(), 8);
}

TEST(NumberEncoding, ZerosAreWidenedAndNanHasNoBounds) {
  const FloatWire<double> wire;
  EXPECT_EQ(NumberBounds(wire, {0.0, 5.0}), Bounds({Bytes8(-0.0), Bytes8(5.0)}));
  EXPECT_EQ(NumberBounds(wire, {-5.0, -0.0}), Bounds({Bytes8(-5.0), Bytes8(0.0)}));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(NumberBounds(wire, {1.0, nan, 2.0}), std::nullopt);
  EXPECT_EQ(NumberBounds(wire, {nan}), std::nullopt);
}

TEST(NumberEncoding, DecimalsAreBigEndianAndSigned) {
  const DecimalWire wire{9};
  EXPECT_EQ(NumberBounds(wire, {1, -2, 258}),
            Bounds({"\xff\xff\xff\xff\xff\xff\xff\xff\xfe", std::string("\0\0\0\0\0\0\0\1\2", 9)}));
}

}  // namespace
}  // namespace sluice
