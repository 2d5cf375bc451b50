// SPDX-License-Identifier: Apache-2.0
#include "sluice/queue/queue_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

auto Refused(const std::string& text) {
  return AllOf(Field(&QueueFinding::weight, QueueFinding::Weight::kRefused),
               Field(&QueueFinding::text, HasSubstr(text)));
}
auto Warning(const std::string& text) {
  return AllOf(Field(&QueueFinding::weight, QueueFinding::Weight::kWarning),
               Field(&QueueFinding::text, HasSubstr(text)));
}

QueueSettings Good() {
  return {.dead_letter_arn = "arn:aws:sqs:eu-central-1:111111111111:dead",
          .max_receive_count = 20,
          .dead_letter_retention = hours(14 * 24)};
}
const QueueDemands kSource{.role = QueueDemands::Role::kSource};
const QueueDemands kNotifications{.role = QueueDemands::Role::kNotifications,
                                  .visibility_timeout = seconds(900),
                                  .longest_hold = seconds(270)};

TEST(QueueSettingsTest, AGoodQueueHasNoFindings) {
  EXPECT_THAT(FindingsOf(Good(), kSource), IsEmpty());
  EXPECT_THAT(FindingsOf(Good(), kNotifications), IsEmpty());
  QueueSettings unasked = Good();
  unasked.dead_letter_retention = std::nullopt;
  EXPECT_THAT(FindingsOf(unasked, kSource), IsEmpty());
}

TEST(QueueSettingsTest, AFifoQueueIsRefused) {
  QueueSettings settings = Good();
  settings.is_fifo = true;
  EXPECT_THAT(FindingsOf(settings, kSource), ElementsAre(Refused("FIFO")));
}

TEST(QueueSettingsTest, RetentionMustOutlastTheWorkAndAnOutage) {
  QueueSettings settings = Good();
  settings.retention = minutes(14);  // 300 s + 600 s are 15 min
  EXPECT_THAT(FindingsOf(settings, kSource), ElementsAre(Refused("an age of 14 min")));
  settings.retention = minutes(15);
  EXPECT_THAT(FindingsOf(settings, kSource), ElementsAre(Warning("an age of 15 min")));
  settings.retention = hours(24);
  EXPECT_THAT(FindingsOf(settings, kSource), IsEmpty());
}

TEST(QueueSettingsTest, NothingIsHeldForLongerThanTwelveHours) {
  QueueDemands demands = kSource;
  demands.longest_hold = hours(11);
  demands.visibility_timeout = hours(1);
  EXPECT_THAT(FindingsOf(Good(), demands), IsEmpty());
  demands.visibility_timeout += seconds(1);
  EXPECT_THAT(FindingsOf(Good(), demands), ElementsAre(Refused("12 h after it was received")));
}

TEST(QueueSettingsTest, VisibilityMustLeaveTimeToExtend) {
  QueueDemands demands = kSource;
  demands.visibility_timeout = seconds(239);
  EXPECT_THAT(FindingsOf(Good(), demands), ElementsAre(Warning("hidden for 239 s")));
  demands = kNotifications;
  demands.visibility_timeout = seconds(269);
  EXPECT_THAT(FindingsOf(Good(), demands), ElementsAre(Warning("a batch may take 270 s")));
}

TEST(QueueSettingsTest, DeadLettersMustNotComeTooSoonNorVanish) {
  QueueSettings settings = Good();
  settings.dead_letter_arn.clear();
  EXPECT_THAT(FindingsOf(settings, kSource), ElementsAre(Warning("no dead-letter queue")));
  settings = Good();
  settings.max_receive_count = 19;
  EXPECT_THAT(FindingsOf(settings, kSource), ElementsAre(Warning("received 19 times")));
  settings.max_receive_count = 1;
  EXPECT_THAT(FindingsOf(settings, kSource), ElementsAre(Refused("received 1 times")));
  settings = Good();
  settings.dead_letter_retention = settings.retention;
  EXPECT_THAT(FindingsOf(settings, kSource), ElementsAre(Warning("first sent")));
  settings.retention = hours(14 * 24);
  settings.dead_letter_retention = hours(14 * 24);  // there is no more
  EXPECT_THAT(FindingsOf(settings, kSource), IsEmpty());
}

TEST(QueueSettingsTest, LambdaReceivesWithTheQueuesOwnTimeout) {
  QueueDemands demands = kSource;
  demands.lambda_timeout = minutes(5);
  demands.visibility_timeout = seconds(1);  // is not used then
  QueueSettings settings = Good();
  settings.visibility_timeout = minutes(30);
  EXPECT_THAT(FindingsOf(settings, demands), IsEmpty());
  settings.visibility_timeout = minutes(29);
  EXPECT_THAT(FindingsOf(settings, demands),
              ElementsAre(Warning("set VisibilityTimeout to 30 min")));
  settings.visibility_timeout = seconds(30);
  EXPECT_THAT(FindingsOf(settings, demands),
              ElementsAre(Refused("own visibility timeout of 30 s")));
}

}  // namespace
}  // namespace sluice
