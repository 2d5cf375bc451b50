// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/load_checks.h"

#include <fmt/format.h>

#include <utility>

#include "sluice/warehouse/replace_sql.h"

namespace sluice {
namespace {

// Something that must hold before anything is done.
struct Check {
  std::string name, sentence;
  std::string more;  // a text in SQL that goes behind the sentence; may be empty
  std::string condition, from;
};

SqlStatement Assert(const LedgerNames& names, const Check& check, ErrorKind failure) {
  return {check.name,
          names.dialect.Assertion(check.condition, check.sentence, check.more, check.from),
          SqlAssertion{failure, check.sentence}};
}

// Redshift's assertions say nothing and its Data API takes 40 statements: there they are one.
void AssertAll(const LedgerNames& names, const std::vector<Check>& checks,
               std::vector<SqlStatement>& sql) {
  if (names.dialect.kind() != SqlDialect::Kind::kRedshift) {
    for (const Check& check : checks) sql.push_back(Assert(names, check, ErrorKind::kPermanent));
    return;
  }
  Check all{.name = "check ledger and plan",
            .sentence = "one of these",
            .more = "",
            .condition = "",
            .from = ""};
  for (const Check& check : checks) {
    all.sentence += (all.condition.empty() ? ": " : "; or ") + check.sentence;
    all.condition += fmt::format("{}(SELECT CASE WHEN {} THEN 1 ELSE 0 END{}{}) = 1",
                                 all.condition.empty() ? "" : " AND ", check.condition,
                                 check.from.empty() ? "" : " FROM ", check.from);
  }
  sql.push_back(Assert(names, all, ErrorKind::kPermanent));
}

// Of both: nobody but us is here, and an id means one object.
std::vector<Check> ChecksOfLock(const LedgerNames& names) {
  return {{"check lock", "the lock row is missing or there twice", "", "COUNT(*) = 1",
           fmt::format("{} WHERE name = {}", names.In("lock"), names.Pipeline())},
          {"check identities", "two raw objects have one id",
           "': ' || MIN(p.object_identity) || ' and ' || MIN(l.object_identity)", "COUNT(*) = 0",
           fmt::format("{} p JOIN {} l ON l.name = {} AND l.object = p.object WHERE "
                       "l.object_identity <> p.object_identity",
                       names.Temp("sluice_plan"), names.In("ledger"), names.Pipeline())}};
}

// How many different values of `columns` the plan has.
std::string CountDistinct(const LedgerNames& names, std::string_view columns) {
  return fmt::format("(SELECT COUNT(*) FROM (SELECT DISTINCT {} FROM {}) q)", columns,
                     names.Temp("sluice_plan"));
}

std::string CountPlan(const LedgerNames& names, std::string_view where = "") {
  return fmt::format("(SELECT COUNT(*) FROM {}{})", names.Temp("sluice_plan"), where);
}

}  // namespace

void AddChecksOfLoad(const LedgerNames& names, std::vector<SqlStatement>& sql) {
  const std::string mine = fmt::format("{} WHERE name = {}", names.In("control"), names.Pipeline());
  std::vector<Check> checks = ChecksOfLock(names);
  checks.push_back(
      {"check control", "the control row is missing or there twice", "", "COUNT(*) = 1", mine});
  checks.push_back({"check pause", "loading is paused",
                    "': ' || COALESCE(MAX(reason), 'no reason was given')", "MAX(paused) = 0",
                    mine});
  checks.push_back({"check plan", "the plan names an object or a raw key twice", "",
                    fmt::format("{} = {} AND {} = {} AND {} = {}", CountPlan(names),
                                CountDistinct(names, "object, table_name"),
                                CountPlan(names, " WHERE table_name = '*'"),
                                CountDistinct(names, "store, " + names.dialect.Exact("raw_key")),
                                CountDistinct(names, "object"),
                                CountDistinct(names, "store, " + names.dialect.Exact("raw_key"))),
                    ""});
  AssertAll(names, checks, sql);
}

void AddChecksOfSettlements(const LedgerNames& names, std::vector<SqlStatement>& sql) {
  std::vector<Check> checks = ChecksOfLock(names);
  checks.push_back(
      {"check settlements", "an object is settled twice", "",
       fmt::format("{} = {}", CountPlan(names), CountDistinct(names, "object, table_name")), ""});
  AssertAll(names, checks, sql);
}

SqlStatement CheckUnchanged(const LedgerNames& names) {
  return Assert(
      names,
      {"check what is replaced", "the ledger is no longer as it was when the load was staged", "",
       UnchangedCondition(names), ""},
      ErrorKind::kTransient);
}

SqlStatement CheckBalance(const LedgerNames& names, const std::string& batch) {
  const Check check = {
      "check balance", "the balance does not add up", "': ' || MIN(what)", "COUNT(*) = 0",
      fmt::format(
          "(SELECT p.raw_key || ' table=' || p.table_name || COALESCE(' routed=' || "
          "CAST(MIN(l.routed) AS VARCHAR) || ' staged=' || CAST(MIN(l.staged) AS VARCHAR) || ' "
          "loaded=' || CAST(MIN(l.loaded) AS VARCHAR) || ' duplicates=' || CAST(MIN(l.duplicates) "
          "AS VARCHAR) || ' quarantined=' || CAST(MIN(l.quarantined) AS VARCHAR), '') AS what FROM "
          "{} p JOIN {} o ON o.object = p.object LEFT JOIN {} l ON l.name = {} AND l.batch = {} "
          "AND l.object = p.object AND l.object_identity = p.object_identity AND l.table_name = "
          "p.table_name AND l.state = 'loaded' GROUP BY p.object, p.table_name, p.raw_key HAVING "
          "COUNT(l.object) <> 1 OR NOT BOOL_AND(l.staged = l.loaded + l.duplicates AND CASE WHEN "
          "l.table_name <> '*' THEN l.routed = l.staged + l.quarantined ELSE l.lines = l.routed + "
          "l.no_route + l.dropped AND l.routed + l.no_route = l.staged + l.quarantined END)) x",
          names.Temp("sluice_plan"), names.Temp("sluice_todo"), names.In("ledger"),
          names.Pipeline(), names.dialect.Literal(batch))};
  return Assert(names, check, ErrorKind::kBadData);
}

}  // namespace sluice
