// SPDX-License-Identifier: Apache-2.0
#include "sluice/object/derived_key.h"

#include <gtest/gtest.h>

#include "sluice/object/object_names.h"

namespace sluice {
namespace {

TEST(DerivedKey, WhatIsDerivedIsKnownAndNothingElse) {
  const ObjectIdentity identity{"s3://raw/", {"date=2026-11-23/14/a.b/it's *.ndjson.zst"}, "e"};
  const Timestamp hour = Timestamp(std::chrono::days(20'000)) + std::chrono::hours(7);
  for (const char* table : {"events", "a/b", "%", ""}) {
    EXPECT_TRUE(IsParquetKey(ParquetKeyFor(identity, hour, table, "r").text)) << table;
  }
  EXPECT_FALSE(IsParquetKey(QuarantineKeyFor(identity, hour, "r").text));
  for (const char* key :
       {"", "date=2026-11-23/14/", "README", "staging/x/y-0123456789abcdef.parquet",
        "date=2026-11-23/14//x-0123456789abcdef.parquet", "date=2026-11-23/14/t/x.parquet",
        "date=2026-11-23/14/t/0123456789abcdef.parquet",
        "date=2026-11-23/14/t/x-0123456789abcdeF.parquet",
        "date=2026-11-23/14/t/x-0123456789abcdef.parquet.gz",
        "date=2026-11-23/14/t/u/x-0123456789abcdef.parquet",
        "date=2026-11-23/99/t/x-0123456789abcdef.parquet"}) {
    EXPECT_FALSE(IsParquetKey(key)) << key;
  }
}

}  // namespace
}  // namespace sluice
