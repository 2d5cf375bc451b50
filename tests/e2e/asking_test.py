# SPDX-License-Identifier: Apache-2.0
"""What a person on call asks: are the tables right, and where is my event?"""

import datetime
import os
import unittest

import duckdb

from pipeline import HOUR, PipelineTest, events


class Asking(PipelineTest):
    def by_hand(self, *statements):
        """What somebody else does to the warehouse."""
        database = duckdb.connect(str(self.pipeline.data / "warehouse.duckdb"))
        try:
            for sql in statements:
                database.execute(sql)
        finally:
            database.close()

    def load(self, name, content, hour=HOUR):
        key = self.pipeline.put_raw(name, content, hour)
        self.pipeline.announce(key)
        self.pipeline.run("process")
        return key


class Verify(Asking):
    DAY = ("--from", "2026-11-23")

    def verify(self, *arguments, **options):
        return self.pipeline.ask("verify", *(arguments or self.DAY), **options)

    def test_what_sluice_loaded_fits(self):
        self.load("a.ndjson", events(100))
        self.load("b.ndjson", events(100, 50))
        found = self.verify()
        self.assertEqual([table["table"] for table in found["tables"]], ["tracking.events", "tracking.utm"])
        self.assertEqual(found["tables"][0] | {"table": ""}, {
            "table": "", "rows": 150, "loaded": 150, "not_ours": 0, "missing": 0, "rows_in_range": 150, "keys_twice": 0,
            "rows_too_many": 0, "doubled": [], "hours": []})
        self.assertFalse(found["needs_attention"])
        self.assertIn("each key once", self.pipeline.run("verify", *self.DAY).stdout)

    def test_what_somebody_else_did_is_found(self):
        self.load("a.ndjson", events(10))
        self.by_hand("INSERT INTO tracking.events SELECT * FROM tracking.events WHERE request_id LIKE '00000003%'",
                     "INSERT INTO tracking.events (request_id, request_timestamp, cookie_id, topic) VALUES"
                     " ('x', TIMESTAMP '2026-11-23 17:00:00', 'c', 't')")
        found = self.verify(exit_code=3)["tables"][0]
        self.assertEqual((found["rows"], found["loaded"], found["not_ours"], found["keys_twice"], found["rows_too_many"]), (12, 10, 2, 1, 1))
        self.assertEqual(found["doubled"], [
            {"key": "00000003-0000-4000-8000-000000000000", "time": "2026-11-23 10:00:03", "rows": 2}])
        self.assertEqual(found["hours"], [{"hour": "2026-11-23T10", "rows": 11, "at_least": 10, "at_most": 10},
                                          {"hour": "2026-11-23T17", "rows": 1, "at_least": 0, "at_most": 0}])
        text = self.pipeline.run("verify", *self.DAY, exit_code=3).stdout
        self.assertIn("00000003-0000-4000-8000-000000000000 at 2026-11-23 10:00:03  2 rows", text)
        self.assertIn("2026-11-23T17  1 rows, and by the ledger 0 to 0", text)
        # Of another table, and outside of the hours, nothing is wrong that the sum does not show.
        self.assertFalse(self.verify("--table", "utm", *self.DAY)["needs_attention"])
        later = self.verify("--from", "2026-11-24", "--table", "tracking.events", exit_code=3)["tables"][0]
        self.assertEqual((later["not_ours"], later["rows_in_range"], later["keys_twice"], later["hours"]), (2, 0, 0, []))

    def test_rows_that_are_missing_are_found_in_their_hour(self):
        self.load("a.ndjson", events(10))
        self.by_hand("DELETE FROM tracking.events WHERE request_id LIKE '0000000%'")
        self.assertEqual(self.verify(exit_code=3)["tables"][0]["hours"],
                         [{"hour": "2026-11-23T10", "rows": 0, "at_least": 10, "at_most": 10}])
        # Old rows may have been taken away for good.
        later = self.verify("--from", "2026-11-24")
        self.assertEqual((later["tables"][0]["missing"], later["needs_attention"]), (10, False))

    def test_rows_without_a_ledger_need_a_person(self):
        self.load("a.ndjson", events(1))
        self.by_hand("DROP SCHEMA sluice CASCADE")
        self.assertIn("no ledger", self.pipeline.run("verify", exit_code=3).stdout)


class Surroundings(Asking):
    QUESTIONS = (("verify",),)

    def test_a_pipeline_that_never_ran_is_asked_and_nothing_is_made(self):
        for question in self.QUESTIONS:
            self.pipeline.run(*question)
            self.assertEqual(list(self.pipeline.folder.rglob("*")), [])

    def test_a_range_in_the_future_holds_nothing(self):
        self.load("a.ndjson", events(1))
        self.assertIn("no rows in these hours", self.pipeline.run("verify", "--from", "2999-01-01").stdout)

    def test_a_warehouse_that_cannot_be_opened_is_1(self):
        self.load("a.ndjson", events(1))
        (self.pipeline.data / "warehouse.duckdb").write_bytes(b"no database" * 1000)
        for question in self.QUESTIONS:
            with self.subTest(question=question):
                self.assert_plain_failure(self.pipeline.run(*question, exit_code=1), "warehouse")

    def test_a_half_written_configuration_is_2(self):
        config = self.pipeline.folder / "half.yaml"
        config.write_text("name: tracking\nraw:\n  url: [\n")
        for question in self.QUESTIONS:
            with self.subTest(question=question):
                self.assert_plain_failure(self.pipeline.run("--config", config, *question, exit_code=2), "half.yaml")

    def test_wrong_flags_are_2(self):
        for wrong in (["verify", "--from", "yesterday"], ["verify", "--since", "soon"], ["verify", "--table", "nothing"],
                      ["verify", "--to", "2026-11-20"], ["verify", "--from", "2026-11-20", "--since", "1d"]):
            with self.subTest(wrong=wrong):
                self.assert_plain_failure(self.pipeline.run(*wrong, exit_code=2), wrong[1] if wrong[-1] != "yesterday" else "not an hour")


if __name__ == "__main__":
    unittest.main()
