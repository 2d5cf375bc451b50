// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <memory>

#include "sluice/app/scheduled_reconcile.h"
#include "sluice/base/json_text.h"
#include "sluice/base/log.h"
#include "sluice/base/shell_word.h"
#include "sluice/cli/afterwards.h"
#include "sluice/cli/exit_code.h"
#include "sluice/cli/session.h"
#include "sluice/cli/walk_progress.h"
#include "sluice/config/units.h"
#include "sluice/operate/foreign_keys.h"
#include "sluice/operate/orphans.h"
#include "sluice/operate/reconcile.h"
#include "sluice/operate/status.h"
#include "sluice/operate/store_owner.h"

namespace sluice {
namespace {

struct ReconcileFlags {
  std::string since = "7d", grace = "1h", after;
  bool repair = false, forget = false;
};

std::string ExamplesText(const std::vector<std::string>& keys, uint64_t count) {
  std::string text;
  for (const std::string& key : keys) text += fmt::format("{:14}{}\n", "", key);
  return count > keys.size() ? text + fmt::format("{:14}…\n", "") : text;
}

std::string ExamplesText(const std::vector<StuckKey>& stuck, uint64_t count) {
  std::vector<std::string> lines;
  for (const auto& [key, reason] : stuck) lines.push_back(key + ": " + reason);
  return ExamplesText(lines, count);
}

// What its text says beside the report.
struct Surroundings {
  std::string pending;  // PendingText of what is pending
  uint64_t notifications_waiting = 0;
  std::string layout;
  Timestamp now;
};

std::string MendText(const ReconcileReport& report, const ReconcileFlags& flags,
                     const Surroundings& around) {
  const uint64_t unloaded = report.missing + report.overwritten;
  const uint64_t waiting = around.notifications_waiting;
  std::string text;
  if (waiting > 0) {
    text = fmt::format("their notifications may be among the {} that wait; next: sluice process\n",
                       WithThousands(waiting));
  }
  if (waiting >= unloaded) return text;
  const HourRange hours{report.overdue.begin()->first,
                        report.overdue.rbegin()->first + std::chrono::hours(1)};
  const bool is_usual = flags.grace == ReconcileFlags().grace;
  return text + fmt::format("to mend it: {}{}, or sluice backfill {}\n",
                            RepairCommand(hours.from, around.now),
                            is_usual ? "" : " --grace " + ShellWord(flags.grace),
                            RangeFlags(hours));
}

std::string ToText(const ReconcileReport& report, const ReconcileFlags& flags,
                   const Surroundings& around) {
  std::string text = fmt::format(
      "hours {} to {} (UTC, the last one not included): {} objects in the raw store\n",
      HourText(report.hours.from), HourText(report.hours.to), WithThousands(report.stored));
  if (!flags.after.empty()) text += fmt::format("only what is behind {}\n", flags.after);
  const auto add = [&](uint64_t count, std::string_view what) {
    if (count > 0) text += fmt::format("{:>12}  {}\n", WithThousands(count), what);
  };
  add(report.loaded, "loaded");
  add(report.pending, "young and not loaded yet: " + around.pending);
  add(report.held - report.held_over,
      "held: mend what the reason says, then sluice backfill --from HOUR; or sluice quarantine "
      "accept WHY --object KEY");
  add(report.held_over,
      "held, and another version is loaded: sluice backfill --from HOUR --replace puts them in its "
      "place; or sluice quarantine accept WHY --object KEY");
  text += ExamplesText(report.held_examples, report.held);
  add(report.set_aside, "set aside: mend what the reason says, then sluice backfill --from HOUR");
  text += ExamplesText(report.set_aside_examples, report.set_aside);
  add(report.overwritten, "overwritten: another version of the key is loaded");
  const std::string foreign = fmt::format(
      "not as raw.layout says, {}: nobody will load them; move them, or correct raw.layout",
      around.layout);
  add(report.foreign, foreign);
  add(report.elsewhere.count, fmt::format("{}elsewhere in the raw store and {}",
                                          report.elsewhere.is_whole ? "" : "or more, ", foreign));
  if (report.elsewhere.count > 0) {
    text += ExamplesText({report.elsewhere.example}, report.elsewhere.count);
  }
  add(report.gone, "loaded, and no longer in the raw store");
  add(report.vanished,
      "never loaded, and no longer in the raw store: put them back, or give them up");
  add(report.missing,
      fmt::format("missing: the ledger knows nothing of them ({})", ToText(report.missing_size)));
  text += ExamplesText(report.examples, report.missing);
  if (report.announced > 0) {
    text += fmt::format("sent {} notifications; next: sluice process\n",
                        WithThousands(report.announced));
  } else if (report.missing + report.overwritten > 0 && !flags.repair) {
    text += MendText(report, flags, around);
  }
  return text;
}

// What the stores have that the pipeline itself writes.
struct DerivedStores {
  ParquetComparison parquet;
  std::string claim;  // what of the Parquet store is wrong as a whole; empty: nothing
  QuarantineComparison quarantine;

  bool NeedsAttention() const { return parquet.missing + quarantine.missing > 0 || !claim.empty(); }
};

Result<std::string> ClaimOfAnother(PipelineView& view, ObjectStore& parquet) {
  SLUICE_ASSIGN(const WarehouseState state, view.warehouse().Probe());
  SLUICE_ASSIGN(const std::optional<std::string> claimed, OwnerOf(parquet));
  return OthersClaim(claimed, OwnerLine(view.config().name, state.ledger_id));
}

Result<DerivedStores> CompareDerived(Session& session, PipelineView& view, const HourRange& hours,
                                     Timestamp young_since) {
  DerivedStores found;
  WalkProgress progress(session, "derived objects");
  const FilePages named = FilePagesOf(view.warehouse());
  SLUICE_ASSIGN(const auto parquet, view.OpenIfThere(view.config().parquet));
  if (parquet != nullptr) {
    SLUICE_ASSIGN(found.parquet,
                  CompareParquet(*parquet, named, hours, young_since, progress.on_key()));
    SLUICE_ASSIGN(found.claim, ClaimOfAnother(view, *parquet));
  }
  SLUICE_ASSIGN(const auto quarantine, view.OpenIfThere(view.config().quarantine));
  if (quarantine != nullptr) {
    SLUICE_ASSIGN(found.quarantine,
                  CompareQuarantine(*quarantine, named, hours, progress.on_key()));
  }
  return found;
}

std::string ToText(const ParquetComparison& parquet, const std::string& claim) {
  std::string text;
  if (!claim.empty())
    text += fmt::format("{:14}{}: its gc removes what is loaded here\n", "", claim);
  if (parquet.missing > 0) {
    text +=
        fmt::format("{:>12}  Parquet objects that the ledger names are not in their store: {}\n",
                    WithThousands(parquet.missing), kParquetMissing);
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

std::string ToText(const DerivedStores& derived) {
  return ToText(derived.parquet, derived.claim) + ToText(derived.quarantine);
}

std::string EndOf(const ReconcileReport& report, bool needs_attention) {
  if (report.failure) {
    return fmt::format("not compared to the end; to go on: the same command with --after {}\n",
                       ShellWord(report.compared));
  }
  return needs_attention || report.announced > 0 ? "" : "nothing is missing\n";
}

void AppendStuck(JsonText& json, std::string_view name, const std::vector<StuckKey>& stuck) {
  json.Key(name).BeginArray();
  for (const auto& [key, reason] : stuck) {
    json.BeginObject().Key("key").Value(key).Key("reason").Value(reason).EndObject();
  }
  json.EndArray();
}

void AppendExamples(JsonText& json, const std::vector<std::string>& keys) {
  json.Key("examples").BeginArray();
  for (const std::string& key : keys) json.Value(key);
  json.EndArray();
}

void Append(JsonText& json, const DerivedStores& derived) {
  const auto& [parquet, claim, quarantine] = derived;
  json.Key("parquet").BeginObject();
  json.Key("stored").Value(parquet.stored).Key("named").Value(parquet.named);
  json.Key("young").Value(parquet.young).Key("unnamed").Value(parquet.unnamed);
  json.Key("missing").Value(parquet.missing);
  AppendExamples(json, parquet.examples);
  json.Key("claim");
  claim.empty() ? json.Null() : json.Value(claim);
  json.EndObject().Key("quarantine").BeginObject().Key("named").Value(quarantine.named);
  json.Key("missing").Value(quarantine.missing);
  AppendExamples(json, quarantine.examples);
  json.EndObject();
}

std::string ToJson(const ReconcileReport& report, const std::optional<DerivedStores>& derived) {
  JsonText json;
  json.BeginObject().Key("from").Value(HourText(report.hours.from));
  json.Key("to").Value(HourText(report.hours.to)).Key("stored").Value(report.stored);
  json.Key("loaded").Value(report.loaded).Key("pending").Value(report.pending);
  json.Key("held").Value(report.held).Key("set_aside").Value(report.set_aside);
  AppendStuck(json, "held_examples", report.held_examples);
  AppendStuck(json, "set_aside_examples", report.set_aside_examples);
  json.Key("overwritten").Value(report.overwritten);
  json.Key("foreign").Value(report.foreign).Key("elsewhere").BeginObject();
  json.Key("foreign").Value(report.elsewhere.count);
  json.Key("is_whole").Value(report.elsewhere.is_whole).Key("example");
  report.elsewhere.count > 0 ? json.Value(report.elsewhere.example) : json.Null();
  json.EndObject().Key("gone").Value(report.gone);
  json.Key("vanished").Value(report.vanished);
  json.Key("missing").Value(report.missing).Key("missing_bytes").Value(report.missing_size.count);
  AppendExamples(json, report.examples);
  json.Key("announced").Value(report.announced);
  if (derived) {
    Append(json, *derived);
  } else {
    json.Key("parquet").Null().Key("quarantine").Null();
  }
  json.Key("after");
  report.failure ? json.Value(report.compared) : json.Null();
  json.EndObject();
  return json.text() + "\n";
}

void Remember(PipelineView& view, ObjectStore& raw, ReconcileReport report,
              const ReconcileFlags& flags, Timestamp now) {
  if (flags.forget) report.overdue.clear();
  if (const Status kept = RememberMissing(view, raw, report, now); !kept) {
    Log(LogLevel::kWarning, "cannot remember for status and alerts what is missing: {}",
        kept.error().message());
  }
}

// Why that is not known is told where it matters.
Result<std::optional<QueueDepth>> AskNotifications(PipelineView& view) {
  SLUICE_ASSIGN(Queue* const notifications, view.Notifications());
  return DepthOf(notifications);
}

// A warehouse that cannot be asked any more is told as what ended the walk.
std::string PendingText(PipelineView& view, const ReconcileReport& report,
                        const Result<std::optional<QueueDepth>>& notifications,
                        std::chrono::microseconds grace, Timestamp now) {
  if (report.pending == 0) return "";
  const auto state = view.warehouse().Probe();
  if (state && state->paused) return "loading is paused, " + *state->paused + ": sluice resume";
  if (!notifications) {
    Log(LogLevel::kWarning, "cannot ask how many notifications wait: {}",
        notifications.error().message());
  }
  return PendingText(report.pending, notifications.value_or(std::nullopt),
                     *report.oldest_pending + grace, now,
                     "sluice backfill " + RangeFlags(*report.pending_hours));
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
  const auto notifications = AskNotifications(*view);  // before any is sent
  WalkProgress progress(session, "reconcile");
  ReconcileReport report = Reconcile(*raw, LedgerPagesOf(view->warehouse()), view->layout(), hours,
                                     {.pending_since = now - *grace,
                                      .after = flags.after,
                                      .on_key = progress.on_key(),
                                      .on_missing = [&](const ObjectInfo& object) {
                                        return announcer ? announcer->Announce(object) : Status();
                                      }});
  if (announcer) {
    if (const Status sent = announcer->Flush(); !sent) return std::unexpected(sent.error());
    report.announced = announcer->sent();
  }
  Remember(*view, *raw, report, flags, now);
  std::optional<DerivedStores> derived;  // none: not compared
  if (!report.failure) {
    auto compared = CompareDerived(session, *view, hours, now - *grace);
    if (compared) derived = std::move(*compared);
    if (!compared) report.failure = compared.error();
  }
  if (!report.failure) {
    auto found = FindForeign(*raw, view->layout(), FoldersOf(view->layout(), hours));
    if (found) report.elsewhere = std::move(*found);
    if (!found) report.failure = found.error();
  }
  if (report.failure && report.compared.empty()) return std::unexpected(*report.failure);
  const bool needs_attention = report.NeedsAttention() || (derived && derived->NeedsAttention());
  progress.Clear();
  const auto depth = notifications.value_or(std::nullopt);
  const Surroundings around{.pending = PendingText(*view, report, notifications, *grace, now),
                            .notifications_waiting = depth ? depth->undeleted() : 0,
                            .layout = view->layout().text(),
                            .now = now};
  SLUICE_TRY(Print(session.flags.json
                       ? ToJson(report, derived)
                       : ToText(report, flags, around) + (derived ? ToText(*derived) : "") +
                             EndOf(report, needs_attention)));
  if (report.failure) return std::unexpected(*report.failure);
  Afterwards(session, view->config(), Afterwards::Looking::kNot).Tell();
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
  command
      ->add_option("--after", flags->after, "Leave out keys up to this one, where it was stopped")
      ->type_name("KEY");
  command->add_flag("--repair", flags->repair, "Send a notification for each that is missing");
  command->add_flag("--forget", flags->forget,
                    "Status and alerts shall not go on about what is missing");
  command->footer(
      "Loads and sends nothing without --repair, and may run while everything else does. Stopped, "
      "it "
      "says behind\nwhich key to go on. Exit code 3: a person should look.\n\nExamples:\n  sluice "
      "reconcile\n  sluice reconcile --since 30d "
      "--repair");
  command->callback([&session, &exit_code, flags] {
    const Result<int> code = RunReconcile(session, *flags);
    exit_code = code ? *code : session.Fail(code.error());
  });
}

}  // namespace sluice
