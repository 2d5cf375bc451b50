// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "sluice/app/pipeline.h"
#include "sluice/app/pipeline_view.h"
#include "sluice/base/clock.h"
#include "sluice/base/result.h"
#include "sluice/cli/terminal.h"
#include "sluice/config/overrides.h"
#include "sluice/config/pipeline_config.h"

namespace CLI {
class App;
}

namespace sluice {

// The flags that every command takes.
struct GlobalFlags {
  std::string
      config;       // --config FILE; empty: ./sluice.yaml if there is one, else embedded in `dir`
  std::string dir;  // --dir DIR, for the embedded default
  std::vector<std::string> set;  // --set key=value
  std::string log_level;         // --log-level
  bool json = false;             // --json
  bool quiet = false;            // --quiet

  // Those of them that name the configuration, to be typed again; empty where none does.
  std::string Place() const;
};

// What commands share: flags, time, the stop request, and how they speak to a person. Lives as long
// as main().
class Session {
 public:
  Session(Clock& clock, std::stop_token stop) : clock_(clock), stop_(std::move(stop)) {}

  GlobalFlags flags;

  Clock& clock() { return clock_; }
  std::stop_token stop() const { return stop_; }
  Progress::Mode progress_mode() const {
    return flags.quiet || flags.json ? Progress::Mode::kQuiet : Progress::Mode::kAuto;
  }

  // What flags and environment overrule.
  Result<ConfigOverrides> Overrides();
  // The configuration that the flags name, where the environment names no other instruction set
  // than this machine's. Sets up the log.
  Result<PipelineConfig> Configuration();
  // To work. Logs what the configuration warns of.
  Result<std::unique_ptr<Pipeline>> OpenPipeline();
  Result<std::unique_ptr<Pipeline>> OpenPipeline(PipelineConfig config);
  // Time, the stop request, and the faults that a test asks for.
  Result<PipelineEnvironment> Surroundings();
  // To look: makes nothing.
  Result<std::unique_ptr<PipelineView>> OpenView(PipelineConfig config);

  // An error of whoever typed the command: Fail answers 2 for it.
  std::unexpected<Error> WrongUsage(std::string message);
  // Prints the error, and returns the exit code for it.
  int Fail(const Error& error);

 private:
  Clock& clock_;
  const std::stop_token stop_;
  // A configuration that no pipeline can be made of is an error of whoever wrote it.
  Status RequireRunnable(const PipelineConfig& config);

  bool is_usage_error_ = false;  // flags or configuration were refused
};

// A command adds itself to `app`, and sets `exit_code` when it has run. Both outlive the parse.
void AddInit(CLI::App& app, Session& session, int& exit_code);
void AddGenerate(CLI::App& app, Session& session, int& exit_code);
void AddSend(CLI::App& app, Session& session, int& exit_code);
void AddSample(CLI::App& app, Session& session, int& exit_code);
void AddPreview(CLI::App& app, Session& session, int& exit_code);
void AddStages(CLI::App& app, Session& session, int& exit_code);  // land, process, run
void AddConvert(CLI::App& app, Session& session, int& exit_code);
void AddBackfill(CLI::App& app, Session& session, int& exit_code);
void AddReconcile(CLI::App& app, Session& session, int& exit_code);
void AddVerify(CLI::App& app, Session& session, int& exit_code);
void AddWhy(CLI::App& app, Session& session, int& exit_code);
void AddQuarantine(CLI::App& app, Session& session, int& exit_code);
void AddGc(CLI::App& app, Session& session, int& exit_code);
void AddPauses(CLI::App& app, Session& session, int& exit_code);  // pause, resume
void AddStatus(CLI::App& app, Session& session, int& exit_code);
void AddCheck(CLI::App& app, Session& session, int& exit_code);
void AddDdl(CLI::App& app, Session& session, int& exit_code);
void AddLambda(CLI::App& app, Session& session, int& exit_code);
void AddCompletion(CLI::App& app, Session& session, int& exit_code);

}  // namespace sluice
