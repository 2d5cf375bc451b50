// SPDX-License-Identifier: Apache-2.0
// Whatever the body, the reader answers, and what it takes for an object survives a round trip; so
// do bytes that become a key in a notification.
#include <algorithm>
#include <variant>

#include "sluice/base/percent_encoding.h"
#include "sluice/event/s3_notification.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/seed_files.h"

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

void CheckKeyEncoding(std::string_view text) {
  std::string encoded;
  AppendPercentEncoded(encoded, text, "/");
  SLUICE_CHECK(encoded.find_first_of(" \n&=?#\\\"") == std::string::npos);
  SLUICE_CHECK(DecodeForm(encoded).value() == text);
  if (const auto decoded = DecodeForm(text)) SLUICE_CHECK(decoded->size() <= text.size());
}

}  // namespace

std::vector<std::string> FuzzSeeds() {
  return GoldenSeeds("notification", "body.json");
}

}  // namespace sluice

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice;
  const std::string_view body = FuzzInput(data, size).Rest();
  const auto records = ParseS3Notification(body);
  SLUICE_CHECK(!records.empty() && records.size() <= std::max<size_t>(1, body.size()));
  for (const NotificationRecord& record : records) {
    if (const auto* object = std::get_if<ObjectCreated>(&record)) CheckRoundTrip(*object);
  }
  CheckKeyEncoding(body);
  return 0;
}
