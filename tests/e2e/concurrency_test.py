# SPDX-License-Identifier: Apache-2.0
"""Several processes on one folder and one queue end where one process ends (faults C1, O3, O5, T21)."""

import contextlib
import fcntl
import json
import shutil
import time
import unittest

from pipeline import PATIENCE, SMALL_BATCHES, SMALL_OBJECTS, PipelineTest, events, wait_until

EVENTS = 5000
ROUNDS = 5  # until the processes have really shared the work


class Concurrency(PipelineTest):
    def finish_together(self, pipeline, processes, *arguments):
        """Starts them all, lets them go at once, and wants exit 0 of each; what each reported."""
        with contextlib.ExitStack() as stack:
            lock = stack.enter_context(open(pipeline.data / "warehouse.duckdb.lock", "a"))
            fcntl.flock(lock, fcntl.LOCK_EX)
            running = [stack.enter_context(pipeline.started(*arguments, "--json")) for _ in range(processes)]
            for process in running:
                # Each says so once when it meets the lock.
                self.assertIn("waiting for another process", process.stderr.readline())
            fcntl.flock(lock, fcntl.LOCK_UN)
            reports = []
            for process in running:
                out, err = process.communicate(timeout=300)
                self.assertEqual(process.returncode, 0, err)
                reports.append(json.loads(out))
        return reports

    def land_twice_announced(self):
        """Many raw objects, each announced twice, and a warehouse that is there."""
        truth = self.pipeline.generate(EVENTS)
        self.pipeline.run("process")
        self.pipeline.send()
        landed = self.pipeline.ask("land", *SMALL_OBJECTS)["landed"]["objects"]
        self.assertGreaterEqual(landed, 20)
        for body in self.pipeline.bodies("notifications"):
            self.pipeline.notify(body)
        shutil.copytree(self.pipeline.data, self.pipeline.folder / "landed")
        return truth, landed

    def begin_again(self):
        shutil.rmtree(self.pipeline.data)
        shutil.copytree(self.pipeline.folder / "landed", self.pipeline.data)

    def ledger_without_batch(self):
        return self.pipeline.query(
            "SELECT * EXCLUDE (batch, loaded_at, loaded, duplicates, differing, min_time, max_time)"
            " FROM sluice.ledger ORDER BY ALL")

    def quarantine(self):
        return self.pipeline.query("SELECT * EXCLUDE (batch) FROM sluice.quarantine ORDER BY ALL")

    def compare(self, processes):
        truth, landed = self.land_twice_announced()
        self.pipeline.run("process", *SMALL_BATCHES)
        self.assert_finished(truth)
        wanted = self.pipeline.end_state()
        ledger, quarantine = self.ledger_without_batch(), self.quarantine()
        files = self.pipeline.digests("raw", "parquet", "quarantine")
        balance = self.pipeline.status()["tables"]
        for _ in range(ROUNDS):
            self.begin_again()
            reports = self.finish_together(self.pipeline, processes, "process", *SMALL_BATCHES)
            status = self.assert_finished(truth)
            self.assert_same_state(self.pipeline.end_state(), wanted)
            self.assertEqual(self.ledger_without_batch(), ledger)
            self.assertEqual(self.quarantine(), quarantine)
            self.assertEqual(self.pipeline.digests("raw", "parquet", "quarantine"), files)
            for table, alone in zip(status["tables"], balance, strict=True):
                for count in ("routed", "loaded", "duplicates", "quarantined", "rows"):
                    self.assertEqual(table[count], alone[count], (table["table"], count))
            self.assertEqual(set(self.pipeline.ledger().values()), {"loaded"})
            self.assertEqual(len(self.pipeline.ledger()), landed)
            if sum(report["processed"]["objects"] > 0 for report in reports) >= 2:
                return
        self.fail(f"in {ROUNDS} rounds one process always did everything")

    def test_C1_two_processes_end_as_one_does(self):
        self.compare(2)

    def test_C1_four_processes_end_as_one_does(self):
        self.compare(4)

    def test_O5_two_runs_end_as_one_does(self):
        truth = self.pipeline.generate(EVENTS)
        self.pipeline.send()
        self.pipeline.run("run", *SMALL_OBJECTS, *SMALL_BATCHES)
        self.assert_finished(truth)
        wanted = self.pipeline.end_state()
        for _ in range(ROUNDS):
            shutil.rmtree(self.pipeline.data)
            self.pipeline.send()
            with contextlib.ExitStack() as stack:
                running = [stack.enter_context(self.pipeline.started(
                    "run", "--json", *SMALL_OBJECTS, *SMALL_BATCHES)) for _ in range(2)]
                reports = []
                for process in running:
                    out, err = process.communicate(timeout=300)
                    self.assertEqual(process.returncode, 0, err)
                    reports.append(json.loads(out))
            self.assert_finished(truth)
            self.assert_same_state(self.pipeline.end_state(), wanted)
            quarantined = sum(table["quarantined"] for table in truth["tables"]) + truth["no_route"]
            self.assertEqual(self.pipeline.query("SELECT count(*) FROM sluice.quarantine"), [(quarantined,)])
            landed = [report["landed"]["messages"] for report in reports]
            self.assertEqual(sum(landed), truth["messages"])
            if min(landed) > 0:
                return
        self.fail(f"in {ROUNDS} rounds one process always landed everything")

    def test_O3_more_processes_than_notifications_exit_0(self):
        self.pipeline.run("process")
        self.pipeline.announce(self.pipeline.put_raw("only.ndjson", b""))
        reports = self.finish_together(self.pipeline, 4, "process")
        self.assertEqual(sum(report["processed"]["loaded"] for report in reports), 1)
        self.assertEqual(list(self.pipeline.ledger().values()), ["loaded"])

    def test_a_run_ends_while_its_producer_goes_on(self):
        with self.pipeline.started("run", "--once", "--json") as process:
            sent, deadline = 0, time.monotonic() + PATIENCE
            while process.poll() is None and time.monotonic() < deadline:
                self.pipeline.notify(events(1, first=sent).decode(), queue="source")
                sent += 1
            self.assertEqual(process.wait(timeout=1), 0, process.stderr.read())
            landed = json.loads(process.stdout.read())["landed"]["messages"]
        self.pipeline.run("run", "--once")
        self.assertEqual(self.pipeline.query("SELECT count(*) FROM tracking.events"), [(sent,)])
        self.assertLessEqual(landed, sent)

    def test_a_process_waits_for_one_that_holds_the_warehouse_and_then_goes_on(self):
        truth = self.pipeline.generate(500)
        self.pipeline.run("process")
        self.pipeline.send()
        with open(self.pipeline.data / "warehouse.duckdb.lock", "a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            with self.pipeline.started("run") as process:
                self.assertIn("waiting for another process", process.stderr.readline())
                wait_until(lambda: self.pipeline.files("raw"), "landed while the warehouse is held")
                fcntl.flock(lock, fcntl.LOCK_UN)
                process.communicate(timeout=300)
                self.assertEqual(process.returncode, 0)
        self.assert_finished(truth)


if __name__ == "__main__":
    unittest.main()
