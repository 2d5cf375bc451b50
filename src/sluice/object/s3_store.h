// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/object/object_store.h"
#include "sluice/object/s3_bucket.h"
#include "sluice/object/s3_upload.h"

namespace sluice {

struct S3StoreOptions {
  S3BucketOptions bucket;
  std::string prefix;  // of every key; empty, or ends in '/'
  S3TransferOptions transfer;
};

// What came of beginning an upload, and of ending it again.
struct TriedUpload {
  Status begun;
  std::optional<Status> ended;  // absent where none was begun
};

// Objects of an S3 bucket below a prefix. What a Commit answers has the clock's time as
// last_modified, to the second or so; everything else has S3's. A listing leaves out what is no key
// of a store, folder markers for one.
class S3Store final : public ObjectStore {
 public:
  // Asks nothing yet. `clock` outlives the store.
  static Result<std::unique_ptr<S3Store>> Open(S3StoreOptions options,
                                               std::shared_ptr<CredentialsSource> credentials,
                                               Clock& clock);

  const std::string& uri() const override { return uri_; }
  Result<std::unique_ptr<PendingObject>> Create(const std::string& key) override;
  Result<std::unique_ptr<ObjectReader>> Open(const std::string& key) override;
  Result<std::unique_ptr<RandomAccess>> OpenRandom(const std::string& key) override;
  Result<ObjectInfo> Stat(const std::string& key) override;
  Result<ListPage> List(std::string_view prefix, std::string_view after, size_t limit) override;
  Status Remove(const std::string& key) override;
  Status TakesObjects() override;  // an upload in parts can be begun; it is ended

  // Ends uploads below the prefix that were begun before `before`, at most 1,000: whoever began
  // them has died. How many.
  Result<size_t> AbortUploads(Timestamp before);
  // May objects be written here? Leaves nothing, and tells nobody.
  TriedUpload TryUpload(const std::string& key);

 private:
  S3Store(S3StoreOptions options, std::unique_ptr<S3Bucket> bucket, Clock& clock);
  Result<std::string> WholeKey(std::string_view key) const;

  const S3StoreOptions options_;
  const std::string uri_;
  const std::unique_ptr<S3Bucket> bucket_;
  Clock& clock_;
};

}  // namespace sluice
