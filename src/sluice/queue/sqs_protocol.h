// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/aws/aws_failure.h"
#include "sluice/base/result.h"
#include "sluice/queue/queue.h"
#include "sluice/queue/queue_settings.h"

namespace sluice {

// What is asked of Amazon SQS and what it answers, in its JSON protocol (API version 2012-11-05,
// "Actions" of its API reference). Bodies only; SqsQueue sends them. An answer that is none is
// kOutcomeUnknown: whatever was asked may have been done.

inline constexpr size_t kSqsMostEntries = 10;  // of one request, messages of one answer too
inline constexpr size_t kSqsMostSendBytes = 1'048'576;  // of one request's bodies in all

// What SQS's error codes mean, of whole requests and of entries.
std::span<const FailureMeaning> SqsFailures();

// ReceiveMessage of up to ten messages. Of an answer's messages one that lacks what belongs to it
// is left out, with a warning, while the others have it all: it is visible again in time.
std::string SqsReceiveBody(const std::string& url, int messages, std::chrono::seconds wait,
                           std::chrono::seconds visibility_timeout);
Result<std::vector<Message>> ReadSqsMessages(std::string_view answer);

// The …Batch operations; each entry has its index as id.
std::string SqsDeleteBody(const std::string& url, std::span<const Receipt> receipts);
std::string SqsExtendBody(const std::string& url, std::span<const Receipt> receipts,
                          std::chrono::seconds visibility_timeout);
std::string SqsSendBody(const std::string& url, std::span<const std::string* const> bodies);
// What became of each entry; of one that the answer does not name nobody knows.
Result<std::vector<Status>> ReadSqsBatch(std::string_view answer, size_t entries);

// GetQueueAttributes, of all there are.
std::string SqsAttributesBody(const std::string& url);
using SqsAttributes = std::map<std::string, std::string, std::less<>>;
Result<SqsAttributes> ReadSqsAttributes(std::string_view answer);
// The number in the attribute `name`; nothing where there is no such, or it is no number.
std::optional<uint64_t> NumberAt(const SqsAttributes& attributes, std::string_view name);
// What they say of the queue itself, which has SQS's default where they say nothing; without its
// dead-letter queue's retention.
Result<QueueSettings> SettingsIn(const SqsAttributes& attributes);

// GetQueueUrl, of the queue that has this ARN; kPermanent where it is none.
Result<std::string> SqsUrlBody(std::string_view arn);
Result<std::string> ReadSqsUrl(std::string_view answer);

}  // namespace sluice
