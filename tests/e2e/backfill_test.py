# SPDX-License-Identifier: Apache-2.0
"""Loading any hour again, and finding what nobody loaded: backfill and reconcile."""

import contextlib
import datetime
import fcntl
import gzip
import json
import os
import pathlib
import re
import shutil
import signal
import unittest

import duckdb
from pipeline import HOUR, PipelineTest, events, stop, wait_until

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples" / "tracking"
NEXT_HOUR = "date=2026-11-23/15/"


def hour_of(moment):
    return moment.strftime("date=%Y-%m-%d/%H/")


class Backfill(PipelineTest):
    def put(self, count, objects, hour=HOUR, first=0):
        for i in range(objects):
            self.pipeline.put_raw(f"{i:03}.ndjson", events(count, first + i * count), hour)

    def rows(self):
        return self.pipeline.query("SELECT count(*) FROM tracking.events")[0][0]

    def backfill(self, *arguments, **options):
        return self.pipeline.ask("backfill", *arguments, **options)

    def test_what_nobody_announced_is_loaded_once(self):
        self.put(10, objects=3)
        self.put(10, objects=2, hour=NEXT_HOUR, first=1000)
        found = self.backfill("--from", "2026-11-23T14")
        self.assertEqual((found["plan"]["stored"], found["plan"]["to_load"], found["processed"]["loaded"]), (3, 3, 3))
        self.assertEqual(self.rows(), 30)
        # The second hour is new, the first is not; every way to write the range means the same.
        for arguments in (["2026-11-23"], ["2026-11-23T14", "--to", "2026-11-23T16"], ["2026-11-23 00:00", "--to", "2026-11-24T00:00Z"]):
            plan = self.backfill("--dry-run", "--from", *arguments)["plan"]
            self.assertEqual((plan["stored"], plan["to_load"], plan["loaded_before"]), (5, 2, 3), arguments)
        self.assertEqual(self.rows(), 30)
        self.backfill("--from", "2026-11-23", "--parallel", "2")
        self.assertEqual(self.rows(), 50)
        before = self.pipeline.digests("parquet"), self.pipeline.ledger_rows()
        again = self.pipeline.run("backfill", "--from", "2026-11-23")
        self.assertIn("5 loaded before, 0 to load", again.stdout)
        self.assertIn("nothing to do", again.stdout)
        self.assertEqual((self.pipeline.digests("parquet"), self.pipeline.ledger_rows()), before)
        self.assert_nothing_doubled()

    def test_C20_beside_process_nothing_is_doubled(self):
        """Both get every object of one folder, at the same time; it is two years old, and half of it was loaded then: the ledger forgets nothing. Which
        of them loads one of these is a matter of time, so each also has one that only it gets: both load."""
        then = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=730)
        keys = [self.pipeline.put_raw(f"{i:03}.ndjson", events(20, i * 20), hour_of(then)) for i in range(12)]
        self.pipeline.announce(*keys[:6])
        self.pipeline.run("process")
        self.pipeline.change_warehouse(f"UPDATE sluice.ledger SET loaded_at = TIMESTAMP '{then:%Y-%m-%d %H:%M:%S}'")
        before = self.pipeline.ledger_rows()
        announced = self.pipeline.put_raw("announced.ndjson", events(20, 240), hour_of(then - datetime.timedelta(days=1)))
        unannounced = self.pipeline.put_raw("unannounced.ndjson", events(20, 260), hour_of(then))
        self.pipeline.announce(*keys, announced)
        with self.pipeline.started("process", "--set", "load.max_size=1B") as live, \
                self.pipeline.started("backfill", "--from", f"{then:%Y-%m-%d}", "--set", "load.max_size=1B") as past:
            for process in live, past:
                _, errors = process.communicate(timeout=300)
                self.assertEqual(process.returncode, 0, errors)
        self.assertEqual(self.rows(), 280)
        self.assertEqual(self.pipeline.ledger(), dict.fromkeys([*keys, announced, unannounced], "loaded"))
        self.assertEqual([row for row in self.pipeline.ledger_rows() if row in before], before)
        self.assert_nothing_doubled()

    def test_a_live_load_gets_in_between_two_batches(self):
        self.put(2, objects=400)
        live = self.pipeline.put_raw("live.ndjson", events(3, 10_000), NEXT_HOUR)
        self.pipeline.announce(live)
        with self.pipeline.started("backfill", "--from", "2026-11-23T14", "--set", "load.max_size=1B") as past:
            wait_until(lambda: (self.pipeline.data / "parquet").exists() and self.pipeline.files("parquet"), "the first Parquet object")
            self.assertEqual(self.pipeline.ask("process")["processed"]["loaded"], 1)
            self.assertIsNone(past.poll(), "the backfill was at its end")
            self.assertEqual(stop(past), 1)
        loaded = self.pipeline.ledger()
        self.assertEqual(loaded[live], "loaded")
        self.assertLess(len(loaded), 401)

    def most_threads(self, *flags):
        """Of one backfill, as far as they were seen."""
        most = 0
        with self.pipeline.started("backfill", "--from", "2026-11-23", "--replace", "--set", "load.threads=1", *flags) as process:
            while process.poll() is None:
                with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                    most = max(most, len(os.listdir(f"/proc/{process.pid}/task")))
            self.assertEqual(process.returncode, 0, process.stderr.read())
        return most

    def test_parallel_is_the_number_of_threads(self):
        """Eight more for the load; one or two live too shortly to be seen each time."""
        self.put(5, objects=3)
        self.assertGreaterEqual(self.most_threads("--parallel", "9"), self.most_threads() + 6)

    def test_it_is_stopped_and_begun_again(self):
        self.put(5, objects=30)
        with self.pipeline.started("backfill", "--from", "2026-11-23", "--set", "load.max_size=1B") as process:
            wait_until(lambda: (self.pipeline.data / "parquet").exists() and self.pipeline.files("parquet"), "the first Parquet object")
            process.send_signal(signal.SIGTERM)
            _, errors = process.communicate(timeout=120)
        if process.returncode != 0:  # 0: it was quicker than the signal
            self.assertEqual(process.returncode, 1, errors)
            self.assertIn("goes on with the rest", errors)
        self.backfill("--from", "2026-11-23")
        self.assertEqual(self.rows(), 150)
        self.assert_nothing_doubled()

    def test_what_was_held_gets_a_new_try(self):
        key = self.pipeline.put_raw("held.ndjson", b'{"no": "route"}\n' * 20 + events(20))
        self.pipeline.announce(key)
        self.pipeline.run("process", "--set", "quarantine.hold_above=20%")
        self.assertEqual(self.pipeline.ledger(), {key: "held"})
        found = self.backfill("--from", "2026-11-23", "--set", "quarantine.hold_above=100%")
        self.assertEqual((found["plan"]["to_load"], found["plan"]["held"], found["processed"]["loaded"]), (1, 1, 1))
        self.assertEqual((self.pipeline.ledger(), self.rows()), ({key: "loaded"}, 20))

    def test_replace_puts_the_new_version_in_the_place_of_the_old(self):
        key = self.pipeline.put_raw("a.ndjson", events(10))
        self.put(10, objects=1, first=5)  # 5 of its events lost against a's
        self.pipeline.announce(key)
        self.pipeline.run("process")
        self.backfill("--from", "2026-11-23")
        self.assertEqual(self.rows(), 15)
        self.pipeline.put_raw("a.ndjson", events(3, topic="mended") + events(2, first=100))
        self.pipeline.announce(key)
        self.pipeline.run("process")
        self.assertEqual(self.rows(), 15)  # other content of a key waits for a person
        plan = self.backfill("--from", "2026-11-23", "--replace", "--dry-run")["plan"]
        self.assertEqual([plan[k] for k in ("loaded_before", "to_load", "held", "replaces")], [1, 1, 1, True], plan)
        self.assertEqual(self.rows(), 15)
        found = self.backfill("--from", "2026-11-23", "--replace")
        self.assertEqual(found["processed"]["loaded"], 2, found)
        self.assertEqual(self.rows(), 15)
        self.assertEqual(self.pipeline.query("SELECT count(*) FROM tracking.events WHERE topic = 'mended'")[0][0], 3)
        self.assertEqual(self.pipeline.query("SELECT count(*) FROM tracking.events WHERE request_id >= '00000003' AND request_id < '00000005'")[0][0], 0)
        self.assert_nothing_doubled()
        rows = self.pipeline.query("SELECT * FROM tracking.events ORDER BY ALL")
        self.backfill("--from", "2026-11-23", "--replace")
        self.assertEqual(self.pipeline.query("SELECT * FROM tracking.events ORDER BY ALL"), rows)

    def test_replace_mends_what_somebody_deleted(self):
        self.put(10, objects=2)
        self.backfill("--from", "2026-11-23")
        self.pipeline.change_warehouse("DELETE FROM tracking.events WHERE request_id < '00000015'")
        self.assertEqual(self.rows(), 5)
        self.backfill("--from", "2026-11-23", "--replace")
        self.assertEqual(self.rows(), 20)
        self.assert_nothing_doubled()

    def test_without_its_old_parquet_an_object_is_not_replaced_and_others_are(self):
        self.put(10, objects=2)
        self.backfill("--from", "2026-11-23")
        (self.pipeline.data / min(self.pipeline.files("parquet"))).unlink()
        before = self.pipeline.ledger_rows()
        for i in range(2):
            self.pipeline.put_raw(f"{i:03}.ndjson", events(10, i * 10, topic="mended"))
        done = self.pipeline.run("backfill", "--from", "2026-11-23", "--replace", exit_code=1)
        self.assertIn("not replaced, the old rows stay", done.stderr)
        self.assertEqual(self.pipeline.query("SELECT topic, count(*) FROM tracking.events GROUP BY 1 ORDER BY 1"), [("mended", 10), ("page.view", 10)])
        self.assertNotEqual(self.pipeline.ledger_rows(), before)
        self.assertRegex(done.stdout, r"processed +10 events of 1 raw objects: 1 loaded, 1 failed\n +failed: date=2026-11-23/14/00[01]\.ndjson\n")
        self.assertRegex(done.stdout, r"1 of 2 (loaded or )?replaced; what failed is as it was\n")

    def test_where_no_object_is_replaced_a_few_of_them_are_named_and_no_event_counts(self):
        self.put(10, objects=5)
        self.backfill("--from", "2026-11-23")
        for path in self.pipeline.files("parquet"):
            (self.pipeline.data / path).unlink()
        for i in range(5):
            self.pipeline.put_raw(f"{i:03}.ndjson", events(10, i * 10, topic=7))
        done = self.pipeline.run("backfill", "--from", "2026-11-23", "--replace", exit_code=1)
        *others, last = done.stdout.splitlines()[2:]
        self.assertEqual(others, ["processed  0 events of 0 raw objects: 5 failed",
                                  f"           failed: {HOUR}000.ndjson, {HOUR}001.ndjson, {HOUR}002.ndjson and 2 more"])
        # Files that are written over within a second of their load are not told from those that were loaded.
        self.assertRegex(last, "^           0 of 5 (loaded or )?replaced; what failed is as it was$")

    def configuration(self, *tables):
        """Of this pipeline, with these of its tables."""
        known = {"events": {"ddl": str(EXAMPLES / "events.sql"), "when": {"has": "topic"}, "unique": ["request_id"], "time": "request_timestamp"},
                 "utm": {"ddl": str(EXAMPLES / "utm.sql"), "when": {"has": "source"}, "unique": ["request_id"]}}
        data = self.pipeline.data
        path = self.pipeline.folder / f"{'-'.join(tables)}.yaml"
        path.write_text(json.dumps({
            "name": "tracking", "source": {"dir": str(data)}, "raw": {"url": f"dir:{data}/raw"}, "parquet": {"url": f"dir:{data}/parquet"},
            "quarantine": {"url": f"dir:{data}/quarantine", "hold_above": "100%"}, "warehouse": {"duckdb": f"{data}/warehouse.duckdb"},
            "tables": [known[table] for table in tables]}))
        return path

    def test_rows_of_another_key_are_not_replaced(self):
        """Which event lost against which is known of the key that the table had when it was loaded."""
        timed = self.configuration("events")
        whole = json.loads(timed.read_text())
        del whole["tables"][0]["time"]
        untimed = timed.with_name("untimed.yaml")
        untimed.write_text(json.dumps(whole))
        self.put(10, objects=2)
        self.backfill("--config", timed, "--from", "2026-11-23")
        for i in range(2, 4):
            self.pipeline.put_raw(f"{i:03}.ndjson", events(10, i * 10))
        self.backfill("--config", untimed, "--from", "2026-11-23")
        for i in range(4):
            self.pipeline.put_raw(f"{i:03}.ndjson", events(10, i * 10, topic="mended"))
        # Two raw objects are a batch: of the first none can be replaced.
        size = len(events(10, topic="mended")) + 1
        done = self.pipeline.run("--config", untimed, "--set", f"load.max_size={size}", "backfill", "--from", "2026-11-23", "--replace", exit_code=1)
        self.assertIn('not replaced, the old rows stay: cannot replace: the table\'s unique and time were others when it was loaded; set them back, '
                      'or load into another table: then="request_id", "request_timestamp" now="request_id"', done.stderr)
        topics = "SELECT topic, count(*), left(min(request_id), 8) FROM tracking.events GROUP BY 1 ORDER BY 1"
        self.assertEqual(self.pipeline.query(topics), [("mended", 20, "00000020"), ("page.view", 20, "00000000")])
        self.pipeline.run("--config", timed, "backfill", "--from", "2026-11-23", "--replace", exit_code=1)
        self.assertEqual(self.pipeline.query(topics), [("mended", 40, "00000000")])

    def test_rows_of_a_table_that_is_gone_are_not_replaced_and_others_are(self):
        def put(topic):
            self.pipeline.put_raw("a.ndjson", events(10, topic=topic) + json.dumps({"request_id": "u", "source": "x", "medium": topic}).encode() + b"\n")
            self.pipeline.put_raw("b.ndjson", events(10, 10, topic=topic))

        both = self.configuration("utm", "events")
        put("first")
        self.backfill("--config", both, "--from", "2026-11-23")
        put("second")
        done = self.pipeline.run("--config", self.configuration("events"), "backfill", "--from", "2026-11-23", "--replace", exit_code=1)
        self.assertIn("not replaced, the old rows stay: cannot replace: rows are loaded into a table that is not configured any more: table=utm", done.stderr)
        self.assertEqual(self.pipeline.query("SELECT topic, count(*) FROM tracking.events GROUP BY 1 ORDER BY 1"), [("first", 10), ("second", 10)])
        self.assertEqual(self.pipeline.query("SELECT count(*) FROM tracking.utm"), [(1,)])

    def test_a_table_that_was_added_later_is_filled_from_what_was_loaded_before(self):
        def put(number, more=b""):
            utm = [json.dumps({"request_id": f"u{number}-{i}", "source": "x", "medium": "y"}).encode() + b"\n" for i in range(5)]
            self.pipeline.put_raw(f"{number}.ndjson", events(10, number * 10) + b"".join(utm) + more)

        def count(table):
            return self.pipeline.query(f"SELECT count(*) FROM {table}")[0][0]

        one, both = self.configuration("events"), self.configuration("events", "utm")
        for number in range(3):
            put(number)
        self.backfill("--config", one, "--from", "2026-11-23")
        self.assertEqual((count("tracking.events"), count("sluice.quarantine")), (30, 15))
        put(1, b"\n")  # another version, which takes the first one's place
        self.backfill("--config", one, "--from", "2026-11-23", "--replace")
        self.assertEqual((count("tracking.events"), count("sluice.quarantine")), (30, 15))
        put(3)
        found = self.backfill("--config", both, "--from", "2026-11-23")
        self.assertEqual((found["processed"]["loaded"], count("tracking.utm")), (1, 5))

        since = ("--config", both, "--from", "2026-11-23", "--replace", "--table", "utm")
        plan = self.backfill(*since, "--dry-run")["plan"]
        self.assertEqual((plan["table"], plan["stored"], plan["loaded_before"], plan["to_load"]), ("utm", 4, 1, 3))
        # One that cannot be replaced keeps nobody from being filled, and is all that is left to do.
        hidden = self.pipeline.data / min(path for path in self.pipeline.files("parquet") if "/0-" in path)
        content = hidden.read_bytes()
        hidden.unlink()
        self.pipeline.run("backfill", *since, exit_code=1)
        self.assertEqual((count("tracking.events"), count("tracking.utm"), count("sluice.quarantine")), (40, 15, 5))
        hidden.write_bytes(content)
        self.assertIn("3 loaded before with utm, 1 to load, again if", self.pipeline.run("backfill", *since, "--dry-run").stdout)
        before = self.pipeline.query("SELECT * FROM sluice.ledger WHERE raw_key NOT LIKE '%/0.ndjson' ORDER BY ALL")
        self.assertEqual(self.backfill(*since)["processed"]["loaded"], 1)
        self.assertEqual((count("tracking.events"), count("tracking.utm"), count("sluice.quarantine")), (40, 20, 0))
        self.assertEqual(self.pipeline.query("SELECT * FROM sluice.ledger WHERE raw_key NOT LIKE '%/0.ndjson' ORDER BY ALL"), before)
        self.assertIn("nothing to do", self.pipeline.run("backfill", *since).stdout)
        self.assert_nothing_doubled()
        self.assertTrue(self.pipeline.ask("--config", both, "status")["balanced"])

        self.assert_plain_failure(self.pipeline.run("backfill", *since[:-3], "--table", "utm", exit_code=2), "--table needs --replace")
        self.assert_plain_failure(self.pipeline.run("backfill", *since[:-1], "clicks", exit_code=2), "tracking.events, tracking.utm")

    def test_no_range_is_silently_empty(self):
        self.put(1, objects=1)
        for hour, said in (("2026-11-22", "nothing to do\n"), ("2999-01-01", "nothing to do: these hours are to come\n"), ("2026-11-23T15", "nothing to do\n")):
            self.assertTrue(self.pipeline.run("backfill", "--from", hour).stdout.endswith("\n" + said))
        for wrong in (["2026-11-31"], ["yesterday"], ["2026-11-23T24"], ["2026-11-23", "--to", "2026-11-23"]):
            self.assert_plain_failure(self.pipeline.run("backfill", "--from", *wrong, exit_code=2), "the range is empty" if len(wrong) > 1 else "not an hour")
        done = self.pipeline.run("--set", "raw.layout=%Y/%m/%d/%H/", "backfill", "--from", "2026-11-23", exit_code=1)
        self.assert_plain_failure(done, "0 of 1 keys match raw.layout", "date=2026-11-23/14/000.ndjson")
        key = self.pipeline.put_raw("a.ndjson", events(2), "date=2026-11-22/9/")
        done = self.pipeline.run("backfill", "--from", "2026-11-22", exit_code=1)
        self.assert_plain_failure(done, "nothing is in these hours, and 1 keys of the raw store do not match raw.layout", key)

    def test_surroundings_that_are_not_there(self):
        done = self.pipeline.run("backfill", "--from", "2026-11-23", exit_code=1)
        self.assert_plain_failure(done, "the raw store is not there")
        self.assertEqual(list(self.pipeline.folder.rglob("*")), [])
        self.put(1, objects=1)
        self.backfill("--from", "2026-11-23")
        self.pipeline.run("pause", "the table is being moved")
        self.pipeline.put_raw("later.ndjson", events(1, 500))
        done = self.pipeline.run("backfill", "--from", "2026-11-23", exit_code=1)
        self.assert_plain_failure(done, "loading is paused, so that nothing was loaded", "the table is being moved")
        self.assertEqual(self.backfill("--from", "2026-11-23", exit_code=1)["processed"]["paused"], "the table is being moved")
        self.assertEqual(self.rows(), 1)
        self.pipeline.run("resume")
        self.backfill("--from", "2026-11-23")
        self.assertEqual(self.rows(), 2)


class Pauses(PipelineTest):
    def test_a_pause_lasts_until_it_is_ended(self):
        first = self.pipeline.put_raw("a.ndjson", events(1))
        self.assert_plain_failure(self.pipeline.run("pause", "why", exit_code=1), "the warehouse is not there yet")
        self.pipeline.announce(first)
        self.pipeline.run("process")
        self.assertEqual(self.pipeline.ask("pause", "it's \\ being\nmoved"), {"paused": True, "reason": "it's \\ being\\u000amoved", "before": None})
        self.assertEqual(self.pipeline.ask("pause", "still")["before"], "it's \\ being\\u000amoved")
        self.pipeline.announce(self.pipeline.put_raw("b.ndjson", events(1, 1)))
        self.assertEqual(self.pipeline.ask("process")["processed"]["paused"], "still")
        status = self.pipeline.status()
        self.assertEqual((status["paused"], status["notifications"]["waiting"]), ("still", 1))
        self.assertEqual(self.pipeline.ask("resume"), {"paused": False, "reason": None, "before": "still"})
        self.assertIn("was not paused", self.pipeline.run("resume").stdout)
        self.pipeline.run("process")
        self.assertEqual(self.pipeline.query("SELECT count(*) FROM tracking.events"), [(2,)])
        self.pipeline.run("pause", "", exit_code=2)
        self.pipeline.run("pause", exit_code=2)


class Reconcile(PipelineTest):
    def setUp(self):
        super().setUp()
        self.now = datetime.datetime.now(datetime.timezone.utc)

    def put(self, name, *, hours_ago=0.0, modified_hours_ago=None, first=0):
        moment = self.now - datetime.timedelta(hours=hours_ago)
        key = self.pipeline.put_raw(name, events(2, first), hour_of(moment))
        modified = self.now - datetime.timedelta(hours=hours_ago if modified_hours_ago is None else modified_hours_ago)
        os.utime(self.pipeline.data / "raw" / key, (modified.timestamp(),) * 2)
        return key

    def reconcile(self, *arguments, exit_code=0):
        return self.pipeline.ask("reconcile", *arguments, exit_code=exit_code)

    def test_N1_it_finds_and_mends_what_nobody_announced(self):
        loaded = self.put("a.ndjson", hours_ago=30)
        self.pipeline.announce(loaded)
        self.pipeline.run("process")
        missing = self.put("b.ndjson", hours_ago=30, first=10)
        young = self.put("young.ndjson", first=20)
        self.put("old.ndjson", hours_ago=24 * 30, first=30)
        found = self.reconcile(exit_code=3)
        self.assertEqual({k: found[k] for k in ("stored", "loaded", "missing", "pending", "examples", "announced")},
                         {"stored": 3, "loaded": 1, "missing": 1, "pending": 1, "examples": [missing], "announced": 0})
        self.assertEqual(self.pipeline.status()["notifications"]["waiting"], 0)
        text = self.pipeline.run("reconcile", exit_code=3).stdout
        hour = f"{missing[5:15]}T{missing[16:18]}"
        self.assertRegex(text, f"(?m)^to mend it: sluice reconcile --repair, or sluice backfill --from {hour} --to [0-9T-]+$")
        self.assertRegex(text, r"(?m)^ +1  young and not loaded yet: no notification waits; it counts as missing from [0-9 :-]+ on; "
                               rf"sluice backfill --from {young[5:15]}T{young[16:18]} --to [0-9T-]+ loads it now$")
        self.pipeline.run("pause", "until Monday")
        self.assertIn("young and not loaded yet: loading is paused, until Monday: sluice resume\n", self.pipeline.run("reconcile", exit_code=3).stdout)
        self.pipeline.run("resume")
        text = self.pipeline.run("reconcile", "--repair").stdout
        self.assertRegex(text, r"(?m)^ +1  young .*: no notification waits; ", "the one that it sends is of another")
        self.assertIn("sent 1 notification;", text)
        self.assertRegex(self.pipeline.run("reconcile", exit_code=3).stdout, r"(?m)^ +1  young .*: its notification may be among the 1 that wait$")
        self.pipeline.run("process")
        self.assertEqual(self.pipeline.ledger(), {loaded: "loaded", missing: "loaded"})
        self.assertEqual((self.reconcile()["missing"], self.reconcile("--since", "60d", exit_code=3)["missing"]), (0, 1))
        # Another notification about what is loaded changes nothing.
        self.pipeline.announce(loaded, missing)
        self.pipeline.run("process")
        self.assertEqual(self.pipeline.query("SELECT count(*) FROM tracking.events"), [(4,)])

    def test_process_looks_for_what_nobody_announced(self):
        """Of what landed since it ran first, and at most once in `reconcile.every`."""
        def process(every="1ms"):
            for _ in range(2):  # the second run loads what the first one sent notifications for
                done = self.pipeline.run("process", "--set", f"reconcile.every={every}", "--set", "reconcile.grace=0s")
            return done

        self.put("before.ndjson", hours_ago=3)
        process()
        late = self.put("late.ndjson", hours_ago=3, modified_hours_ago=0, first=10)
        os.utime(self.pipeline.data / "raw" / late)
        self.assertIn("nobody may have been told of them; sent notifications for the next run: objects=1", self.pipeline.run(
            "process", "--set", "reconcile.every=1ms", "--set", "reconcile.grace=0s").stderr)
        self.pipeline.run("process")
        self.assertEqual(self.pipeline.ledger(), {late: "loaded"})
        later = self.put("later.ndjson", hours_ago=3, first=20)
        os.utime(self.pipeline.data / "raw" / later)
        for every in ("1h", "0s"):
            process(every)
            self.assertEqual(self.pipeline.ledger(), {late: "loaded"})
        process()
        self.assertEqual(self.pipeline.ledger(), {late: "loaded", later: "loaded"})

    def ran(self, *, first, last):
        """As if `process` had run first, and last looked, so many hours ago."""
        folder = self.pipeline.data / "quarantine/_sluice/reconciled/tracking"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        first, last = (f"{self.now - datetime.timedelta(hours=hours):%Y-%m-%dT%H:%M:%S.000000Z}" for hours in (first, last))
        (folder / "999999999999.txt").write_text(f"sluice reconciled 1\n{first} {last}\n")

    def told(self):
        """How many notifications `process` sends for the next run."""
        said = re.search(r"sent notifications for the next run: objects=(\d+)", self.pipeline.run("process").stderr)
        return int(said[1]) if said else 0

    def test_process_sends_nothing_again_while_loading_is_paused(self):
        self.pipeline.announce(self.put("a.ndjson"))
        self.pipeline.run("process")
        self.pipeline.run("pause", "it is being moved")
        self.pipeline.announce(self.put("waits.ndjson", hours_ago=3, first=10))
        self.ran(first=100, last=10)
        self.assertEqual(self.told(), 0)
        self.assertEqual(self.pipeline.status()["notifications"]["waiting"], 1)

    def test_N4_messages_of_others_in_the_queue_hide_nothing(self):
        self.pipeline.run("process")
        for _ in range(5):
            self.pipeline.notify("hello")
        late = self.put("late.ndjson", hours_ago=3)
        self.ran(first=100, last=10)
        self.assertEqual(self.told(), 1)
        self.pipeline.run("process")
        self.assertEqual(self.pipeline.ledger(), {late: "loaded"})

    def test_process_looks_at_all_the_time_in_which_it_did_not_run(self):
        """And at what was young when it ran last."""
        self.pipeline.run("process")
        keys = [self.put(f"{hours}.ndjson", hours_ago=hours, first=10 * i) for i, hours in enumerate((2, 150, 168.5, 24 * 33))]
        self.ran(first=24 * 365, last=168)
        self.assertEqual(self.told(), 3)
        self.pipeline.run("process")
        self.assertEqual(set(self.pipeline.ledger()), set(keys[:3]))

    def test_process_tells_again_once_a_day(self):
        self.pipeline.run("process")
        self.put("a.ndjson", hours_ago=30)  # overdue for 29 hours
        for last, told in (2, 0), (6, 1):
            with self.subTest(last=last):
                self.ran(first=100, last=last)
                self.assertEqual(self.told(), told)

    def test_what_landed_in_a_first_run_that_failed_is_looked_for(self):
        """The first run is over before anything is loaded: what it landed is the pipeline's."""
        self.pipeline.run("process", "--set", "warehouse.duckdb=/dev/null/none", exit_code=1)
        memory, = (self.pipeline.data / "quarantine/_sluice/reconciled/tracking").iterdir()
        self.assertEqual(memory.name, "999999999999.txt")

    def test_what_is_gone_and_what_waits_for_a_person(self):
        held = self.pipeline.put_raw("held.ndjson", b'{"no": "route"}\n' * 20, hour_of(self.now))
        gone = self.put("gone.ndjson")
        self.pipeline.announce(held, gone)
        self.pipeline.run("process", "--set", "quarantine.hold_above=20%")
        (self.pipeline.data / "raw" / gone).unlink()
        reason, = self.pipeline.query("SELECT reason FROM sluice.ledger WHERE table_name = '*' AND state = 'held'")[0]
        self.assertEqual(json.loads(self.pipeline.run("reconcile", "--json", exit_code=3).stdout) | {"from": "", "to": ""},
                         {"from": "", "to": "", "stored": 1, "loaded": 0, "pending": 0, "held": 1, "set_aside": 0, "held_examples": [{"key": held, "reason": reason}],
                          "set_aside_examples": [], "overwritten": 0, "overwritten_examples": [], "foreign": 0,
                          "elsewhere": {"foreign": 0, "is_whole": True, "example": None}, "gone": 1, "vanished": 0, "missing": 0, "missing_bytes": 0, "examples": [], "announced": 0,
                          "parquet": {"stored": 1, "named": 1, "young": 0, "unnamed": 0, "missing": 0, "examples": [], "claim": None},
                          "quarantine": {"named": 1, "missing": 0, "examples": []}, "after": None})

    def test_what_waits_for_a_person_is_named_with_its_reason(self):
        held = [self.pipeline.put_raw(f"{i:02}.ndjson", b'{"no": "route"}\n' * 20, hour_of(self.now)) for i in range(11)]
        damaged = self.pipeline.put_raw("damaged.ndjson.gz", gzip.compress(events(5))[:-9], hour_of(self.now))
        self.pipeline.announce(*held, damaged)
        self.pipeline.run("process")
        reasons = dict(self.pipeline.query("SELECT raw_key, reason FROM sluice.ledger WHERE table_name = '*'"))
        found = self.reconcile(exit_code=3)
        self.assertEqual(found["held_examples"], [{"key": key, "reason": reasons[key]} for key in held[:10]])
        self.assertEqual(found["set_aside_examples"], [{"key": damaged, "reason": reasons[damaged]}])
        text = self.pipeline.run("reconcile", exit_code=3).stdout
        self.assertRegex(text, f"11  held: mend what the reason says, .*\n +{held[0]}: {re.escape(reasons[held[0]])}\n")
        self.assertRegex(text, f" {held[9]}: .*\n +…\n +1  set aside: mend what the reason says, .*\n +{damaged}: {re.escape(reasons[damaged])}\n")
        hour = self.now.strftime("%Y-%m-%dT%H")
        self.assertIn(f"for example {damaged}: {reasons[damaged]}", self.pipeline.run("why", hour, exit_code=3).stdout)

    def test_what_is_not_as_the_layout_says_is_found_outside_of_the_hours_too(self):
        self.pipeline.announce(self.put("a.ndjson"))
        self.pipeline.run("process")
        self.assertEqual(self.reconcile()["elsewhere"], {"foreign": 0, "is_whole": True, "example": None})
        key = self.pipeline.put_raw("b.ndjson", events(2), "date=2020-01-01/9/")
        found = self.reconcile(exit_code=3)
        self.assertEqual((found["loaded"], found["foreign"], found["elsewhere"]), (1, 0, {"foreign": 1, "is_whole": True, "example": key}))
        text = self.pipeline.run("reconcile", exit_code=3).stdout
        self.assertRegex(text, f" 1  elsewhere in the raw store and not as raw.layout says, date=%Y-%m-%d/%H/: nobody will load them; move them, or correct raw.layout\n +{key}\n")
        self.assertNotIn("nothing is missing", text)

    def test_what_it_says_to_mend_what_is_missing_can_be_typed_and_finds_as_much(self):
        first, last = self.put("a.ndjson", hours_ago=40), self.put("b.ndjson", hours_ago=30, first=10)
        self.put("young.ndjson", first=20)
        text = self.pipeline.run("reconcile", "--grace", "0s", exit_code=3).stdout
        mend = text.split("\nto mend it: ")[1].split("\n")[0].removeprefix("sluice ").split(", or sluice ")
        self.assertEqual(mend[0], "reconcile --repair --grace 0s")
        self.assertIn("sent 3 notifications; next: sluice process\n", self.pipeline.run(*mend[0].split()).stdout)
        # They wait, and are no more missing than that.
        text = self.pipeline.run("reconcile", "--grace", "0s", exit_code=3).stdout
        self.assertIn("their notifications may be among the 3 that wait; next: sluice process\n", text)
        self.assertNotIn("to mend it", text)
        self.put("c.ndjson", hours_ago=20, first=30)
        text = self.pipeline.run("reconcile", "--grace", "0s", exit_code=3).stdout
        self.assertRegex(text, "their notifications may be among the 3 that wait; next: sluice process\nto mend it: sluice reconcile --repair --grace 0s, or ")
        # What is young may have all that wait: then those that are missing still are.
        for name in "def":
            self.put(f"{name}.ndjson", first=ord(name))
        text = self.pipeline.run("reconcile", exit_code=3).stdout
        self.assertNotIn("next: sluice process", text)
        self.assertIn("\nto mend it: sluice reconcile --repair, or ", text)
        self.pipeline.run(*mend[1].split())
        self.assertLessEqual({first, last}, set(self.pipeline.ledger()))

    def test_parquet_objects_are_compared_too(self):
        keys = [self.put(name, hours_ago=hours, first=10 * i) for i, (name, hours) in enumerate((("a.ndjson", 2), ("b.ndjson", 3), ("old.ndjson", 24 * 30)))]
        self.pipeline.announce(*keys)
        self.pipeline.run("process")
        self.assertEqual(self.reconcile()["parquet"], {"stored": 2, "named": 2, "young": 0, "unnamed": 0, "missing": 0, "examples": [], "claim": None})
        found = {path.name[:1]: path for path in (self.pipeline.data / "parquet").rglob("*.parquet")}
        orphan = found["a"].with_name("theirs-0123456789abcdef.parquet")
        orphan.write_bytes(b"")
        found["b"].unlink()
        found["o"].unlink()
        missing = str(found["b"].relative_to(self.pipeline.data / "parquet"))
        self.assertEqual(self.reconcile(exit_code=3)["parquet"],
                         {"stored": 2, "named": 1, "young": 1, "unnamed": 0, "missing": 1, "examples": [missing], "claim": None})
        os.utime(orphan, (0, 0))
        self.assertEqual(self.reconcile(exit_code=3)["parquet"]["unnamed"], 1)
        text = self.pipeline.run("reconcile", exit_code=3).stdout
        self.assertRegex(text, f"1  Parquet objects that .* are not in their store: the rows are in the tables. .* or restore them from the bucket's versions\n +{missing}\n")
        self.assertNotIn("nothing is missing", text)
        self.assertIn("1  Parquet objects that the ledger does not name: sluice gc", text)
        self.assertEqual(self.reconcile("--since", "60d", exit_code=3)["parquet"]["missing"], 2)

    def test_behind_a_key_it_goes_on(self):
        keys = sorted(self.put(f"{i}.ndjson", hours_ago=2, first=i * 2) for i in range(6))
        self.pipeline.announce(*keys[:2])
        self.pipeline.run("process")
        self.assertEqual([self.reconcile(exit_code=3)[k] for k in ("stored", "loaded", "missing", "after")], [6, 2, 4, None])
        self.assertEqual([self.reconcile("--after", keys[0], exit_code=3)[k] for k in ("stored", "loaded", "missing")], [5, 1, 4])
        self.assertIn(f"only what is behind {keys[0]}", self.pipeline.run("reconcile", "--after", keys[0], exit_code=3).stdout)
        self.assertEqual(self.reconcile("--after", keys[5])["stored"], 0)
        self.assert_plain_failure(self.pipeline.run("reconcile", "--after", "nonsense", exit_code=2), "--after nonsense: no key as raw.layout says")

    def test_what_is_stopped_says_behind_which_key_to_go_on(self):
        keys = sorted(self.put(f"{i}.ndjson", hours_ago=2, first=i * 2) for i in range(6))
        self.pipeline.announce(*keys[:2])
        self.pipeline.run("process")
        # It waits for somebody who has the warehouse, before it has compared another key.
        with open(self.pipeline.data / "warehouse.duckdb.lock", "a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            with self.pipeline.started("reconcile", "--json", "--after", keys[1]) as process:
                self.assertIn("waiting for another process", process.stderr.readline())
                self.assertEqual(stop(process), 1)
                found = json.loads(process.stdout.read())
        self.assertEqual((found["after"], found["stored"]), (keys[1], 0))
        self.assertEqual((found["parquet"], found["quarantine"]), (None, None), "nobody compared them")
        self.assertEqual(self.reconcile("--after", found["after"], exit_code=3)["missing"], 4)

    def test_a_quarantine_object_that_is_gone_is_told_and_written_again(self):
        for name in "a.ndjson", "b.ndjson", "clean.ndjson":
            self.pipeline.put_raw(name, events(5, ord(name[0]) * 10) + b"no JSON\n" * (name[0] in "ab"), hour_of(self.now))
        hour = self.now.strftime("%Y-%m-%dT%H")
        self.pipeline.ask("backfill", "--from", hour)
        self.assertEqual(self.reconcile()["quarantine"], {"named": 2, "missing": 0, "examples": []})
        store = self.pipeline.data / "quarantine"
        gone = min(store.rglob("*.parquet"))
        content = gone.read_bytes()
        gone.unlink()
        missing = str(gone.relative_to(store))
        self.assertEqual(self.reconcile(exit_code=3)["quarantine"], {"named": 2, "missing": 1, "examples": [missing]})
        text = self.pipeline.run("reconcile", exit_code=3).stdout
        self.assertIn("1  quarantine objects that the ledger names are not in their store", text)
        self.assertIn(missing, text)
        self.assertNotIn("nothing is missing", text)
        self.pipeline.run("backfill", "--from", hour, "--replace")
        self.assertEqual(gone.read_bytes(), content)
        self.assertEqual(self.reconcile()["quarantine"]["missing"], 0)

    def test_what_a_replaced_version_became_is_not_missed(self):
        """No replace writes it again: its key is made of that version's content."""
        def put(topic):
            self.pipeline.put_raw("a.ndjson", events(5, topic=topic) + b"no JSON\n", hour_of(self.now))

        hour = self.now.strftime("%Y-%m-%dT%H")
        put("first")
        self.pipeline.ask("backfill", "--from", hour)
        replaced = [path for store in ("parquet", "quarantine") for path in (self.pipeline.data / store).rglob("*.parquet")]
        put("second")
        self.pipeline.ask("backfill", "--from", hour, "--replace")
        self.assertEqual(len(replaced), 2)
        for path in replaced:
            path.unlink()
        found = self.reconcile()
        self.assertEqual((found["parquet"]["missing"], found["quarantine"]), (0, {"named": 1, "missing": 0, "examples": []}))
        self.assertEqual(self.pipeline.ask("gc")["missing"], 0)
        self.assertIn("nothing is missing", self.pipeline.run("reconcile").stdout)

    def test_beside_process_and_backfill_nothing_is_told_that_is_wrong(self):
        keys = [self.put(f"{i:03}.ndjson", first=i * 2) for i in range(40)]
        self.pipeline.announce(*keys)
        hour = self.now.strftime("%Y-%m-%dT%H")
        batches = ("--set", "load.max_size=1B")
        found = []
        with self.pipeline.started("process", *batches) as live, self.pipeline.started("backfill", "--from", hour, *batches) as past:
            wait_until(lambda: (self.pipeline.data / "parquet").exists(), "the first Parquet object")
            while live.poll() is None or past.poll() is None:
                found.append(self.reconcile())
            for process in live, past:
                self.assertEqual(process.returncode, 0, process.stderr.read())
        found.append(self.reconcile())
        for report in found:
            self.assertEqual(report["loaded"] + report["pending"], 40, report)
            self.assertEqual((report["gone"], report["vanished"], report["parquet"]["missing"], report["quarantine"]["missing"]), (0, 0, 0, 0), report)
        self.assertEqual(found[-1]["loaded"], 40)
        self.assertGreater(len(found), 2)

    def test_wrong_durations(self):
        for flag in "--since", "--grace":
            self.assert_plain_failure(self.pipeline.run("reconcile", flag, "soon", exit_code=2), flag)


if __name__ == "__main__":
    unittest.main()
