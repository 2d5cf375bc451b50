// SPDX-License-Identifier: Apache-2.0
#include "sluice/event/s3_notification.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <utility>

#include "sluice/base/json_text.h"
#include "sluice/base/percent_encoding.h"
#include "sluice/base/utf8.h"

namespace sluice {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;

constexpr size_t kMaxBytes = 1 << 20;
constexpr size_t kMaxDepth = 64;
constexpr size_t kMaxRecords = 10'000;
constexpr size_t kMaxKeyBytes = 1024;    // S3 User Guide, "Naming Amazon S3 objects"
constexpr size_t kMaxPathBytes = 4096;   // PATH_MAX
constexpr size_t kMaxShortBytes = 1024;  // ETag, version, sequencer, region, event name

std::unexpected<Error> Bad(std::string_view why) {
  return Fail(ErrorKind::kBadData, "{}", why);
}

// The member `name` as text. Absent and null are both "": servers differ in which they send.
Result<std::string_view> Text(const object& from, std::string_view name) {
  element value;
  if (from.at_key(name).get(value) != simdjson::SUCCESS || value.is_null())
    return std::string_view();
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS)
    return Fail(ErrorKind::kBadData, "{} is not a string", name);
  return text;
}

Result<std::string_view> ShortText(const object& from, std::string_view name) {
  SLUICE_ASSIGN(const std::string_view text, Text(from, name));
  if (text.size() > kMaxShortBytes)
    return Fail(ErrorKind::kBadData, "{} is longer than {} bytes", name, kMaxShortBytes);
  return text;
}

Result<object> Member(const object& from, std::string_view name) {
  object member;
  if (from.at_key(name).get(member) == simdjson::SUCCESS) return member;
  return Fail(ErrorKind::kBadData, "{} is missing or not an object", name);
}

bool IsAlphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// S3's rules with what old buckets of us-east-1 may have (capitals, '_', 255 bytes). An ARN, a host
// and port, or a path is none; neither is an IPv4 address (faults S1, S2).
bool IsBucketName(std::string_view name) {
  if (name.size() < 3 || name.size() > 255 || name.contains("..")) return false;
  if (!IsAlphanumeric(name.front()) || !IsAlphanumeric(name.back())) return false;
  const auto is_allowed = [](char c) {
    return IsAlphanumeric(c) || c == '.' || c == '-' || c == '_';
  };
  const bool is_address = name.find_first_not_of("0123456789.") == std::string_view::npos &&
                          std::ranges::count(name, '.') == 3;
  return std::ranges::all_of(name, is_allowed) && !is_address;
}

bool IsAbsolutePath(std::string_view path) {
  if (!path.starts_with('/') || path.size() > kMaxPathBytes || path.contains('\0')) return false;
  for (size_t start = 1; start <= path.size();) {
    const size_t end = std::min(path.find('/', start), path.size());
    const std::string_view part = path.substr(start, end - start);
    if (part == "." || part == "..") return false;
    start = end + 1;
  }
  return true;
}

Status CheckBucket(std::string_view bucket) {
  if (IsBucketName(bucket) || IsAbsolutePath(bucket)) return {};
  return Bad(bucket.empty() ? "the bucket has no name" : "the bucket's name is not a legal one");
}

Status CheckKey(std::string_view key) {
  if (key.empty()) return Bad("the object has no key");
  if (key.size() > kMaxKeyBytes) return Bad("the key is longer than 1024 bytes");
  if (!IsUtf8(key)) return Bad("the key is not UTF-8");
  if (key.contains('\0')) return Bad("the key holds a NUL");
  return {};
}

bool IsHexadecimal(std::string_view text) {
  return text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

// What `object` says in every shape. The names of two members differ between the shapes.
Result<ObjectCreated> ReadObject(const object& bucket, const object& from,
                                 std::string_view etag_name, std::string_view version_name) {
  ObjectCreated created;
  SLUICE_ASSIGN(created.bucket, Text(bucket, "name"));
  SLUICE_TRY(CheckBucket(created.bucket));
  SLUICE_ASSIGN(created.key, Text(from, "key"));
  element size;  // MinIO leaves out a size of zero
  if (from.at_key("size").get(size) == simdjson::SUCCESS && !size.is_null() &&
      size.get(created.size.count) != simdjson::SUCCESS)
    return Bad("size is not a number of bytes");
  SLUICE_ASSIGN(std::string_view etag, ShortText(from, etag_name));
  while (etag.size() >= 2 && etag.starts_with('"') && etag.ends_with('"'))
    etag = etag.substr(1, etag.size() - 2);
  created.etag = etag;
  SLUICE_ASSIGN(created.version_id, ShortText(from, version_name));
  SLUICE_ASSIGN(const std::string_view sequencer, ShortText(from, "sequencer"));
  if (IsHexadecimal(sequencer)) created.sequencer = sequencer;  // other text would order wrongly
  return created;
}

// One of {"Records":[…]}: S3 User Guide, "Event message structure".
Result<NotificationRecord> ReadRecord(const element& record) {
  object from;
  if (record.get(from) != simdjson::SUCCESS) return Bad("it is not an object");
  SLUICE_ASSIGN(const std::string_view source, ShortText(from, "eventSource"));
  if (!source.ends_with(":s3")) return Bad("eventSource is not S3");
  SLUICE_ASSIGN(const std::string_view version, ShortText(from, "eventVersion"));
  if (!version.starts_with("2.")) return Bad("eventVersion is not 2.x");
  SLUICE_ASSIGN(std::string_view name, ShortText(from, "eventName"));
  if (name.starts_with("s3:")) name.remove_prefix(3);
  if (name.empty()) return Bad("eventName is missing");
  if (!name.starts_with("ObjectCreated:")) return OtherEvent{std::string(name)};
  SLUICE_ASSIGN(const object s3, Member(from, "s3"));
  SLUICE_ASSIGN(const object bucket, Member(s3, "bucket"));
  SLUICE_ASSIGN(const object what, Member(s3, "object"));
  SLUICE_ASSIGN(ObjectCreated created, ReadObject(bucket, what, "eTag", "versionId"));
  SLUICE_ASSIGN(created.key, DecodeForm(created.key));
  SLUICE_TRY(CheckKey(created.key));
  SLUICE_ASSIGN(created.region, ShortText(from, "awsRegion"));
  created.event_name = name;
  return created;
}

// S3 User Guide, "EventBridge event message structure".
Result<NotificationRecord> ReadEventBridge(const object& from) {
  SLUICE_ASSIGN(const std::string_view type, ShortText(from, "detail-type"));
  if (type != "Object Created") return OtherEvent{std::string(type)};
  SLUICE_ASSIGN(const object detail, Member(from, "detail"));
  SLUICE_ASSIGN(const object bucket, Member(detail, "bucket"));
  SLUICE_ASSIGN(const object what, Member(detail, "object"));
  SLUICE_ASSIGN(ObjectCreated created, ReadObject(bucket, what, "etag", "version-id"));
  SLUICE_TRY(CheckKey(created.key));  // the key is not encoded here
  SLUICE_ASSIGN(created.region, ShortText(from, "region"));
  SLUICE_ASSIGN(const std::string_view reason, ShortText(detail, "reason"));
  created.event_name = reason == "CompleteMultipartUpload" ? "ObjectCreated:CompleteMultipartUpload"
                       : reason == "CopyObject"            ? "ObjectCreated:Copy"
                       : reason == "POST Object"           ? "ObjectCreated:Post"
                                                           : "ObjectCreated:Put";
  return created;
}

using Records = std::vector<NotificationRecord>;

// Whether the body itself came out of an SNS envelope.
enum class Envelope { kNone, kSns };

Result<Records> ReadBody(std::string_view body, Envelope envelope);

Result<Records> ReadRecords(const element& list) {
  simdjson::dom::array records;
  if (list.get(records) != simdjson::SUCCESS) return Bad("Records is not a list");
  Records all;
  for (const element& record : records) {
    if (all.size() == kMaxRecords) return Bad("Records has more than 10000 entries");
    auto read = ReadRecord(record);
    all.push_back(read ? *std::move(read)
                       : NotANotification{
                             fmt::format("record {}: {}", all.size() + 1, read.error().message())});
  }
  if (all.empty()) return Bad("Records is empty");
  return all;
}

Result<Records> ReadObjectBody(const object& from, Envelope envelope) {
  element records;
  if (from.at_key("Records").get(records) == simdjson::SUCCESS) return ReadRecords(records);
  SLUICE_ASSIGN(const std::string_view event, Text(from, "Event"));
  if (event == "s3:TestEvent") {
    SLUICE_ASSIGN(const std::string_view bucket, ShortText(from, "Bucket"));
    return Records{S3TestEvent{std::string(bucket)}};
  }
  SLUICE_ASSIGN(const std::string_view source, Text(from, "source"));
  if (source == "aws.s3") {
    SLUICE_ASSIGN(NotificationRecord record, ReadEventBridge(from));
    return Records{std::move(record)};
  }
  SLUICE_ASSIGN(const std::string_view type, Text(from, "Type"));
  if (type == "Notification" && envelope == Envelope::kNone) {
    SLUICE_ASSIGN(const std::string_view message, Text(from, "Message"));
    return ReadBody(message, Envelope::kSns);
  }
  if (type == "SubscriptionConfirmation")
    return Bad("SNS asks to confirm the subscription; confirm it");
  return Bad("neither S3's Records nor a test event, nor from SNS or EventBridge");
}

Result<Records> ReadBody(std::string_view body, Envelope envelope) {
  if (body.empty()) return Bad("not JSON: empty");
  if (body.size() > kMaxBytes) return Bad("longer than 1 MiB");
  simdjson::dom::parser parser(kMaxBytes);
  if (parser.allocate(std::max<size_t>(body.size(), 64), kMaxDepth) != simdjson::SUCCESS)
    return Bad("out of memory");
  element root;
  if (const auto error = parser.parse(body.data(), body.size()).get(root))
    return Fail(ErrorKind::kBadData, "not JSON: {}", simdjson::error_message(error));
  object from;
  if (root.get(from) != simdjson::SUCCESS) return Bad("not a JSON object");
  return ReadObjectBody(from, envelope);
}

}  // namespace

std::vector<NotificationRecord> ParseS3Notification(std::string_view body) {
  auto records = ReadBody(body, Envelope::kNone);
  if (records) return *std::move(records);
  return {NotANotification{records.error().message()}};
}

namespace {

// application/x-www-form-urlencoded (URL Living Standard §5.2), but '/' as it is.
std::string FormEncoded(std::string_view key) {
  std::string text;
  for (const char c : key) {
    if (c == ' ') {
      text += '+';
    } else if (c == '~') {
      AppendPercent(text, c);
    } else {
      AppendPercentEncoded(text, {&c, 1}, "*/");
    }
  }
  return text;
}

}  // namespace

std::string FormatS3Notification(const ObjectCreated& object, Timestamp event_time) {
  const std::string time = ToIso8601(event_time);
  JsonText json;
  json.BeginObject().Key("Records").BeginArray().BeginObject();
  json.Key("eventVersion").Value("2.1").Key("eventSource").Value("aws:s3");
  json.Key("awsRegion").Value(object.region);
  json.Key("eventTime").Value(time.substr(0, time.size() - 4) + "Z");  // to the millisecond
  json.Key("eventName");
  json.Value(object.event_name.empty() ? "ObjectCreated:Put" : object.event_name);
  json.Key("s3").BeginObject();
  json.Key("s3SchemaVersion").Value("1.0").Key("configurationId").Value("sluice");
  json.Key("bucket").BeginObject().Key("name").Value(object.bucket);
  if (!object.bucket.starts_with('/')) json.Key("arn").Value("arn:aws:s3:::" + object.bucket);
  json.EndObject().Key("object").BeginObject();
  json.Key("key").Value(FormEncoded(object.key)).Key("size").Value(object.size.count);
  if (!object.etag.empty()) json.Key("eTag").Value(object.etag);
  if (!object.version_id.empty()) json.Key("versionId").Value(object.version_id);
  if (!object.sequencer.empty()) json.Key("sequencer").Value(object.sequencer);
  json.EndObject().EndObject().EndObject().EndArray().EndObject();
  return json.text();
}

bool SequencerLess(std::string_view a, std::string_view b) {
  const auto digit = [](std::string_view text, size_t i) {
    const char c = i < text.size() ? text[i] : '0';
    return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  for (size_t i = 0; i < std::max(a.size(), b.size()); ++i)
    if (digit(a, i) != digit(b, i)) return digit(a, i) < digit(b, i);
  return false;
}

}  // namespace sluice
