// SPDX-License-Identifier: Apache-2.0
#include "sluice/aws/secrets_manager.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "sluice/aws/credentials_for_test.h"
#include "sluice/aws/failure_meanings_for_test.h"
#include "sluice/aws/loopback_server_for_test.h"

namespace sluice {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

// As Redshift stores it.
constexpr std::string_view kOfRedshift =
    R"({"username":"sluice","password":"hunter\"2","engine":"redshift","port":5439,"none":null})";

std::string Answer(std::string_view secret) {
  std::string text =
      R"({"ARN":"arn:x","Name":"rs","VersionStages":["AWSCURRENT"],"SecretString":")";
  for (const char c : secret) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  return text + "\"}";
}

// A Secrets Manager that gives the answers it was told, the last one for ever.
class SecretsManagerTest : public testing::Test {
 protected:
  static LoopbackServer::Answer Refusal(int status, std::string_view type) {
    const std::string body = "{\"__type\":\"" + std::string(type) + "\",\"Message\":\"why\"}";
    return {"HTTP/1.1 " + std::to_string(status) +
            " No\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body};
  }

  Result<StoredSecret> Get(std::deque<LoopbackServer::Answer> answers, std::string_view key = "") {
    answers_ = std::move(answers);
    requests_.clear();
    const auto client =
        MakeSecretsManagerClient(server_.endpoint(), "eu-central-1",
                                 std::make_shared<FixedCredentials>(AwsCredentials{
                                     .access_key_id = "AKID", .secret_access_key = "s"}),
                                 clock_, {.retry = {.attempts = 3}})
            .value();
    return GetSecret(*client, "sluice/redshift", key);
  }

  FakeClock clock_;
  std::deque<LoopbackServer::Answer> answers_;
  std::vector<std::string> requests_;
  LoopbackServer server_{[this](const std::string& request) {
    requests_.push_back(request);
    const LoopbackServer::Answer answer = answers_.front();
    if (answers_.size() > 1) answers_.pop_front();
    return answer;
  }};
};

TEST_F(SecretsManagerTest, AsksForTheCurrentVersion) {
  const auto secret = Get({LoopbackServer::Ok(Answer(kOfRedshift))}, "password");
  ASSERT_TRUE(secret) << secret.error().message();
  EXPECT_EQ(secret->text, "hunter\"2");
  EXPECT_EQ(secret->username, "sluice");
  ASSERT_EQ(requests_.size(), 1U);
  EXPECT_THAT(requests_[0], HasSubstr("X-Amz-Target: secretsmanager.GetSecretValue\r\n"));
  EXPECT_THAT(requests_[0], HasSubstr("Content-Type: application/x-amz-json-1.1\r\n"));
  EXPECT_THAT(requests_[0], HasSubstr("/eu-central-1/secretsmanager/aws4_request"));
  EXPECT_THAT(requests_[0], EndsWith("\r\n\r\n{\"SecretId\":\"sluice/redshift\"}"));
}

TEST_F(SecretsManagerTest, TriesAgainWhatMayPass) {
  const auto secret = Get({Refusal(400, "ThrottlingException"),
                           Refusal(500, "InternalServiceError"), LoopbackServer::Ok(Answer("s"))});
  ASSERT_TRUE(secret) << secret.error().message();
  EXPECT_EQ(secret->text, "s");
  EXPECT_EQ(requests_.size(), 3U);
}

// Nothing has happened, whatever the service is in doubt of; and a secret that is not there is no
// table that is not there.
TEST_F(SecretsManagerTest, ARefusalIsTransientOrPermanent) {
  struct Case {
    int status;
    const char* type;
    ErrorKind kind;
    const char* says;
  };
  for (const Case& c : {
           Case{500, "InternalServiceError", ErrorKind::kTransient, "InternalServiceError: why"},
           Case{503, "ServiceUnavailable", ErrorKind::kTransient, "gave up after 3 attempts"},
           Case{400, "ResourceNotFoundException", ErrorKind::kPermanent, "is its name right"},
           Case{400, "InvalidRequestException", ErrorKind::kPermanent, "InvalidRequestException"},
           Case{400, "InvalidParameterException", ErrorKind::kPermanent, "why"},
           Case{400, "DecryptionFailure", ErrorKind::kPermanent, "DecryptionFailure: why"},
           Case{400, "AccessDeniedException", ErrorKind::kPermanent, "AccessDeniedException: why"},
       }) {
    const auto secret = Get({Refusal(c.status, c.type)});
    ASSERT_FALSE(secret) << c.type;
    EXPECT_EQ(secret.error().kind(), c.kind) << c.type;
    EXPECT_THAT(secret.error().message(), HasSubstr(c.says));
    EXPECT_EQ(requests_.size(), c.kind == ErrorKind::kTransient ? 3U : 1U) << c.type;
  }
}

TEST(SecretIn, IsAllOfTheTextOrOneOfItsMembers) {
  EXPECT_EQ(SecretIn(Answer("hunter2"), "")->text, "hunter2");
  EXPECT_EQ(SecretIn(Answer(kOfRedshift), "")->text, kOfRedshift);
  EXPECT_EQ(SecretIn(Answer(kOfRedshift), "username")->text, "sluice");
  EXPECT_EQ(SecretIn(Answer(R"({"a b":{"password":"no"},"password":"yes"})"), "password")->text,
            "yes");
}

// As an editor leaves it; what is at a key was meant as it is.
TEST(SecretIn, LeavesOutTheLineEndOfAWholeText) {
  EXPECT_EQ(SecretIn(R"({"SecretString":"hunter2\n"})", "")->text, "hunter2");
  EXPECT_EQ(SecretIn(R"({"SecretString":"hunter2\r\n"})", "")->text, "hunter2");
  EXPECT_EQ(SecretIn(R"({"SecretString":"hunter2\n\n"})", "")->text, "hunter2\n");
  EXPECT_EQ(SecretIn(R"({"SecretString":"{\"p\":\"hunter2\\n\"}"})", "p")->text, "hunter2\n");
  EXPECT_FALSE(SecretIn(R"({"SecretString":"\n"})", ""));
}

TEST(SecretIn, SaysWhatIsWrongAndNothingOfTheSecret) {
  struct Case {
    std::string answer;
    const char* key;
    ErrorKind kind;
    const char* says;
  };
  for (const Case& c : std::vector<Case>{
           {"", "", ErrorKind::kTransient, "no JSON object"},
           {"<hunter2>", "", ErrorKind::kTransient, "no JSON object"},
           {R"(["hunter2"])", "", ErrorKind::kTransient, "no JSON object"},
           {R"({"Name":"hunter2"})", "", ErrorKind::kTransient, "holds no secret"},
           {R"({"SecretString":7})", "", ErrorKind::kTransient, "holds no secret"},
           {R"({"SecretBinary":"aHVudGVyMg=="})", "", ErrorKind::kPermanent, "SecretBinary"},
           {Answer(""), "", ErrorKind::kPermanent, "it is empty"},
           {Answer(R"({"password":""})"), "password", ErrorKind::kPermanent, "it is empty"},
           {Answer("hunter2"), "password", ErrorKind::kPermanent, "no JSON object"},
           {Answer(R"(["hunter2"])"), "password", ErrorKind::kPermanent, "no JSON object"},
           {Answer(R"({"password":"hunter2"} )") + "x", "", ErrorKind::kTransient, "no JSON"},
           {Answer(kOfRedshift), "Password", ErrorKind::kPermanent, "no such key"},
           {Answer(kOfRedshift), "port", ErrorKind::kPermanent, "is no text"},
           {R"({"SecretString":"hunter2\u0000x"})", "", ErrorKind::kPermanent, "NUL"},
           {Answer(kOfRedshift), "none", ErrorKind::kPermanent, "is no text"},
       }) {
    const auto secret = SecretIn(c.answer, c.key);
    ASSERT_FALSE(secret) << c.answer;
    EXPECT_EQ(secret.error().kind(), c.kind) << c.answer;
    EXPECT_THAT(secret.error().message(), HasSubstr(c.says)) << c.answer;
    EXPECT_THAT(secret.error().message(), Not(HasSubstr("hunter")));
  }
}

TEST(SecretsManagerFailuresTest, OnlyASecretThatIsNotThereIsNotPermanent) {
  ExpectMeanings(SecretsManagerFailures(), {{"ResourceNotFoundException", ErrorKind::kNotFound}});
}

}  // namespace
}  // namespace sluice
