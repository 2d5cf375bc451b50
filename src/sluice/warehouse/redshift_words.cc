// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/redshift_words.h"

#include <algorithm>
#include <span>

namespace sluice {
namespace {

// Nothing that time mends; looked for first, because such messages name tables.
constexpr std::string_view kOfRights[] = {"permission denied", "does not exist", "Access Denied",
                                          "AccessDenied", "not authorized"};
// Another transaction was faster, or the cluster takes nobody now: nothing happened.
constexpr std::string_view kAgain[] = {"Serializable isolation violation",
                                       "could not serialize",
                                       "deadlock detected",
                                       "onflict with concurrent transaction",
                                       "canceling statement",
                                       "Connection to the database",
                                       "ran out of memory",
                                       "Retries exceeded",
                                       "being resized"};
// A value does not fit where it should go. "Spectrum Scan Error" alone says nothing: it stands
// before errors of the store too.
constexpr std::string_view kOfTheData[] = {"Cannot insert a NULL value",
                                           "null value in column",
                                           "too long for type",
                                           "out of range",
                                           "overflow",
                                           "Invalid JSON",
                                           "invalid input syntax",
                                           "incompatible Parquet schema",
                                           "Unmatched number of columns",
                                           "length of the data column",
                                           "invalid type length",
                                           "unsupported UTF8",
                                           "has a character of several bytes",
                                           "String length exceeds"};
// As kAgain, but words that a column or a table may have, too, which the messages above name.
constexpr std::string_view kAgainLikely[] = {"cancelled", "timeout", "SlowDown", "hrottl"};
// A table that was made after the snapshot. Files have the number in their names, of a day or a
// time.
constexpr std::string_view kMadeMeanwhile = "1018";

bool HasWord(std::string_view message, std::string_view word) {
  const auto is_of_word = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  for (size_t at = message.find(word); at != std::string_view::npos;
       at = message.find(word, at + 1)) {
    const size_t end = at + word.size();
    const bool begins = at == 0 || !is_of_word(message[at - 1]);
    if (begins && (end == message.size() || !is_of_word(message[end]))) return true;
  }
  return false;
}

bool HasAny(std::string_view message, std::span<const std::string_view> words) {
  return std::ranges::any_of(words, [&](std::string_view word) { return message.contains(word); });
}

}  // namespace

std::optional<ErrorKind> KindOfRedshiftWords(std::string_view message) {
  if (HasAny(message, kOfRights)) return std::nullopt;
  if (HasAny(message, kAgain)) return ErrorKind::kTransient;
  if (HasAny(message, kOfTheData)) return ErrorKind::kBadData;
  if (HasAny(message, kAgainLikely) || HasWord(message, kMadeMeanwhile)) {
    return ErrorKind::kTransient;
  }
  return std::nullopt;
}

std::string InOnePiece(std::string text) {
  for (size_t at = text.find(": "); at != std::string::npos; at = text.find(": ", at)) {
    text.replace(at, 2, "; ");
  }
  return text;
}

}  // namespace sluice
