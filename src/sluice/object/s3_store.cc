// SPDX-License-Identifier: Apache-2.0
#include "sluice/object/s3_store.h"

#include <algorithm>

#include "sluice/object/object_names.h"
#include "sluice/object/s3_reader.h"

namespace sluice {
namespace {

constexpr size_t kMostListed = 1'000;  // in one answer of S3

}  // namespace

Result<std::unique_ptr<S3Store>> S3Store::Open(S3StoreOptions options,
                                               std::shared_ptr<CredentialsSource> credentials,
                                               Clock& clock) {
  options.transfer.part_size = std::max(options.transfer.part_size, Bytes{1});
  options.transfer.parts_in_flight = std::max<size_t>(options.transfer.parts_in_flight, 1);
  SLUICE_ASSIGN(std::unique_ptr<S3Bucket> bucket,
                S3Bucket::Make(options.bucket, std::move(credentials), clock));
  return std::unique_ptr<S3Store>(new S3Store(std::move(options), std::move(bucket), clock));
}

S3Store::S3Store(S3StoreOptions options, std::unique_ptr<S3Bucket> bucket, Clock& clock)
    : options_(std::move(options)),
      uri_("s3://" + options_.bucket.bucket + "/" + options_.prefix),
      bucket_(std::move(bucket)),
      clock_(clock) {}

Result<std::string> S3Store::WholeKey(std::string_view key) const {
  SLUICE_TRY(CheckKey(key));
  std::string whole = options_.prefix + std::string(key);
  SLUICE_TRY(CheckKey(whole));
  return whole;
}

Result<std::unique_ptr<PendingObject>> S3Store::Create(const std::string& key) {
  SLUICE_ASSIGN(std::string whole, WholeKey(key));
  return std::make_unique<S3Upload>(*bucket_, clock_, std::move(whole), key, options_.transfer);
}

Result<std::unique_ptr<ObjectReader>> S3Store::Open(const std::string& key) {
  SLUICE_ASSIGN(const std::string whole, WholeKey(key));
  SLUICE_ASSIGN(S3Object object, bucket_->Head(whole));
  return std::make_unique<S3Reader>(*bucket_, std::move(object), key, options_.transfer);
}

Result<std::unique_ptr<RandomAccess>> S3Store::OpenRandom(const std::string& key) {
  SLUICE_ASSIGN(const std::string whole, WholeKey(key));
  SLUICE_ASSIGN(S3Object object, bucket_->Head(whole));
  return std::make_unique<S3RandomAccess>(*bucket_, std::move(object));
}

Result<ObjectInfo> S3Store::Stat(const std::string& key) {
  SLUICE_ASSIGN(const std::string whole, WholeKey(key));
  SLUICE_ASSIGN(S3Object object, bucket_->Head(whole));
  object.info.key = key;
  return std::move(object.info);
}

Result<ListPage> S3Store::List(std::string_view prefix, std::string_view after, size_t limit) {
  const std::string& mine = options_.prefix;
  SLUICE_ASSIGN(ListPage page, bucket_->List(mine + std::string(prefix),
                                             after.empty() ? "" : mine + std::string(after),
                                             std::clamp<size_t>(limit, 1, kMostListed)));
  for (ObjectInfo& object : page.objects) {
    if (!object.key.starts_with(mine)) {
      return Fail(ErrorKind::kPermanent, "s3 lists a key that was not asked for: prefix={}{}", uri_,
                  prefix);
    }
    object.key.erase(0, mine.size());
  }
  if (page.next) page.next->erase(0, mine.size());
  std::erase_if(page.objects, [&](const ObjectInfo& object) {
    if (CheckKey(object.key)) return false;
    const bool is_marker = object.key.ends_with('/') && object.size.count == 0;
    if (!is_marker) ++page.without_key;
    return true;
  });
  return page;
}

Status S3Store::Remove(const std::string& key) {
  SLUICE_ASSIGN(const std::string whole, WholeKey(key));
  return bucket_->Delete(whole);
}

Result<size_t> S3Store::AbortUploads(Timestamp before) {
  SLUICE_ASSIGN(const auto uploads, bucket_->Uploads(options_.prefix));
  size_t ended = 0;
  for (const S3UnfinishedUpload& upload : uploads) {
    if (upload.initiated >= before || !upload.key.starts_with(options_.prefix)) continue;
    SLUICE_TRY(bucket_->AbortUpload(upload.key, upload.id));
    ++ended;
  }
  return ended;
}

Status S3Store::TakesObjects() {
  return TryUpload("sluice-check").begun;
}

TriedUpload S3Store::TryUpload(const std::string& key) {
  const auto whole = WholeKey(key);
  if (!whole) return {.begun = std::unexpected(whole.error()), .ended = {}};
  const auto id = bucket_->BeginUpload(*whole);
  if (!id) return {.begun = std::unexpected(id.error()), .ended = {}};
  return {.begun = {}, .ended = bucket_->AbortUpload(*whole, *id)};
}

}  // namespace sluice
