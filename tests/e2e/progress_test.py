# SPDX-License-Identifier: Apache-2.0
"""What a terminal shows while something lasts, and that nobody else is told of it."""

import contextlib
import os
import pty
import subprocess
import unittest

from pipeline import PipelineTest, environment, events

OBJECTS = 20
BACKFILL = ("backfill", "--from", "2026-11-23T14", "--set", "load.max_size=1B")
OTHERS = (("reconcile", "--since", "3650d"), ("gc",), ("verify", "--since", "3650d"))


class Progress(PipelineTest):
    def setUp(self):
        super().setUp()
        for i in range(OBJECTS):
            self.pipeline.put_raw(f"{i:03}.ndjson", events(2, i * 2))

    def on_terminal(self, *arguments):
        """What comes to standard error where that is a terminal."""
        ours, theirs = pty.openpty()
        with contextlib.closing(os.fdopen(ours, "rb", buffering=0)) as screen:
            with subprocess.Popen(self.pipeline.command(*arguments), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=theirs,
                                  env=environment(), cwd=self.pipeline.folder) as process:
                os.close(theirs)
                text = b""
                with contextlib.suppress(OSError):  # how a terminal ends in Linux
                    while part := screen.read(4096):
                        text += part
            self.assertEqual(process.returncode, 0, text)
        return text.decode()

    def test_a_terminal_shows_how_far_it_is_and_the_time_left(self):
        text = self.on_terminal(*BACKFILL)
        self.assertRegex(text, r"\r\x1b\[Kplan  1 keys  ")
        self.assertRegex(text, r"backfill  █*░+  \d+ %  \d+ objects  \d+/s  \d+ (s|min) left  \d+ events")
        self.assertTrue(text.endswith("\r\x1b[K"), "a line is left there")
        for command, *flags in OTHERS:
            with self.subTest(command):
                text = self.on_terminal(command, *flags)
                self.assertRegex(text, rf"\r\x1b\[K{command}  ")
                self.assertTrue(text.endswith("\r\x1b[K"), "a line is left there")

    def test_a_pipe_is_told_nothing(self):
        self.assertNotRegex(self.pipeline.run(*BACKFILL).stderr, "\r|░|left|plan")
        for arguments in OTHERS:
            with self.subTest(arguments[0]):
                self.assertEqual(self.pipeline.run(*arguments).stderr, "")


if __name__ == "__main__":
    unittest.main()
