// SPDX-License-Identifier: Apache-2.0
// Any text as sluice.yaml: a configuration whose rules and paths can be served, or errors, each
// with its place.
#include "sluice/config/load_config.h"
#include "sluice/ndjson/event_converter.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/places.h"
#include "tests/fuzz/seed_files.h"

namespace sluice {
namespace {

constexpr std::string_view kDdl =
    "CREATE TABLE t (id CHAR(36) NOT NULL, at TIMESTAMP NOT NULL, v VARCHAR(9), n BIGINT, extra "
    "SUPER)";

constexpr std::string_view kSecret = "hunter2";

class OneSecret : public SecretSource {
 public:
  Result<Secret> Resolve(std::string_view reference) const override {
    if (reference == "env:TOKEN") return Secret(std::string(kSecret));
    return Fail(ErrorKind::kPermanent, "no such secret");
  }
};

// Every name of a file gives the same DDL; nothing is read from the disk.
Result<DdlFile> OpenDdl(const std::string& path) {
  if (path.empty()) return Fail(ErrorKind::kNotFound, "no such file");
  return DdlFile{"f.yaml", std::string(kDdl)};
}

void CheckPath(const FieldPath& path) {
  SLUICE_CHECK(!path.empty() && path.size() <= 32);
  for (const std::string& key : path) SLUICE_CHECK(!key.empty());
}

void CheckTables(const TableSet& tables) {
  for (const RoutingRule& rule : tables.rules) {
    SLUICE_CHECK(!rule.table || *rule.table < tables.tables.size());
    for (const Condition& condition : rule.conditions) {
      if (condition.kind != Condition::Kind::kAny) CheckPath(condition.path);
    }
  }
  for (const Table& table : tables.tables) {
    SLUICE_CHECK(table.sources.size() == table.schema.columns.size());
    for (const ColumnSource& source : table.sources) CheckPath(source.path);
  }
  SLUICE_CHECK(EventConverter::Make(tables));  // takes every literal of `equals`
}

}  // namespace

std::vector<std::string> FuzzSeeds() {
  std::vector<std::string> seeds = SourceSeeds({"examples/tracking/sluice.yaml"});
  for (std::string& seed : GoldenSeeds("convert", "sluice.yaml")) seeds.push_back(std::move(seed));
  seeds.push_back(
      "name: t\nregion: r\nsecretsmanager: {region: s}\nwarehouse: {postgres: {host: h, database: "
      "d, "
      "user: u, password: "
      "'secretsmanager:arn:aws:secretsmanager:eu-west-1:222222222222:secret:n#k'}}"
      "\ntables: [{ddl: a, when: any, unique: [id]}]\n");
  return seeds;
}

}  // namespace sluice

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice;
  const std::string_view text = FuzzInput(data, size).Rest();
  const auto config = ParseConfig(
      {.origin = "f.yaml", .folder = "/f", .text = text, .open_ddl = OpenDdl}, OneSecret());
  if (config) {
    CheckTables(*config->tables);
  } else {
    SLUICE_CHECK(config.error().kind() == ErrorKind::kPermanent);
    // Messages show what stands in the text, but never what a reference in it leads to.
    SLUICE_CHECK(text.contains(kSecret) || !config.error().message().contains(kSecret));
    // A fault of the DDL has its place there, under the same name.
    CheckPlaces(config.error().message(), "f.yaml", std::string(text).append(kDdl));
  }
  return 0;
}
