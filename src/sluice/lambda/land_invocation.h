// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sluice/base/clock.h"
#include "sluice/base/result.h"
#include "sluice/lambda/lambda_event.h"
#include "sluice/lambda/runtime_api.h"
#include "sluice/land/lander.h"
#include "sluice/object/object_store.h"

namespace sluice {

// What became of the items of one invocation.
struct LandedInvocation {
  EventSource source = EventSource::kSqs;
  size_t items = 0;
  std::vector<std::string> failed;  // their ids, in order; all others are in raw objects
  std::optional<Error> failure;     // why, where any did
  LandReport landed;
};

// `before` the deadline that Lambda gave the invocation.
Deadline DeadlineBefore(const Invocation& invocation, std::chrono::milliseconds before,
                        Clock& clock);

// Lands the items in as many raw objects as `options` want; each is committed before its items
// count as done (invariant 1). Nothing is begun in the last second before the invocation's
// deadline, nor after a failure. `raw` sees to it that what was begun ends before the deadline.
// kBadData, for the invocation as a whole: ParseLambdaEvent. Keeps nothing for the next one.
Result<LandedInvocation> LandInvocation(const Invocation& invocation, ObjectStore& raw,
                                        Clock& clock, const LanderOptions& options);

}  // namespace sluice
