// SPDX-License-Identifier: Apache-2.0
#include "sluice/operate/overdue_hours.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>
#include <utility>

#include "sluice/operate/reconcile.h"

namespace sluice {
namespace {

constexpr std::string_view kFirstLine = "sluice missing 1\n";
constexpr size_t kRemembered = 10'000;
constexpr int kTries = 3;

// "2026-11-23T14 3", without its line end.
std::optional<OverdueHours::value_type> ParseLine(std::string_view line) {
  const size_t space = std::min(line.find(' '), line.size());
  const auto hour = ParseHour(line.substr(0, space));
  line.remove_prefix(std::min(space + 1, line.size()));
  uint64_t objects = 0;
  const char* const end = line.data() + line.size();
  const auto [stop, error] = std::from_chars(line.data(), end, objects);
  if (!hour || error != std::errc() || stop != end || objects == 0) return std::nullopt;
  return OverdueHours::value_type{*hour, objects};
}

}  // namespace

OverdueHours Outside(OverdueHours overdue, const RawLayout& layout, const HourRange& hours) {
  const std::vector<std::string> folders = FoldersOf(layout, hours);
  std::erase_if(overdue, [&](const auto& one) {
    return std::ranges::binary_search(folders, layout.FolderOf(one.first));
  });
  return overdue;
}

Result<OverdueHours> LookAgain(ObjectStore& raw, const LedgerPages& ledger, const RawLayout& layout,
                               const OverdueHours& overdue, Timestamp pending_since) {
  constexpr std::chrono::hours kHour(1), kTogether(24);
  OverdueHours found;
  uint64_t walked = 0;
  auto next = overdue.begin();
  for (size_t walks = 0; walks < kWalks && next != overdue.end(); ++walks) {
    if (found.size() >= kStillMissing || walked >= kWalkedObjects) break;
    HourRange hours{next->first, next->first};
    for (; next != overdue.end() && next->first == hours.to && hours.to - hours.from < kTogether;
         ++next) {
      hours.to += kHour;
    }
    const ReconcileReport report =
        Reconcile(raw, ledger, layout, hours, {.pending_since = pending_since});
    if (report.failure) return std::unexpected(*report.failure);
    walked += report.stored;
    found.insert(report.overdue.begin(), report.overdue.end());
  }
  found.insert(next, overdue.end());
  return found;
}

std::string ToText(const OverdueHours& overdue) {
  std::string text(kFirstLine);
  const size_t left_out = overdue.size() - std::min(overdue.size(), kRemembered);
  for (auto one = std::next(overdue.begin(), static_cast<std::ptrdiff_t>(left_out));
       one != overdue.end(); ++one) {
    text += fmt::format("{} {}\n", HourText(one->first), one->second);
  }
  return text;
}

Result<OverdueHours> ParseOverdueHours(std::string_view text) {
  const auto wrong = [] {
    return Fail(ErrorKind::kBadData, "not what this sluice remembers of what is missing");
  };
  if (!text.starts_with(kFirstLine)) return wrong();
  text.remove_prefix(kFirstLine.size());
  OverdueHours overdue;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const auto line = end == text.npos ? std::nullopt : ParseLine(text.substr(0, end));
    if (!line) return wrong();
    overdue.insert(*line);
    text.remove_prefix(end + 1);
  }
  return overdue;
}

Result<OverdueHours> OverdueMemory::Read() {
  SLUICE_ASSIGN(const std::string text, log_.Newest());
  if (text.empty()) return OverdueHours();
  auto overdue = ParseOverdueHours(text);
  if (!overdue) return std::unexpected(overdue.error().During(log_.key()));
  return overdue;
}

Status OverdueMemory::Change(const std::function<OverdueHours(const OverdueHours&)>& changed) {
  Status done;
  for (int tries = 0; tries < kTries; ++tries) {
    SLUICE_ASSIGN(const OverdueHours before, Read());
    const OverdueHours after = changed(before);
    if (after == before) return {};
    done = log_.Append(ToText(after));
    if (done || done.error().kind() != ErrorKind::kConflict) return done;
  }
  return done;
}

}  // namespace sluice
