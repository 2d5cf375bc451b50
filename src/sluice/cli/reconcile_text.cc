// SPDX-License-Identifier: Apache-2.0
#include "sluice/cli/reconcile_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "sluice/base/json_text.h"
#include "sluice/base/shell_word.h"
#include "sluice/cli/terminal.h"

namespace sluice {
namespace {

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

std::string WhatLoads(const Surroundings& around) {
  return around.paused ? "loading is paused, " + *around.paused + ": sluice resume"
                       : "next: sluice process";
}

std::string PendingText(const ReconcileReport& report, const Surroundings& around) {
  if (report.pending == 0) return "";
  if (around.paused) return WhatLoads(around);
  return PendingText(report.pending, around.notifications, *report.oldest_pending + around.grace,
                     around.now, "sluice backfill " + RangeFlags(*report.pending_hours));
}

// Of what is missing. The notifications that wait may all be of what is young.
std::string MendText(const ReconcileReport& report, const ReconcileFlags& flags,
                     const Surroundings& around) {
  const uint64_t waiting = around.notifications ? around.notifications->undeleted() : 0;
  const uint64_t others = waiting - std::min(waiting, report.pending);
  std::string text;
  if (others > 0) {
    text = fmt::format("their notifications may be among the {} that wait; {}\n",
                       WithThousands(waiting), WhatLoads(around));
  }
  if (others >= report.missing) return text;
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
  add(report.pending, "young and not loaded yet: " + PendingText(report, around));
  add(report.held - report.held_over,
      "held: mend what the reason says, then sluice backfill --from HOUR; or sluice quarantine "
      "accept WHY --object KEY");
  add(report.held_over,
      "held, and another version is loaded: sluice backfill --from HOUR --replace puts them in its "
      "place; or sluice quarantine accept WHY --object KEY");
  text += ExamplesText(report.held_examples, report.held);
  add(report.set_aside, "set aside: mend what the reason says, then sluice backfill --from HOUR");
  text += ExamplesText(report.set_aside_examples, report.set_aside);
  if (report.overwritten > 0) {
    add(report.overwritten,
        fmt::format("overwritten, and another version is loaded: sluice backfill {} --replace puts "
                    "them in its place",
                    RangeFlags(*report.overwritten_hours)));
    text += ExamplesText(report.overwritten_examples, report.overwritten);
  }
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
    text +=
        fmt::format("sent {}; {}\n", Counted(report.announced, "notification"), WhatLoads(around));
  } else if (report.missing > 0 && !flags.repair) {
    text += MendText(report, flags, around);
  }
  return text;
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

void AppendExamples(JsonText& json, std::string_view name, const std::vector<std::string>& keys) {
  json.Key(name).BeginArray();
  for (const std::string& key : keys) json.Value(key);
  json.EndArray();
}

void Append(JsonText& json, const DerivedStores& derived) {
  const auto& [parquet, claim, quarantine] = derived;
  json.Key("parquet").BeginObject();
  json.Key("stored").Value(parquet.stored).Key("named").Value(parquet.named);
  json.Key("young").Value(parquet.young).Key("unnamed").Value(parquet.unnamed);
  json.Key("missing").Value(parquet.missing);
  AppendExamples(json, "examples", parquet.examples);
  json.Key("claim");
  claim.empty() ? json.Null() : json.Value(claim);
  json.EndObject().Key("quarantine").BeginObject().Key("named").Value(quarantine.named);
  json.Key("missing").Value(quarantine.missing);
  AppendExamples(json, "examples", quarantine.examples);
  json.EndObject();
}

}  // namespace

bool NeedsAttention(const ReconcileReport& report, const std::optional<DerivedStores>& derived) {
  return report.NeedsAttention() || (derived && derived->NeedsAttention());
}

std::string ToText(const ReconcileReport& report, const std::optional<DerivedStores>& derived,
                   const ReconcileFlags& flags, const Surroundings& around) {
  return ToText(report, flags, around) + (derived ? ToText(*derived) : "") +
         EndOf(report, NeedsAttention(report, derived));
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
  AppendExamples(json, "overwritten_examples", report.overwritten_examples);
  json.Key("foreign").Value(report.foreign).Key("elsewhere").BeginObject();
  json.Key("foreign").Value(report.elsewhere.count);
  json.Key("is_whole").Value(report.elsewhere.is_whole).Key("example");
  report.elsewhere.count > 0 ? json.Value(report.elsewhere.example) : json.Null();
  json.EndObject().Key("gone").Value(report.gone);
  json.Key("vanished").Value(report.vanished);
  json.Key("missing").Value(report.missing).Key("missing_bytes").Value(report.missing_size.count);
  AppendExamples(json, "examples", report.examples);
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

}  // namespace sluice
