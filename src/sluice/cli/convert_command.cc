// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <array>
#include <map>
#include <memory>

#include "sluice/base/hash.h"
#include "sluice/base/json_text.h"
#include "sluice/cli/exit_code.h"
#include "sluice/cli/input_file.h"
#include "sluice/cli/session.h"
#include "sluice/transform/local_outputs.h"

namespace sluice {
namespace {

struct ConvertFlags {
  std::vector<std::string> files;
  std::string out = ".";
  std::string compression;
  bool technical_columns = false, strict = false;
};

// "events.ndjson.gz" and "/data/events.ndjson" are both "events".
std::string NameOf(std::string_view path) {
  std::string_view name = path.substr(path.rfind('/') + 1);
  constexpr std::array<std::string_view, 7> kExtensions = {".gz",    ".zst",  ".zstd", ".ndjson",
                                                           ".jsonl", ".json", ".log"};
  for (bool found = true; found;) {
    found = false;
    for (const std::string_view extension : kExtensions) {
      if (name.size() <= extension.size() || !name.ends_with(extension)) continue;
      name.remove_suffix(extension.size());
      found = true;
    }
  }
  return name.empty() || name == "-" ? "stdin" : std::string(name);
}

// Counts the bytes that were read, for the progress bar.
class CountedSource : public ByteSource {
 public:
  CountedSource(ByteSource& source, Progress& progress, uint64_t& done)
      : source_(source), progress_(progress), done_(done) {}
  Result<size_t> Read(std::span<char> buffer) override {
    auto n = source_.Read(buffer);
    if (n) progress_.Update(done_ += *n);
    return n;
  }

 private:
  ByteSource& source_;
  Progress& progress_;
  uint64_t& done_;
};

void AppendFile(JsonText& json, const std::string& path, const ConvertedStream& converted,
                const TableSet& tables) {
  const ConversionCounts& counts = converted.counts;
  json.BeginObject()
      .Key("file")
      .Value(path)
      .Key("events")
      .Value(counts.lines)
      .Key("bytes")
      .Value(converted.bytes);
  json.Key("no_route").Value(counts.no_route).Key("dropped").Value(counts.dropped);
  json.Key("quarantined")
      .Value(converted.quarantined)
      .Key("duplicate_keys")
      .Value(counts.duplicate_keys);
  json.Key("tables").BeginArray();
  for (size_t i = 0; i < tables.tables.size(); ++i) {
    const auto& file = converted.files[i];
    json.BeginObject()
        .Key("table")
        .Value(tables.tables[i].name())
        .Key("routed")
        .Value(counts.tables[i].routed);
    json.Key("quarantined").Value(counts.tables[i].quarantined);
    json.Key("rows")
        .Value(file ? file->rows : uint64_t{0})
        .Key("parquet_bytes")
        .Value(file ? file->size.count : uint64_t{0});
    json.EndObject();
  }
  json.EndArray().EndObject();
}

Status PrintFile(const std::string& path, const ConvertedStream& converted,
                 const TableSet& tables) {
  std::string text = fmt::format("{}  {} events, {}", path, WithThousands(converted.counts.lines),
                                 ToText(Bytes{converted.bytes}));
  for (size_t i = 0; i < tables.tables.size(); ++i) {
    if (const auto& file = converted.files[i]) {
      text += fmt::format("; {} {} rows, {}", tables.tables[i].name(), WithThousands(file->rows),
                          ToText(file->size));
    }
  }
  if (converted.quarantined > 0)
    text += fmt::format("; quarantine {}", WithThousands(converted.quarantined));
  return Print(text + "\n");
}

// No output may stand in another's place.
Status CheckOutputs(Session& session, const ConvertFlags& flags, const TableSet& tables) {
  if (flags.out.empty()) return session.WrongUsage("--out is empty: name a folder, . for this one");
  std::map<std::string, std::string> files;
  for (const std::string& path : flags.files) {
    const auto [other, is_new] = files.emplace(NameOf(path), path);
    if (!is_new) {
      return session.WrongUsage(
          fmt::format("{} and {} would both become {}.parquet: convert them into different folders",
                      other->second, path, other->first));
    }
  }
  for (const Table& table : tables.tables) {
    if (table.name() == "quarantine") {
      return session.WrongUsage("a table named quarantine would stand where quarantined events go");
    }
  }
  return {};
}

Result<int> Convert(Session& session, const ConvertFlags& flags) {
  SLUICE_ASSIGN(const PipelineConfig config, session.Configuration());
  const TableSet& tables = *config.tables;
  SLUICE_TRY(CheckOutputs(session, flags, tables));
  SLUICE_ASSIGN(const auto converter, StreamConverter::Make(tables));
  ConversionOptions options;
  options.parquet.codec = config.parquet.compression;
  if (!flags.compression.empty()) options.parquet.codec = *CodecNamed(flags.compression);

  std::vector<InputFile> inputs;
  Bytes total;
  for (const std::string& path : flags.files) {
    SLUICE_ASSIGN(InputFile input, InputFile::Open(path));
    total += input.size();
    inputs.push_back(std::move(input));
  }
  Progress progress(session.clock(), "converting", "bytes", total.count, session.progress_mode());
  uint64_t done = 0, quarantined = 0;
  JsonText json;
  json.BeginArray();
  for (size_t i = 0; i < inputs.size(); ++i) {
    const std::string name = NameOf(flags.files[i]);
    if (flags.technical_columns) options.parquet.object_id = First63Bits(Sha256Of(name));
    CountedSource counted(inputs[i], progress, done);
    LocalOutputs outputs(tables, flags.out, name);
    const auto converted = converter->Convert(counted, options, outputs);
    if (!converted)
      return std::unexpected(
          converted.error().During(fmt::format("cannot convert {}", flags.files[i])));
    quarantined += converted->quarantined;
    AppendFile(json, flags.files[i], *converted, tables);
    if (!session.flags.json) SLUICE_TRY(PrintFile(flags.files[i], *converted, tables));
  }
  json.EndArray();
  if (session.flags.json) SLUICE_TRY(Print(json.text() + "\n"));
  return flags.strict && quarantined > 0 ? kExitAttention : kExitDone;
}

}  // namespace

void AddConvert(CLI::App& app, Session& session, int& exit_code) {
  auto flags = std::make_shared<ConvertFlags>();
  CLI::App* command = app.add_subcommand(
      "convert", "NDJSON to one Parquet file per table on the local disk, nothing else");
  command->add_option("FILE", flags->files, "NDJSON, plain, gzip or zstd; - for standard input")
      ->required();
  command
      ->add_option("--out", flags->out, "Folder for TABLE/NAME.parquet and quarantine/NAME.parquet")
      ->capture_default_str()
      ->type_name("DIR");
  command
      ->add_option("--compression", flags->compression,
                   "none, snappy or zstd (default: the configuration's)")
      ->check(CLI::IsMember({"none", "snappy", "zstd"}));
  command->add_flag("--technical-columns", flags->technical_columns,
                    "End every row with sluice_object and sluice_line");
  command->add_flag("--strict", flags->strict, "Exit 3 when an event went to quarantine");
  command->footer(
      "Examples:\n  sluice convert --out parquet events.ndjson.gz\n  zcat *.gz | sluice convert "
      "--out parquet -");
  command->callback([&session, &exit_code, flags] {
    const Result<int> code = Convert(session, *flags);
    exit_code = code ? *code : session.Fail(code.error());
  });
}

}  // namespace sluice
