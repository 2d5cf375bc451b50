// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sluice/base/bytes.h"

namespace sluice {

// Of what one message decodes to. SQS takes messages of 1 MiB, which hold events of 5 to 20 MiB.
inline constexpr Bytes kMostDecoded = MiB(64);

// May `body` be compressed, or base64 of that? One look at its first byte: gzip, zstd, and base64
// of either begin with one that neither JSON nor white space begins with.
inline bool MayBeEncoded(std::string_view body) {
  return !body.empty() &&
         (body[0] == 'H' || body[0] == 'K' || body[0] == '\x1F' || body[0] == '\x28');
}

// What is in a body that is gzip (RFC 1952) or zstd (RFC 8878), as Kinesis can carry it, or base64
// of one of these (RFC 4648 §4, with padding; line ends anywhere, as RFC 2045 §6.8 has them). One
// level: what comes out is not decoded again. Nothing where it is none of these, damaged, cut short
// or more than kMostDecoded. Fuzzed, with SplitMessage.
std::optional<std::string> DecodedBody(std::string_view body);

}  // namespace sluice
