// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/replace_sql.h"

#include <fmt/format.h>

#include "sluice/warehouse/sql_text.h"
#include "sluice/warehouse/table_sql.h"

namespace sluice {
namespace {

std::string GoneTable(size_t index) {
  return fmt::format("sluice_gone_{}", index + 1);
}

// Whether `l`, a row of the ledger, is of the key that `p`, one of the plan, has: in its store, or
// with its content in another, from where it was moved.
std::string IsOfKey(const LedgerNames& names) {
  return fmt::format(
      "p.table_name = '*' AND l.name = {} AND {} = {} AND (l.store = p.store OR (l.content = "
      "p.content AND p.content <> ''))",
      names.Pipeline(), names.dialect.Exact("l.raw_key"), names.dialect.Exact("p.raw_key"));
}

// All objects that the ledger has of the plan's keys.
std::string VersionsSql(const LedgerNames& names) {
  const std::string ledger = names.In("ledger"), plan = names.Temp("sluice_plan");
  // And what another version of the key in this store had its content from: of a store that was
  // moved.
  return fmt::format(
      "SELECT l.object FROM {0} l JOIN {1} p ON {2} UNION ALL SELECT o.object FROM {0} l JOIN {1} "
      "p ON {2} AND l.state = 'replaced' AND {3} JOIN {0} o ON o.name = l.name AND {4} "
      "= {5} AND o.content = l.content AND o.content <> ''",
      ledger, plan, IsOfKey(names), names.SaysSameContent("l.reason"),
      names.dialect.Exact("o.raw_key"), names.dialect.Exact("l.raw_key"));
}

// The rows of the ledger that are to be replaced, under the alias w.
std::string FromReplaced(const LedgerNames& names) {
  return fmt::format("FROM {} w WHERE w.name = {} AND w.state = 'loaded' AND w.object IN ({})",
                     names.In("ledger"), names.Pipeline(), VersionsSql(names));
}

// One table's part.
class ReplacedTableSql {
 public:
  // All outlive it.
  ReplacedTableSql(const LedgerNames& names, const Table& table, const ReplacedTable& replaced)
      : names_(names),
        table_(table),
        event_(names, table),
        times_(replaced.times),
        target_(names.Target(table.schema)),
        old_(names.Temp(OldTable(replaced.table))),
        other_(names.Temp(OtherTable(replaced.table))),
        gone_(names.Temp(GoneTable(replaced.table))) {}

  bool HasKey() const { return event_.HasKey(); }

  // What the losers among the old rows lost against stays.
  std::string Gone() const {
    return fmt::format(
        "CREATE TEMP TABLE {} AS SELECT DISTINCT {}{} AS sluice_key, {} AS sluice_time FROM {} s "
        "WHERE NOT EXISTS (SELECT 1 FROM {} x WHERE x.name = {} AND x.table_name = {} AND x.object "
        "= s.sluice_object AND x.line = s.sluice_line)",
        gone_, event_.NumberedColumns("s", "sluice_k"), event_.Key("s"), event_.Time("s"), old_,
        names_.In("duplicates"), names_.Pipeline(), event_.TableName());
  }

  // Whether the table has as many of the old rows as were loaded, or, by their keys, no more than
  // one of each, key by key: else nobody can tell which of them came from these objects.
  std::string IsAsLoaded() const {
    if (!HasKey()) {
      return fmt::format(
          "(SELECT COUNT(*) FROM {} WHERE {} IN (SELECT object FROM {})) = (SELECT "
          "COALESCE(SUM(l.loaded), 0) FROM {} l JOIN {} w ON w.object = l.object AND w.table_name "
          "= l.table_name WHERE l.name = {} AND l.table_name = {})",
          target_, QuoteIdentifier(kObjectColumn), names_.Temp("sluice_was"), names_.In("ledger"),
          names_.Temp("sluice_was"), names_.Pipeline(), event_.TableName());
    }
    return fmt::format(
        "(SELECT COUNT(*) FROM (SELECT 1 AS n FROM {} t WHERE EXISTS (SELECT 1 FROM {} g WHERE {})"
        "{} GROUP BY {} HAVING COUNT(*) > 1) q) = 0",
        target_, gone_, IsGoneIn("t"), event_.Within("t", times_), event_.Columns("t"));
  }

  std::string Delete() const {
    if (!HasKey()) {
      return fmt::format("DELETE FROM {} WHERE {} IN (SELECT object FROM {})", target_,
                         QuoteIdentifier(kObjectColumn), names_.Temp("sluice_was"));
    }
    // By the table's own name: Redshift gives a DELETE no alias.
    const std::string itself = QuoteIdentifier(table_.schema.name);
    return fmt::format("DELETE FROM {} USING {} g WHERE {}{}", target_, gone_, IsGoneIn(itself),
                       event_.Within(itself, times_));
  }

  // The earliest of those that lost: by version, object and line.
  std::string Back() const {
    return fmt::format(
        "SELECT {} AS b_table, b.sluice_object AS b_object, b.sluice_line AS b_line FROM (SELECT "
        "s.sluice_object, s.sluice_line, ROW_NUMBER() OVER (PARTITION BY {} ORDER BY l.version, "
        "l.object, s.sluice_line) AS place FROM {} s JOIN {} g ON {} JOIN {} x ON x.name = {} AND "
        "x.table_name = {} AND x.object = s.sluice_object AND x.line = s.sluice_line JOIN {} l ON "
        "l.name = {} AND l.object = s.sluice_object AND l.table_name = '*' WHERE NOT EXISTS "
        "(SELECT 1 FROM {} t WHERE {}{})) b WHERE b.place = 1",
        event_.TableName(), event_.Columns("s"), other_, gone_, IsGoneIn("s"),
        names_.In("duplicates"), names_.Pipeline(), event_.TableName(), names_.In("ledger"),
        names_.Pipeline(), target_, event_.Matches("t", "s"), event_.Within("t", times_));
  }

  std::string InsertBack() const {
    return fmt::format(
        "{} FROM {} s JOIN {} b ON b.b_table = {} AND b.b_object = s.sluice_object AND b.b_line = "
        "s.sluice_line",
        InsertStaged(names_, table_), other_, names_.Temp("sluice_back"), event_.TableName());
  }

  std::string GoneAsDuplicates() const {
    return fmt::format(
        "SELECT {} AS g_table, g.sluice_key AS g_key, g.sluice_time AS g_time FROM {} g",
        event_.TableName(), gone_);
  }

  // How many identities have losers, of whatever pipeline, and no row.
  std::string CountLeftOut() const {
    return fmt::format(
        "(SELECT COUNT(*) FROM {} g JOIN {} x ON x.table_name = {} AND x.event_key = g.sluice_key "
        "AND {} WHERE NOT EXISTS (SELECT 1 FROM {} t WHERE {}{}))",
        gone_, names_.In("duplicates"), event_.TableName(),
        table_.time ? "x.event_time = g.sluice_time" : "x.event_time IS NULL", target_,
        IsGoneIn("t"), event_.Within("t", times_));
  }

 private:
  std::string IsGoneIn(std::string_view of) const {
    return event_.MatchesNumbered(of, "g", "sluice_k");
  }

  const LedgerNames& names_;
  const Table& table_;
  const EventSql event_;
  const std::vector<TimeInterval>& times_;
  const std::string target_, old_, other_, gone_;
};

std::string Union(const std::vector<std::string>& queries) {
  std::string all;
  for (const std::string& query : queries) all += (all.empty() ? "" : " UNION ALL ") + query;
  return all;
}

// sluice_back where nobody else lost against what is gone, as far as was staged.
std::string NothingBack(const LedgerNames& names) {
  return fmt::format(
      "SELECT CAST(table_name AS {}) AS b_table, object AS b_object, line AS b_line FROM {} WHERE "
      "1 = 0",
      names.dialect.Text(127), names.In("duplicates"));
}

// Whether a row of sluice.duplicates is of an identity that is gone.
constexpr std::string_view kIsGone =
    "g_table = table_name AND g_key = event_key AND COALESCE(g_time, TIMESTAMP '0001-01-01 "
    "00:00:00') = COALESCE(event_time, TIMESTAMP '0001-01-01 "
    "00:00:00')";

// Whether it is one that comes back.
constexpr std::string_view kIsBack = "b_table = table_name AND b_object = object AND b_line = line";

// What moves in the ledger's counts: by table, and of the objects themselves.
std::string MovedSql(const LedgerNames& names, const std::string& batch, std::string_view table) {
  return fmt::format(
      "SELECT object AS m_object, {} AS m_table, COUNT(b_line) AS m_rows, CAST(COALESCE(SUM("
      "differs), 0) AS BIGINT) AS m_differing FROM {} JOIN {} ON {} LEFT JOIN {} ON {} WHERE name "
      "= {} AND batch <> {} GROUP BY 1, 2",
      table, names.In("duplicates"), names.Temp("sluice_gone"), kIsGone, names.Temp("sluice_back"),
      kIsBack, names.Pipeline(), names.dialect.Literal(batch));
}

}  // namespace

std::vector<StagedColumn> LoadedPartColumns() {
  return {{"object", {.kind = TypeKind::kBigInt}, true},
          {"table_name", {.kind = TypeKind::kVarchar, .length = 127}, true},
          {"batch", {.kind = TypeKind::kVarchar, .length = 64}, true}};
}

std::string OldTable(size_t index) {
  return fmt::format("sluice_old_{}", index + 1);
}
std::string OtherTable(size_t index) {
  return fmt::format("sluice_other_{}", index + 1);
}

std::string ListReplacedSql(const LedgerNames& names) {
  return fmt::format(
      "SELECT CAST(w.object AS VARCHAR), w.table_name, w.batch, w.parquet, CAST(w.staged AS "
      "VARCHAR), CAST(w.min_time AS VARCHAR), CAST(w.max_time AS VARCHAR) {}",
      FromReplaced(names));
}

std::string ListOthersSql(const LedgerNames& names, const Table& table, size_t index) {
  const EventSql event(names, table);
  return fmt::format(
      "SELECT CAST(l.object AS VARCHAR), l.table_name, l.batch, l.parquet, CAST(l.staged AS "
      "VARCHAR) FROM {0} l WHERE l.name = {1} AND l.table_name = {2} AND l.state = 'loaded' AND "
      "l.object IN (SELECT x.object FROM {3} x JOIN {4} s ON x.event_key = {5} AND {6} WHERE "
      "x.name = {1} AND x.table_name = {2}) AND NOT EXISTS (SELECT 1 FROM {7} w WHERE w.object = "
      "l.object)",
      names.In("ledger"), names.Pipeline(), event.TableName(), names.In("duplicates"),
      names.Temp(OldTable(index)), event.Key("s"),
      table.time ? "x.event_time = " + event.Time("s") : "x.event_time IS NULL",
      names.Temp("sluice_was"));
}

std::string UnchangedCondition(const LedgerNames& names) {
  const auto as_staged = [&](std::string_view table) {
    return fmt::format(
        "(SELECT COUNT(*) FROM {} l JOIN {} w ON w.object = l.object AND w.table_name = "
        "l.table_name AND w.batch = l.batch WHERE l.name = {} AND l.state = 'loaded') = (SELECT "
        "COUNT(*) FROM {})",
        names.In("ledger"), names.Temp(table), names.Pipeline(), names.Temp(table));
  };
  return fmt::format("(SELECT COUNT(*) {}) = (SELECT COUNT(*) FROM {}) AND {} AND {}",
                     FromReplaced(names), names.Temp("sluice_was"), as_staged("sluice_was"),
                     as_staged("sluice_read"));
}

void TakeAway(const TableSet& tables, const LedgerNames& names,
              const std::vector<ReplacedTable>& replaced, std::vector<SqlStatement>& sql) {
  std::string is_right = fmt::format(
      "(SELECT COUNT(*) FROM {} l JOIN {} p ON {} AND l.store = p.store AND l.version > p.version "
      "AND l.state <> 'vanished') = 0",
      names.In("ledger"), names.Temp("sluice_plan"), IsOfKey(names));
  std::vector<SqlStatement> deletes;
  for (const ReplacedTable& one : replaced) {
    const Table& table = tables.tables[one.table];
    const ReplacedTableSql part(names, table, one);
    if (part.HasKey()) sql.push_back({"find old rows of " + table.name(), part.Gone()});
    is_right += " AND " + part.IsAsLoaded();
    deletes.push_back({"delete old rows of " + table.name(), part.Delete()});
  }
  constexpr std::string_view kSentence =
      "the ledger has a newer version of a key, or a table has other rows than were loaded: a key "
      "twice, or not as many with the object in sluice_object";
  sql.push_back({"check what goes", names.dialect.Assertion(is_right, kSentence, "", ""),
                 SqlAssertion{ErrorKind::kBadData, std::string(kSentence)}});
  for (SqlStatement& statement : deletes) sql.push_back(std::move(statement));
  const std::string versions = VersionsSql(names);
  for (const char* table : {"duplicates", "quarantine"}) {
    sql.push_back({fmt::format("delete old {}", table),
                   fmt::format("DELETE FROM {} WHERE name = {} AND object IN ({})", names.In(table),
                               names.Pipeline(), versions)});
  }
  sql.push_back(
      {"mark what is replaced",
       fmt::format("UPDATE {} SET state = 'replaced', reason = 'another version of the key took "
                   "its place' WHERE name = {} AND state = 'loaded' AND object IN ({})",
                   names.In("ledger"), names.Pipeline(), versions)});
  // What never was loaded is nothing that could have been replaced: it may come again. So may the
  // same events be replayed, when they are in quarantine once more.
  sql.push_back(
      {"delete old ledger rows",
       fmt::format("DELETE FROM {} WHERE name = {} AND (object IN (SELECT object FROM {}) "
                   "OR ((state <> 'replaced' OR replay_of <> 0 OR {}) AND object IN "
                   "({})))",
                   names.In("ledger"), names.Pipeline(), names.Temp("sluice_plan"),
                   names.SaysSameContent("reason"), versions)});
}

void BringBack(const TableSet& tables, const LedgerNames& names, const std::string& batch,
               const std::vector<ReplacedTable>& replaced, std::vector<SqlStatement>& sql) {
  std::vector<std::string> back, gone, left_out;
  std::vector<std::pair<std::string, std::string>> inserts;
  for (const ReplacedTable& one : replaced) {
    const Table& table = tables.tables[one.table];
    const ReplacedTableSql part(names, table, one);
    if (!part.HasKey()) continue;
    gone.push_back(part.GoneAsDuplicates());
    left_out.push_back(part.CountLeftOut());
    if (!one.has_others) continue;
    back.push_back(part.Back());
    inserts.emplace_back("bring rows back into " + table.name(), part.InsertBack());
  }
  if (gone.empty()) return;
  const auto run = [&](std::string name, std::string statement) {
    sql.push_back({std::move(name), std::move(statement)});
  };
  run("find what comes back", fmt::format("CREATE TEMP TABLE {} AS {}", names.Temp("sluice_back"),
                                          back.empty() ? NothingBack(names) : Union(back)));
  for (auto& [name, statement] : inserts) run(std::move(name), std::move(statement));
  run("list what is gone",
      fmt::format("CREATE TEMP TABLE {} AS {}", names.Temp("sluice_gone"), Union(gone)));
  run("move counts",
      fmt::format("UPDATE {} SET loaded = loaded + m_rows, duplicates = duplicates - m_rows, "
                  "differing = differing - m_differing FROM ({} UNION ALL {}) m WHERE name = {} "
                  "AND object = m_object AND table_name = m_table",
                  names.In("ledger"), MovedSql(names, batch, "table_name"),
                  MovedSql(names, batch, fmt::format("CAST('*' AS {})", names.dialect.Text(127))),
                  names.Pipeline()));
  run("forget what came back",
      fmt::format("DELETE FROM {} WHERE name = {} AND EXISTS (SELECT 1 FROM {} WHERE {})",
                  names.In("duplicates"), names.Pipeline(), names.Temp("sluice_back"), kIsBack));
  run("forget what differed",
      fmt::format("UPDATE {} SET differs = NULL FROM {} WHERE name = {} AND batch <> {} AND {}",
                  names.In("duplicates"), names.Temp("sluice_gone"), names.Pipeline(),
                  names.dialect.Literal(batch), kIsGone));
  std::string none;
  for (const std::string& count : left_out) none += (none.empty() ? "" : " AND ") + count + " = 0";
  constexpr std::string_view kSentence =
      "an event that would be gone came in once more meanwhile, or another pipeline that fills the "
      "table lost it against this one";
  sql.push_back({"check what is gone", names.dialect.Assertion(none, kSentence, "", ""),
                 SqlAssertion{ErrorKind::kTransient, std::string(kSentence)}});
}

}  // namespace sluice
