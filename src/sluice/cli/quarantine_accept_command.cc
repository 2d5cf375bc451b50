// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <memory>

#include "sluice/base/json_text.h"
#include "sluice/base/shell_word.h"
#include "sluice/base/utf8.h"
#include "sluice/cli/exit_code.h"
#include "sluice/cli/quarantine_flags.h"
#include "sluice/cli/session.h"

namespace sluice {
namespace {

struct AcceptFlags {
  QuarantineFlags filter;
  std::string why;
};

// What was done.
struct Accepted {
  uint64_t events = 0;                    // given up
  std::optional<ProcessReport> released;  // an object that was held for its bad events
  bool keeps_old = false;                 // an object that was held as overwritten
  StuckEvents stuck;                      // left as they are
  bool IsNothing() const { return events == 0 && !released && !keeps_old; }
};

std::string ToText(const Accepted& done) {
  if (done.keeps_old) return "accepted: it never loads, the version that is loaded stays\n";
  if (done.released) {
    return fmt::format(
        "accepted: the object is loaded now, {} of its {} events are in quarantine{}\n",
        WithThousands(done.released->quarantined), WithThousands(done.released->events()),
        done.released->quarantined == 0 ? "" : ": a second accept of the object gives these up");
  }
  if (done.IsNothing() && done.stuck.events == 0) return "nothing of that is in quarantine\n";
  const std::string events =
      fmt::format("accepted: {} events; sluice quarantine list --accepted shows them\n",
                  WithThousands(done.events));
  return (done.IsNothing() ? "" : events) + ToText(done.stuck);
}

std::string ToJson(const Accepted& done) {
  JsonText json;
  json.BeginObject().Key("accepted").Value(done.events);
  json.Key("keeps_old").Value(done.keeps_old).Key("released");
  if (done.released) {
    json.BeginObject().Key("events").Value(done.released->events());
    json.Key("quarantined").Value(done.released->quarantined).EndObject();
  } else {
    json.Null();
  }
  AppendStuck(json, done.stuck);
  json.EndObject();
  return json.text() + "\n";
}

// Repeated once where nobody knows whether it was done.
template <typename Call>
auto Surely(Call&& call) {
  auto done = call();
  if (!done && done.error().kind() == ErrorKind::kOutcomeUnknown) done = call();
  return done;
}

// The newest version of the key that is in this state.
std::optional<LedgerPart> VersionIn(ObjectState state, const std::vector<LedgerPart>& parts) {
  for (const LedgerPart& part : parts) {
    if (part.is_objects_own() && part.state == state) return part;
  }
  return std::nullopt;
}

bool IsOfObjectOnly(const QuarantineFlags& f) {
  return f.table.empty() && f.reason.empty() && f.column.empty() && f.since.empty();
}

Result<Accepted> Load(Session& session, const AcceptFlags& flags, const LedgerPart& held) {
  SLUICE_ASSIGN(const auto pipeline, session.OpenPipeline());
  SLUICE_ASSIGN(ProcessReport report, pipeline->LoadHeld(held, "accepted: " + flags.why));
  if (report.paused) {
    return Fail(ErrorKind::kPermanent, "loading is paused, nothing was loaded: {}", *report.paused);
  }
  if (report.failure) return std::unexpected(*report.failure);
  if (report.loaded == 0) {
    return Fail(ErrorKind::kPermanent, "it was accepted, and not loaded: sluice why {}",
                ShellWord(flags.filter.object));
  }
  return Accepted{.events = 0, .released = std::move(report), .keeps_old = false, .stuck = {}};
}

Result<Accepted> Accept(Session& session, const AcceptFlags& flags,
                        const QuarantineFilter& filter) {
  SLUICE_ASSIGN(PipelineConfig config, session.Configuration());
  SLUICE_ASSIGN(const auto view, session.OpenView(config));
  Warehouse& warehouse = view->warehouse();
  const Acceptance acceptance{flags.why, session.clock().Now()};
  if (!filter.raw_key.empty()) {
    SLUICE_ASSIGN(const auto raw, view->OpenRaw());
    SLUICE_ASSIGN(const auto parts,
                  warehouse.ListParts({.store = raw->uri(), .raw_key = filter.raw_key}));
    const bool is_loaded = VersionIn(ObjectState::kLoaded, parts).has_value();
    auto held = VersionIn(ObjectState::kHeld, parts);
    if (!held && is_loaded) held = VersionIn(ObjectState::kSetAside, parts);
    const bool is_of_object = IsOfObjectOnly(flags.filter);
    if (held && !is_of_object && !is_loaded) {
      return session.WrongUsage(
          "the object is held as a whole: with --object nothing else can be said of it");
    }
    if (held && is_of_object) {
      SLUICE_ASSIGN(const bool keeps_old,
                    Surely([&] { return warehouse.AcceptOverwritten(held->object, acceptance); }));
      if (keeps_old) return Accepted{.events = 0, .released = {}, .keeps_old = true, .stuck = {}};
      return Load(session, flags, *held);
    }
  }
  SLUICE_ASSIGN(StuckEvents stuck, FindStuck(session, filter));
  SLUICE_ASSIGN(const uint64_t events,
                Surely([&] { return warehouse.AcceptQuarantined(filter, acceptance); }));
  return Accepted{.events = events, .released = {}, .keeps_old = false, .stuck = std::move(stuck)};
}

Result<int> Run(Session& session, const AcceptFlags& flags) {
  const QuarantineFlags& f = flags.filter;
  if (IsOfObjectOnly(f) && f.object.empty()) {
    return session.WrongUsage("say which events: --table, --reason, --column, --object or --since");
  }
  SLUICE_ASSIGN(const QuarantineFilter filter, FilterOf(session, f));
  SLUICE_ASSIGN(const Accepted done, Accept(session, flags, filter));
  const bool is_stuck = done.IsNothing() && done.stuck.events > 0;
  if (done.IsNothing() && !is_stuck) SLUICE_TRY(RequireKnownTable(session, f));
  SLUICE_TRY(Print(session.flags.json ? ToJson(done) : ToText(done)));
  return is_stuck ? kExitAttention : kExitDone;
}

}  // namespace

void AddQuarantineAccept(CLI::App& quarantine, Session& session, int& exit_code) {
  auto flags = std::make_shared<AcceptFlags>();
  CLI::App* command = quarantine.add_subcommand(
      "accept", "Give events up, for a reason that is kept; or load an object that is held");
  command->add_option("WHY", flags->why, "For whoever asks later")
      ->required()
      ->check([](const std::string& text) {
        return text.empty() ? std::string("a reason is needed") : std::string();
      });
  AddFilter(*command, flags->filter);
  command->footer(
      "Events that are given up stay in sluice.quarantine, and no replay tries them again. With "
      "--object KEY of an object\nthat is held: one with too many bad events is loaded, and these "
      "wait in quarantine like any; where another version\nof it is loaded, that one stays, and "
      "all events of the one that is held are given up.\nExit code 3: nothing but events of "
      "objects "
      "that are held or set aside, which are not given up one by one.\n\n"
      "Examples:\n  sluice quarantine accept \"a test of the producer's\" --reason no_route "
      "--since "
      "1d\n  sluice quarantine accept \"all of them were sent again\" --object "
      "date=2026-11-20/10/archive.ndjson");
  command->callback([&session, &exit_code, flags] {
    flags->why = WithoutControls(flags->why);
    const Result<int> code = Run(session, *flags);
    exit_code = code ? *code : session.Fail(code.error());
  });
}

}  // namespace sluice
