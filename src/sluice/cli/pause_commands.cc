// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <memory>

#include "sluice/base/json_text.h"
#include "sluice/base/utf8.h"
#include "sluice/cli/session.h"

namespace sluice {
namespace {

using Reason = std::optional<std::string>;

std::string ToText(const Reason& reason, const Reason& before) {
  if (reason) return fmt::format("loading is paused: {}\n", *reason);
  if (before) return fmt::format("loading goes on; it was paused: {}\n", *before);
  return "loading was not paused\n";
}

std::string ToJson(const Reason& reason, const Reason& before) {
  JsonText json;
  json.BeginObject().Key("paused").Value(reason.has_value());
  json.Key("reason");
  reason ? json.Value(*reason) : json.Null();
  json.Key("before");
  before ? json.Value(*before) : json.Null();
  json.EndObject();
  return json.text() + "\n";
}

Status Pause(Session& session, const Reason& reason) {
  SLUICE_ASSIGN(PipelineConfig config, session.Configuration());
  SLUICE_ASSIGN(const auto view, session.OpenView(std::move(config)));
  SLUICE_ASSIGN(const Reason before, view->warehouse().Pause(reason));
  return Print(session.flags.json ? ToJson(reason, before) : ToText(reason, before));
}

}  // namespace

void AddPauses(CLI::App& app, Session& session, int& exit_code) {
  auto reason = std::make_shared<std::string>();
  CLI::App* pause = app.add_subcommand("pause", "Let no load commit, for a reason, until resume");
  pause->add_option("REASON", *reason, "Why, for whoever asks status")
      ->required()
      ->check([](const std::string& text) {
        return text.empty() ? std::string("a reason is needed") : std::string();
      });
  pause->footer("Example:\n  sluice pause \"the tables are being moved\"");
  pause->callback([&session, &exit_code, reason] {
    const Status done = Pause(session, WithoutControls(*reason));
    if (!done) exit_code = session.Fail(done.error());
  });
  CLI::App* resume = app.add_subcommand("resume", "Let loads commit again");
  resume->footer("Example:\n  sluice resume");
  resume->callback([&session, &exit_code] {
    const Status done = Pause(session, std::nullopt);
    if (!done) exit_code = session.Fail(done.error());
  });
}

}  // namespace sluice
