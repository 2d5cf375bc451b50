// SPDX-License-Identifier: Apache-2.0
#include "sluice/cli/usage_error.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

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

// Of the first argument that nothing knows: "no such command: rum; did you mean 'run'?"
std::string ExplainUnknown(const std::string& argument, const CompletionWords& words,
                           const std::string& command_name) {
  const bool is_flag = argument.starts_with("-");
  std::vector<std::string> names;
  if (is_flag) names = NamesIn(words.options);
  for (const auto& command : words.commands) {
    if (!is_flag) names.push_back(command.name);
    if (!is_flag || command.name != command_name) continue;
    for (std::string& name : NamesIn(command.options)) names.push_back(std::move(name));
  }
  if (!is_flag && !command_name.empty())
    return fmt::format("'{}' does not take: {}", command_name, argument);
  const std::string bare = argument.substr(0, argument.find('='));
  return fmt::format("no such {}: {}{}", is_flag ? "flag" : "command", bare,
                     DidYouMean(bare, names));
}

}  // namespace

std::string ExplainUsage(const CLI::App& app, const CLI::Error& error) {
  const auto commands = app.get_subcommands();
  const std::string command = commands.empty() ? "" : commands.front()->get_name();
  const std::vector<std::string> unknown = app.remaining(true);
  const bool is_unknown =
      !unknown.empty() &&
      (command.empty() || error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError));
  std::string what = error.what();
  if (is_unknown) {
    const auto flag = std::ranges::find_if(
        unknown, [](const std::string& argument) { return argument.starts_with("-"); });
    what = ExplainUnknown(flag == unknown.end() ? unknown.front() : *flag, WordsOf(app), command);
  }
  return fmt::format("sluice: {}\nsee: sluice {}{}--help\n", what, command,
                     command.empty() ? "" : " ");
}

}  // namespace sluice
