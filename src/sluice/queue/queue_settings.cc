// SPDX-License-Identifier: Apache-2.0
#include "sluice/queue/queue_settings.h"

#include <fmt/format.h>

#include <string_view>

#include "sluice/queue/queue_limits.h"

namespace sluice {
namespace {

using std::chrono::seconds;
using Weight = QueueFinding::Weight;

constexpr seconds kLongestRetention{14 * 86'400};
constexpr seconds kWorthKeeping{86'400};
// A load that fails, for whatever reason, costs each notification one every 15 minutes: five hours.
constexpr int kEnoughReceives = 20;
// Twice what a receive may take when SQS answers slowly: what is held is extended when half of its
// timeout has passed.
constexpr seconds kShortestVisibility{240};
constexpr int kLambdaFactor = 6;

// "4 days", "90 min", "45 s": in the largest unit that gives a whole number.
std::string Text(seconds time) {
  const auto s = time.count();
  if (s >= 172'800 && s % 86'400 == 0) return fmt::format("{} days", s / 86'400);
  if (s >= 7'200 && s % 3'600 == 0) return fmt::format("{} h", s / 3'600);
  if (s >= 120 && s % 60 == 0) return fmt::format("{} min", s / 60);
  return fmt::format("{} s", s);
}

std::string_view Work(const QueueDemands& demands) {
  return demands.role == QueueDemands::Role::kSource ? "landing" : "processing";
}

class Judge {
 public:
  Judge(const QueueSettings& settings, const QueueDemands& demands)
      : settings_(settings), demands_(demands) {}

  std::vector<QueueFinding> Findings() && {
    if (settings_.is_fifo) {
      Add(Weight::kRefused,
          "it is a FIFO queue, which gives nothing more of a message group while one of its "
          "messages is held; sluice reads standard queues");
    }
    Retention();
    DeadLetters();
    if (demands_.lambda_timeout) {
      Lambda(*demands_.lambda_timeout);
    } else {
      Visibility();
    }
    return std::move(findings_);
  }

 private:
  void Add(Weight weight, std::string text) { findings_.push_back({weight, std::move(text)}); }

  void Retention() {
    const seconds needed = demands_.lambda_timeout
                               ? *demands_.lambda_timeout + settings_.visibility_timeout
                               : demands_.longest_hold + demands_.visibility_timeout;
    if (settings_.retention < needed) {
      Add(Weight::kRefused,
          fmt::format("it deletes messages at an age of {}, and {} may need {} to delete one or to "
                      "give it back: messages are lost; set MessageRetentionPeriod to {}",
                      Text(settings_.retention), Work(demands_), Text(needed),
                      Text(kLongestRetention)));
    } else if (settings_.retention < kWorthKeeping) {
      Add(Weight::kWarning,
          fmt::format("it deletes messages at an age of {}: when {} stands still for longer, they "
                      "are lost; set MessageRetentionPeriod to {}, which costs nothing",
                      Text(settings_.retention), Work(demands_), Text(kLongestRetention)));
    }
  }

  void Visibility() {
    const bool is_source = demands_.role == QueueDemands::Role::kSource;
    if (demands_.longest_hold + demands_.visibility_timeout > kLongestHidden) {
      Add(Weight::kRefused,
          fmt::format("SQS takes a message back {} after it was received, whatever is extended, "
                      "and {} may hold one for {} and hide it for {} more",
                      Text(kLongestHidden), Work(demands_), Text(demands_.longest_hold),
                      Text(demands_.visibility_timeout)));
    }
    if (is_source && demands_.visibility_timeout < kShortestVisibility) {
      Add(Weight::kWarning,
          fmt::format("messages are hidden for {} at a time, which cannot be extended in time when "
                      "SQS answers slowly: they land twice; ask for {} or more",
                      Text(demands_.visibility_timeout), Text(kShortestVisibility)));
    }
    if (!is_source && demands_.visibility_timeout < demands_.longest_hold) {
      Add(Weight::kWarning,
          fmt::format("notifications are hidden for {} and a batch may take {}: they come again "
                      "while their objects are loaded, and count as received once more",
                      Text(demands_.visibility_timeout), Text(demands_.longest_hold)));
    }
  }

  void DeadLetters() {
    if (settings_.dead_letter_arn.empty()) {
      Add(Weight::kWarning,
          fmt::format("it has no dead-letter queue: a message that fails every time comes again "
                      "and again, and is deleted unseen at an age of {}",
                      Text(settings_.retention)));
      return;
    }
    if (settings_.max_receive_count < kEnoughReceives) {
      Add(settings_.max_receive_count < 2 ? Weight::kRefused : Weight::kWarning,
          fmt::format(
              "messages go to the dead-letter queue when they were received {} times, and "
              "each time that {} fails or is interrupted counts: healthy ones go there too; set "
              "maxReceiveCount to {} or more",
              settings_.max_receive_count, Work(demands_), kEnoughReceives));
    }
    const auto dead = settings_.dead_letter_retention;
    if (dead && *dead <= settings_.retention && *dead < kLongestRetention) {
      Add(Weight::kWarning,
          fmt::format("its dead-letter queue deletes messages at an age of {}, which counts from "
                      "when they were first sent, and this queue at {}: a dead letter may be "
                      "deleted before anybody sees it; set MessageRetentionPeriod there to {}",
                      Text(*dead), Text(settings_.retention), Text(kLongestRetention)));
    }
  }

  void Lambda(seconds timeout) {
    const seconds needed = kLambdaFactor * timeout;
    if (settings_.visibility_timeout >= needed) return;
    Add(settings_.visibility_timeout < timeout ? Weight::kRefused : Weight::kWarning,
        fmt::format("Lambda receives with the queue's own visibility timeout of {}, and an "
                    "invocation may take {}: messages come again while they are landed; set "
                    "VisibilityTimeout to {}",
                    Text(settings_.visibility_timeout), Text(timeout), Text(needed)));
  }

  const QueueSettings& settings_;
  const QueueDemands& demands_;
  std::vector<QueueFinding> findings_;
};

}  // namespace

std::vector<QueueFinding> FindingsOf(const QueueSettings& settings, const QueueDemands& demands) {
  return Judge(settings, demands).Findings();
}

}  // namespace sluice
