// SPDX-License-Identifier: Apache-2.0
#include "sluice/cli/terminal.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace sluice {
namespace {

bool BeginsCodePoint(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
}

// Columns that `text` takes: its code points.
size_t Width(std::string_view text) {
  return static_cast<size_t>(std::ranges::count_if(text, BeginsCodePoint));
}

// Of each column.
std::vector<size_t> WidthsOf(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], Width(row[i]));
  }
  return widths;
}

Style StyleOf(int descriptor) {
  const char* no_color = std::getenv("NO_COLOR");
  if (::isatty(descriptor) == 0 || (no_color != nullptr && *no_color != '\0')) return {};
  return {"\033[1m", "\033[2m", "\033[31m", "\033[32m", "\033[33m", "\033[0m"};
}

constexpr int kBarWidth = 24;

std::string TimeLeft(double seconds) {
  const auto minutes = static_cast<uint64_t>(seconds / 60);
  if (minutes == 0) return fmt::format("{:.0f} s left", std::ceil(seconds));
  if (minutes < 60) return fmt::format("{} min left", minutes);
  return fmt::format("{} h {} min left", minutes / 60, minutes % 60);
}

}  // namespace

Style Style::ForStdout() {
  return StyleOf(STDOUT_FILENO);
}
Style Style::ForStderr() {
  return StyleOf(STDERR_FILENO);
}

Status Print(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0)
    return {};
  return Fail(ErrorKind::kPermanent, "cannot write to standard output: {}", std::strerror(errno));
}

size_t WidthOfStdout() {
  winsize size{};
  const bool is_known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return is_known ? size.ws_col : kPlainWidth;
}

std::string Cut(std::string_view name, size_t longest) {
  if (Width(name) <= longest) return std::string(name);
  size_t end = 0;
  for (size_t begun = 0; end < name.size(); ++end) {
    if (BeginsCodePoint(name[end]) && ++begun == longest) break;
  }
  return std::string(name.substr(0, end)) + "…";
}

std::string FormatTable(std::vector<std::vector<std::string>> rows,
                        const std::vector<size_t>& to_cut, size_t width) {
  constexpr size_t kLeast = 10;
  std::vector<size_t> widths = WidthsOf(rows);
  size_t whole = 2 * (widths.size() - 1);
  for (const size_t one : widths) whole += one;
  for (; whole > width; --whole) {
    size_t* widest = nullptr;
    for (const size_t i : to_cut) {
      if (widths[i] <= std::max(kLeast, Width(rows[0][i]))) continue;
      if (widest == nullptr || widths[i] > *widest) widest = &widths[i];
    }
    if (widest == nullptr) break;
    --*widest;
  }
  for (auto& row : rows) {
    for (const size_t i : to_cut) row[i] = Cut(row[i], widths[i]);
  }
  return FormatTable(rows);
}

std::string FormatTable(const std::vector<std::vector<std::string>>& rows) {
  const std::vector<size_t> widths = WidthsOf(rows);
  std::string text;
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string padding(widths[i] - Width(row[i]), ' ');
      if (i > 0) text += "  ";
      text += i == 0 ? row[i] + (row.size() > 1 ? padding : "") : padding + row[i];
    }
    text += '\n';
  }
  return text;
}

Progress::Progress(Clock& clock, std::string_view verb, std::string_view unit, uint64_t total,
                   Mode mode, Elsewhere elsewhere)
    : clock_(clock),
      verb_(verb),
      unit_(unit),
      total_(total),
      is_terminal_(::isatty(STDERR_FILENO) == 1),
      is_quiet_(mode == Mode::kQuiet || (!is_terminal_ && elsewhere == Elsewhere::kNothing)),
      started_(clock.Monotonic()) {
  if (!is_terminal_) drawn_ = started_;
}

Progress::~Progress() {
  Clear();
}

void Progress::Clear() {
  std::lock_guard lock(mutex_);
  if (has_line_ && is_terminal_) std::fputs("\r\033[K", stderr);
  has_line_ = false;
}

void Progress::Update(uint64_t done, std::string_view note) {
  if (is_quiet_) return;
  std::lock_guard lock(mutex_);
  const Ticks now = clock_.Monotonic();
  const auto pause =
      is_terminal_ ? std::chrono::milliseconds(100) : std::chrono::milliseconds(10'000);
  if (drawn_ && now - *drawn_ < pause) return;
  drawn_ = now;
  Draw(done, note, now);
}

void Progress::Draw(uint64_t done, std::string_view note, Ticks now) {
  const double seconds = std::chrono::duration<double>(now - started_).count();
  const auto rate = static_cast<uint64_t>(seconds > 0 ? static_cast<double>(done) / seconds : 0);
  std::string line = verb_ + "  ";
  if (total_ > 0) {
    const double share = std::min(1.0, static_cast<double>(done) / static_cast<double>(total_));
    if (is_terminal_) {
      const auto full = static_cast<int>(share * kBarWidth);
      for (int i = 0; i < kBarWidth; ++i) line += i < full ? "█" : "░";
      line += "  ";
    }
    line += fmt::format("{:.0f} %  ", share * 100);
  }
  line += fmt::format("{} {}  {}/s", WithThousands(done), unit_, WithThousands(rate));
  if (is_terminal_ && done > 0 && done < total_) {
    const auto rest = static_cast<double>(total_ - done) / static_cast<double>(done);
    line += "  " + TimeLeft(seconds * rest);
  }
  if (!note.empty()) line += fmt::format("  {}", note);
  if (is_terminal_) {
    std::fprintf(stderr, "\r\033[K%s", line.c_str());
  } else {
    std::fprintf(stderr, "%s\n", line.c_str());
  }
  std::fflush(stderr);
  has_line_ = true;
}

}  // namespace sluice
