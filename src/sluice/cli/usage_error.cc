// SPDX-License-Identifier: Apache-2.0
#include "sluice/cli/usage_error.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iterator>
#include <utility>

#include "sluice/cli/completion_script.h"
#include "sluice/config/nearest_name.h"

namespace sluice {
namespace {

std::vector<std::string> NamesIn(const std::vector<CompletionWords::Option>& options) {
  std::vector<std::string> names;
  for (const auto& option : options) {
    if (!option.name.empty()) names.push_back(option.name);
  }
  return names;
}

// The commands that were named, from the first one down: quarantine, list.
std::vector<std::string> PathOf(const CLI::App& app) {
  std::vector<std::string> path;
  auto named = app.get_subcommands();
  while (!named.empty()) {
    path.push_back(named.front()->get_name());
    named = std::as_const(*named.front()).get_subcommands();
  }
  return path;
}

// What may stand where the path ends: flags of it and of every command, and commands below it.
struct Known {
  std::vector<std::string> flags, commands;
};
Known KnownAt(const std::vector<std::string>& path, const CompletionWords& words) {
  Known known{.flags = NamesIn(words.options)};
  const std::vector<CompletionWords::Command>* below = &words.commands;
  for (const std::string& name : path) {
    const auto command = std::ranges::find(*below, name, &CompletionWords::Command::name);
    if (command == below->end()) break;
    std::ranges::copy(NamesIn(command->options), std::back_inserter(known.flags));
    below = &command->commands;
  }
  for (const auto& command : *below) known.commands.push_back(command.name);
  return known;
}

// Of an argument that nothing knows: "no such command: rum; did you mean 'run'?"
std::string ExplainUnknown(const std::string& argument, const std::string& command,
                           const Known& known) {
  const bool is_flag = argument.starts_with("-");
  if (!is_flag && known.commands.empty()) {
    return fmt::format("'{}' does not take: {}", command, argument);
  }
  const std::string bare = argument.substr(0, argument.find('='));
  return fmt::format("no such {}: {}{}", is_flag ? "flag" : "command", bare,
                     DidYouMean(bare, is_flag ? known.flags : known.commands));
}

}  // namespace

std::string ExplainUsage(const CLI::App& app, const CLI::Error& error) {
  const std::vector<std::string> path = PathOf(app);
  const std::string command = fmt::format("{}", fmt::join(path, " "));
  const Known known = KnownAt(path, WordsOf(app));
  const std::vector<std::string> unknown = app.remaining(true);
  const bool is_unknown =
      !unknown.empty() && (!known.commands.empty() ||
                           error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError));
  std::string what = error.what();
  if (is_unknown) {
    const auto flag = std::ranges::find_if(
        unknown, [](const std::string& argument) { return argument.starts_with("-"); });
    what = ExplainUnknown(flag == unknown.end() ? unknown.front() : *flag, command, known);
  }
  return fmt::format("sluice: {}\nsee: sluice {}{}--help\n", what, command,
                     command.empty() ? "" : " ");
}

}  // namespace sluice
