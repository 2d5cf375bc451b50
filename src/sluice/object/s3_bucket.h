// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/aws/aws_client.h"
#include "sluice/base/bytes.h"
#include "sluice/object/object_store.h"

namespace sluice {

// Where a bucket is, and what every request about it says.
struct S3BucketOptions {
  std::string bucket;
  std::string region;
  // Of another server than Amazon's; the bucket is then a part of the path.
  std::optional<HttpEndpoint> endpoint;
  // The account that must own the bucket, 12 digits: requests about another's bucket of that name
  // are refused (fault S1). Empty: any.
  std::string owner;
  // What new objects are encrypted with, a key's ARN, id or alias: SSE-KMS. Empty: the bucket's
  // default.
  std::string kms_key;
  // When calls must have ended; outlives the bucket. Null: never.
  const MovingDeadline* deadline = nullptr;
};

// An object as S3 describes it.
struct S3Object {
  ObjectInfo info;                    // its key is the whole key
  std::optional<uint64_t> crc64nvme;  // of the whole content, where S3 keeps that
};

struct S3Part {
  std::string etag;
  uint64_t crc64nvme = 0;
};

struct S3UnfinishedUpload {
  std::string key, id;
  Timestamp initiated;
};

// The requests of Amazon S3's REST API (version 2006-03-01) that sluice makes, to one bucket, with
// whole keys. Bodies carry their CRC64NVME, which S3 verifies; what it says of itself in its answer
// is verified here. Objects are only ever made where there are none (If-None-Match). Thread-safe;
// `clock` outlives it.
//
// Errors: kNotFound, no such key. kConflict: there is an object already, or it is another version
// than was asked for. kPermanent may mean that only the permission to see is missing, as S3 says of
// a key that is not there to who may not list the bucket (fault N6).
class S3Bucket {
 public:
  static Result<std::unique_ptr<S3Bucket>> Make(const S3BucketOptions& options,
                                                std::shared_ptr<CredentialsSource> credentials,
                                                Clock& clock);

  Result<S3Object> Head(std::string_view key);
  // `size` bytes from `offset` of that version, all of them.
  Result<std::string> Get(std::string_view key, const std::string& etag, uint64_t offset,
                          size_t size);
  // A new object; its ETag.
  Result<std::string> Put(std::string_view key, std::string_view body, uint64_t crc64nvme);

  // Multipart upload: Begin UploadPart+ (Complete | Abort). Parts are numbered from 1; all but the
  // last have at least 5 MiB. Complete answers the object's ETag.
  Result<std::string> BeginUpload(std::string_view key);
  Result<S3Part> UploadPart(std::string_view key, const std::string& id, size_t number,
                            std::string_view body);
  Result<std::string> CompleteUpload(std::string_view key, const std::string& id,
                                     const std::vector<S3Part>& parts, Bytes size,
                                     uint64_t crc64nvme);
  Status AbortUpload(std::string_view key, const std::string& id);
  // Of keys that begin with `prefix`, begun and not ended: the first 1,000.
  Result<std::vector<S3UnfinishedUpload>> Uploads(std::string_view prefix);

  // Up to `limit` (1–1,000) objects whose key begins with `prefix` and is greater than `after`;
  // `next` is the last of their keys.
  Result<ListPage> List(std::string_view prefix, std::string_view after, size_t limit);
  Status Delete(std::string_view key);

 private:
  S3Bucket(S3BucketOptions options, bool is_in_path, std::unique_ptr<AwsClient> client);
  HttpRequest Request(std::string method, std::string_view key, std::string_view query = {}) const;
  void AddEncryption(HttpRequest& request) const;
  // What `read` makes of an answer; what it cannot read is no answer, and is asked for again.
  template <typename Read>
  auto Call(HttpRequest request, std::string_view key, const Read& read)
      -> decltype(read(std::declval<const HttpResponse&>()));
  Status WhyNotFound(std::string_view key);

  const S3BucketOptions options_;
  const bool is_in_path_;
  const std::unique_ptr<AwsClient> client_;
};

}  // namespace sluice
