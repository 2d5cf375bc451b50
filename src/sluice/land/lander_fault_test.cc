// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "sluice/base/fault_plan.h"
#include "sluice/land/announcing_store.h"
#include "sluice/land/lander.h"
#include "sluice/land/lander_test_fixture.h"
#include "sluice/object/directory_store.h"
#include "sluice/object/faulty_store.h"
#include "sluice/queue/faulty_queue.h"

namespace sluice {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::SizeIs;

// Runs the whole of landing, with every outside operation failing in turn, until a run has no more.
class LanderFaultTest : public LanderTest, public ::testing::WithParamInterface<const char*> {
 protected:
  static constexpr int kMessages = 25;

  // Lands until the queue stays empty, as the next processes would.
  void LandUntilIdle(Queue& source, ObjectStore& raw) {
    LanderOptions options = Plain();
    options.close_messages = 20;
    options.close_age = std::chrono::hours(1);
    WatchedQueue slow(source);
    slow.before_receive = [&] {
      clock_.Advance(seconds(301));  // so that what is held must be extended
      return Status();
    };
    Lander lander(slow, raw, clock_, options);
    for (int idle = 0, runs = 0; idle < 2; ++runs) {
      ASSERT_LT(runs, 30);
      const auto report = lander.LandOne(Deadline::Never(), {});
      idle = report && report->objects == 0 ? idle + 1 : 0;
      // What a lost reply or a failed release left hidden comes again.
      if (!report || report->objects == 0) clock_.Advance(seconds(601));
    }
  }
};

TEST_P(LanderFaultTest, NothingIsLostWhateverFails) {
  std::map<std::string, int> struck;
  for (int n = 1;; ++n) {
    SCOPED_TRACE(n);
    std::filesystem::remove_all(folder_ / "raw");
    store_ = DirectoryStore::At(folder_ / "raw").value();
    SendMany(kMessages);
    const auto plan = FaultPlan::Parse(GetParam() + std::to_string(n)).value();
    FaultyQueue source(OpenQueue("source"), plan.get());
    FaultyQueue notifications(OpenQueue("created"), plan.get());
    AnnouncingStore raw(
        std::make_unique<FaultyStore>(DirectoryStore::At(folder_ / "raw").value(), plan.get()),
        notifications, clock_);
    LandUntilIdle(source, raw);

    const QueueDepth depth = source_->Depth().value();
    ASSERT_EQ(depth.visible + depth.in_flight + depth.dead.value_or(1), 0u);
    const std::map<std::string, int> lines = Lines();
    ASSERT_THAT(lines, SizeIs(kMessages));
    if (plan->struck().empty()) {
      for (const auto& [line, times] : lines) EXPECT_EQ(times, 1) << line;
      break;
    }
    ++struck[plan->struck()];
  }
  // Two objects; each is created, committed and announced once.
  EXPECT_THAT(struck, ElementsAre(std::pair("queue.delete", 2), std::pair("queue.extend", 4),
                                  std::pair("queue.receive", 6), std::pair("queue.send", 2),
                                  std::pair("store.commit", 2), std::pair("store.create", 2)));
}

INSTANTIATE_TEST_SUITE_P(Faults, LanderFaultTest, ::testing::Values("fail-before:", "fail-after:"));

}  // namespace
}  // namespace sluice
