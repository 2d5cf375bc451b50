// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <future>
#include <optional>
#include <string>
#include <vector>

#include "sluice/object/object_store.h"
#include "sluice/object/s3_bucket.h"

namespace sluice {

// How objects go to S3 and come from it.
struct S3TransferOptions {
  // An object of at most one part is one PUT, a longer one a multipart upload; S3 takes 10,000
  // parts. At least 5 MiB, which is S3's rule.
  Bytes part_size = MiB(8);
  // How many parts of one object are on their way at the same time. Each takes a thread and the
  // memory of a part; one more part is being filled.
  size_t parts_in_flight = 3;
};

// An object on its way to S3. What it answers to kConflict and kOutcomeUnknown has been looked at:
// an object of the same size and CRC64NVME is the same. Destroyed without a Commit it ends its
// upload; where the process dies, S3 keeps the parts until S3Store::AbortUploads or a rule of the
// bucket removes them.
class S3Upload final : public PendingObject {
 public:
  // `bucket` outlives it. The answer names the object by `shown_key`.
  S3Upload(S3Bucket& bucket, Clock& clock, std::string key, std::string shown_key,
           const S3TransferOptions& options)
      : bucket_(bucket),
        clock_(clock),
        key_(std::move(key)),
        shown_key_(std::move(shown_key)),
        options_(options) {}
  ~S3Upload() override;

  Status Write(std::string_view data) override;
  Result<Committed> Commit() override;

 private:
  Status SendPart();
  Status TakeOldest();
  Result<std::string> Finish();
  Result<Committed> Look(const Error& failure);
  Result<bool> HoldsTheSame(const S3Object& there);

  S3Bucket& bucket_;
  Clock& clock_;
  const std::string key_, shown_key_;
  const S3TransferOptions options_;
  std::string part_;  // being filled
  uint64_t size_ = 0, crc64nvme_ = 0;
  std::optional<std::string> upload_;  // its id, while there is one to end
  std::vector<S3Part> parts_;          // that are there, in order
  std::deque<std::future<Result<S3Part>>> in_flight_;
  std::optional<Error> failure_;
};

}  // namespace sluice
