// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "sluice/app/scheduled_reconcile.h"
#include "sluice/base/log.h"
#include "sluice/cli/afterwards.h"
#include "sluice/cli/exit_code.h"
#include "sluice/cli/reconcile_text.h"
#include "sluice/cli/session.h"
#include "sluice/cli/walk_progress.h"
#include "sluice/config/units.h"
#include "sluice/operate/foreign_keys.h"
#include "sluice/operate/status.h"
#include "sluice/operate/store_owner.h"

namespace sluice {
namespace {

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

void Remember(PipelineView& view, ObjectStore& raw, ReconcileReport report,
              const ReconcileFlags& flags, Timestamp now) {
  if (flags.forget) report.overdue.clear();
  if (const Status kept = RememberMissing(view, raw, report, now); !kept) {
    Log(LogLevel::kWarning, "cannot remember for status and alerts what is missing: {}",
        kept.error().message());
  }
}

Result<std::optional<QueueDepth>> AskNotifications(PipelineView& view) {
  SLUICE_ASSIGN(Queue* const notifications, view.Notifications());
  return DepthOf(notifications);
}

// May a walk through these hours have come to it?
bool IsOfFolders(const std::string& key, const RawLayout& layout, const HourRange& hours) {
  return layout.HourOf({key}).has_value() ||
         std::ranges::any_of(FoldersOf(layout, hours),
                             [&](const std::string& folder) { return key.starts_with(folder); });
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
  if (!flags.after.empty() && !IsOfFolders(flags.after, view->layout(), hours)) {
    return session.WrongUsage(fmt::format("--after {}: no key as raw.layout says, {}", flags.after,
                                          view->layout().text()));
  }
  std::unique_ptr<Queue> announced;
  std::optional<Announcer> announcer;
  if (flags.repair) {
    SLUICE_ASSIGN(announced, view->connector().OpenNotifications(WhenMissing::kMake));
    announcer.emplace(raw->uri(), *announced, session.clock());
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
  progress.Clear();
  if (!notifications && report.pending + report.missing + report.overwritten > 0) {
    Log(LogLevel::kWarning, "cannot ask how many notifications wait: {}",
        notifications.error().message());
  }
  // A warehouse that cannot be asked any more is told as what ended the walk.
  const auto state = view->warehouse().Probe();
  const Surroundings around{.notifications = notifications.value_or(std::nullopt),
                            .paused = state ? state->paused : std::nullopt,
                            .grace = *grace,
                            .layout = view->layout().text(),
                            .now = now};
  SLUICE_TRY(
      Print(session.flags.json ? ToJson(report, derived) : ToText(report, derived, flags, around)));
  if (report.failure) return std::unexpected(*report.failure);
  Afterwards(session, view->config(), Afterwards::Looking::kNot).Tell();
  return NeedsAttention(report, derived) ? kExitAttention : kExitDone;
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
