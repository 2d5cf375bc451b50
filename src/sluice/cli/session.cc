// SPDX-License-Identifier: Apache-2.0
#include "sluice/cli/session.h"

#include <cstdio>
#include <filesystem>

#include "sluice/app/this_build.h"
#include "sluice/base/log.h"
#include "sluice/base/shell_word.h"
#include "sluice/cli/exit_code.h"
#include "sluice/config/load_config.h"
#include "sluice/config/process_environment.h"
#include "sluice/ndjson/scan_kernels.h"

namespace sluice {
namespace {

constexpr const char* kDefaultConfig = "sluice.yaml";
constexpr const char* kDefaultFolder = "./sluice-data";

}  // namespace

std::string GlobalFlags::Place() const {
  if (!config.empty()) return "--config " + ShellWord(config);
  return dir.empty() ? "" : "--dir " + ShellWord(dir);
}

Result<ConfigOverrides> Session::Overrides() {
  ConfigOverrides overrides{.environment = ProcessEnvironment()};
  for (const std::string& setting : flags.set) {
    const size_t equals = setting.find('=');
    if (equals == std::string::npos) {
      return WrongUsage(
          fmt::format("--set {}: write KEY=VALUE, for example load.threads=2", setting));
    }
    overrides.flags.insert_or_assign(setting.substr(0, equals), setting.substr(equals + 1));
  }
  if (!flags.log_level.empty()) overrides.flags.insert_or_assign("log.level", flags.log_level);
  return overrides;
}

Result<PipelineConfig> Session::Configuration() {
  if (const auto isa = ChosenIsa(); !isa) return WrongUsage(isa.error().message());
  SLUICE_ASSIGN(const ConfigOverrides overrides, Overrides());
  std::string file = flags.config;
  if (file.empty() && flags.dir.empty() && std::filesystem::exists(kDefaultConfig))
    file = kDefaultConfig;
  const LocalSecretSource secrets(overrides.environment);
  const std::string folder = flags.dir.empty() ? kDefaultFolder : flags.dir;
  auto config = file.empty() ? LoadEmbedded(folder, secrets, overrides)
                             : LoadConfig(file, secrets, overrides);
  if (!config) {
    is_usage_error_ = true;
    return config;
  }
  ConfigureLog(config->log.level, config->log.format);
  return config;
}

Result<std::unique_ptr<Pipeline>> Session::OpenPipeline() {
  SLUICE_ASSIGN(PipelineConfig config, Configuration());
  return OpenPipeline(std::move(config));
}

Result<std::unique_ptr<Pipeline>> Session::OpenPipeline(PipelineConfig config) {
  SLUICE_TRY(RequireRunnable(config));
  for (const std::string& warning : config.warnings) Log(LogLevel::kWarning, "{}", warning);
  for (const std::string& key : KeysWithoutEffect(config)) Log(LogLevel::kWarning, "{}", key);
  SLUICE_ASSIGN(PipelineEnvironment environment, Surroundings());
  return Pipeline::Open(std::move(config), std::move(environment));
}

Result<std::unique_ptr<PipelineView>> Session::OpenView(PipelineConfig config) {
  SLUICE_TRY(RequireRunnable(config));
  SLUICE_ASSIGN(PipelineEnvironment environment, Surroundings());
  return PipelineView::Open(std::move(config), std::move(environment));
}

Result<PipelineEnvironment> Session::Surroundings() {
  PipelineEnvironment environment{.clock = clock_, .stop = stop_, .faults = nullptr};
  SLUICE_ASSIGN(environment.faults, FaultPlan::FromEnvironment());
  return environment;
}

Status Session::RequireRunnable(const PipelineConfig& config) {
  Status runnable = sluice::RequireRunnable(config);
  if (!runnable) is_usage_error_ = true;
  return runnable;
}

std::unexpected<Error> Session::WrongUsage(std::string message) {
  is_usage_error_ = true;
  return std::unexpected(Error(ErrorKind::kPermanent, std::move(message)));
}

int Session::Fail(const Error& error) {
  const Style style = Style::ForStderr();
  std::fprintf(stderr, "%.*ssluice: %s%.*s\n", static_cast<int>(style.red.size()), style.red.data(),
               error.message().c_str(), static_cast<int>(style.reset.size()), style.reset.data());
  return is_usage_error_ ? kExitUsage : kExitFailed;
}

}  // namespace sluice
