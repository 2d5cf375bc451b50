# SPDX-License-Identifier: Apache-2.0
"""The examples of a page of docs/: what is typed, and what it prints.

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
- All commands run in one temporary folder, in the order of the page, with sluice on the PATH. Each
  has a minute. The folder begins with examples/, as a clone of the repository does. What one command
  sets as a variable the next ones have.
- Blocks of other kinds (```sh, ```yaml, ```console norun) are not run.

Where the program prints otherwise than a page says, the failure shows both: the page is put right by hand,
since what is masked in it somebody must choose.
"""

import os
import pathlib
import re
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
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

    # Each "…" takes the least, and gives nothing back: what is wrong is said at once, and not after every way to share a text among them was tried.
    def matches(self, text):
        if not self.expected:
            return True
        blocks = [""]
        for line in self.expected:
            if line.strip() == "…":
                blocks.append("")
            else:
                blocks[-1] += self.pattern_of(line)
        pattern = blocks[0] + "".join(rf"(?>(?:.*\n)*?{block})" for block in blocks[1:-1])
        if len(blocks) > 1:
            pattern += r"(?:.*\n)*" + blocks[-1]
        return re.fullmatch(pattern, text if text.endswith("\n") or not text else text + "\n") is not None

    @staticmethod
    def pattern_of(line):
        first, *others = [re.sub(r"(?:\\ |\\\t)+", r"[^\\S\\n]+?", re.escape(part)) for part in line.rstrip().split("…")]
        pattern = first + "".join(f"(?>.*?{part})" for part in others[:-1])
        return pattern + (".*" + others[-1] if others else "") + r"[^\S\n]*\n"


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


def run(examples, folder, programs):
    """The complaints: one text for each example that does otherwise than the page says. `programs`: name → path."""
    path = folder / "path"
    path.mkdir()
    for name, program in programs.items():
        (path / name).symlink_to(program)
    work = folder / "work"
    work.mkdir()
    shutil.copytree(ROOT / "examples", work / "examples")
    variables = folder / "variables"
    variables.touch()
    kept = {k: v for k, v in os.environ.items() if not k.startswith("SLUICE_") or k == "SLUICE_DEPS"}
    environment = kept | {"PATH": f"{path}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8"}
    complaints = []
    for example in examples:
        typed = f"set -a; . {variables}\n{example.command}\nexit_code=$?; export -p >{variables}; exit $exit_code"
        done = subprocess.run(["sh", "-c", typed], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              stdin=subprocess.DEVNULL, cwd=work, env=environment, timeout=MINUTE)
        text = done.stdout.decode()
        if done.returncode != example.exit_code:
            complaints.append(f"line {example.line}: $ {example.command}\nexit {done.returncode}, not"
                              f" {example.exit_code}\n{text}")
        elif not example.matches(text):
            complaints.append(f"line {example.line}: $ {example.command}\nprinted\n{text}\nand not\n"
                              + "\n".join(example.expected))
    return complaints
