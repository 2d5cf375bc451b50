// SPDX-License-Identifier: Apache-2.0
// When a run ends, on the embedded parts and a clock that only the test moves.
#include "sluice/app/stages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>

#include "sluice/base/fault_plan.h"
#include "sluice/config/load_config.h"

namespace sluice {
namespace {

using std::chrono::seconds;

class StagesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = ::testing::TempDir() + "sluice-stages-XXXXXX";
    ASSERT_NE(::mkdtemp(folder_.data()), nullptr);
    PipelineConfig config = *LoadEmbedded(folder_, LocalSecretSource({}));
    config.load.threads = 1;
    config.load.max_size = {1};  // a batch is what one receive brings: ten raw objects
    config.raw.close_size = {1};
    config.quarantine.hold_above = 1;
    config.load.deadline = seconds(100);
    auto pipeline =
        Pipeline::Open(std::move(config), {.clock = clock_, .stop = {}, .faults = nullptr});
    ASSERT_TRUE(pipeline) << pipeline.error().message();
    pipeline_ = std::move(*pipeline);
    // One receive fills a raw object: ten messages make one.
    const std::vector<std::string> bodies(10, "{}");
    for (int i = 0; i < kObjects; ++i) ASSERT_TRUE(pipeline_->source()->Send(bodies)->front());
  }
  void TearDown() override {
    pipeline_.reset();
    std::filesystem::remove_all(folder_);
  }

  // Time passes with every batch that is processed.
  RunProgress Taking(seconds duration) {
    return [this, duration, seen = uint64_t{0}](const RunReport& report) mutable {
      if (report.processed.objects > seen) clock_.Advance(duration);
      seen = report.processed.objects;
    };
  }
  RunReport Land() {
    auto report = RunLand(*pipeline_, {}, clock_, {}, {});
    EXPECT_TRUE(report) << report.error().message();
    return *report;
  }

  static constexpr int kObjects = 12;
  FakeClock clock_;
  std::string folder_;
  std::unique_ptr<Pipeline> pipeline_;
};

TEST_F(StagesTest, ProcessBeginsNothingNewAfterTheConfiguredDeadline) {
  ASSERT_EQ(Land().landed.objects, 12u);
  const auto report = RunProcess(*pipeline_, {}, clock_, {}, Taking(seconds(200)));
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->processed.objects, 10u);
  EXPECT_EQ(pipeline_->notifications().Depth()->visible, 2u);
}

TEST_F(StagesTest, AShorterDeadlineOverrulesTheConfiguredOne) {
  ASSERT_EQ(Land().landed.objects, 12u);
  const StageRequest request{.deadline = Deadline::After(clock_, seconds(10))};
  const auto report = RunProcess(*pipeline_, request, clock_, {}, Taking(seconds(60)));
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->processed.objects, 10u);
}

TEST_F(StagesTest, ALongerDeadlineOverrulesTheConfiguredOne) {
  ASSERT_EQ(Land().landed.objects, 12u);
  const StageRequest request{.deadline = Deadline::After(clock_, seconds(1000))};
  const auto report = RunProcess(*pipeline_, request, clock_, {}, Taking(seconds(200)));
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->processed.objects, 12u);
}

TEST_F(StagesTest, RunBeginsNothingNewAfterTheConfiguredDeadline) {
  const auto report = RunBoth(*pipeline_, {}, clock_, {}, Taking(seconds(200)));
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->landed.objects, 12u);
  EXPECT_EQ(report->processed.objects, 10u);
}

TEST_F(StagesTest, WhatLandedIsToldThoughTheWarehouseFails) {
  std::ofstream(folder_ + "/warehouse.duckdb") << "this is no database, whoever reads it";
  const auto report = RunBoth(*pipeline_, {}, clock_, {}, {});
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->landed.objects, 12u);
  EXPECT_EQ(report->processed.objects, 0u);
  ASSERT_NE(report->Failed(), nullptr);
  EXPECT_THAT(report->Failed()->message(), testing::HasSubstr("warehouse.duckdb"));
}

// Of 120 messages; ten fill a raw object.
TEST_F(StagesTest, CountedMessagesAreOneObject) {
  const auto landed = RunBoth(*pipeline_, {.messages = 4}, clock_, {}, {});
  ASSERT_TRUE(landed) << landed.error().message();
  EXPECT_EQ(landed->landed.messages, 4u);
  EXPECT_EQ(landed->processed.objects, 1u);
  EXPECT_EQ(pipeline_->source()->Depth()->visible, 116u);

  const auto kept = RunLand(*pipeline_, {.keep = Keep::kMessages, .messages = 15}, clock_, {}, {});
  ASSERT_TRUE(kept) << kept.error().message();
  EXPECT_EQ(kept->landed.messages, 10u);
  EXPECT_EQ(kept->landed.objects, 1u);
  EXPECT_EQ(pipeline_->source()->Depth()->visible, 116u);
}

TEST_F(StagesTest, WhoFollowsHasNoDeadline) {
  ASSERT_EQ(Land().landed.objects, 12u);
  std::stop_source stop;
  auto tell = [&, pass = Taking(seconds(200))](const RunReport& report) mutable {
    pass(report);
    if (report.processed.objects == 12) stop.request_stop();
  };
  const auto report =
      RunProcess(*pipeline_, {.mode = RunMode::kFollow}, clock_, stop.get_token(), tell);
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->processed.objects, 12u);
}

TEST_F(StagesTest, ABackfillThatIsPausedInTheMiddleTellsWhatItLoaded) {
  ASSERT_EQ(Land().landed.objects, 12u);
  const auto hours = HoursSince(clock_.Now(), seconds(0));
  const auto pause = [&](const RunReport& report) {
    if (report.processed.loaded == 2) {
      ASSERT_TRUE(pipeline_->warehouse().Pause("the table is being moved"));
    }
  };
  const auto report = RunBackfill(*pipeline_, hours, {}, clock_, {}, pause);
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->processed.loaded, 2u);
  ASSERT_NE(report->Failed(), nullptr);
  EXPECT_THAT(report->Failed()->message(),
              testing::HasSubstr("not everything was loaded: the table is being moved"));

  const auto again = RunBackfill(*pipeline_, hours, {}, clock_, {}, {});
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(again->processed.objects, 0u);
  ASSERT_NE(again->Failed(), nullptr);
  EXPECT_THAT(again->Failed()->message(), testing::HasSubstr("nothing was loaded"));
}

// Fault L14: no message can be had, and none is held whose landing would make room.
TEST_F(StagesTest, WhoFollowsWaitsWhileTheQueueRefuses) {
  pipeline_.reset();
  PipelineConfig config = *LoadEmbedded(folder_, LocalSecretSource({}));
  config.raw.close_size = {1};
  const auto plan = *FaultPlan::Parse("fail-before:1");
  pipeline_ = *Pipeline::Open(std::move(config), {.clock = clock_, .stop = {}, .faults = plan});
  std::stop_source stop;
  const auto tell = [&](const RunReport& report) {
    if (report.landed.objects == kObjects) stop.request_stop();
  };
  const Ticks before = clock_.Monotonic();
  const auto report =
      RunLand(*pipeline_, {.mode = RunMode::kFollow}, clock_, stop.get_token(), tell);
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(plan->struck(), "queue.receive");
  EXPECT_EQ(report->landed.messages, 120u);
  EXPECT_GE(clock_.Monotonic() - before, seconds(1));
}

TEST(RunReportTest, APersonShouldLookAtWhatIsHeldSetAsideGoneOrNotOurs) {
  RunReport well{.landed = {.objects = 1}};
  well.processed.objects = well.processed.loaded = well.processed.quarantined = 1;
  EXPECT_FALSE(well.NeedsAttention());
  const std::vector<std::function<uint64_t&(RunReport&)>> counts = {
      [](RunReport& r) -> uint64_t& { return r.landed.lost; },
      [](RunReport& r) -> uint64_t& { return r.processed.held; },
      [](RunReport& r) -> uint64_t& { return r.processed.set_aside; },
      [](RunReport& r) -> uint64_t& { return r.processed.vanished; },
      [](RunReport& r) -> uint64_t& { return r.processed.inbox.foreign; }};
  for (const auto& count : counts) {
    RunReport report = well;
    count(report) = 1;
    EXPECT_TRUE(report.NeedsAttention()) << &count - counts.data();
  }
}

}  // namespace
}  // namespace sluice
