// SPDX-License-Identifier: Apache-2.0
#include "sluice/app/this_build.h"

#include <fmt/format.h>

#include <string_view>
#include <utility>

namespace sluice {
namespace {

std::string_view NameOf(Location::Kind kind) {
  switch (kind) {
    case Location::Kind::kNone:
    case Location::Kind::kDirectory:
      return "";  // these it runs
    case Location::Kind::kS3:
      return "S3";
    case Location::Kind::kSqs:
      return "SQS";
    case Location::Kind::kKinesis:
      return "Kinesis";
  }
  return "";
}

// The key below warehouse: of a target that this build cannot load into; else empty.
std::string_view ForeignTarget(const WarehouseConfig& warehouse) {
  if (std::holds_alternative<PostgresTarget>(warehouse.target)) return "postgres";
  if (std::holds_alternative<RedshiftTarget>(warehouse.target)) return "redshift";
  if (std::holds_alternative<RedshiftDataApiTarget>(warehouse.target)) return "redshift_data_api";
  return "";
}

// Services have regions and roles; folders and a DuckDB file have none.
constexpr std::pair<std::string_view, std::string_view> kWithoutEffect[] = {
    {"alert.webhook", "this build sends no alerts: watch its exit code and `sluice status`"},
    {"alert.stale_after", "this build sends no alerts: watch its exit code and `sluice status`"},
    {"region", "folders and DuckDB have no region"},
    {"source.assume_role", "a folder needs no role"},
    {"source.region", "a folder has no region"},
    {"source.endpoint", "a folder has no endpoint"},
    {"raw.region", "a folder has no region"},
    {"raw.endpoint", "a folder has no endpoint"},
    {"parquet.region", "a folder has no region"},
    {"parquet.endpoint", "a folder has no endpoint"},
    {"quarantine.region", "a folder has no region"},
    {"quarantine.endpoint", "a folder has no endpoint"},
    {"warehouse.copy_role", "DuckDB needs no role"},
    {"warehouse.timeouts", "DuckDB is a file: nothing in it times out"},
};

}  // namespace

Status RequireKindsOfThisBuild(const PipelineConfig& config) {
  std::string problems;
  const auto refuse = [&](const std::string& key, std::string_view what, std::string_view instead) {
    const auto place = config.places.find(key);
    problems += fmt::format(
        "{}{}: {}: this build has no {}; write {}", problems.empty() ? "" : "\n",
        place == config.places.end() ? config.origin : place->second, key, what, instead);
  };
  const auto check = [&](const std::string& key, const Location& location,
                         std::string_view instead) {
    const std::string_view kind = NameOf(location.kind);
    if (!kind.empty()) refuse(key, kind, instead);
  };
  const Location& source = config.source.location;
  check(source.kind == Location::Kind::kKinesis ? "source.kinesis" : "source.sqs", source,
        "source: {dir: FOLDER}");
  check("raw.url", config.raw.location, "dir:FOLDER");
  check("raw.notifications", config.raw.notifications, "dir:FOLDER");
  check("parquet.url", config.parquet.location, "dir:FOLDER");
  check("quarantine.url", config.quarantine.location, "dir:FOLDER");
  const std::string_view target = ForeignTarget(config.warehouse);
  if (!target.empty()) {
    refuse(fmt::format("warehouse.{}", target),
           target == "postgres" ? "PostgreSQL loader" : "Redshift loader",
           "warehouse: {duckdb: FILE}");
  }
  if (problems.empty()) return {};
  return std::unexpected(Error(ErrorKind::kPermanent, std::move(problems)));
}

std::vector<std::string> KeysWithoutEffect(const PipelineConfig& config) {
  std::vector<std::string> found;
  for (const auto& [key, why] : kWithoutEffect) {
    const auto place = config.places.find(std::string(key));
    if (place == config.places.end()) continue;
    found.push_back(fmt::format("{}: {} has no effect: {}", place->second, key, why));
  }
  return found;
}

}  // namespace sluice
