// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <utility>

#include "sluice/base/in_parallel.h"
#include "sluice/base/utf8.h"
#include "sluice/warehouse/probe_asks.h"

namespace sluice {

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

// A load in small that an assertion ends, between two rows of `rows`.
Result<std::vector<TextRow>> FailAnAssertion(ProbeTalk& talk, ServerSession& session, int id) {
  std::vector<SqlStatement> statements =
      Unnamed({InsertSql(talk.rows(), id),
               fmt::format("CREATE TEMP TABLE sluice_probe_todo AS SELECT id FROM {}", talk.rows()),
               fmt::format("INSERT INTO {} SELECT id + 1, 'x' FROM sluice_probe_todo WHERE id = {}",
                           talk.rows(), id)});
  statements.push_back(
      {"probe",
       talk.names().dialect.Assertion("COUNT(*) = 0", kSentence, "",
                                      fmt::format("{} WHERE id = {}", talk.rows(), id + 1)),
       SqlAssertion{ErrorKind::kBadData, kSentence}});
  statements.push_back({"probe", InsertSql(talk.rows(), id + 2), std::nullopt});
  return session.Transact(statements, std::nullopt);
}

}  // namespace

Result<ProbeFound> AskRollback(ProbeTalk& talk) {
  SLUICE_ASSIGN(const auto session, talk.Connect());
  const auto done = FailAnAssertion(talk, *session, 51);
  if (!done && done.error().kind() == ErrorKind::kTransient) return std::unexpected(done.error());
  SLUICE_ASSIGN(const std::string count, Count(talk, talk.rows(), "id IN (51, 52, 53)"));
  return Found(!done && count == "0",
               fmt::format("{} rows; {}", count, done ? "it was committed" : "an error ended it"));
}

Result<ProbeFound> AskAssertion(ProbeTalk& talk) {
  SLUICE_ASSIGN(const auto session, talk.Connect());
  const auto done = FailAnAssertion(talk, *session, 61);
  if (done) return Found(false, "no error");
  if (done.error().kind() == ErrorKind::kTransient) return std::unexpected(done.error());
  if (done.error().kind() == ErrorKind::kBadData) return Found(true, done.error().message());
  return ProbeFound{done.error().message(), ProbeVerdict::kHarmless,
                    "the load is refused all the same; the message does not say what for, and one "
                    "object with a wrong balance stops all others"};
}

namespace {

// Two transactions at once.
struct Racer {
  std::optional<Error> error;  // absent: it was committed
  std::string began, ended;    // then: by the server's clock
};
using Race = std::array<Racer, 2>;

size_t Committed(const Race& race) {
  return static_cast<size_t>(
      std::ranges::count_if(race, [](const Racer& racer) { return !racer.error; }));
}

// The failure of one, so that it is tried again, where the other one committed.
const Error* Conflict(const Race& race) {
  const auto failed =
      std::ranges::find_if(race, [](const Racer& racer) { return racer.error.has_value(); });
  return Committed(race) == 1 && failed->error->kind() == ErrorKind::kTransient ? &*failed->error
                                                                                : nullptr;
}

std::string Describe(const Race& race, const std::string& rows) {
  std::string text = fmt::format("{} committed, {} rows", Committed(race), rows);
  for (const Racer& racer : race) {
    if (racer.error) text += "; failed: " + racer.error->message();
  }
  return text;
}

// Present where the race tells nothing of what was asked.
std::optional<ProbeFound> Undecided(const Race& race, const std::string& text) {
  const auto is_unanswered = [](const Racer& racer) {
    return racer.error && racer.error->kind() == ErrorKind::kOutcomeUnknown;
  };
  const auto failed_by_chance = [&](const Racer& racer) {
    return is_unanswered(racer) || (racer.error && racer.error->kind() == ErrorKind::kTransient);
  };
  const bool were_at_once = race[0].began < race[1].ended && race[1].began < race[0].ended;
  const char* const why = std::ranges::all_of(race, failed_by_chance) ? "both failed"
                          : std::ranges::any_of(race, is_unanswered)  ? "one had no answer"
                          : Committed(race) == 2 && !were_at_once
                              ? "the two did not run at the same time"
                              : nullptr;
  if (why == nullptr) return std::nullopt;
  return ProbeFound{text, ProbeVerdict::kNotFoundOut,
                    fmt::format("{}, three times; ask again when the warehouse has nothing else "
                                "to do",
                                why)};
}

// Asks again while the answer tells nothing, each time with two ids that no row has yet.
Result<ProbeFound> UntilDecided(ProbeTalk& talk, int id,
                                Result<ProbeFound> (*ask)(ProbeTalk& talk, int id)) {
  Result<ProbeFound> found = ask(talk, id);
  for (int times = 1; times < 3 && found && found->verdict == ProbeVerdict::kNotFoundOut; ++times) {
    found = ask(talk, id += 2);
  }
  return found;
}

std::string HoldSql(ProbeTalk& talk, uint64_t work) {
  // No two are the same text: a result that is kept takes no time.
  static std::atomic<int> serial = 0;
  return fmt::format(
      "SELECT COUNT(*) FROM {0} a, {0} b, {0} c, {0} d WHERE c.n * 256 + d.n < {1} AND a.n + b.n + "
      "c.n + d.n < -{2}",
      talk.numbers(), work, ++serial);
}

// A statement that keeps the server busy for some seconds, so that two transactions meet for sure.
Result<std::string> Hold(ProbeTalk& talk) {
  constexpr std::chrono::seconds kLongEnough{3};
  constexpr uint64_t kMost = 65'536;
  // Not noted: it says nothing of the question.
  SLUICE_ASSIGN(const auto session, talk.target().connector->Connect());
  const auto takes_long_enough = [&](uint64_t work) -> Result<bool> {
    const Ticks began = talk.target().clock.Monotonic();
    SLUICE_TRY(session->Query("measure", HoldSql(talk, work)));
    return talk.target().clock.Monotonic() - began >= kLongEnough;
  };
  uint64_t work = talk.hold.value_or(16);
  while (!talk.hold && work < kMost) {
    SLUICE_ASSIGN(bool is_enough, takes_long_enough(work));
    if (is_enough) {
      // Not because it was compiled.
      SLUICE_ASSIGN(is_enough, takes_long_enough(work));
    }
    if (is_enough) break;
    work *= 2;
  }
  talk.hold = work;
  return HoldSql(talk, work);
}

// Each of the two ends with a hold, before COMMIT.
Result<Race> LetRace(ProbeTalk& talk, std::array<std::vector<std::string>, 2> transactions) {
  std::array<std::unique_ptr<ServerSession>, 2> sessions;
  for (size_t i = 0; i < 2; ++i) {
    SLUICE_ASSIGN(const std::string hold, Hold(talk));
    transactions[i].push_back(hold);
    SLUICE_ASSIGN(sessions[i], talk.Connect());
  }
  const char* const times =
      talk.names().dialect.kind() == SqlDialect::Kind::kPostgres
          ? "SELECT CAST(transaction_timestamp() AS VARCHAR(40)), CAST(clock_timestamp() AS "
            "VARCHAR(40))"
          : "SELECT CAST(SYSDATE AS VARCHAR(40)), CAST(GETDATE() AS VARCHAR(40))";
  Race race;
  InParallel(2, 2, [&](size_t i) {
    const auto rows = sessions[i]->Transact(Unnamed(std::move(transactions[i])), times);
    if (!rows) {
      race[i].error = rows.error();
    } else if (rows->size() == 1 && (*rows)[0].size() == 2) {
      race[i].began = (*rows)[0][0].value_or("");
      race[i].ended = (*rows)[0][1].value_or("");
    }
  });
  return race;
}

std::string Unless(const std::string& table, int id, const std::string& other, int there) {
  return fmt::format(
      "INSERT INTO {} (id, text) SELECT {}, 'x' WHERE NOT EXISTS (SELECT 1 FROM {} WHERE id = {})",
      table, id, other, there);
}

// Two loaders of one object: the real lock, then a row unless it is there.
Result<std::pair<Race, std::string>> LoadTwice(ProbeTalk& talk, int id,
                                               const std::string& before_lock) {
  std::vector<std::string> load;
  if (!before_lock.empty()) load.push_back(before_lock);
  for (std::string& sql : TakeLockSql(talk.names())) load.push_back(std::move(sql));
  load.push_back(Unless(talk.rows(), id, talk.rows(), id));
  SLUICE_ASSIGN(const Race race, LetRace(talk, {load, load}));
  SLUICE_ASSIGN(const std::string rows, Count(talk, talk.rows(), fmt::format("id = {}", id)));
  return std::pair(race, rows);
}

Result<ProbeFound> AskLockOnce(ProbeTalk& talk, int id) {
  SLUICE_ASSIGN(const auto loaded, LoadTwice(talk, id, ""));
  const auto& [race, rows] = loaded;
  std::string text = Describe(race, rows);
  if (rows == "2") return Found(false, text);
  if (const auto undecided = Undecided(race, text)) return *undecided;
  if (rows == "1" && Conflict(race) != nullptr) {
    return ProbeFound{text, ProbeVerdict::kHarmless,
                      "the snapshot is older than the LOCK, but the UPDATE finds it out: one load "
                      "fails and is tried again"};
  }
  return Found(rows == "1" && Committed(race) == 2, text);
}

Result<ProbeFound> AskSnapshotOnce(ProbeTalk& talk, int id) {
  SLUICE_ASSIGN(const auto loaded,
                LoadTwice(talk, id, fmt::format("SELECT COUNT(*) FROM {}", talk.rows())));
  const auto& [race, rows] = loaded;
  std::string text = Describe(race, rows);
  if (rows == "2") return Found(false, text);
  if (const auto undecided = Undecided(race, text)) return *undecided;
  if (rows == "1" && Committed(race) == 2) {
    return ProbeFound{text, ProbeVerdict::kHarmless,
                      "a transaction does not keep the snapshot of its first statement, so none "
                      "can be too old"};
  }
  return Found(rows == "1" && Conflict(race) != nullptr, text);
}

Result<ProbeFound> AskIsolationOnce(ProbeTalk& talk, int id) {
  SLUICE_ASSIGN(const Race race, LetRace(talk, {{{Unless(talk.rows(), id, talk.more(), id + 1)},
                                                 {Unless(talk.more(), id + 1, talk.rows(), id)}}}));
  SLUICE_ASSIGN(const std::string rows, Count(talk, talk.rows(), fmt::format("id = {}", id)));
  SLUICE_ASSIGN(const std::string more, Count(talk, talk.more(), fmt::format("id = {}", id + 1)));
  std::string text = Describe(race, fmt::format("{} + {}", rows, more));
  if (const auto undecided = Undecided(race, text)) return *undecided;
  if (Committed(race) == 2) return Found(rows == "1" && more == "1", "SNAPSHOT: " + text);
  if (Conflict(race) == nullptr) return Found(false, text);
  return ProbeFound{"SERIALIZABLE: " + text, ProbeVerdict::kHarmless,
                    "the lock makes loads wait for each other here too; but whoever else reads "
                    "and writes the tables may make a load fail with 1023, which is tried again"};
}

}  // namespace

Result<ProbeFound> AskLock(ProbeTalk& talk) {
  return UntilDecided(talk, 81, AskLockOnce);
}

Result<ProbeFound> AskSnapshot(ProbeTalk& talk) {
  return UntilDecided(talk, 87, AskSnapshotOnce);
}

Result<ProbeFound> AskIsolation(ProbeTalk& talk) {
  return UntilDecided(talk, 93, AskIsolationOnce);
}

}  // namespace sluice
