// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "sluice/base/result.h"

namespace sluice {

// Where a queue, a stream or a store is.
struct Location {
  enum class Kind {
    kNone,       // not configured
    kDirectory,  // `text` is an absolute path without '/' at its end; of a queue: the folder in
                 // which queue.db stands
    kS3,         // s3://bucket/prefix/
    kSqs,        // https://sqs.REGION.amazonaws.com/ACCOUNT/NAME, or a stand-in's address
    kKinesis,    // a stream's name or ARN
  };
  Kind kind = Kind::kNone;
  std::string text;

  bool is_folder() const { return kind == Kind::kDirectory; }

  friend bool operator==(const Location&, const Location&) = default;
};

// Bucket and prefix of "s3://bucket/prefix/", as a location or a store's URI has it; views into it.
struct S3Place {
  std::string_view bucket, prefix;
};
S3Place S3PlaceOf(std::string_view uri);

// Of a location's text. All of what follows refuse a longer one, and control characters.
inline constexpr size_t kLongestLocation = 4096;

// `path`, relative to `folder` unless it is absolute.
Result<Location> ParseDirectory(std::string_view path, std::string_view folder);
// "s3://bucket/prefix/" or "dir:PATH".
Result<Location> ParseStoreLocation(std::string_view text, std::string_view folder);
// "https://…" of an SQS queue, or "dir:PATH".
Result<Location> ParseQueueLocation(std::string_view text, std::string_view folder);
// The address of an SQS queue.
Result<Location> ParseSqsUrl(std::string_view text);
// The name or ARN of a Kinesis stream.
Result<Location> ParseKinesisStream(std::string_view text);

}  // namespace sluice
