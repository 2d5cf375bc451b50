// SPDX-License-Identifier: Apache-2.0
#include "sluice/operate/hour_range.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace sluice {
namespace {

constexpr std::chrono::hours kLongestRange{24 * 366 * 100};

struct ParsedHour {
  Timestamp time;
  bool is_day = false;
};

// Takes so many digits off `text`; -1 where there are none.
int TakeDigits(std::string_view& text, size_t digits) {
  if (text.size() < digits) return -1;
  int number = 0;
  for (size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    number = number * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return number;
}

bool Take(std::string_view& text, std::string_view what) {
  if (!text.starts_with(what)) return false;
  text.remove_prefix(what.size());
  return true;
}

Result<ParsedHour> Parse(std::string_view text) {
  const auto wrong = [&] {
    return Fail(ErrorKind::kPermanent,
                "not an hour: write 2026-11-20 or 2026-11-20T10, in UTC: value={}",
                text.substr(0, 64));
  };
  std::string_view rest = text;
  const int year = TakeDigits(rest, 4);
  const bool has_month = Take(rest, "-");
  const int month = TakeDigits(rest, 2);
  const bool has_day = Take(rest, "-");
  const int day = TakeDigits(rest, 2);
  if (year < 1 || !has_month || month < 1 || !has_day || day < 1) return wrong();
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return wrong();
  ParsedHour parsed{.time = std::chrono::sys_days(date), .is_day = true};
  if (Take(rest, "T") || Take(rest, " ")) {
    const int hour = TakeDigits(rest, 2);
    if (hour < 0 || hour > 23) return wrong();
    parsed.time += std::chrono::hours(hour);
    parsed.is_day = false;
    if (Take(rest, ":00")) Take(rest, ":00");
  }
  Take(rest, "Z");
  if (!rest.empty()) return wrong();
  return parsed;
}

}  // namespace

Result<Timestamp> ParseHour(std::string_view text) {
  SLUICE_ASSIGN(const ParsedHour parsed, Parse(text));
  return parsed.time;
}

Result<HourRange> ParseHourRange(std::string_view from, std::string_view to) {
  SLUICE_ASSIGN(const ParsedHour first, Parse(from));
  if (to.empty()) {
    return HourRange{first.time, first.time + std::chrono::hours(first.is_day ? 24 : 1)};
  }
  SLUICE_ASSIGN(const ParsedHour end, Parse(to));
  if (end.time <= first.time) {
    return Fail(ErrorKind::kPermanent,
                "the range is empty: --to is the first hour that is left out, and must be later "
                "than --from: from={} to={}",
                HourText(first.time), HourText(end.time));
  }
  if (end.time - first.time > kLongestRange) {
    return Fail(ErrorKind::kPermanent, "the range is longer than a hundred years: from={} to={}",
                HourText(first.time), HourText(end.time));
  }
  return HourRange{first.time, end.time};
}

std::string HourText(std::string_view sql_time) {
  std::string text(sql_time.substr(0, std::string_view("2026-11-20 10").size()));
  std::ranges::replace(text, ' ', 'T');
  return text;
}

HourRange HoursSince(Timestamp now, std::chrono::microseconds since) {
  using std::chrono::hours;
  return {std::chrono::floor<hours>(now - since), std::chrono::floor<hours>(now) + hours(1)};
}

std::string HourText(Timestamp hour) {
  return ToIso8601(hour).substr(0, 13);
}

HourRange WholeHours(const HourRange& hours) {
  return {std::chrono::floor<std::chrono::hours>(hours.from),
          std::chrono::ceil<std::chrono::hours>(hours.to)};
}

std::string HoursText(const HourRange& hours) {
  if (WholeHours(hours) != hours) {
    return ToIso8601(hours.from).substr(0, 16) + " to " + ToIso8601(hours.to).substr(0, 16);
  }
  const bool is_one = hours.to - hours.from == std::chrono::hours(1);
  return is_one ? HourText(hours.from) : HourText(hours.from) + " to " + HourText(hours.to);
}

std::string RangeFlags(const HourRange& hours) {
  const HourRange whole = WholeHours(hours);
  return fmt::format("--from {} --to {}", HourText(whole.from), HourText(whole.to));
}

std::vector<std::string> FoldersOf(const RawLayout& layout, const HourRange& hours) {
  std::set<std::string> folders;
  for (Timestamp hour = std::chrono::floor<std::chrono::hours>(hours.from); hour < hours.to;
       hour += std::chrono::hours(1)) {
    folders.insert(layout.FolderOf(hour));
  }
  return {folders.begin(), folders.end()};
}

}  // namespace sluice
