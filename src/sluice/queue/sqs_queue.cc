// SPDX-License-Identifier: Apache-2.0
#include "sluice/queue/sqs_queue.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "sluice/base/log.h"
#include "sluice/base/utf8.h"
#include "sluice/queue/queue_limits.h"
#include "sluice/queue/sqs_protocol.h"

namespace sluice {
namespace {

using std::chrono::seconds;

constexpr seconds kAnswerTime{30};
// A receive that waits for less asks only some of SQS's servers, and may find nothing in a queue
// that is not empty. Several side by side wait for no more, for the messages of one wait for the
// others.
constexpr seconds kShortestWait{1};
// How often several ask before what came is returned: a receive must end in time to extend what is
// held.
constexpr size_t kTurns = 2;
constexpr int kFailuresInARow = 3;

// How many to have in flight after `at_once` of `now` asked for `wanted` messages and got `came`.
size_t NextReceives(size_t now, size_t at_once, size_t wanted, size_t came, size_t most) {
  if (came == 0) return 1;
  if (came >= wanted) return std::min(std::max(now, 2 * at_once), most);
  return 2 * came < wanted ? std::max<size_t>(at_once / 2, 1) : at_once;
}

// Entries in requests of ten.
template <typename Entry>
std::vector<std::span<const Entry>> InTens(std::span<const Entry> entries) {
  std::vector<std::span<const Entry>> tens;
  for (; !entries.empty(); entries = entries.subspan(tens.back().size())) {
    tens.push_back(entries.first(std::min(entries.size(), kSqsMostEntries)));
  }
  return tens;
}

// Bodies in requests of ten, and of as many bytes as one may have.
std::vector<std::span<const std::string* const>> Packed(
    std::span<const std::string* const> bodies) {
  std::vector<std::span<const std::string* const>> requests;
  for (; !bodies.empty(); bodies = bodies.subspan(requests.back().size())) {
    size_t count = 0, bytes = 0;
    while (count < std::min(bodies.size(), kSqsMostEntries) &&
           bytes + bodies[count]->size() <= kSqsMostSendBytes) {
      bytes += bodies[count++]->size();
    }
    requests.push_back(bodies.first(count));
  }
  return requests;
}

Result<std::vector<Message>> ReadMessages(const Result<HttpResponse>& answer) {
  if (!answer) return std::unexpected(answer.error());
  return ReadSqsMessages(answer->body);
}

Result<std::vector<Status>> ReadBatch(const Result<HttpResponse>& answer, size_t entries) {
  if (!answer) return std::unexpected(answer.error());
  return ReadSqsBatch(answer->body, entries);
}

Status CheckText(const std::string& body) {
  SLUICE_TRY(CheckBody(body));
  if (IsUtf8(body)) return {};
  return Fail(ErrorKind::kBadData, "SQS takes UTF-8 only: bytes={}", body.size());
}

// `body` outlives it.
AwsCall CallOf(std::string_view operation, std::string_view body, std::chrono::milliseconds wait) {
  return {.request = {.method = "POST",
                      .headers = {{"Content-Type", "application/x-amz-json-1.0"},
                                  {"X-Amz-Target", fmt::format("AmazonSQS.{}", operation)}},
                      .body = body},
          .is_repeatable = true,
          .timeout = wait + kAnswerTime};
}

}  // namespace

Result<std::unique_ptr<AwsClient>> MakeSqsClient(const HttpEndpoint& endpoint,
                                                 const std::string& region,
                                                 std::shared_ptr<CredentialsSource> credentials,
                                                 Clock& clock, const AwsClientOptions& options) {
  return AwsClient::Make({.scope = {.service = "sqs", .region = region},
                          .endpoint = endpoint,
                          .failures = SqsFailures()},
                         std::move(credentials), clock, options);
}

Result<HttpResponse> SqsQueue::Call(std::string_view operation, const std::string& body) {
  return sqs_->Call(CallOf(operation, body, {}));
}

std::vector<Result<HttpResponse>> SqsQueue::CallAll(std::string_view operation,
                                                    std::span<const std::string> bodies,
                                                    std::chrono::milliseconds wait) {
  std::vector<AwsCall> calls;
  for (const std::string& body : bodies) calls.push_back(CallOf(operation, body, wait));
  return sqs_->CallAll(calls);
}

Result<std::vector<Message>> SqsQueue::Receive(const ReceiveOptions& options) {
  SLUICE_TRY(CheckReceive(options));
  const seconds wait = std::max(std::chrono::ceil<seconds>(options.wait), kShortestWait);
  const size_t tens =
      (static_cast<size_t>(options.max_messages) + kSqsMostEntries - 1) / kSqsMostEntries;
  const size_t at_once = std::min(receives_.load(), tens);
  if (at_once == 1) return ReceiveSome(options, 1, 1, wait);
  SLUICE_ASSIGN(auto messages, ReceiveSome(options, at_once, kTurns, kShortestWait));
  if (!messages.empty() || wait <= kShortestWait) return messages;
  return ReceiveSome(options, 1, 1, wait - kShortestWait);
}

Result<std::vector<Message>> SqsQueue::ReceiveSome(const ReceiveOptions& options, size_t at_once,
                                                   size_t turns, seconds wait) {
  std::vector<Message> messages;
  std::optional<Error> failure;
  const auto wanted = static_cast<size_t>(options.max_messages);
  size_t asked = 0, bytes = 0;
  bool has_more = true;
  for (size_t turn = 0; turn < turns && has_more && asked < wanted; ++turn) {
    std::vector<std::string> bodies;
    std::vector<size_t> most;
    for (; bodies.size() < at_once && asked < wanted; asked += most.back()) {
      most.push_back(std::min(wanted - asked, kSqsMostEntries));
      bodies.push_back(
          SqsReceiveBody(url_, static_cast<int>(most.back()), wait, options.visibility_timeout));
    }
    auto answers = CallAll("ReceiveMessage", bodies, wait);
    for (size_t i = 0; i < answers.size(); ++i) {
      auto found = ReadMessages(std::exchange(answers[i], {}));
      has_more = has_more && found && found->size() == most[i];
      if (!found) {
        failure = std::move(found).error();
        continue;
      }
      for (Message& message : *found) {
        bytes += message.body.size();
        messages.push_back(std::move(message));
      }
    }
    has_more = has_more && bytes < kEnoughBytes;
  }
  receives_ = NextReceives(receives_, at_once, asked, messages.size(), options_.most_requests);
  if (failure && messages.empty()) return std::unexpected(*std::move(failure));
  if (failure) {
    Log(LogLevel::kWarning, "one of several receives failed: {}; the others brought messages: {}",
        failure->message(), messages.size());
  }
  return messages;
}

template <typename Entry, typename BodyOf>
Result<std::vector<Status>> SqsQueue::InRequests(std::string_view operation,
                                                 const std::vector<std::span<const Entry>>& parts,
                                                 const BodyOf& body_of) {
  std::vector<Status> results;
  int failures = 0;  // in a row
  bool has_answer = false, is_over = false;
  std::optional<Error> failure;
  std::span<const std::span<const Entry>> left = parts;
  while (!left.empty() && !is_over) {
    const auto now = left.first(std::min(left.size(), options_.most_requests));
    left = left.subspan(now.size());
    std::vector<std::string> bodies;
    for (const auto part : now) bodies.push_back(body_of(part));
    const auto all = CallAll(operation, bodies);
    for (size_t i = 0; i < now.size(); ++i) {
      auto answers = ReadBatch(all[i], now[i].size());
      failures = answers ? 0 : failures + 1;
      is_over = is_over || failures == kFailuresInARow;
      has_answer = has_answer || answers.has_value();
      // Of several, one that may have happened after all.
      const bool says_more = !failure || failure->kind() != ErrorKind::kOutcomeUnknown;
      if (!answers && says_more) failure = answers.error();
      if (!answers) answers = std::vector<Status>(now[i].size(), std::unexpected(answers.error()));
      std::ranges::move(*answers, std::back_inserter(results));
    }
  }
  if (!has_answer) return std::unexpected(*std::move(failure));
  for (const auto part : left) {
    results.insert(
        results.end(), part.size(),
        Fail(ErrorKind::kTransient, "not asked for after {} requests had failed", kFailuresInARow));
  }
  return results;
}

// A receipt that SQS no longer knows is one that deletes nothing (fault L8).
Result<std::vector<Status>> SqsQueue::Delete(std::span<const Receipt> receipts) {
  SLUICE_TRY(CheckCount(receipts.size()));
  SLUICE_ASSIGN(std::vector<Status> results,
                InRequests("DeleteMessageBatch", InTens(receipts),
                           [&](auto some) { return SqsDeleteBody(url_, some); }));
  size_t stale = 0;
  for (Status& result : results) {
    if (result || result.error().kind() != ErrorKind::kNotFound) continue;
    result = {};
    ++stale;
  }
  if (stale > 0) {
    Log(LogLevel::kWarning,
        "sqs did not know receipts any more, their messages are gone or come again: receipts={}",
        stale);
  }
  return results;
}

Result<std::vector<Status>> SqsQueue::Extend(std::span<const Receipt> receipts,
                                             seconds visibility_timeout) {
  SLUICE_TRY(CheckCount(receipts.size()));
  SLUICE_TRY(CheckVisibility(visibility_timeout));
  return InRequests("ChangeMessageVisibilityBatch", InTens(receipts),
                    [&](auto some) { return SqsExtendBody(url_, some, visibility_timeout); });
}

// What SQS would not take stays here; the others go.
Result<std::vector<Status>> SqsQueue::Send(std::span<const std::string> bodies) {
  SLUICE_TRY(CheckCount(bodies.size()));
  std::vector<Status> results;
  std::vector<const std::string*> sent;
  for (const std::string& body : bodies) {
    results.push_back(CheckText(body));
    if (results.back()) sent.push_back(&body);
  }
  if (sent.empty()) return results;
  SLUICE_ASSIGN(const std::vector<Status> answers,
                InRequests("SendMessageBatch", Packed(sent),
                           [&](auto some) { return SqsSendBody(url_, some); }));
  for (size_t i = 0; i < sent.size(); ++i) {
    results[static_cast<size_t>(sent[i] - bodies.data())] = answers[i];
  }
  return results;
}

Result<SqsAttributes> SqsQueue::Attributes(const std::string& url) {
  SLUICE_ASSIGN(const HttpResponse answer, Call("GetQueueAttributes", SqsAttributesBody(url)));
  return ReadSqsAttributes(answer.body);
}

Result<std::string> SqsQueue::UrlOf(std::string_view arn) {
  SLUICE_ASSIGN(const std::string body, SqsUrlBody(arn));
  SLUICE_ASSIGN(const HttpResponse answer, Call("GetQueueUrl", body));
  return ReadSqsUrl(answer.body);
}

Result<SqsAttributes> SqsQueue::DeadLetterAttributes(std::string_view arn) {
  SLUICE_ASSIGN(const std::string url, UrlOf(arn));
  return Attributes(url);
}

Result<QueueDepth> SqsQueue::Depth() {
  constexpr std::string_view kVisible = "ApproximateNumberOfMessages",
                             kInFlight = "ApproximateNumberOfMessagesNotVisible";
  SLUICE_ASSIGN(const SqsAttributes own, Attributes(url_));
  const auto visible = NumberAt(own, kVisible), in_flight = NumberAt(own, kInFlight);
  if (!visible || !in_flight) {
    return Fail(ErrorKind::kOutcomeUnknown, "sqs: an answer without its numbers of messages");
  }
  QueueDepth depth{.visible = *visible, .in_flight = *in_flight};
  const auto settings = SettingsIn(own);
  if (!settings || settings->dead_letter_arn.empty()) return depth;
  const auto dead = DeadLetterAttributes(settings->dead_letter_arn);
  if (dead) {
    depth.dead = NumberAt(*dead, kVisible).value_or(0) + NumberAt(*dead, kInFlight).value_or(0);
  } else {
    depth.dead = std::unexpected(dead.error());
  }
  return depth;
}

Result<QueueSettings> SqsQueue::Settings() {
  SLUICE_ASSIGN(const SqsAttributes own, Attributes(url_));
  SLUICE_ASSIGN(QueueSettings settings, SettingsIn(own));
  if (settings.dead_letter_arn.empty()) return settings;
  const auto dead = DeadLetterAttributes(settings.dead_letter_arn);
  if (!dead || !dead->contains("MessageRetentionPeriod")) return settings;
  if (const auto its = SettingsIn(*dead)) settings.dead_letter_retention = its->retention;
  return settings;
}

}  // namespace sluice
