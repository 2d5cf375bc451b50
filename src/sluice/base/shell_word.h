// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace sluice {

// 'text' as a word of a POSIX shell, of bash and of zsh.
std::string ShellQuoted(std::string_view text);
// The same for a command that a person types: quotes only where a shell needs them.
std::string ShellWord(std::string_view text);

}  // namespace sluice
