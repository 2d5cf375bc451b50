# SPDX-License-Identifier: Apache-2.0
"""A backfill that loads 20,000 raw objects of one hour beside as many that are loaded, and process, which takes 20,000
notifications of what that has loaded already; and thousands that are replaced, and replayed out of quarantine. Each raw
object becomes two durable objects, so it takes many minutes."""

import unittest

from many_objects import ManyObjectsTest
from pipeline import PROGRAM

OBJECTS = 40_000
LOADED = OBJECTS // 2
MISSING = OBJECTS - LOADED
MEMORY = ("--set", "load.memory=128MiB")
REPLACED = 3_000

CONFIG = """name: tracking
source: {dir: data}
raw: {url: "dir:data/raw"}
parquet: {url: "dir:data/parquet"}
quarantine: {url: "dir:data/quarantine", hold_above: 100%}
warehouse: {duckdb: data/warehouse.duckdb}
tables:
  - {ddl: t.sql, when: any, unique: [id]}
"""


class ManyLoads(ManyObjectsTest):
    def test_a_backfill_loads_all_and_the_notifications_load_nothing_again(self):
        self.fill(OBJECTS, in_an_hour=OBJECTS)
        self.assertEqual(self.measured("reconcile", "--repair")["announced"], MISSING)

        done = self.measured("backfill", "--from", self.spelt_hour(), *MEMORY)
        self.assertEqual((done["plan"]["loaded_before"], done["plan"]["to_load"]), (LOADED, MISSING))
        self.assertEqual((done["processed"]["objects"], done["processed"]["loaded"], done["processed"]["quarantined"]), (MISSING, MISSING, MISSING))

        before = self.pipeline.query("SELECT count(*), sum(object::HUGEINT) FROM sluice.ledger")
        done = self.measured("process", "--deadline", "14400", *MEMORY)["processed"]
        # The listing of a directory names no version, so each is read again before it is known to be loaded.
        self.assertEqual((done["messages"], done["deleted"], done["loaded_before"] + done["loaded"]), (MISSING, MISSING, MISSING))
        self.assertEqual(self.pipeline.query("SELECT count(*), sum(object::HUGEINT) FROM sluice.ledger"), before)

        status = self.measured("status")
        self.assertEqual((status["objects"], status["backlog"]["objects"], status["notifications"]["waiting"], status["balanced"]), (OBJECTS, 0, 0, True))
        self.assertEqual((status["tables"][0]["rows"], status["tables"][0]["loaded"], status["tables"][0]["duplicates"]), (1, 1, OBJECTS - 1))
        found = self.measured("reconcile")
        self.assertEqual((found["loaded"], found["missing"], found["parquet"]["named"], found["quarantine"]["named"]), (OBJECTS, 0, OBJECTS, OBJECTS))


class ManyReplaces(ManyObjectsTest):
    def setUp(self):
        super().setUp()
        self.pipeline.command = lambda *arguments: [PROGRAM, *map(str, arguments)]
        (self.pipeline.folder / "sluice.yaml").write_text(CONFIG)
        self.words_of(3)

    def words_of(self, length):
        (self.pipeline.folder / "t.sql").write_text(f"CREATE TABLE t (id INTEGER NOT NULL, word VARCHAR({length}))")

    def replace(self, quarantined):
        """All are loaded once more; what the table holds of each event is its only row."""
        done = self.measured("backfill", "--from", "2026-11-23T14", "--replace", *MEMORY)["processed"]
        self.assertEqual((done["loaded"], done["quarantined"], done["failed"]), (REPLACED, quarantined, 0))
        self.assertEqual(self.pipeline.query("SELECT count(*), count(DISTINCT id) FROM t"), [(2 * REPLACED - quarantined,) * 2])
        self.assertEqual(self.pipeline.query("SELECT count(*) FROM sluice.ledger WHERE replay_of <> 0"), [(0,)])
        status = self.measured("status")
        self.assertEqual((status["objects"], status["events"], status["balanced"]), (REPLACED, 2 * REPLACED, True))

    def test_thousands_are_replaced_and_leave_quarantine_each_once(self):
        for i in range(REPLACED):
            lines = f'{{"id": {2 * i}, "word": "a"}}\n{{"id": {2 * i + 1}, "word": "longer"}}\n'
            self.pipeline.put_raw(f"{i:07}.ndjson", lines.encode())
        self.assertEqual(self.measured("backfill", "--from", "2026-11-23T14", *MEMORY)["processed"]["loaded"], REPLACED)
        self.replace(quarantined=REPLACED)
        self.words_of(10)
        done = self.measured("quarantine", "replay", *MEMORY)
        self.assertEqual((done["events"], done["passed"], done["objects"], done["failed"]), (REPLACED,) * 3 + (0,))
        self.assertEqual(self.pipeline.query("SELECT count(*), count(DISTINCT id) FROM t"), [(2 * REPLACED,) * 2])
        self.assertEqual(self.measured("quarantine", "list")["groups"], [])
        self.assertTrue(self.measured("status")["balanced"])
        self.replace(quarantined=0)


if __name__ == "__main__":
    unittest.main()
