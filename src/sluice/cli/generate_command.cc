// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>

#include "sluice/cli/exit_code.h"
#include "sluice/cli/output_file.h"
#include "sluice/cli/session.h"
#include "sluice/generate/event_generator.h"

namespace sluice {
namespace {

struct GenerateFlags {
  GeneratorOptions options;
  std::string out = "-";
  std::string truth;
  bool messages = false, clean = false;
};

Result<int> Generate(Session& session, GenerateFlags flags) {
  if (session.flags.json && flags.out == "-") {
    return session.WrongUsage("--json and --out - both want standard output: give --out a file");
  }
  SLUICE_ASSIGN(const PipelineConfig config, session.Configuration());
  if (flags.clean) {
    flags.options.share_broken = flags.options.share_duplicated = flags.options.share_unrouted = 0;
    flags.options.share_unusual = 0;
  }
  SLUICE_ASSIGN(const auto generator, EventGenerator::Make(*config.tables, flags.options));
  SLUICE_ASSIGN(OutputFile out, OutputFile::Create(flags.out));
  Progress progress(session.clock(), "generating", "events", flags.options.events,
                    session.progress_mode());
  std::string text;
  while (!session.stop().stop_requested() &&
         (flags.messages ? generator->NextMessage(text) : generator->NextEvent(text))) {
    text += '\n';
    SLUICE_TRY(out.Write(text));
    progress.Update(generator->truth().events);
  }
  SLUICE_TRY(out.Close());
  if (session.stop().stop_requested()) {
    std::fprintf(stderr, "sluice: stopped by a signal: %s of %s events made\n",
                 WithThousands(generator->truth().events).c_str(),
                 WithThousands(flags.options.events).c_str());
    return kExitInterrupted;
  }
  if (!flags.truth.empty()) {
    SLUICE_ASSIGN(OutputFile truth, OutputFile::Create(flags.truth));
    SLUICE_TRY(truth.Write(generator->truth().ToJson() + "\n"));
    SLUICE_TRY(truth.Close());
  }
  if (session.flags.json) SLUICE_TRY(Print(generator->truth().ToJson() + "\n"));
  return kExitDone;
}

// What is wrong with the text of a flag; empty: nothing.
std::string RefuseUnlessWhole(const std::string& text) {
  const bool is_whole =
      !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  return is_whole ? "" : "not a whole number: " + text;
}
std::string RefuseUnlessShare(const std::string& text) {
  double share = -1;
  const bool is_number = CLI::detail::lexical_cast(text, share);
  return is_number && share >= 0 && share <= 1 ? "" : "not a share from 0 to 1: " + text;
}

}  // namespace

void AddGenerate(CLI::App& app, Session& session, int& exit_code) {
  auto flags = std::make_shared<GenerateFlags>();
  CLI::App* command =
      app.add_subcommand("generate", "Make realistic events of the configured tables");
  command->add_option("--events", flags->options.events, "How many")
      ->capture_default_str()
      ->type_name("N")
      ->check(&RefuseUnlessWhole);
  command->add_option("--seed", flags->options.seed, "The same seed gives the same bytes")
      ->capture_default_str()
      ->type_name("N")
      ->check(&RefuseUnlessWhole);
  command->add_option("--out", flags->out, "File to write, - for standard output")
      ->capture_default_str()
      ->type_name("FILE");
  command->add_option("--truth", flags->truth, "Write what must become of the events, as JSON")
      ->type_name("FILE");
  command->add_flag("--messages", flags->messages,
                    "Queue messages, {\"Records\":[…]}, one a line, instead of events");
  command->add_option("--records", flags->options.records_per_message, "Events in a message")
      ->capture_default_str()
      ->type_name("N")
      ->check(&RefuseUnlessWhole);
  command->add_flag("--clean", flags->clean,
                    "None broken, repeated, unrouted or written in an unusual way");
  const auto share = [&](const char* name, double& value, const char* what) {
    command->add_option(name, value, what)
        ->capture_default_str()
        ->type_name("SHARE")
        ->check(&RefuseUnlessShare);
  };
  share("--share-broken", flags->options.share_broken,
        "Share of events that must go to quarantine");
  share("--share-duplicated", flags->options.share_duplicated,
        "Share of events that repeat an earlier one");
  share("--share-late", flags->options.share_late,
        "Share with an event time up to three days before");
  share("--share-reordered", flags->options.share_reordered,
        "Share out of order by up to five minutes");
  share("--share-unrouted", flags->options.share_unrouted, "Share that no routing rule matches");
  command->footer(
      "Example:\n  sluice generate --events 100000 --messages --out messages.ndjson --truth "
      "truth.json");
  command->callback([&session, &exit_code, flags] {
    const Result<int> code = Generate(session, *flags);
    exit_code = code ? *code : session.Fail(code.error());
  });
}

}  // namespace sluice
