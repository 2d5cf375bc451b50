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
                                       "being resized",
                                       "transaction is read-only",
                                       "in a read-only transaction"};
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
bool HasAny(std::string_view message, std::span<const std::string_view> words) {
  return std::ranges::any_of(words, [&](std::string_view word) { return message.contains(word); });
}

// Error 1018: a table that was made after the snapshot.
bool IsMadeMeanwhile(std::string_view message) {
  return message.contains("1018") && message.contains("Relation does not exist");
}

}  // namespace

std::optional<ErrorKind> KindOfRedshiftWords(std::string_view message) {
  if (IsMadeMeanwhile(message)) return ErrorKind::kTransient;
  if (HasAny(message, kOfRights)) return std::nullopt;
  if (HasAny(message, kAgain)) return ErrorKind::kTransient;
  if (HasAny(message, kOfTheData)) return ErrorKind::kBadData;
  if (HasAny(message, kAgainLikely)) return ErrorKind::kTransient;
  return std::nullopt;
}

std::string InOnePiece(std::string text) {
  for (size_t at = text.find(": "); at != std::string::npos; at = text.find(": ", at)) {
    text.replace(at, 2, "; ");
  }
  return text;
}

}  // namespace sluice
