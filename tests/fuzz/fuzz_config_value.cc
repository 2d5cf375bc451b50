// SPDX-License-Identifier: Apache-2.0
// Any text as one value of the configuration: a place, a size, a duration, a share, a path. What is
// accepted keeps to the limits, and a place is found again under the text that it became.
#include "sluice/base/bytes.h"
#include "sluice/base/utf8.h"
#include "sluice/config/location.h"
#include "sluice/config/routing_condition.h"
#include "sluice/config/units.h"
#include "tests/fuzz/fuzz_target.h"

namespace sluice {
namespace {

constexpr size_t kLongestLocation = 4096;

void CheckText(std::string_view text) {
  SLUICE_CHECK(!text.empty() && text.size() <= kLongestLocation);
  for (const char c : text) SLUICE_CHECK(static_cast<unsigned char>(c) >= 0x20 && c != 0x7F);
}

void CheckDirectory(std::string_view text) {
  const auto directory = ParseDirectory(text, "/base/folder");
  if (!directory) return;
  CheckText(directory->text);
  SLUICE_CHECK(directory->kind == Location::Kind::kDirectory);
  SLUICE_CHECK(directory->text.starts_with('/'));
  SLUICE_CHECK(directory->text == "/" || !directory->text.ends_with('/'));
  SLUICE_CHECK(ParseDirectory(directory->text, "/elsewhere").value() == *directory);
}

template <typename Parse>
void CheckLocation(std::string_view text, Parse parse) {
  const Result<Location> location = parse(text);
  if (!location) return;
  CheckText(location->text);
  if (location->kind == Location::Kind::kDirectory) return;  // relative to a folder
  SLUICE_CHECK(parse(location->text).value() == *location);
}

void CheckNumbers(std::string_view text) {
  if (const auto duration = ParseDuration(text)) {
    SLUICE_CHECK(duration->count() >= 0 && *duration <= std::chrono::years(11));
  }
  if (const auto share = ParseShare(text)) SLUICE_CHECK(*share >= 0 && *share <= 1);
  if (const auto size = ParseBytes(text)) {
    SLUICE_CHECK(ParseBytes(std::to_string(size->count)).value() == *size);
    SLUICE_CHECK(!ToText(*size).empty());
  }
}

void CheckPath(std::string_view text) {
  const auto path = ParseFieldPath(text);
  if (!path) return;
  std::string again;
  for (const std::string& key : *path) {
    if (!again.empty()) again += '.';
    for (const char c : key) {
      if (c == '.' || c == '\\') again += '\\';
      again += c;
    }
  }
  SLUICE_CHECK(again == text);
}

void CheckLiteral(std::string_view text) {
  for (const bool quoted : {false, true}) {
    const auto literal = JsonLiteralOf(
        {.kind = YamlNode::Kind::kScalar, .text = std::string(text), .quoted = quoted});
    SLUICE_CHECK(literal || !quoted);
    if (literal) SLUICE_CHECK(!literal->empty() && IsUtf8(*literal));
  }
}

}  // namespace

std::vector<std::string> FuzzSeeds() {
  return {"dir:/data/raw/../raw2/",
          "dir:relative/./path",
          "s3://acme-raw/tracking/prefix/",
          "https://sqs.eu-central-1.amazonaws.com/111111111111/tracking",
          "arn:aws:kinesis:eu-central-1:111111111111:stream/events",
          "events-stream_1.a",
          "1h30m",
          "500ms",
          "0.1%",
          "100%",
          "512MiB",
          "18446744073709551615",
          "1.5e3",
          "-0.25E-7",
          "context.page\\.url.x\\\\y",
          "/",
          "//a//",
          "true"};
}

}  // namespace sluice

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice;
  const std::string_view text = FuzzInput(data, size).Rest();
  CheckDirectory(text);
  CheckLocation(text, [](std::string_view t) { return ParseStoreLocation(t, "/base"); });
  CheckLocation(text, [](std::string_view t) { return ParseQueueLocation(t, "/base"); });
  CheckLocation(text, ParseSqsUrl);
  CheckLocation(text, ParseKinesisStream);
  CheckNumbers(text);
  if (!IsUtf8(text)) return 0;  // YAML gives UTF-8 only
  CheckPath(text);
  CheckLiteral(text);
  return 0;
}
