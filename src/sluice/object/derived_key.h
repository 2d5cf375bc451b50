// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace sluice {

// Could ParquetKeyFor (object_names.h) have made this key?
// `date=2026-11-23/14/TABLE/NAME-DIGEST.parquet`. Nothing else that is found in a Parquet store is
// ours to judge.
bool IsParquetKey(std::string_view key);

}  // namespace sluice
