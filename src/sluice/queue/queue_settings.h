// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace sluice {

// How a queue of Amazon SQS is set up ("SetQueueAttributes" of its API reference), with the values
// that SQS gives a new one: a server that stands for it may leave some out.
struct QueueSettings {
  std::chrono::seconds visibility_timeout{30};  // of a receive that names none: Lambda's do not
  std::chrono::seconds retention{4 * 86'400};  // a message is deleted at that age, whoever holds it
  bool is_fifo = false;
  std::string kms_key;          // whose use must be allowed; empty: none, or one that SQS owns
  std::string dead_letter_arn;  // empty: no dead-letter queue
  int max_receive_count = 0;    // with a dead-letter queue: receives before a message goes there
  // Absent where there is none or it may not be asked.
  std::optional<std::chrono::seconds> dead_letter_retention;
};

// What the configuration asks of a queue.
struct QueueDemands {
  enum class Role { kSource, kNotifications };

  Role role = Role::kSource;
  std::chrono::seconds visibility_timeout{600};  // that each receive asks for
  // How long a message may be held before it is deleted: source: the age at which a raw object is
  // closed; notifications: the time a batch may take.
  std::chrono::seconds longest_hold{300};
  // Where Lambda receives, in place of the two before: how long one invocation may take, its
  // batching window included.
  std::optional<std::chrono::seconds> lambda_timeout;
};

struct QueueFinding {
  enum class Weight {
    kRefused,  // it cannot work, or loses messages in ordinary operation
    kWarning,  // it loses messages, or repeats work, when something goes wrong
  };
  Weight weight;
  std::string text;  // a sentence with the numbers in it, and what to set
};

// What of `settings` loses messages, or kills them, under `demands`; empty: nothing. Sources:
// "Amazon SQS visibility timeout", "dead-letter queues" and "Configuring an Amazon SQS queue to
// trigger a Lambda function" in AWS's developer guides.
std::vector<QueueFinding> FindingsOf(const QueueSettings& settings, const QueueDemands& demands);

}  // namespace sluice
