// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/clock.h"
#include "sluice/base/counted.h"
#include "sluice/base/result.h"

namespace sluice {

// Empty strings unless the stream is a terminal and NO_COLOR is not set (no-color.org).
struct Style {
  std::string_view bold, dim, red, green, yellow, reset;
  static Style ForStdout();
  static Style ForStderr();
};

// Writes a command's result to standard output, all of it or an error (a full disk, a closed pipe).
Status Print(std::string_view text);

// The columns of the terminal that standard output is; kPlainWidth where it is none.
inline constexpr size_t kPlainWidth = 100;
size_t WidthOfStdout();

// A name, or its front and "…", in at most `longest` columns, which are code points.
std::string Cut(std::string_view name, size_t longest);

// Rows of text in columns, the first left, the others right aligned, separated by two blanks; the
// first row is the heading.
std::string FormatTable(const std::vector<std::vector<std::string>>& rows);
// The same, at most `width` wide, if it can be: these columns are cut, the widest of them first,
// but none to less than ten, or than its heading.
std::string FormatTable(std::vector<std::vector<std::string>> rows,
                        const std::vector<size_t>& to_cut, size_t width);

// One line of progress on standard error: redrawn in place on a terminal at most ten times a
// second, with the time left by the rate so far where the total is known; and otherwise a plain
// line every ten seconds, so that logs stay short. Quiet when told so. Thread-safe.
class Progress {
 public:
  enum class Mode { kAuto, kQuiet };
  enum class Elsewhere { kLines, kNothing };  // where there is no terminal
  // `unit` is what is counted ("events"); `total` 0 means unknown.
  Progress(Clock& clock, std::string_view verb, std::string_view unit, uint64_t total, Mode mode,
           Elsewhere elsewhere = Elsewhere::kLines);
  ~Progress();

  void Update(uint64_t done, std::string_view note = {});
  // Takes the line off the terminal, so that something else may be printed there.
  void Clear();

 private:
  void Draw(uint64_t done, std::string_view note, Ticks now);

  Clock& clock_;
  const std::string verb_, unit_;
  const uint64_t total_;
  const bool is_terminal_;
  const bool is_quiet_;
  const Ticks started_;
  std::mutex mutex_;
  std::optional<Ticks> drawn_;  // no plain line comes at once
  bool has_line_ = false;
};

}  // namespace sluice
