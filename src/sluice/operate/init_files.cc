// SPDX-License-Identifier: Apache-2.0
#include "sluice/operate/init_files.h"

#include <fmt/format.h>

#include <algorithm>

#include "sluice/base/counted.h"
#include "sluice/base/json_text.h"
#include "sluice/operate/infer_column.h"
#include "sluice/operate/infer_names.h"

namespace sluice {
namespace {

// A YAML scalar that is this text: plain where nobody can take it for anything else.
std::string Yaml(std::string_view text) {
  constexpr std::string_view kOther[] = {"null", "true", "false", "yes", "no",  "on",
                                         "off",  "y",    "n",     "any", "none"};
  const bool is_plain =
      !text.empty() && text[0] >= 'a' && text[0] <= 'z' &&
      text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_./-") == std::string_view::npos;
  if (is_plain && std::ranges::find(kOther, text) == std::end(kOther)) return std::string(text);
  std::string quoted;
  AppendJsonString(quoted, text);
  return quoted;
}

std::string WhenYaml(const std::vector<Condition>& when) {
  std::vector<std::string> has, equals;
  for (const Condition& condition : when) {
    const std::string path = Yaml(FromText(condition.path));
    if (condition.kind == Condition::Kind::kHas) has.push_back(path);
    if (condition.kind == Condition::Kind::kEquals) {
      equals.push_back(fmt::format("{}: {}", path, condition.literal));
    }
  }
  if (has.empty() && equals.empty()) return "any";
  std::vector<std::string> parts;
  if (has.size() == 1) parts.push_back("has: " + has[0]);
  if (has.size() > 1) parts.push_back(fmt::format("has: [{}]", fmt::join(has, ", ")));
  if (!equals.empty()) parts.push_back(fmt::format("equals: {{{}}}", fmt::join(equals, ", ")));
  return fmt::format("{{{}}}", fmt::join(parts, ", "));
}

std::string WithComment(std::string line, std::string_view comment) {
  constexpr size_t kCommentAt = 40;
  if (comment.empty()) return line + "\n";
  line.resize(std::max(line.size() + 1, kCommentAt), ' ');
  return fmt::format("{}# {}\n", line, comment);
}

std::string_view EpochYaml(EpochUnit unit) {
  switch (unit) {
    case EpochUnit::kSeconds:
      return "s";
    case EpochUnit::kMillis:
      return "ms";
    case EpochUnit::kMicros:
      return "us";
  }
  return "";
}

std::string MappingYaml(const InitTable::Mapping& mapping) {
  std::vector<std::string> parts;
  if (mapping.source.path != FieldPath{mapping.column}) {
    parts.push_back("from: " + Yaml(FromText(mapping.source.path)));
  }
  if (mapping.source.epoch)
    parts.push_back(fmt::format("epoch: {}", EpochYaml(*mapping.source.epoch)));
  return fmt::format("{}: {{{}}}", Yaml(mapping.column), fmt::join(parts, ", "));
}

std::string TableYaml(const InitTable& table) {
  std::string text = fmt::format("  - ddl: {}\n", Yaml(table.file));
  text += WithComment("    when: " + WhenYaml(table.when), table.when_reason);
  if (table.unique) {
    text += WithComment(fmt::format("    unique: [{}]", Yaml(*table.unique)), table.unique_reason);
  } else {
    text += WithComment("    unique: none", table.unique_reason);
    text += WithComment("    duplicates: allowed", "a message that comes twice is loaded twice");
  }
  if (table.time) text += WithComment("    time: " + Yaml(*table.time), table.time_reason);
  if (table.collect) {
    text += WithComment(fmt::format("    on_unknown_field: {{collect: {}}}", Yaml(*table.collect)),
                        "keys that are values, and those to come");
  }
  if (!table.mappings.empty()) text += "    columns:\n";
  for (const InitTable::Mapping& mapping : table.mappings) {
    text += "      " + MappingYaml(mapping) + "\n";
  }
  return text;
}

std::string SourceYaml(const InitSource& source) {
  switch (source.kind) {
    case InitSource::Kind::kFolder:
      return fmt::format("source:\n{}\n", WithComment("  dir: " + Yaml(source.text),
                                                      "the queue is queue.db in this folder"));
    case InitSource::Kind::kSqs:
      return fmt::format("region: {}\n\nsource:\n  sqs: {}\n\n", source.region, Yaml(source.text));
    case InitSource::Kind::kKinesis:
      return fmt::format(
          "region: {}\n\nsource:\n  kinesis: {}\n  from: trim_horizon                    # the "
          "oldest record; or latest\n  checkpoints: dir:sluice-data/checkpoints\n\n",
          source.region, Yaml(source.text));
  }
  return "";
}

std::string RegionIn(const InitSource& source) {
  // https://sqs.REGION.amazonaws.com/…, arn:aws:kinesis:REGION:…
  const bool is_sqs = source.kind == InitSource::Kind::kSqs;
  const std::string_view before = is_sqs ? "://sqs." : ":kinesis:";
  const size_t begin = source.text.find(before);
  if (begin == std::string::npos) return "";
  std::string_view rest = std::string_view(source.text).substr(begin + before.size());
  if (is_sqs) {
    rest = rest.substr(0, rest.find_first_of("/:"));
    // Another host's name says nothing of AWS.
    const size_t dot = rest.find('.');
    const std::string_view domain = rest.substr(std::min(dot, rest.size()));
    if (domain != ".amazonaws.com" && domain != ".amazonaws.com.cn") return "";
    return std::string(rest.substr(0, dot));
  }
  const size_t colon = rest.find(':');
  return colon == std::string_view::npos ? "" : std::string(rest.substr(0, colon));
}

// Of the encodings that the table has.
std::string WhyEncoded(const ProposedTable& table) {
  const auto has = [&](std::string_view encoding) {
    return std::ranges::any_of(
        table.columns, [&](const ProposedColumn& column) { return column.encoding == encoding; });
  };
  std::string text;
  if (has("az64")) {
    text +=
        "-- ENCODE az64: for integers, decimals and times, which it makes small and which are "
        "read fastest so.\n";
  }
  if (has("zstd")) {
    text += "-- ENCODE zstd: for texts, BOOLEAN and floating point, which az64 does not take.\n";
  }
  if (has("raw")) {
    text +=
        "-- ENCODE raw: for the first column of the SORTKEY, since ranges of one that is much "
        "smaller than the others\n-- are read slowly.\n";
  }
  if (has("")) text += "-- Redshift chooses the encoding of SUPER.\n";
  return text;
}

std::string DdlText(const ProposedTable& table, std::string_view schema) {
  std::string text = fmt::format(
      "-- From a sample of {}. VARCHAR counts bytes, and has twice those of the longest "
      "text, "
      "rounded up.\n",
      Counted(table.events, "event"));
  if (table.events < kEnoughEvents) {
    text += fmt::format(
        "-- With fewer than {} events nothing but keys is NOT NULL, and texts have 256 bytes.\n",
        kEnoughEvents);
  }
  text += WhyEncoded(table);
  // Quoted, because either may be a word of SQL.
  text += fmt::format("CREATE TABLE IF NOT EXISTS \"{}\".\"{}\"\n(\n", schema, table.name);
  for (size_t i = 0; i < table.columns.size(); ++i) {
    const ProposedColumn& proposed = table.columns[i];
    std::string line = fmt::format("  {}\"{}\" {}", i == 0 ? " " : ",", proposed.column.name,
                                   ToSql(proposed.column.type));
    if (proposed.column.not_null) line += " NOT NULL";
    if (!proposed.encoding.empty()) line += " ENCODE " + proposed.encoding;
    if (!proposed.reason.empty()) {
      constexpr size_t kCommentAt = 56;
      line.resize(std::max(line.size() + 1, kCommentAt), ' ');
      line += "-- " + proposed.reason;
    }
    text += line + "\n";
  }
  text += ")";
  const auto name = [&](size_t column) { return table.columns[column].column.name; };
  if (table.unique) {
    text += fmt::format(
        "\nDISTKEY(\"{}\")  -- rows with one key on one node: the check for duplicates moves none",
        name(*table.unique));
  }
  if (table.time) {
    text += fmt::format(
        "\nSORTKEY(\"{}\")  -- queries and loads read only the time they ask for; so it is ENCODE "
        "raw",
        name(*table.time));
  }
  return text + "\n;\n";
}

}  // namespace

Result<InitSource> ParseInitSource(std::string_view text, std::string_view region) {
  InitSource source;
  if (text.starts_with("http://") || text.starts_with("https://")) {
    source = {InitSource::Kind::kSqs, std::string(text), ""};
  } else if (text.starts_with("arn:") || text.starts_with("kinesis:")) {
    const size_t begin = text.starts_with("arn:") ? 0 : std::string_view("kinesis:").size();
    source = {InitSource::Kind::kKinesis, std::string(text.substr(begin)), ""};
  } else if (text.starts_with("dir:")) {
    source = {InitSource::Kind::kFolder, std::string(text.substr(4)), ""};
  } else {
    return Fail(ErrorKind::kPermanent,
                "wanted the address of an SQS queue, arn:aws:kinesis:…, kinesis:NAME or dir:PATH; "
                "found '{}'",
                text);
  }
  if (source.text.empty()) {
    return Fail(ErrorKind::kPermanent, "'{}' names nothing: write dir:PATH or kinesis:NAME", text);
  }
  if (source.kind == InitSource::Kind::kFolder) return source;
  source.region = region.empty() ? RegionIn(source) : std::string(region);
  if (source.region.empty()) {
    return Fail(ErrorKind::kPermanent, "{} does not say its region: give --region", text);
  }
  return source;
}

std::vector<InitTable> InitTablesOf(const Proposal& proposal, std::string_view schema) {
  std::vector<InitTable> tables;
  for (const ProposedTable& from : proposal.tables) {
    InitTable table{.file = fmt::format("schema/{}.sql", from.name),
                    .ddl = DdlText(from, schema),
                    .name = from.name,
                    .columns = from.columns.size(),
                    .when = from.when,
                    .when_reason = from.when_reason,
                    .unique_reason = from.unique_reason};
    if (from.collect) table.collect = from.columns[*from.collect].column.name;
    if (from.unique) table.unique = from.columns[*from.unique].column.name;
    if (from.time) table.time = from.columns[*from.time].column.name;
    table.time_reason = from.time_reason;
    for (const ProposedColumn& column : from.columns) {
      if (column.source.path == FieldPath{column.column.name} && !column.source.epoch) continue;
      table.mappings.push_back({column.column.name, column.source});
    }
    tables.push_back(std::move(table));
  }
  return tables;
}

std::string SluiceYaml(std::string_view name, const InitSource& source,
                       std::span<const InitTable> tables) {
  std::string text = fmt::format(
      "# Everything but the source of messages is embedded in sluice-data beside this file: "
      "directories as stores,\n# DuckDB as warehouse. To go on from here: put S3 URLs, an SQS "
      "queue "
      "and Redshift in their places\n# (examples/aws/sluice.yaml shows it).\n\n"
      "{}\n",
      WithComment(fmt::format("name: {}", Yaml(name)), "in ledger rows, lock and tags"));
  text += SourceYaml(source);
  text +=
      "raw:                                    # events as they came, compressed\n"
      "  url: dir:sluice-data/raw\n"
      "  layout: date=%Y-%m-%d/%H/             # UTC, of the landing\n"
      "  compression: zstd                     # or gzip, none\n"
      "  close_at: {age: 5m, size: 128MiB}     # whichever is first\n";
  if (source.kind != InitSource::Kind::kFolder) text += "  notifications: dir:sluice-data\n";
  text +=
      "\nparquet: {url: \"dir:sluice-data/parquet\", compression: snappy}\n\n"
      "quarantine:                             # events that could not become a row, with the "
      "reason\n"
      "  url: dir:sluice-data/quarantine\n"
      "  warn_above: 0.1%                      # of a raw object's events\n"
      "  hold_above: 20%                       # load nothing of the object until a person has "
      "looked\n\n"
      "warehouse:\n"
      "  duckdb: sluice-data/warehouse.duckdb\n\n"
      "# An event goes to the first table whose rule matches; to quarantine, if none does.\n"
      "tables:\n";
  for (const InitTable& table : tables) text += TableYaml(table);
  text +=
      "\nload: {every: 1m, max_size: 1GiB, deadline: 270s, threads: auto, memory: 512MiB}\n"
      "log: {level: info, format: text}\n";
  return text;
}

std::string ToText(const std::vector<Condition>& when) {
  std::vector<std::string> words;
  for (const Condition& condition : when) {
    switch (condition.kind) {
      case Condition::Kind::kAny:
        words.emplace_back("any");
        break;
      case Condition::Kind::kHas:
        words.push_back("has " + FromText(condition.path));
        break;
      case Condition::Kind::kEquals:
        words.push_back(fmt::format("{} = {}", FromText(condition.path), condition.literal));
        break;
    }
  }
  return fmt::format("{}", fmt::join(words, " and "));
}

}  // namespace sluice
