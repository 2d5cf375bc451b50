// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sluice/app/object_inbox.h"
#include "sluice/operate/backfill_plan.h"
#include "sluice/operate/raw_walk.h"

namespace sluice {

// A batch of what a walk through the raw store finds to load, or to load again (BackfillStep).
// Nobody waits for an answer: what is not settled is found again by the next backfill.
class BackfillInbox final : public ObjectInbox {
 public:
  static constexpr size_t kMostObjects = 256;  // of one batch

  // `walk` goes on from batch to batch.
  BackfillInbox(std::shared_ptr<RawWalk> walk, std::string store, RawLayout layout, Bytes max_size,
                BackfillAim aim)
      : walk_(std::move(walk)),
        store_(std::move(store)),
        layout_(std::move(layout)),
        max_size_(max_size),
        aim_(aim) {}

  Status Fill(const std::stop_token& stop) override;
  const std::vector<AnnouncedObject>& objects() const override { return objects_; }
  bool empty() const override { return objects_.empty(); }
  void Settled(const RawKey& /*key*/) override {}
  Status KeepAlive() override { return {}; }
  Status DeleteSettled() override { return {}; }
  Status GiveBack() override { return {}; }
  InboxCounts counts() const override { return {}; }

 private:
  const std::shared_ptr<RawWalk> walk_;
  const std::string store_;
  const RawLayout layout_;
  const Bytes max_size_;
  const BackfillAim aim_;
  std::vector<AnnouncedObject> objects_;
};

}  // namespace sluice
