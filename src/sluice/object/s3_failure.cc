// SPDX-License-Identifier: Apache-2.0
#include "sluice/object/s3_failure.h"

#include <algorithm>

namespace sluice {
namespace {

constexpr FailureMeaning kFailures[] = {
    {"NotFound", ErrorKind::kNotFound},  // of HEAD
    {"NoSuchKey", ErrorKind::kNotFound},
    {"NoSuchVersion", ErrorKind::kNotFound},
    {"NoSuchBucket", ErrorKind::kPermanent},  // says nothing about a key
    {"NoSuchUpload", ErrorKind::kNotFound},
    {"PreconditionFailed", ErrorKind::kConflict},
    // Another request for the same key is under way (fault L5).
    {"ConditionalRequestConflict", ErrorKind::kTransient},
    {"OperationAborted", ErrorKind::kTransient},
    {"BadRequest", ErrorKind::kTransient},  // of HEAD: as a rule a token that has just expired
    // The bytes came damaged.
    {"BadDigest", ErrorKind::kTransient},
    {"XAmzContentSHA256Mismatch", ErrorKind::kTransient},
    {"XAmzContentChecksumMismatch", ErrorKind::kTransient},
    {"InvalidDigest", ErrorKind::kPermanent},
    {"EntityTooLarge", ErrorKind::kPermanent},
    {"EntityTooSmall", ErrorKind::kPermanent},
    {"InvalidPart", ErrorKind::kPermanent},
    {"InvalidPartOrder", ErrorKind::kPermanent},
    {"TooManyParts", ErrorKind::kPermanent},
    {"InvalidWriteOffset", ErrorKind::kPermanent},
    {"EncryptionTypeMismatch", ErrorKind::kPermanent},
    {"InvalidRange", ErrorKind::kPermanent},
    {"InvalidArgument", ErrorKind::kPermanent},
    {"InvalidRequest", ErrorKind::kPermanent},
    {"InvalidBucketName", ErrorKind::kPermanent},
    {"KeyTooLongError", ErrorKind::kPermanent},
    {"InvalidObjectState", ErrorKind::kPermanent},  // in an archive, to be restored first
    {"AllAccessDisabled", ErrorKind::kPermanent},
    {"AccountProblem", ErrorKind::kPermanent},
    {"InvalidToken", ErrorKind::kPermanent},
    {"PermanentRedirect", ErrorKind::kPermanent},
    {"TemporaryRedirect", ErrorKind::kPermanent},
    {"AuthorizationHeaderMalformed", ErrorKind::kPermanent},
    {"NotImplemented", ErrorKind::kPermanent},
    {"MethodNotAllowed", ErrorKind::kPermanent},
    {"KMS.DisabledException", ErrorKind::kPermanent},
    {"KMS.NotFoundException", ErrorKind::kPermanent},
    {"KMS.InvalidStateException", ErrorKind::kPermanent},
    {"KMS.KMSInvalidStateException", ErrorKind::kPermanent},
};

std::string_view CodeOfStatus(int status) {
  switch (status) {
    case 301:
      return "PermanentRedirect";
    case 307:
      return "TemporaryRedirect";
    case 400:
      return "BadRequest";
    case 403:
      return "AccessDenied";
    case 404:
      return "NotFound";
    case 409:
      return "ConditionalRequestConflict";
    case 412:
      return "PreconditionFailed";
    case 416:
      return "InvalidRange";
    default:
      return "";
  }
}

}  // namespace

std::span<const FailureMeaning> S3Failures() {
  return kFailures;
}

AwsFailure ReadS3Failure(const HttpResponse& response) {
  AwsFailure failure = ReadXmlFailure(response);
  if (failure.code.empty() && response.body.empty()) failure.code = CodeOfStatus(response.status);
  const std::string* const region = response.Header("x-amz-bucket-region");
  const bool is_elsewhere =
      failure.code == "PermanentRedirect" || failure.code == "AuthorizationHeaderMalformed";
  if (is_elsewhere && region != nullptr && IsRegionName(*region)) {
    failure.message = "the bucket is in region " + *region + ": set region: of its store";
  }
  return failure;
}

Status CheckNoError(const HttpResponse& answer) {
  const AwsFailure failure = ReadXmlFailure(answer);
  if (failure.code.empty()) return {};
  return Fail(KindOf(failure, 500, kFailures), "s3 refused: {}: status={} request_id={}",
              Describe(failure), answer.status, failure.request_id);
}

}  // namespace sluice
