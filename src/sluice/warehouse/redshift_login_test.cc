// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/redshift_login.h"

#include <gtest/gtest.h>

#include <chrono>

#include "sluice/aws/credentials_for_test.h"
#include "sluice/aws/failure_meanings_for_test.h"
#include "sluice/aws/loopback_server_for_test.h"

namespace sluice {
namespace {

// Amazon's, which gives another password each time.
class IamLoginTest : public ::testing::Test {
 protected:
  FakeClock clock_;
  int asked_ = 0;
  LoopbackServer server_{[this](const std::string&) {
    return LoopbackServer::Ok(
        "<GetClusterCredentialsResponse><GetClusterCredentialsResult><DbUser>IAM:u</DbUser>"
        "<DbPassword>p" +
        std::to_string(++asked_) +
        "</DbPassword></GetClusterCredentialsResult></GetClusterCredentialsResponse>");
  }};
  IamLogin login_{AwsClient::Make({.scope = {.service = "redshift", .region = "eu-central-1"},
                                   .endpoint = server_.endpoint(),
                                   .failures = IamLogin::failures()},
                                  std::make_shared<FixedCredentials>(AwsCredentials{
                                      .access_key_id = "AKID", .secret_access_key = "s"}),
                                  clock_, {})
                      .value(),
                  {.cluster = "rs", .workgroup = "", .database = "d", .user = "u"},
                  clock_};
};

TEST_F(IamLoginTest, KeepsAPasswordUntilShortlyBeforeItsEnd) {
  EXPECT_EQ(login_.Get()->password, "p1");
  clock_.Advance(std::chrono::minutes(12));
  EXPECT_EQ(login_.Get()->password, "p1");
  clock_.Advance(std::chrono::minutes(2));
  EXPECT_EQ(login_.Get()->password, "p2");
}

TEST_F(IamLoginTest, AsksAnewInPlaceOfTheOneThatWasRefused) {
  const PgLogin refused = login_.Get().value();
  EXPECT_EQ(login_.InPlaceOf(refused)->password, "p2");
  EXPECT_EQ(login_.Get()->password, "p2");
  // Another connection was refused with the old one at the same time.
  EXPECT_EQ(login_.InPlaceOf(refused)->password, "p2");
}

TEST(IamLoginFailuresTest, AreAllPermanent) {
  ExpectMeanings(IamLogin::failures(), {});
}

}  // namespace
}  // namespace sluice
