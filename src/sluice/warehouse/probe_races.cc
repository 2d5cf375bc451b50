// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "sluice/base/in_parallel.h"
#include "sluice/warehouse/probe_asks.h"

namespace sluice {

namespace {

// Two transactions at once, each with a statement that decides what it does.
struct Racer {
  std::optional<Error> error;  // absent: it was committed
  // Then, by the server's clock: BEGIN, just after what decides, and just before COMMIT.
  std::string began = {}, decided = {}, ended = {};
};
using Race = std::array<Racer, 2>;

size_t Committed(const Race& race) {
  return static_cast<size_t>(
      std::ranges::count_if(race, [](const Racer& racer) { return !racer.error; }));
}

// One was rolled back because of the other one, which committed.
bool HadConflict(const Race& race) {
  return Committed(race) == 1 && std::ranges::any_of(race, [](const Racer& racer) {
           return racer.error && IsConflict(*racer.error);
         });
}

std::string Describe(const Race& race, const std::string& rows) {
  std::string text = fmt::format("{} committed, {} rows", Committed(race), rows);
  for (const Racer& racer : race) {
    if (racer.error) text += "; failed: " + racer.error->message();
  }
  return text;
}

// Present where the race tells nothing of what was asked. `from`: both committed, and it is of each
// what has to be before the other one's end.
std::optional<ProbeFound> Undecided(const Race& race, const std::string& text,
                                    std::string Racer::* from) {
  const auto failed_by_chance = [&](const Racer& racer) {
    return racer.error && IsNoAnswer(*racer.error);
  };
  const auto had_no_answer = [](const Racer& racer) {
    return racer.error && racer.error->kind() == ErrorKind::kOutcomeUnknown;
  };
  const bool were_at_once = race[0].*from < race[1].ended && race[1].*from < race[0].ended;
  const char* const why = std::ranges::all_of(race, failed_by_chance) ? "both failed"
                          : std::ranges::any_of(race, had_no_answer)  ? "one had no answer"
                          : std::ranges::any_of(race, failed_by_chance) && !HadConflict(race)
                              ? "one failed, and not because of the other"
                          : Committed(race) == 2 && !were_at_once
                              ? "the two did not run at the same time"
                              : nullptr;
  if (why == nullptr) return std::nullopt;
  return ProbeFound{text, ProbeVerdict::kNotFoundOut, why};
}

std::string HoldSql(ProbeTalk& talk, uint64_t work) {
  // No two are the same text: a result that is kept takes no time.
  return fmt::format(
      "SELECT COUNT(*) FROM {0} a, {0} b, {0} c, {0} d WHERE c.n * 256 + d.n < {1} AND a.n + b.n + "
      "c.n + d.n < -{2}",
      talk.numbers(), work, ++talk.holds);
}

// Finds out how much work keeps the server busy for some seconds, so that two transactions meet for
// sure.
Status MeasureHold(ProbeTalk& talk) {
  constexpr std::chrono::seconds kLongEnough{3};
  constexpr uint64_t kMost = 65'536;
  if (talk.hold) return {};
  // Not noted: it says nothing of the question.
  SLUICE_ASSIGN(const auto session, talk.target().connector->Connect());
  const auto takes_long_enough = [&](uint64_t work) -> Result<bool> {
    const Ticks began = talk.target().clock.Monotonic();
    SLUICE_TRY(session->Query("measure", HoldSql(talk, work)));
    return talk.target().clock.Monotonic() - began >= kLongEnough;
  };
  uint64_t work = 16;
  while (work < kMost) {
    if (const char* const ended = talk.WhyEnded()) return Fail(ErrorKind::kTransient, "{}", ended);
    SLUICE_ASSIGN(bool is_enough, takes_long_enough(work));
    if (is_enough) {
      // Not because it was compiled.
      SLUICE_ASSIGN(is_enough, takes_long_enough(work));
    }
    if (is_enough) break;
    work *= 2;
  }
  talk.hold = work;
  return {};
}

// Asks again while the answer tells nothing, each time with two ids that no row has yet.
Result<ProbeFound> UntilDecided(ProbeTalk& talk, int id,
                                Result<ProbeFound> (*ask)(ProbeTalk& talk, int id)) {
  constexpr std::array<const char*, 3> kTimes = {"once", "twice", "three times"};
  if (const Status measured = MeasureHold(talk); !measured) {
    const char* const ended = talk.WhyEnded();
    return ProbeFound{
        measured.error().message(), ProbeVerdict::kNotFoundOut,
        ended != nullptr ? ended : "the statement that keeps the server busy was refused"};
  }
  for (size_t i = 0;; ++i) {
    SLUICE_ASSIGN(ProbeFound found, ask(talk, id + (2 * static_cast<int>(i))));
    if (found.verdict != ProbeVerdict::kNotFoundOut) return found;
    const char* const ended = talk.WhyEnded();
    if (ended == nullptr && i + 1 < kTimes.size()) continue;
    found.because = fmt::format("{}, {}{}{}; ask again when the warehouse has nothing else to do",
                                found.because, kTimes[i], ended == nullptr ? "" : "; ",
                                ended == nullptr ? "" : ended);
    return found;
  }
}

// The time by the server's clock, kept in the session: a statement that no lock and no snapshot of
// another one minds.
std::string KeepTimeSql(const SqlDialect& dialect) {
  return fmt::format(
      "CREATE TEMP TABLE sluice_probe_decided AS SELECT {} AS seen",
      dialect.kind() == SqlDialect::Kind::kPostgres ? "clock_timestamp()" : "GETDATE()");
}

// Each of the two ends with a hold, before COMMIT. One of its statements is KeepTimeSql's.
Result<Race> LetRace(ProbeTalk& talk, std::array<std::vector<std::string>, 2> transactions) {
  std::array<std::unique_ptr<ServerSession>, 2> sessions;
  for (size_t i = 0; i < 2; ++i) {
    transactions[i].push_back(HoldSql(talk, talk.hold.value_or(1)));
    SLUICE_ASSIGN(sessions[i], talk.Connect());
  }
  const bool is_postgres = talk.names().dialect.kind() == SqlDialect::Kind::kPostgres;
  const std::string times = fmt::format(
      "SELECT CAST({} AS VARCHAR(40)), CAST(seen AS VARCHAR(40)), CAST({} AS VARCHAR(40)) FROM "
      "sluice_probe_decided",
      is_postgres ? "transaction_timestamp()" : "SYSDATE",
      is_postgres ? "clock_timestamp()" : "GETDATE()");
  Race race;
  InParallel(2, 2, [&](size_t i) {
    const auto rows = sessions[i]->Transact(Unnamed(std::move(transactions[i])), times);
    if (!rows) {
      race[i].error = rows.error();
    } else if (rows->size() == 1 && (*rows)[0].size() == 3) {
      const TextRow& row = (*rows)[0];
      race[i].began = row[0].value_or("");
      race[i].decided = row[1].value_or("");
      race[i].ended = row[2].value_or("");
    }
  });
  return race;
}

std::string Unless(const std::string& table, int id, const std::string& other, int there) {
  return fmt::format(
      "INSERT INTO {} (id, text) SELECT {}, 'x' WHERE NOT EXISTS (SELECT 1 FROM {} WHERE id = {})",
      table, id, other, there);
}

// Two loaders of one object: the real lock, then a row unless it is there. `deciding`, and the time
// behind it, go before the lock; without it LOCK is what decides.
Result<std::pair<Race, std::string>> LoadTwice(ProbeTalk& talk, int id,
                                               const std::string& deciding) {
  std::vector<std::string> load;
  for (SqlStatement& lock : TakeLock(talk.names())) load.push_back(std::move(lock.sql));
  const std::string time = KeepTimeSql(talk.names().dialect);
  if (deciding.empty()) {
    load.insert(load.begin() + 1, time);
  } else {
    load.insert(load.begin(), {deciding, time});
  }
  load.push_back(Unless(talk.rows(), id, talk.rows(), id));
  SLUICE_ASSIGN(const Race race, LetRace(talk, {load, load}));
  SLUICE_ASSIGN(const std::string rows, Count(talk, talk.rows(), fmt::format("id = {}", id)));
  return std::pair(race, rows);
}

// Both committed: did the second one get past LOCK only after the first one's end?
bool WaitedAtLock(const Race& race) {
  const size_t second = race[0].ended < race[1].ended ? 1 : 0;
  return race[1 - second].ended <= race[second].decided;
}

Result<ProbeFound> AskLockOnce(ProbeTalk& talk, int id) {
  SLUICE_ASSIGN(const auto loaded, LoadTwice(talk, id, ""));
  const auto& [race, rows] = loaded;
  std::string text = Describe(race, rows);
  if (rows == "2") return Found(false, text);
  if (const auto undecided = Undecided(race, text, &Racer::began)) return *undecided;
  if (rows == "1" && HadConflict(race)) {
    return ProbeFound{text, ProbeVerdict::kHarmless,
                      "the snapshot is older than the LOCK, but the UPDATE finds it out: one load "
                      "fails and is tried again"};
  }
  const bool both = rows == "1" && Committed(race) == 2;
  if (both && !WaitedAtLock(race)) return Found(false, text + "; nobody waited at LOCK");
  return Found(both, text);
}

Result<ProbeFound> AskSnapshotOnce(ProbeTalk& talk, int id) {
  SLUICE_ASSIGN(const auto loaded,
                LoadTwice(talk, id, fmt::format("SELECT COUNT(*) FROM {}", talk.rows())));
  const auto& [race, rows] = loaded;
  std::string text = Describe(race, rows);
  if (rows == "2") return Found(false, text);
  if (const auto undecided = Undecided(race, text, &Racer::decided)) return *undecided;
  if (rows == "1" && Committed(race) == 2) {
    return ProbeFound{text, ProbeVerdict::kHarmless,
                      "a transaction does not keep the snapshot of its first statement, so none "
                      "can be too old"};
  }
  return Found(rows == "1" && HadConflict(race), text);
}

Result<ProbeFound> AskIsolationOnce(ProbeTalk& talk, int id) {
  const std::string time = KeepTimeSql(talk.names().dialect);
  SLUICE_ASSIGN(const Race race,
                LetRace(talk, {{{Unless(talk.rows(), id, talk.more(), id + 1), time},
                                {Unless(talk.more(), id + 1, talk.rows(), id), time}}}));
  SLUICE_ASSIGN(const std::string rows, Count(talk, talk.rows(), fmt::format("id = {}", id)));
  SLUICE_ASSIGN(const std::string more, Count(talk, talk.more(), fmt::format("id = {}", id + 1)));
  std::string text = Describe(race, fmt::format("{} + {}", rows, more));
  if (const auto undecided = Undecided(race, text, &Racer::decided)) return *undecided;
  // READ COMMITTED does the same.
  if (Committed(race) == 2) return Found(rows == "1" && more == "1", "not SERIALIZABLE: " + text);
  if (!HadConflict(race)) return Found(false, text);
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
