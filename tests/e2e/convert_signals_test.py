# SPDX-License-Identifier: Apache-2.0
"""Commands that read a file end soon when they are told to stop, wherever they wait, and leave no half file."""

import contextlib
import os
import pathlib
import signal
import unittest

from pipeline import PipelineTest, events, stop, wait_until

END_WITHIN = 5  # seconds; it takes a tenth of one, on a machine that has nothing else to do
INTERRUPTED = 130


class Interrupted(PipelineTest):
    def setUp(self):
        super().setUp()
        self.out = self.pipeline.folder / "parquet"
        self.pipe = self.pipeline.folder / "pipe"
        os.mkfifo(self.pipe)

    def files(self):
        return sorted(path.name for path in self.out.rglob("*") if path.is_file())

    def assert_stops(self, process, number, *words):
        code = stop(process, number, END_WITHIN)
        text = process.stderr.read()
        self.assertEqual(code, INTERRUPTED, text)
        for word in ("stopped by a signal", *words):
            self.assertIn(word, text)

    def convert_until_it_writes(self, number):
        """The second file is a pipe that stays open: convert is in the middle of it for as long as we like."""
        (self.pipeline.folder / "first.ndjson").write_bytes(events(10))
        with self.pipeline.started("convert", "--out", self.out, "first.ndjson", self.pipe, "never.ndjson") as process:
            with open(self.pipe, "wb", buffering=0) as writer:
                writer.write(events(5000))
                wait_until(lambda: any(name.endswith(".tmp") for name in self.files()), "a file is begun")
                self.assert_stops(process, number, "1 of 3 files converted")
        self.assertEqual(self.files(), ["first.parquet"])

    def test_SIGINT_in_the_middle_of_a_file_leaves_no_half_file(self):
        self.convert_until_it_writes(signal.SIGINT)

    def test_SIGTERM_in_the_middle_of_a_file_leaves_no_half_file(self):
        self.convert_until_it_writes(signal.SIGTERM)

    def is_open(self, process):
        """Does the process have the pipe open? Then it waits for somebody to write."""
        folder = pathlib.Path(f"/proc/{process.pid}/fd")
        with contextlib.suppress(FileNotFoundError):  # it opens and closes files meanwhile
            return any(file.readlink() == self.pipe for file in folder.iterdir())
        return False

    def test_a_pipe_that_nobody_writes_to_keeps_nobody(self):
        for arguments in (["convert", "--out", self.out, self.pipe], ["send", self.pipe], ["preview", self.pipe]):
            with self.subTest(arguments=arguments), self.pipeline.started(*arguments) as process:
                wait_until(lambda: self.is_open(process), "it reads the pipe")
                self.assert_stops(process, signal.SIGINT)
        self.assertEqual(self.files(), [])

    def test_generate_says_that_it_did_not_finish(self):
        file = self.pipeline.folder / "events.ndjson"
        with self.pipeline.started("generate", "--events", 10**9, "--out", file) as process:
            wait_until(lambda: file.exists() and file.stat().st_size > 0, "events are written")
            self.assert_stops(process, signal.SIGTERM)


if __name__ == "__main__":
    unittest.main()
