// SPDX-License-Identifier: Apache-2.0
#include "sluice/queue/sqs_protocol.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>

#include "sluice/aws/json_answer.h"
#include "sluice/base/json_text.h"
#include "sluice/base/log.h"
#include "sluice/base/utf8.h"

namespace sluice {
namespace {

using simdjson::dom::object;

// "Errors" of the operations used, in SQS's API reference; a batch's entries have the same codes.
constexpr FailureMeaning kFailures[] = {
    {"OverLimit", ErrorKind::kTransient},  // 120,000 in flight: some are deleted soon (fault L14)
    // Not kNotFound, which says of a call of Queue that a receipt is stale.
    {"QueueDoesNotExist", ErrorKind::kPermanent},
    {"AWS.SimpleQueueService.NonExistentQueue", ErrorKind::kPermanent},
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
    {"TooManyEntriesInBatchRequest", ErrorKind::kPermanent},
    {"EmptyBatchRequest", ErrorKind::kPermanent},
    {"BatchEntryIdsNotDistinct", ErrorKind::kPermanent},
    {"InvalidBatchEntryId", ErrorKind::kPermanent},
    {"UnsupportedOperation", ErrorKind::kPermanent},
    {"KmsAccessDenied", ErrorKind::kPermanent},
    {"KmsDisabled", ErrorKind::kPermanent},
    {"KmsInvalidKeyUsage", ErrorKind::kPermanent},
    {"KmsInvalidState", ErrorKind::kPermanent},
    {"KmsNotFound", ErrorKind::kPermanent},
    {"KmsOptInRequired", ErrorKind::kPermanent},
};

constexpr uint64_t kMostSeconds = 1'000'000'000, kMostReceives = 1'000'000;
constexpr size_t kMostShown = 200;  // bytes, in a message

std::unexpected<Error> BadAnswer(std::string_view what) {
  return Fail(ErrorKind::kOutcomeUnknown, "sqs: an answer without {}", what);
}

// The thread's parser, whose buffers are there already; those for a large answer are given back.
// One at a time.
class KeptParser {
 public:
  ~KeptParser() {
    constexpr size_t kMostKept = 1 << 20;  // of an answer; its buffers are some ten times that
    if (parser_.capacity() > kMostKept) parser_ = simdjson::dom::parser();
  }
  simdjson::dom::parser& operator*() { return parser_; }

 private:
  thread_local static simdjson::dom::parser parser_;
};
thread_local simdjson::dom::parser KeptParser::parser_;

Result<object> ObjectIn(simdjson::dom::parser& parser, std::string_view answer) {
  object root;
  if (answer.empty()) return BadAnswer("anything");
  if (parser.parse(answer.data(), answer.size()).get(root) == simdjson::SUCCESS) return root;
  return BadAnswer("a JSON object");
}

// Numbers come as text.
template <typename T>
std::optional<T> Number(std::string_view text) {
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
  constexpr int64_t kLatest = 253'402'300'799'999;  // the end of year 9999
  const auto sent = Number<int64_t>(TextMember(attributes, "SentTimestamp"));
  const auto count = Number<int>(TextMember(attributes, "ApproximateReceiveCount"));
  std::string_view body;
  const bool has_body = from.at_key("Body").get(body) == simdjson::SUCCESS;
  Message message{.id = std::string(TextMember(from, "MessageId")),
                  .body = std::string(body),
                  .receipt = {std::string(TextMember(from, "ReceiptHandle"))}};
  if (!has_body || message.id.empty() || message.receipt.handle.empty() || !count || !sent ||
      *sent < 0 || *sent > kLatest) {
    return BadAnswer("a message's id, receipt, body, time or count");
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
  const auto index = Number<size_t>(TextMember(entry, "Id"));
  return index && *index < results.size() ? &results[*index] : nullptr;
}

// How SQS says that a receipt is not of the newest delivery, beside codes of its own: "Value … for
// parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for
// visibility timeout change." The value is the receipt.
bool IsOfStaleReceipt(const AwsFailure& failure) {
  return failure.code == "InvalidParameterValue" &&
         failure.message.contains("does not exist or is not available");
}

Error EntryFailure(const AwsFailure& failure, int status) {
  if (IsOfStaleReceipt(failure)) {
    return Error(ErrorKind::kNotFound, "sqs refused: the message is gone, or another has it");
  }
  return Error(KindOf(failure, status, kFailures), "sqs refused: " + Describe(failure));
}

}  // namespace

std::span<const FailureMeaning> SqsFailures() {
  return kFailures;
}

std::string SqsReceiveBody(const std::string& url, int messages, std::chrono::seconds wait,
                           std::chrono::seconds visibility_timeout) {
  return Body(url, [&](JsonText& json) {
    json.Key("MaxNumberOfMessages").Value(messages);
    json.Key("WaitTimeSeconds").Value(wait.count());
    json.Key("VisibilityTimeout").Value(visibility_timeout.count());
    // The older name of the two, which all servers know.
    json.Key("AttributeNames").BeginArray();
    json.Value("ApproximateReceiveCount").Value("SentTimestamp").EndArray();
  });
}

Result<std::vector<Message>> ReadSqsMessages(std::string_view answer) {
  KeptParser parser;
  SLUICE_ASSIGN(const object root, ObjectIn(*parser, answer));
  std::vector<Message> messages;
  std::optional<Error> failure;
  for (const object& found : ObjectMembers(root, "Messages")) {
    Result<Message> message = MessageIn(found);
    if (message) {
      messages.push_back(std::move(*message));
    } else {
      failure = std::move(message).error();
    }
  }
  if (failure && messages.empty()) return std::unexpected(*std::move(failure));
  if (failure) {
    Log(LogLevel::kWarning, "{}; the message is left out and comes again", failure->message());
  }
  return messages;
}

std::string SqsDeleteBody(const std::string& url, std::span<const Receipt> receipts) {
  return BatchBody(url, receipts.size(), [&](JsonText& json, size_t i) {
    json.Key("ReceiptHandle").Value(receipts[i].handle);
  });
}

std::string SqsExtendBody(const std::string& url, std::span<const Receipt> receipts,
                          std::chrono::seconds visibility_timeout) {
  return BatchBody(url, receipts.size(), [&](JsonText& json, size_t i) {
    json.Key("ReceiptHandle").Value(receipts[i].handle);
    json.Key("VisibilityTimeout").Value(visibility_timeout.count());
  });
}

std::string SqsSendBody(const std::string& url, std::span<const std::string* const> bodies) {
  return BatchBody(url, bodies.size(),
                   [&](JsonText& json, size_t i) { json.Key("MessageBody").Value(*bodies[i]); });
}

Result<std::vector<Status>> ReadSqsBatch(std::string_view answer, size_t entries) {
  KeptParser parser;
  SLUICE_ASSIGN(const object root, ObjectIn(*parser, answer));
  std::vector<Status> results(entries, BadAnswer("an entry of its batch"));
  for (const object& done : ObjectMembers(root, "Successful")) {
    if (Status* const result = PlaceOf(done, results)) *result = {};
  }
  for (const object& failed : ObjectMembers(root, "Failed")) {
    Status* const result = PlaceOf(failed, results);
    if (result == nullptr) continue;
    bool is_ours = true;
    if (failed.at_key("SenderFault").get(is_ours) != simdjson::SUCCESS) is_ours = true;
    const AwsFailure failure{.code = std::string(TextMember(failed, "Code")),
                             .message = std::string(TextMember(failed, "Message"))};
    *result = std::unexpected(EntryFailure(failure, is_ours ? 400 : 500));
  }
  return results;
}

std::string SqsAttributesBody(const std::string& url) {
  return Body(
      url, [](JsonText& json) { json.Key("AttributeNames").BeginArray().Value("All").EndArray(); });
}

Result<SqsAttributes> ReadSqsAttributes(std::string_view answer) {
  simdjson::dom::parser parser;
  SLUICE_ASSIGN(const object root, ObjectIn(parser, answer));
  object found;
  if (root.at_key("Attributes").get(found) != simdjson::SUCCESS) {
    return BadAnswer("the queue's attributes");
  }
  SqsAttributes attributes;
  for (const auto& [name, value] : found) {
    std::string_view text;
    if (value.get(text) == simdjson::SUCCESS) attributes.emplace(name, text);
  }
  return attributes;
}

std::optional<uint64_t> NumberAt(const SqsAttributes& attributes, std::string_view name) {
  const auto found = attributes.find(name);
  return found == attributes.end() ? std::nullopt : Number<uint64_t>(found->second);
}

Result<QueueSettings> SettingsIn(const SqsAttributes& attributes) {
  QueueSettings settings;
  const auto read = [&](std::string_view name, std::chrono::seconds& into) {
    if (!attributes.contains(std::string(name))) return true;
    const auto seconds = NumberAt(attributes, name);
    if (!seconds || *seconds > kMostSeconds) return false;
    into = std::chrono::seconds(*seconds);
    return true;
  };
  if (!read("VisibilityTimeout", settings.visibility_timeout) ||
      !read("MessageRetentionPeriod", settings.retention)) {
    return BadAnswer("a queue's visibility timeout and retention");
  }
  const auto text = [&](std::string_view name) {
    const auto found = attributes.find(name);
    return found == attributes.end() ? std::string() : found->second;
  };
  settings.is_fifo = text("FifoQueue") == "true";
  settings.kms_key = text("KmsMasterKeyId");
  const std::string policy = text("RedrivePolicy");
  if (policy.empty()) return settings;
  simdjson::dom::parser parser;
  SLUICE_ASSIGN(const object redrive, ObjectIn(parser, policy));
  settings.dead_letter_arn = TextMember(redrive, "deadLetterTargetArn");
  // Comes as a number or as text, as whoever set it wrote it.
  uint64_t count = Number<uint64_t>(TextMember(redrive, "maxReceiveCount")).value_or(0);
  if (count == 0 && redrive.at_key("maxReceiveCount").get(count) != simdjson::SUCCESS) count = 0;
  if (settings.dead_letter_arn.empty() || count == 0 || count > kMostReceives) {
    return BadAnswer("a redrive policy's queue and count");
  }
  settings.max_receive_count = static_cast<int>(count);
  return settings;
}

// "arn:aws:sqs:eu-central-1:111111111111:tracking-dead".
Result<std::string> SqsUrlBody(std::string_view arn) {
  const size_t before_name = arn.rfind(':');
  const size_t before_account =
      before_name == std::string_view::npos ? before_name : arn.rfind(':', before_name - 1);
  if (!arn.starts_with("arn:") || before_account == std::string_view::npos) {
    return Fail(ErrorKind::kPermanent, "not an ARN of a queue: {}",
                WithoutControls(arn.substr(0, kMostShown)));
  }
  JsonText json;
  json.BeginObject().Key("QueueName").Value(arn.substr(before_name + 1));
  json.Key("QueueOwnerAWSAccountId");
  json.Value(arn.substr(before_account + 1, before_name - before_account - 1)).EndObject();
  return json.text();
}

Result<std::string> ReadSqsUrl(std::string_view answer) {
  simdjson::dom::parser parser;
  SLUICE_ASSIGN(const object root, ObjectIn(parser, answer));
  const std::string_view url = TextMember(root, "QueueUrl");
  if (!url.empty()) return std::string(url);
  return BadAnswer("a queue's URL");
}

}  // namespace sluice
