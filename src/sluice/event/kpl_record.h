// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace sluice {

// What the Kinesis Producer Library puts into one record of a stream: the data of the records that
// its user put, in their order. (Amazon Kinesis Producer Library, "KPL Aggregated Record Format":
// four bytes of magic, a message of protocol buffers, its MD5.) Nothing where `data` is no such
// record: without the magic, with another digest, without a user's record or broken. It is then a
// record like any other.
//
// User's records of which the library thinks that they belong in another shard are kept: it sends
// those again after a shard was split, but others that write this format do not, and what is there
// twice is dropped at load.
//
// The views are into `data`. Fuzzed. Time is linear in the data; of each six bytes at least one
// view comes at most.
std::optional<std::vector<std::string_view>> UserRecordsOf(std::string_view data);

}  // namespace sluice
