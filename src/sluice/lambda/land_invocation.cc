// SPDX-License-Identifier: Apache-2.0
#include "sluice/lambda/land_invocation.h"

#include <algorithm>

#include "sluice/lambda/invocation_queue.h"

namespace sluice {
namespace {

// For a commit to S3, which takes well below a half of it, and the answer.
constexpr std::chrono::seconds kToCommit{1};
constexpr std::chrono::hours kLongestInvocation{24};  // Lambda's is 15 minutes

}  // namespace

Deadline DeadlineBefore(const Invocation& invocation, std::chrono::milliseconds before,
                        Clock& clock) {
  const auto left = invocation.deadline - clock.Now() - before;
  return Deadline::After(clock, std::min<std::chrono::microseconds>(left, kLongestInvocation));
}

Result<LandedInvocation> LandInvocation(const Invocation& invocation, ObjectStore& raw,
                                        Clock& clock, const LanderOptions& options) {
  SLUICE_ASSIGN(LambdaBatch batch, ParseLambdaEvent(invocation.payload));
  LandedInvocation result{.source = batch.source, .items = batch.items.size()};
  InvocationQueue queue(std::move(batch.items));
  Lander lander(queue, raw, clock, options);
  const Deadline deadline = DeadlineBefore(invocation, kToCommit, clock);
  while (queue.has_more() && !deadline.HasPassed(clock)) {
    const auto landed = lander.LandOne(deadline, {});
    if (!landed) {
      result.failure = landed.error();
      break;
    }
    result.landed += *landed;
  }
  result.failed = queue.Unfinished();
  if (!result.failed.empty() && !result.failure) {
    result.failure = Error(ErrorKind::kTransient, "too little time was left of the invocation");
  }
  return result;
}

}  // namespace sluice
