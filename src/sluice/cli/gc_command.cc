// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <memory>

#include "sluice/cli/exit_code.h"
#include "sluice/cli/session.h"
#include "sluice/cli/walk_progress.h"
#include "sluice/config/units.h"
#include "sluice/operate/orphans.h"
#include "sluice/operate/store_owner.h"
#include "sluice/transform/revision.h"

namespace sluice {
namespace {

struct GcFlags {
  std::string grace = "24h";
  bool dry_run = false, claim = false;
};

std::string ToText(const GcReport& report) {
  std::string text =
      fmt::format("{} objects in the Parquet store, {} of them named by the ledger\n",
                  WithThousands(report.stored), WithThousands(report.named));
  const auto add = [&](uint64_t count, std::string_view what) {
    if (count > 0) text += fmt::format("{:>12}  {}\n", WithThousands(count), what);
  };
  const auto list = [&](uint64_t count, const std::vector<std::string>& keys) {
    for (const std::string& key : keys) text += fmt::format("{:14}{}\n", "", key);
    if (count > keys.size()) text += fmt::format("{:14}…\n", "");
  };
  add(report.young, "not named, and young: a load may be at it");
  add(report.unsettled, "not named, of raw objects that are not loaded: a load may come for them");
  add(report.current, "not named, of the revision that loads now: a replace may come for them");
  add(report.foreign, "no Parquet objects of a pipeline: left alone");
  add(report.unreadable, "not named, and cannot be read: left alone");
  add(report.missing, fmt::format("named by the ledger and not in the store: {}", kParquetMissing));
  list(report.missing, report.missing_examples);
  add(report.orphans, fmt::format("orphans, {}: no row of the ledger names them or will",
                                  ToText(report.orphan_size)));
  list(report.orphans, report.orphan_examples);
  return text;
}

// What became of the orphans.
std::string EndOf(const GcReport& report, const GcFlags& flags, const std::string& owner) {
  const std::string claimed = flags.claim ? fmt::format("claimed for {}\n", owner) : "";
  if (report.orphans == 0) return flags.claim ? claimed : "nothing to remove\n";
  if (!report.refusal.empty()) {
    return fmt::format("{}nothing was removed: {}\n", claimed, report.refusal);
  }
  if (flags.claim) return claimed + "nothing was removed yet: sluice gc does it\n";
  if (flags.dry_run) return "nothing was removed: --dry-run\n";
  return fmt::format("removed {} objects\n", WithThousands(report.removed));
}

Result<int> RunGc(Session& session, const GcFlags& flags) {
  const auto grace = ParseDuration(flags.grace);
  if (!grace) return session.WrongUsage("--grace: " + grace.error().message());
  SLUICE_ASSIGN(PipelineConfig config, session.Configuration());
  SLUICE_ASSIGN(const auto view, session.OpenView(std::move(config)));
  // The warehouse is asked though there may be nothing to remove: so that a broken one is told.
  SLUICE_ASSIGN(const WarehouseState state, view->warehouse().Probe());
  const std::string owner = OwnerLine(view->config().name, state.ledger_id);
  if (flags.claim && owner.empty()) {
    return Fail(ErrorKind::kPermanent,
                "there is no ledger yet that could claim the Parquet store: sluice process makes "
                "it");
  }
  SLUICE_ASSIGN(const auto parquet, flags.claim
                                        ? view->connector().OpenStore(view->config().parquet)
                                        : view->OpenIfThere(view->config().parquet));
  GcReport report;
  WalkProgress progress(session, "gc");
  GcOptions options{.young_since = session.clock().Now() - *grace,
                    .revision = RevisionOf(view->tables(), ParquetOptionsOf(view->config())),
                    .owner = owner,
                    .on_key = progress.on_key()};
  if (parquet != nullptr) {
    if (flags.claim) SLUICE_TRY(Claim(*parquet, options.owner));
    SLUICE_ASSIGN(report, CollectGarbage(*parquet, view->warehouse(), options));
    report.claimed = flags.claim;
  }
  progress.Clear();
  if (!session.flags.json) SLUICE_TRY(Print(ToText(report)));
  const bool may_remove = !flags.dry_run && !flags.claim;
  if (may_remove && report.orphans > 0 && report.refusal.empty()) {
    options.mode = GcMode::kRemove;
    SLUICE_ASSIGN(report, CollectGarbage(*parquet, view->warehouse(), options));
  }
  progress.Clear();
  SLUICE_TRY(Print(session.flags.json ? ToJson(report) + "\n" : EndOf(report, flags, owner)));
  return report.orphans > 0 && !report.refusal.empty() ? kExitAttention : kExitDone;
}

}  // namespace

void AddGc(CLI::App& app, Session& session, int& exit_code) {
  auto flags = std::make_shared<GcFlags>();
  CLI::App* command = app.add_subcommand(
      "gc", "Remove Parquet objects that no row of the ledger names, and none ever will");
  CLI::Option* dry_run =
      command->add_flag("--dry-run", flags->dry_run, "Show the numbers, and remove nothing");
  command->add_option("--grace", flags->grace, "Younger objects stay, whatever they are")
      ->type_name("DURATION")
      ->capture_default_str();
  command
      ->add_flag("--claim", flags->claim,
                 "Say once that no other pipeline or ledger loads from this Parquet store; removes "
                 "nothing")
      ->excludes(dry_run);
  command->footer(
      "May run while everything else does, with the configuration that loads.\n"
      "Exit code 3: there are orphans that it must not remove.\n\nExamples:\n  sluice gc "
      "--dry-run\n"
      "  sluice gc --claim\n  sluice gc --grace 7d");
  command->callback([&session, &exit_code, flags] {
    const Result<int> code = RunGc(session, *flags);
    exit_code = code ? *code : session.Fail(code.error());
  });
}

}  // namespace sluice
