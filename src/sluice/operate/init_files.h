// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/operate/infer.h"
#include "sluice/operate/sample_lines.h"
#include "sluice/schema/table.h"

namespace sluice {

// What `init` writes, as texts. Pure functions.

// Where messages come from.
struct InitSource {
  enum class Kind { kFolder, kSqs, kKinesis };
  Kind kind = Kind::kFolder;
  std::string text = "sluice-data";  // a folder, an address, a stream's name or ARN
  std::string region;                // of the latter two
};
// "https://…" of an SQS queue, "arn:aws:kinesis:…" or "kinesis:NAME" of a stream, "dir:PATH"; the
// region is told by the text, where `region` is empty.
Result<InitSource> ParseInitSource(std::string_view text, std::string_view region);

// One entry of `tables:`, by the names of columns.
struct InitTable {
  std::string file;  // below the folder of sluice.yaml: "schema/events.sql"
  std::string ddl;   // its text
  std::string name;  // without schema
  size_t columns = 0;
  std::vector<Condition> when;
  std::string when_reason;
  std::optional<std::string> unique, time;
  std::string unique_reason, time_reason;
  std::optional<std::string> collect;  // the column of unknown fields
  struct Mapping {
    std::string column;
    ColumnSource source;
  };
  std::vector<Mapping> mappings;  // of columns that do not just take the key with their name
};

// `schema` is the tables' schema in the warehouse.
std::vector<InitTable> InitTablesOf(const Proposal& proposal, std::string_view schema);

// A file with one CREATE TABLE.
struct GivenDdl {
  std::string path, text;
  TableSchema schema;
};
// The same for tables that there are already: routing by a NOT NULL column that no other table has,
// key and time by their names; with `sample`, which may be empty, columns get the keys that are
// spelt otherwise or lie deeper. kPermanent where no rule tells two tables apart.
Result<std::vector<InitTable>> InitTablesOf(std::span<const GivenDdl> given,
                                            const SampleLines& sample);

// sluice.yaml: everything but the source embedded in sluice-data beside it.
std::string SluiceYaml(std::string_view name, const InitSource& source,
                       std::span<const InitTable> tables);

// A condition as people say it: "has topic", "equals type = "click"", "any".
std::string ToText(const std::vector<Condition>& when);

}  // namespace sluice
