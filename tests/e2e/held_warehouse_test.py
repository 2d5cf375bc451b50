# SPDX-License-Identifier: Apache-2.0
"""A warehouse that another process holds (faults C11, C13): wait, name the holder, exit 1, lose nothing.

The program waits for a minute, so both cases run side by side.
"""

import contextlib
import fcntl
import os
import signal
import time
import unittest

import duckdb

from pipeline import PipelineTest, stop

LEAST_WAIT = 20  # seconds that it must have been patient
MOST_WAIT = 150
END_WITHIN = 5


class HeldWarehouse(PipelineTest):
    def prepared(self):
        pipeline = self.another_pipeline()
        truth = pipeline.generate(1000)
        pipeline.run("process")
        pipeline.send()
        pipeline.run("land")
        return pipeline, truth

    def test_C13_it_waits_then_names_the_holder_and_keeps_the_notifications(self):
        by_sluice, truth = self.prepared()
        by_duckdb, _ = self.prepared()
        with contextlib.ExitStack() as stack:
            lock = stack.enter_context(open(by_sluice.data / "warehouse.duckdb.lock", "w"))
            fcntl.flock(lock, fcntl.LOCK_EX)
            lock.write('pid=4711 command="sluice backfill" since=2026-11-23T14:00:00Z')
            lock.flush()
            database = duckdb.connect(str(by_duckdb.data / "warehouse.duckdb"))
            stack.callback(database.close)

            begin = time.monotonic()
            running = [stack.enter_context(pipeline.started("process", "--quiet")) for pipeline in (by_sluice, by_duckdb)]
            messages = [process.communicate(timeout=MOST_WAIT)[1] for process in running]
            self.assertGreater(time.monotonic() - begin, LEAST_WAIT)
            self.assertEqual([process.returncode for process in running], [1, 1], messages)
            for words in ("cannot open the warehouse", "held by another process", "pid=4711", "sluice backfill"):
                self.assertIn(words, messages[0])
            for words in ("cannot open the warehouse", "held by another program", str(os.getpid())):
                self.assertIn(words, messages[1])
        for pipeline in (by_sluice, by_duckdb):
            self.assertEqual(len(pipeline.bodies("notifications")), 1)
            pipeline.run("process")
            self.assert_finished(truth, pipeline)

    def test_L13_SIGTERM_ends_the_wait_and_the_notification_stays(self):
        pipeline, truth = self.prepared()
        with open(pipeline.data / "warehouse.duckdb.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            lock.write("pid=4711")
            lock.flush()
            with pipeline.started("process", "--log-level", "info") as process:
                line = process.stderr.readline()
                self.assertIn("waiting for another process", line)
                self.assertEqual(stop(process, signal.SIGTERM, END_WITHIN), 0)
                self.assertIn("stopped while another process held it: pid=4711", process.stderr.read())
        pipeline.run("process")
        self.assert_finished(truth, pipeline)


if __name__ == "__main__":
    unittest.main()
