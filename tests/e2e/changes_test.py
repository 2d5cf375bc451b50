# SPDX-License-Identifier: Apache-2.0
"""What is changed on the way from event to row is counted and told, by every command that changes it."""

import json
import subprocess
import unittest

from pipeline import PROGRAM, PipelineTest, environment, events


class Changes(PipelineTest):
    """What was changed on the way from event to row is told."""

    CONFIG = """name: changes
source: {dir: data}
raw: {url: "dir:data/raw"}
parquet: {url: "dir:data/parquet"}
quarantine: {url: "dir:data/quarantine", hold_above: 100%}
warehouse: {duckdb: data/warehouse.duckdb}
tables:
  - {ddl: t.sql, when: {has: id}, unique: [id], on_too_long: truncate, on_bad_value: null}
"""
    LINES = ('{"id": 1, "word": 5, "count": "many", "extra": 1}\n{"id": 2, "word": "too long", "extra": 2, "more": 3}\n'
             '{"id": 3, "word": "a", "word": "b", "\\u001b[31mred": 1}\n{"id": "bad"}\n')
    COUNTS = {"table": "t", "routed": 4, "quarantined": 1, "coerced": {"word": 1}, "nulled": {"count": 1},
              "truncated": {"word": 1}, "unknown_fields": {"extra": 2, "more": 1, "\x1b[31mred": 1}}

    def setUp(self):
        super().setUp()
        (self.pipeline.folder / "t.sql").write_text(
            "CREATE TABLE t (id INTEGER NOT NULL, word VARCHAR(3), count INTEGER)")
        (self.pipeline.folder / "sluice.yaml").write_text(self.CONFIG)
        (self.pipeline.folder / "lines.ndjson").write_text(self.LINES)

    def run_here(self, *arguments):
        done = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, env=environment(),
                              cwd=self.pipeline.folder, stdin=subprocess.DEVNULL, timeout=300)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def assert_text(self, text):
        self.assertIn("t: 1 values coerced (word 1), 1 nulled (count 1), 1 truncated (word 1); unknown fields:"
                      " extra 2, \\u001b[31mred 1, more 1\n", text)
        self.assertIn("1 events have a key twice", text)

    def test_by_convert(self):
        self.assert_text(self.run_here("convert", "--out", "parquet", "lines.ndjson"))
        file, = json.loads(self.run_here("convert", "--json", "--out", "parquet", "lines.ndjson"))
        self.assertEqual(file["duplicate_keys"], 1)
        table, = file["tables"]
        self.assertEqual({key: table[key] for key in self.COUNTS}, self.COUNTS)

    def test_by_run_and_process_added_up_over_objects(self):
        self.run_here("send", "lines.ndjson")
        self.assert_text(self.run_here("run"))
        for _ in range(2):
            self.run_here("send", "lines.ndjson")
            self.run_here("land")
        report = json.loads(self.run_here("process", "--json"))["processed"]
        self.assertEqual((report["objects"], report["events"], report["duplicate_keys"]), (2, 8, 2))
        table, = report["tables"]
        doubled = {key: {name: 2 * count for name, count in value.items()} if isinstance(value, dict) else value
                   for key, value in self.COUNTS.items()}
        self.assertEqual(table, doubled | {"routed": 8, "quarantined": 2})

    def status_after(self, *lines):
        """Each of them a raw object of its own."""
        for line in lines:
            (self.pipeline.folder / "more.ndjson").write_text(line)
            self.run_here("send", "more.ndjson")
            self.run_here("run")
        return json.loads(self.run_here("status", "--json"))

    def test_a_number_that_becomes_a_string_is_loaded_and_told(self):
        status = self.status_after('{"id": 1, "count": 0}\n')
        self.assertEqual((status["fields"], status["concerns"]), ([], []))
        status = self.status_after('{"id": 2, "count": "0"}\n')
        self.assertEqual([(one["field"], one["change"], one["events"], one["share"], one["is_new"]) for one in status["fields"]],
                         [("count", "coerced", 1, 0.5, True)])
        self.assertEqual([(one["type"], one["text"]) for one in status["concerns"]],
                         [("type_changed", "t: 1 column with values of another type: count (coerced); mend the producer or the DDL")])
        newest = self.pipeline.query("SELECT raw_key FROM sluice.ledger WHERE table_name = 't' AND reason IS NOT NULL")[0][0]
        self.assertEqual(status["next"], [f"sluice why {newest}"])
        story = self.run_here("why", newest)
        self.assertIn("\n                     t: coerced count in 1 event\n", story)
        preview = story.split("what was changed: sluice ")[1].split("\n")[0].split()
        self.assertIn('  1 event: coerced count, t\n    line 1: {"id": 2, "count": "0"}\n', self.run_here(*preview))
        self.assertEqual(self.pipeline.query("SELECT id, count FROM t ORDER BY id"), [(1, 0), (2, 0)])

    def test_what_a_column_collects_is_of_no_concern(self):
        (self.pipeline.folder / "t.sql").write_text("CREATE TABLE t (id INTEGER NOT NULL, extra VARCHAR(40))")
        config = self.CONFIG.replace("on_bad_value: null", "on_unknown_field: {collect: extra}")
        (self.pipeline.folder / "sluice.yaml").write_text(config)
        (self.pipeline.folder / "more.ndjson").write_text('{"id": 1, "user0": 1}\n{"id": 2, "user1": "x"}\n{"id": 3}\n')
        self.run_here("send", "more.ndjson")
        text = self.run_here("run")
        self.assertIn(" t: collected fields: user0 1, user1 1\n", text)
        self.assertNotIn("coerced", text)
        status = json.loads(self.run_here("status", "--json"))
        self.assertEqual([(one["field"], one["change"], one["is_new"], one["alter"]) for one in status["fields"]],
                         [("user0", "collected", False, ""), ("user1", "collected", False, "")])
        self.assertEqual(status["concerns"], [])
        self.assertEqual(self.pipeline.query("SELECT id, extra FROM t ORDER BY id"), [(1, '{"user0":1}'), (2, '{"user1":"x"}'), (3, None)])
        # Cut, it is no JSON any more.
        long = {"id": 4, "user2": "x" * 60}
        status = self.status_after(json.dumps(long) + "\n")
        self.assertEqual([(one["field"], one["change"]) for one in status["fields"]][0], ("extra", "truncated"))

    def test_nothing_is_said_where_nothing_was_changed(self):
        (self.pipeline.folder / "lines.ndjson").write_text('{"id": 1, "word": "a", "count": 2}\n')
        self.assertEqual(len(self.run_here("convert", "--out", "parquet", "lines.ndjson").splitlines()), 1)



class WarnAbove(PipelineTest):
    """quarantine.warn_above: a line in the log for each object of which more went to quarantine."""

    def process(self, *flags):
        self.pipeline.announce(self.pipeline.put_raw("few.ndjson", events(99) + b"broken\n"),
                               self.pipeline.put_raw("none.ndjson", events(50)))
        return [line for line in self.pipeline.run("process", *flags).stderr.splitlines() if "warn_above" in line]

    def test_an_object_above_it_is_named_with_count_and_share(self):
        line, = self.process()
        self.assertRegex(line, r" warning .*/few\.ndjson.* quarantined=1 events=100 share=1%")

    def test_an_object_that_is_not_above_it_is_not(self):
        self.assertEqual(self.process("--set", "quarantine.warn_above=1%"), [])


if __name__ == "__main__":
    unittest.main()
