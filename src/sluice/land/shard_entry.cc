// SPDX-License-Identifier: Apache-2.0
#include "sluice/land/shard_entry.h"

#include <simdjson.h>

#include <array>

#include "sluice/base/json_text.h"

namespace sluice {
namespace {

using simdjson::dom::object;

constexpr int64_t kVersion = 1;
constexpr std::array<std::string_view, 3> kStates = {"landing", "landed", "finished"};

std::unexpected<Error> Bad(std::string_view what) {
  return Fail(ErrorKind::kBadData, "not an entry of a shard's log: {}", what);
}

Result<std::string> Text(const object& from, std::string_view name) {
  std::string_view text;
  if (from.at_key(name).get(text) == simdjson::SUCCESS) return std::string(text);
  return Bad(fmt::format("no text '{}'", name));
}

Result<uint64_t> Number(const object& from, std::string_view name) {
  uint64_t number = 0;
  if (from.at_key(name).get(number) == simdjson::SUCCESS) return number;
  return Bad(fmt::format("no whole number '{}'", name));
}

Result<SequenceNumber> Sequence(const object& from, std::string_view name) {
  SLUICE_ASSIGN(const std::string digits, Text(from, name));
  return SequenceNumber::Parse(digits);
}

Result<ShardEntry::State> StateIn(const object& root) {
  SLUICE_ASSIGN(const std::string name, Text(root, "state"));
  for (size_t i = 0; i < kStates.size(); ++i) {
    if (name == kStates[i]) return static_cast<ShardEntry::State>(i);
  }
  return Bad("an unknown state");
}

Result<ShardRange> RangeIn(const object& root) {
  ShardRange range;
  SLUICE_ASSIGN(range.first, Sequence(root, "first"));
  SLUICE_ASSIGN(range.last, Sequence(root, "last"));
  SLUICE_ASSIGN(range.records, Number(root, "records"));
  SLUICE_ASSIGN(range.key.text, Text(root, "key"));
  SLUICE_ASSIGN(const std::string format, Text(root, "format"));
  const auto named = StreamFormatNamed(format);
  if (!named) return Bad("an unknown format");
  range.format = *named;
  if (root.at_key("lines").error() == simdjson::SUCCESS) {
    SLUICE_ASSIGN(range.lines, Text(root, "lines"));
  }
  if (range.last < range.first) return Bad("the last record comes before the first");
  if (range.records > 0) SLUICE_TRY(CheckKey(range.key.text));
  return range;
}

}  // namespace

std::string ToJson(const ShardEntry& entry) {
  JsonText json;
  json.BeginObject().Key("version").Value(kVersion).Key("number").Value(entry.number);
  json.Key("worker").Value(entry.worker);
  json.Key("state").Value(kStates[static_cast<size_t>(entry.state)]);
  if (entry.range) {
    json.Key("first").Value(entry.range->first.digits).Key("last").Value(entry.range->last.digits);
    json.Key("records").Value(entry.range->records).Key("key").Value(entry.range->key.text);
    json.Key("format").Value(Name(entry.range->format));
    if (!entry.range->lines.empty()) json.Key("lines").Value(entry.range->lines);
  }
  json.Key("lost").Value(entry.lost).EndObject();
  return json.text() + "\n";
}

Result<ShardEntry> ParseShardEntry(std::string_view text) {
  if (text.size() > kLargestShardEntry) return Bad("it is too large");
  if (text.empty()) return Bad("it is empty");
  simdjson::dom::parser parser;
  object root;
  if (parser.parse(text.data(), text.size()).get(root) != simdjson::SUCCESS) {
    return Bad("no JSON object");
  }
  SLUICE_ASSIGN(const uint64_t version, Number(root, "version"));
  if (version != kVersion) {
    return Fail(ErrorKind::kPermanent,
                "this shard's log is of another version of sluice; use that one: version={} "
                "understood={}",
                version, kVersion);
  }
  ShardEntry entry;
  SLUICE_ASSIGN(entry.number, Number(root, "number"));
  SLUICE_ASSIGN(entry.worker, Text(root, "worker"));
  SLUICE_ASSIGN(entry.state, StateIn(root));
  SLUICE_ASSIGN(entry.lost, Number(root, "lost"));
  if (root.at_key("first").error() == simdjson::SUCCESS) {
    SLUICE_ASSIGN(entry.range, RangeIn(root));
  }
  if (!entry.range && entry.state != ShardEntry::State::kFinished) return Bad("no range");
  if (entry.state == ShardEntry::State::kLanding && entry.range->records == 0) {
    return Bad("a range without records");
  }
  return entry;
}

}  // namespace sluice
