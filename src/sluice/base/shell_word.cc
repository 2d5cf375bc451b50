// SPDX-License-Identifier: Apache-2.0
#include "sluice/base/shell_word.h"

#include <algorithm>

namespace sluice {
namespace {

// Of no meaning to a shell; = has one at the beginning of a word.
bool IsPlain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-_./=:,+@%").contains(c);
}

}  // namespace

std::string ShellQuoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string ShellWord(std::string_view text) {
  const bool is_plain = !text.empty() && text.front() != '=' && std::ranges::all_of(text, IsPlain);
  return is_plain ? std::string(text) : ShellQuoted(text);
}

}  // namespace sluice
