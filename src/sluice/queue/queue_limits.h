// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>

#include "sluice/base/result.h"
#include "sluice/queue/queue.h"

namespace sluice {

// The limits of a Queue's calls; of durations and bodies they are those of Amazon SQS, so that
// every implementation refuses the same and nothing is sent that cannot be taken. All are
// kPermanent.
inline constexpr std::chrono::seconds kLongestHidden{12 * 3600};

Status CheckCount(size_t entries);
Status CheckVisibility(std::chrono::seconds timeout);
Status CheckReceive(const ReceiveOptions& options);
Status CheckBody(const std::string& body);

}  // namespace sluice
