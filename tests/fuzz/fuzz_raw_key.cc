// SPDX-License-Identifier: Apache-2.0
// The first line is a layout, the rest a key. Keys that a layout makes are legal and give their
// hour back; derived keys are legal whatever the raw key, the table and the ETag are.
#include "sluice/base/utf8.h"
#include "sluice/object/object_names.h"
#include "tests/fuzz/fuzz_target.h"

namespace sluice {
namespace {

using std::chrono::floor;
using std::chrono::hours;

void CheckLayout(const RawLayout& layout, std::string_view key) {
  for (const int64_t seconds : {951'782'400LL, 1'795'000'000LL, 4'102'444'799LL}) {  // 2000 to 2099
    const Timestamp landed{std::chrono::seconds(seconds)};
    const RawKey made = layout.KeyFor(landed, "name");
    SLUICE_CHECK(CheckKey(made.text));
    const auto hour = layout.HourOf(made);
    SLUICE_CHECK(hour);
    SLUICE_CHECK(*hour == floor<hours>(landed) || *hour == floor<std::chrono::days>(landed));
  }
  const auto hour = layout.HourOf({std::string(key)});
  if (hour) SLUICE_CHECK(*hour == floor<hours>(*hour));
}

void CheckDerivedKeys(std::string_view text) {
  const ObjectIdentity identity{
      .store_uri = "file:///raw/", .key = {std::string(text)}, .etag = std::string(text)};
  const std::string shown = identity.ToText();
  SLUICE_CHECK(shown.substr(0, shown.rfind('#')) == "file:///raw/" + std::string(text));
  SLUICE_CHECK(identity.Id() >= 0);
  SLUICE_CHECK(CheckKey(ParquetKeyFor(identity, Timestamp(), text, "r").text));
  SLUICE_CHECK(CheckKey(QuarantineKeyFor(identity, Timestamp(), "r").text));
  SLUICE_CHECK(CheckKey(ForeignMessageKeyFor(text).text));
  const std::string folder = ShardLogFolder(text, "s", text);
  SLUICE_CHECK(ShardEntryNumberOf(folder, ShardEntryKeyFor(folder, text.size()).text).value() ==
               text.size());
  SLUICE_CHECK(CheckKey(ShardEntryKeyFor(folder, text.size()).text));
  if (const auto number = ShardEntryNumberOf("", text)) {
    SLUICE_CHECK(ShardEntryKeyFor("", *number).text == text);
  }
}

}  // namespace

std::vector<std::string> FuzzSeeds() {
  return {"date=%Y-%m-%d/%H/\ndate=2026-11-23/14/20261123T141502Z-01ARZ3.ndjson.zst",
          "%Y/%-m/%-d/%-H/\n2026/1/9/7/part-1.json.gz",
          "y=%y/%j/%H-%M/\ny=26/327/14-15/x",
          "100%%/%Y/%j/\n100%/2024/366/a/b.c",
          "%Y%m%d/\n20240229/..%2F",
          "\n../../etc/passwd",
          "\n999999999988.json"};
}

}  // namespace sluice

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice;
  const std::string_view text = FuzzInput(data, size).Rest();
  const size_t newline = std::min(text.find('\n'), text.size());
  const std::string_view key = text.substr(std::min(newline + 1, text.size()));
  if (const auto layout = RawLayout::Parse(text.substr(0, newline))) CheckLayout(*layout, key);
  if (CheckKey(key)) SLUICE_CHECK(IsUtf8(key) && !key.empty() && key.size() <= 1024);
  CheckDerivedKeys(key);
  return 0;
}
