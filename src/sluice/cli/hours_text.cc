// SPDX-License-Identifier: Apache-2.0
#include "sluice/cli/hours_text.h"

#include "sluice/cli/terminal.h"
#include "sluice/operate/hour_range.h"

namespace sluice {
namespace {

// An hour of landing, or some that follow each other.
struct HoursRow {
  LandedHour sum;  // by the first hour
  Timestamp last;
  bool balances = true;  // each of them

  void Join(const HoursRow& next) {
    const LandedHour& hour = next.sum;
    last = next.last;
    balances = balances && next.balances;
    sum.objects += hour.objects;
    sum.waiting += hour.waiting;
    sum.stuck += hour.stuck;
    sum.events += hour.events;
    sum.loaded += hour.loaded;
    sum.duplicates += hour.duplicates;
    sum.quarantined += hour.quarantined;
  }
  std::string Label() const {
    const std::string first = HourText(sum.hour);
    return last == sum.hour ? first : first + " to " + HourText(last).substr(11);
  }
  std::string Mark() const {
    if (!balances) return "UNBALANCED";
    if (sum.stuck > 0) return WithThousands(sum.stuck) + " held";
    if (sum.waiting > 0) return WithThousands(sum.waiting) + " wait";
    return sum.objects == 0 ? "-" : "ok";
  }
};

}  // namespace

std::string HoursText(const std::vector<LandedHour>& landed, size_t room) {
  std::vector<HoursRow> hours;
  for (const LandedHour& hour : landed) {
    const HoursRow row{.sum = hour, .last = hour.hour, .balances = hour.Balances()};
    const bool is_quiet = hour.objects == 0 && !hours.empty() && hours.back().sum.objects == 0;
    is_quiet ? hours.back().Join(row) : hours.push_back(row);
  }
  while (hours.size() > room) {
    hours[0].Join(hours[1]);
    hours.erase(hours.begin() + 1);
  }
  std::vector<std::vector<std::string>> rows = {
      {"landed (UTC)", "objects", "events in", "loaded", "duplicates", "quarantined", ""}};
  for (const HoursRow& row : hours) {
    rows.push_back({row.Label(), WithThousands(row.sum.objects), WithThousands(row.sum.events),
                    WithThousands(row.sum.loaded), WithThousands(row.sum.duplicates),
                    WithThousands(row.sum.quarantined), row.Mark()});
  }
  return FormatTable(rows);
}

std::string HoursText(const std::vector<EventHour>& hours, const std::string& title, size_t room) {
  std::vector<std::vector<std::string>> rows = {{title, "rows now", "duplicates"}};
  const auto add = [&](const std::string& label, uint64_t now, uint64_t duplicates) {
    rows.push_back({label, WithThousands(now), WithThousands(duplicates)});
  };
  const size_t first = hours.size() > room ? hours.size() - room + 1 : 0;
  EventHour older{};
  for (size_t i = 0; i < first; ++i) {
    older.rows += hours[i].rows;
    older.duplicates += hours[i].duplicates;
  }
  if (first > 0) add(HourText(hours[first - 1].hour) + " and before", older.rows, older.duplicates);
  for (size_t i = first; i < hours.size(); ++i) {
    add(HourText(hours[i].hour), hours[i].rows, hours[i].duplicates);
  }
  if (hours.empty()) rows.push_back({"none in the last 24 hours", "", ""});
  return FormatTable(rows);
}

}  // namespace sluice
