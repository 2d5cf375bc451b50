// SPDX-License-Identifier: Apache-2.0
#include "sluice/aws/checksum.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(ChecksumTest, GivesTheValueOfTheCatalogue) {
  // CRC RevEng catalogue, CRC-64/NVME: check.
  EXPECT_EQ(Crc64Nvme("123456789"), 0xae8b14860a799888);
  EXPECT_EQ(Crc64Nvme(""), 0U);
}

TEST(ChecksumTest, GoesOnWhereTheLastPieceEnded) {
  EXPECT_EQ(Crc64Nvme("56789", Crc64Nvme("1234")), Crc64Nvme("123456789"));
}

}  // namespace
}  // namespace sluice
