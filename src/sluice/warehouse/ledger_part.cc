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
    condition += fmt::format(" AND table_name = {} AND state = 'loaded' AND routed > 0",
                             d.Literal(query.table));
  }
  if (query.times) {
    condition +=
        fmt::format(" AND min_time <= {} AND max_time >= {}", TimestampLiteral(query.times->to),
                    TimestampLiteral(query.times->from));
  }
  return fmt::format(
      "SELECT CAST(object AS VARCHAR), object_identity, raw_key, table_name, state, "
      "COALESCE(reason, ''), parquet, batch, CAST(lines AS VARCHAR), CAST(no_route AS VARCHAR), "
      "CAST(dropped AS VARCHAR), CAST(routed AS VARCHAR), CAST(loaded AS VARCHAR), CAST(duplicates "
      "AS VARCHAR), CAST(quarantined AS VARCHAR), CAST(loaded_at AS VARCHAR) FROM {} WHERE {} "
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
    parts.push_back({.object = static_cast<int64_t>(ToCount(row[0])),
                     .identity = text(1),
                     .raw_key = text(2),
                     .table = text(3),
                     .state = *state,
                     .reason = text(5),
                     .parquet = text(6),
                     .batch = text(7),
                     .lines = ToCount(row[8]),
                     .no_route = ToCount(row[9]),
                     .dropped = ToCount(row[10]),
                     .routed = ToCount(row[11]),
                     .loaded = ToCount(row[12]),
                     .duplicates = ToCount(row[13]),
                     .quarantined = ToCount(row[14]),
                     .loaded_at = text(15)});
  }
  return parts;
}

Result<std::vector<std::string>> ListFiles(SqlSession& session, const LedgerNames& names,
                                           const std::string& after, size_t limit) {
  const std::string key = names.dialect.ByBytes("q.parquet");
  // Every pipeline's, and those of objects too, which name quarantine: nobody's file is an orphan.
  SLUICE_ASSIGN(
      const std::vector<TextRow> rows,
      session.Query(
          "list files",
          fmt::format("SELECT q.parquet FROM (SELECT DISTINCT parquet FROM {} WHERE "
                      "parquet <> '') q WHERE {} > {} ORDER BY {} LIMIT {}",
                      names.In("ledger"), key, names.dialect.Literal(after), key, limit)));
  std::vector<std::string> keys;
  for (const TextRow& row : rows) keys.push_back(row[0].value_or(""));
  return keys;
}

}  // namespace sluice
