// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <memory>

#include "sluice/base/json_text.h"
#include "sluice/cli/afterwards.h"
#include "sluice/cli/exit_code.h"
#include "sluice/cli/session.h"
#include "sluice/config/units.h"
#include "sluice/operate/orphans.h"
#include "sluice/operate/reconcile.h"
#include "sluice/operate/store_owner.h"

namespace sluice {
namespace {

struct ReconcileFlags {
  std::string since = "7d", grace = "1h";
  bool repair = false;
};

std::string ExamplesText(const std::vector<std::string>& keys, uint64_t count) {
  std::string text;
  for (const std::string& key : keys) text += fmt::format("{:14}{}\n", "", key);
  return count > keys.size() ? text + fmt::format("{:14}…\n", "") : text;
}

std::string ToText(const ReconcileReport& report, bool repair) {
  std::string text = fmt::format(
      "hours {} to {} (UTC, the last one not included): {} objects in the raw store\n",
      HourText(report.hours.from), HourText(report.hours.to), WithThousands(report.stored));
  const auto add = [&](uint64_t count, std::string_view what) {
    if (count > 0) text += fmt::format("{:>12}  {}\n", WithThousands(count), what);
  };
  add(report.loaded, "loaded");
  add(report.pending, "young and not loaded yet: their notifications are on the way");
  add(report.held, "held: look at them, then backfill their hour");
  add(report.set_aside, "set aside: look at them, then backfill their hour");
  add(report.overwritten, "overwritten: another version of the key is loaded");
  add(report.foreign, "not as raw.layout says: nobody will load them");
  add(report.gone, "loaded, and no longer in the raw store");
  add(report.vanished,
      "never loaded, and no longer in the raw store: put them back, or give them up");
  add(report.missing,
      fmt::format("missing: the ledger knows nothing of them ({})", ToText(report.missing_size)));
  text += ExamplesText(report.examples, report.missing);
  if (report.announced > 0) {
    text += fmt::format("sent {} notifications; next: sluice process\n",
                        WithThousands(report.announced));
  } else if (report.missing + report.overwritten > 0 && !repair) {
    text += "to mend it: sluice reconcile --repair, or sluice backfill --from HOUR\n";
  }
  return text;
}

// What of the Parquet store is wrong as a whole; empty: nothing.
Result<std::string> ClaimOfAnother(PipelineView& view, ObjectStore& parquet) {
  SLUICE_ASSIGN(const WarehouseState state, view.warehouse().Probe());
  SLUICE_ASSIGN(const std::optional<std::string> claimed, OwnerOf(parquet));
  return OthersClaim(claimed, OwnerLine(view.config().name, state.ledger_id));
}

std::string ToText(const ParquetComparison& parquet, const std::string& claim) {
  std::string text;
  if (!claim.empty())
    text += fmt::format("{:14}{}: its gc removes what is loaded here\n", "", claim);
  if (parquet.missing > 0) {
    text += fmt::format(
        "{:>12}  Parquet objects that the ledger names are not in their store; the rows are "
        "loaded, "
        "but for --replace\n",
        WithThousands(parquet.missing));
    text += ExamplesText(parquet.examples, parquet.missing);
  }
  if (parquet.unnamed > 0) {
    text += fmt::format("{:>12}  Parquet objects that the ledger does not name: sluice gc\n",
                        WithThousands(parquet.unnamed));
  }
  return text;
}

std::string ToText(const QuarantineComparison& quarantine) {
  if (quarantine.missing == 0) return "";
  std::string text = fmt::format(
      "{:>12}  quarantine objects that the ledger names are not in their store; written again by: "
      "sluice backfill --from HOUR --replace\n",
      WithThousands(quarantine.missing));
  return text + ExamplesText(quarantine.examples, quarantine.missing);
}

void AppendExamples(JsonText& json, const std::vector<std::string>& keys) {
  json.Key("examples").BeginArray();
  for (const std::string& key : keys) json.Value(key);
  json.EndArray();
}

std::string ToJson(const ReconcileReport& report, const ParquetComparison& parquet,
                   const std::string& claim, const QuarantineComparison& quarantine) {
  JsonText json;
  json.BeginObject().Key("from").Value(HourText(report.hours.from));
  json.Key("to").Value(HourText(report.hours.to)).Key("stored").Value(report.stored);
  json.Key("loaded").Value(report.loaded).Key("pending").Value(report.pending);
  json.Key("held").Value(report.held).Key("set_aside").Value(report.set_aside);
  json.Key("overwritten").Value(report.overwritten);
  json.Key("foreign").Value(report.foreign).Key("gone").Value(report.gone);
  json.Key("vanished").Value(report.vanished);
  json.Key("missing").Value(report.missing).Key("missing_bytes").Value(report.missing_size.count);
  AppendExamples(json, report.examples);
  json.Key("announced").Value(report.announced).Key("parquet").BeginObject();
  json.Key("stored").Value(parquet.stored).Key("named").Value(parquet.named);
  json.Key("young").Value(parquet.young).Key("unnamed").Value(parquet.unnamed);
  json.Key("missing").Value(parquet.missing);
  AppendExamples(json, parquet.examples);
  json.Key("claim");
  claim.empty() ? json.Null() : json.Value(claim);
  json.EndObject().Key("quarantine").BeginObject().Key("named").Value(quarantine.named);
  json.Key("missing").Value(quarantine.missing);
  AppendExamples(json, quarantine.examples);
  json.EndObject().EndObject();
  return json.text() + "\n";
}

Result<int> RunReconcile(Session& session, const ReconcileFlags& flags) {
  const auto since = ParseDuration(flags.since), grace = ParseDuration(flags.grace);
  if (!since) return session.WrongUsage("--since: " + since.error().message());
  if (!grace) return session.WrongUsage("--grace: " + grace.error().message());
  SLUICE_ASSIGN(PipelineConfig config, session.Configuration());
  SLUICE_ASSIGN(const auto view, session.OpenView(std::move(config)));
  SLUICE_ASSIGN(const auto raw, view->OpenRaw());
  const Timestamp now = session.clock().Now();
  const HourRange hours = HoursSince(now, *since);
  std::optional<Announcer> announcer;
  if (flags.repair) {
    SLUICE_ASSIGN(Queue* const notifications, view->Notifications());
    if (notifications == nullptr) {
      return Fail(ErrorKind::kPermanent,
                  "the notification queue is not there yet: sluice process "
                  "makes it, and then this can fill it");
    }
    announcer.emplace(raw->uri(), *notifications, session.clock());
  }
  SLUICE_ASSIGN(ReconcileReport report,
                Reconcile(*raw, LedgerPagesOf(view->warehouse()), view->layout(), hours,
                          now - *grace, [&](const ObjectInfo& object) {
                            return announcer ? announcer->Announce(object) : Status();
                          }));
  if (announcer) {
    SLUICE_TRY(announcer->Flush());
    report.announced = announcer->sent();
  }
  SLUICE_ASSIGN(const auto parquet, view->OpenIfThere(view->config().parquet));
  ParquetComparison compared;
  std::string claim;
  if (parquet != nullptr) {
    SLUICE_ASSIGN(compared,
                  CompareParquet(*parquet, FilePagesOf(view->warehouse()), hours, now - *grace));
    SLUICE_ASSIGN(claim, ClaimOfAnother(*view, *parquet));
  }
  SLUICE_ASSIGN(const auto quarantine, view->OpenIfThere(view->config().quarantine));
  QuarantineComparison refused;
  if (quarantine != nullptr) {
    SLUICE_ASSIGN(refused, CompareQuarantine(*quarantine, FilePagesOf(view->warehouse()), hours));
  }
  const bool needs_attention =
      report.NeedsAttention() || compared.missing + refused.missing > 0 || !claim.empty();
  std::string text = ToText(report, flags.repair) + ToText(compared, claim) + ToText(refused);
  if (!needs_attention && report.announced == 0) text += "nothing is missing\n";
  SLUICE_TRY(Print(session.flags.json ? ToJson(report, compared, claim, refused) : text));
  Afterwards(session, view->config()).Tell();
  return needs_attention ? kExitAttention : kExitDone;
}

}  // namespace

void AddReconcile(CLI::App& app, Session& session, int& exit_code) {
  auto flags = std::make_shared<ReconcileFlags>();
  CLI::App* command = app.add_subcommand(
      "reconcile", "Find raw objects that nobody was told of, or that nobody loaded");
  command->add_option("--since", flags->since, "How far to look back, by landing hour")
      ->type_name("DURATION")
      ->capture_default_str();
  command->add_option("--grace", flags->grace, "Younger objects may still be on their way")
      ->type_name("DURATION")
      ->capture_default_str();
  command->add_flag("--repair", flags->repair, "Send a notification for each that is missing");
  command->footer(
      "Changes nothing without --repair, and may run while everything else does. Exit code 3: a "
      "person should look.\n\nExamples:\n  sluice reconcile\n  sluice reconcile --since 30d "
      "--repair");
  command->callback([&session, &exit_code, flags] {
    const Result<int> code = RunReconcile(session, *flags);
    exit_code = code ? *code : session.Fail(code.error());
  });
}

}  // namespace sluice
