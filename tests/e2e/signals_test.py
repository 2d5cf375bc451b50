# SPDX-License-Identifier: Apache-2.0
"""A process that is told to stop, or killed, loses nothing and doubles nothing (faults L1, L2, L13, C2, O4)."""

import itertools
import json
import shutil
import signal
import sqlite3
import subprocess
import unittest

from pipeline import SMALL_BATCHES, SMALL_OBJECTS, PipelineTest, environment, stop, wait_until

EVENTS = 20_000
END_WITHIN = 10  # seconds, of a run that is told to stop
FOLLOW_ENDS_WITHIN = 5
STOPPED = (0, 130)  # finished or released; told twice


class Stopped(PipelineTest):
    """Each test stops runs in the middle, at a moment that can be seen from outside."""

    def setUp(self):
        super().setUp()
        undisturbed = self.another_pipeline()
        self.truth = undisturbed.generate(EVENTS)
        undisturbed.send()
        undisturbed.run("run", *SMALL_OBJECTS)
        self.assert_finished(self.truth, undisturbed)
        self.wanted = undisturbed.end_state()
        self.pipeline.generate(EVENTS)
        self.pipeline.send()

    def there_are_files(self, store, count=1):
        return lambda: sum(1 for _ in (self.pipeline.data / store).glob("date=*/**/*.*")) >= count

    def stop_when(self, condition, number):
        """Runs until `condition`, and sends the signal; true if that was in the middle."""
        with self.pipeline.started("run", "--once", *SMALL_OBJECTS, *SMALL_BATCHES) as process:
            wait_until(lambda: process.poll() is not None or condition(), "the moment to stop")
            if process.poll() is not None:
                self.assertEqual(process.returncode, 0, process.stderr.read())
                return False
            code = stop(process, number, END_WITHIN)
            if number == signal.SIGKILL:
                self.assertIn(code, (-signal.SIGKILL, 0))
                return code != 0
            self.assertIn(code, STOPPED, process.stderr.read())
        return True

    def assert_recovers(self, all_announced=True):
        """The next run, with nothing mended by hand, ends as the undisturbed one."""
        self.pipeline.run("run", "--once", *SMALL_OBJECTS)
        status = self.assert_finished(self.truth)
        self.assert_same_state(self.pipeline.end_state(), self.wanted)
        self.assertEqual(set(self.pipeline.ledger().values()), {"loaded"})
        # Every raw object that was ever finished was announced and is loaded. Where the process was killed between the two,
        # its messages landed again.
        keys = {path.removeprefix("raw/") for path in self.pipeline.files("raw")}
        self.assertLessEqual(set(self.pipeline.ledger()), keys)
        if all_announced:
            self.assertEqual(keys, set(self.pipeline.ledger()))
        return status

    def stop_softly(self, number):
        moments = [self.there_are_files("raw"), self.there_are_files("parquet"), self.there_are_files("parquet", 40)]
        stopped = [self.stop_when(moment, number) for moment in moments]
        self.assertTrue(stopped[0], "the run ended before it could be stopped")
        status = self.pipeline.status()
        # Released, not left to a timeout.
        self.assertEqual((status["source"]["in_flight"], status["notifications"]["in_flight"]), (0, 0))
        status = self.assert_recovers()
        # A soft stop finishes what it has begun: nothing landed twice.
        self.assertEqual(status["events"], self.truth["events"])

    def test_L13_SIGTERM_ends_a_run_in_seconds_and_the_next_completes_it(self):
        self.stop_softly(signal.SIGTERM)

    def test_L13_SIGINT_ends_a_run_in_seconds_and_the_next_completes_it(self):
        self.stop_softly(signal.SIGINT)

    def test_L13_a_run_that_is_stopped_leaves_work_in_the_queue(self):
        self.assertTrue(self.stop_when(self.there_are_files("raw"), signal.SIGTERM))
        status = self.pipeline.status()
        self.assertGreater(status["source"]["waiting"] + status["notifications"]["waiting"], 0)
        self.assert_recovers()

    def test_C2_kill_9_at_many_moments_ends_as_an_undisturbed_run(self):
        data = self.pipeline.data
        moments = {
            "a raw object is begun": lambda: any((data / "raw/.tmp").glob("*")),
            "the first raw object": self.there_are_files("raw"),
            "the fourth raw object": self.there_are_files("raw", 4),
            "the first Parquet object": self.there_are_files("parquet"),
            "the first quarantine object": self.there_are_files("quarantine"),
            "the warehouse is written": lambda: (data / "warehouse.duckdb.wal").exists(),
            "rows are committed": lambda: (data / "warehouse.duckdb").exists() and (
                (data / "warehouse.duckdb").stat().st_size > 2_000_000),
            "many Parquet objects": self.there_are_files("parquet", 60),
        }
        killed = [name for name, moment in moments.items() if self.stop_when(moment, signal.SIGKILL)]
        self.assertGreaterEqual(len(killed), 3, killed)
        self.assert_recovers(all_announced=False)


class KilledLanding(PipelineTest):
    """`land`, killed before each of its operations in turn."""

    def setUp(self):
        super().setUp()
        self.truth = self.pipeline.generate(300)
        self.sent = self.pipeline.send()

    def killed(self):
        """A pipeline for each operation: its landing was killed before that."""
        for number in itertools.count(1):
            pipeline = self.another_pipeline()
            shutil.copytree(self.pipeline.folder, pipeline.folder, dirs_exist_ok=True)
            process = subprocess.run(pipeline.command("land"), env=environment(SLUICE_FAULT=f"kill-before:{number}"), capture_output=True, text=True, timeout=60)
            if process.returncode == 0:
                return
            self.assertEqual(process.returncode, -signal.SIGKILL, process.stderr)
            yield pipeline

    def assert_recovers(self, pipeline, objects):
        pipeline.run("run", "--once")
        self.assertEqual(len(pipeline.files("raw")), objects)
        self.assert_finished(self.truth, pipeline)

    def test_L1_killed_before_its_object_is_there_it_lands_one(self):
        before = [pipeline for pipeline in self.killed() if not pipeline.files("raw")]
        self.assertGreater(len(before), 2, "receive, create, commit")
        for pipeline in before:
            self.assertEqual(len(pipeline.bodies("source")), self.sent)
            self.assert_recovers(pipeline, objects=1)

    def test_L2_killed_between_its_object_and_the_deletes_it_lands_another_and_loads_each_event_once(self):
        between = [pipeline for pipeline in self.killed() if pipeline.files("raw") and len(pipeline.bodies("source")) == self.sent]
        self.assertGreater(len(between), 1, "announce, delete")
        for pipeline in between:
            self.assert_recovers(pipeline, objects=2)


class Follow(PipelineTest):
    def setUp(self):
        super().setUp()
        self.truth = self.pipeline.generate(5000)
        self.sent = self.pipeline.send()

    def received(self):
        database = sqlite3.connect(self.pipeline.data / "queue.db", timeout=60)
        try:
            return database.execute("SELECT count(*) FROM message WHERE receive_count > 0").fetchone()[0]
        finally:
            database.close()

    def follow_until(self, condition, *flags, number=signal.SIGTERM):
        with self.pipeline.started("run", "--follow", "--json", *flags) as process:
            wait_until(lambda: process.poll() is not None or condition(), "something was received")
            self.assertIsNone(process.poll(), "it ended by itself")
            code = stop(process, number, FOLLOW_ENDS_WITHIN)
            self.assertIn(code, STOPPED, process.stderr.read())
            return json.loads(process.stdout.read())

    def assert_all_here_or_there(self, report):
        status = self.pipeline.status()
        self.assertEqual(report["landed"]["messages"] + status["source"]["waiting"], self.sent)
        self.assertEqual(report["landed"]["deleted"], report["landed"]["messages"])
        self.assertEqual((status["source"]["in_flight"], status["notifications"]["in_flight"]), (0, 0))
        for path in self.pipeline.files("raw"):
            self.assertRegex(str(path), r"raw/date=\d{4}-\d\d-\d\d/\d\d/[^/]+$")
        settled = report["processed"]["objects"]
        self.assertEqual(settled + status["notifications"]["waiting"], report["landed"]["objects"])
        self.pipeline.run("run", "--once")
        status = self.assert_finished(self.truth)
        self.assertEqual(status["events"], self.truth["events"])

    def test_L13_SIGTERM_with_a_half_filled_object_lands_it_or_gives_it_back(self):
        report = self.follow_until(lambda: self.received() >= self.sent // 2)
        self.assert_all_here_or_there(report)

    def test_L13_SIGINT_between_objects_leaves_everything_landed_or_queued(self):
        report = self.follow_until(
            lambda: len(self.pipeline.files("parquet")) >= 2, *SMALL_OBJECTS, number=signal.SIGINT)
        self.assert_all_here_or_there(report)

    def test_follow_ends_while_it_waits_for_an_empty_queue(self):
        self.pipeline.run("run", "--once")
        report = self.follow_until(lambda: any(self.pipeline.data.glob("queue.db-owner-*")))
        self.assertEqual(report["landed"]["messages"], 0)
        self.assert_finished(self.truth)

    def test_follow_loads_what_comes_while_it_runs(self):
        def loaded():
            return len(self.pipeline.files("parquet")) >= 2 and not self.pipeline.bodies("notifications")

        flags = ("--set", "raw.close_at.age=1s", "--set", "load.every=1s")
        with self.pipeline.started("run", "--follow", "--json", *flags) as process:
            wait_until(loaded, "the first messages are loaded")
            before = len(self.pipeline.files("raw"))
            self.pipeline.send()  # the same events: duplicates, all of them
            wait_until(lambda: len(self.pipeline.files("raw")) > before and not self.pipeline.bodies("source")
                       and not self.pipeline.bodies("notifications"), "the later messages are loaded")
            self.assertIsNone(process.poll(), "it ended by itself")
            self.assertIn(stop(process, signal.SIGTERM, FOLLOW_ENDS_WITHIN), STOPPED)
        status = self.assert_finished(self.truth)
        self.assertEqual(status["events"], 2 * self.truth["events"])


if __name__ == "__main__":
    unittest.main()
