// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sluice/base/bytes.h"
#include "sluice/base/clock.h"
#include "sluice/base/result.h"

namespace sluice {

// "This object was created", from S3 or from our own landing into a directory.
struct ObjectCreated {
  std::string bucket;  // for a directory: its absolute path, see FormatS3Notification
  std::string key;     // decoded
  Bytes size;
  std::string etag;        // without quotes; may be empty
  std::string version_id;  // may be empty
  std::string sequencer;   // may be empty; order only within one key: see SequencerLess
  std::string region;
  std::string event_name;  // "ObjectCreated:Put", without "s3:"
};

// What the body of a message on the notification queue turned out to be.
struct S3TestEvent {
  std::string bucket;
};
struct OtherEvent {  // a record of another type than ObjectCreated: ObjectRemoved:Delete,
                     // ObjectTagging:Put, …
  std::string event_name;
};
struct NotANotification {
  std::string why;
};
using NotificationRecord = std::variant<ObjectCreated, S3TestEvent, OtherEvent, NotANotification>;

// Reads a body in every shape that exists: S3's own {"Records":[…]} (eventVersion 2.x; key
// form-url-encoded: '+' then %XX; '/' plain or as %2F; eventName with or without "s3:"), the same
// inside SNS ({"Type":"Notification","Message":"…"}), EventBridge ("Object Created"; key as it is),
// and s3:TestEvent bare or inside SNS. MinIO, versitygw and moto differ in details that are
// accepted (quotes around the ETag, missing sequencer). One entry for each record, in order; never
// empty: a body that is none of these gives one NotANotification. A record that cannot be read does
// not spoil the others. Fuzzed. Limits: 1 MiB of text, 64 levels, 10,000
// records, keys of 1,024 bytes, paths in place of a bucket of 4,096, other texts of 1,024.
std::vector<NotificationRecord> ParseS3Notification(std::string_view body);

// The JSON that S3 sends for one created object (S3 User Guide, "Event message structure",
// version 2.1).
std::string FormatS3Notification(const ObjectCreated& object, Timestamp event_time);

// Order of two versions of ONE key (S3 User Guide): hexadecimal, the shorter one padded with zeros
// on the right.
bool SequencerLess(std::string_view a, std::string_view b);

}  // namespace sluice
