// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/ledger_part.h"

#include <fmt/format.h>

#include "sluice/warehouse/sql_text.h"

namespace sluice {
namespace {

std::string PartsSql(const LedgerNames& names, const PartQuery& query) {
  const SqlDialect& d = names.dialect;
  std::string condition = "name = " + names.Pipeline();
  if (!query.store.empty()) condition += " AND store = " + d.Literal(query.store);
  if (!query.raw_key.empty()) {
    condition += fmt::format(" AND {} = {}", d.Exact("raw_key"), d.Exact(d.Literal(query.raw_key)));
  }
  if (!query.table.empty()) {
    condition += fmt::format(
        " AND table_name = {} AND state = 'loaded' AND (routed > 0 OR "
        "staged > 0)",
        d.Literal(query.table));
  }
  if (query.state) condition += fmt::format(" AND state = '{}'", Name(*query.state));
  if (query.with_changes) {
    condition += " AND table_name <> '*' AND state = 'loaded' AND reason <> ''";
  }
  if (query.since) condition += " AND loaded_at >= " + TimestampLiteral(*query.since);
  if (query.times) {
    condition += fmt::format(
        " AND parquet <> '' AND (min_time IS NULL OR (min_time <= {} AND max_time >= "
        "{}))",
        TimestampLiteral(query.times->to), TimestampLiteral(query.times->from));
  }
  return fmt::format(
      "SELECT CAST(object AS VARCHAR), object_identity, raw_key, table_name, state, "
      "COALESCE(reason, ''), parquet, batch, CAST(lines AS VARCHAR), CAST(no_route AS VARCHAR), "
      "CAST(dropped AS VARCHAR), CAST(routed AS VARCHAR), CAST(loaded AS VARCHAR), CAST(duplicates "
      "AS VARCHAR), CAST(quarantined AS VARCHAR), CAST(loaded_at AS VARCHAR), revision, "
      "CAST(replay_of AS "
      "VARCHAR) FROM {} "
      "WHERE "
      "{} "
      "ORDER BY loaded_at DESC, object, table_name LIMIT {}",
      names.In("ledger"), condition, query.limit);
}

}  // namespace

Result<std::vector<LedgerPart>> ListParts(SqlSession& session, const LedgerNames& names,
                                          const PartQuery& query) {
  SLUICE_ASSIGN(const std::vector<TextRow> rows,
                session.Query("list parts", PartsSql(names, query)));
  std::vector<LedgerPart> parts;
  for (const TextRow& row : rows) {
    const auto text = [&](size_t i) { return row[i].value_or(""); };
    const auto state = ObjectStateNamed(text(4));
    if (!state) {
      return Fail(ErrorKind::kPermanent, "the ledger holds a state of another version: {}",
                  text(4));
    }
    parts.push_back({.object = NumberOf(row[0]),
                     .identity = text(1),
                     .raw_key = text(2),
                     .table = text(3),
                     .state = *state,
                     .reason = text(5),
                     .revision = text(16),
                     .parquet = text(6),
                     .batch = text(7),
                     .replay_of = NumberOf(row[17]),
                     .lines = NumberOf(row[8]),
                     .no_route = NumberOf(row[9]),
                     .dropped = NumberOf(row[10]),
                     .routed = NumberOf(row[11]),
                     .loaded = NumberOf(row[12]),
                     .duplicates = NumberOf(row[13]),
                     .quarantined = NumberOf(row[14]),
                     .loaded_at = text(15)});
    LedgerPart& part = parts.back();
    if (part.state == ObjectState::kLoaded && part.is_of_table()) part.changes.swap(part.reason);
  }
  return parts;
}

Result<std::vector<NamedFile>> ListFiles(SqlSession& session, const LedgerNames& names,
                                         const std::string& after, size_t limit) {
  const SqlDialect& d = names.dialect;
  // Every pipeline's, and those of objects too, which name quarantine: nobody's file is an orphan.
  SLUICE_ASSIGN(
      const std::vector<TextRow> rows,
      session.Query(
          "list files",
          fmt::format(
              "SELECT q.parquet, CAST(q.needed AS VARCHAR) FROM (SELECT parquet, MAX(CASE WHEN "
              "name = {} AND state <> 'replaced' THEN 1 ELSE 0 END) AS needed FROM {} WHERE "
              "parquet <> '' AND {} > {} "
              "GROUP BY parquet) q ORDER BY {} LIMIT {}",
              names.Pipeline(), names.In("ledger"), d.ByBytes("parquet"), d.Literal(after),
              d.ByBytes("q.parquet"), limit)));
  std::vector<NamedFile> files;
  for (const TextRow& row : rows) files.push_back({row[0].value_or(""), row[1] == "1"});
  return files;
}

Result<std::vector<std::string>> NamedAmong(SqlSession& session, const LedgerNames& names,
                                            std::span<const std::string> keys) {
  constexpr size_t kMostListed = 64'000;  // bytes of one statement: the Data API takes 100,000
  const SqlDialect& d = names.dialect;
  std::vector<std::string> named;
  std::string list;
  for (size_t i = 0; i < keys.size(); ++i) {
    list += (list.empty() ? "" : ", ") + d.Exact(d.Literal(keys[i]));
    if (list.size() < kMostListed && i + 1 < keys.size()) continue;
    SLUICE_ASSIGN(const std::vector<TextRow> rows,
                  session.Query("look for files",
                                fmt::format("SELECT DISTINCT parquet FROM {} WHERE {} IN ({})",
                                            names.In("ledger"), d.Exact("parquet"), list)));
    for (const TextRow& row : rows) named.push_back(row[0].value_or(""));
    list.clear();
  }
  return named;
}

}  // namespace sluice
