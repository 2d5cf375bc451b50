// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/load_sql.h"

#include <fmt/format.h>

#include "sluice/schema/quarantine_schema.h"
#include "sluice/warehouse/sql_text.h"
#include "sluice/warehouse/table_sql.h"

namespace sluice {
namespace {

LoadStatement Assert(std::string name, ErrorKind failure, std::string sql) {
  return {std::move(name), std::move(sql), failure};
}

// One for load and settlement: nobody but us is here, and an id means one object.
std::vector<LoadStatement> TakeLock(const LedgerNames& names) {
  return {
      {"take lock", TakeLockSql(names), std::nullopt},
      Assert("check lock", ErrorKind::kPermanent,
             fmt::format("SELECT CASE WHEN COUNT(*) = 1 THEN 'ok' ELSE error('the lock row is "
                         "missing or there twice') END FROM {} WHERE name = {}",
                         names.In("lock"), names.Pipeline())),
      Assert("check identities", ErrorKind::kPermanent,
             fmt::format("SELECT CASE WHEN COUNT(*) = 0 THEN 'ok' ELSE error('two raw objects have "
                         "one id: ' || MIN(p.object_identity) || ' and ' || "
                         "MIN(l.object_identity)) END FROM {} p JOIN {} l ON l.name = {} AND "
                         "l.object = p.object WHERE l.object_identity <> p.object_identity",
                         TempName("sluice_plan"), names.In("ledger"), names.Pipeline())),
  };
}

// What the ledger makes of each planned object, by the rows of its key that are loaded or replaced:
// 'known' itself, 'same' content under another ETag or in another store (one that was moved),
// 'older' than what is known in its store, 'overwritten' by other content there, or 'todo'.
std::string VerdictSql(const LedgerNames& names) {
  return fmt::format(
      "CREATE TEMP TABLE {} AS SELECT p.ord, p.object, CASE"
      " WHEN COALESCE(BOOL_OR(l.object = p.object), FALSE) THEN 'known'"
      " WHEN COALESCE(BOOL_OR(l.state = 'loaded' AND l.content = p.content AND p.content <> ''), "
      "FALSE) THEN 'same'"
      " WHEN COALESCE(BOOL_OR(l.store = p.store AND l.version > p.version), FALSE) THEN 'older'"
      " WHEN COALESCE(BOOL_OR(l.store = p.store AND l.state = 'loaded'), FALSE) THEN 'overwritten'"
      " ELSE 'todo' END AS verdict, COALESCE(MAX(l.object_identity) FILTER (WHERE l.state = "
      "'loaded'), MAX(l.object_identity)) AS other, MAX(l.batch) AS batch FROM {} p LEFT JOIN {} l "
      "ON l.raw_key = p.raw_key AND l.name = {} AND l.table_name = '*' AND "
      "l.state IN ('loaded', 'replaced') WHERE p.table_name = '*' GROUP BY p.ord, p.object",
      TempName("sluice_verdict"), TempName("sluice_plan"), names.In("ledger"), names.Pipeline());
}

// Provisional rows go: what takes their place is written anew in the same transaction.
void DeleteProvisional(const LedgerNames& names, const std::string& objects,
                       std::vector<LoadStatement>& sql) {
  const std::string mine = fmt::format("name = {}", names.Pipeline());
  sql.push_back(
      {"delete provisional quarantine",
       fmt::format("DELETE FROM {0} WHERE {1} AND object IN (SELECT object FROM {2} WHERE "
                   "{1} AND table_name = '*' AND state NOT IN ('loaded', 'replaced') AND "
                   "object IN ({3}))",
                   names.In("quarantine"), mine, names.In("ledger"), objects),
       std::nullopt});
  sql.push_back({"delete provisional ledger rows",
                 fmt::format("DELETE FROM {} WHERE {} AND state NOT IN ('loaded', 'replaced') AND "
                             "object IN ({})",
                             names.In("ledger"), mine, objects),
                 std::nullopt});
}

// The objects that stand in the ledger for a key that is now to be loaded, because they were gone
// or damaged: that is mended. One that is held is another content, and stays for a person.
std::string VersionsOfTodoSql(const LedgerNames& names) {
  return fmt::format(
      "SELECT l.object FROM {} l JOIN {} o ON o.store = l.store AND o.raw_key = l.raw_key WHERE "
      "l.name = {} AND l.table_name = '*' AND l.state IN ('vanished', 'set_aside')",
      names.In("ledger"), TempName("sluice_todo"), names.Pipeline());
}

// Versions that load nothing: the older one is replaced, the newer one waits for a person.
std::string OtherVersionsSql(const LedgerNames& names, const LoadFacts& facts) {
  const auto unless_older = [](std::string_view column) {
    return fmt::format("CASE WHEN v.verdict = 'older' THEN 0 ELSE p.{} END", column);
  };
  return fmt::format(
      "{} SELECT {}, p.object, p.object_identity, p.store, p.raw_key, p.table_name, CASE WHEN "
      "v.verdict = 'older' THEN 'replaced' ELSE 'held' END, CASE WHEN v.verdict = 'older' THEN "
      "'superseded: a newer version of the key was there first: ' ELSE 'overwritten: the key is "
      "loaded with other "
      "content: ' END || v.other, p.revision, p.parquet, p.content, p.version, {}, {}, {}, {}, {}, "
      "0, 0, 0, 0, {}, NULL, NULL, {} FROM {} p JOIN {} v ON v.object = p.object WHERE v.verdict "
      "IN ('older', 'overwritten')",
      InsertIntoLedger(names), names.Pipeline(), QuoteLiteral(facts.batch), unless_older("lines"),
      unless_older("no_route"), unless_older("dropped"), unless_older("routed"),
      unless_older("quarantined"), TimestampLiteral(facts.loaded_at), TempName("sluice_plan"),
      TempName("sluice_verdict"));
}

std::string TodoSql() {
  return fmt::format(
      "CREATE TEMP TABLE {} AS SELECT p.* FROM {} p JOIN {} v ON v.object = p.object WHERE "
      "p.table_name = '*' AND v.verdict = 'todo'",
      TempName("sluice_todo"), TempName("sluice_plan"), TempName("sluice_verdict"));
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
      names.In("quarantine"), columns, names.Pipeline(), values, QuoteLiteral(batch),
      TempName("sluice_bad"), objects);
}

std::string CreateLosersSql() {
  return fmt::format(
      "CREATE TEMP TABLE {} (table_name VARCHAR, object BIGINT, line INTEGER, event_key VARCHAR, "
      "event_time TIMESTAMP, differs INTEGER)",
      TempName("sluice_losers"));
}

// What is counted, in any number of rows for each (object, table); to be summed up.
std::string CreateTallySql() {
  return fmt::format(
      "CREATE TEMP TABLE {} (object BIGINT, table_name VARCHAR, staged BIGINT, loaded BIGINT, "
      "duplicates BIGINT, differing BIGINT, quarantined BIGINT, min_time TIMESTAMP, max_time "
      "TIMESTAMP)",
      TempName("sluice_tally"));
}

std::string CountLosersAndBadSql() {
  return fmt::format(
      "INSERT INTO {} SELECT object, table_name, 0, 0, COUNT(*), SUM(differs), 0, NULL, NULL FROM "
      "{} GROUP BY object, table_name UNION ALL SELECT b.object, b.table_name, 0, 0, 0, 0, "
      "COUNT(*), NULL, NULL FROM {} b JOIN {} o ON o.object = b.object GROUP BY b.object, "
      "b.table_name",
      TempName("sluice_tally"), TempName("sluice_losers"), TempName("sluice_bad"),
      TempName("sluice_todo"));
}

// The sums of sluice_tally by `key`: its column, or two.
std::string SumsBy(std::string_view key) {
  return fmt::format(
      "(SELECT {0}, SUM(staged) AS staged, SUM(loaded) AS loaded, SUM(duplicates) AS duplicates, "
      "SUM(differing) AS differing, SUM(quarantined) AS quarantined, MIN(min_time) AS min_time, "
      "MAX(max_time) AS max_time FROM {1} GROUP BY {0})",
      key, TempName("sluice_tally"));
}

std::string LedgerOfTablesSql(const LedgerNames& names, const LoadFacts& facts) {
  return fmt::format(
      "{} SELECT {}, p.object, p.object_identity, p.store, p.raw_key, p.table_name, 'loaded', "
      "NULL, p.revision, p.parquet, p.content, p.version, {}, 0, 0, 0, p.routed, "
      "COALESCE(c.staged, 0), "
      "COALESCE(c.loaded, 0), COALESCE(c.duplicates, 0), COALESCE(c.differing, 0), "
      "COALESCE(c.quarantined, 0), c.min_time, c.max_time, {} FROM {} p JOIN {} o ON o.object = "
      "p.object LEFT JOIN {} c ON c.object = p.object AND c.table_name = p.table_name WHERE "
      "p.table_name <> '*'",
      InsertIntoLedger(names), names.Pipeline(), QuoteLiteral(facts.batch),
      TimestampLiteral(facts.loaded_at), TempName("sluice_plan"), TempName("sluice_todo"),
      SumsBy("object, table_name"));
}

std::string LedgerOfObjectsSql(const LedgerNames& names, const LoadFacts& facts) {
  return fmt::format(
      "{} SELECT {}, o.object, o.object_identity, o.store, o.raw_key, '*', 'loaded', NULL, "
      "o.revision, o.parquet, o.content, o.version, {}, o.lines, o.no_route, o.dropped, o.routed, "
      "COALESCE(c.staged, 0), COALESCE(c.loaded, 0), COALESCE(c.duplicates, 0), "
      "COALESCE(c.differing, 0), COALESCE(c.quarantined, 0), c.min_time, c.max_time, {} FROM {} o "
      "LEFT JOIN {} c ON c.object = o.object",
      InsertIntoLedger(names), names.Pipeline(), QuoteLiteral(facts.batch),
      TimestampLiteral(facts.loaded_at), TempName("sluice_todo"), SumsBy("object"));
}

// Invariant 5, of every row that this batch writes: each (object, table) once, and balanced.
std::string BalanceAssertion(const LedgerNames& names, const LoadFacts& facts) {
  return fmt::format(
      "SELECT CASE WHEN COUNT(*) = 0 THEN 'ok' ELSE error('the balance does not add up: ' || "
      "MIN(what)) END FROM (SELECT p.raw_key || ' table=' || p.table_name || COALESCE(' routed=' "
      "|| MIN(l.routed) || ' staged=' || MIN(l.staged) || ' loaded=' || MIN(l.loaded) || ' "
      "duplicates=' || MIN(l.duplicates) || ' quarantined=' || MIN(l.quarantined), '') AS what "
      "FROM {} p JOIN {} o ON o.object = p.object LEFT JOIN {} l ON l.name = {} AND l.batch = {} "
      "AND l.object = p.object AND l.object_identity = p.object_identity AND l.table_name = "
      "p.table_name AND l.state = 'loaded' GROUP BY p.object, p.table_name, p.raw_key HAVING "
      "COUNT(l.object) <> 1 OR NOT BOOL_AND(l.staged = l.loaded + l.duplicates AND CASE WHEN "
      "l.table_name <> '*' THEN l.routed = l.staged + l.quarantined ELSE l.lines = l.routed + "
      "l.no_route + l.dropped AND l.routed + l.no_route = l.staged + l.quarantined END))",
      TempName("sluice_plan"), TempName("sluice_todo"), names.In("ledger"), names.Pipeline(),
      QuoteLiteral(facts.batch));
}

// What may be known before any work is done.
void AssertMayLoad(const LedgerNames& names, std::vector<LoadStatement>& sql) {
  sql.push_back(Assert(
      "check pause", ErrorKind::kPermanent,
      fmt::format("SELECT CASE WHEN COUNT(*) = 1 AND MAX(paused) = 0 THEN 'ok' WHEN COUNT(*) <> 1 "
                  "THEN error('the control row is missing or there twice') ELSE error('loading is "
                  "paused: ' || COALESCE(MAX(reason), 'no reason was given')) END FROM {} WHERE "
                  "name = {}",
                  names.In("control"), names.Pipeline())));
  sql.push_back(Assert(
      "check plan", ErrorKind::kPermanent,
      fmt::format(
          "SELECT CASE WHEN COUNT(*) = COUNT(DISTINCT (object, table_name)) AND COUNT(*) "
          "FILTER (WHERE table_name = '*') = COUNT(DISTINCT (store, raw_key)) AND COUNT(DISTINCT "
          "object) = COUNT(DISTINCT (store, raw_key)) THEN 'ok' ELSE error('the plan names an "
          "object or a raw key twice') END FROM {}",
          TempName("sluice_plan"))));
}

}  // namespace

std::vector<LoadStatement> CommitSql(const TableSet& tables, const LedgerNames& names,
                                     const LoadFacts& facts) {
  std::vector<LoadStatement> sql = TakeLock(names);
  const auto run = [&](std::string name, std::string text) {
    sql.push_back({std::move(name), std::move(text), std::nullopt});
  };
  AssertMayLoad(names, sql);
  run("judge objects", VerdictSql(names));
  run("list what is to do", TodoSql());
  DeleteProvisional(names,
                    fmt::format("SELECT object FROM {} WHERE verdict <> 'known' UNION ALL {}",
                                TempName("sluice_verdict"), VersionsOfTodoSql(names)),
                    sql);
  run("settle other versions", OtherVersionsSql(names, facts));
  run("create duplicates", CreateLosersSql());
  run("create counts", CreateTallySql());
  for (const auto& [index, times] : facts.tables) {
    const Table& table = tables.tables[index];
    const TableSql part(table, index, times);
    run("find fresh rows of " + table.name(), part.Fresh());
    run("insert rows of " + table.name(), part.Insert());
    if (part.HasKey()) {
      run("find spare rows of " + table.name(), part.Spare());
      run("find duplicates of " + table.name(), part.Losers());
    }
    run("count rows of " + table.name(), part.Tally());
  }
  run("insert duplicates",
      fmt::format("INSERT INTO {} (name, table_name, object, line, event_key, event_time, differs, "
                  "batch) SELECT {}, table_name, object, line, event_key, event_time, differs, {} "
                  "FROM {}",
                  names.In("duplicates"), names.Pipeline(), QuoteLiteral(facts.batch),
                  TempName("sluice_losers")));
  run("insert quarantine",
      InsertQuarantineSql(
          names, facts.batch,
          fmt::format("SELECT object FROM {} WHERE verdict IN ('todo', 'overwritten')",
                      TempName("sluice_verdict"))));
  run("count", CountLosersAndBadSql());
  run("insert ledger rows of tables", LedgerOfTablesSql(names, facts));
  run("insert ledger rows of objects", LedgerOfObjectsSql(names, facts));
  sql.push_back(Assert("check balance", ErrorKind::kBadData, BalanceAssertion(names, facts)));
  return sql;
}

std::string LoadOutcomeSql(const LedgerNames& names) {
  return fmt::format(
      "SELECT COALESCE(MIN(l.state), CASE WHEN v.verdict = 'same' THEN 'loaded' END), "
      "COALESCE(MIN(l.batch), v.batch, ''), COALESCE(MIN(l.reason), CASE WHEN v.verdict = 'same' "
      "THEN 'the same content is loaded: ' || v.other END, '') FROM {} v LEFT JOIN {} l ON l.name "
      "= {} AND l.object = v.object AND l.table_name = '*' GROUP BY v.ord, v.verdict, v.batch, "
      "v.other ORDER BY v.ord",
      TempName("sluice_verdict"), names.In("ledger"), names.Pipeline());
}

std::vector<LoadStatement> SettleSql(const LedgerNames& names, const std::string& batch,
                                     Timestamp settled_at) {
  std::vector<LoadStatement> sql = TakeLock(names);
  const auto run = [&](std::string name, std::string text) {
    sql.push_back({std::move(name), std::move(text), std::nullopt});
  };
  sql.push_back(
      Assert("check settlements", ErrorKind::kPermanent,
             fmt::format("SELECT CASE WHEN COUNT(*) = COUNT(DISTINCT (object, table_name)) THEN "
                         "'ok' ELSE error('an object is settled twice') END FROM {}",
                         TempName("sluice_plan"))));
  run("list what is to settle",
      fmt::format("CREATE TEMP TABLE {} AS SELECT p.* FROM {} p WHERE p.table_name = '*' AND NOT "
                  "EXISTS (SELECT 1 FROM {} l WHERE l.name = {} AND l.object = p.object AND "
                  "l.table_name = '*' AND l.state IN ('loaded', 'replaced'))",
                  TempName("sluice_todo"), TempName("sluice_plan"), names.In("ledger"),
                  names.Pipeline()));
  const std::string todo = fmt::format("SELECT object FROM {}", TempName("sluice_todo"));
  DeleteProvisional(names, todo, sql);
  run("insert quarantine", InsertQuarantineSql(names, batch, todo));
  run("insert ledger rows",
      fmt::format(
          "{} SELECT {}, p.object, p.object_identity, p.store, p.raw_key, p.table_name, p.state, "
          "p.reason, p.revision, p.parquet, p.content, p.version, {}, p.lines, p.no_route, "
          "p.dropped, p.routed, 0, 0, 0, 0, p.quarantined, NULL, NULL, {} FROM {} p JOIN {} "
          "o ON o.object = p.object",
          InsertIntoLedger(names), names.Pipeline(), QuoteLiteral(batch),
          TimestampLiteral(settled_at), TempName("sluice_plan"), TempName("sluice_todo")));
  return sql;
}

}  // namespace sluice
