// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <memory>
#include <stop_token>
#include <utility>

#include "sluice/base/clock.h"
#include "sluice/queue/stream.h"

namespace sluice {

// A shard's reader that keeps to the pauses which the shard asks for.
class PacedReader {
 public:
  // `clock` outlives it. Nothing is read before `earliest`.
  PacedReader(std::unique_ptr<ShardReader> reader, Clock& clock, Ticks earliest)
      : reader_(std::move(reader)), clock_(clock), earliest_(earliest) {}

  // As many as a read can bring, after the pause; nothing where `stop` is requested in the pause.
  Result<StreamBatch> Read(const std::stop_token& stop) {
    constexpr std::chrono::microseconds kSlice = std::chrono::milliseconds(100);
    for (Ticks now; (now = clock_.Monotonic()) < earliest_;) {
      if (stop.stop_requested()) return StreamBatch();
      const auto left = std::chrono::ceil<std::chrono::microseconds>(earliest_ - now);
      clock_.Sleep(std::min(left, kSlice));
    }
    SLUICE_ASSIGN(StreamBatch batch, reader_->Read(ShardReader::kMostRecords));
    earliest_ = clock_.Monotonic() + batch.pause;
    return batch;
  }

  // When the shard may be read again.
  Ticks earliest() const { return earliest_; }

 private:
  const std::unique_ptr<ShardReader> reader_;
  Clock& clock_;
  Ticks earliest_;
};

}  // namespace sluice
