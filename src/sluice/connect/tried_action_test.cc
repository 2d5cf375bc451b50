// SPDX-License-Identifier: Apache-2.0
#include "sluice/connect/tried_action.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TriedAction Refused(std::string message) {
  return {.part = "raw",
          .action = "s3:PutObject",
          .resource = "arn:aws:s3:::acme-raw/tracking/*",
          .result = Fail(ErrorKind::kPermanent, "{}", message)};
}

TEST(TriedAction, AStatementAllowsWhatWasTried) {
  const TriedAction tried = Refused("s3 refused: AccessDenied: Access Denied: status=403");
  EXPECT_TRUE(tried.is_denied());
  EXPECT_EQ(tried.Statement(), R"({"Effect":"Allow","Action":"s3:PutObject",)"
                               R"("Resource":"arn:aws:s3:::acme-raw/tracking/*"})");
}

TEST(TriedAction, AStatementAllowsWhatTheRefusalNames) {
  const TriedAction tried = Refused(
      "s3 refused: AccessDenied: User: arn:aws:sts::222222222222:assumed-role/sluice/x is not "
      "authorized to perform: kms:GenerateDataKey on resource: "
      "arn:aws:kms:eu-central-1:222222222222:key/abc because no identity-based policy allows it");
  EXPECT_TRUE(tried.is_denied());
  EXPECT_EQ(tried.Statement(), R"({"Effect":"Allow","Action":"kms:GenerateDataKey",)"
                               R"("Resource":"arn:aws:kms:eu-central-1:222222222222:key/abc"})");
}

TEST(TriedAction, ARefusalThatNamesNothingWholeIsNotBelieved) {
  for (const char* message :
       {"not authorized to perform: ", "not authorized to perform: sqs:Send on resource: ",
        "not authorized to perform: a b c on resource: arn:aws:x", "on resource: arn:aws:x",
        "not authorized to perform: sqs:Send on resource: *"}) {
    EXPECT_TRUE(Refused(message).Statement().contains("s3:PutObject")) << message;
  }
}

TEST(TriedAction, AnotherFailureIsNoWantOfAPermission) {
  EXPECT_FALSE(
      Refused("s3 refused: NoSuchBucket: The specified bucket does not exist").is_denied());
  const TriedAction works{.part = "raw", .action = "s3:ListBucket", .resource = "", .result = {}};
  EXPECT_FALSE(works.is_denied());
}

}  // namespace
}  // namespace sluice
