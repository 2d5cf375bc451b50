// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>

#include "sluice/aws/credentials.h"
#include "sluice/aws/loopback_server_for_test.h"
#include "sluice/base/test_folder.h"

namespace sluice {
namespace {

// The environment of a machine that has no credentials, and what a test sets in it.
class Surroundings {
 public:
  explicit Surroundings(const std::map<std::string, std::string>& set) {
    for (const char* const name :
         {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE",
          "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
          "AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN"}) {
      ::unsetenv(name);
    }
    ::setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
    ::setenv("AWS_CONFIG_FILE", "/nowhere", 1);
    ::setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere", 1);
    for (const auto& [name, value] : set) ::setenv(name.c_str(), value.c_str(), 1);
  }
};

Result<AwsCredentials> CredentialsWith(const std::map<std::string, std::string>& set) {
  const Surroundings surroundings(set);
  SystemClock clock;
  auto source = DefaultCredentials(clock);
  if (!source) return std::unexpected(source.error());
  return (*source)->Get();
}

TEST(DefaultCredentialsTest, AreThoseOfTheEnvironment) {
  const auto found = CredentialsWith({{"AWS_ACCESS_KEY_ID", "AKID"},
                                      {"AWS_SECRET_ACCESS_KEY", "secret"},
                                      {"AWS_SESSION_TOKEN", "token"}});
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_EQ(found->access_key_id, "AKID");
  EXPECT_EQ(found->secret_access_key, "secret");
  EXPECT_EQ(found->session_token, "token");
}

TEST(DefaultCredentialsTest, AreThoseOfAProfile) {
  const TestFolder folder;
  const std::string file = folder.path() + "/credentials";
  std::ofstream(file) << "[default]\naws_access_key_id = A1\naws_secret_access_key = s1\n"
                         "[other]\naws_access_key_id = A2\naws_secret_access_key = s2\n";
  const auto of_default = CredentialsWith({{"AWS_SHARED_CREDENTIALS_FILE", file}});
  ASSERT_TRUE(of_default) << of_default.error().message();
  EXPECT_EQ(of_default->access_key_id, "A1");
  EXPECT_EQ(of_default->session_token, "");
  const auto of_other =
      CredentialsWith({{"AWS_SHARED_CREDENTIALS_FILE", file}, {"AWS_PROFILE", "other"}});
  ASSERT_TRUE(of_other) << of_other.error().message();
  EXPECT_EQ(of_other->secret_access_key, "s2");
}

// As the agents of ECS and EKS give them.
TEST(DefaultCredentialsTest, AreThoseOfAContainer) {
  std::string seen;
  LoopbackServer server([&](const std::string& request) {
    seen = request;
    return LoopbackServer::Ok(
        R"({"AccessKeyId":"A3","SecretAccessKey":"s3","Token":"t3","Expiration":"2099-01-01T00:00:00Z"})");
  });
  const auto found = CredentialsWith(
      {{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://" + server.endpoint().authority() + "/c"},
       {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "pod"}});
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_EQ(found->access_key_id, "A3");
  EXPECT_EQ(found->session_token, "t3");
  EXPECT_EQ(ToIso8601(found->expires), "2099-01-01T00:00:00.000000Z");
  EXPECT_TRUE(seen.starts_with("GET /c HTTP/1.1")) << seen;
  EXPECT_NE(seen.find("uthorization: pod"), std::string::npos) << seen;
}

// Fault S9: what is no answer of an agent is not repeated in the error.
TEST(DefaultCredentialsTest, AnAnswerThatIsNoneGivesNone) {
  LoopbackServer server([&](const std::string&) {
    return LoopbackServer::Ok(R"({"AccessKeyId":"A4","SecretAccessKey":"hidden")");
  });
  const auto found = CredentialsWith(
      {{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://" + server.endpoint().authority() + "/c"}});
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().message().find("hidden"), std::string::npos);
}

TEST(DefaultCredentialsTest, AnAgentThatIsSilentIsNotWaitedForLong) {
  LoopbackServer server([](const std::string&) { return LoopbackServer::Answer{}; });
  const Surroundings surroundings(
      {{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://" + server.endpoint().authority() + "/c"}});
  SystemClock clock;
  const auto found = DefaultCredentials(clock, std::chrono::milliseconds(300)).value()->Get();
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind(), ErrorKind::kTransient) << found.error().message();
}

// An agent whose credentials last until an hour that is long past for the library, which asks it
// each time therefore; when they expire for sluice, its own clock says.
class CredentialsOfAnAgentTest : public ::testing::Test {
 protected:
  // Nothing: the agent has none to give.
  void AgentGives(const std::string& key, const std::string& expires = "") {
    const std::string body = R"({"AccessKeyId":")" + key +
                             R"(","SecretAccessKey":"s","Token":"t","Expiration":")" + expires +
                             "\"}";
    const std::lock_guard lock(mutex_);
    answer_ = key.empty() ? LoopbackServer::Answer{"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"}
                          : LoopbackServer::Ok(body);
  }
  std::string Key() {
    const auto found = source_->Get();
    return found ? found->access_key_id : found.error().message();
  }

  std::mutex mutex_;
  LoopbackServer::Answer answer_;
  LoopbackServer server_{[this](const std::string&) {
    const std::lock_guard lock(mutex_);
    return answer_;
  }};
  const Surroundings surroundings_{
      {{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://" + server_.endpoint().authority() + "/c"}}};
  FakeClock clock_{*FromIso8601("2020-01-01T00:00:00Z")};
  const std::unique_ptr<CredentialsSource> source_ = DefaultCredentials(clock_).value();
};

TEST_F(CredentialsOfAnAgentTest, ServeUntilTheyExpireWhileTheAgentIsAway) {
  AgentGives("A1", "2020-01-01T01:00:00Z");
  EXPECT_EQ(Key(), "A1");
  AgentGives("");
  clock_.Advance(std::chrono::minutes(60) - std::chrono::microseconds(1));
  EXPECT_EQ(Key(), "A1");
  clock_.Advance(std::chrono::microseconds(1));
  const auto expired = source_->Get();
  ASSERT_FALSE(expired);
  EXPECT_EQ(expired.error().kind(), ErrorKind::kTransient) << "it gave some before";
  AgentGives("A2", "2020-01-01T02:00:00Z");
  EXPECT_EQ(Key(), "A2");
}

TEST_F(CredentialsOfAnAgentTest, AreReplacedBeforeTheyExpire) {
  AgentGives("A1", "2020-01-01T01:00:00Z");
  EXPECT_EQ(Key(), "A1");
  AgentGives("A2", "2020-01-01T02:00:00Z");
  EXPECT_EQ(Key(), "A2");
  AgentGives("");
  clock_.Advance(std::chrono::minutes(90));
  EXPECT_EQ(Key(), "A2");
}

TEST_F(CredentialsOfAnAgentTest, AreNoneWhereTheAgentNeverGaveAny) {
  AgentGives("");
  const auto none = source_->Get();
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind(), ErrorKind::kPermanent);
}

TEST(DefaultCredentialsTest, NoneAreAnErrorThatSaysWhatToDo) {
  const auto found = CredentialsWith({});
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind(), ErrorKind::kPermanent);
  EXPECT_NE(found.error().message().find("AWS_PROFILE"), std::string::npos);
}

}  // namespace
}  // namespace sluice
