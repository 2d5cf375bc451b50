// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "sluice/base/fault_plan.h"
#include "sluice/queue/stream.h"

namespace sluice {

// A stream whose operations go wrong by plan; they are named "stream.shards", "stream.open" and
// "stream.read".
class FaultyStream : public Stream {
 public:
  // `plan` outlives the stream; null: nothing goes wrong.
  FaultyStream(std::unique_ptr<Stream> stream, FaultPlan* plan)
      : stream_(std::move(stream)), plan_(plan) {}

  const std::string& name() const override { return stream_->name(); }
  Result<std::vector<StreamShard>> Shards() override {
    return FaultPlan::Run(plan_, "stream.shards", [&] { return stream_->Shards(); });
  }
  Result<std::unique_ptr<ShardReader>> Open(const std::string& shard,
                                            const StreamPosition& from) override {
    auto open = [&] { return stream_->Open(shard, from); };
    SLUICE_ASSIGN(std::unique_ptr<ShardReader> reader, FaultPlan::Run(plan_, "stream.open", open));
    return std::make_unique<FaultyReader>(std::move(reader), plan_);
  }

 private:
  class FaultyReader : public ShardReader {
   public:
    FaultyReader(std::unique_ptr<ShardReader> reader, FaultPlan* plan)
        : reader_(std::move(reader)), plan_(plan) {}
    // A batch whose reply is lost comes again.
    Result<StreamBatch> Read(size_t most) override {
      auto read = [&]() -> Result<StreamBatch> {
        if (!lost_) {
          SLUICE_ASSIGN(lost_, reader_->Read(most));
        }
        return *lost_;
      };
      Result<StreamBatch> batch = FaultPlan::Run(plan_, "stream.read", read);
      if (batch) lost_.reset();
      return batch;
    }

   private:
    const std::unique_ptr<ShardReader> reader_;
    FaultPlan* const plan_;
    std::optional<StreamBatch> lost_;
  };

  const std::unique_ptr<Stream> stream_;
  FaultPlan* const plan_;
};

}  // namespace sluice
