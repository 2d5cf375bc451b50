// SPDX-License-Identifier: Apache-2.0
// Whatever the body, the reader answers, and what it takes for an object survives a round trip.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <variant>

#include "sluice/base/check.h"
#include "sluice/event/s3_notification.h"

namespace sluice {
namespace {

void CheckRoundTrip(const ObjectCreated& object) {
  const auto again = ParseS3Notification(FormatS3Notification(object, Timestamp()));
  SLUICE_CHECK(again.size() == 1);
  const auto* same = std::get_if<ObjectCreated>(&again[0]);
  SLUICE_CHECK(same != nullptr);
  SLUICE_CHECK(same->bucket == object.bucket && same->key == object.key);
  SLUICE_CHECK(same->size == object.size && same->etag == object.etag);
  SLUICE_CHECK(same->version_id == object.version_id && same->sequencer == object.sequencer);
  SLUICE_CHECK(same->region == object.region && same->event_name == object.event_name);
}

}  // namespace
}  // namespace sluice

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice;
  const auto records = ParseS3Notification({reinterpret_cast<const char*>(data), size});
  SLUICE_CHECK(!records.empty());
  for (const NotificationRecord& record : records)
    if (const auto* object = std::get_if<ObjectCreated>(&record)) CheckRoundTrip(*object);
  return 0;
}
