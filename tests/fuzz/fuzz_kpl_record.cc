// SPDX-License-Identifier: Apache-2.0
// The first byte chooses: the rest is a record as it stands, or the message in a frame that is
// right. What comes of it lies in the record, in order; a plain record stays one.
#include "sluice/event/kpl_record.h"
#include "sluice/event/kpl_record_for_test.h"
#include "tests/fuzz/fuzz_target.h"

namespace sluice {
namespace {

void CheckViews(std::string_view record) {
  const auto users = UserRecordsOf(record);
  if (!users) return;
  SLUICE_CHECK(!users->empty() && users->size() <= record.size() / 6);
  const char* at = record.data();
  for (const std::string_view user : *users) {
    SLUICE_CHECK(user.data() >= at && user.data() + user.size() <= record.data() + record.size());
    at = user.data() + user.size();
  }
}

void CheckRoundTrip(std::string_view text) {
  std::vector<std::string> data;
  for (size_t at = 0; at <= text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    data.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
  const std::string record = KplRecord(data);
  const auto users = UserRecordsOf(record);
  SLUICE_CHECK(users && users->size() == data.size());
  for (size_t i = 0; i < data.size(); ++i) SLUICE_CHECK((*users)[i] == data[i]);
}

}  // namespace

std::vector<std::string> FuzzSeeds() {
  const std::string record = KplRecord({"{\"a\":1}", "", std::string(200, 'x')});
  const std::string message = record.substr(4, record.size() - 20);
  return {"\x01" + record, std::string(1, 0) + message, "\x02{\"a\":1}\n{\"b\":2}",
          std::string(1, 0) + ProtobufBytes(3, "\x08\x01\x10\x02\x22\x03\x0A\x01t\x1A\x01z")};
}

}  // namespace sluice

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice;
  FuzzInput input(data, size);
  const uint8_t choice = input.Byte();
  if (choice % 3 == 0) CheckViews(KplFrame(input.Rest()));
  if (choice % 3 == 1) CheckViews(input.Rest());
  if (choice % 3 == 2) CheckRoundTrip(input.Rest());
  return 0;
}
