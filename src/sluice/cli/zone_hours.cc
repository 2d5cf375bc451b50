// SPDX-License-Identifier: Apache-2.0
#include "sluice/cli/zone_hours.h"

#include <cstdlib>
#include <ctime>
#include <optional>

#include "sluice/base/io.h"

namespace sluice {
namespace {

constexpr const char* kZoneInfo = "/usr/share/zoneinfo/";
// No zone is farther from UTC, and none is off by anything but quarters of an hour.
constexpr std::chrono::hours kFarthest{16};
constexpr std::chrono::minutes kStep{15};

// Is there such a file, and is it a zone's (RFC 8536)?
bool IsZone(const std::string& zone) {
  if (zone.empty() || zone.starts_with('/') || zone.contains("..")) return false;
  const auto file = ReadFile(kZoneInfo + zone, MiB(1));
  return file && file->starts_with("TZif");
}

// The process's time zone, until it goes.
class ZoneOfProcess {
 public:
  explicit ZoneOfProcess(const std::string& zone) {
    if (const char* before = std::getenv("TZ")) before_ = before;
    ::setenv("TZ", (":" + zone).c_str(), 1);
    ::tzset();
  }
  ~ZoneOfProcess() {
    before_ ? ::setenv("TZ", before_->c_str(), 1) : ::unsetenv("TZ");
    ::tzset();
  }

  // What the clocks show, as if they showed UTC.
  static Timestamp ShownAt(Timestamp moment) {
    const std::time_t seconds =
        std::chrono::duration_cast<std::chrono::seconds>(moment.time_since_epoch()).count();
    std::tm shown{};
    ::localtime_r(&seconds, &shown);
    return moment + std::chrono::seconds(shown.tm_gmtoff);
  }

 private:
  std::optional<std::string> before_;
};

}  // namespace

Result<HourRange> ParseHourIn(const std::string& text, const std::string& zone) {
  SLUICE_ASSIGN(const HourRange shown, ParseHourRange(text, ""));
  if (zone == "UTC") return shown;  // though there be no zoneinfo
  if (!IsZone(zone)) {
    return Fail(ErrorKind::kPermanent,
                "there is no such time zone: write one as in Europe/Berlin: value={}", zone);
  }
  const ZoneOfProcess set(zone);
  std::optional<HourRange> hours;
  for (Timestamp at = shown.from - kFarthest; at < shown.to + kFarthest; at += kStep) {
    const Timestamp clock = ZoneOfProcess::ShownAt(at);
    if (clock < shown.from || clock >= shown.to) continue;
    if (!hours) hours = HourRange{at, at};
    hours->to = at + kStep;
  }
  if (hours) return *hours;
  return Fail(ErrorKind::kPermanent, "there is no such hour in {}: clocks are set forward: {}",
              zone, text);
}

}  // namespace sluice
