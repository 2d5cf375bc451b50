// SPDX-License-Identifier: Apache-2.0
#include "sluice/base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <memory>

#include "sluice/base/json_text.h"

namespace sluice {
namespace {

std::atomic<LogFormat> format_ = LogFormat::kText;

spdlog::logger& Logger() {
  static const auto logger = [] {
    auto made = std::make_shared<spdlog::logger>("sluice",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v");
    made->flush_on(spdlog::level::trace);
    return made;
  }();
  return *logger;
}

spdlog::level::level_enum Level(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
    case LogLevel::kOff:
      return spdlog::level::off;
  }
  return spdlog::level::off;
}

}  // namespace

void ConfigureLog(LogLevel level, LogFormat format) {
  format_ = format;
  Logger().set_level(Level(level));
  Logger().set_pattern(format == LogFormat::kJson
                           ? "{\"time\":\"%Y-%m-%dT%H:%M:%S.%eZ\",\"level\":\"%l\",\"message\":%v}"
                           : "%Y-%m-%dT%H:%M:%SZ %l %v",
                       spdlog::pattern_time_type::utc);
}

bool LogsAt(LogLevel level) {
  return Logger().should_log(Level(level));
}

void LogText(LogLevel level, std::string_view message) {
  std::string quoted;
  AppendJsonString(quoted, message);
  std::string_view line = quoted;
  if (format_ == LogFormat::kText) line = line.substr(1, line.size() - 2);
  Logger().log(Level(level), line);
}

}  // namespace sluice
