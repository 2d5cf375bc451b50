// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>

#include "sluice/base/result.h"

struct aws_client_bootstrap;
struct aws_tls_ctx;

namespace sluice {

// The threads, name resolution and TLS of the AWS Common Runtime: begun when first asked for, then
// there until the process ends. Thread-safe.
class AwsRuntime {
 public:
  static AwsRuntime& Get();

  aws_client_bootstrap* bootstrap() const { return bootstrap_; }
  // TLS 1.2 or later, peers verified. Made when it is first asked for, because it fails where the
  // system trusts no authority: kPermanent.
  Result<aws_tls_ctx*> Tls();

 private:
  AwsRuntime();

  aws_client_bootstrap* bootstrap_;
  std::mutex mutex_;
  aws_tls_ctx* tls_ = nullptr;
};

}  // namespace sluice
