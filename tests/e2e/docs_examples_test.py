# SPDX-License-Identifier: Apache-2.0
"""Runs every example of docs/commands.md and compares what it prints; console_page.py says how they are written."""

import os
import pathlib
import re
import tempfile
import unittest

from console_page import ROOT, examples_of, run

DOCUMENT = ROOT / "docs" / "commands.md"


class Runner(unittest.TestCase):
    """The runner itself."""

    def complaints_of(self, markdown):
        with tempfile.TemporaryDirectory(prefix="sluice-e2e-") as folder:
            return run(examples_of(markdown), pathlib.Path(folder), {"sluice": os.environ["SLUICE_PROGRAM"]})

    def test_what_the_document_says_truly_passes(self):
        self.assertEqual(self.complaints_of(
            "text\n```console\n$ sluice --version\nsluice …\n$ echo one; echo two; echo three\none\n…\n"
            "$ printf 'a  b\\n'\na b\n```\n\n```sh\n$ false\n```\n"
            "```console\n$ echo x |\n> cat\nx\n$ false  # exit 1\n$ echo anything\n```\n"), [])

    def test_other_output_is_told_with_its_line(self):
        for lines in ("one", "one\ntwo\nthree", "…\none", "two\n…", "one …x\ntwo"):
            with self.subTest(lines=lines):
                complaints = self.complaints_of(f"\n```console\n$ echo one; echo two\n{lines}\n```\n")
                self.assertEqual(len(complaints), 1)
                self.assertTrue(complaints[0].startswith("line 3: $ echo one; echo two\nprinted\none\ntwo\n"))

    def test_another_exit_code_is_told(self):
        for command in ("false", "true  # exit 1", "exit 2  # exit 1"):
            self.assertEqual(len(self.complaints_of(f"```console\n$ {command}\n```\n")), 1, command)

    def test_commands_share_one_folder_with_the_examples_in_it(self):
        self.assertEqual(self.complaints_of(
            "```console\n$ echo x > file\n```\n```console\n$ cat file\nx\n"
            "$ sluice --config examples/tracking/sluice.yaml check\n…\n```\n"), [])

    def test_a_variable_stays_and_an_exit_code_is_the_commands(self):
        self.assertEqual(self.complaints_of(
            "```console\n$ WORDS=$(echo \"it's two\")\n$ false   # exit 1\n$ ONE=1 true\n$ echo \"$WORDS\" $ONE\nit's two\n```\n"), [])


@unittest.skipUnless(DOCUMENT.exists(), f"NOT TESTED: there is no {DOCUMENT}")
class CommandsDocument(unittest.TestCase):
    def test_every_example_prints_what_the_document_says(self):
        examples = examples_of(DOCUMENT.read_text())
        self.assertGreater(len(examples), 0, "no ```console block")
        with tempfile.TemporaryDirectory(prefix="sluice-e2e-") as folder:
            complaints = run(examples, pathlib.Path(folder), {"sluice": os.environ["SLUICE_PROGRAM"]})
        self.assertEqual(complaints, [], "\n\n".join(["", *complaints]))

    def test_every_command_has_an_example(self):
        used = {word for example in examples_of(DOCUMENT.read_text()) for word in example.command.split()}
        for command in ("init", "run", "land", "process", "status", "backfill", "reconcile", "verify", "why", "quarantine", "pause", "resume", "gc", "check", "ddl", "convert", "generate", "send", "completion"):
            self.assertIn(command, used)


class ReadmeDocument(unittest.TestCase):
    def test_what_shows_the_mission_is_there(self):
        """Each row of the table names files, and behind ": " what is in them."""
        rows = [line for line in (ROOT / "README.md").read_text().splitlines() if line.startswith("| ")][1:]
        self.assertGreaterEqual(len(rows), 9)
        for row in rows:
            for shown in row.split("|")[2].split("; "):
                names = [name for name in re.findall("`([^`]+)`", shown) if not name.startswith("make ")]
                text = (ROOT / names[0]).read_text() if names else ""
                for name in names[1:]:
                    self.assertIn(name, text, names[0])


if __name__ == "__main__":
    unittest.main()
