// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <utility>

#include "sluice/base/utf8.h"
#include "sluice/warehouse/probe_asks.h"

namespace sluice {

bool IsNoAnswer(const Error& error) {
  return error.kind() == ErrorKind::kTransient || error.kind() == ErrorKind::kOutcomeUnknown;
}

ProbeFound Found(bool is_expected, std::string text) {
  if (is_expected) return {std::move(text), ProbeVerdict::kAsExpected};
  return {std::move(text), std::nullopt};
}

std::string First(const std::vector<TextRow>& rows) {
  return rows.empty() || rows[0].empty() ? "nothing" : rows[0][0].value_or("NULL");
}

std::vector<SqlStatement> Unnamed(std::vector<std::string> texts) {
  std::vector<SqlStatement> statements;
  for (std::string& sql : texts) statements.push_back({"probe", std::move(sql), std::nullopt});
  return statements;
}

std::string InsertSql(const std::string& table, int id) {
  return fmt::format("INSERT INTO {} (id, text) VALUES ({}, 'x')", table, id);
}

std::string CountSql(const std::string& table, const std::string& where) {
  return fmt::format("SELECT CAST(COUNT(*) AS VARCHAR(20)) FROM {} WHERE {}", table, where);
}

Result<std::string> Count(ProbeTalk& talk, const std::string& table, const std::string& where) {
  SLUICE_ASSIGN(const auto session, talk.Connect());
  SLUICE_ASSIGN(const std::vector<TextRow> rows, session->Query("count", CountSql(table, where)));
  return First(rows);
}

Result<ProbeFound> AskServer(ProbeTalk& talk) {
  SLUICE_ASSIGN(const auto session, talk.Connect());
  SLUICE_ASSIGN(const auto version, session->Query("version", "SELECT version()"));
  SLUICE_ASSIGN(const auto user, session->Query("user", "SELECT current_user"));
  SLUICE_TRY(session->Run("make", "CREATE TEMP TABLE sluice_probe_user (id BIGINT)"));
  SLUICE_ASSIGN(const auto inside,
                session->Transact(Unnamed({InsertSql(talk.rows(), 1)}), "SELECT current_user"));
  return Found(!user.empty() && First(user) == First(inside),
               fmt::format("{}; user {}, in a transaction {}", Utf8Prefix(First(version), 120),
                           First(user), First(inside)));
}

Result<ProbeFound> AskUtc(ProbeTalk& talk) {
  SLUICE_ASSIGN(const auto session, talk.Connect());
  SLUICE_TRY(session->Run("make", "CREATE TEMP TABLE sluice_probe_times (seen TIMESTAMPTZ)"));
  SLUICE_ASSIGN(const auto rows,
                session->Transact(
                    Unnamed({"INSERT INTO sluice_probe_times VALUES ('2026-01-31 12:00:00+00')"}),
                    "SELECT CAST(CAST(seen AS TIMESTAMP) AS VARCHAR(40)) FROM sluice_probe_times"));
  return Found(First(rows) == "2026-01-31 12:00:00", First(rows));
}

Result<ProbeFound> AskSession(ProbeTalk& talk) {
  const auto insert = [](int id) { return InsertSql("sluice_probe_session", id); };
  SLUICE_ASSIGN(const auto session, talk.Connect());
  SLUICE_TRY(session->Run(
      "make", "CREATE TEMP TABLE sluice_probe_session (id BIGINT NOT NULL, text VARCHAR(16))"));
  SLUICE_TRY(session->Run("fill", insert(1)));
  SLUICE_ASSIGN(const auto rows, session->Transact(Unnamed({insert(2)}),
                                                   CountSql("sluice_probe_session", "id > 0")));
  return Found(First(rows) == "2", First(rows) + " rows");
}

Result<ProbeFound> AskCommit(ProbeTalk& talk) {
  SLUICE_ASSIGN(const auto session, talk.Connect());
  SLUICE_TRY(session->Transact(Unnamed({InsertSql(talk.rows(), 41), InsertSql(talk.rows(), 42)}),
                               std::nullopt));
  SLUICE_ASSIGN(const std::string count, Count(talk, talk.rows(), "id IN (41, 42)"));
  return Found(count == "2", count + " rows");
}

namespace {

constexpr const char* kSentence = "the probe's assertion does not hold";

// A load in small, of three rows, with an assertion in the middle.
Result<std::vector<TextRow>> LoadThreeRows(ProbeTalk& talk, int id, const std::string& asserted) {
  SLUICE_ASSIGN(const auto session, talk.Connect());
  std::vector<SqlStatement> statements =
      Unnamed({InsertSql(talk.rows(), id),
               fmt::format("CREATE TEMP TABLE sluice_probe_todo AS SELECT id FROM {}", talk.rows()),
               fmt::format("INSERT INTO {} SELECT id + 1, 'x' FROM sluice_probe_todo WHERE id = {}",
                           talk.rows(), id)});
  statements.push_back(
      {"probe",
       talk.names().dialect.Assertion(asserted, kSentence, "",
                                      fmt::format("{} WHERE id = {}", talk.rows(), id + 1)),
       SqlAssertion{ErrorKind::kBadData, kSentence}});
  statements.push_back({"probe", InsertSql(talk.rows(), id + 2), std::nullopt});
  return session->Transact(statements, std::nullopt);
}

// How it ends where the assertion does not hold. Where it does hold it must be committed: what
// fails always says nothing of assertions.
Result<std::optional<Error>> FailAnAssertion(ProbeTalk& talk, int id) {
  SLUICE_TRY(LoadThreeRows(talk, id, "COUNT(*) = 1"));
  const auto done = LoadThreeRows(talk, id + 3, "COUNT(*) = 0");
  if (done) return std::optional<Error>();
  if (IsNoAnswer(done.error())) return std::unexpected(done.error());
  return done.error();
}

}  // namespace

Result<ProbeFound> AskRollback(ProbeTalk& talk) {
  SLUICE_ASSIGN(const auto failure, FailAnAssertion(talk, 51));
  SLUICE_ASSIGN(const std::string right, Count(talk, talk.rows(), "id IN (51, 52, 53)"));
  SLUICE_ASSIGN(const std::string failed, Count(talk, talk.rows(), "id IN (54, 55, 56)"));
  return Found(failure && failed == "0" && right == "3",
               fmt::format("{} rows; {}; {} rows where nothing fails", failed,
                           failure ? "an error ended it" : "it was committed", right));
}

Result<ProbeFound> AskAssertion(ProbeTalk& talk) {
  SLUICE_ASSIGN(const auto failure, FailAnAssertion(talk, 61));
  if (!failure) return Found(false, "no error");
  if (failure->kind() == ErrorKind::kBadData && failure->message().contains(kSentence)) {
    return Found(true, failure->message());
  }
  return ProbeFound{failure->message(), ProbeVerdict::kHarmless,
                    "the load is refused all the same; the message does not say what for, and one "
                    "object with a wrong balance stops all others"};
}

}  // namespace sluice
