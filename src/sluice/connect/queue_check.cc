// SPDX-License-Identifier: Apache-2.0
#include "sluice/connect/queue_check.h"

#include "sluice/land/lander.h"

namespace sluice {
namespace {

void Add(const std::string& part, const Result<std::unique_ptr<SqsQueue>>& queue,
         const QueueDemands& demands, std::vector<QueueConcern>& concerns) {
  if (!queue) return;
  const auto settings = (*queue)->Settings();
  if (!settings) return;
  for (QueueFinding& finding : FindingsOf(*settings, demands)) {
    concerns.push_back({part, std::move(finding)});
  }
}

}  // namespace

std::vector<QueueConcern> CheckQueues(Connector& connector, const PipelineConfig& config,
                                      std::chrono::seconds notifications_hidden,
                                      std::optional<std::chrono::seconds> lambda_timeout) {
  using std::chrono::ceil, std::chrono::seconds;
  std::vector<QueueConcern> concerns;
  if (config.source.location.kind == Location::Kind::kSqs) {
    Add("source.sqs", connector.OpenSqsSource(),
        {.role = QueueDemands::Role::kSource,
         .visibility_timeout = LanderOptions().visibility_timeout,
         .longest_hold = ceil<seconds>(config.raw.close_age),
         .lambda_timeout = lambda_timeout},
        concerns);
  }
  if (config.raw.notifications.kind == Location::Kind::kSqs) {
    Add("raw.notifications", connector.OpenSqsNotifications(),
        {.role = QueueDemands::Role::kNotifications,
         .visibility_timeout = notifications_hidden,
         .longest_hold = ceil<seconds>(config.load.deadline),
         .lambda_timeout = {}},
        concerns);
  }
  return concerns;
}

}  // namespace sluice
