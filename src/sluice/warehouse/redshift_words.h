// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sluice/base/result.h"

namespace sluice {

// What an error of Redshift means by its words, where it comes as an internal error (by wire) or
// without a code at all (Data API); nothing where they are not known. Sources: Amazon Redshift
// Database Developer Guide, "Serializable isolation", "Troubleshooting queries in Amazon Redshift
// Spectrum", and the issues that docs/first-cluster.md names.
std::optional<ErrorKind> KindOfRedshiftWords(std::string_view message);

// Without ": ", so that it is the last part of a message.
std::string InOnePiece(std::string text);

}  // namespace sluice
