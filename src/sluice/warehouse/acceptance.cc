// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/acceptance.h"

#include <fmt/format.h>

#include "sluice/base/utf8.h"
#include "sluice/warehouse/sql_text.h"

namespace sluice {
namespace {

std::string WhyLiteral(const LedgerNames& names, const std::string& why) {
  return names.dialect.Literal(Utf8Prefix(WithoutControls(why), kLongestReason));
}

// Gives up what waits and is `condition`.
SqlStatement Accept(const LedgerNames& names, const Acceptance& acceptance,
                    const std::string& condition) {
  return {"accept",
          fmt::format("UPDATE {} SET accepted = {}, ended_at = {} WHERE name = {} AND ended_at IS "
                      "NULL AND {}",
                      names.In("quarantine"), WhyLiteral(names, acceptance.why),
                      TimestampLiteral(acceptance.at), names.Pipeline(), condition)};
}

Result<std::string> One(const Result<std::vector<TextRow>>& rows) {
  if (!rows) return std::unexpected(rows.error().During("cannot accept"));
  return rows->empty() ? std::string() : (*rows)[0][0].value_or("");
}

}  // namespace

Result<uint64_t> AcceptQuarantined(SqlSession& session, const LedgerNames& names,
                                   const QuarantineFilter& filter, const Acceptance& acceptance) {
  const std::string condition = fmt::format(
      "object IN (SELECT l.object FROM {} l WHERE l.name = {} AND l.table_name = '*' AND l.state = "
      "'loaded'{}){}",
      names.In("ledger"), names.Pipeline(), OfObjects(names, filter), OfEvents(names, filter, ""));
  std::vector<SqlStatement> sql = TakeLock(names);
  sql.push_back(Accept(names, acceptance, condition));
  SLUICE_ASSIGN(
      const std::string count,
      One(session.Transact(
          sql, fmt::format("SELECT CAST(COUNT(*) AS VARCHAR) FROM {} WHERE name = {} AND accepted "
                           "= {} AND ended_at = {}",
                           names.In("quarantine"), names.Pipeline(),
                           WhyLiteral(names, acceptance.why), TimestampLiteral(acceptance.at)))));
  return ToCount(count);
}

Result<bool> AcceptOverwritten(SqlSession& session, const LedgerNames& names, int64_t object,
                               const Acceptance& acceptance) {
  const SqlDialect& d = names.dialect;
  const std::string reason = WhyLiteral(names, "accepted: " + acceptance.why);
  std::vector<SqlStatement> sql = TakeLock(names);
  sql.push_back(
      {"settle what was overwritten",
       fmt::format("UPDATE {0} SET state = 'replaced', reason = {1} WHERE name = {2} AND object = "
                   "{3} AND state IN ('held', 'set_aside') AND (SELECT COUNT(*) FROM {0} l JOIN "
                   "{0} h ON {4} = {5} AND h.store = l.store AND h.name = l.name WHERE h.name = "
                   "{2} AND h.object = {3} AND h.table_name = '*' AND l.table_name = '*' AND "
                   "l.state = 'loaded') > 0",
                   names.In("ledger"), reason, names.Pipeline(), object, d.Exact("h.raw_key"),
                   d.Exact("l.raw_key"))});
  const std::string replaced = fmt::format(
      "FROM {} l WHERE l.name = {} AND l.object = {} AND l.table_name = '*' AND l.state = "
      "'replaced' AND l.reason = {}",
      names.In("ledger"), names.Pipeline(), object, reason);
  sql.push_back(Accept(names, acceptance, fmt::format("object IN (SELECT l.object {})", replaced)));
  SLUICE_ASSIGN(const std::string count,
                One(session.Transact(sql, "SELECT CAST(COUNT(*) AS VARCHAR) " + replaced)));
  return ToCount(count) > 0;
}

}  // namespace sluice
