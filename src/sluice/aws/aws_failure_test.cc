// SPDX-License-Identifier: Apache-2.0
#include "sluice/aws/aws_failure.h"

#include <gtest/gtest.h>

#include "sluice/aws/failure_meanings_for_test.h"

namespace sluice {
namespace {

// What is not listed here and stands in the table is permanent: AccessDenied, for one.
TEST(AwsFailureTest, WhatAllServicesRefuseForNowOrBreakOverIsNotPermanent) {
  constexpr auto kTransient = ErrorKind::kTransient, kUnknown = ErrorKind::kOutcomeUnknown;
  ExpectMeanings({}, {});
  EXPECT_EQ(NotPermanent(SharedFailures()),
            (FailureMeanings{{"BandwidthLimitExceeded", kTransient},
                             {"ExpiredToken", kTransient},
                             {"ExpiredTokenException", kTransient},
                             {"IncompleteBody", kTransient},
                             {"InternalError", kUnknown},
                             {"InternalFailure", kUnknown},
                             {"InternalServerError", kUnknown},
                             {"InternalServerException", kUnknown},
                             {"InternalServiceError", kUnknown},
                             {"KMSThrottlingException", kTransient},
                             {"KmsThrottled", kTransient},
                             {"PriorRequestNotComplete", kTransient},
                             {"RequestLimitExceeded", kTransient},
                             {"RequestThrottled", kTransient},
                             {"RequestThrottledException", kTransient},
                             {"RequestTimeout", kTransient},
                             {"RequestTimeoutException", kTransient},
                             {"ServiceUnavailable", kTransient},
                             {"ServiceUnavailableException", kTransient},
                             {"SlowDown", kTransient},
                             {"ThrottledException", kTransient},
                             {"Throttling", kTransient},
                             {"ThrottlingException", kTransient},
                             {"TooManyRequestsException", kTransient}}));
}

// Where the service says 5xx, what no table has is not permanent.
TEST(AwsFailureTest, WhoAsksIsRefusedForGood) {
  for (const char* const code :
       {"AccessDenied", "AccessDeniedException", "InvalidAccessKeyId", "InvalidClientTokenId",
        "SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignatureException",
        "UnrecognizedClientException", "ValidationException", "RequestTimeTooSkewed",
        "RequestInTheFuture", "RequestExpired"}) {
    EXPECT_EQ(KindOf({.code = code, .message = {}, .request_id = {}}, 500, {}),
              ErrorKind::kPermanent)
        << code;
  }
}

}  // namespace
}  // namespace sluice
