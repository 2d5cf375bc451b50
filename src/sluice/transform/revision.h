// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "sluice/parquet/parquet_writer.h"
#include "sluice/schema/table.h"

namespace sluice {

// What decides the bytes of Parquet and quarantine objects besides the raw object: writer and codec
// versions, canonical DDL, routing and conversion options, writer options; nothing else. 16
// hexadecimal digits; part of every derived key.
std::string RevisionOf(const TableSet& tables, const ParquetWriterOptions& options);

}  // namespace sluice
