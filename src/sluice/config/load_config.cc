// SPDX-License-Identifier: Apache-2.0
#include "sluice/config/load_config.h"

#include <filesystem>

#include "sluice/base/io.h"
#include "sluice/config/config_section.h"
#include "sluice/config/embedded_example.h"
#include "sluice/config/pipeline_sections.h"
#include "sluice/config/table_section.h"
#include "sluice/config/yaml_tree.h"

namespace sluice {
namespace {

constexpr Bytes kLargestFile = MiB(1);

// Where no secret is needed.
class NoSecrets : public SecretSource {
 public:
  Result<Secret> Resolve(std::string_view) const override { return Secret(); }
};

// The dotted keys of all scalars outside of tables, learnt by reading a file that says nothing: so
// the readers are the only list of keys.
std::vector<std::string> ScalarKeys() {
  ConfigProblems problems("");
  const NoSecrets secrets;
  ConfigReading reading{.problems = problems, .secrets = secrets};
  ConfigSection root(nullptr, "", reading);
  PipelineConfig config;
  ReadSections(root, "", config);
  return std::move(reading.scalar_keys);
}

// `tree` is what the text was parsed to, and may say more than it.
Result<PipelineConfig> Understand(YamlNode tree, const ConfigText& text,
                                  const SecretSource& secrets, const ConfigOverrides& overrides) {
  ConfigProblems problems(text.origin);
  ApplyOverrides(tree, overrides, ScalarKeys(), problems);
  ConfigReading reading{.problems = problems, .secrets = secrets, .folder = text.folder};
  ConfigSection root(&tree, "", reading);
  PipelineConfig config{.origin = text.origin};
  ReadSections(root, text.folder, config);
  const YamlNode* const tables = root.Find("tables");
  if (!text.open_ddl) {
    config.tables = std::make_shared<TableSet>();
  } else if (tables != nullptr) {
    config.tables = ReadTables(*tables, text.open_ddl, config.warehouse, reading, config.warnings);
  } else {
    root.Missing("tables", "a list of tables, each with ddl, when and unique");
  }
  root.RefuseOthers();
  if (!problems.empty()) return std::unexpected(problems.ToError());
  config.places = std::move(reading.places);
  return config;
}

// As it is written in `path`.
std::filesystem::path FolderOf(const std::string& path) {
  return std::filesystem::path(path).parent_path();
}

Result<PipelineConfig> LoadFile(const std::string& path, const DdlOpener& open_ddl,
                                const SecretSource& secrets, const ConfigOverrides& overrides) {
  SLUICE_ASSIGN(const std::string text, ReadFile(path, kLargestFile));
  const std::string shown = FolderOf(path).string();
  SLUICE_ASSIGN(const Location folder, ParseDirectory(shown.empty() ? "." : shown, ""));
  return ParseConfig({path, folder.text, text, open_ddl}, secrets, overrides);
}

Result<DdlFile> OpenEmbeddedDdl(const std::string& path) {
  if (path == "events.sql") return DdlFile{path, std::string(EmbeddedExample::kEventsDdl)};
  if (path == "utm.sql") return DdlFile{path, std::string(EmbeddedExample::kUtmDdl)};
  return Fail(ErrorKind::kNotFound, "no such file is built in: {}", path);
}

}  // namespace

Result<PipelineConfig> LoadConfig(const std::string& path, const SecretSource& secrets,
                                  const ConfigOverrides& overrides) {
  const DdlOpener open_ddl = [&](const std::string& ddl) -> Result<DdlFile> {
    const std::string name = (FolderOf(path) / ddl).string();
    SLUICE_ASSIGN(std::string sql, ReadFile(name, kLargestFile));
    return DdlFile{name, std::move(sql)};
  };
  return LoadFile(path, open_ddl, secrets, overrides);
}

Result<PipelineConfig> LoadLandingConfig(const std::string& path,
                                         const ConfigOverrides& overrides) {
  return LoadFile(path, nullptr, NoSecrets(), overrides);
}

Result<PipelineConfig> ParseConfig(const ConfigText& config, const SecretSource& secrets,
                                   const ConfigOverrides& overrides) {
  SLUICE_ASSIGN(YamlNode tree, ParseYaml(config.text, config.origin));
  return Understand(std::move(tree), config, secrets, overrides);
}

Result<PipelineConfig> LoadEmbedded(const std::string& folder, const SecretSource& secrets,
                                    const ConfigOverrides& overrides) {
  const std::string origin = "the built-in configuration";
  SLUICE_ASSIGN(YamlNode root, ParseYaml(EmbeddedExample::kConfig, origin));
  SLUICE_ASSIGN(const Location base, ParseDirectory(folder, ""));
  const std::filesystem::path path(base.text);
  SetScalar(root, "source.dir", path, "--dir");
  SetScalar(root, "raw.url", "dir:" + (path / "raw").string(), "--dir");
  SetScalar(root, "parquet.url", "dir:" + (path / "parquet").string(), "--dir");
  SetScalar(root, "quarantine.url", "dir:" + (path / "quarantine").string(), "--dir");
  SetScalar(root, "warehouse.duckdb", path / "warehouse.duckdb", "--dir");
  const ConfigText text{origin, base.text, EmbeddedExample::kConfig, OpenEmbeddedDdl};
  return Understand(std::move(root), text, secrets, overrides);
}

}  // namespace sluice
