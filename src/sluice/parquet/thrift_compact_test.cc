// SPDX-License-Identifier: Apache-2.0
#include "sluice/parquet/thrift_compact.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace sluice {
namespace {

std::string Sample() {
  std::string out;
  ThriftWriter w(out);
  w.Bool(1, true);
  w.Byte(2, -16);
  w.I32(3, std::numeric_limits<int32_t>::min());
  w.I64(7, std::numeric_limits<int64_t>::max());
  w.Binary(8, "text");
  w.BeginStruct(9);
  w.Bool(1, false);
  w.End();
  w.BeginList(10, ThriftType::kI32, 20);
  for (int i = 0; i < 20; ++i) w.ElementI32(-i * 1000);
  w.BeginList(11, ThriftType::kStruct, 2);
  for (int i = 0; i < 2; ++i) {
    w.BeginElementStruct();
    w.I32(5, i);
    w.End();
  }
  w.End();
  return out;
}

TEST(Thrift, ValuesComeBack) {
  ThriftReader r(Sample());
  const std::string sample = Sample();
  r = ThriftReader(sample);
  r.BeginStruct();
  ASSERT_TRUE(r.NextField());
  EXPECT_TRUE(r.Bool());
  ASSERT_TRUE(r.NextField());
  EXPECT_EQ(r.Byte(), -16);
  ASSERT_TRUE(r.NextField());
  EXPECT_EQ(r.I32(), std::numeric_limits<int32_t>::min());
  ASSERT_TRUE(r.NextField());
  EXPECT_EQ(r.id(), 7);
  EXPECT_EQ(r.I64(), std::numeric_limits<int64_t>::max());
  ASSERT_TRUE(r.NextField());
  EXPECT_EQ(r.Binary(), "text");
  ASSERT_TRUE(r.NextField());
  r.EnterStruct();
  ASSERT_TRUE(r.NextField());
  EXPECT_FALSE(r.Bool());
  ASSERT_FALSE(r.NextField());
  ASSERT_TRUE(r.NextField());
  ASSERT_EQ(r.List(ThriftType::kI32), 20u);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(r.ElementI32(), -i * 1000);
  ASSERT_TRUE(r.NextField());
  EXPECT_EQ(r.id(), 11);
  ASSERT_EQ(r.List(ThriftType::kStruct), 2u);
  for (int i = 0; i < 2; ++i) {
    r.BeginStruct();
    ASSERT_TRUE(r.NextField());
    EXPECT_EQ(r.I32(), i);
    ASSERT_FALSE(r.NextField());
  }
  EXPECT_FALSE(r.NextField());
  EXPECT_TRUE(r.ok());
  EXPECT_EQ(r.position(), sample.size());
}

// Skips everything; whether it went well and to the last byte.
bool SkipsAll(std::string_view bytes) {
  ThriftReader r(bytes);
  r.BeginStruct();
  while (r.NextField()) r.Skip();
  return r.ok() && r.position() == bytes.size();
}

TEST(Thrift, UnknownFieldsAreSkipped) {
  EXPECT_TRUE(SkipsAll(Sample()));
}

TEST(Thrift, WhatIsCutShortIsRefused) {
  const std::string sample = Sample();
  for (size_t size = 0; size < sample.size(); ++size) {
    EXPECT_FALSE(SkipsAll(std::string_view(sample).substr(0, size))) << size;
  }
}

TEST(Thrift, DeepNestingIsRefused) {
  EXPECT_FALSE(SkipsAll(std::string(1'000'000, '\x1c')));  // structs in structs
  EXPECT_FALSE(SkipsAll(std::string(1'000'000, '\x19')));  // lists in lists
}

TEST(Thrift, LyingLengthsAreRefused) {
  EXPECT_FALSE(SkipsAll(std::string("\x18\xff\xff\xff\xff\x0f", 6)));      // string of 4 GB
  EXPECT_FALSE(SkipsAll(std::string("\x19\xf5\xff\xff\xff\xff\x0f", 7)));  // list of 4 G numbers
  EXPECT_FALSE(SkipsAll(std::string(12, '\x16') + std::string(12, '\xff')));
}

TEST(Thrift, AnotherTypeThanExpectedIsRefused) {
  std::string out;
  ThriftWriter w(out);
  w.Binary(1, "x");
  w.End();
  ThriftReader r(out);
  r.BeginStruct();
  ASSERT_TRUE(r.NextField());
  EXPECT_EQ(r.I32(), 0);
  EXPECT_FALSE(r.ok());
  EXPECT_FALSE(r.NextField());
}

TEST(Thrift, RandomBytesNeverCrash) {
  std::mt19937 random(1);
  for (int round = 0; round < 50'000; ++round) {
    std::string bytes = round % 2 == 0 ? Sample() : std::string(random() % 60, '\0');
    for (char& byte : bytes) {
      if (round % 2 == 1 || random() % 10 == 0) byte = static_cast<char>(random());
    }
    SkipsAll(bytes);
  }
}

}  // namespace
}  // namespace sluice
