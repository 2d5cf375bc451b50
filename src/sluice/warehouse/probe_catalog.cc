// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <utility>

#include "sluice/schema/identifier.h"
#include "sluice/warehouse/ddl_sql.h"
#include "sluice/warehouse/ledger_reader.h"
#include "sluice/warehouse/probe_asks.h"

namespace sluice {

Result<ProbeFound> AskExact(ProbeTalk& talk) {
  const std::string exact = talk.names().dialect.Exact("text");
  SLUICE_ASSIGN(const auto session, talk.Connect());
  SLUICE_TRY(session->Run(
      "fill",
      fmt::format("INSERT INTO {} VALUES (101, 'a'), (102, 'a '), (103, 'A')", talk.rows())));
  SLUICE_ASSIGN(
      const auto rows,
      session->Query("compare", fmt::format("SELECT CAST(COUNT(DISTINCT {}) AS "
                                            "VARCHAR(20)) FROM {} WHERE id IN (101, 102, 103)",
                                            exact, talk.rows())));
  return Found(First(rows) == "3", First(rows) + " different texts");
}

Result<ProbeFound> AskCatalog(ProbeTalk& talk) {
  SLUICE_ASSIGN(const auto session, talk.Connect());
  const Table& table = talk.tables().tables[0];
  SLUICE_ASSIGN(const std::vector<LiveColumn> live,
                LedgerReader(*session, talk.names(), talk.tables()).Describe(table));
  std::string differences;
  for (const TableChange& change : ChangesOf(talk.names(), table, live)) {
    differences += (differences.empty() ? "" : "; ") + change.difference;
  }
  return Found(differences.empty(), differences.empty() ? "no difference" : differences);
}

Result<ProbeFound> AskRights(ProbeTalk& talk) {
  const LedgerNames& names = talk.target().names;
  const TableSet& tables = talk.target().tables;
  SLUICE_ASSIGN(const auto session, talk.Connect());
  SLUICE_ASSIGN(const std::vector<TextRow> live,
                session->Query("list tables", ListTablesSql(tables, names)));
  std::set<std::pair<std::string, std::string>> there;
  for (const TextRow& row : live) {
    there.emplace(FoldIdentifier(row[0].value_or("")), FoldIdentifier(row[1].value_or("")));
  }
  for (const auto& [schema, table] : NeededTables(tables, names)) {
    if (there.contains({FoldIdentifier(schema), FoldIdentifier(table)})) continue;
    return ProbeFound{fmt::format("there is no table {}.{}", schema, table), ProbeVerdict::kLeftOut,
                      "the tables of the pipeline are not there yet: ask again when sluice ddl "
                      "--apply or the first load has made them"};
  }
  std::string sql;
  const auto ask = [&](std::string_view what, const std::string& on, const std::string& call) {
    sql += fmt::format("{}SELECT {}, CASE WHEN {} THEN 'true' ELSE 'false' END",
                       sql.empty() ? "" : " UNION ALL ",
                       names.dialect.Literal(fmt::format("{} on {}", what, on)), call);
  };
  for (const std::string& schema : NeededSchemas(tables, names)) {
    ask("USAGE", schema,
        fmt::format("has_schema_privilege({}, 'USAGE')",
                    names.dialect.Literal(names.dialect.InCatalog(schema))));
  }
  for (const auto& [rights, table] : NeededRights(tables, names)) {
    for (size_t at = 0; at < rights.size();) {
      const size_t end = std::min(rights.find(", ", at), rights.size());
      const std::string right = rights.substr(at, end - at);
      ask(right, table,
          fmt::format("has_table_privilege({}, '{}')", names.dialect.Literal(table), right));
      at = end + 2;
    }
  }
  SLUICE_ASSIGN(const std::vector<TextRow> rows, session->Query("ask for rights", sql));
  std::vector<std::string> lacks;
  for (const TextRow& row : rows) {
    if (row[1] != "true") lacks.push_back(row[0].value_or(""));
  }
  if (rows.empty()) return Found(false, "no answer");
  return Found(lacks.empty(), lacks.empty()
                                  ? fmt::format("all {}", rows.size())
                                  : fmt::format("not granted: {}", fmt::join(lacks, ", ")));
}

}  // namespace sluice
