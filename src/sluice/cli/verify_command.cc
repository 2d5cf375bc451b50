// SPDX-License-Identifier: Apache-2.0
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "sluice/cli/exit_code.h"
#include "sluice/cli/session.h"
#include "sluice/cli/which_tables.h"
#include "sluice/config/units.h"
#include "sluice/operate/verify.h"

namespace sluice {
namespace {

struct VerifyFlags {
  std::string from, to, since = "7d", table;
};

// The examples of `count` rows or events.
std::string KeysText(const std::vector<DoubledKey>& keys, uint64_t count, std::string_view what) {
  std::string text;
  uint64_t told = 0;
  for (const DoubledKey& key : keys) {
    text += fmt::format("    {}{}  {} {}\n", key.key, key.time ? " at " + *key.time : "",
                        WithThousands(key.rows), what);
    told += key.rows;
  }
  return told < count ? text + "    …\n" : text;
}

std::string Findings(const VerifiedTable& table) {
  const TableCheck& check = table.check;
  std::string text;
  if (check.keys_twice > 0) {
    text += fmt::format("\n{}: {} more than once, {} too many\n", table.table,
                        Counted(check.keys_twice, "key"), Counted(check.rows_too_many, "row"));
    text += KeysText(check.doubled, check.keys_twice + check.rows_too_many, "rows");
  }
  if (check.differing > 0) {
    text += fmt::format(
        "\n{}: {} events dropped as duplicates of a row with other values; see one "
        "with sluice why KEY\n",
        table.table, WithThousands(check.differing));
    text += KeysText(check.differing_keys, check.differing, "events");
  }
  if (table.rows_missing_in_range() > 0) {
    text += fmt::format("\n{}: of {} at least {} {} missing\n", table.table,
                        table.has_time ? "these hours" : "the table",
                        Counted(table.rows_missing_in_range(), "row"),
                        Are(table.rows_missing_in_range()));
  }
  if (!check.hours.empty()) {
    text += fmt::format("\n{}: hours of event time that do not fit the ledger\n", table.table);
    for (const HourCheck& hour : check.hours) {
      text += fmt::format("    {}  {} rows, and by the ledger {} to {}\n", HourText(hour.hour),
                          WithThousands(hour.rows), WithThousands(hour.at_least),
                          WithThousands(hour.at_most));
    }
    if (check.hours.size() == TableCheck::kMostHours) text += "    …\n";
  }
  return text;
}

// What may be said where nothing is wrong. Of a table with a time only the hours were looked at.
std::string Conclusion(const VerifyReport& report) {
  uint64_t missing = 0;
  bool has_keys = true;
  std::vector<std::string> looked_at, empty;
  for (const VerifiedTable& table : report.tables) {
    missing += table.rows_missing();
    const bool is_empty = table.has_time && table.check.rows_in_range == 0;
    (is_empty ? empty : looked_at).push_back(table.table);
    has_keys = has_keys && (is_empty || table.has_key);
  }
  if (missing > 0) {
    return fmt::format(
        "\nnothing in these hours contradicts the ledger; {} that it has {} no longer in the "
        "tables\n",
        Counted(missing, "row"), Are(missing));
  }
  if (looked_at.empty()) return "\nno rows in these hours\n";
  std::string text = "\n";
  if (!empty.empty()) text += fmt::format("no rows in these hours: {}\n", fmt::join(empty, ", "));
  const std::string who =
      empty.empty() ? "the tables" : fmt::format("{}", fmt::join(looked_at, ", "));
  return text + fmt::format("{} {} what the ledger says{}\n", who,
                            empty.empty() || looked_at.size() > 1 ? "hold" : "holds",
                            has_keys ? ", each key once" : "");
}

std::string ToText(const VerifyReport& report) {
  if (!report.ledger_exists) {
    return report.tables_hold_rows
               ? "the tables hold rows, and there is no ledger that could say whose they are\n"
               : "the warehouse holds nothing yet\n";
  }
  std::string text = fmt::format("event time {} to {} (UTC, the last hour not included)\n",
                                 HourText(report.hours.from), HourText(report.hours.to));
  std::vector<std::vector<std::string>> rows = {
      {"", "rows now", "loaded", "not ours", "missing", "in range", "keys twice"}};
  for (const VerifiedTable& table : report.tables) {
    if (!table.exists && table.rows_missing() > 0) {
      rows.push_back({table.table, "no table", WithThousands(table.check.loaded), "",
                      WithThousands(table.rows_missing())});
      continue;
    }
    if (!table.exists) {
      rows.push_back({table.table, "not there yet"});
      continue;
    }
    rows.push_back({table.table, WithThousands(table.check.rows), WithThousands(table.check.loaded),
                    WithThousands(table.rows_not_ours()), WithThousands(table.rows_missing()),
                    table.has_time ? WithThousands(table.check.rows_in_range) : "all",
                    table.has_key ? WithThousands(table.check.keys_twice) : "allowed"});
  }
  text += FormatTable(rows);
  for (const VerifiedTable& table : report.tables) text += Findings(table);
  text += report.NeedsAttention()
              ? "\nwhose rows they are: sluice why KEY, or sluice why HOUR --by event-time\n"
              : Conclusion(report);
  return text;
}

Result<HourRange> HoursOf(Session& session, const VerifyFlags& flags) {
  if (!flags.from.empty()) {
    auto hours = ParseHourRange(flags.from, flags.to);
    if (!hours) return session.WrongUsage(hours.error().message());
    return hours;
  }
  const auto since = ParseDuration(flags.since);
  if (!since) return session.WrongUsage("--since: " + since.error().message());
  return HoursSince(session.clock().Now(), *since);
}

Result<int> RunVerify(Session& session, const VerifyFlags& flags) {
  SLUICE_ASSIGN(const HourRange hours, HoursOf(session, flags));
  SLUICE_ASSIGN(PipelineConfig config, session.Configuration());
  SLUICE_ASSIGN(const auto view, session.OpenView(std::move(config)));
  SLUICE_ASSIGN(const std::vector<size_t> which, WhichTables(session, view->tables(), flags.table));
  Progress progress(session.clock(), "verify", "tables", which.size(), session.progress_mode(),
                    Progress::Elsewhere::kNothing);
  SLUICE_ASSIGN(const VerifyReport report, Verify(view->tables(), which, view->warehouse(), hours,
                                                  [&](uint64_t done) { progress.Update(done); }));
  progress.Clear();
  SLUICE_TRY(Print(session.flags.json ? ToJson(report) + "\n" : ToText(report)));
  return report.NeedsAttention() ? kExitAttention : kExitDone;
}

}  // namespace

void AddVerify(CLI::App& app, Session& session, int& exit_code) {
  auto flags = std::make_shared<VerifyFlags>();
  CLI::App* command = app.add_subcommand(
      "verify", "Compare the target tables with the ledger: keys twice, rows that are not ours");
  CLI::Option* from = command
                          ->add_option("--from", flags->from,
                                       "First day or hour of event time, in UTC: 2026-11-20 or "
                                       "2026-11-20T10")
                          ->type_name("HOUR");
  command
      ->add_option("--to", flags->to,
                   "First day or hour that is left out; default: the end of that of --from")
      ->type_name("HOUR")
      ->needs(from);
  command->add_option("--since", flags->since, "How far to look back, by event time")
      ->type_name("DURATION")
      ->capture_default_str()
      ->excludes(from);
  command->add_option("--table", flags->table, "Only this table")->type_name("TABLE");
  command->footer(
      "Only reads. A table without a time column is looked at as a whole. Exit code 3: a person "
      "should look.\n\nExamples:\n  sluice verify\n  sluice verify --from 2026-11-20 --to "
      "2026-11-22 --table events");
  command->callback([&session, &exit_code, flags] {
    const Result<int> code = RunVerify(session, *flags);
    exit_code = code ? *code : session.Fail(code.error());
  });
}

}  // namespace sluice
