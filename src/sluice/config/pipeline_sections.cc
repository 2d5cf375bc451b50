// SPDX-License-Identifier: Apache-2.0
#include "sluice/config/pipeline_sections.h"

#include <fmt/format.h>

#include <algorithm>

#include "sluice/config/service_section.h"
#include "sluice/config/stream_section.h"
#include "sluice/config/warehouse_section.h"
#include "sluice/object/object_names.h"

namespace sluice {
namespace {

using std::chrono::milliseconds;

// Reads text that `parse` turns into a Location.
template <typename Parse>
bool ReadLocation(ConfigSection& section, std::string_view key, Location& out, Parse&& parse) {
  std::string text;
  if (!section.Text(key, text)) return false;
  Result<Location> location = parse(text);
  if (!location) {
    section.Wrong(*section.Find(key), key, location.error().message());
    return false;
  }
  out = std::move(*location);
  return true;
}

void ReadName(ConfigSection& root, std::string& name) {
  if (!root.Text("name", name)) {
    if (!root.place().Find("name")) root.Missing("name", "it stands in ledger rows and tags");
    return;
  }
  const bool legal = std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
  if (name.size() > 63 || !legal) {
    root.Wrong(*root.Find("name"), "name", "wanted 1 to 63 letters, digits, '_' and '-'");
  }
}

void ReadSource(ConfigSection source, const std::string& folder, const std::string& region,
                SourceConfig& config) {
  const bool sqs = ReadLocation(source, "sqs", config.location, ParseSqsUrl);
  const bool kinesis = ReadLocation(source, "kinesis", config.location, ParseKinesisStream);
  const bool dir = ReadLocation(source, "dir", config.location, [&](std::string_view path) {
    return ParseDirectory(path, folder);
  });
  if (int{sqs} + int{kinesis} + int{dir} > 1) {
    source.WrongHere("wanted one of sqs, kinesis and dir; found several");
  }
  if (source.is_given() && !source.HasAny({"sqs", "kinesis", "dir"})) {
    source.Missing("sqs", "or kinesis or dir: where messages come from");
  }
  ReadStreamProgress(source, folder, config);
  config.assume_role = ReadAssumeRole(source);
  ReadService(source, region, sqs || kinesis ? NeedsRegion::kYes : NeedsRegion::kNo,
              config.service);
  source.RefuseOthers();
}

// `url:` of a store, and what S3 needs to know.
void ReadStore(ConfigSection& section, const std::string& folder, const std::string& region,
               StoreConfig& store) {
  ReadLocation(section, "url", store.location,
               [&](std::string_view text) { return ParseStoreLocation(text, folder); });
  if (section.is_given() && !section.HasAny({"url"})) {
    section.Missing("url", "s3://bucket/prefix/ or dir:PATH");
  }
  const bool is_s3 = store.location.kind == Location::Kind::kS3;
  ReadService(section, region, is_s3 ? NeedsRegion::kYes : NeedsRegion::kNo, store.service);
  ReadBucket(section, store);
}

void ReadRaw(ConfigSection raw, const std::string& folder, const std::string& region,
             const Location& source, RawConfig& config) {
  ReadStore(raw, folder, region, config);
  if (raw.Text("layout", config.layout)) {
    if (const auto layout = RawLayout::Parse(config.layout); !layout) {
      raw.Wrong(*raw.Find("layout"), "layout", layout.error().message());
    }
  }
  raw.Choice("compression", config.compression,
             {{"zstd", StreamFormat::kZstd},
              {"gzip", StreamFormat::kGzip},
              {"none", StreamFormat::kPlain}});
  ConfigSection close_at = raw.Section("close_at");
  close_at.Duration("age", config.close_age, std::chrono::seconds(1));
  close_at.Size("size", config.close_size);
  close_at.RefuseOthers();
  ReadLocation(raw, "notifications", config.notifications,
               [&](std::string_view text) { return ParseQueueLocation(text, folder); });
  raw.RefuseOthers();
  if (config.location.kind == Location::Kind::kS3 && config.notifications.is_folder()) {
    raw.Wrong(*raw.Find("notifications"), "notifications",
              "S3 announces its objects to an SQS queue: wanted its address");
  }
  // S3 tells an SQS queue; of a directory only landing can tell, and does so beside the source.
  if (config.notifications.kind == Location::Kind::kNone && config.location.is_folder() &&
      source.is_folder() && !raw.HasAny({"notifications"})) {
    config.notifications = source;
  }
}

void ReadParquet(ConfigSection parquet, const std::string& folder, const std::string& region,
                 ParquetConfig& config) {
  ReadStore(parquet, folder, region, config);
  parquet.Choice(
      "compression", config.compression,
      {{"snappy", Codec::kSnappy}, {"zstd", Codec::kZstd}, {"none", Codec::kUncompressed}});
  parquet.RefuseOthers();
}

void ReadQuarantine(ConfigSection quarantine, const std::string& folder, const std::string& region,
                    QuarantineConfig& config) {
  ReadStore(quarantine, folder, region, config);
  quarantine.Share("warn_above", config.warn_above);
  quarantine.Share("hold_above", config.hold_above);
  quarantine.RefuseOthers();
}

// Keys of one store must not be keys of another: what sluice writes would come back as new raw
// objects (fault N10).
void CheckStoresAreApart(ConfigSection& root, const PipelineConfig& config) {
  struct Store {
    const char *section, *key;
    const Location& location;
  };
  const Store stores[] = {{"raw", "url", config.raw.location},
                          {"parquet", "url", config.parquet.location},
                          {"quarantine", "url", config.quarantine.location},
                          {"source", "checkpoints", config.source.checkpoints.location}};
  const auto begin_of = [](const Location& location) {
    return location.text.ends_with('/') ? location.text : location.text + '/';
  };
  for (size_t b = 1; b < std::size(stores); ++b) {
    for (size_t a = 0; a < b; ++a) {
      const Store &first = stores[a], &second = stores[b];
      if (first.location.kind == Location::Kind::kNone) continue;
      if (second.location.kind == Location::Kind::kNone) continue;
      const std::string one = begin_of(first.location), other = begin_of(second.location);
      if (!one.starts_with(other) && !other.starts_with(one)) continue;
      ConfigSection section = root.Section(second.section);
      section.Wrong(*section.Find(second.key), second.key,
                    fmt::format("{}.{} and {}.{} are one place or lie in each other; wanted "
                                "separate ones",
                                first.section, first.key, second.section, second.key));
    }
  }
}

// Checkpoints are reached as raw objects are; where those are in a folder, in the stream's region.
void SettleCheckpoints(PipelineConfig& config) {
  ServiceOptions& service = config.source.checkpoints.service;
  service = config.raw.service;
  config.source.checkpoints.bucket_owner = config.raw.bucket_owner;
  config.source.checkpoints.kms_key = config.raw.kms_key;
  config.source.checkpoints.part_size = config.raw.part_size;
  if (service.region.empty()) service.region = config.source.service.region;
}

void ReadLoad(ConfigSection load, LoadConfigOptions& config) {
  load.Duration("every", config.every, milliseconds(100));
  load.Size("max_size", config.max_size);
  load.Duration("deadline", config.deadline, std::chrono::seconds(1));
  load.Number("threads", config.threads, 1, 1024, "auto");
  load.Size("memory", config.memory);
  load.RefuseOthers();
}

void ReadAlert(ConfigSection alert, const std::string& secrets_region, AlertConfig& config) {
  alert.SecretWhenNeeded("webhook", secrets_region, config.webhook);
  alert.Duration("stale_after", config.stale_after, std::chrono::seconds(1));
  alert.RefuseOthers();
}

void ReadReconcile(ConfigSection reconcile, ReconcileConfig& config) {
  reconcile.Duration("every", config.every, milliseconds(0));
  reconcile.Duration("since", config.since, std::chrono::hours(1));
  reconcile.Duration("grace", config.grace, milliseconds(0));
  reconcile.RefuseOthers();
}

void ReadLog(ConfigSection log, LogConfig& config) {
  log.Choice("level", config.level,
             {{"debug", LogLevel::kDebug},
              {"info", LogLevel::kInfo},
              {"warning", LogLevel::kWarning},
              {"error", LogLevel::kError},
              {"off", LogLevel::kOff}});
  log.Choice("format", config.format, {{"text", LogFormat::kText}, {"json", LogFormat::kJson}});
  log.RefuseOthers();
}

}  // namespace

void ReadSections(ConfigSection& root, const std::string& folder, PipelineConfig& config) {
  ReadName(root, config.name);
  std::string region;
  root.Text("region", region);
  ReadSecretsManager(root.Section("secretsmanager"), region, config.secrets_manager);
  const std::string& secrets_region = config.secrets_manager.service.region;
  ReadSource(root.Section("source"), folder, region, config.source);
  ReadRaw(root.Section("raw"), folder, region, config.source.location, config.raw);
  ReadParquet(root.Section("parquet"), folder, region, config.parquet);
  ReadQuarantine(root.Section("quarantine"), folder, region, config.quarantine);
  ReadWarehouse(root.Section("warehouse"), folder, region, secrets_region, config.warehouse);
  SettleCheckpoints(config);
  CheckStoresAreApart(root, config);
  ReadLoad(root.Section("load"), config.load);
  ReadAlert(root.Section("alert"), secrets_region, config.alert);
  ReadReconcile(root.Section("reconcile"), config.reconcile);
  ReadLog(root.Section("log"), config.log);
}

}  // namespace sluice
