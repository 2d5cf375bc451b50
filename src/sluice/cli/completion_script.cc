// SPDX-License-Identifier: Apache-2.0
#include "sluice/cli/completion_script.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "sluice/base/shell_word.h"

namespace sluice {
namespace {

using Option = CompletionWords::Option;
using Command = CompletionWords::Command;

// A command with the words that name it: "run", "quarantine list".
struct NamedCommand {
  std::string words;
  const Command& command;
};

// The commands, each with those below it behind it.
std::vector<NamedCommand> AllCommands(const std::vector<Command>& commands,
                                      const std::string& above = "") {
  std::vector<NamedCommand> all;
  for (const Command& command : commands) {
    all.push_back({above + command.name, command});
    for (NamedCommand& below : AllCommands(command.commands, above + command.name + " "))
      all.push_back(std::move(below));
  }
  return all;
}

// Every option once: those of all commands, and then each command's own.
std::vector<Option> AllOptions(const CompletionWords& words) {
  std::vector<Option> all = words.options;
  for (const auto& [name, command] : AllCommands(words.commands)) {
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

std::string Joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, " "));
}

std::string NamesOf(const std::vector<Command>& commands, std::string_view between) {
  std::string names;
  for (const Command& command : commands) {
    names += (names.empty() ? "" : std::string(between)) + command.name;
  }
  return names;
}

std::string BashCase(const std::string& pattern, const std::string& words, bool takes_files) {
  return fmt::format("    {}) words='{}' files={} ;;\n", pattern, words, takes_files ? "1" : "''");
}

std::string BashCase(const NamedCommand& named, const CompletionWords& words) {
  const Command& command = named.command;
  const std::string pattern = ShellQuoted(named.words), names = NamesOf(OptionsOf(command, words));
  if (!command.commands.empty())
    return BashCase(pattern, NamesOf(command.commands, " ") + " " + names, false);
  const Option* positional = PositionalOf(command);
  if (positional == nullptr) return BashCase(pattern, names, false);
  if (positional->choices.empty()) return BashCase(pattern, names, true);
  return BashCase(pattern, Joined(positional->choices) + " " + names, false);
}

// What may stand behind an option, by "COMMAND OPTION": one of the same name may take other values.
std::string BashValues(const CompletionWords& words) {
  std::string cases;
  const auto add = [&](const std::vector<Option>& options, const std::string& command) {
    for (const Option& option : options) {
      if (!option.takes_value || option.name.empty() || option.choices.empty()) continue;
      cases += BashCase(command + ShellQuoted(" " + option.name), Joined(option.choices), false);
    }
  };
  add(words.options, "*");
  for (const auto& [name, command] : AllCommands(words.commands)) {
    add(command.options, ShellQuoted(name));
  }
  return cases;
}

// One argument of zsh's _arguments.
std::string ZshSpec(const Option& option) {
  std::string action = "_files";
  if (!option.choices.empty()) action = fmt::format("({})", Joined(option.choices));
  if (option.name.empty())
    return ShellQuoted(fmt::format("*:{}:{}", Escaped(option.value_name, ":"), action));
  std::string spec = fmt::format("{}{}[{}]", option.is_repeatable ? "*" : "", option.name,
                                 Escaped(option.description, "[]\\"));
  if (option.takes_value) spec += fmt::format(":{}:{}", Escaped(option.value_name, ":"), action);
  return ShellQuoted(spec);
}

// The function that completes a command below which there are others, and those of the others
// that have some too. `own` are its options.
std::string ZshFunction(const std::string& name, const std::vector<Option>& own,
                        const std::vector<Command>& commands, const CompletionWords& words) {
  std::string options, descriptions, cases, below;
  for (const Option& option : own) options += "    " + ZshSpec(option) + " \\\n";
  for (const Command& command : commands) {
    descriptions +=
        fmt::format("        {}\n", ShellQuoted(command.name + ":" + command.description));
    cases += fmt::format("        {})\n          ", command.name);
    if (!command.commands.empty()) {
      const std::string function = name + "_" + command.name;
      below += ZshFunction(function, OptionsOf(command, words), command.commands, words);
      cases += function;
    } else {
      cases += "_arguments";
      for (const Option& option : OptionsOf(command, words))
        cases += " \\\n            " + ZshSpec(option);
    }
    cases += "\n          ;;\n";
  }
  return below + fmt::format(R"({0}() {{
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
)",
                             name, options, descriptions, cases);
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

// Where these commands are proposed, and their own options where one of them stands.
std::string FishLines(const std::string& program, const std::vector<Command>& commands,
                      const std::string& none_yet, const std::string& above) {
  std::string text;
  for (const Command& command : commands) {
    const std::string seen = above + "__fish_seen_subcommand_from " + command.name;
    text += fmt::format("complete -c {} -n '{}' -f -a {} -d '{}'\n", program, none_yet,
                        command.name, Escaped(command.description, "'\\"));
    for (const Option& option : command.options) text += FishLine(program, seen, option);
    if (command.commands.empty()) continue;
    const std::string no_one = fmt::format("{}; and not __fish_seen_subcommand_from {}", seen,
                                           NamesOf(command.commands, " "));
    text += FishLines(program, command.commands, no_one, seen + "; and ");
  }
  return text;
}

}  // namespace

std::string BashCompletion(const CompletionWords& words) {
  std::string with_value, names, cases;
  for (const Option& option : AllOptions(words)) {
    if (option.name.empty() || !option.takes_value) continue;
    with_value += (with_value.empty() ? "" : "|") + option.name;
  }
  for (const NamedCommand& named : AllCommands(words.commands)) {
    names += (names.empty() ? "" : "|") + ShellQuoted(named.words);
    cases += BashCase(named, words);
  }
  const std::string first = NamesOf(words.options) + " " + NamesOf(words.commands, " ");
  return fmt::format(R"(# bash completion of {0}; made by: {0} completion bash
_{0}() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} command='' words='' files='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${{COMP_WORDS[i]}} in
      {2}) ((++i)); continue ;;
    esac
    case "${{command:+$command }}${{COMP_WORDS[i]}}" in
      {3}) command="${{command:+$command }}${{COMP_WORDS[i]}}" ;;
    esac
  done
  case $command in
{4}    *) words='{5}' ;;
  esac
  case "$command ${{COMP_WORDS[COMP_CWORD-1]}}" in
{1}    *) case ${{COMP_WORDS[COMP_CWORD-1]}} in {2}) return ;; esac ;;
  esac
  # Where a file is wanted bash proposes files by itself.
  [[ $files && $current != -* ]] || COMPREPLY=($(compgen -W "$words" -- "$current"))
}}
complete -o default -F _{0} {0}
)",
                     words.program, BashValues(words), with_value, names, cases, first);
}

std::string ZshCompletion(const CompletionWords& words) {
  return fmt::format(R"(#compdef {0}
# zsh completion of {0}; made by: {0} completion zsh
{1}if [[ $funcstack[1] == _{0} ]]; then _{0} "$@"; else compdef _{0} {0}; fi
)",
                     words.program,
                     ZshFunction("_" + words.program, words.options, words.commands, words));
}

std::string FishCompletion(const CompletionWords& words) {
  std::string text =
      fmt::format("# fish completion of {0}; made by: {0} completion fish\n", words.program);
  for (const Option& option : words.options) text += FishLine(words.program, "", option);
  return text + FishLines(words.program, words.commands, "__fish_use_subcommand", "");
}

}  // namespace sluice
