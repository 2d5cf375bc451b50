// SPDX-License-Identifier: Apache-2.0
#include "sluice/app/this_build.h"

#include <fmt/format.h>

#include <string_view>

#include "sluice/app/pipeline_parts.h"
#include "sluice/config/warehouse_section.h"
#include "sluice/warehouse/data_api_limits.h"

namespace sluice {
namespace {

// The key below warehouse: of Redshift, which reads buckets only; else empty.
std::string_view RedshiftKey(const WarehouseConfig& warehouse) {
  if (std::holds_alternative<RedshiftTarget>(warehouse.target)) return "redshift";
  if (std::holds_alternative<RedshiftDataApiTarget>(warehouse.target)) return "redshift_data_api";
  return "";
}

// Services have regions, endpoints and owners; folders and a DuckDB file have none.
struct WithoutEffect {
  std::string_view key, why;
  bool (*holds)(const PipelineConfig& config);
};

bool SourceIsFolder(const PipelineConfig& config) {
  return config.source.location.is_folder();
}
bool IsAtS3(const Location& location) {
  return location.kind == Location::Kind::kS3;
}
// Checkpoints are reached as raw objects are.
bool RawIsFolder(const PipelineConfig& config) {
  return config.raw.location.is_folder() && !IsAtS3(config.source.checkpoints.location);
}
bool RawKnowsNoRegion(const PipelineConfig& config) {
  return RawIsFolder(config) && config.raw.notifications.is_folder();
}
bool ParquetIsFolder(const PipelineConfig& config) {
  return config.parquet.location.is_folder();
}
bool QuarantineIsFolder(const PipelineConfig& config) {
  return config.quarantine.location.is_folder();
}
bool IsNoRedshift(const PipelineConfig& config) {
  return RedshiftKey(config.warehouse).empty();
}
bool IsDuckDb(const PipelineConfig& config) {
  return std::holds_alternative<DuckDbTarget>(config.warehouse.target);
}
bool KeepsNoSecret(const PipelineConfig& config) {
  return !KeptPasswordOf(config.warehouse) &&
         !std::holds_alternative<KeptSecret>(config.alert.webhook);
}
bool NothingIsAtAws(const PipelineConfig& config) {
  return SourceIsFolder(config) && RawKnowsNoRegion(config) && ParquetIsFolder(config) &&
         QuarantineIsFolder(config) && IsNoRedshift(config) && KeepsNoSecret(config);
}

constexpr WithoutEffect kWithoutEffect[] = {
    {"region", "folders and DuckDB have no region", NothingIsAtAws},
    {"source.assume_role", "a folder needs no role", SourceIsFolder},
    {"source.region", "a folder has no region", SourceIsFolder},
    {"source.endpoint", "a folder has no endpoint", SourceIsFolder},
    {"raw.region", "a folder has no region", RawKnowsNoRegion},
    {"raw.endpoint", "a folder has no endpoint", RawIsFolder},
    {"raw.bucket_owner", "a folder is no bucket", RawIsFolder},
    {"raw.kms_key", "a folder is not encrypted", RawIsFolder},
    {"raw.part_size", "a folder takes whole objects", RawIsFolder},
    {"parquet.region", "a folder has no region", ParquetIsFolder},
    {"parquet.endpoint", "a folder has no endpoint", ParquetIsFolder},
    {"parquet.bucket_owner", "a folder is no bucket", ParquetIsFolder},
    {"parquet.kms_key", "a folder is not encrypted", ParquetIsFolder},
    {"parquet.part_size", "a folder takes whole objects", ParquetIsFolder},
    {"quarantine.region", "a folder has no region", QuarantineIsFolder},
    {"quarantine.endpoint", "a folder has no endpoint", QuarantineIsFolder},
    {"quarantine.bucket_owner", "a folder is no bucket", QuarantineIsFolder},
    {"quarantine.kms_key", "a folder is not encrypted", QuarantineIsFolder},
    {"quarantine.part_size", "a folder takes whole objects", QuarantineIsFolder},
    {"secretsmanager", "no secret is kept there", KeepsNoSecret},
    {"warehouse.copy_role", "only Redshift reads by a role", IsNoRedshift},
    {"warehouse.timeouts", "DuckDB is a file: nothing in it times out", IsDuckDb},
};

std::vector<std::string> TablesTheDataApiRefuses(const PipelineConfig& config) {
  if (!std::holds_alternative<RedshiftDataApiTarget>(config.warehouse.target) || !config.tables) {
    return {};
  }
  std::vector<std::string> found;
  for (const TableSetProblem& problem : DataApiProblems(*config.tables, NamesOf(config))) {
    found.push_back(
        fmt::format("table {}: {}", config.tables->tables[problem.entry].name(), problem.message));
  }
  return found;
}

}  // namespace

Status RequireKindsOfThisBuild(const PipelineConfig& config) {
  std::string problems;
  const auto refuse = [&](const std::string& key, std::string_view why) {
    const auto place = config.places.find(key);
    problems += fmt::format("{}{}: {}: {}", problems.empty() ? "" : "\n",
                            place == config.places.end() ? config.origin : place->second, key, why);
  };
  const std::string_view redshift = RedshiftKey(config.warehouse);
  if (redshift.empty()) return {};
  const std::string key = fmt::format("warehouse.{}", redshift);
  for (const auto& [part, store] :
       {std::pair<const char*, const StoreConfig*>{"parquet.url", &config.parquet},
        {"quarantine.url", &config.quarantine}}) {
    if (store->location.is_folder())
      refuse(part, "Redshift reads buckets only; write s3://BUCKET/PREFIX/");
  }
  if (config.warehouse.copy_role.empty()) {
    refuse(key,
           "COPY reads the bucket by a role; write warehouse.copy_role: the ARN of the "
           "cluster's role, or a list that ends with the bucket's");
  }
  for (const std::string& why : TablesTheDataApiRefuses(config)) refuse(key, why);
  if (problems.empty()) return {};
  return std::unexpected(Error(ErrorKind::kPermanent, std::move(problems)));
}

std::vector<std::string> KeysWithoutEffect(const PipelineConfig& config) {
  std::vector<std::string> found;
  for (const auto& [key, why, holds] : kWithoutEffect) {
    const auto place = config.places.find(std::string(key));
    if (place == config.places.end() || !holds(config)) continue;
    found.push_back(fmt::format("{}: {} has no effect: {}", place->second, key, why));
  }
  return found;
}

}  // namespace sluice
