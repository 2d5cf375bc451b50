// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace sluice {

// Why an event could not become a row. The names are written to quarantine objects and tables: they
// never change meaning.
enum class FaultReason {
  kNotJson,           // not_json: not one JSON object (RFC 8259)
  kNotAnObject,       // not_an_object: JSON, but an array, string, number, …
  kInvalidUtf8,       // invalid_utf8: anywhere in the line
  kControlCharacter,  // control_character: unescaped, inside a string
  kLoneSurrogate,    // lone_surrogate: \ud800 without its partner, in a string that would be loaded
  kTooDeep,          // too_deep: more than 256 levels
  kLineTooLong,      // line_too_long: over 16 MiB
  kNotJsonMessage,   // not_json_message: landing kept the message in {"sluice_raw":…}
  kNoRoute,          // no_route: no rule matches
  kNull,             // null_in_not_null: NULL or absent, without default
  kTooLong,          // too_long: more bytes than the column has
  kNotSingleByte,    // not_single_byte: a CHAR column takes ASCII only
  kNulCharacter,     // nul_character: \u0000, which Redshift's VARCHAR cannot hold
  kNoncharacter,     // noncharacter: U+FFFE or U+FFFF, for which Redshift refuses a whole load
  kBadInteger,       // bad_integer
  kOutOfRange,       // out_of_range: an integer or decimal that its type cannot hold
  kBadDecimal,       // bad_decimal
  kInexactDecimal,   // inexact_decimal: more digits after the point than the scale
  kBadNumber,        // bad_number: for REAL and DOUBLE
  kBadBoolean,       // bad_boolean
  kBadDate,          // bad_date
  kBadTimestamp,     // bad_timestamp
  kEmptyKey,         // empty_key: an empty string in a unique column
  kDefaultedKey,     // defaulted_key: a unique or time column filled by its DEFAULT
  kBlankEndedKey,    // blank_ended_key: Redshift's comparison ignores trailing blanks
  kGeneratedColumn,  // generated_column: the event sends a column that the warehouse makes
  kUnknownField,     // unknown_field: and the table says quarantine
  kCorruptObject,  // corrupt_object: the raw object cannot be decompressed; stands for the whole of
                   // it
};

std::string_view Name(FaultReason reason);
std::vector<std::string_view> FaultReasonNames();  // of all
std::optional<FaultReason> FaultReasonNamed(std::string_view name);

// One event that goes to quarantine. A bad event is data, not an error.
struct RecordFault {
  FaultReason reason;
  uint64_t line = 0;         // from 1; blank lines count
  uint64_t byte_offset = 0;  // of the line's first byte, in the decompressed stream
  uint64_t byte_length = 0;  // of the line without its end, which may be more than `bytes` holds
  // The line, or the front of one that is too long, or the message that landing wrapped in
  // {"sluice_raw":…} (then byte_length is the message's). Valid as long as the
  // chunk's memory, and until the ConvertedChunk is used for another.
  std::string_view bytes;
  std::optional<size_t> table;   // index in the TableSet; absent before routing
  std::optional<size_t> column;  // index in the table's schema.columns
};

}  // namespace sluice
