// SPDX-License-Identifier: Apache-2.0
#include "sluice/config/warehouse_section.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "sluice/config/service_section.h"
#include "sluice/schema/postgres_limits.h"

namespace sluice {
namespace {

bool IsPlainIdentifier(std::string_view name) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
  return name.size() <= 127 && is_letter(name.front()) &&
         std::ranges::all_of(name, [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

// Reads a text that must be there when its section is.
void Require(ConfigSection& section, std::string_view key, std::string& out) {
  section.Text(key, out);
  if (section.is_given() && !section.HasAny({key})) section.Missing(key);
}

void ReadDuckDb(ConfigSection& warehouse, const std::string& folder, WarehouseConfig& config) {
  std::string path;
  if (!warehouse.Text("duckdb", path)) return;
  const std::filesystem::path joined = std::filesystem::path(folder) / path;
  config.target = DuckDbTarget{joined.lexically_normal().string()};
}

void ReadTls(ConfigSection& section, TlsOptions& tls) {
  section.Choice("tls", tls.mode,
                 {{"verify-full", ServerTls::kVerifyFull},
                  {"require", ServerTls::kRequire},
                  {"disable", ServerTls::kDisable}});
  section.Text("tls_root", tls.root);
}

void ReadPostgres(ConfigSection section, const std::string& secrets_region,
                  WarehouseConfig& config) {
  PostgresTarget target;
  Require(section, "host", target.host);
  section.Number("port", target.port, 1, 65'535);
  Require(section, "database", target.database);
  Require(section, "user", target.user);
  section.SecretWhenNeeded("password", secrets_region, target.password);
  ReadTls(section, target.tls);
  section.RefuseOthers();
  if (section.is_given()) config.target = std::move(target);
}

void ReadRedshift(ConfigSection section, const std::string& region,
                  const std::string& secrets_region, WarehouseConfig& config) {
  RedshiftTarget target;
  Require(section, "host", target.host);
  section.Number("port", target.port, 1, 65'535);
  Require(section, "database", target.database);
  Require(section, "user", target.user);
  section.Choice("auth", target.auth,
                 {{"iam", RedshiftAuth::kIam}, {"password", RedshiftAuth::kPassword}});
  section.SecretWhenNeeded("password", secrets_region, target.password);
  const bool by_password = target.auth == RedshiftAuth::kPassword;
  if (by_password && !section.HasAny({"password"})) section.Missing("password");
  if (!by_password && section.HasAny({"password"})) {
    section.Wrong(*section.Find("password"), "password", "is for 'auth: password'");
  }
  const bool cluster = section.Text("cluster", target.cluster);
  if (section.Text("workgroup", target.workgroup) && cluster) {
    section.WrongHere("wanted one of cluster and workgroup; found both");
  }
  ReadTls(section, target.tls);
  const bool needs_region = section.is_given() && !by_password;
  ReadService(section, region, needs_region ? NeedsRegion::kYes : NeedsRegion::kNo, target.service);
  target.assume_role = ReadAssumeRole(section);
  if (by_password && target.assume_role) {
    section.Wrong(*section.Find("assume_role"), "assume_role", "is for 'auth: iam'");
  }
  section.RefuseOthers();
  if (section.is_given()) config.target = std::move(target);
}

void ReadDataApi(ConfigSection section, const std::string& region, WarehouseConfig& config) {
  RedshiftDataApiTarget target;
  const bool cluster = section.Text("cluster", target.cluster);
  const bool workgroup = section.Text("workgroup", target.workgroup);
  if (cluster && workgroup) section.WrongHere("wanted one of cluster and workgroup; found both");
  if (section.is_given() && !section.HasAny({"cluster", "workgroup"})) {
    section.Missing("cluster", "or workgroup, of Redshift Serverless");
  }
  Require(section, "database", target.database);
  const bool user = section.Text("user", target.user);
  if (section.Text("secret_arn", target.secret_arn) && user) {
    section.WrongHere("wanted one of user and secret_arn; found both");
  }
  if (workgroup && user) {
    section.Wrong(*section.Find("user"), "user",
                  "is of a cluster; in a workgroup statements are of whoever signs, or of the user "
                  "of secret_arn");
  }
  ReadService(section, region, section.is_given() ? NeedsRegion::kYes : NeedsRegion::kNo,
              target.service);
  target.assume_role = ReadAssumeRole(section);
  section.RefuseOthers();
  if (section.is_given()) config.target = std::move(target);
}

void ReadCopyRole(ConfigSection& warehouse, std::vector<std::string>& roles) {
  const YamlNode* node = warehouse.Find("copy_role");
  if (!node || node->kind != YamlNode::Kind::kList) {
    std::string role;
    if (warehouse.Text("copy_role", role)) roles = {role};
  } else {
    for (const YamlNode& item : node->items) roles.push_back(item.text);
  }
  // The ARNs are joined by commas in COPY's IAM_ROLE (fault S4).
  const bool legal = std::ranges::all_of(roles, [](const std::string& role) {
    return role.starts_with("arn:") && role.find_first_of(" ,'\"\\\n") == std::string::npos;
  });
  if (!legal) warehouse.Wrong(*node, "copy_role", "wanted the ARN of a role, or a list of them");
}

}  // namespace

void ReadWarehouse(ConfigSection warehouse, const std::string& folder, const std::string& region,
                   const std::string& secrets_region, WarehouseConfig& config) {
  ReadDuckDb(warehouse, folder, config);
  ReadPostgres(warehouse.Section("postgres"), secrets_region, config);
  ReadRedshift(warehouse.Section("redshift"), region, secrets_region, config);
  ReadDataApi(warehouse.Section("redshift_data_api"), region, config);
  int targets = 0;
  for (std::string_view key : {"duckdb", "postgres", "redshift", "redshift_data_api"}) {
    targets += warehouse.HasAny({key}) ? 1 : 0;
  }
  if (targets > 1) {
    warehouse.WrongHere(
        "wanted one of duckdb, postgres, redshift and redshift_data_api; found several");
  }
  if (warehouse.is_given() && targets == 0) {
    warehouse.Missing("redshift", "or redshift_data_api, postgres or duckdb: where rows go");
  }
  ReadCopyRole(warehouse, config.copy_role);
  if (warehouse.Text("schema", config.schema) && !IsPlainIdentifier(config.schema)) {
    warehouse.Wrong(*warehouse.Find("schema"), "schema",
                    "wanted a name of lower-case letters, digits and '_', at most 127");
  } else if (std::holds_alternative<PostgresTarget>(config.target) &&
             config.schema.size() > kLongestPostgresName) {
    warehouse.Wrong(*warehouse.Find("schema"), "schema",
                    fmt::format("has {} bytes, and a name in PostgreSQL at most {}",
                                config.schema.size(), kLongestPostgresName));
  }
  ConfigSection timeouts = warehouse.Section("timeouts");
  const auto least = std::chrono::seconds(1);
  timeouts.Duration("connect", config.connect_timeout, least);
  timeouts.Duration("copy", config.copy_timeout, least);
  timeouts.Duration("lock", config.lock_timeout, least);
  timeouts.Duration("commit", config.commit_timeout, least);
  timeouts.RefuseOthers();
  warehouse.RefuseOthers();
}

std::optional<KeptPassword> KeptPasswordOf(const WarehouseConfig& config) {
  const auto kept = [](const char* key, const auto* target) -> std::optional<KeptPassword> {
    const auto* secret = target ? std::get_if<KeptSecret>(&target->password) : nullptr;
    if (secret == nullptr) return std::nullopt;
    return KeptPassword{key, *secret};
  };
  const auto postgres =
      kept("warehouse.postgres.password", std::get_if<PostgresTarget>(&config.target));
  if (postgres) return postgres;
  return kept("warehouse.redshift.password", std::get_if<RedshiftTarget>(&config.target));
}

}  // namespace sluice
