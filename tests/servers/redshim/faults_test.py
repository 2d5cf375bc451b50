# SPDX-License-Identifier: Apache-2.0
"""The switches by which tests let redshim fail, and its log."""
import threading
import unittest
import urllib.error

import psycopg
import pyarrow as pa

from redshim_case import RedshimCase


class FaultsTest(RedshimCase):
    def setUp(self):
        super().setUp()
        self.db.execute("CREATE TABLE t (a INTEGER)")
        self.client = self.connect()

    def count(self):
        return self.one("SELECT COUNT(*) FROM t")

    def lost(self, sql):
        with self.assertRaises(psycopg.OperationalError):
            self.client.execute(sql)
        self.assertTrue(self.client.broken)

    def test_C2_the_connection_is_cut_before_a_statement(self):
        for sql in "INSERT", "COMMIT":
            self.control("PUT", "/faults", [{"do": "cut_before", "sql": f"^{sql}"}])
            self.lost("BEGIN; INSERT INTO t VALUES (1); COMMIT")
            self.client = self.connect()
        self.assertEqual(self.count(), 0)

    def test_C3_the_connection_is_cut_after_the_commit(self):
        self.control("PUT", "/faults", [{"do": "cut_after", "sql": "^COMMIT"}])
        self.lost("BEGIN; INSERT INTO t VALUES (1); COMMIT")
        self.assertEqual(self.count(), 1)

    def test_cut_after_a_statement_of_an_open_transaction_undoes_it(self):
        self.control("PUT", "/faults", [{"do": "cut_after", "sql": "^INSERT"}])
        self.lost("BEGIN; INSERT INTO t VALUES (1); COMMIT")
        self.assertEqual(self.count(), 0)

    def test_cut_after_a_statement_in_autocommit_keeps_it(self):
        self.control("PUT", "/faults", [{"do": "cut_after", "sql": "^INSERT"}])
        self.lost("INSERT INTO t VALUES (1)")
        self.assertEqual(self.count(), 1)

    def test_a_cut_is_the_same_in_the_extended_protocol(self):
        for do, rows in ("cut_before", 0), ("cut_after", 1):
            self.control("PUT", "/faults", [{"do": do, "sql": "^INSERT"}])
            with self.assertRaises(psycopg.OperationalError):
                self.client.execute("INSERT INTO t VALUES (%s)", (1,))
            self.assertEqual(self.count(), rows)
            self.client = self.connect()

    def test_a_detached_transaction_goes_on_and_commits_later(self):
        self.control("PUT", "/faults", [{"do": "detach", "sql": "^INSERT", "seconds": 0.2}])
        self.lost("BEGIN; LOCK t; INSERT INTO t VALUES (1); COMMIT")
        self.assertEqual(self.db.execute("BEGIN; LOCK t; SELECT COUNT(*) FROM t; COMMIT").statusmessage, "BEGIN")  # waits for it
        self.assertEqual(self.count(), 1)

    def test_a_copy_goes_on_when_its_client_has_gone(self):
        file = self.put_parquet(pa.table({"a": pa.array([1], pa.int32())}))
        self.control("PUT", "/faults", [{"do": "delay", "sql": "^COPY", "seconds": 0.3}])
        self.client.pgconn.send_query(self.copy_text("t", file).encode())
        self.client.pgconn.flush()
        self.until(lambda: self.control("GET", "/faults")[0]["struck"])
        self.client.pgconn.finish()
        self.until(lambda: self.count() == 1)

    def test_the_nth_statement_is_struck_and_only_as_often_as_told(self):
        self.control("PUT", "/faults", [{"do": "error", "sql": "^INSERT", "nth": 2, "times": 1, "message": "so it is", "state": "57P01"}])
        self.client.execute("INSERT INTO t VALUES (1)")
        self.fails("INSERT INTO t VALUES (2)", "so it is", state="57P01", db=self.client)
        self.client.execute("INSERT INTO t VALUES (3)")
        self.assertEqual(self.rows("SELECT a FROM t ORDER BY a"), [(1,), (3,)])
        self.assertEqual(self.control("GET", "/faults"), [{"do": "error", "sql": "^INSERT", "seen": 3, "struck": 1}])

    def test_an_error_fails_the_transaction(self):
        self.control("PUT", "/faults", [{"do": "error", "sql": "^INSERT"}])
        self.client.execute("BEGIN")
        self.fails("INSERT INTO t VALUES (1)", "told to fail", db=self.client)
        self.fails("SELECT 1", "current transaction is aborted", db=self.client)

    def test_C4_a_copy_is_said_to_have_failed_and_has_loaded(self):
        file = self.put_parquet(pa.table({"a": pa.array([1], pa.int32())}))
        self.control("PUT", "/faults", [{"do": "say_aborted", "sql": "^COPY"}])
        self.fails(self.copy_text("t", file), "aborted", db=self.client)
        self.assertEqual(self.count(), 1)

    def test_C4_a_commit_answers_rollback_and_no_error(self):
        self.control("PUT", "/faults", [{"do": "roll_back", "sql": "^COMMIT"}])
        self.client.execute("BEGIN; INSERT INTO t VALUES (1)")
        self.assertEqual(self.client.execute("COMMIT").statusmessage, "ROLLBACK")
        self.assertEqual(self.count(), 0)

    def test_C11_a_statement_hangs_until_the_rules_are_replaced(self):
        for do, meanwhile in ("hang_before", 0), ("hang_after", 1):
            with self.subTest(do):
                self.db.execute("DELETE FROM t")
                self.control("PUT", "/faults", [{"do": do, "sql": "^INSERT"}])
                thread = threading.Thread(target=self.client.execute, args=("INSERT INTO t VALUES (1)",))
                thread.start()
                self.until(lambda: self.control("GET", "/faults")[0]["struck"] and self.count() == meanwhile)
                self.assertTrue(thread.is_alive())
                self.control("PUT", "/faults", [])
                thread.join(30)
                self.assertEqual(self.count(), 1)

    def test_a_hanging_statement_ends_with_its_client(self):
        self.control("PUT", "/faults", [{"do": "hang_before", "sql": "^INSERT"}])
        other = self.connect()
        with self.assertRaises(psycopg.Error):
            threading.Timer(0.2, other.pgconn.finish).start()
            other.execute("INSERT INTO t VALUES (1)")
        self.until(lambda: any(line["outcome"] == "cut" for line in self.statements("INSERT INTO t VALUES (1)")))

    def test_rules_choose_the_way_and_the_user(self):
        self.control("PUT", "/faults", [{"do": "error", "via": "data", "times": None}, {"do": "error", "user": "sluice_loader", "times": None}])
        self.client.execute("INSERT INTO t VALUES (1)")
        other = self.connect(self.environment["SLUICE_REDSHIM_USER"], self.environment["SLUICE_REDSHIM_PASSWORD"])
        self.fails("SELECT 1", "told to fail", db=other)

    def test_C13_connections_are_refused(self):
        self.control("PUT", "/faults", [{"do": "refuse", "message": "too many connections"}])
        with self.assertRaisesRegex(psycopg.OperationalError, "too many connections"):
            self.connect()
        self.connect()

    def test_rules_that_are_none_are_refused(self):
        for rule in {"do": "nothing"}, {}, {"do": "error", "sql": "("}, {"do": "error", "other": 1}:
            with self.assertRaises(urllib.error.HTTPError):
                self.control("PUT", "/faults", [rule])

    def test_the_log_has_the_statements_of_each_session_in_order(self):
        self.control("DELETE", "/statements")
        self.client.execute("BEGIN; LOCK t; INSERT INTO t VALUES (1); COMMIT")
        self.client.execute("SELECT a FROM t WHERE a = %s", (1,))
        lines = self.statements("BEGIN")
        session = self.control("GET", f"/statements?session={lines[0]['session']}")
        self.assertEqual([(line["sql"], line["outcome"]) for line in session],
                         [("BEGIN", "BEGIN"), ("LOCK t", "LOCK TABLE"), ("INSERT INTO t VALUES (1)", "INSERT 0 1"), ("COMMIT", "COMMIT"),
                          ("SELECT a FROM t WHERE a = $1", "SELECT")])


if __name__ == "__main__":
    unittest.main()
