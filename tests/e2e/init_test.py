# SPDX-License-Identifier: Apache-2.0
"""What `init` writes runs as it is: check finds nothing, and every event of the sample becomes a row."""

import gzip
import json
import pathlib
import re
import shutil
import subprocess
import unittest

import duckdb

from pipeline import PROGRAM, PipelineTest, environment

ROOT = pathlib.Path(__file__).resolve().parents[2]
REPORT = {"lines", "events", "whole_sample", "rows", "quarantined", "tables", "notes", "files"}
TABLE = {"table", "ddl", "when", "unique", "time", "routed", "quarantined", "columns"}
COLUMN = {"column", "type", "not_null", "from", "epoch", "encode", "reason"}


def page_view(i):
    return {"eventId": f"{i:08}-0000-4000-8000-000000000000", "ts": 1795443302123 + i, "userId": i % 7,
            "context": {"page": {"url": f"https://example.com/{i}", "Title": "ä" * (i % 20)}, "ip": None},
            "tags": ["a", i] if i % 3 else [], "big": 10 ** 25 + i, "mixed": i if i % 2 else "one", "nothing": None,
            "day": "2026-11-23", "page url": "x", "Page URL": 1.5}


def order(i):
    return {"eventId": f"{i:08}-1111-4000-8000-000000000000", "ts": 1795443302123 + i, "amount": i / 4,
            "currency": "EUR", "paid": i % 2 == 0} | ({"coupon": "NEW"} if i % 5 == 0 else {})


# One event of each shape of examples/tracking, as a producer shows them to whoever asks.
TOPIC_EVENT = """  {
    "request_id": "1f0c7a52-3b1e-4c58-9a57-0d1c6b2e8f41",
    "request_timestamp": "2020-06-01 00:00:24.000000",
    "cookie_id": "2b7d9e10-64c3-4f2a-8d15-7e3a90c4b6d2",
    "topic": "cms.wizard.step.color_palette.set",
    "message": "{\\"isAffiliate\\":false,\\"language\\":\\"es\\",\\"color\\":\\"#123456\\",\\"paletteIndex\\":\\"0\\"}",
    "environment": "cms",
    "website_id": null,
    "user_account_id": "3c8e1f64-9a20-4b77-b3c6-5d4f21a7e093",
    "location": "https://cms.example.com/wizard/color-palette/",
    "user_agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:76.0) Gecko/20100101 Firefox/76.0",
    "referrer": "https://register.example.com/es/product"
  }
"""
SOURCE_EVENT = """  {
    "request_id": "4d9f2075-ab31-4c88-84d7-6e5032b8f1a4",
    "source": "adwords",
    "medium": "cpc",
    "campaign": "Spring FR",
    "content": null,
    "term": "builder",
    "matchtype": "e",
    "network": "g",
    "ad_id": "10000000001",
    "ad_pos": "1t1",
    "placement": null,
    "placement_category": null,
    "testgroup": null,
    "device": "c"
  }
"""


class Init(PipelineTest):
    def setUp(self):
        super().setUp()
        self.folder = self.pipeline.folder
        self.sample = self.folder / "sample.ndjson"
        self.out = self.folder / "out"

    def write(self, *events):
        self.sample.write_text("".join(json.dumps(event) + "\n" for event in events))

    def init(self, *arguments, exit_code=0):
        return self.pipeline.run("init", "--output", self.out, *arguments, exit_code=exit_code)

    def report(self, *arguments):
        report = self.pipeline.ask("init", "--output", self.out, *arguments)
        self.assertEqual(set(report), REPORT)
        for table in report["tables"]:
            self.assertEqual(set(table), TABLE)
            for column in table["columns"]:
                self.assertEqual(set(column), COLUMN)
        return report

    def sluice(self, *arguments):
        """With the configuration that was written, from elsewhere; exit 0 or a failure."""
        done = subprocess.run([PROGRAM, "--config", str(self.out / "sluice.yaml"), *map(str, arguments)], text=True,
                              capture_output=True, env=environment(), cwd="/", timeout=300)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def load(self):
        """The sample through check and a whole run; the rows of each table, and what was quarantined."""
        self.assertIn("nothing to complain about", self.sluice("check"))
        self.sluice("send", self.sample)
        self.sluice("run", "--once", "--quiet")
        database = duckdb.connect(str(self.out / "sluice-data/warehouse.duckdb"), read_only=True)
        try:
            tables = database.execute("SELECT schema_name || '.' || table_name FROM duckdb_tables()"
                                      " WHERE schema_name <> 'sluice' ORDER BY ALL").fetchall()
            rows = {name: database.execute('SELECT count(*) FROM "{}"."{}"'.format(*name.split("."))).fetchone()[0] for (name,) in tables}
            return rows, database.execute("SELECT table_name, reason FROM sluice.quarantine").fetchall()
        finally:
            database.close()

    def test_every_event_of_two_shapes_becomes_a_row(self):
        self.write(*map(page_view, range(300)), *map(order, range(200)))
        report = self.report("--sample", self.sample)
        self.assertEqual((report["events"], report["rows"], report["quarantined"]), (500, 500, {}))
        self.assertEqual([(table["table"], table["unique"], table["time"], table["routed"]) for table in report["tables"]],
                         [("big_events", "event_id", "ts", 300), ("amount_events", "event_id", "ts", 200)])
        self.assertEqual(self.load(), ({"tracking.big_events": 300, "tracking.amount_events": 200}, []))

    def test_the_events_of_the_example_become_its_two_tables(self):
        self.pipeline.run("generate", "--events", 2000, "--clean", "--out", self.sample)
        report = self.report("--sample", self.sample)
        self.assertEqual((report["events"], report["rows"], report["quarantined"]), (2000, 2000, {}))
        self.assertEqual([(table["when"], table["unique"], table["time"]) for table in report["tables"]],
                         [("has topic", "request_id", "request_timestamp"), ("has source", "request_id", None)])
        rows, quarantined = self.load()
        self.assertEqual(quarantined, [])
        keys = {json.loads(line)["request_id"] for line in self.sample.read_text().splitlines()}
        self.assertEqual(sum(rows.values()), len(keys))

    def test_one_event_of_each_shape_of_the_example_is_enough(self):
        shapes = {"events": json.loads(TOPIC_EVENT), "utm": json.loads(SOURCE_EVENT)}
        # Exactly the columns of examples/tracking, in their order.
        for name, event in shapes.items():
            ddl = (ROOT / f"examples/tracking/{name}.sql").read_text()
            self.assertEqual(list(event), [word.strip('"') for word in re.findall(r'(?m)^\t,?(\S+) ', ddl)])
        files = [self.folder / "user_event.json", self.folder / "user_utm.json"]
        for path, text in zip(files, (TOPIC_EVENT, SOURCE_EVENT)):
            path.write_text(text)
        report = self.report("--sample", *files)
        self.assertEqual((report["events"], report["rows"], report["quarantined"]), (2, 2, {}))
        self.assertEqual([(table["when"], table["unique"], table["time"]) for table in report["tables"]],
                         [("has topic", "request_id", "request_timestamp"), ("has source", "request_id", None)])
        for table, event in zip(report["tables"], shapes.values()):
            columns = {column["column"]: column for column in table["columns"]}
            self.assertEqual(list(columns), list(event))
            self.assertEqual(columns["request_id"]["type"], "CHAR(36)")
            self.assertEqual([name for name, column in columns.items() if column["not_null"]],
                             sorted({"request_id", table["time"] or "request_id", table["when"].split()[1]}, key=list(event).index))
        # What it wrote runs without an edit, and each value is in its column.
        self.write(*shapes.values())
        rows, quarantined = self.load()
        self.assertEqual((list(rows.values()), quarantined), ([1, 1], []))
        database = duckdb.connect(str(self.out / "sluice-data/warehouse.duckdb"), read_only=True)
        for table, event in zip(report["tables"], shapes.values()):
            found = database.execute(f'SELECT {", ".join(f"{name}::VARCHAR" for name in event)} FROM tracking.{table["table"]}').fetchone()
            self.assertEqual(dict(zip(event, found)), event | ({"request_timestamp": "2020-06-01 00:00:24"} if table["time"] else {}))
        database.close()

    def test_faults_of_the_producer_change_no_table(self):
        self.pipeline.run("generate", "--events", 20000, "--out", self.sample)
        report = self.report("--sample", self.sample)
        self.assertEqual([(table["when"], table["unique"], table["time"]) for table in report["tables"]],
                         [("has topic", "request_id", "request_timestamp"), ("has source", "request_id", None)])
        self.assertGreater(report["rows"], 19700)
        self.assertEqual(report["rows"] + sum(report["quarantined"].values()), 20000)
        self.assertIn("nothing to complain about", self.sluice("check"))

    def test_two_files_of_one_pretty_printed_event_are_enough(self):
        first, second = self.folder / "first.json", self.folder / "second.json"
        first.write_text(json.dumps(page_view(1), indent=2))
        second.write_bytes(gzip.compress(json.dumps(order(1), indent=2).encode()))
        report = self.report("--sample", first, second)
        self.assertEqual((report["rows"], len(report["tables"])), (2, 2))
        self.write(page_view(1), order(1))
        rows, quarantined = self.load()
        self.assertEqual((list(rows.values()), quarantined), ([1, 1], []))

    def test_without_a_key_duplicates_are_allowed(self):
        self.write(*({"text": "same", "n": 1} for _ in range(10)))
        self.assertIsNone(self.report("--sample", self.sample)["tables"][0]["unique"])
        self.assertEqual(self.load(), ({"tracking.events": 10}, []))

    def test_broken_lines_are_counted_and_change_nothing(self):
        self.write(*map(order, range(100)))
        whole = self.report("--sample", self.sample)
        with open(self.sample, "ab") as file:
            file.write(b'not json\n[1]\n{"a":"\xff"}\n{"cut":\n')
        report = self.report("--force", "--sample", self.sample)
        self.assertEqual((report["lines"], report["events"], report["rows"], sum(report["quarantined"].values())), (104, 100, 100, 4))
        self.assertEqual([table["columns"] for table in report["tables"]], [table["columns"] for table in whole["tables"]])
        told = self.init("--force", "--sample", self.sample).stdout
        self.assertIn("read 104 lines: 100 events, and 4 that are none", told)
        self.assertIn("100 of 104 lines become rows; the others go to quarantine: ", told)

    def test_a_sample_without_events_is_1_and_writes_nothing(self):
        for content in (b"", b"\n\n", b"not json\n"):
            with self.subTest(content=content):
                self.sample.write_bytes(content)
                self.assert_plain_failure(self.init("--sample", self.sample, exit_code=1), "no event in the sample")
                self.assertFalse(self.out.exists())
        self.assert_plain_failure(self.init("--sample", self.folder / "nowhere", exit_code=1), "nowhere")

    def test_wrong_usage_is_2_and_writes_nothing(self):
        self.write(order(1))
        ddl, same, slash = (self.folder / name for name in ("a.sql", "b.sql", "c.sql"))
        ddl.write_text("CREATE TABLE t.e (event_id VARCHAR(9) NOT NULL)")
        same.write_text("CREATE TABLE u.e (event_id VARCHAR(9) NOT NULL, x INTEGER NOT NULL)")
        slash.write_text('CREATE TABLE "a/b" (event_id VARCHAR(9) NOT NULL)')
        for arguments, words in (([], ["--ddl FILE", "--sample FILE"]),
                                 (["--sample", self.sample, "--source", "nonsense"], ["--source", "nonsense"]),
                                 (["--sample", self.sample, "--source", "kinesis:x"], ["--region"]),
                                 (["--sample", self.sample, "--source", "dir:"], ["--source", "'dir:' names nothing"]),
                                 (["--sample", self.sample, "--source", "http://sqs.localhost:4566/1/x"], ["--region"]),
                                 (["--sample", self.sample, "--name", "no name"], ["sluice: --name: wanted 1 to 63 letters"]),
                                 (["--ddl", ddl, ddl], [f"--ddl {ddl} and {ddl}: there are two tables 'e'"]),
                                 (["--ddl", ddl, same], [f"--ddl {ddl} and {same}: there are two tables 'e'"]),
                                 (["--ddl", slash], ["sluice: --ddl: the table name 'a/b'"]),
                                 (["--sample", self.sample, "--limit", "0"], ["--limit"]),
                                 (["--ddl", self.sample], ["sample.ndjson:1:1"])):
            with self.subTest(arguments=arguments):
                failed = self.init(*arguments, exit_code=2)
                self.assert_plain_failure(failed, *words)
                self.assertNotIn("sluice.yaml:", failed.stderr)
                self.assertFalse(self.out.exists())

    def test_nothing_is_overwritten_without_force(self):
        self.write(order(1))
        self.init("--sample", self.sample)
        files = {path: path.read_bytes() for path in self.out.rglob("*") if path.is_file()}
        self.assertEqual(len(files), 2)
        for kept in files:
            with self.subTest(kept=kept):
                shutil.rmtree(self.out)
                kept.parent.mkdir(parents=True)
                kept.write_text("mine")
                self.assert_plain_failure(self.init("--sample", self.sample, exit_code=2), str(kept), "--force")
                self.assertEqual([path.read_text() for path in self.out.rglob("*") if path.is_file()], ["mine"])
        self.init("--force", "--sample", self.sample)
        self.assertEqual({path: path.read_bytes() for path in self.out.rglob("*") if path.is_file()}, files)

    def test_what_is_half_written_by_somebody_else_is_not_overwritten_either(self):
        self.write(order(1))
        self.out.mkdir()
        part = self.out / "sluice.yaml.part"
        part.write_text("mine")
        self.assert_plain_failure(self.init("--sample", self.sample, exit_code=2), str(part), "--force")
        self.assertEqual([path.read_text() for path in self.out.rglob("*") if path.is_file()], ["mine"])
        self.init("--force", "--sample", self.sample)
        self.assertEqual({path.name for path in self.out.rglob("*") if path.is_file()}, {"events.sql", "sluice.yaml"})

    def test_one_file_that_cannot_be_written_leaves_all_as_they_were(self):
        self.write(order(1))
        for broken in ("sluice.yaml", "sluice.yaml.part"):
            with self.subTest(broken=broken):
                shutil.rmtree(self.out, ignore_errors=True)
                (self.out / broken).mkdir(parents=True)
                (self.out / "schema").mkdir()
                (self.out / "schema/events.sql").write_text("mine")
                self.assert_plain_failure(self.init("--force", "--sample", self.sample, exit_code=1 if broken == "sluice.yaml" else 2),
                                          broken)
                self.assertEqual([path.read_text() for path in self.out.rglob("*") if path.is_file()], ["mine"])

    def test_the_same_sample_makes_the_same_files(self):
        self.write(*map(page_view, range(50)), *map(order, range(50)))
        made = []
        for _ in range(2):
            self.init("--force", "--sample", self.sample)
            made.append({path: path.read_bytes() for path in self.out.rglob("*") if path.is_file()})
        self.assertEqual(*made)

    def test_a_limit_is_said(self):
        self.write(*map(order, range(300)))
        report = self.report("--sample", self.sample, "--limit", 250)
        self.assertEqual((report["events"], report["whole_sample"]), (250, False))
        self.assertEqual(report["notes"], [f"only the first 250 events of {self.sample} were read: --limit"])
        told = self.init("--force", "--sample", self.sample, "--limit", 250).stdout
        self.assertIn("read 250 events\n", told)
        self.assertIn(f"\n  look: only the first 250 events of {self.sample} were read: --limit\n", told)

    def test_a_limit_is_of_each_sample(self):
        self.write(*map(order, range(300)))
        other = self.folder / "other.ndjson"
        other.write_text("".join(json.dumps(page_view(i)) + "\n" for i in range(200)))
        report = self.report("--sample", self.sample, other, "--limit", 200)
        self.assertEqual((report["events"], report["whole_sample"], len(report["tables"])), (400, False, 2))
        self.assertEqual(report["notes"], [f"only the first 200 events of {self.sample} were read: --limit"])

    def test_an_id_of_something_else_drops_no_event(self):
        self.write(*({"record_id": f"r{i}", "rate": i} for i in range(100)))
        self.assertIsNone(self.report("--sample", self.sample)["tables"][0]["unique"])
        self.assertIn("record_id did in 100 different events", (self.out / "sluice.yaml").read_text())
        self.write(*({"record_id": f"r{i % 3}", "rate": i} for i in range(100)))
        self.assertEqual(self.load(), ({"tracking.events": 100}, []))

    def test_keys_that_are_values_are_collected(self):
        self.write(*({"event_id": f"e{i}", f"user{i}": {"seen": i}} for i in range(300)))
        report = self.report("--sample", self.sample)
        self.assertEqual([column["column"] for column in report["tables"][0]["columns"]], ["event_id", "other_fields"])
        self.assertIn("300 keys", report["notes"][0])
        self.assertEqual(self.load(), ({"tracking.events": 300}, []))
        database = duckdb.connect(str(self.out / "sluice-data/warehouse.duckdb"), read_only=True)
        (collected,) = database.execute("SELECT other_fields FROM tracking.events WHERE event_id = 'e7'").fetchone()
        database.close()
        self.assertEqual(json.loads(collected), {"user7": {"seen": 7}})

    def test_a_word_of_sql_may_be_the_name(self):
        self.write(order(1))
        self.init("--sample", self.sample, "--name", "select")
        self.assertEqual(self.load(), ({"select.events": 1}, []))

    def test_given_tables_are_taken_as_they_are(self):
        self.pipeline.run("generate", "--events", 1000, "--clean", "--out", self.sample)
        ddl = [ROOT / "examples/tracking/events.sql", ROOT / "examples/tracking/utm.sql"]
        for sample in ((), ("--sample", self.sample)):
            report = self.report("--force", "--ddl", *ddl, *sample)
            self.assertEqual([(table["table"], table["when"], table["unique"], table["time"]) for table in report["tables"]],
                             [("events", "has topic", "request_id", "request_timestamp"), ("utm", "has source", "request_id", None)])
            for path in ddl:
                self.assertEqual((self.out / "schema" / path.name).read_text().rstrip(), path.read_text().rstrip())
        self.assertEqual((report["events"], report["rows"]), (1000, 1000))
        self.assertEqual(self.load()[1], [])

    def test_a_source_elsewhere_is_written_and_checked(self):
        self.write(order(1))
        for source in ("https://sqs.eu-central-1.amazonaws.com/111111111111/tracking",
                       "arn:aws:kinesis:eu-central-1:111111111111:stream/tracking", "dir:" + str(self.folder / "queue")):
            with self.subTest(source=source):
                self.init("--force", "--sample", self.sample, "--source", source)
                self.assertIn("nothing to complain about", self.sluice("check"))


if __name__ == "__main__":
    unittest.main()
