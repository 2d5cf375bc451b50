// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <span>
#include <string>

#include "sluice/base/result.h"
#include "sluice/queue/queue.h"

namespace sluice {

// The limits of a Queue's calls, which are those of Amazon SQS, so that every implementation
// refuses the same and nothing is sent that cannot be taken. All are kPermanent.
inline constexpr std::chrono::seconds kLongestHidden{12 * 3600};

Status CheckCount(size_t entries);
Status CheckVisibility(std::chrono::seconds timeout);
Status CheckReceive(const ReceiveOptions& options);
// Of one body alone, and of a Send: the bodies that CheckBody refuses do not count.
Status CheckBody(const std::string& body);
Status CheckSend(std::span<const std::string> bodies);

}  // namespace sluice
