// SPDX-License-Identifier: Apache-2.0
#include "sluice/config/secret.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "sluice/base/clock.h"
#include "sluice/base/unique_id.h"

namespace sluice {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(SecretTest, PrintsAsStars) {
  const Secret secret("hunter2");
  std::ostringstream out;
  out << secret;
  EXPECT_EQ(out.str(), "***");
  EXPECT_EQ(fmt::format("{}", secret), "***");
  EXPECT_EQ(fmt::format("{:>5}", secret), "  ***");
  EXPECT_EQ(::testing::PrintToString(secret), "***");
  EXPECT_EQ(secret.Reveal(), "hunter2");
}

TEST(SecretSourceTest, ReadsTheEnvironmentItIsGiven) {
  const LocalSecretSource source(Environment{{"TOKEN", "abc"}, {"EMPTY", ""}});
  EXPECT_EQ(source.Resolve("env:TOKEN")->Reveal(), "abc");
  EXPECT_THAT(source.Resolve("env:OTHER").error().message(), HasSubstr("not set: env:OTHER"));
  EXPECT_THAT(source.Resolve("env:EMPTY").error().message(), HasSubstr("it is empty: env:EMPTY"));
}

TEST(SecretSourceTest, ReadsAFileWithoutItsLineEnd) {
  const std::string path = ::testing::TempDir() + MakeUniqueId(SystemClock().Now());
  std::ofstream(path) << "a b\r\n";
  const LocalSecretSource source(Environment{});
  EXPECT_EQ(source.Resolve("file:" + path)->Reveal(), "a b");
  std::filesystem::remove(path);
  EXPECT_THAT(source.Resolve("file:" + path).error().message(), HasSubstr("cannot open"));
}

TEST(SecretSourceTest, AsksSecretsManagerForNothing) {
  const auto secret = LocalSecretSource(Environment{}).Resolve("secretsmanager:prod/alert");
  EXPECT_THAT(secret.error().message(), HasSubstr("not fetched from Secrets Manager"));
}

TEST(SecretSourceTest, NeverRepeatsWhatMayBeTheSecret) {
  const auto secret = LocalSecretSource(Environment{}).Resolve("hunter2");
  EXPECT_THAT(secret.error().message(), HasSubstr("wanted env:NAME"));
  EXPECT_THAT(secret.error().message(), Not(HasSubstr("hunter2")));
}

}  // namespace
}  // namespace sluice
