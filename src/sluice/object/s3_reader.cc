// SPDX-License-Identifier: Apache-2.0
#include "sluice/object/s3_reader.h"

#include <algorithm>
#include <cstring>

#include "sluice/aws/checksum.h"
#include "sluice/object/s3_background.h"

namespace sluice {
namespace {

ObjectInfo Shown(ObjectInfo info, std::string key) {
  info.key = std::move(key);
  return info;
}

}  // namespace

S3Reader::S3Reader(S3Bucket& bucket, S3Object object, std::string shown_key,
                   const S3TransferOptions& options)
    : bucket_(bucket),
      object_(std::move(object)),
      info_(Shown(object_.info, std::move(shown_key))),
      options_(options) {}

void S3Reader::AskAhead() {
  const uint64_t size = info_.size.count;
  while (asked_ < size && ahead_.size() < options_.parts_in_flight) {
    const uint64_t part = std::min(options_.part_size.count, size - asked_);
    ahead_.push_back(InBackground([this, offset = asked_, part] {
      return bucket_.Get(object_.info.key, object_.info.etag, offset, part);
    }));
    asked_ += part;
  }
}

Result<size_t> S3Reader::Read(std::span<char> buffer) {
  if (failure_) return std::unexpected(*failure_);
  if (at_ == part_.size()) {
    if (const Status next = NextPart(); !next) {
      failure_ = next.error();  // and nothing more, however often it is asked for
      return std::unexpected(*failure_);
    }
  }
  const size_t n = std::min(buffer.size(), part_.size() - at_);
  if (n > 0) std::memcpy(buffer.data(), part_.data() + at_, n);
  at_ += n;
  return n;
}

// Leaves `part_` empty at the end.
Status S3Reader::NextPart() {
  part_.clear();
  at_ = 0;
  AskAhead();
  if (ahead_.empty()) return {};
  Result<std::string> part = ahead_.front().get();
  ahead_.pop_front();
  if (!part) return std::unexpected(part.error());
  crc64nvme_ = Crc64Nvme(*part, crc64nvme_);
  read_ += part->size();
  part_ = std::move(*part);
  AskAhead();
  return read_ == info_.size.count ? CheckWhole() : Status();
}

Status S3Reader::CheckWhole() const {
  if (!object_.crc64nvme || *object_.crc64nvme == crc64nvme_) return {};
  return Fail(ErrorKind::kTransient,
              "what came of an object is not what S3 has, by its CRC64NVME: key={}",
              object_.info.key);
}

Status S3RandomAccess::ReadAt(uint64_t offset, std::span<char> buffer) {
  const uint64_t size = object_.info.size.count;
  if (offset > size || buffer.size() > size - offset) {
    return Fail(ErrorKind::kPermanent, "cannot read past the end: key={} offset={} size={}",
                object_.info.key, offset, size);
  }
  SLUICE_ASSIGN(const std::string piece,
                bucket_.Get(object_.info.key, object_.info.etag, offset, buffer.size()));
  std::ranges::copy(piece, buffer.begin());
  return {};
}

}  // namespace sluice
