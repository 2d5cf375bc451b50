# SPDX-License-Identifier: Apache-2.0
"""Runs every example of docs/commands.md and compares what it prints; console_page.py says how they are written."""

import datetime
import os
import pathlib
import re
import tempfile
import unittest

from command_line_test import COMMANDS
from console_page import ROOT, examples_of, run
from pipeline import HOUR, PipelineTest, events

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
        """What is typed begins with it, behind variables, a "$(" or a "|", and the flags of every command."""
        typed = {match.group(1) for example in examples_of(DOCUMENT.read_text())
                 for match in re.finditer(r"(?:^|\||\$\(|<\(|&&)\s*(?:\w+=\S* )*sluice(?: --(?:config|dir|set) \S+| --quiet| --json)* ([a-z]+)\b", example.command)}
        self.assertEqual(typed & set(COMMANDS), set(COMMANDS))


@unittest.skipUnless(DOCUMENT.exists(), f"NOT TESTED: there is no {DOCUMENT}")
class CommandsReference(PipelineTest):
    """Each command's section names all its flags, and all keys of its --json."""

    # Objects of --json whose keys are names of the events: of columns, fields, reasons.
    OF_EVENTS = {"coerced", "nulled", "truncated", "unknown_fields", "reasons", "row", "sample"}

    def setUp(self):
        super().setUp()
        self.sections = {}
        for section in DOCUMENT.read_text().split("\n## ")[1:]:
            for command in section.splitlines()[0].split(", "):
                self.sections[command] = section
        self.keys = {}

    def help_of(self, *command):
        return self.pipeline.run(*command, "--help").stdout

    def test_every_flag_is_named(self):
        self.assertEqual(sorted(self.sections), sorted(COMMANDS))
        for command in COMMANDS:
            texts = [self.help_of(command)]
            if "Subcommands:" in texts[0]:
                below = re.findall(r"(?m)^  ([a-z]+)\s{2,}\S", texts[0].split("Subcommands:")[1].split("Example")[0])
                self.assertGreater(len(below), 1)
                texts += [self.help_of(command, name) for name in below]
            flags = set(re.findall(r"(?m)^  (?:-\w,)?(--[a-z-]+)", "\n".join(texts))) - {"--help"}
            missing = [flag for flag in sorted(flags) if not re.search(rf"`(?:[^`\n]* )?{flag}\b(?!-)", self.sections[command])]
            self.assertEqual(missing, [], command)

    def ask(self, command, *arguments, exit_code=0):
        """Runs it, and keeps the keys that it prints, by their paths."""
        def walk(found, path):
            if isinstance(found, list):
                for one in found:
                    walk(one, path)
            elif isinstance(found, dict):
                for key, value in found.items():
                    self.keys.setdefault(command, set()).add((*path, key))
                    if key not in self.OF_EVENTS and path[-1:] != ("states",) and (command, key) != ("init", "quarantined"):
                        walk(value, (*path, key))

        found = self.pipeline.ask(command, *arguments, exit_code=exit_code)
        walk(found, ())
        return found

    def ask_everything(self):
        """Each command, where as much as possible is there to be told."""
        folder, hour = self.pipeline.folder, "2026-11-23T14"
        self.ask("generate", "--events", 200, "--messages", "--out", folder / "messages.ndjson")
        self.ask("send", folder / "messages.ndjson")
        self.ask("sample", folder / "sample.ndjson")
        self.ask("init", "--sample", folder / "sample.ndjson", "--output", folder / "proposed")
        self.ask("preview", folder / "sample.ndjson")
        self.ask("convert", "--out", folder / "converted", folder / "sample.ndjson")
        self.ask("land")
        self.ask("process")
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M:%S")
        lines = events(20, request_timestamp=now, news=1) + events(5, 50, cookie_id=None) + events(1, topic="another", request_timestamp=now)
        self.pipeline.announce(self.pipeline.put_raw("a.ndjson", lines), self.pipeline.put_raw("held.ndjson", b"{}\n" * 20))
        self.ask("run")
        self.pipeline.put_raw("b.ndjson", events(5, 500))
        self.ask("backfill", "--from", hour)
        self.ask("backfill", "--from", hour, "--replace", "--dry-run")
        self.pipeline.put_raw("c.ndjson", events(5, 600))
        self.ask("reconcile", "--since", "3650d", "--grace", "0s", exit_code=3)
        self.ask("reconcile", "--since", "3650d", "--grace", "0s", "--repair", exit_code=3)
        self.pipeline.change_warehouse("INSERT INTO tracking.events SELECT * FROM tracking.events LIMIT 1")
        self.ask("verify", "--since", "3650d", exit_code=3)
        for what in (HOUR + "a.ndjson", "00000001-0000-4000-8000-000000000000", hour):
            self.ask("why", what, exit_code=3 if what == hour else 0)
        for arguments in ("list", "--by", "hour"), ("show",), ("replay",):
            self.ask("quarantine", *arguments)
        self.ask("quarantine", "accept", "a test", "--reason", "no_route", exit_code=3)  # of what is held
        self.ask("status")
        self.ask("status", "--by", "event-time")
        self.ask("pause", "a test")
        self.ask("resume")
        self.ask("gc", "--dry-run")
        self.ask("check")
        self.ask("check", "--connect")
        self.ask("ddl", "--diff")
        self.ask("ddl")

    def test_every_key_of_json_is_named(self):
        self.ask_everything()
        self.assertEqual(set(COMMANDS) - set(self.keys), {"lambda", "completion"}, "these print no JSON")
        for command, paths in self.keys.items():
            # A section may send its reader to another one.
            sections = [self.sections[command], *(self.sections[other] for other in re.findall(r"as in `(\w+)`", self.sections[command]))]
            named = set(re.findall(r"\w+", " ".join(re.findall(r"`[^`\n]+`", "\n".join(sections)))))
            missing = {".".join(path) for path in paths if path[-1] not in named}
            with self.subTest(command=command):
                self.assertEqual(missing, set())


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
