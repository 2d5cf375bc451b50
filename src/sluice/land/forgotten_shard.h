// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/land/lander.h"
#include "sluice/land/shard_lander.h"

namespace sluice {

// The folders of all shards' logs of this stream, as ShardLogFolder names them, in their order. A
// call of the store for about a hundred.
Result<std::vector<std::string>> ShardLogFolders(ObjectStore& checkpoints,
                                                 std::string_view consumer,
                                                 std::string_view stream);

// Ends the log in `folder`, of a shard that the stream no longer has, and with it all its records:
// where it was finished, or nothing of it was ever landed, nothing happens. Else what was not
// landed by then is lost. That is told in the log of the process, once; the report counts those of
// a range that was begun, for of others nobody knows how many there were (fault L18).
Result<LandReport> SettleForgottenShard(const ShardLander::Parts& parts, const std::string& worker,
                                        const std::string& folder);

}  // namespace sluice
