// SPDX-License-Identifier: Apache-2.0
#include "sluice/aws/assumed_role.h"

#include <gtest/gtest.h>

#include "sluice/aws/credentials_for_test.h"
#include "sluice/aws/failure_meanings_for_test.h"
#include "sluice/aws/loopback_server_for_test.h"

namespace sluice {
namespace {

using std::chrono::minutes;

std::shared_ptr<CredentialsSource> Base() {
  return std::make_shared<FixedCredentials>(
      AwsCredentials{.access_key_id = "BASE", .secret_access_key = "s"});
}

// A token service that gives a new key at every call, good for an hour by `clock_`.
class AssumedRoleTest : public testing::Test {
 protected:
  LoopbackServer::Answer Answer(const std::string& request) {
    requests_.push_back(request);
    if (!refusal_.empty()) {
      return {"HTTP/1.1 " + refusal_ + "\r\nContent-Length: " + std::to_string(body_.size()) +
              "\r\n\r\n" + body_};
    }
    return LoopbackServer::Ok(
        "<AssumeRoleResponse xmlns=\"urn:sts\"><AssumeRoleResult><Credentials><AccessKeyId>ROLE" +
        std::to_string(requests_.size()) +
        "</AccessKeyId><SecretAccessKey>a&amp;b</SecretAccessKey><SessionToken>t</SessionToken>"
        "<Expiration>" +
        ToIso8601(clock_.Now() + std::chrono::hours(1)) +
        "</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>");
  }
  void Refuse(const std::string& status, const std::string& code) {
    refusal_ = status;
    body_ = "<ErrorResponse><Error><Type>Sender</Type><Code>" + code +
            "</Code><Message>why</Message></Error><RequestId>r-2</RequestId></ErrorResponse>";
  }
  AssumedRole Role(const RoleOptions& role, std::shared_ptr<CredentialsSource> with) {
    auto sts = MakeStsClient(server_.endpoint(), "eu-central-1", std::move(with), clock_,
                             {.retry = {.attempts = 2}});
    return {std::move(*sts), role, clock_};
  }
  AssumedRole Role(const RoleOptions& role) { return Role(role, Base()); }

  const RoleOptions role_{.arn = "arn:aws:iam::111111111111:role/sluice-read",
                          .session_name = "sluice",
                          .external_id = "a b+c"};
  FakeClock clock_;
  std::string refusal_, body_;
  std::vector<std::string> requests_;
  LoopbackServer server_{[this](const std::string& request) { return Answer(request); }};
};

TEST_F(AssumedRoleTest, AsksForTheRole) {
  AssumedRole role = Role(role_);
  const auto found = role.Get();
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_EQ(found->access_key_id, "ROLE1");
  EXPECT_EQ(found->secret_access_key, "a&b");
  EXPECT_EQ(found->session_token, "t");
  EXPECT_TRUE(requests_[0].ends_with(
      "\r\n\r\nAction=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A111111111111%3A"
      "role%2Fsluice-read&RoleSessionName=sluice&DurationSeconds=3600&ExternalId=a%20b%2Bc"))
      << requests_[0];
  EXPECT_NE(requests_[0].find("/eu-central-1/sts/aws4_request"), std::string::npos);
}

TEST_F(AssumedRoleTest, C18_KeepsThemUntilFiveMinutesBeforeTheyExpire) {
  AssumedRole role = Role(role_);
  EXPECT_EQ(role.Get()->access_key_id, "ROLE1");
  clock_.Advance(minutes(54));
  EXPECT_EQ(role.Get()->access_key_id, "ROLE1");
  clock_.Advance(minutes(1));
  EXPECT_EQ(role.Get()->access_key_id, "ROLE2");
  EXPECT_EQ(requests_.size(), 2U);
}

// Fault C18: while old ones are good, a service that is away is no reason to stop.
TEST_F(AssumedRoleTest, OldOnesServeWhileNoNewOnesCanBeHad) {
  AssumedRole role = Role(role_);
  ASSERT_TRUE(role.Get());
  clock_.Advance(minutes(56));
  Refuse("503 No", "ServiceUnavailable");
  EXPECT_EQ(role.Get()->access_key_id, "ROLE1");
  clock_.Advance(minutes(4));
  const auto none = role.Get();
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind(), ErrorKind::kTransient);
  refusal_.clear();
  const size_t asked = requests_.size();
  EXPECT_FALSE(role.Get()) << "nobody asks again at once";
  EXPECT_EQ(requests_.size(), asked);
  clock_.Advance(std::chrono::seconds(30));
  EXPECT_TRUE(role.Get());
}

TEST_F(AssumedRoleTest, ARefusalNamesTheRole) {
  AssumedRole role = Role(role_);
  ASSERT_TRUE(role.Get());
  clock_.Advance(minutes(56));
  Refuse("403 No", "AccessDenied");
  const auto none = role.Get();
  ASSERT_FALSE(none) << "although the old ones are good: who may not any more must not";
  EXPECT_EQ(none.error().kind(), ErrorKind::kPermanent);
  EXPECT_EQ(none.error().message(),
            "cannot assume role arn:aws:iam::111111111111:role/sluice-read: sts refused: "
            "AccessDenied: why: status=403 request_id=r-2");
}

TEST_F(AssumedRoleTest, AnAnswerWithoutCredentialsIsNone) {
  for (const std::string body : {"", "<a/>", "<html>", "<AssumeRoleResponse/>"}) {
    refusal_ = "200 OK";
    body_ = body;
    const auto none = Role(role_).Get();
    ASSERT_FALSE(none) << body;
    EXPECT_EQ(none.error().kind(), ErrorKind::kTransient);
  }
}

// A chain: the second role is asked for with the keys of the first.
TEST_F(AssumedRoleTest, ARoleMayAssumeAnother) {
  auto first = std::make_shared<AssumedRole>(
      MakeStsClient(server_.endpoint(), "eu-central-1", Base(), clock_).value(), role_, clock_);
  AssumedRole second =
      Role({.arn = "arn:aws:iam::222222222222:role/reader", .session_name = "s"}, std::move(first));
  EXPECT_EQ(second.Get()->access_key_id, "ROLE2");
  ASSERT_EQ(requests_.size(), 2U);
  EXPECT_NE(requests_[0].find("Credential=BASE/"), std::string::npos);
  EXPECT_NE(requests_[1].find("Credential=ROLE1/"), std::string::npos);
  EXPECT_EQ(requests_[1].find("ExternalId"), std::string::npos);
}

TEST(StsFailuresTest, OnlyAnIdentityProviderThatIsNotReachedIsTransient) {
  ExpectMeanings(StsFailures(), {{"IDPCommunicationError", ErrorKind::kTransient}});
}

}  // namespace
}  // namespace sluice
