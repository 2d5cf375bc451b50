// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/load_sql.h"

#include <fmt/format.h>

#include "sluice/schema/quarantine_schema.h"
#include "sluice/warehouse/ledger_part.h"
#include "sluice/warehouse/load_checks.h"
#include "sluice/warehouse/replay.h"
#include "sluice/warehouse/sql_text.h"
#include "sluice/warehouse/table_sql.h"

namespace sluice {
namespace {

// What the ledger makes of each planned object, by the rows of its key that are loaded or replaced:
// 'known' itself, 'same' content under another ETag or in another store (one that was moved),
// 'older' than what is known in its store, 'overwritten' by other content than is known there, or
// 'todo'.
std::string VerdictSql(const LedgerNames& names) {
  return fmt::format(
      "CREATE TEMP TABLE {} AS SELECT p.ord, p.object, CASE"
      " WHEN COALESCE(BOOL_OR(l.object = p.object), FALSE) THEN 'known'"
      " WHEN COALESCE(BOOL_OR(l.state = 'loaded' AND l.content = p.content AND p.content <> ''), "
      "FALSE) THEN 'same'"
      " WHEN COALESCE(BOOL_OR(l.store = p.store AND l.version > p.version), FALSE) THEN 'older'"
      " WHEN COALESCE(BOOL_OR(l.store = p.store AND (l.state = 'loaded' OR {})), "
      "FALSE) THEN 'overwritten' ELSE 'todo' END AS verdict, COALESCE(MAX(CASE WHEN l.state = "
      "'loaded' AND l.content = p.content AND p.content <> '' THEN l.object_identity END), "
      "MAX(CASE "
      "WHEN l.state = 'loaded' THEN l.object_identity END), MAX(l.object_identity)) AS other, "
      "MAX(l.batch) AS batch FROM {} p "
      "LEFT JOIN {} l "
      "ON {} = {} AND l.name = {} AND l.table_name = '*' AND "
      "l.replay_of = 0 AND l.state IN ('loaded', 'replaced') WHERE p.table_name = '*' GROUP BY "
      "p.ord, p.object",
      names.Temp("sluice_verdict"), names.SaysSameContent("l.reason"), names.Temp("sluice_plan"),
      names.In("ledger"), names.dialect.Exact("l.raw_key"), names.dialect.Exact("p.raw_key"),
      names.Pipeline());
}

// Where it replaces: whatever the ledger had of a key is taken away before.
std::string AllTodoSql(const LedgerNames& names) {
  return fmt::format(
      "CREATE TEMP TABLE {} AS SELECT p.ord, p.object, CAST('todo' AS {}) AS verdict, "
      "p.object_identity AS other, CAST(NULL AS {}) AS batch FROM {} p WHERE p.table_name = '*'",
      names.Temp("sluice_verdict"), names.dialect.Text(16), names.dialect.Text(64),
      names.Temp("sluice_plan"));
}

// Provisional rows go: what takes their place is written anew in the same transaction.
void DeleteProvisional(const LedgerNames& names, const std::string& objects,
                       std::vector<SqlStatement>& sql) {
  const std::string mine = fmt::format("name = {}", names.Pipeline());
  sql.push_back(
      {"delete provisional quarantine",
       fmt::format("DELETE FROM {0} WHERE {1} AND object IN (SELECT object FROM {2} WHERE "
                   "{1} AND table_name = '*' AND state NOT IN ('loaded', 'replaced') AND "
                   "object IN ({3}))",
                   names.In("quarantine"), mine, names.In("ledger"), objects)});
  sql.push_back({"delete provisional ledger rows",
                 fmt::format("DELETE FROM {} WHERE {} AND state NOT IN ('loaded', 'replaced') AND "
                             "object IN ({})",
                             names.In("ledger"), mine, objects)});
}

// The objects that stand in the ledger for a key that is now to be loaded: because they were gone
// or damaged, which is mended, or held, and are older (ADR 0058). What is held and not older is
// another content, and stays for a person.
std::string VersionsOfTodoSql(const LedgerNames& names) {
  return fmt::format(
      "SELECT l.object FROM {} l JOIN {} o ON o.store = l.store AND {} = {} WHERE "
      "l.name = {} AND l.table_name = '*' AND (l.state IN ('vanished', 'set_aside') OR "
      "(l.state = 'held' AND l.version < o.version))",
      names.In("ledger"), names.Temp("sluice_todo"), names.dialect.Exact("o.raw_key"),
      names.dialect.Exact("l.raw_key"), names.Pipeline());
}

// Versions that load nothing: one that is older, or has the content that is loaded, is replaced; a
// newer one waits for a person. All are in the ledger, or each would count as missing.
std::string OtherVersionsSql(const LedgerNames& names, const LoadFacts& facts) {
  const auto if_held = [](std::string_view column) {
    return fmt::format("CASE WHEN v.verdict = 'overwritten' THEN p.{} ELSE 0 END", column);
  };
  return fmt::format(
      "{} SELECT {}, p.object, p.object_identity, p.store, p.raw_key, p.table_name, CASE WHEN "
      "v.verdict = 'overwritten' THEN 'held' ELSE 'replaced' END, CASE v.verdict WHEN 'older' THEN "
      "'superseded: a newer version of the key was there first: ' WHEN 'same' THEN {} ELSE "
      "'overwritten: the key is loaded with other content: ' END || v.other, p.revision, "
      "p.parquet, p.content, p.version, {}, {}, {}, {}, {}, "
      "0, 0, 0, 0, {}, NULL, NULL, {}, p.replay_of FROM {} p JOIN {} v ON v.object = p.object "
      "WHERE v.verdict "
      "IN ('older', 'same', 'overwritten')",
      InsertIntoLedger(names), names.Pipeline(), names.dialect.Literal(kSameContent),
      names.dialect.Literal(facts.batch), if_held("lines"), if_held("no_route"), if_held("dropped"),
      if_held("routed"), if_held("quarantined"), TimestampLiteral(facts.loaded_at),
      names.Temp("sluice_plan"), names.Temp("sluice_verdict"));
}

std::string TodoSql(const LedgerNames& names) {
  return fmt::format(
      "CREATE TEMP TABLE {} AS SELECT p.* FROM {} p JOIN {} v ON v.object = p.object WHERE "
      "p.table_name = '*' AND v.verdict = 'todo'",
      names.Temp("sluice_todo"), names.Temp("sluice_plan"), names.Temp("sluice_verdict"));
}

// The rows of the objects that the query `objects` answers.
std::string InsertQuarantineSql(const LedgerNames& names, const std::string& batch,
                                const std::string& objects) {
  std::string columns, values;
  for (const Column& column : QuarantineColumns()) {
    columns += ", " + QuoteIdentifier(column.name);
    values += ", b." + QuoteIdentifier(column.name);
  }
  return fmt::format(
      "INSERT INTO {} (name{}, batch) SELECT {}{}, {} FROM {} b WHERE b.object IN ({})",
      names.In("quarantine"), columns, names.Pipeline(), values, names.dialect.Literal(batch),
      names.Temp("sluice_bad"), objects);
}

std::string CreateLosersSql(const LedgerNames& names) {
  return fmt::format(
      "CREATE TEMP TABLE {} (table_name {}, object BIGINT, line INTEGER, event_key {}, "
      "event_time TIMESTAMP, differs INTEGER)",
      names.Temp("sluice_losers"), names.dialect.Text(127), names.dialect.Text(kLongestEventKey));
}

// What is counted, in any number of rows for each (object, table); to be summed up.
std::string CreateTallySql(const LedgerNames& names) {
  return fmt::format(
      "CREATE TEMP TABLE {} (object BIGINT, table_name {}, staged BIGINT, loaded BIGINT, "
      "duplicates BIGINT, differing BIGINT, quarantined BIGINT, min_time TIMESTAMP, max_time "
      "TIMESTAMP)",
      names.Temp("sluice_tally"), names.dialect.Text(127));
}

std::string CountLosersAndBadSql(const LedgerNames& names) {
  return fmt::format(
      "INSERT INTO {} SELECT object, table_name, 0, 0, COUNT(*), SUM(differs), 0, CAST(NULL AS "
      "TIMESTAMP), CAST(NULL AS TIMESTAMP) FROM "
      "{} GROUP BY object, table_name UNION ALL SELECT b.object, b.table_name, 0, 0, 0, 0, "
      "COUNT(*), CAST(NULL AS TIMESTAMP), CAST(NULL AS TIMESTAMP) FROM {} b JOIN {} o ON o.object "
      "= b.object GROUP BY b.object, "
      "b.table_name",
      names.Temp("sluice_tally"), names.Temp("sluice_losers"), names.Temp("sluice_bad"),
      names.Temp("sluice_todo"));
}

// The sums of sluice_tally by `key`: its column, or two.
std::string SumsBy(const LedgerNames& names, std::string_view key) {
  return fmt::format(
      "(SELECT {0}, SUM(staged) AS staged, SUM(loaded) AS loaded, SUM(duplicates) AS duplicates, "
      "SUM(differing) AS differing, SUM(quarantined) AS quarantined, MIN(min_time) AS min_time, "
      "MAX(max_time) AS max_time FROM {1} GROUP BY {0})",
      key, names.Temp("sluice_tally"));
}

std::string LedgerOfTablesSql(const LedgerNames& names, const LoadFacts& facts) {
  return fmt::format(
      "SELECT {}, p.object, p.object_identity, p.store, p.raw_key, p.table_name, 'loaded', "
      "NULLIF(p.reason, ''), p.revision, p.parquet, p.content, p.version, {}, 0, 0, 0, p.routed, "
      "COALESCE(c.staged, 0), "
      "COALESCE(c.loaded, 0), COALESCE(c.duplicates, 0), COALESCE(c.differing, 0), "
      "COALESCE(c.quarantined, 0), c.min_time, c.max_time, {}, p.replay_of FROM {} p JOIN {} o ON "
      "o.object = "
      "p.object LEFT JOIN {} c ON c.object = p.object AND c.table_name = p.table_name WHERE "
      "p.table_name <> '*'",
      names.Pipeline(), names.dialect.Literal(facts.batch), TimestampLiteral(facts.loaded_at),
      names.Temp("sluice_plan"), names.Temp("sluice_todo"), SumsBy(names, "object, table_name"));
}

std::string LedgerOfObjectsSql(const LedgerNames& names, const LoadFacts& facts) {
  return fmt::format(
      "SELECT {}, o.object, o.object_identity, o.store, o.raw_key, '*', 'loaded', "
      "NULLIF(o.reason, ''), o.revision, o.parquet, o.content, o.version, {}, o.lines, o.no_route, "
      "o.dropped, o.routed, "
      "COALESCE(c.staged, 0), COALESCE(c.loaded, 0), COALESCE(c.duplicates, 0), "
      "COALESCE(c.differing, 0), COALESCE(c.quarantined, 0), c.min_time, c.max_time, {}, "
      "o.replay_of "
      "FROM {} o "
      "LEFT JOIN {} c ON c.object = o.object",
      names.Pipeline(), names.dialect.Literal(facts.batch), TimestampLiteral(facts.loaded_at),
      names.Temp("sluice_todo"), SumsBy(names, "object"));
}

// `queries` into a table, which the first of them makes if `makes_it`: one statement for each; for
// Redshift, whose Data API takes few and short ones, as many in one as it takes. What a query
// makes, Redshift analyzes by itself.
void Gather(const LedgerNames& names, std::string_view name, std::string_view table, bool makes_it,
            const std::vector<std::string>& queries, std::vector<SqlStatement>& sql) {
  constexpr size_t kMostBytes = 95'000;
  const bool joins = names.dialect.kind() == SqlDialect::Kind::kRedshift;
  const size_t first = sql.size();
  for (const std::string& query : queries) {
    const bool is_first = sql.size() == first;
    if (joins && !is_first && sql.back().sql.size() + query.size() < kMostBytes) {
      sql.back().sql += " UNION ALL " + query;
      continue;
    }
    const bool makes = is_first && makes_it;
    sql.push_back(
        {std::string(name), fmt::format("{} {}{} {}", makes ? "CREATE TEMP TABLE" : "INSERT INTO",
                                        names.Temp(table), makes ? " AS" : "", query)});
  }
}

}  // namespace

std::vector<SqlStatement> CommitSql(const TableSet& tables, const LedgerNames& names,
                                    const LoadFacts& facts) {
  std::vector<SqlStatement> sql = TakeLock(names);
  const auto run = [&](std::string name, std::string text) {
    sql.push_back({std::move(name), std::move(text)});
  };
  AddChecksOfLoad(names, sql);
  if (facts.replaced) {
    sql.push_back(CheckUnchanged(names));
    TakeAway(tables, names, *facts.replaced, sql);
  }
  run("judge objects", facts.replaced  ? AllTodoSql(names)
                       : facts.replays ? ReplayVerdictSql(names)
                                       : VerdictSql(names));
  run("list what is to do", TodoSql(names));
  const auto analyze = [&](std::string_view table) {
    if (names.dialect.kind() != SqlDialect::Kind::kPostgres) return;
    run(fmt::format("analyze {}", table), "ANALYZE " + names.Temp(table));
  };
  analyze("sluice_todo");
  if (!facts.replaced && !facts.replays) {
    DeleteProvisional(names,
                      fmt::format("SELECT object FROM {} WHERE verdict <> 'known' UNION ALL {}",
                                  names.Temp("sluice_verdict"), VersionsOfTodoSql(names)),
                      sql);
    run("settle other versions", OtherVersionsSql(names, facts));
  }
  run("create duplicates", CreateLosersSql(names));
  run("create counts", CreateTallySql(names));
  std::vector<std::string> fresh, spare, losers, tallies;
  std::vector<SqlStatement> inserts;
  for (const auto& [index, times] : facts.tables) {
    const Table& table = tables.tables[index];
    const TableSql part(names, table, index, times);
    fresh.push_back(part.Fresh());
    inserts.push_back({"insert rows of " + table.name(), part.Insert()});
    if (part.HasKey()) {
      spare.push_back(part.Spare());
      losers.push_back(part.Losers());
    }
    tallies.push_back(part.Tally());
  }
  Gather(names, "find fresh rows", "sluice_fresh", true, fresh, sql);
  if (!fresh.empty()) analyze("sluice_fresh");
  for (SqlStatement& insert : inserts) sql.push_back(std::move(insert));
  Gather(names, "find spare rows", "sluice_spare", true, spare, sql);
  if (!spare.empty()) analyze("sluice_spare");
  Gather(names, "find duplicates", "sluice_losers", false, losers, sql);
  Gather(names, "count rows", "sluice_tally", false, tallies, sql);
  run("insert duplicates",
      fmt::format("INSERT INTO {} (name, table_name, object, line, event_key, event_time, differs, "
                  "batch) SELECT {}, table_name, object, line, event_key, event_time, differs, {} "
                  "FROM {}",
                  names.In("duplicates"), names.Pipeline(), names.dialect.Literal(facts.batch),
                  names.Temp("sluice_losers")));
  if (facts.replays) {
    MarkReplayed(names, facts.loaded_at, sql);
  } else {
    run("insert quarantine",
        InsertQuarantineSql(
            names, facts.batch,
            fmt::format("SELECT object FROM {} WHERE verdict IN ('todo', 'overwritten')",
                        names.Temp("sluice_verdict"))));
  }
  run("count", CountLosersAndBadSql(names));
  run("insert ledger rows",
      fmt::format("{} {} UNION ALL {}", InsertIntoLedger(names), LedgerOfTablesSql(names, facts),
                  LedgerOfObjectsSql(names, facts)));
  if (facts.replaced) BringBack(tables, names, facts.batch, *facts.replaced, sql);
  sql.push_back(CheckBalance(names, facts.batch));
  return sql;
}

std::string LoadOutcomeSql(const LedgerNames& names) {
  return fmt::format(
      "SELECT CASE WHEN v.verdict = 'same' THEN 'loaded' ELSE MIN(l.state) END, "
      "COALESCE(MIN(l.batch), v.batch, ''), COALESCE(MIN(l.reason), '') FROM {} v LEFT JOIN {} l "
      "ON l.name = {} AND l.object = v.object AND l.table_name = '*' GROUP BY v.ord, v.verdict, "
      "v.batch ORDER BY v.ord",
      names.Temp("sluice_verdict"), names.In("ledger"), names.Pipeline());
}

std::vector<SqlStatement> SettleSql(const LedgerNames& names, const std::string& batch,
                                    Timestamp settled_at) {
  std::vector<SqlStatement> sql = TakeLock(names);
  const auto run = [&](std::string name, std::string text) {
    sql.push_back({std::move(name), std::move(text)});
  };
  AddChecksOfSettlements(names, sql);
  run("list what is to settle",
      fmt::format("CREATE TEMP TABLE {} AS SELECT p.* FROM {} p WHERE p.table_name = '*' AND NOT "
                  "EXISTS (SELECT 1 FROM {} l WHERE l.name = {} AND l.object = p.object AND "
                  "l.table_name = '*' AND l.state IN ('loaded', 'replaced'))",
                  names.Temp("sluice_todo"), names.Temp("sluice_plan"), names.In("ledger"),
                  names.Pipeline()));
  const std::string todo = fmt::format("SELECT object FROM {}", names.Temp("sluice_todo"));
  DeleteProvisional(names, todo, sql);
  run("insert quarantine", InsertQuarantineSql(names, batch, todo));
  run("insert ledger rows",
      fmt::format(
          "{} SELECT {}, p.object, p.object_identity, p.store, p.raw_key, p.table_name, p.state, "
          "p.reason, p.revision, p.parquet, p.content, p.version, {}, p.lines, p.no_route, "
          "p.dropped, p.routed, 0, 0, 0, 0, p.quarantined, NULL, NULL, {}, p.replay_of FROM {} p "
          "JOIN {} "
          "o ON o.object = p.object",
          InsertIntoLedger(names), names.Pipeline(), names.dialect.Literal(batch),
          TimestampLiteral(settled_at), names.Temp("sluice_plan"), names.Temp("sluice_todo")));
  return sql;
}

}  // namespace sluice
