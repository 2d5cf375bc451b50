# SPDX-License-Identifier: Apache-2.0
"""Snapshots, locks and what commits: where Redshift's transactions are not PostgreSQL's READ COMMITTED."""
import threading
import unittest

from redshim_case import RedshimCase


class TransactionCases:
    def setUp(self):
        super().setUp()
        self.db.execute("CREATE TABLE t (a INTEGER)")
        self.db.execute("CREATE TABLE u (a INTEGER)")
        self.db.execute("INSERT INTO t VALUES (1)")

    def in_background(self, db, sql):
        """Runs it, and gives a function that waits for it and gives its error or None."""
        errors = []

        def run():
            try:
                db.execute(sql)
            except Exception as why:
                errors.append(why)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()

        def ended():
            thread.join(30)
            self.assertFalse(thread.is_alive())
            return errors[0] if errors else None

        return ended

    def is_waiting(self):
        return self.one("SELECT COUNT(*) FROM pg_locks WHERE NOT granted", self.watcher) > 0

    @property
    def watcher(self):
        if not hasattr(self, "_watcher"):
            self._watcher = self.connect()
        return self._watcher

    def test_a_transaction_sees_the_tables_as_they_were_at_its_first_read(self):
        other = self.connect()
        self.db.execute("BEGIN")
        self.assertEqual(self.one("SELECT COUNT(*) FROM u"), 0)
        other.execute("INSERT INTO t VALUES (2)")
        self.assertEqual(self.one("SELECT COUNT(*) FROM t"), 1)
        self.db.execute("COMMIT")
        self.assertEqual(self.one("SELECT COUNT(*) FROM t"), 2)

    def test_lock_waits_and_takes_no_snapshot(self):
        other = self.connect()
        other.execute("BEGIN")
        other.execute("LOCK u")
        other.execute("INSERT INTO t VALUES (2)")
        self.db.execute("BEGIN")
        ended = self.in_background(self.db, "LOCK u")
        self.until(self.is_waiting)
        other.execute("COMMIT")
        self.assertIsNone(ended())
        self.assertEqual(self.one("SELECT COUNT(*) FROM t"), 2)
        self.db.execute("COMMIT")

    def test_a_lock_keeps_readers_away_until_its_transaction_ends(self):
        other = self.connect()
        other.execute("BEGIN")
        other.execute("LOCK u")
        ended = self.in_background(self.db, "SELECT * FROM u")
        self.until(self.is_waiting)
        other.execute("COMMIT")
        self.assertIsNone(ended())

    def test_a_lock_outside_a_transaction_is_over_at_once(self):
        other = self.connect()
        other.execute("SET statement_timeout TO 5000")
        self.db.execute("LOCK u")
        other.execute("LOCK u")
        self.assertEqual(self.rows("SELECT * FROM u", other), [])

    def test_the_isolation_level_of_begin_is_ignored(self):
        other = self.connect()
        self.db.execute("BEGIN ISOLATION LEVEL READ COMMITTED")
        self.assertEqual(self.one("SELECT COUNT(*) FROM t"), 1)
        other.execute("INSERT INTO t VALUES (2)")
        self.assertEqual(self.one("SELECT COUNT(*) FROM t"), 1)
        self.db.execute("COMMIT")

    def test_writers_of_a_table_wait_for_each_other_and_readers_do_not(self):
        other = self.connect()
        other.execute("BEGIN")
        other.execute("INSERT INTO t VALUES (2)")
        self.assertEqual(self.one("SELECT COUNT(*) FROM t"), 1)
        ended = self.in_background(self.db, "INSERT INTO t VALUES (3)")
        self.until(self.is_waiting)
        other.execute("COMMIT")
        self.assertIsNone(ended())
        self.assertEqual(self.one("SELECT COUNT(*) FROM t"), 3)

    def test_crossed_writers_end_in_a_deadlock(self):
        other = self.connect()
        for db, table in (self.db, "t"), (other, "u"):
            db.execute("BEGIN")
            db.execute(f"INSERT INTO {table} VALUES (5)")
        ended = self.in_background(other, "INSERT INTO t VALUES (6)")
        self.until(self.is_waiting)
        try:
            self.db.execute("INSERT INTO u VALUES (6)")
            mine = None
        except Exception as why:
            mine = why
        self.db.execute("ROLLBACK")
        self.assertIn("deadlock", str(mine or ended()))

    def test_an_update_of_what_another_has_changed_meanwhile_fails(self):
        other = self.connect()
        self.db.execute("BEGIN")
        self.rows("SELECT * FROM t")
        other.execute("UPDATE t SET a = a + 1")
        self.fails("UPDATE t SET a = a + 1", self.conflict, state="XX000")
        self.db.execute("ROLLBACK")

    def test_an_update_that_waited_fails_too_also_in_autocommit(self):
        other = self.connect()
        other.execute("BEGIN")
        other.execute("UPDATE t SET a = a + 1")
        ended = self.in_background(self.db, "UPDATE t SET a = a + 1")
        self.until(self.is_waiting)
        other.execute("COMMIT")
        self.assertIn(self.conflict, str(ended()))
        self.assertEqual(self.one("SELECT a FROM t"), 2)

    def test_truncate_commits(self):
        self.db.execute("BEGIN")
        self.db.execute("INSERT INTO u VALUES (1)")
        self.db.execute("TRUNCATE t")
        self.db.execute("ROLLBACK")
        self.assertEqual((self.one("SELECT COUNT(*) FROM t"), self.one("SELECT COUNT(*) FROM u")), (0, 1))

    def test_some_statements_cannot_run_inside_a_transaction(self):
        self.db.execute("CREATE TABLE v (s VARCHAR(5))")
        for sql in "ALTER TABLE v ALTER COLUMN s TYPE VARCHAR(9)", "VACUUM v":
            self.db.execute("BEGIN")
            self.fails(sql, "cannot run inside a transaction block", state="25001")
            self.fails("SELECT 1", "current transaction is aborted")
            self.db.execute("ROLLBACK")
            self.fails(f"SELECT 1; {sql}", "cannot run inside a transaction block")

    def test_statements_of_one_message_are_one_transaction(self):
        self.fails("INSERT INTO t VALUES (2); INSERT INTO nowhere VALUES (1)", "does not exist")
        self.assertEqual(self.one("SELECT COUNT(*) FROM t"), 1)
        self.db.execute("INSERT INTO t VALUES (2); INSERT INTO t VALUES (3)")
        self.assertEqual(self.one("SELECT COUNT(*) FROM t"), 3)
        self.fails("INSERT INTO t VALUES (4); BEGIN; INSERT INTO t VALUES (5); INSERT INTO nowhere VALUES (1); COMMIT", "does not exist")
        self.db.execute("ROLLBACK")
        self.assertEqual(self.one("SELECT COUNT(*) FROM t"), 3)
        self.fails("BEGIN; INSERT INTO t VALUES (5); COMMIT; INSERT INTO nowhere VALUES (1)", "does not exist")
        self.assertEqual(self.one("SELECT COUNT(*) FROM t"), 4)

    def test_a_table_made_after_the_snapshot_is_error_1018(self):
        other = self.connect()
        self.db.execute("BEGIN")
        self.rows("SELECT * FROM t")
        other.execute("CREATE TABLE later AS SELECT 1 AS a")
        error = self.fails("SELECT COUNT(*) FROM later", "1018")
        self.assertIn("Relation does not exist", error.diag.message_detail)
        self.db.execute("ROLLBACK; BEGIN")
        self.assertEqual(self.db.execute("SELECT a FROM t WHERE a = %s", (1,)).fetchall(), [(1,)])
        self.db.execute("UPDATE t SET a = %s FROM later WHERE t.a = %s", (2, 1))
        self.assertEqual(self.db.execute("SELECT a FROM t WHERE a = %s", (2,)).fetchall(), [(2,)])
        self.db.execute("ROLLBACK")
        self.assertEqual(self.one("SELECT COUNT(*) FROM later"), 1)

    def test_committing_a_failed_transaction_answers_rollback(self):
        self.db.execute("BEGIN")
        self.fails("CREATE INDEX i ON t (a)", "not supported")
        self.assertEqual(self.db.execute("COMMIT").statusmessage, "ROLLBACK")


class SnapshotTest(TransactionCases, RedshimCase):
    conflict = "conflict with concurrent transaction"

    def test_write_skew_is_let_through(self):
        other = self.connect()
        for db in self.db, other:
            db.execute("BEGIN")
            self.assertEqual(self.one("SELECT COUNT(*) FROM u", db), 0)
        self.db.execute("INSERT INTO u VALUES (1)")
        self.db.execute("COMMIT")
        other.execute("INSERT INTO u VALUES (1)")
        other.execute("COMMIT")
        self.assertEqual(self.one("SELECT COUNT(*) FROM u"), 2)


class SerializableTest(TransactionCases, RedshimCase):
    isolation, conflict = "SERIALIZABLE", "1023"

    def test_write_skew_is_error_1023(self):
        other = self.connect()
        for db in self.db, other:
            db.execute("BEGIN")
            self.rows("SELECT COUNT(*) FROM u", db)
        self.db.execute("INSERT INTO u VALUES (1)")
        self.db.execute("COMMIT")
        error = self.fails("INSERT INTO u VALUES (1)", "1023", state="XX000", db=other)
        self.assertIn("Serializable isolation violation on table", error.diag.message_detail)

    def test_the_violation_is_seen_on_whole_tables(self):
        self.db.execute("INSERT INTO u VALUES (1), (2)")
        other = self.connect()
        for db, a in (self.db, 1), (other, 2):
            db.execute("BEGIN")
            self.rows(f"SELECT * FROM u WHERE a = {a}", db)
        self.db.execute("UPDATE u SET a = 10 WHERE a = 1")
        self.db.execute("COMMIT")
        self.fails("UPDATE u SET a = 20 WHERE a = 2", "1023", db=other)


if __name__ == "__main__":
    unittest.main()
