// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace sluice {

enum class LogLevel { kDebug, kInfo, kWarning, kError, kOff };
enum class LogFormat { kText, kJson };

// Lines for an operator, on standard error. Values go at the end of the message as name=value;
// control characters and ANSI sequences in them are escaped, so a key from outside cannot forge a
// line. Thread-safe. Never payloads or secrets.
void ConfigureLog(LogLevel level, LogFormat format);
bool LogsAt(LogLevel level);
void LogText(LogLevel level, std::string_view message);

template <typename... Args>
void Log(LogLevel level, fmt::format_string<Args...> format, Args&&... args) {
  if (LogsAt(level)) LogText(level, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace sluice
