// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <stop_token>

#include "sluice/base/bytes.h"
#include "sluice/base/clock.h"
#include "sluice/base/io.h"
#include "sluice/base/result.h"
#include "sluice/queue/queue.h"

namespace sluice {

struct SampleOptions {
  size_t messages = 10;  // at most 100,000: so many are in flight until the sample is taken
  // How long an empty queue is waited on.
  std::chrono::milliseconds wait{1'000};
  // How long messages stay hidden where they cannot be given back; extended while they are needed.
  std::chrono::seconds visibility_timeout{60};
};

struct SampleReport {
  uint64_t messages = 0;
  uint64_t events = 0;    // lines
  Bytes bytes;            // of lines
  int most_receives = 0;  // the highest receive count of a message, this time included
};

// Writes the events of some messages to `out` as landing would, and gives the messages back: none
// is deleted, and each can be received again when it returns, or after the visibility timeout where
// the queue cannot be reached or the process dies. But each counts as received once more, and a
// queue with a dead-letter queue takes a message away that was received too often.
//
// Ends when it has as many as were wanted, the queue gives nothing new, `deadline` has passed or
// `stop` is requested. A message that is delivered twice is written once.
Result<SampleReport> SampleMessages(Queue& source, ByteSink& out, Clock& clock,
                                    const SampleOptions& options, Deadline deadline,
                                    const std::stop_token& stop);

}  // namespace sluice
