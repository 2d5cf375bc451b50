// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "sluice/base/result.h"

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
  // "; a policy must say: {…}" where that is what is missing; else nothing.
  std::string Advice() const;
};

}  // namespace sluice
