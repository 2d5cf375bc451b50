// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "sluice/aws/credentials.h"
#include "sluice/aws/crt_message.h"
#include "sluice/base/clock.h"
#include "sluice/base/result.h"

namespace sluice {

// What a signature is good for.
struct SigningScope {
  std::string service;  // "sqs"
  std::string region;
  // S3 signs paths as they are sent and wants the body's hash in a header; the others encode the
  // path once more.
  bool is_s3 = false;
};

// Adds the headers that sign `message` (AWS Signature Version 4, with the hash of its body):
// Authorization, X-Amz-Date, X-Amz-Security-Token for a session, X-Amz-Content-Sha256 for S3. All
// headers that it has are signed but User-Agent and those that proxies change. kPermanent where it
// is no request.
Status Sign(CrtMessage& message, const SigningScope& scope, const AwsCredentials& credentials,
            Timestamp now);

}  // namespace sluice
