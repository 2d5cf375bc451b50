// SPDX-License-Identifier: Apache-2.0
#include "sluice/cli/completion_script.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace sluice {
namespace {

using Option = CompletionWords::Option;
using Command = CompletionWords::Command;

// Every option once: those of all commands, and then each command's own.
std::vector<Option> AllOptions(const CompletionWords& words) {
  std::vector<Option> all = words.options;
  for (const Command& command : words.commands) {
    for (const Option& option : command.options) {
      if (std::ranges::find(all, option.name, &Option::name) == all.end()) all.push_back(option);
    }
  }
  return all;
}

// The command's own options and those of every command, each once.
std::vector<Option> OptionsOf(const Command& command, const CompletionWords& words) {
  std::vector<Option> options = command.options;
  for (const Option& option : words.options) {
    if (std::ranges::find(options, option.name, &Option::name) == options.end())
      options.push_back(option);
  }
  return options;
}

std::string NamesOf(const std::vector<Option>& options) {
  std::string names;
  for (const Option& option : options) {
    if (!option.name.empty()) names += (names.empty() ? "" : " ") + option.name;
  }
  return names;
}

const Option* PositionalOf(const Command& command) {
  const auto found = std::ranges::find(command.options, std::string(), &Option::name);
  return found == command.options.end() ? nullptr : &*found;
}

// `text` with a backslash before each character of `special`.
std::string Escaped(std::string_view text, std::string_view special) {
  std::string escaped;
  for (const char c : text) {
    if (special.find(c) != std::string_view::npos) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

// 'text' for bash and zsh.
std::string Quoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string Joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, " "));
}

std::string BashCase(const std::string& pattern, const std::string& words, bool takes_files) {
  return fmt::format("    {}) words='{}' files={} ;;\n", pattern, words, takes_files ? "1" : "''");
}

std::string BashCase(const Command& command, const CompletionWords& words) {
  const std::string names = NamesOf(OptionsOf(command, words));
  const Option* positional = PositionalOf(command);
  if (positional == nullptr) return BashCase(command.name, names, false);
  if (positional->choices.empty()) return BashCase(command.name, names, true);
  return BashCase(command.name, Joined(positional->choices) + " " + names, false);
}

// One argument of zsh's _arguments.
std::string ZshSpec(const Option& option) {
  std::string action = "_files";
  if (!option.choices.empty()) action = fmt::format("({})", Joined(option.choices));
  if (option.name.empty())
    return Quoted(fmt::format("*:{}:{}", Escaped(option.value_name, ":"), action));
  std::string spec = fmt::format("{}{}[{}]", option.is_repeatable ? "*" : "", option.name,
                                 Escaped(option.description, "[]\\"));
  if (option.takes_value) spec += fmt::format(":{}:{}", Escaped(option.value_name, ":"), action);
  return Quoted(spec);
}

std::string FishLine(const std::string& program, const std::string& condition,
                     const Option& option) {
  std::string line = fmt::format("complete -c {}", program);
  if (!condition.empty()) line += fmt::format(" -n '{}'", condition);
  if (!option.name.empty()) line += fmt::format(" -l {}", option.name.substr(2));
  if (!option.choices.empty()) {
    line += fmt::format(" -x -a '{}'", Joined(option.choices));
  } else if (option.takes_value) {
    line += " -r";
  }
  return line + fmt::format(" -d '{}'\n", Escaped(option.description, "'\\"));
}

}  // namespace

std::string BashCompletion(const CompletionWords& words) {
  std::string values, with_value, names, cases, first = NamesOf(words.options);
  for (const Option& option : AllOptions(words)) {
    if (option.name.empty() || !option.takes_value) continue;
    with_value += (with_value.empty() ? "" : "|") + option.name;
    if (option.choices.empty()) continue;
    values += BashCase(option.name, Joined(option.choices), false);
  }
  for (const Command& command : words.commands) {
    names += (names.empty() ? "" : "|") + command.name;
    first += " " + command.name;
    cases += BashCase(command, words);
  }
  return fmt::format(R"(# bash completion of {0}; made by: {0} completion bash
_{0}() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} command='' words='' files='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${{COMP_WORDS[i]}} in
      {2}) ((++i)) ;;
      {3}) command=${{COMP_WORDS[i]}}; break ;;
    esac
  done
  case $command in
{4}    *) words='{5}' ;;
  esac
  case ${{COMP_WORDS[COMP_CWORD-1]}} in
{1}    {2}) return ;;
  esac
  # Where a file is wanted bash proposes files by itself.
  [[ $files && $current != -* ]] || COMPREPLY=($(compgen -W "$words" -- "$current"))
}}
complete -o default -F _{0} {0}
)",
                     words.program, values, with_value, names, cases, first);
}

std::string ZshCompletion(const CompletionWords& words) {
  std::string commands, cases;
  for (const Command& command : words.commands) {
    commands += fmt::format("        {}\n", Quoted(command.name + ":" + command.description));
    cases += fmt::format("        {})\n          _arguments", command.name);
    for (const Option& option : OptionsOf(command, words))
      cases += " \\\n            " + ZshSpec(option);
    cases += "\n          ;;\n";
  }
  std::string global;
  for (const Option& option : words.options) global += "    " + ZshSpec(option) + " \\\n";
  return fmt::format(R"(#compdef {0}
# zsh completion of {0}; made by: {0} completion zsh
_{0}() {{
  local context state state_descr line
  typeset -A opt_args
  _arguments -C \
{1}    '1:command:->command' '*::argument:->argument' && return
  case $state in
    command)
      local -a commands
      commands=(
{2}      )
      _describe command commands
      ;;
    argument)
      case $words[1] in
{3}      esac
      ;;
  esac
}}
if [[ $funcstack[1] == _{0} ]]; then _{0} "$@"; else compdef _{0} {0}; fi
)",
                     words.program, global, commands, cases);
}

std::string FishCompletion(const CompletionWords& words) {
  std::string text =
      fmt::format("# fish completion of {0}; made by: {0} completion fish\n", words.program);
  for (const Option& option : words.options) text += FishLine(words.program, "", option);
  for (const Command& command : words.commands) {
    text += fmt::format("complete -c {} -n __fish_use_subcommand -f -a {} -d '{}'\n", words.program,
                        command.name, Escaped(command.description, "'\\"));
    for (const Option& option : command.options) {
      text += FishLine(words.program, "__fish_seen_subcommand_from " + command.name, option);
    }
  }
  return text;
}

}  // namespace sluice
