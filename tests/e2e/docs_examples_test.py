# SPDX-License-Identifier: Apache-2.0
"""Runs every example of docs/commands.md and compares what it prints.

Format: a block that begins with ```console. A line "$ …" is a command for sh; a line "> …" goes on with
it. The lines up to the next command, or the end of the block, are what it prints, standard error
included:

    ```console
    $ sluice generate --events 1000 --messages --out messages.ndjson
    $ sluice send messages.ndjson
    sent 20 messages, … KiB
    $ sluice run --nope                                               # exit 2
    …
    ```

- "…" matches anything in its line; a line that is only "…" matches any number of lines, none included.
- Blanks are compared by whether there are any, not by how many; blanks at the end do not count.
- A command with no lines below it may print what it likes.
- It must exit 0, or with N where the line ends in "# exit N".
- All commands run in one temporary folder, in the order of the document, with sluice on the PATH. Each
  has a minute. The folder begins with examples/, as a clone of the repository does.
- Blocks of other kinds (```sh, ```yaml, ```console norun) are not run.
"""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "commands.md"
MINUTE = 60


class Example:
    """One command and what it prints."""

    def __init__(self, command, line):
        self.command, self.line = command, line
        self.exit_code = 0
        self.expected = []
        if match := re.search(r"\s+# exit (\d+)$", command):
            self.exit_code = int(match.group(1))
            self.command = command[: match.start()]

    def matches(self, text):
        if not self.expected:
            return True
        pattern = "".join(
            r"(?:.*\n)*?" if line.strip() == "…" else self.pattern_of(line) + r"[^\S\n]*\n" for line in self.expected)
        return re.fullmatch(pattern, text if text.endswith("\n") or not text else text + "\n") is not None

    @staticmethod
    def pattern_of(line):
        return re.sub(r"(?:\\ |\\\t)+", r"[^\\S\\n]+", re.escape(line.rstrip())).replace("…", ".*")


def examples_of(markdown):
    """Every example, in order."""
    found, in_block = [], False
    for number, line in enumerate(markdown.splitlines(), 1):
        if line.startswith("```"):
            in_block = not in_block and line.strip() == "```console"
            continuing = False
        elif in_block and line.startswith("$ "):
            found.append(Example(line[2:], number))
            continuing = True
        elif in_block and line.startswith("> ") and found and continuing and not found[-1].expected:
            found[-1] = Example(found[-1].command + "\n" + line[2:], found[-1].line)
        elif in_block and found:
            found[-1].expected.append(line)
    return found


def run(examples, folder, program):
    """The complaints: one text for each example that does otherwise than the document says."""
    path = folder / "path"
    path.mkdir()
    (path / "sluice").symlink_to(program)
    work = folder / "work"
    work.mkdir()
    shutil.copytree(ROOT / "examples", work / "examples")
    kept = {k: v for k, v in os.environ.items() if not k.startswith("SLUICE_") or k == "SLUICE_DEPS"}
    environment = kept | {"PATH": f"{path}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8"}
    complaints = []
    for example in examples:
        done = subprocess.run(["sh", "-c", example.command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              stdin=subprocess.DEVNULL, cwd=work, env=environment, timeout=MINUTE)
        text = done.stdout.decode()
        if done.returncode != example.exit_code:
            complaints.append(f"line {example.line}: $ {example.command}\nexit {done.returncode}, not"
                              f" {example.exit_code}\n{text}")
        elif not example.matches(text):
            complaints.append(f"line {example.line}: $ {example.command}\nprinted\n{text}\nand not\n"
                              + "\n".join(example.expected))
    return complaints


class Runner(unittest.TestCase):
    """The runner itself."""

    def complaints_of(self, markdown):
        with tempfile.TemporaryDirectory(prefix="sluice-e2e-") as folder:
            return run(examples_of(markdown), pathlib.Path(folder), os.environ["SLUICE_PROGRAM"])

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


@unittest.skipUnless(DOCUMENT.exists(), f"NOT TESTED: there is no {DOCUMENT}")
class CommandsDocument(unittest.TestCase):
    def test_every_example_prints_what_the_document_says(self):
        examples = examples_of(DOCUMENT.read_text())
        self.assertGreater(len(examples), 0, "no ```console block")
        with tempfile.TemporaryDirectory(prefix="sluice-e2e-") as folder:
            complaints = run(examples, pathlib.Path(folder), os.environ["SLUICE_PROGRAM"])
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
