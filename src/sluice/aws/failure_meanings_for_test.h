// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "sluice/aws/aws_failure.h"

namespace sluice {

using FailureMeanings = std::map<std::string_view, ErrorKind>;

// The rows of `table` that are not permanent.
inline FailureMeanings NotPermanent(std::span<const FailureMeaning> table) {
  FailureMeanings found;
  for (const auto& [code, kind] : table) {
    if (kind != ErrorKind::kPermanent) found.emplace(code, kind);
  }
  return found;
}

// Of the service's own codes exactly those in `wanted` are not permanent. Its table leaves the
// codes that all services share what they are, no status changes what a code means, and a code that
// nobody knows is judged by it.
inline void ExpectMeanings(std::span<const FailureMeaning> service, const FailureMeanings& wanted) {
  EXPECT_EQ(NotPermanent(service), wanted);
  const auto kind_of = [service](std::string_view code, int status) {
    return KindOf({.code = std::string(code), .message = {}, .request_id = {}}, status, service);
  };
  for (const auto& table : {service, SharedFailures()}) {
    for (const auto& [code, kind] : table) {
      for (const int status : {400, 403, 500, 503}) EXPECT_EQ(kind_of(code, status), kind) << code;
    }
  }
  for (const std::string_view unknown : {"", "NobodyKnowsThis"}) {
    for (const int status : {301, 400, 403, 404, 409, 412}) {
      EXPECT_EQ(kind_of(unknown, status), ErrorKind::kPermanent) << status;
    }
    for (const int status : {429, 503}) {
      EXPECT_EQ(kind_of(unknown, status), ErrorKind::kTransient) << status;
    }
    for (const int status : {500, 502, 504}) {
      EXPECT_EQ(kind_of(unknown, status), ErrorKind::kOutcomeUnknown) << status;
    }
  }
}

}  // namespace sluice
