// SPDX-License-Identifier: Apache-2.0
#include "sluice/queue/sequence_number.h"

#include <algorithm>

namespace sluice {

Result<SequenceNumber> SequenceNumber::Parse(std::string_view text) {
  constexpr size_t kMostDigits = 129;
  const bool is_number = !text.empty() && text.size() <= kMostDigits &&
                         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; }) &&
                         (text.front() != '0' || text.size() == 1);
  if (is_number) return SequenceNumber{std::string(text)};
  return Fail(ErrorKind::kBadData, "not a sequence number: it has {} bytes", text.size());
}

}  // namespace sluice
