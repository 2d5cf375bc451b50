// SPDX-License-Identifier: Apache-2.0
#include "sluice/object/s3_upload.h"

#include "sluice/aws/checksum.h"
#include "sluice/base/log.h"
#include "sluice/object/s3_background.h"

namespace sluice {
namespace {

constexpr size_t kMostParts = 10'000;  // S3 User Guide, "Amazon S3 multipart upload limits"

// Of a part, which is no object: there is none yet, whatever became of it.
Error BeforeCommit(const Error& error) {
  const bool may_pass =
      error.kind() == ErrorKind::kNotFound || error.kind() == ErrorKind::kOutcomeUnknown;
  return may_pass ? Error(ErrorKind::kTransient, error.message()) : error;
}

}  // namespace

S3Upload::~S3Upload() {
  for (auto& part : in_flight_) part.wait();
  if (!upload_) return;
  if (const Status aborted = bucket_.AbortUpload(key_, *upload_); !aborted) {
    Log(LogLevel::kWarning, "parts of an upload are left: {}", aborted.error().message());
  }
}

Status S3Upload::Write(std::string_view data) {
  if (failure_) return std::unexpected(*failure_);
  crc64nvme_ = Crc64Nvme(data, crc64nvme_);
  size_ += data.size();
  while (!data.empty()) {
    if (part_.size() == options_.part_size.count) {
      if (const Status sent = SendPart(); !sent) {
        failure_ = BeforeCommit(sent.error());
        return std::unexpected(*failure_);
      }
    }
    const size_t room = options_.part_size.count - part_.size();
    part_.append(data.substr(0, room));
    data.remove_prefix(std::min(room, data.size()));
  }
  return {};
}

// What is in `part_` goes on its way; waits until one more may.
Status S3Upload::SendPart() {
  if (!upload_) {
    SLUICE_ASSIGN(upload_, bucket_.BeginUpload(key_));
  }
  while (in_flight_.size() >= options_.parts_in_flight) SLUICE_TRY(TakeOldest());
  const size_t number = parts_.size() + in_flight_.size() + 1;
  if (number > kMostParts) {
    return Fail(ErrorKind::kPermanent,
                "cannot write s3 object {}: longer than {} parts: write smaller objects", key_,
                kMostParts);
  }
  in_flight_.push_back(InBackground([this, number, body = std::exchange(part_, {})] {
    return bucket_.UploadPart(key_, *upload_, number, body);
  }));
  return {};
}

Status S3Upload::TakeOldest() {
  Result<S3Part> part = in_flight_.front().get();
  in_flight_.pop_front();
  if (!part) return std::unexpected(part.error());
  parts_.push_back(std::move(*part));
  return {};
}

Result<PendingObject::Committed> S3Upload::Commit() {
  if (failure_) return std::unexpected(*failure_);
  const Result<std::string> etag = Finish();
  if (!etag) return Look(etag.error());
  upload_.reset();
  return Committed{
      .info = {.key = shown_key_, .size = {size_}, .etag = *etag, .last_modified = clock_.Now()}};
}

Result<std::string> S3Upload::Finish() {
  if (!upload_) return bucket_.Put(key_, part_, crc64nvme_);
  Status sent = SendPart();
  while (sent && !in_flight_.empty()) sent = TakeOldest();
  if (!sent) return std::unexpected(BeforeCommit(sent.error()));
  return bucket_.CompleteUpload(key_, *upload_, parts_, {size_}, crc64nvme_);
}

// There may be an object, ours or another one: a conflict after a lost answer may be with the very
// same (faults L3, L4), and an upload that is gone may have become it. An upload that is left is
// ended with this pending object.
Result<PendingObject::Committed> S3Upload::Look(const Error& failure) {
  if (failure.kind() == ErrorKind::kTransient || failure.kind() == ErrorKind::kPermanent) {
    return std::unexpected(failure);
  }
  Result<S3Object> there = bucket_.Head(key_);
  if (!there && there.error().kind() == ErrorKind::kNotFound) {
    // What was asked for may still be done when its answer was lost; otherwise it was not.
    const bool may_come = failure.kind() == ErrorKind::kOutcomeUnknown;
    if (may_come) upload_.reset();  // it may be completed yet; S3Store::AbortUploads ends it else
    return std::unexpected(
        Error(may_come ? ErrorKind::kOutcomeUnknown : ErrorKind::kTransient, failure.message()));
  }
  if (!there) {
    return Fail(ErrorKind::kOutcomeUnknown, "{}; cannot look whether it is there: {}",
                failure.message(), there.error().message());
  }
  SLUICE_ASSIGN(const bool is_same, HoldsTheSame(*there));
  if (!is_same) {
    return Fail(ErrorKind::kConflict,
                "cannot write an object: its key holds other content: key={} size={} theirs={}",
                key_, size_, there->info.size.count);
  }
  there->info.key = shown_key_;
  return Committed{.info = std::move(there->info), .existed = true};
}

// What was not written by sluice may have no such checksum, or only those of its parts.
Result<bool> S3Upload::HoldsTheSame(const S3Object& there) {
  const uint64_t size = there.info.size.count;
  if (size != size_) return false;
  if (there.crc64nvme) return *there.crc64nvme == crc64nvme_;
  uint64_t crc = 0;
  for (uint64_t at = 0; at < size; at += options_.part_size.count) {
    const uint64_t piece_size = std::min(options_.part_size.count, size - at);
    SLUICE_ASSIGN(const std::string piece, bucket_.Get(key_, there.info.etag, at, piece_size));
    crc = Crc64Nvme(piece, crc);
  }
  return crc == crc64nvme_;
}

}  // namespace sluice
