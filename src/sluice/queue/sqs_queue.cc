// SPDX-License-Identifier: Apache-2.0
#include "sluice/queue/sqs_queue.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>

#include "sluice/base/json_text.h"
#include "sluice/queue/queue_limits.h"

namespace sluice {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;

constexpr std::chrono::seconds kAnswerTime{30};

// "Errors" of the operations used, in SQS's API reference; a batch's entries have the same codes.
constexpr FailureMeaning kFailures[] = {
    {"OverLimit", ErrorKind::kTransient},  // 120,000 in flight: some are deleted soon
    {"QueueDoesNotExist", ErrorKind::kNotFound},
    {"AWS.SimpleQueueService.NonExistentQueue", ErrorKind::kNotFound},
    {"ReceiptHandleIsInvalid", ErrorKind::kNotFound},
    {"MessageNotInflight", ErrorKind::kNotFound},
    {"QueueDeletedRecently", ErrorKind::kPermanent},
    {"InvalidAddress", ErrorKind::kPermanent},
    {"InvalidSecurity", ErrorKind::kPermanent},
    {"InvalidAttributeName", ErrorKind::kPermanent},
    {"InvalidAttributeValue", ErrorKind::kPermanent},
    {"InvalidParameterValue", ErrorKind::kPermanent},
    {"InvalidMessageContents", ErrorKind::kBadData},
    {"MessageTooLong", ErrorKind::kBadData},
    {"BatchRequestTooLong", ErrorKind::kPermanent},
    {"UnsupportedOperation", ErrorKind::kPermanent},
    {"KmsAccessDenied", ErrorKind::kPermanent},
    {"KmsDisabled", ErrorKind::kPermanent},
    {"KmsInvalidKeyUsage", ErrorKind::kPermanent},
    {"KmsInvalidState", ErrorKind::kPermanent},
    {"KmsNotFound", ErrorKind::kPermanent},
    {"KmsOptInRequired", ErrorKind::kPermanent},
};

std::unexpected<Error> BadAnswer(std::string_view what) {
  // Whatever was asked may have been done.
  return Fail(ErrorKind::kOutcomeUnknown, "sqs: an answer without {}", what);
}

Result<object> ObjectIn(simdjson::dom::parser& parser, const HttpResponse& answer) {
  object root;
  if (parser.parse(answer.body).get(root) == simdjson::SUCCESS) return root;
  return BadAnswer("a JSON object");
}

// The members of the array `name`; none where there is no such: SQS leaves out what is empty.
std::vector<object> Objects(const object& from, std::string_view name) {
  std::vector<object> found;
  simdjson::dom::array array;
  if (from.at_key(name).get(array) != simdjson::SUCCESS) return found;
  for (const element item : array) {
    object member;
    if (item.get(member) == simdjson::SUCCESS) found.push_back(member);
  }
  return found;
}

std::string_view Text(const object& from, std::string_view name) {
  std::string_view text;
  return from.at_key(name).get(text) == simdjson::SUCCESS ? text : std::string_view();
}

// Numbers come as text.
template <typename T>
std::optional<T> Number(const object& from, std::string_view name) {
  const std::string_view text = Text(from, name);
  T number{};
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || stop != text.data() + text.size()) return std::nullopt;
  return number;
}

Result<Message> MessageIn(const object& from) {
  object attributes;
  if (from.at_key("Attributes").get(attributes) != simdjson::SUCCESS) {
    return BadAnswer("a message's attributes");
  }
  const auto sent = Number<int64_t>(attributes, "SentTimestamp");
  const auto count = Number<int>(attributes, "ApproximateReceiveCount");
  Message message{.id = std::string(Text(from, "MessageId")),
                  .body = std::string(Text(from, "Body")),
                  .receipt = {std::string(Text(from, "ReceiptHandle"))}};
  if (message.id.empty() || message.receipt.handle.empty() || !sent || !count) {
    return BadAnswer("a message's id, receipt, time or count");
  }
  message.receive_count = *count;
  message.sent = Timestamp(std::chrono::milliseconds(*sent));
  return message;
}

// A request about a queue: its URL first, then what `add` writes.
template <typename Add>
std::string Body(const std::string& url, Add add) {
  JsonText json;
  json.BeginObject().Key("QueueUrl").Value(url);
  add(json);
  json.EndObject();
  return json.text();
}

// A batch whose entries have their index as id, and what `add` writes for it.
template <typename Add>
std::string BatchBody(const std::string& url, size_t entries, Add add) {
  return Body(url, [&](JsonText& json) {
    json.Key("Entries").BeginArray();
    for (size_t i = 0; i < entries; ++i) {
      json.BeginObject().Key("Id").Value(std::to_string(i));
      add(json, i);
      json.EndObject();
    }
    json.EndArray();
  });
}

// The place of an entry's answer, which names the entry by its id.
Status* PlaceOf(const object& entry, std::vector<Status>& results) {
  const auto index = Number<size_t>(entry, "Id");
  return index && *index < results.size() ? &results[*index] : nullptr;
}

// What became of each entry; of one that is in neither list nobody knows.
Result<std::vector<Status>> BatchResults(const HttpResponse& answer, size_t entries) {
  simdjson::dom::parser parser;
  SLUICE_ASSIGN(const object root, ObjectIn(parser, answer));
  std::vector<Status> results(entries, BadAnswer("an entry of its batch"));
  for (const object& done : Objects(root, "Successful")) {
    if (Status* const result = PlaceOf(done, results)) *result = {};
  }
  for (const object& failed : Objects(root, "Failed")) {
    Status* const result = PlaceOf(failed, results);
    if (result == nullptr) continue;
    bool is_ours = true;
    if (failed.at_key("SenderFault").get(is_ours) != simdjson::SUCCESS) is_ours = true;
    const AwsFailure failure{.code = std::string(Text(failed, "Code")),
                             .message = std::string(Text(failed, "Message"))};
    *result =
        Fail(KindOf(failure, is_ours ? 400 : 500, kFailures), "sqs refused: {}", Describe(failure));
  }
  return results;
}

}  // namespace

Result<std::unique_ptr<AwsClient>> MakeSqsClient(const HttpEndpoint& endpoint,
                                                 const std::string& region,
                                                 std::shared_ptr<CredentialsSource> credentials,
                                                 Clock& clock, const AwsClientOptions& options) {
  return AwsClient::Make(
      {.scope = {.service = "sqs", .region = region}, .endpoint = endpoint, .failures = kFailures},
      std::move(credentials), clock, options);
}

Result<HttpResponse> SqsQueue::Call(std::string_view operation, const std::string& body,
                                    std::chrono::milliseconds wait) {
  return sqs_->Call(
      {.request = {.method = "POST",
                   .headers = {{"Content-Type", "application/x-amz-json-1.0"},
                               {"X-Amz-Target", fmt::format("AmazonSQS.{}", operation)}},
                   .body = body},
       .is_repeatable = true,
       .timeout = wait + kAnswerTime});
}

Result<std::vector<Message>> SqsQueue::Receive(const ReceiveOptions& options) {
  SLUICE_TRY(CheckReceive(options));
  const auto wait = std::chrono::ceil<std::chrono::seconds>(options.wait);
  const std::string body = Body(url_, [&](JsonText& json) {
    json.Key("MaxNumberOfMessages").Value(options.max_messages);
    json.Key("WaitTimeSeconds").Value(wait.count());
    json.Key("VisibilityTimeout").Value(options.visibility_timeout.count());
    // The older name of the two, which all servers know.
    json.Key("AttributeNames").BeginArray();
    json.Value("ApproximateReceiveCount").Value("SentTimestamp").EndArray();
  });
  SLUICE_ASSIGN(const HttpResponse answer, Call("ReceiveMessage", body, wait));
  simdjson::dom::parser parser;
  SLUICE_ASSIGN(const object root, ObjectIn(parser, answer));
  std::vector<Message> messages;
  for (const object& found : Objects(root, "Messages")) {
    SLUICE_ASSIGN(Message message, MessageIn(found));
    messages.push_back(std::move(message));
  }
  return messages;
}

// A receipt that SQS no longer knows is one that deletes nothing (fault L8).
Result<std::vector<Status>> SqsQueue::Delete(std::span<const Receipt> receipts) {
  SLUICE_TRY(CheckCount(receipts.size()));
  const std::string body = BatchBody(url_, receipts.size(), [&](JsonText& json, size_t i) {
    json.Key("ReceiptHandle").Value(receipts[i].handle);
  });
  SLUICE_ASSIGN(const HttpResponse answer, Call("DeleteMessageBatch", body));
  SLUICE_ASSIGN(std::vector<Status> results, BatchResults(answer, receipts.size()));
  for (Status& result : results) {
    if (!result && result.error().kind() == ErrorKind::kNotFound) result = {};
  }
  return results;
}

Result<std::vector<Status>> SqsQueue::Extend(std::span<const Receipt> receipts,
                                             std::chrono::seconds visibility_timeout) {
  SLUICE_TRY(CheckCount(receipts.size()));
  SLUICE_TRY(CheckVisibility(visibility_timeout));
  const std::string body = BatchBody(url_, receipts.size(), [&](JsonText& json, size_t i) {
    json.Key("ReceiptHandle").Value(receipts[i].handle);
    json.Key("VisibilityTimeout").Value(visibility_timeout.count());
  });
  SLUICE_ASSIGN(const HttpResponse answer, Call("ChangeMessageVisibilityBatch", body));
  return BatchResults(answer, receipts.size());
}

// What is too long stays here; the others go.
Result<std::vector<Status>> SqsQueue::Send(std::span<const std::string> bodies) {
  SLUICE_TRY(CheckSend(bodies));
  std::vector<Status> results;
  std::vector<size_t> sent;
  for (size_t i = 0; i < bodies.size(); ++i) {
    results.push_back(CheckBody(bodies[i]));
    if (results.back()) sent.push_back(i);
  }
  if (sent.empty()) return results;
  const std::string body = BatchBody(url_, sent.size(), [&](JsonText& json, size_t i) {
    json.Key("MessageBody").Value(bodies[sent[i]]);
  });
  SLUICE_ASSIGN(const HttpResponse answer, Call("SendMessageBatch", body));
  SLUICE_ASSIGN(std::vector<Status> answers, BatchResults(answer, sent.size()));
  for (size_t i = 0; i < sent.size(); ++i) results[sent[i]] = std::move(answers[i]);
  return results;
}

Result<QueueDepth> SqsQueue::Depth() {
  const std::string body = Body(url_, [](JsonText& json) {
    json.Key("AttributeNames").BeginArray();
    json.Value("ApproximateNumberOfMessages").Value("ApproximateNumberOfMessagesNotVisible");
    json.EndArray();
  });
  SLUICE_ASSIGN(const HttpResponse answer, Call("GetQueueAttributes", body));
  simdjson::dom::parser parser;
  SLUICE_ASSIGN(const object root, ObjectIn(parser, answer));
  object attributes;
  if (root.at_key("Attributes").get(attributes) != simdjson::SUCCESS) {
    return BadAnswer("the queue's attributes");
  }
  const auto visible = Number<uint64_t>(attributes, "ApproximateNumberOfMessages");
  const auto in_flight = Number<uint64_t>(attributes, "ApproximateNumberOfMessagesNotVisible");
  if (!visible || !in_flight) return BadAnswer("its numbers of messages");
  return QueueDepth{.visible = *visible, .in_flight = *in_flight};
}

}  // namespace sluice
