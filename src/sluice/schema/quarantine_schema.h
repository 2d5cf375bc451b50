// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "sluice/schema/table.h"

namespace sluice {

// The columns of a quarantine object (a Parquet file, rows in line order) and, with `name` before
// and `batch` behind them, of the warehouse's table sluice.quarantine. transform/ writes them,
// warehouse/ reads them; docs/formats.md describes them.
//
//   object       BIGINT         ObjectIdentity::Id()
//   table_name   VARCHAR(127)   the table the event was routed to, or '*'
//   line         INTEGER        from 1; 0 stands for the whole object
//   at_byte      BIGINT         of the line, in the decompressed raw object
//   length       BIGINT         of the line in bytes
//   reason       VARCHAR(64)    a FaultReason
//   column_name  VARCHAR(127)   or NULL
//   encoding     VARCHAR(16)    what `payload` is: see PayloadEncoding
//   payload      VARCHAR(65535) the event
const std::vector<Column>& QuarantineColumns();

inline constexpr size_t kLargestPayload = 65'535;

// "utf8" and "base64" hold every byte of the event; "utf8_cut" and "base64_cut" its front: the
// whole stands in the raw object, at at_byte. base64 (RFC 4648 §4) is taken where the bytes are not
// UTF-8, or hold what a text column of a warehouse does not take: NUL, U+FFFE, U+FFFF.
struct QuarantinePayload {
  std::string_view encoding;
  std::string text;  // at most kLargestPayload bytes
};
// `bytes` may be the front only of an event that is `length` bytes long.
QuarantinePayload EncodePayload(std::string_view bytes, uint64_t length);

}  // namespace sluice
