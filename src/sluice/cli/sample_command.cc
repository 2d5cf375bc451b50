// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "sluice/base/json_text.h"
#include "sluice/cli/exit_code.h"
#include "sluice/cli/output_file.h"
#include "sluice/cli/session.h"
#include "sluice/land/message_sampler.h"
#include "sluice/operate/init_files.h"

namespace sluice {
namespace {

struct SampleFlags {
  SampleOptions options;
  std::string out = "-";
  std::string source, region;
};

std::string ToText(const SampleReport& report, const std::string& out) {
  if (report.messages == 0) return "nothing to copy: the source gave no message\n";
  return fmt::format(
      "copied {} messages, {} events, {} to {}; none is deleted, each counts as received once more "
      "(the highest count: {})\n",
      WithThousands(report.messages), WithThousands(report.events), ToText(report.bytes),
      out == "-" ? "standard output" : out, report.most_receives);
}

std::string ToJson(const SampleReport& report) {
  JsonText json;
  json.BeginObject().Key("messages").Value(report.messages).Key("events").Value(report.events);
  json.Key("bytes").Value(report.bytes.count);
  json.Key("most_receives").Value(report.most_receives).EndObject();
  return json.text() + "\n";
}

// --source in place of the configuration's.
Status NameSource(Session& session, const SampleFlags& flags, SourceConfig& config) {
  if (flags.source.empty()) return {};
  const auto named = ParseInitSource(flags.source, flags.region);
  if (!named) return session.WrongUsage("--source: " + named.error().message());
  const auto location = named->kind == InitSource::Kind::kSqs ? ParseSqsUrl(named->text)
                        : named->kind == InitSource::Kind::kKinesis
                            ? ParseKinesisStream(named->text)
                            : ParseDirectory(named->text, "");
  if (!location) return session.WrongUsage("--source: " + location.error().message());
  config.location = *location;
  config.service.region = named->region;
  return {};
}

Result<int> Sample(Session& session, const SampleFlags& flags) {
  if (session.flags.json && flags.out == "-") {
    return session.WrongUsage("--json and FILE - both want standard output: name a file");
  }
  SLUICE_ASSIGN(PipelineConfig config, session.Configuration());
  SLUICE_TRY(NameSource(session, flags, config.source));
  SLUICE_ASSIGN(const auto view, session.OpenView(std::move(config)));
  if (view->config().source.location.kind == Location::Kind::kKinesis) {
    return session.WrongUsage("sample copies messages of a queue, and the source is a stream");
  }
  SLUICE_ASSIGN(Queue* const source, view->Source());
  SampleReport report;
  // The file first: what cannot be written need not be received.
  SLUICE_ASSIGN(OutputFile out, OutputFile::Create(flags.out));
  if (source != nullptr) {
    SLUICE_ASSIGN(report, SampleMessages(*source, out, session.clock(), flags.options,
                                         Deadline::Never(), session.stop()));
  }
  SLUICE_TRY(out.Close());
  if (session.stop().stop_requested()) {
    std::fprintf(stderr, "sluice: stopped by a signal: %s of %s messages copied\n",
                 WithThousands(report.messages).c_str(),
                 WithThousands(flags.options.messages).c_str());
    return kExitInterrupted;
  }
  if (session.flags.json) {
    SLUICE_TRY(Print(ToJson(report)));
  } else if (flags.out != "-") {
    SLUICE_TRY(Print(ToText(report, flags.out)));
  } else if (!session.flags.quiet) {
    std::fputs(ToText(report, flags.out).c_str(), stderr);
  }
  return kExitDone;
}

}  // namespace

void AddSample(CLI::App& app, Session& session, int& exit_code) {
  auto flags = std::make_shared<SampleFlags>();
  CLI::App* command = app.add_subcommand(
      "sample", "Copy some messages of the source queue to a file, deleting none");
  command->add_option("-n,--messages", flags->options.messages, "How many, at most")
      ->capture_default_str()
      ->type_name("N")
      ->check(CLI::Range(1, 100'000));
  command
      ->add_option("--source", flags->source,
                   "In place of the configuration's: an SQS queue's address or dir:PATH")
      ->type_name("URL");
  command->add_option("--region", flags->region, "Of --source, where its address does not say it")
      ->type_name("REGION");
  command
      ->add_option(
          "FILE", flags->out,
          "File to write, as NDJSON like a raw object; - for standard output, as without it")
      ->capture_default_str();
  command->footer(
      "Each message counts as received once more, and a queue with a dead-letter queue takes away\n"
      "what was received too often.\n\n"
      "Examples:\n  sluice sample -n 100 sample.ndjson\n  sluice sample -n 100 --source "
      "https://sqs.eu-central-1.amazonaws.com/111111111111/tracking | sluice preview -");
  command->callback([&session, &exit_code, flags] {
    const Result<int> code = Sample(session, *flags);
    exit_code = code ? *code : session.Fail(code.error());
  });
}

}  // namespace sluice
