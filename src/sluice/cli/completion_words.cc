// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>

#include "sluice/cli/completion_script.h"

namespace sluice {
namespace {

// CLI11 shows what IsMember allows as "TEXT:{a,b}", and in no other way.
std::vector<std::string> ChoicesIn(const std::string& type_name) {
  const size_t begin = type_name.find('{'), end = type_name.find('}');
  if (begin == std::string::npos || end == std::string::npos) return {};
  return CLI::detail::split(type_name.substr(begin + 1, end - begin - 1), ',');
}

std::vector<CompletionWords::Option> OptionsOf(const CLI::App& app) {
  std::vector<CompletionWords::Option> options;
  for (const CLI::Option* option : app.get_options()) {
    const std::string type = option->get_type_name();
    CompletionWords::Option found{.description = option->get_description(),
                                  .value_name = type.substr(0, type.find(':')),
                                  .takes_value = option->get_items_expected_max() > 0,
                                  .is_repeatable = option->get_expected_max() > 1,
                                  .choices = ChoicesIn(type)};
    if (option->get_positional()) {
      found.value_name = option->get_single_name();
    } else {
      found.name = "--" + option->get_lnames().front();
    }
    options.push_back(std::move(found));
  }
  return options;
}

std::vector<CompletionWords::Command> CommandsOf(const CLI::App& app) {
  std::vector<CompletionWords::Command> commands;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    commands.push_back({.name = command->get_name(),
                        .description = command->get_description(),
                        .options = OptionsOf(*command),
                        .commands = CommandsOf(*command)});
  }
  return commands;
}

}  // namespace

CompletionWords WordsOf(const CLI::App& app) {
  return {.program = app.get_name(), .options = OptionsOf(app), .commands = CommandsOf(app)};
}

}  // namespace sluice
