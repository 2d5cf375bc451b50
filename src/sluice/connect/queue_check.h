// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "sluice/connect/connector.h"
#include "sluice/queue/queue_settings.h"

namespace sluice {

// What a queue's settings do to the messages of this pipeline.
struct QueueConcern {
  std::string part;  // "source.sqs", "raw.notifications": a key of the configuration
  QueueFinding finding;
};

// Asks the queues at SQS how they are set up, and compares that with what landing and processing
// need, which hides notifications for `notifications_hidden` at a time. With `lambda_timeout`, its
// function lands and may take that long. A queue that does not answer has no concerns: TryAccess
// says why.
std::vector<QueueConcern> CheckQueues(Connector& connector, const PipelineConfig& config,
                                      std::chrono::seconds notifications_hidden,
                                      std::optional<std::chrono::seconds> lambda_timeout);

}  // namespace sluice
