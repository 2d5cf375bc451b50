// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "sluice/connect/connector.h"
#include "sluice/connect/tried_action.h"

namespace sluice {

// Tries everything that landing and processing do at AWS, without leaving anything there: receives
// at most one message of each queue, which is visible again at once (its receive count goes up by
// one); deletes and extends with a receipt that is none; begins an upload to each store and ends
// it; lists those that were left; deletes an object that is not there where objects are deleted,
// among checkpoints, what is staged and what was told of alerts, which leaves a delete marker where
// the bucket keeps versions; fetches the warehouse's password, where Secrets Manager keeps it. Not
// that a message may be sent, for it would be there then. Parts that are folders are not looked at.
// Where nobody gives credentials, or no role can be assumed, only that is tried.
std::vector<TriedAction> TryAccess(Connector& connector, const PipelineConfig& config);

}  // namespace sluice
