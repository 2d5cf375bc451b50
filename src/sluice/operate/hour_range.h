// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/clock.h"
#include "sluice/base/result.h"
#include "sluice/object/object_names.h"

namespace sluice {

// Landing hours, from the first until before the last.
struct HourRange {
  Timestamp from, to;

  friend bool operator==(const HourRange&, const HourRange&) = default;
};

// "2026-11-20" or "2026-11-20T10" (with a blank for T, with ":00", with "Z"): a day's or an hour's
// beginning in UTC. kPermanent, with what is wrong.
Result<Timestamp> ParseHour(std::string_view text);
// `to` empty: the end of the day or hour that `from` names.
Result<HourRange> ParseHourRange(std::string_view from, std::string_view to);
// "2026-11-20T10"; of a time in UTC as a warehouse spells it, too.
std::string HourText(Timestamp hour);
std::string HourText(std::string_view sql_time);
// The whole hours that have a part in these: a zone may be half an hour off.
HourRange WholeHours(const HourRange& hours);
// "2026-11-20T10", or "2026-11-20T10 to 2026-11-20T12"; with minutes where hours are not whole.
std::string HoursText(const HourRange& hours);
// "--from 2026-11-20T10 --to 2026-11-20T12", of whole hours.
std::string RangeFlags(const HourRange& hours);
// From the hour in which `since` before now was until the end of this one.
HourRange HoursSince(Timestamp now, std::chrono::microseconds since);

// Below which the objects of these hours are, each once, in the order of their bytes. A layout
// without %H, or with %M before it, has folders that hold other hours too.
std::vector<std::string> FoldersOf(const RawLayout& layout, const HourRange& hours);

}  // namespace sluice
