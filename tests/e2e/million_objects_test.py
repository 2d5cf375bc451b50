# SPDX-License-Identifier: Apache-2.0
"""reconcile where the store holds a million objects, 5,000 of each hour. Takes minutes, and 2,000,000 names of files.

What DuckDB keeps of the ledger's pages grows up to load.memory, which is the bound that the configuration names."""

import unittest

from many_objects import ManyObjectsTest

OBJECTS = 1_000_000
LOADED = OBJECTS // 2


class MillionObjects(ManyObjectsTest):
    def test_reconcile_finds_what_is_missing_of_a_million(self):
        self.fill(OBJECTS, in_an_hour=5_000)
        found = self.measured("reconcile", "--since", "10d", "--set", "load.memory=128MiB", exit_code=3)
        self.assertEqual((found["stored"], found["loaded"], found["missing"], found["pending"]), (OBJECTS, LOADED, OBJECTS - LOADED, 0))
        self.assertEqual(found["parquet"], found["parquet"] | {"stored": LOADED, "named": LOADED, "young": 0, "unnamed": 0, "missing": 0, "examples": []})


if __name__ == "__main__":
    unittest.main()
