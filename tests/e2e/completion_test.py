# SPDX-License-Identifier: Apache-2.0
"""Proposals for the shell, made from the parser itself."""

import re
import subprocess
import unittest

from pipeline import PipelineTest


class Completion(PipelineTest):
    """Driven as bash drives it."""

    DRIVER = 'source ./script; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _sluice; printf "%s\\n" "${COMPREPLY[@]}"'

    def setUp(self):
        super().setUp()
        (self.pipeline.folder / "script").write_text(self.pipeline.run("completion", "bash").stdout)

        listed = self.pipeline.run("--help").stdout.split("Subcommands:")[1].split("Examples:")[0]
        self.commands = re.findall(r"(?m)^  ([a-z]+)\s{2,}\S", listed)

    def proposals(self, *words):
        done = subprocess.run(["bash", "-c", self.DRIVER, "bash", "sluice", *words], capture_output=True, text=True,
                              cwd=self.pipeline.folder, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return set(done.stdout.split())

    def test_bash_accepts_the_script(self):
        done = subprocess.run(["bash", "-n", "script"], capture_output=True, text=True, cwd=self.pipeline.folder)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_commands_are_proposed_where_one_is_wanted(self):
        self.assertLessEqual(set(self.commands) | {"--config", "--json"}, self.proposals(""))
        self.assertEqual(self.proposals("st"), {"status"})
        self.assertEqual(self.proposals("--config", "run", "st"), {"status"}, "run is the name of a file here")

    def test_flags_of_the_command_and_of_all_commands_are_proposed(self):
        self.assertEqual(self.proposals("run", "--o"), {"--once"})
        self.assertEqual(self.proposals("--dir", "d", "convert", "x", "--c"), {"--compression", "--config"})
        for command in self.commands:
            shown = re.findall(r"(?m)^  (?:-h,)?(--[a-z-]+)", self.pipeline.run(command, "--help").stdout)
            self.assertLessEqual(set(shown), self.proposals(command, "-"), command)

    def test_commands_below_a_command_are_proposed_with_their_flags(self):
        below = {"list", "show", "replay", "accept"}
        self.assertLessEqual(below, self.proposals("quarantine", ""))
        self.assertEqual(self.proposals("--config", "x", "quarantine", "sh"), {"show"})
        self.assertFalse(below & self.proposals("quarantine", "list", ""))
        self.assertFalse(below & self.proposals("why", "quarantine", ""), "quarantine is a key here")
        for command in below:
            shown = re.findall(r"(?m)^  (?:-h,)?(--[a-z-]+)", self.pipeline.run("quarantine", command, "--help").stdout)
            self.assertIn("--reason", shown)
            self.assertLessEqual(set(shown), self.proposals("quarantine", command, "-"), command)

    def test_values_are_proposed_where_they_are_known_and_left_to_bash_elsewhere(self):
        self.assertEqual(self.proposals("completion", ""), self.proposals("completion", "-") | {"bash", "zsh", "fish"})
        self.assertEqual(self.proposals("convert", "--compression", ""), {"none", "snappy", "zstd"})
        self.assertEqual(self.proposals("run", "--log-level", ""), {"debug", "info", "warning", "error", "off"})
        self.assertEqual(self.proposals("status", "--by", ""), {"landing", "event-time"})
        self.assertEqual(self.proposals("quarantine", "list", "--by", ""), {"hour"}, "not those of another command's --by")
        self.assertEqual(self.proposals("convert", ""), set())
        self.assertEqual(self.proposals("run", "--config", ""), set())

    def test_the_other_shells_have_every_command_and_flag_too(self):
        for shell, flag in (("zsh", "'--{}["), ("fish", " -l {} ")):
            script = self.pipeline.run("completion", shell).stdout
            for command in self.commands:
                self.assertIn(command, script)
            for name in ("config", "once", "compression", "share-broken"):
                self.assertIn(flag.format(name), script)

    def test_the_other_shells_have_what_is_below_a_command_too(self):
        script = self.pipeline.run("completion", "zsh").stdout
        below = script.split("_sluice_quarantine() {\n")[1].split("\n}\n")[0]
        self.assertIn("        quarantine)\n          _sluice_quarantine\n", script.split("\n_sluice() {\n")[1])
        fish = self.pipeline.run("completion", "fish").stdout
        seen = "__fish_seen_subcommand_from quarantine; and {}__fish_seen_subcommand_from {}"
        for command in ("list", "show", "replay", "accept"):
            self.assertRegex(below, rf"(?m)^        '{command}:")
            self.assertIn("'--reason[", below.split(f"\n        {command})\n")[1].split(";;")[0])
            self.assertIn(f"-n '{seen.format('not ', 'list show replay accept')}' -f -a {command} ", fish)
            self.assertIn(f"-n '{seen.format('', command)}' -l reason ", fish)

    def test_an_unknown_shell_is_2(self):
        self.assert_plain_failure(self.pipeline.run("completion", "tcsh", exit_code=2), "tcsh", "bash")


if __name__ == "__main__":
    unittest.main()
