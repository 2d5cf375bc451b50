// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "sluice/parquet/parquet_schema.h"
#include "sluice/parquet/thrift_compact.h"

namespace sluice {

// The columns in the list of SchemaElement that `r` stands at. What is not flat, or has an
// annotation that ParquetWriter does not write, is a fault of `r`.
std::vector<SchemaElement> ReadSchema(ThriftReader& r);

}  // namespace sluice
