// SPDX-License-Identifier: Apache-2.0
#include "sluice/connect/secret_fetcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "sluice/aws/loopback_server_for_test.h"

namespace sluice {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kArn = "arn:aws:secretsmanager:us-west-2:222222222222:secret:rs-AbCdEf";

// A Secrets Manager that is also the token service, with the answers that it was told.
class SecretFetcherTest : public ::testing::Test {
 protected:
  SecretFetcherTest() {
    ::setenv("AWS_ACCESS_KEY_ID", "AKID", 1);
    ::setenv("AWS_SECRET_ACCESS_KEY", "s", 1);
    ::unsetenv("AWS_PROFILE");
  }

  std::unique_ptr<SecretFetcher> Fetcher(const std::string& reference, bool with_role = false) {
    SecretsManagerConfig where{.service = {.region = "eu-central-1", .endpoint = address()}};
    if (with_role)
      where.assume_role = AssumeRole{"arn:aws:iam::222222222222:role/r", {}, address()};
    return SecretFetcher::Make(ParseKeptSecret(reference, "eu-central-1").value(), where, access_,
                               clock_)
        .value();
  }
  std::string address() const {
    return fmt::format("http://127.0.0.1:{}", server_.endpoint().port);
  }
  void Refuse(std::string_view type, std::string_view message) {
    body_ = fmt::format(R"({{"__type":"{}","message":"{}"}})", type, message);
    status_ = "400 No";
  }

  LoopbackServer::Answer Answer(const std::string& request) {
    requests_.push_back(request);
    if (request.contains("Action=AssumeRole")) {
      return LoopbackServer::Ok(
          "<R><AssumeRoleResult><Credentials><AccessKeyId>ROLE</AccessKeyId><SecretAccessKey>k"
          "</SecretAccessKey><SessionToken>t</SessionToken></Credentials></AssumeRoleResult></R>");
    }
    return {
        fmt::format("HTTP/1.1 {}\r\nContent-Length: {}\r\n\r\n{}", status_, body_.size(), body_)};
  }

  SystemClock clock_;
  AwsAccess access_{"tracking", clock_};
  std::string status_ = "200 OK";
  std::string body_ = R"({"SecretString":"{\"username\":\"u\",\"password\":\"hunter2\"}"})";
  std::vector<std::string> requests_;
  LoopbackServer server_{[this](const std::string& request) { return Answer(request); }};
};

TEST_F(SecretFetcherTest, AsksInTheSecretsRegionEachTimeAnew) {
  const auto fetcher = Fetcher("secretsmanager:" + std::string(kArn) + "#password");
  EXPECT_EQ(requests_.size(), 0U);
  const auto secret = fetcher->Fetch();
  ASSERT_TRUE(secret) << secret.error().message();
  EXPECT_EQ(secret->secret.Reveal(), "hunter2");
  EXPECT_EQ(secret->username, "u");
  EXPECT_THAT(requests_[0], HasSubstr("/us-west-2/secretsmanager/aws4_request"));
  EXPECT_THAT(requests_[0], HasSubstr(fmt::format("{{\"SecretId\":\"{}\"}}", kArn)));
  body_ = R"({"SecretString":"{\"password\":\"other\"}"})";
  EXPECT_EQ(fetcher->Fetch()->secret.Reveal(), "other");
}

TEST_F(SecretFetcherTest, AsksAsTheRoleThatItIsGiven) {
  ASSERT_TRUE(Fetcher("secretsmanager:rs", true)->Fetch());
  ASSERT_EQ(requests_.size(), 2U);
  EXPECT_THAT(requests_[1], HasSubstr("Credential=ROLE/"));
  EXPECT_THAT(requests_[1], HasSubstr("/eu-central-1/secretsmanager/aws4_request"));
}

TEST_F(SecretFetcherTest, ADeniedSecretNamesTheStatementThatIsMissing) {
  const std::string statement =
      R"({"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":)"
      R"("arn:aws:secretsmanager:eu-central-1:*:secret:sluice/rs-??????"})";
  // As the service says it of a secret that was asked for by its name.
  Refuse("AccessDeniedException",
         "User: arn:aws:sts::222222222222:assumed-role/sluice/x is not authorized to perform: "
         "secretsmanager:GetSecretValue on resource: sluice/rs because no identity-based policy "
         "allows the secretsmanager:GetSecretValue action");
  const auto fetcher = Fetcher("secretsmanager:sluice/rs#password");
  const auto denied = fetcher->Fetch();
  ASSERT_FALSE(denied);
  EXPECT_EQ(denied.error().kind(), ErrorKind::kPermanent);
  EXPECT_THAT(denied.error().message(),
              HasSubstr("cannot fetch secretsmanager:sluice/rs#password from eu-central-1: "
                        "secretsmanager refused: AccessDeniedException: User: "));
  EXPECT_TRUE(denied.error().message().ends_with("; a policy must say: " + statement))
      << denied.error().message();

  const TriedAction tried = fetcher->Try("warehouse.redshift.password");
  EXPECT_EQ(tried.part, "warehouse.redshift.password");
  EXPECT_EQ(tried.action, "secretsmanager:GetSecretValue");
  EXPECT_EQ(tried.Statement(), statement);
  EXPECT_THAT(tried.result.error().message(), Not(HasSubstr("a policy must say")));

  const TriedAction of_arn = Fetcher("secretsmanager:" + std::string(kArn))->Try("p");
  EXPECT_EQ(of_arn.resource, kArn);
}

TEST_F(SecretFetcherTest, AKeyThatMayNotBeUsedIsWhatIsMissing) {
  Refuse("AccessDeniedException", "Access to KMS is not allowed");
  const auto denied = Fetcher("secretsmanager:rs")->Fetch();
  ASSERT_FALSE(denied);
  EXPECT_THAT(denied.error().message(),
              HasSubstr(R"({"Effect":"Allow","Action":"kms:Decrypt","Resource":)"
                        R"("arn:aws:kms:eu-central-1:*:key/*"})"));
}

TEST_F(SecretFetcherTest, WhatIsNotThereIsNoWantOfAPermission) {
  Refuse("ResourceNotFoundException", "Secrets Manager can't find the specified secret.");
  const auto missing = Fetcher("secretsmanager:rs")->Fetch();
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind(), ErrorKind::kPermanent);
  EXPECT_THAT(missing.error().message(), HasSubstr("is its name right"));
  EXPECT_THAT(missing.error().message(), Not(HasSubstr("a policy must say")));
  status_ = "200 OK";
  body_ = R"({"SecretString":"{\"password\":\"hunter2\"}"})";
  const auto key = Fetcher("secretsmanager:rs#pwd")->Fetch();
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().message(),
            "cannot fetch secretsmanager:rs#pwd from eu-central-1: its JSON object has no such "
            "key");
}

}  // namespace
}  // namespace sluice
