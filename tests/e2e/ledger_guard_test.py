# SPDX-License-Identifier: Apache-2.0
"""What process refuses before it receives: an empty ledger over tables that hold rows (fault C16), and
a pause (fault C13)."""

import unittest

from pipeline import PipelineTest


class LedgerGuard(PipelineTest):
    def setUp(self):
        super().setUp()
        self.truth = self.pipeline.generate(1000)
        self.sent = self.pipeline.send()

    def lose_the_ledger(self):
        self.pipeline.run("run")
        self.rows = self.pipeline.end_state()
        self.pipeline.change_warehouse("DELETE FROM sluice.ledger")
        self.pipeline.announce(next(iter(self.pipeline.files("raw"))).removeprefix("raw/"))

    def test_C16_an_empty_ledger_over_rows_is_refused_and_nothing_is_received(self):
        self.lose_the_ledger()
        self.pipeline.send()
        for command in ("process", "process", "process", "process", "process", "process", "run"):
            done = self.pipeline.run(command, exit_code=1)
            self.assert_plain_failure(done, "refusing to load", "--init-ledger")
        status = self.pipeline.status()
        self.assertEqual(status["notifications"]["dead"], 0)
        self.assertGreaterEqual(status["notifications"]["waiting"], 1)
        self.assertEqual(status["objects"], 0)

    def test_C16_a_lost_ledger_schema_over_rows_is_refused_too(self):
        self.lose_the_ledger()
        self.pipeline.change_warehouse("DROP SCHEMA sluice CASCADE")
        self.assert_plain_failure(self.pipeline.run("process", exit_code=1), "refusing to load", "--init-ledger")
        self.assertEqual(self.pipeline.query(
            "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'sluice'"), [(0,)])

    def test_C16_init_ledger_accepts_it_once_and_doubles_no_row(self):
        self.lose_the_ledger()
        self.pipeline.change_warehouse("DELETE FROM sluice.duplicates", "DELETE FROM sluice.quarantine")
        self.pipeline.run("process", "--init-ledger")
        self.assert_nothing_doubled()
        status = self.pipeline.status()
        self.assertEqual([table["rows"] for table in status["tables"]],
                         [table["loaded"] for table in self.truth["tables"]])
        self.assertEqual([table["loaded"] for table in status["tables"]], [0, 0])
        self.assertTrue(status["balanced"])
        self.pipeline.run("process")  # the ledger has rows: no flag is needed any more

    def test_C16_check_connect_tells_of_it(self):
        self.lose_the_ledger()
        done = self.pipeline.run("check", "--connect", exit_code=3)
        self.assertIn("--init-ledger", done.stdout)

    def test_C13_while_paused_nothing_is_received_and_status_says_why(self):
        self.pipeline.run("process")
        self.pipeline.change_warehouse("UPDATE sluice.control SET paused = 1, reason = 'until Monday'")
        self.pipeline.run("land")
        for _ in range(7):  # more often than a message may be delivered
            report = self.pipeline.ask("process")
            self.assertEqual(report["processed"]["paused"], "until Monday")
            self.assertEqual(report["processed"]["messages"], 0)
        status = self.pipeline.status()
        self.assertEqual(status["paused"], "until Monday")
        self.assertEqual(status["notifications"], {"waiting": 1, "in_flight": 0, "dead": 0})
        self.assertEqual(self.pipeline.files("parquet"), {})
        self.assertIn("until Monday", self.pipeline.run("status").stdout)
        self.pipeline.change_warehouse("UPDATE sluice.control SET paused = 0, reason = NULL")
        self.pipeline.run("process")
        self.assert_finished(self.truth)

    def test_a_missing_lock_or_control_row_is_made_anew_before_a_load(self):
        self.pipeline.run("process")
        self.pipeline.change_warehouse("DELETE FROM sluice.control")
        self.pipeline.change_warehouse("DELETE FROM sluice.lock")
        self.pipeline.run("run")
        self.assert_finished(self.truth)

    def test_a_ledger_of_a_newer_version_is_left_alone(self):
        self.pipeline.run("process")
        self.pipeline.change_warehouse("UPDATE sluice.version SET version = 99")
        self.assert_plain_failure(self.pipeline.run("run", exit_code=1), "newer", "99")
        self.pipeline.change_warehouse("UPDATE sluice.version SET version = 4")
        self.pipeline.run("run")
        self.assert_finished(self.truth)

    def test_a_ledger_of_an_older_version_is_left_alone(self):
        self.pipeline.run("process")
        self.pipeline.change_warehouse("UPDATE sluice.version SET version = 1")
        self.assert_plain_failure(self.pipeline.run("run", exit_code=1), "older sluice", "version=1 known=4")
        self.assertEqual(self.pipeline.query("SELECT count(*) FROM sluice.ledger"), [(0,)])

    def test_status_says_when_somebody_changed_the_ledger(self):
        self.pipeline.run("run")
        self.pipeline.change_warehouse("UPDATE sluice.ledger SET loaded = loaded - 1 WHERE table_name = 'events'")
        self.assertFalse(self.pipeline.status()["balanced"])
        self.assertIn("NOT BALANCED", self.pipeline.run("status").stdout)

    def test_status_says_when_somebody_removed_rows(self):
        self.pipeline.run("run")
        loaded = self.truth["tables"][0]["loaded"]
        self.assertNotIn("removed", self.pipeline.run("status").stdout)
        self.pipeline.change_warehouse("DELETE FROM tracking.events")
        status = self.pipeline.status()
        self.assertTrue(status["balanced"])  # the ledger is as it was
        self.assertEqual([table["rows_missing"] for table in status["tables"]], [loaded, 0])
        self.assertIn(f"tracking.events: {loaded:,} loaded, 0 rows now: {loaded:,} rows removed by somebody else",
                      self.pipeline.run("status").stdout)


if __name__ == "__main__":
    unittest.main()
