// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace sluice {

// What a shell may propose for a program with subcommands, read from the parser itself, so that a
// proposal is never stale.
struct CompletionWords {
  struct Option {
    std::string name;  // "--config"; empty: a positional argument
    std::string description, value_name;
    bool takes_value = false, is_repeatable = false;
    std::vector<std::string> choices;  // of the value; empty: anything, files among it
  };
  struct Command {
    std::string name, description;
    std::vector<Option> options;
    std::vector<Command> commands;  // below it, as `list` is below `quarantine`
  };
  std::string program;
  std::vector<Option> options;  // of every command
  std::vector<Command> commands;
};
CompletionWords WordsOf(const CLI::App& app);

// A script to be sourced by the shell, which makes `words` its proposals.
std::string BashCompletion(const CompletionWords& words);
std::string ZshCompletion(const CompletionWords& words);
std::string FishCompletion(const CompletionWords& words);

}  // namespace sluice
