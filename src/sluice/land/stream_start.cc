// SPDX-License-Identifier: Apache-2.0
#include "sluice/land/stream_start.h"

#include <simdjson.h>

#include "sluice/base/check.h"
#include "sluice/base/json_text.h"
#include "sluice/object/object_names.h"
#include "sluice/object/read_object.h"

namespace sluice {
namespace {

using Kind = StreamPosition::Kind;

constexpr int64_t kVersion = 1;
constexpr std::chrono::minutes kLatestIsAgo{1};
constexpr std::string_view kTrimHorizon = "trim_horizon", kTimestamp = "timestamp";
// Year 1 to 9999.
constexpr int64_t kFirstMicros = -62'135'596'800'000'000, kLastMicros = 253'402'300'799'999'999;

Result<StreamPosition> ReadStart(ObjectStore& checkpoints, const CheckpointKey& key) {
  SLUICE_ASSIGN(const std::string text, ReadObject(checkpoints, key.text, kLargestStreamStart));
  Result<StreamPosition> start = ParseStreamStart(text);
  if (!start) return std::unexpected(start.error().During(checkpoints.uri() + key.text));
  return start;
}

Status WriteStart(ObjectStore& checkpoints, const CheckpointKey& key, const StreamPosition& start) {
  SLUICE_ASSIGN(const auto pending, checkpoints.Create(key.text));
  SLUICE_TRY(pending->Write(StreamStartJson(start)));
  const auto committed = pending->Commit();
  // Of a conflict: another worker was quicker, and what it wrote holds.
  if (!committed && committed.error().kind() != ErrorKind::kConflict) {
    return std::unexpected(committed.error());
  }
  return {};
}

}  // namespace

std::string StreamStartJson(const StreamPosition& start) {
  SLUICE_CHECK(start.kind == Kind::kTrimHorizon || start.kind == Kind::kAtTimestamp);
  JsonText json;
  json.BeginObject().Key("version").Value(kVersion).Key("from");
  if (start.kind == Kind::kTrimHorizon) {
    json.Value(kTrimHorizon);
  } else {
    json.Value(kTimestamp).Key("time").Value(ToIso8601(start.time));
    json.Key("microseconds").Value(int64_t{start.time.time_since_epoch().count()});
  }
  json.EndObject();
  return json.text() + "\n";
}

Result<StreamPosition> ParseStreamStart(std::string_view text) {
  const auto bad = [](std::string_view what) {
    return Fail(ErrorKind::kBadData, "not the start of a stream's landing: {}", what);
  };
  if (text.size() > kLargestStreamStart) return bad("it is too large");
  if (text.empty()) return bad("it is empty");
  simdjson::dom::parser parser;
  simdjson::dom::object root;
  if (parser.parse(text.data(), text.size()).get(root) != simdjson::SUCCESS) {
    return bad("no JSON object");
  }
  int64_t version = 0, micros = 0;
  if (root.at_key("version").get(version) != simdjson::SUCCESS) return bad("no version");
  if (version != kVersion) {
    return Fail(ErrorKind::kPermanent,
                "this stream's landing is of another version of sluice; use that one: version={} "
                "understood={}",
                version, kVersion);
  }
  std::string_view from;
  if (root.at_key("from").get(from) != simdjson::SUCCESS) return bad("no text 'from'");
  if (from == kTrimHorizon) return StreamPosition::TrimHorizon();
  if (from != kTimestamp) return bad("'from' is neither trim_horizon nor timestamp");
  if (root.at_key("microseconds").get(micros) != simdjson::SUCCESS || micros < kFirstMicros ||
      micros > kLastMicros) {
    return bad("no time in 'microseconds'");
  }
  return StreamPosition::AtTimestamp(Timestamp(std::chrono::microseconds(micros)));
}

Result<StreamPosition> FixStreamStart(ObjectStore& checkpoints, std::string_view consumer,
                                      std::string_view stream, const StreamPosition& wanted,
                                      Clock& clock) {
  const CheckpointKey key = StreamStartKeyFor(consumer, stream);
  Result<StreamPosition> fixed = ReadStart(checkpoints, key);
  if (fixed || fixed.error().kind() != ErrorKind::kNotFound) return fixed;
  const bool is_latest = wanted.kind == Kind::kLatest;
  SLUICE_TRY(
      WriteStart(checkpoints, key,
                 is_latest ? StreamPosition::AtTimestamp(clock.Now() - kLatestIsAgo) : wanted));
  return ReadStart(checkpoints, key);
}

}  // namespace sluice
