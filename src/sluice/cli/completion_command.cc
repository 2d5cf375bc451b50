// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <memory>

#include "sluice/cli/completion_script.h"
#include "sluice/cli/session.h"

namespace sluice {

void AddCompletion(CLI::App& app, Session& session, int& exit_code) {
  auto shell = std::make_shared<std::string>();
  CLI::App* command =
      app.add_subcommand("completion", "Print a script that completes commands and flags");
  command->add_option("SHELL", *shell, "The shell that is to source it")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->footer(
      "Examples:\n  source <(sluice completion bash)            in ~/.bashrc\n"
      "  source <(sluice completion zsh)             in ~/.zshrc, after compinit\n"
      "  sluice completion fish > ~/.config/fish/completions/sluice.fish");
  command->callback([&app, &session, &exit_code, shell] {
    const CompletionWords words = WordsOf(app);
    const std::string script = *shell == "bash"  ? BashCompletion(words)
                               : *shell == "zsh" ? ZshCompletion(words)
                                                 : FishCompletion(words);
    if (const Status printed = Print(script); !printed) exit_code = session.Fail(printed.error());
  });
}

}  // namespace sluice
