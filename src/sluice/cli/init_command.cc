// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>
#include <ranges>

#include "sluice/cli/exit_code.h"
#include "sluice/cli/init_text.h"
#include "sluice/cli/input_file.h"
#include "sluice/cli/new_files.h"
#include "sluice/cli/session.h"
#include "sluice/cli/terminal.h"
#include "sluice/config/load_config.h"
#include "sluice/ndjson/line_chunker.h"
#include "sluice/operate/infer_names.h"
#include "sluice/operate/sample_reader.h"
#include "sluice/schema/ddl_parser.h"

namespace sluice {
namespace {

struct InitFlags {
  std::vector<std::string> ddl, samples;
  std::string source, region, name = "tracking", out = ".";
  size_t limit = SampleLimits().events;
  bool force = false;
};

Result<SampleLines> ReadSamples(Session& session, const InitFlags& flags, InitReport& report) {
  SampleLines lines;
  const SampleLimits limits{.events = flags.limit};
  for (const std::string& path : flags.samples) {
    SLUICE_ASSIGN(InputFile file, InputFile::Open(path, session.stop()));
    const auto end = ReadSample(file, limits, lines);
    if (!end) return std::unexpected(end.error().During(path));
    if (*end == SampleEnd::kEvents) {
      report.cuts.push_back(fmt::format("only the first {} events of {} were read: --limit",
                                        WithThousands(limits.events), path));
    } else if (*end == SampleEnd::kBytes) {
      report.cuts.push_back(
          fmt::format("only the first {} of {} were read", ToText(limits.bytes), path));
    }
  }
  return lines;
}

Result<std::vector<GivenDdl>> ReadDdl(Session& session, const InitFlags& flags) {
  std::vector<GivenDdl> given;
  for (const std::string& path : flags.ddl) {
    SLUICE_ASSIGN(std::string text, ReadFile(path, MiB(1)));
    Result<TableSchema> schema = ParseCreateTable(text, path);
    if (!schema) return session.WrongUsage(schema.error().message());
    const auto same = std::ranges::find(
        given, schema->name, [](const GivenDdl& other) -> auto& { return other.schema.name; });
    if (same != given.end()) {
      return session.WrongUsage(fmt::format("--ddl {} and {}: there are two tables '{}'",
                                            same->path, path, schema->name));
    }
    if (!text.ends_with('\n')) text += '\n';
    given.push_back({path, std::move(text), *std::move(schema)});
  }
  return given;
}

Result<std::vector<InitTable>> MakeTables(Session& session, const InitFlags& flags,
                                          const SampleLines& lines, InitReport& report) {
  if (!flags.ddl.empty()) {
    SLUICE_ASSIGN(const std::vector<GivenDdl> given, ReadDdl(session, flags));
    auto tables = InitTablesOf(given, lines);
    if (!tables) return session.WrongUsage(tables.error().message());
    return tables;
  }
  report.proposal = InferTables(lines);
  if (report.proposal.tables.empty()) {
    return Fail(ErrorKind::kPermanent,
                "no event in the sample that tables could be made of: lines={}", lines.count());
  }
  return InitTablesOf(report.proposal, IdentifierOf(std::string_view(flags.name)));
}

// The configuration as it will be read.
Result<PipelineConfig> Understand(const std::string& yaml, const std::vector<InitTable>& tables) {
  const DdlOpener open_ddl = [&](const std::string& path) -> Result<DdlFile> {
    const auto found = std::ranges::find(tables, path, &InitTable::file);
    if (found == tables.end()) return Fail(ErrorKind::kNotFound, "no such file: {}", path);
    return DdlFile{path, found->ddl};
  };
  const LocalSecretSource secrets({});
  return ParseConfig({"sluice.yaml", "/", yaml, open_ddl}, secrets);
}

// What is wrong with it, for a person who has no such file: by the flag that it comes from.
std::string ByFlag(std::string_view problems) {
  std::string text;
  for (const auto part : std::views::split(problems, '\n')) {
    std::string_view line(part.begin(), part.end());
    // sluice.yaml:LINE:COLUMN:
    if (line.starts_with("sluice.yaml:")) line.remove_prefix(line.find(": ") + 2);
    if (!text.empty()) text += '\n';
    if (line.starts_with("name: ")) text += "--";
    const size_t of_table = line.find("].ddl: ");
    if (line.starts_with("tables[") && of_table != std::string_view::npos) {
      line.remove_prefix(of_table + 2);
      text += "--";
    }
    text += line;
  }
  return text;
}

// What becomes of the sample: the conversion itself says so.
Status Try(const TableSet& tables, const SampleLines& lines, InitReport& report) {
  SLUICE_ASSIGN(const auto converter, EventConverter::Make(tables));
  report.counts = converter->MakeCounts();
  StringSource source(lines.text());
  LineChunker chunker(source);
  LineChunk chunk;
  ConvertedChunk converted;
  for (;;) {
    SLUICE_ASSIGN(const bool more, chunker.Next(chunk));
    if (!more) return {};
    converter->Convert(chunk, converted, report.counts);
    for (const RecordFault& fault : converted.faults) {
      ++report.faults[std::string(Name(fault.reason))];
      report.broken += !fault.table && fault.reason != FaultReason::kNoRoute ? 1 : 0;
    }
  }
}

Status CheckFlags(Session& session, const InitFlags& flags) {
  if (flags.ddl.empty() && flags.samples.empty()) {
    return session.WrongUsage(
        "init needs tables or events: --ddl FILE, or --sample FILE, which `sluice sample` makes");
  }
  if (flags.out.empty()) return session.WrongUsage("--output is empty: name a folder");
  return {};
}

Result<InitSource> SourceOf(Session& session, const InitFlags& flags) {
  if (flags.source.empty()) return InitSource();
  auto source = ParseInitSource(flags.source, flags.region);
  if (!source) return session.WrongUsage("--source: " + source.error().message());
  if (source->kind == InitSource::Kind::kFolder) {
    // The file may stand elsewhere than the person who types this.
    std::error_code error;
    const std::filesystem::path folder = std::filesystem::absolute(source->text, error);
    if (error) {
      return Fail(ErrorKind::kPermanent, "cannot tell where {} is: {}", source->text,
                  error.message());
    }
    source->text = folder.lexically_normal().string();
  }
  return source;
}

Result<int> Init(Session& session, const InitFlags& flags) {
  SLUICE_TRY(CheckFlags(session, flags));
  SLUICE_ASSIGN(const InitSource source, SourceOf(session, flags));
  InitReport report;
  SLUICE_ASSIGN(const SampleLines lines, ReadSamples(session, flags, report));
  SLUICE_ASSIGN(report.tables, MakeTables(session, flags, lines, report));
  const std::string yaml = SluiceYaml(flags.name, source, report.tables);
  const Result<PipelineConfig> config = Understand(yaml, report.tables);
  if (!config) return session.WrongUsage(ByFlag(config.error().message()));
  SLUICE_TRY(Try(*config->tables, lines, report));
  const std::filesystem::path folder(flags.out);
  std::vector<NewFile> files;
  for (const InitTable& table : report.tables) {
    files.push_back({(folder / table.file).lexically_normal().string(), table.ddl});
  }
  files.push_back({(folder / "sluice.yaml").lexically_normal().string(), yaml});
  const Status written = WriteNewFiles(files, flags.force ? Existing::kReplace : Existing::kRefuse);
  if (!written && written.error().kind() == ErrorKind::kConflict) {
    return session.WrongUsage(written.error().message());
  }
  SLUICE_TRY(written);
  for (const NewFile& file : files) report.files.push_back(file.path);
  SLUICE_TRY(Print(session.flags.json ? ToJson(report) : ToText(report)));
  return kExitDone;
}

}  // namespace

void AddInit(CLI::App& app, Session& session, int& exit_code) {
  auto flags = std::make_shared<InitFlags>();
  CLI::App* command = app.add_subcommand(
      "init", "Write a sluice.yaml that runs, with tables from DDL or from a sample of events");
  command->add_option("--ddl", flags->ddl, "Files with one CREATE TABLE each")->type_name("FILE");
  command
      ->add_option("--sample", flags->samples,
                   "Files of events, compressed or not; - for standard input")
      ->type_name("FILE");
  command
      ->add_option("--source", flags->source,
                   "Where messages come from: an SQS queue's address, kinesis:NAME or dir:PATH")
      ->type_name("URL");
  command->add_option("--region", flags->region, "Of the source, where its address does not say it")
      ->type_name("REGION");
  command->add_option("--name", flags->name, "Of the pipeline, and of the tables' schema")
      ->capture_default_str()
      ->type_name("NAME");
  command->add_option("--output", flags->out, "Folder for sluice.yaml and schema/TABLE.sql")
      ->capture_default_str()
      ->type_name("DIR");
  command->add_option("--limit", flags->limit, "Events to read of each sample, at most")
      ->capture_default_str()
      ->type_name("N")
      ->check(CLI::Range(1, 10'000'000));
  command->add_flag("--force", flags->force, "Replace files that are there already");
  command->footer(
      "Without --ddl the tables are proposed from the sample: a table for each shape of events, "
      "types that hold\nevery value seen, a unique key and a time. Each line says why; read it "
      "before it is used.\n\nExamples:\n  sluice init --sample sample.ndjson --output pipeline\n  "
      "sluice init --ddl events.sql utm.sql --sample sample.ndjson\n  sluice init --ddl events.sql "
      "--source https://sqs.eu-central-1.amazonaws.com/111111111111/tracking");
  command->callback([&session, &exit_code, flags] {
    const Result<int> code = Init(session, *flags);
    exit_code = code ? *code : session.Fail(code.error());
  });
}

}  // namespace sluice
