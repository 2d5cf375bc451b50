// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "sluice/aws/http.h"
#include "sluice/base/result.h"

namespace sluice {

// What a service said when it refused.
struct AwsFailure {
  std::string code;  // "QueueDoesNotExist", without namespace; empty where the answer has none
  std::string message, request_id;
};

// What an error code means for the caller. Every code that is expected stands in a table; one that
// stands in none is judged by the status of its answer.
struct FailureMeaning {
  std::string_view code;
  ErrorKind kind;
};

// The codes that all services share. No service's own table has one of them.
std::span<const FailureMeaning> SharedFailures();

// By the service's own table first, then by that of codes which all services share. Without either:
// 429 and 503 are transient (nothing was done), other statuses from 500 on leave the outcome
// unknown, the rest is permanent.
ErrorKind KindOf(const AwsFailure& failure, int status, std::span<const FailureMeaning> service);

// For people: "QueueDoesNotExist: The specified queue does not exist.". Of a wrong signature only
// the code: services answer it with the request as they saw it, its session token included.
std::string Describe(const AwsFailure& failure);

// Whether the cause may be that the clock here is not the service's.
bool MayBeOfTheClock(const AwsFailure& failure);

// The failure in an answer of the AWS JSON protocol 1.0 or 1.1: its code from the header
// x-amzn-errortype or the member __type, its message from message or Message. Anything may be
// missing or no JSON at all.
AwsFailure ReadJsonFailure(const HttpResponse& response);

// The failure in an answer of S3, <Error>…, or of the query protocol, <ErrorResponse><Error>….
// Anything may be missing or no XML at all.
AwsFailure ReadXmlFailure(const HttpResponse& response);

}  // namespace sluice
