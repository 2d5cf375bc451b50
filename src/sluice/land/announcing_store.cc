// SPDX-License-Identifier: Apache-2.0
#include "sluice/land/announcing_store.h"

#include <fmt/format.h>

#include "sluice/base/check.h"
#include "sluice/event/s3_notification.h"

namespace sluice {
namespace {

constexpr std::string_view kFileScheme = "file://";

std::string BucketOf(std::string_view uri) {
  SLUICE_CHECK(uri.starts_with(kFileScheme));
  uri.remove_prefix(kFileScheme.size());
  while (uri.size() > 1 && uri.ends_with('/')) uri.remove_suffix(1);
  return std::string(uri);
}

class AnnouncedObject : public PendingObject {
 public:
  AnnouncedObject(std::unique_ptr<PendingObject> object, const std::string& bucket,
                  Queue& notifications, Clock& clock)
      : object_(std::move(object)), bucket_(bucket), notifications_(notifications), clock_(clock) {}

  Status Write(std::string_view data) override { return object_->Write(data); }

  Result<Committed> Commit() override {
    SLUICE_ASSIGN(Committed committed, object_->Commit());
    if (const Status sent = Announce(committed.info); !sent) {
      return Fail(ErrorKind::kOutcomeUnknown,
                  "cannot announce object: {}: key={}; it is stored, but nobody was told: its "
                  "messages land again",
                  sent.error().message(), committed.info.key);
    }
    return committed;
  }

 private:
  Status Announce(const ObjectInfo& info) {
    const Timestamp now = clock_.Now();
    const std::string body =
        FormatS3Notification({.bucket = bucket_,
                              .key = info.key,
                              .size = info.size,
                              .etag = info.etag,
                              .sequencer = fmt::format("{:016X}", now.time_since_epoch().count()),
                              .event_name = "ObjectCreated:Put"},
                             now);
    SLUICE_ASSIGN(const std::vector<Status> sent, notifications_.Send({&body, 1}));
    if (sent.size() != 1) return Fail(ErrorKind::kPermanent, "the queue gave no answer");
    return sent.front();
  }

  const std::unique_ptr<PendingObject> object_;
  const std::string& bucket_;
  Queue& notifications_;
  Clock& clock_;
};

}  // namespace

AnnouncingStore::AnnouncingStore(std::unique_ptr<ObjectStore> store, Queue& notifications,
                                 Clock& clock)
    : store_(std::move(store)),
      notifications_(notifications),
      clock_(clock),
      bucket_(BucketOf(store_->uri())) {}

Result<std::unique_ptr<PendingObject>> AnnouncingStore::Create(const std::string& key) {
  SLUICE_ASSIGN(std::unique_ptr<PendingObject> object, store_->Create(key));
  return std::make_unique<AnnouncedObject>(std::move(object), bucket_, notifications_, clock_);
}

}  // namespace sluice
