// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <future>
#include <optional>
#include <string>

#include "sluice/object/object_store.h"
#include "sluice/object/s3_bucket.h"
#include "sluice/object/s3_upload.h"

namespace sluice {

// One version of an object, read from its beginning to its end: parts ahead are on their way at the
// same time. Where S3 knows the CRC64NVME of the whole, the last Read fails unless it is that of
// what was read (fault T25). An object that is overwritten meanwhile fails with kConflict (fault
// N7).
class S3Reader final : public ObjectReader {
 public:
  // `bucket` outlives it. info() names the object by `shown_key`.
  S3Reader(S3Bucket& bucket, S3Object object, std::string shown_key,
           const S3TransferOptions& options);

  const ObjectInfo& info() const override { return info_; }
  Result<size_t> Read(std::span<char> buffer) override;

 private:
  void AskAhead();
  Status NextPart();
  Status CheckWhole() const;

  S3Bucket& bucket_;
  const S3Object object_;
  const ObjectInfo info_;
  const S3TransferOptions options_;
  std::string part_;
  size_t at_ = 0;  // in part_
  std::optional<Error> failure_;
  uint64_t asked_ = 0, read_ = 0, crc64nvme_ = 0;
  std::deque<std::future<Result<std::string>>> ahead_;  // parts, in order
};

// One version of an object, read anywhere; each ReadAt is a request.
class S3RandomAccess final : public RandomAccess {
 public:
  // `bucket` outlives it.
  S3RandomAccess(S3Bucket& bucket, S3Object object) : bucket_(bucket), object_(std::move(object)) {}

  Bytes size() const override { return object_.info.size; }
  Status ReadAt(uint64_t offset, std::span<char> buffer) override;

 private:
  S3Bucket& bucket_;
  const S3Object object_;
};

}  // namespace sluice
