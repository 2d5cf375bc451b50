// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "sluice/aws/aws_failure.h"
#include "sluice/aws/http.h"
#include "sluice/base/result.h"

namespace sluice {

// What Amazon S3 says when it refuses ("Error responses" of its API reference).

std::span<const FailureMeaning> S3Failures();

// As ReadXmlFailure, where an answer has a body. Those to HEAD have none: then the status names the
// code, "NotFound" for 404. Where the bucket is in another region it says which: redirects are not
// followed (fault S2).
AwsFailure ReadS3Failure(const HttpResponse& response);

// An answer below 300 may still be a refusal: S3 begins to answer some requests before it knows how
// they end (fault L6). kOutcomeUnknown, or what the code in it means.
Status CheckNoError(const HttpResponse& answer);

}  // namespace sluice
