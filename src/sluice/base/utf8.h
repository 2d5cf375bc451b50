// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice {

// Bytes of the well-formed UTF-8 sequence at the start of `text` (Unicode 15, table 3-7), or 0
// where none starts there.
size_t Utf8SequenceLength(std::string_view text);

bool IsUtf8(std::string_view text);

bool IsAscii(std::string_view text);

// Whether UTF-8 `text` holds U+FFFE or U+FFFF, which are no characters. Redshift's COPY refuses a
// file for them (Database Developer Guide, "Multibyte character load errors";
// databricks/spark-redshift 339).
bool HasNoncharacter(std::string_view text);

// The longest prefix of the UTF-8 text `text` that has at most `limit` bytes and does not split a
// code point.
std::string_view Utf8Prefix(std::string_view text, size_t limit);

// `text` with control characters as \u000a and bytes that are not UTF-8 as U+FFFD, so that it stays
// on its line of a message and does nothing to a terminal.
std::string WithoutControls(std::string_view text);

}  // namespace sluice
