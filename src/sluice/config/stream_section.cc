// SPDX-License-Identifier: Apache-2.0
#include "sluice/config/stream_section.h"

namespace sluice {
namespace {

void ReadCheckpoints(ConfigSection& source, const std::string& folder, Location& location) {
  std::string text;
  if (!source.Text("checkpoints", text)) return;
  Result<Location> parsed = ParseStoreLocation(text, folder);
  if (parsed) {
    location = *std::move(parsed);
  } else {
    source.Wrong(*source.Find("checkpoints"), "checkpoints", parsed.error().message());
  }
}

void ReadFrom(ConfigSection& source, StreamPosition& from) {
  std::string text;
  if (!source.Text("from", text)) return;
  if (text == "trim_horizon") {
    from = StreamPosition::TrimHorizon();
  } else if (text == "latest") {
    from = StreamPosition::Latest();
  } else if (const auto time = FromIso8601(text)) {
    from = StreamPosition::AtTimestamp(*time);
  } else {
    source.Wrong(*source.Find("from"), "from",
                 "wanted trim_horizon, latest or a time, like 2026-11-23T14:00:00Z");
  }
}

}  // namespace

void ReadStreamProgress(ConfigSection& source, const std::string& folder, SourceConfig& config) {
  ReadCheckpoints(source, folder, config.checkpoints.location);
  ReadFrom(source, config.from);
  if (source.HasAny({"kinesis"})) {
    if (!source.HasAny({"checkpoints"})) {
      source.Missing("checkpoints",
                     "s3://bucket/prefix/ or dir:PATH: where it is kept how far the stream is "
                     "landed");
    }
    return;
  }
  for (const char* const key : {"checkpoints", "from"}) {
    if (const YamlNode* const given = source.Find(key)) {
      source.Wrong(*given, key, "is for kinesis: other sources keep no progress");
    }
  }
}

}  // namespace sluice
