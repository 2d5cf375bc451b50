# SPDX-License-Identifier: Apache-2.0
"""Types the walk-through of docs/operations.md and compares what it prints; console_page.py says how it is written."""

import os
import pathlib
import sys
import tempfile
import unittest

from console_page import ROOT, examples_of, run

DOCUMENT = ROOT / "docs" / "operations.md"
SITUATIONS = 8

# What the page needs of DuckDB's own program, `duckdb FILE SQL`, by the module of the same name.
DUCKDB = f"""#!{sys.executable}
import sys, duckdb
found = duckdb.connect(sys.argv[1]).sql(sys.argv[2])
if found is not None:  # a question, and no change
    print(found)
"""


class OperationsDocument(unittest.TestCase):
    def test_the_walk_through_prints_what_the_document_says(self):
        with tempfile.TemporaryDirectory(prefix="sluice-e2e-") as folder:
            folder = pathlib.Path(folder)
            duckdb = folder / "duckdb"
            duckdb.write_text(DUCKDB)
            duckdb.chmod(0o755)
            complaints = run(examples_of(DOCUMENT.read_text()), folder, {"sluice": os.environ["SLUICE_PROGRAM"], "duckdb": duckdb})
        self.assertEqual(complaints, [], "\n\n".join(["", *complaints]))

    def test_every_situation_asks_mends_and_shows(self):
        text = DOCUMENT.read_text().split("\n## Eight situations\n")[1].split("\n## ")[0]
        situations = text.split("\n### ")[1:]
        self.assertEqual(len(situations), SITUATIONS)
        for situation in situations:
            shown = [example for example in examples_of(situation) if example.expected]
            self.assertGreaterEqual(len(shown), 4, situation.splitlines()[0])


if __name__ == "__main__":
    unittest.main()
