// SPDX-License-Identifier: Apache-2.0
#include "tests/golden/case_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>

#include "sluice/base/bytes.h"
#include "sluice/base/io.h"

namespace sluice {
namespace {

constexpr Bytes kLargestFile = MiB(64);
constexpr size_t kLargestRepeat = 64 << 20;
constexpr size_t kShown = 240;  // bytes of a line that a difference shows

std::string Root(std::string_view kind) {
  const char* source = std::getenv("SLUICE_SOURCE");
  return source ? fmt::format("{}/tests/golden/{}", source, kind) : "";
}

Result<std::string> Repeat(std::string_view arguments) {
  size_t count = 0;
  const char* end = arguments.data() + arguments.size();
  const auto [at, error] = std::from_chars(arguments.data(), end, count);
  if (error != std::errc() || at == end || *at != ' ')
    return Fail(ErrorKind::kBadData, "wanted ${{repeat N TEXT}}");
  const std::string_view text(at + 1, static_cast<size_t>(end - at) - 1);
  if (count * text.size() > kLargestRepeat) return Fail(ErrorKind::kBadData, "repeats too much");
  std::string out;
  out.reserve(count * text.size());
  for (size_t i = 0; i < count; ++i) out += text;
  return out;
}

Result<std::string> Hex(std::string_view digits) {
  std::string out;
  for (size_t i = 0; i < digits.size(); i += 2) {
    const std::string_view pair = digits.substr(i, 2);
    unsigned value = 0;
    const char* end = pair.data() + pair.size();
    const auto [at, error] = std::from_chars(pair.data(), end, value, 16);
    if (pair.size() != 2 || error != std::errc() || at != end)
      return Fail(ErrorKind::kBadData, "wanted ${{hex 00ff}}");
    out += static_cast<char>(value);
  }
  return out;
}

Result<std::string> Expand(std::string_view macro) {
  if (macro.starts_with("repeat ")) return Repeat(macro.substr(7));
  if (macro.starts_with("hex ")) return Hex(macro.substr(4));
  return Fail(ErrorKind::kBadData, "no macro: {}", macro);
}

// The part of `line` around byte `at`.
std::string Excerpt(std::string_view line, size_t at) {
  const size_t from = line.size() <= kShown || at < kShown / 2 ? 0 : at - kShown / 2;
  const std::string_view part = line.substr(std::min(from, line.size()), kShown);
  return fmt::format("{}{}{}", from > 0 ? "…" : "", part,
                     from + part.size() < line.size() ? "…" : "");
}

}  // namespace

std::vector<std::string> CaseNames(std::string_view kind) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(Root(kind), error))
    if (entry.is_directory()) names.push_back(entry.path().filename());
  std::ranges::sort(names);
  return names;
}

CaseFolder::CaseFolder(std::string_view kind, std::string_view name)
    : path_(fmt::format("{}/{}", Root(kind), name)) {}

std::vector<std::string> CaseFolder::FileNames() const {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(path_, error))
    names.push_back(entry.path().filename());
  std::ranges::sort(names);
  return names;
}

bool CaseFolder::Has(const std::string& file) const {
  return std::filesystem::exists(path_ + "/" + file);
}

Result<std::optional<std::string>> CaseFolder::Text(const std::string& name,
                                                    const std::string& extension) const {
  const std::string plain = name + "." + extension, macros = name + ".template";
  if (Has(plain) && Has(macros)) return Fail(ErrorKind::kBadData, "both {} and {}", plain, macros);
  if (!Has(plain) && !Has(macros)) return std::optional<std::string>();
  SLUICE_ASSIGN(std::string text,
                ReadFile(path_ + "/" + (Has(plain) ? plain : macros), kLargestFile));
  if (Has(macros)) {
    SLUICE_ASSIGN(text, ExpandTemplate(text));
  }
  return std::optional(std::move(text));
}

Result<std::string> ExpandTemplate(std::string_view text) {
  std::string out;
  for (;;) {
    const size_t begin = text.find("${");
    out += text.substr(0, begin);
    if (begin == std::string_view::npos) return out;
    const size_t end = text.find('}', begin);
    if (end == std::string_view::npos) return Fail(ErrorKind::kBadData, "a macro without '}}'");
    SLUICE_ASSIGN(const std::string expanded, Expand(text.substr(begin + 2, end - begin - 2)));
    out += expanded;
    text.remove_prefix(end + 1);
  }
}

std::vector<std::string> LinesOf(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::string FirstDifference(std::string_view file, const std::vector<std::string>& want,
                            const std::vector<std::string>& have) {
  size_t i = 0;
  while (i < want.size() && i < have.size() && want[i] == have[i]) ++i;
  if (i == want.size() && i == have.size()) return "";
  const std::string place = fmt::format("{}:{}", file, i + 1);
  if (i == have.size()) return fmt::format("{}: did not come out: {}", place, Excerpt(want[i], 0));
  if (i == want.size()) return fmt::format("{}: not expected: {}", place, Excerpt(have[i], 0));
  const auto at =
      static_cast<size_t>(std::ranges::mismatch(want[i], have[i]).in1 - want[i].begin());
  return fmt::format("{}: differs from byte {} on\n  want {}\n  have {}", place, at,
                     Excerpt(want[i], at), Excerpt(have[i], at));
}

}  // namespace sluice
