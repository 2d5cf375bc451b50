# SPDX-License-Identifier: Apache-2.0
"""A backfill that loads 20,000 raw objects of one hour beside as many that are loaded, and process, which takes 20,000
notifications of what that has loaded already. Each raw object becomes two durable objects, so it takes many minutes."""

import unittest

from many_objects import ManyObjectsTest

OBJECTS = 40_000
LOADED = OBJECTS // 2
MISSING = OBJECTS - LOADED
MEMORY = ("--set", "load.memory=128MiB")


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


if __name__ == "__main__":
    unittest.main()
