// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "sluice/base/clock.h"
#include "sluice/base/result.h"
#include "sluice/object/object_store.h"
#include "sluice/queue/stream.h"

namespace sluice {

// Where every shard of `stream` begins of which `consumer` has landed nothing yet: kTrimHorizon or
// kAtTimestamp. The first call of all fixes it in the store, as `wanted` says, for a stream that is
// visited every few minutes must not begin at its latest record each time. A child of a shard
// begins with its first record whichever it is, for that came later.
//
// kLatest becomes a time, one minute ago, because Kinesis takes no time that is to come, and clocks
// differ.
Result<StreamPosition> FixStreamStart(ObjectStore& checkpoints, std::string_view consumer,
                                      std::string_view stream, const StreamPosition& wanted,
                                      Clock& clock);

// As it is stored; docs/formats.md describes it. Of a position with a number: a check fails.
std::string StreamStartJson(const StreamPosition& start);
// kBadData where `text` is none, kPermanent where it is of another version. Fuzzed; of at most
// 4 KiB.
inline constexpr size_t kLargestStreamStart = 4 << 10;
Result<StreamPosition> ParseStreamStart(std::string_view text);

}  // namespace sluice
