// SPDX-License-Identifier: Apache-2.0
#include "sluice/config/kept_secret.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::string kRegion = "eu-central-1";
const std::string kArn = "arn:aws:secretsmanager:us-west-2:222222222222:secret:sluice/rs-AbCdEf";

struct Right {
  std::string reference, id, key, region;
};

TEST(KeptSecret, IsNamedOrHasAnArnAndMayHaveAKey) {
  const std::string longest(512, 'n'), longest_key(256, 'k');
  const std::string arn = "arn:aws:secretsmanager:us-west-2:222222222222:secret:";
  for (const Right& right : std::vector<Right>{
           {"secretsmanager:prod/alert", "prod/alert", "", kRegion},
           {"secretsmanager:a", "a", "", kRegion},
           {"secretsmanager:sluice/redshift#password", "sluice/redshift", "password", kRegion},
           {"secretsmanager:redshift!analytics-awsuser#password", "redshift!analytics-awsuser",
            "password", kRegion},
           {"secretsmanager:A_z+9=.@-", "A_z+9=.@-", "", kRegion},
           {"secretsmanager:" + longest, longest, "", kRegion},
           {"secretsmanager:" + arn + longest + "-AbCdEf", arn + longest + "-AbCdEf", "",
            "us-west-2"},
           {"secretsmanager:a#" + longest_key, "a", longest_key, kRegion},
           {"secretsmanager:a#the key#é", "a", "the key#é", kRegion},
           {"secretsmanager:" + kArn, kArn, "", "us-west-2"},
           {"secretsmanager:" + kArn + "#password", kArn, "password", "us-west-2"},
           {"secretsmanager:arn:aws-cn:secretsmanager:cn-north-1:222222222222:secret:s",
            "arn:aws-cn:secretsmanager:cn-north-1:222222222222:secret:s", "", "cn-north-1"},
       }) {
    const auto secret = ParseKeptSecret(right.reference, kRegion);
    ASSERT_TRUE(secret) << right.reference << ": " << secret.error().message();
    EXPECT_EQ(secret->id, right.id);
    EXPECT_EQ(secret->key, right.key);
    EXPECT_EQ(secret->region, right.region);
    EXPECT_EQ(secret->reference(), right.reference);
    EXPECT_TRUE(IsKeptReference(right.reference));
  }
}

// What stands there may be the secret itself: no error repeats it.
TEST(KeptSecret, SaysWhatIsWrongWithoutRepeatingIt) {
  struct Wrong {
    std::string reference, problem;
  };
  for (const Wrong& wrong : std::vector<Wrong>{
           {"secretsmanager:", "wanted secretsmanager:NAME"},
           {"secretsmanager:#password", "wanted secretsmanager:NAME"},
           {"secretsmanager:hunter2 hunter2", "wanted secretsmanager:NAME"},
           {"secretsmanager: hunter2", "wanted secretsmanager:NAME"},
           {"secretsmanager:hunter2\"", "wanted secretsmanager:NAME"},
           {"secretsmanager:hunter2:password", "wanted secretsmanager:NAME"},
           {"secretsmanager:hunter2\xc3\xa9", "wanted secretsmanager:NAME"},
           {"secretsmanager:" + std::string(513, 'n'), "at most 512"},
           {"env:hunter2", "wanted secretsmanager:NAME"},
           {"", "wanted secretsmanager:NAME"},
           {"secretsmanager:hunter2#", "wanted a key of at most 256 bytes"},
           {"secretsmanager:hunter2#a\tb", "wanted a key of at most 256 bytes"},
           {"secretsmanager:hunter2#" + std::string(257, 'k'), "wanted a key of at most 256 bytes"},
           {"secretsmanager:arn:aws:iam::222222222222:role/hunter2", "not the ARN of a secret"},
           {"secretsmanager:arn:aws:ssm:eu-west-1:222222222222:secret:hunter2",
            "not the ARN of a secret"},
           {"secretsmanager:arn:aws:secretsmanager:eu-west-1:222222222222:key:hunter2",
            "not the ARN of a secret"},
           {"secretsmanager:arn:aws:secretsmanager::222222222222:secret:hunter2",
            "not the ARN of a secret"},
           {"secretsmanager:arn:aws:secretsmanager:evil.example/:222222222222:secret:hunter2",
            "not the ARN of a secret"},
           {"secretsmanager:arn:aws:secretsmanager:eu-west-1:2222:secret:hunter2",
            "not the ARN of a secret"},
           {"secretsmanager:arn:aws-cn:secretsmanager:eu-west-1:222222222222:secret:hunter2",
            "not the ARN of a secret"},
           {"secretsmanager:arn:aws:secretsmanager:eu-west-1:222222222222:secret:",
            "not the ARN of a secret"},
           {"secretsmanager:arn:aws:secretsmanager:eu-west-1", "not the ARN of a secret"},
           {"secretsmanager:arn:", "not the ARN of a secret"},
       }) {
    const auto secret = ParseKeptSecret(wrong.reference, kRegion);
    ASSERT_FALSE(secret) << wrong.reference;
    EXPECT_EQ(secret.error().kind(), ErrorKind::kPermanent);
    EXPECT_THAT(secret.error().message(), HasSubstr(wrong.problem)) << wrong.reference;
    EXPECT_THAT(secret.error().message(), Not(HasSubstr("hunter2")));
  }
}

TEST(KeptSecret, ANameNeedsARegionAndAnArnNone) {
  EXPECT_THAT(ParseKeptSecret("secretsmanager:a", "").error().message(),
              HasSubstr("in which region is it?"));
  EXPECT_EQ(ParseKeptSecret("secretsmanager:" + kArn, "")->region, "us-west-2");
}

}  // namespace
}  // namespace sluice
