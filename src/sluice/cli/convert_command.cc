// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <map>
#include <memory>

#include "sluice/base/hash.h"
#include "sluice/base/json_text.h"
#include "sluice/cli/conversion_text.h"
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
  int threads = 0;  // 0: the configuration's
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

// Of a file that could not be converted: zeros, and why.
void AppendFile(JsonText& json, const std::string& path, const Result<ConvertedStream>& result,
                const TableSet& tables) {
  const ConvertedStream converted = result.value_or(ConvertedStream());
  const ConversionCounts& counts = converted.counts;
  json.BeginObject().Key("file").Value(path).Key("error");
  result ? json.Null() : json.Value(result.error().message());
  json.Key("events").Value(counts.lines).Key("bytes").Value(converted.bytes);
  json.Key("no_route").Value(counts.no_route).Key("dropped").Value(counts.dropped);
  json.Key("quarantined").Value(converted.quarantined);
  json.Key("duplicate_keys").Value(counts.duplicate_keys);
  json.Key("fast_lines").Value(counts.fast_lines).Key("tables").BeginArray();
  for (size_t i = 0; i < tables.tables.size(); ++i) {
    const Table& table = tables.tables[i];
    const ParquetFileInfo* const file =
        result && converted.files[i] ? &*converted.files[i] : nullptr;
    json.BeginObject().Key("table").Value(table.name());
    AppendTableCounts(json, CountsOf(counts, i), table);
    json.Key("rows").Value(file ? file->rows : uint64_t{0});
    json.Key("parquet_bytes").Value(file ? file->size.count : uint64_t{0}).EndObject();
  }
  json.EndArray().EndObject();
}

std::string ToText(const std::string& path, const ConvertedStream& converted,
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
  return text + "\n" + ChangesText(converted.counts, tables, "  ");
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

// Converts one file after the other. One that fails stops only itself.
class Conversion {
 public:
  // All outlive it.
  Conversion(Session& session, const ConvertFlags& flags, const TableSet& tables,
             StreamConverter& converter, ConversionOptions options)
      : session_(session),
        flags_(flags),
        tables_(tables),
        converter_(converter),
        options_(std::move(options)),
        progress_(session.clock(), "converting", "bytes", TotalOf(flags.files),
                  session.progress_mode()) {
    json_.BeginArray();
  }

  // An error only where the result cannot be told.
  Status Run() {
    for (const std::string& path : flags_.files) {
      const auto converted = ConvertFile(path);
      if (session_.stop().stop_requested() && !converted) break;
      SLUICE_TRY(Report(path, converted));
    }
    progress_.Clear();
    json_.EndArray();
    return session_.flags.json ? Print(json_.text() + "\n") : Status();
  }

  int ExitCode() const {
    const size_t files = flags_.files.size();
    if (converted_ + failed_ < files) {
      std::fprintf(stderr, "sluice: stopped by a signal: %zu of %zu files converted\n", converted_,
                   files);
      return kExitInterrupted;
    }
    if (failed_ > 0 && files > 1)
      std::fprintf(stderr, "sluice: %zu of %zu files not converted\n", failed_, files);
    if (failed_ > 0) return kExitFailed;
    return flags_.strict && quarantined_ > 0 ? kExitAttention : kExitDone;
  }

 private:
  static uint64_t TotalOf(const std::vector<std::string>& files) {
    Bytes total;
    for (const std::string& path : files) total += InputFile::SizeOf(path);
    return total.count;
  }

  Result<ConvertedStream> ConvertFile(const std::string& path) {
    SLUICE_ASSIGN(InputFile input, InputFile::Open(path, session_.stop()));
    const std::string name = NameOf(path);
    if (flags_.technical_columns) options_.parquet.object_id = First63Bits(Sha256Of(name));
    CountedSource counted(input, progress_, bytes_read_);
    LocalOutputs outputs(tables_, flags_.out, name);
    auto converted = converter_.Convert(counted, options_, outputs);
    if (converted) return converted;
    return std::unexpected(converted.error().During(fmt::format("cannot convert {}", path)));
  }

  Status Report(const std::string& path, const Result<ConvertedStream>& converted) {
    ++(converted ? converted_ : failed_);
    if (session_.flags.json) AppendFile(json_, path, converted, tables_);
    progress_.Clear();
    if (!converted) {
      session_.Fail(converted.error());
      return {};
    }
    quarantined_ += converted->quarantined;
    return session_.flags.json ? Status() : Print(ToText(path, *converted, tables_));
  }

  Session& session_;
  const ConvertFlags& flags_;
  const TableSet& tables_;
  StreamConverter& converter_;
  ConversionOptions options_;
  Progress progress_;
  uint64_t bytes_read_ = 0, quarantined_ = 0;
  size_t converted_ = 0, failed_ = 0;
  JsonText json_;
};

Result<int> Convert(Session& session, const ConvertFlags& flags) {
  SLUICE_ASSIGN(const PipelineConfig config, session.Configuration());
  const TableSet& tables = *config.tables;
  SLUICE_TRY(CheckOutputs(session, flags, tables));
  SLUICE_ASSIGN(const auto converter, StreamConverter::Make(tables));
  ConversionOptions options;
  options.threads = ThreadCount(flags.threads > 0 ? flags.threads : config.load.threads);
  options.parquet.codec = config.parquet.compression;
  if (!flags.compression.empty()) options.parquet.codec = *CodecNamed(flags.compression);
  Conversion conversion(session, flags, tables, *converter, std::move(options));
  SLUICE_TRY(conversion.Run());
  return conversion.ExitCode();
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
  command
      ->add_option("--threads", flags->threads,
                   "That work on each file (default: the configuration's load.threads; the files "
                   "are the same)")
      ->check(CLI::Range(1, 1024));
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
