# SPDX-License-Identifier: Apache-2.0
"""redshim tells a right loader from five plausible wrong ones (loaders.py), at both isolation levels."""
import threading
import unittest

import pyarrow as pa

import loaders
from redshim_case import RedshimCase

# The statements of one load of the right loader that reach the server.
STATEMENTS = (*loaders.STAGE, "COPY plan", "COPY stage", "BEGIN", *loaders.RIGHT, "COMMIT")


class LoaderCases:
    def setUp(self):
        super().setUp()
        for sql in loaders.TABLES:
            self.db.execute(sql)
        self._objects, self._user = {}, self.environment["SLUICE_REDSHIM_USER"]
        for granted in f"USAGE ON SCHEMA {self.schema}", "SELECT, INSERT ON events", "SELECT, INSERT ON ledger", "SELECT, UPDATE ON lock":
            self.db.execute(f"GRANT {granted} TO {self._user}")

    def an_object(self, number, keys):
        """Parquet of one object: its lines are these keys."""
        self._objects[number] = (keys, self.put_parquet(pa.table({
            "k": keys, "v": pa.array([number] * len(keys), pa.int32()), "object": pa.array([number] * len(keys), pa.int64()),
            "line": pa.array(range(len(keys)), pa.int32())})))

    def batch(self, *numbers, columns=""):
        plan = self.put_parquet(pa.table({"object": pa.array(numbers, pa.int64()),
                                          "rows_expected": pa.array([len(self._objects[n][0]) for n in numbers], pa.int64())}))
        return loaders.Batch(numbers, self.copy_text("plan", plan), self.copy_text("stage" + columns, *(self._objects[n][1] for n in numbers)))

    def loader(self, kind=loaders.Loader, **options):
        return kind(self.connect_as_loader, **options)

    def connect_as_loader(self):
        return self.connect(self._user, self.environment["SLUICE_REDSHIM_PASSWORD"], options=f"-c search_path={self.schema}")

    def keys(self):
        return [row[0] for row in self.rows("SELECT k FROM events ORDER BY k")]

    def ledger(self):
        return [row[0] for row in self.rows("SELECT object FROM ledger ORDER BY object")]

    def at_once(self, kind, batches, meet=True):
        """A loader for each batch, all at the same point before their transactions."""
        barrier, errors = threading.Barrier(len(batches)), []

        def meet_once(seen=threading.local()):
            if meet and not getattr(seen, "met", False):
                seen.met = True
                barrier.wait(30)

        def load(batch):
            try:
                self.loader(kind, before_transaction=meet_once).load(batch)
            except Exception as why:
                errors.append(why)

        threads = [threading.Thread(target=load, args=(batch,)) for batch in batches]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        return errors

    def empty(self):
        for table in "events", "ledger":
            self.db.execute(f"TRUNCATE {table}")


class LoadersTest(LoaderCases, RedshimCase):
    def test_C2_the_right_loader_loads_once_wherever_the_connection_is_cut(self):
        self.an_object(1, ["a", "b", "a"])
        self.an_object(2, ["b", "c"])
        batch = self.batch(1, 2)
        for number, sql in enumerate(STATEMENTS, 1):
            for do in "cut_before", "cut_after", "say_aborted":
                with self.subTest(do=do, number=number, sql=sql):
                    self.empty()
                    self.control("PUT", "/faults", [{"do": do, "nth": number}])
                    self.loader().load(batch)
                    self.assertEqual(self.control("GET", "/faults")[0]["struck"], 1)
                    self.assertEqual((self.keys(), self.ledger()), (["a", "b", "c"], [1, 2]))

    def test_C23_the_right_loader_loads_once_by_the_data_api_too(self):
        self.an_object(1, ["a", "b", "a"])
        self.an_object(2, ["b", "c"])
        batch = self.batch(1, 2)
        target = {"ClusterIdentifier": "redshim", "Database": "dev", "DbUser": self._user}
        for do in "cut_before", "cut_after", "say_aborted":
            for sql in "COPY stage", "LOCK", "INSERT INTO events", "COMMIT":
                with self.subTest(do=do, sql=sql):
                    self.empty()
                    nth = 6 if sql == "COMMIT" else 1  # the five before it are those of the staging
                    self.control("PUT", "/faults", [{"do": do, "sql": f"^{sql}", "nth": nth, "via": "data"}])
                    loaders.DataApiLoader(self.data_api(), target, self.schema, f"{self.schema}-{do}-{sql}").load(batch)
                    self.assertEqual(self.control("GET", "/faults")[0]["struck"], 1)
                    self.assertEqual((self.keys(), self.ledger()), (["a", "b", "c"], [1, 2]))

    def test_C3_a_lost_transaction_that_commits_later_is_waited_for(self):
        self.an_object(1, ["a", "b"])
        copies = len(self.statements("COPY plan"))
        self.control("PUT", "/faults", [{"do": "detach", "sql": "^INSERT INTO events", "seconds": 0.3}])
        self.loader().load(self.batch(1))
        self.assertEqual((self.keys(), self.ledger()), (["a", "b"], [1]))
        self.assertEqual(len(self.statements("COPY plan")), copies + 1)

    def test_C1_the_right_loaders_load_once_at_the_same_time(self):
        for number in range(1, 9):
            self.an_object(number, [f"k{key}" for key in range(number, number + 5)])
        self.assertEqual(self.at_once(loaders.Loader, [self.batch(1, 2)] * 2), [])
        self.assertEqual((self.keys(), self.ledger()), (sorted(f"k{n}" for n in range(1, 7)), [1, 2]))
        self.assertEqual(self.at_once(loaders.Loader, [self.batch(n, n % 8 + 1) for n in range(1, 9)]), [])
        self.assertEqual((self.keys(), self.ledger()), (sorted(f"k{n}" for n in range(1, 13)), list(range(1, 9))))

    def test_the_right_loader_is_seen_to_lock_and_update_first(self):
        self.an_object(1, ["a"])
        self.control("DELETE", "/statements")
        self.loader().load(self.batch(1))
        texts = [line["sql"] for line in self.control("GET", "/statements")]
        begin = texts.index("BEGIN")
        self.assertEqual(texts[begin + 1:begin + 3], [loaders.LOCK, loaders.UPDATE])

    def test_copy_outside_a_transaction_doubles_when_its_answer_is_lost(self):
        self.db.execute("CREATE TABLE copied (k VARCHAR(20), v INTEGER, object BIGINT, line INTEGER)")
        self.db.execute("DROP TABLE events")
        self.db.execute("ALTER TABLE copied RENAME TO events")
        self.db.execute(f"GRANT SELECT, INSERT ON events TO {self._user}")
        self.an_object(1, ["a", "b"])
        self.control("PUT", "/faults", [{"do": "cut_after", "sql": "^COPY events"}])
        self.loader(loaders.CopyOutsideTransaction).load(self.batch(1))
        self.assertEqual((self.keys(), self.ledger()), (["a", "a", "b", "b"], [1]))

    def test_a_select_before_the_lock_doubles(self):
        self.an_object(1, ["a", "b"])
        self.at_once(loaders.SelectBeforeLock, [self.batch(1)] * 2)
        self.assertEqual((self.keys(), self.ledger()), (["a", "a", "b", "b"], [1, 1]))

    def test_without_the_update_a_late_lock_doubles(self):
        self.an_object(1, ["a", "b"])
        self.assertEqual(self.at_once(loaders.NoUpdate, [self.batch(1)] * 2), [])
        self.assertEqual((self.keys(), self.ledger()), self.late_lock)

    late_lock = (["a", "a", "b", "b"], [1, 1])

    def test_a_ledger_after_the_commit_doubles_when_the_connection_is_cut_between_them(self):
        self.an_object(1, ["a", "b"])
        self.control("PUT", "/faults", [{"do": "cut_after", "sql": "^COMMIT"}])
        self.loader(loaders.LedgerAfterCommit).load(self.batch(1))
        self.assertEqual((self.keys(), self.ledger()), (["a", "a", "b", "b"], [1]))

    def test_a_commit_that_is_repeated_loses(self):
        self.an_object(1, ["a", "b"])
        self.control("PUT", "/faults", [{"do": "cut_before", "sql": "^COMMIT"}])
        self.loader(loaders.RetryOfCommit).load(self.batch(1))
        self.assertEqual((self.keys(), self.ledger()), ([], []))


class SerializableLoadersTest(LoadersTest):
    isolation = "SERIALIZABLE"
    late_lock = (["a", "b"], [1])  # error 1023 hides the mistake, so outcomes are tested under SNAPSHOT too


if __name__ == "__main__":
    unittest.main()
