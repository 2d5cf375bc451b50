// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/connect/connector.h"

namespace sluice {

// One thing that was tried at AWS, and whether it may be done.
struct TriedAction {
  std::string part;      // "raw", "source.sqs": a key of the configuration
  std::string action;    // as policies name it: "s3:PutObject"; empty for credentials themselves
  std::string resource;  // an ARN, as a statement's Resource
  Status result;

  // The statement of a policy that allows it, as JSON: what the refusal names, where it names
  // something (a key of KMS, say), else what was tried.
  std::string Statement() const;
  // Was it refused for want of a permission, and not for another reason?
  bool is_denied() const;
};

// Tries everything that landing and processing do at AWS, without leaving anything there: receives
// at most one message of each queue, which is visible again at once (its receive count goes up by
// one); deletes and extends with a receipt that is none; begins an upload to each store and ends
// it; deletes an object that is not there from the store of checkpoints. Parts that are folders are
// not looked at. Where nobody gives credentials, or no role can be assumed, only that is tried.
std::vector<TriedAction> TryAccess(Connector& connector, const PipelineConfig& config);

}  // namespace sluice
