# SPDX-License-Identifier: Apache-2.0
"""What a person on call asks: are the tables right, and where is my event?"""

import contextlib
import datetime
import json
import os
import shutil
import sqlite3
import unittest

from pipeline import HOUR, PipelineTest, events


class Asking(PipelineTest):
    def load(self, name, content, hour=HOUR):
        key = self.pipeline.put_raw(name, content, hour)
        self.pipeline.announce(key)
        self.pipeline.run("process")
        return key


    def configured(self, ddl, tables):
        """Flags of a configuration with these tables, each with a file of its DDL."""
        data = self.pipeline.data
        for name, columns in ddl.items():
            (self.pipeline.folder / f"{name}.sql").write_text(f"CREATE TABLE rows.{name} ({columns});")
        config = self.pipeline.folder / "sluice.yaml"
        config.write_text(
            f"name: rows\nsource: {{dir: {data}}}\nraw: {{url: 'dir:{data}/raw'}}\nparquet: {{url: 'dir:{data}/parquet'}}\n"
            f"quarantine: {{url: 'dir:{data}/quarantine'}}\nwarehouse: {{duckdb: {data}/warehouse.duckdb}}\ntables:\n"
            + "".join(f"  - {table}\n" for table in tables))
        return "--config", config


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
            "table": "", "exists": True, "rows": 150, "loaded": 150, "not_ours": 0, "missing": 0, "rows_in_range": 150, "missing_in_range": 0, "keys_twice": 0,
            "rows_too_many": 0, "doubled": [], "differing": 0, "differing_keys": [], "hours": []})
        self.assertFalse(found["needs_attention"])
        self.assertIn("each key once", self.pipeline.run("verify", *self.DAY).stdout)

    def test_what_somebody_else_did_is_found(self):
        self.load("a.ndjson", events(10))
        self.pipeline.change_warehouse("INSERT INTO tracking.events SELECT * FROM tracking.events WHERE request_id LIKE '00000003%'",
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
        self.pipeline.change_warehouse("DELETE FROM tracking.events WHERE request_id LIKE '0000000%'")
        self.assertEqual(self.verify(exit_code=3)["tables"][0]["hours"],
                         [{"hour": "2026-11-23T10", "rows": 0, "at_least": 10, "at_most": 10}])
        # Old rows may have been taken away for good.
        later = self.verify("--from", "2026-11-24")
        self.assertEqual((later["tables"][0]["missing"], later["needs_attention"]), (10, False))
        text = self.pipeline.run("verify", "--from", "2026-11-24").stdout
        self.assertIn("nothing in these hours contradicts the ledger; 10 rows", text)
        self.assertNotIn("the tables hold", text)

    def test_rows_that_no_hour_misses_are_missed_by_the_range(self):
        late = {"request_timestamp": "2026-11-23 03:00:00"}
        for i in range(3):
            self.load(f"{i}.ndjson", events(10, 20 * i) + events(1, 20 * i + 15, **late))
        self.pipeline.change_warehouse("DELETE FROM tracking.events WHERE request_timestamp >= '2026-11-23 10:00:00'")
        found = self.verify(exit_code=3)["tables"][0]
        self.assertEqual((found["hours"], found["missing_in_range"]), ([], 30))
        self.assertIn("tracking.events: of these hours at least 30 rows are missing", self.pipeline.run("verify", *self.DAY, exit_code=3).stdout)

    def test_a_table_that_somebody_dropped_is_missed(self):
        self.load("a.ndjson", events(3))
        self.pipeline.change_warehouse("DROP TABLE tracking.events")
        for time in ((), ("--from", "2999-01-01")):
            self.assertRegex(self.pipeline.run("verify", *time, exit_code=3).stdout, r"tracking\.events +no table +\d+ +\d+\n")

    def test_only_of_what_was_looked_at_it_says_each_key_once(self):
        configured = self.configured({"t": "id VARCHAR(40) NOT NULL, at TIMESTAMP NOT NULL", "u": "other VARCHAR(40) NOT NULL"},
                                     ("{ddl: t.sql, when: {has: id}, unique: [id], time: at}",
                                      "{ddl: u.sql, when: {has: other}, unique: [other]}"))
        self.pipeline.announce(self.pipeline.put_raw("a.ndjson", b'{"id": "a", "at": "2026-11-23 10:00:00"}\n'))
        self.pipeline.run("process", *configured)
        for day, end in (("2026-11-23", "\n\nthe tables hold what the ledger says, each key once\n"),
                         ("2026-11-24", "\n\nno rows in these hours: rows.t\nrows.u holds what the ledger says, each key once\n")):
            self.assertTrue(self.pipeline.run("verify", "--from", day, *configured).stdout.endswith(end))
        self.pipeline.announce(self.pipeline.put_raw("b.ndjson", b'{"other": "b"}\n'))
        self.pipeline.run("process", *configured)
        for day, end in (("2026-11-23", "\n\nthe tables hold what the ledger says, each key once\n"),
                         ("2026-11-24", "\n\nno rows in these hours: rows.t\nrows.u holds what the ledger says, each key once\n")):
            self.assertTrue(self.pipeline.run("verify", "--from", day, *configured).stdout.endswith(end))

    def test_rows_without_a_ledger_need_a_person(self):
        self.load("a.ndjson", events(1))
        self.pipeline.change_warehouse("DROP SCHEMA sluice CASCADE")
        self.assertIn("no ledger", self.pipeline.run("verify", exit_code=3).stdout)


class Why(Asking):
    def why(self, *arguments, exit_code=0):
        story = self.pipeline.ask("why", *arguments, exit_code=exit_code)
        self.assertEqual(set(story), {"kind", "subject", "state", "lines", "verdict", "needs_attention"})
        self.assertEqual(story["needs_attention"], exit_code == 3)
        moments = [line["at"] for line in story["lines"] if line["at"]]
        self.assertEqual(moments, sorted(moments))
        return story

    def texts(self, story):
        return "\n".join(line["text"] for line in story["lines"])


class WhyObject(Why):
    def test_a_loaded_object_has_its_whole_story(self):
        key = self.load("a.ndjson", events(20) + b"no event\n" + events(1))
        story = self.why(key)
        batch, at = self.pipeline.query("SELECT batch, strftime(loaded_at, '%Y-%m-%d %H:%M:%S') FROM sluice.ledger WHERE table_name = '*'")[0]
        self.assertEqual((story["kind"], story["state"]), ("object", "loaded"))
        self.assertEqual(story["verdict"], f"loaded on {at} by batch {batch}; 1 of its 22 events are in quarantine: sluice quarantine show --object"
                                           f" {key} shows them, sluice quarantine replay tries them again")
        texts = self.texts(story)
        self.assertIn("events: 21 events = 20 loaded + 1 duplicates + 0 quarantined", texts)
        for store in ("parquet", "quarantine"):
            stored, = (name.removeprefix(store + "/") for name in self.pipeline.files(store))
            self.assertIn(stored + " (", texts)
        self.assertEqual(self.why(f"file://{self.pipeline.data}/raw/{key}")["verdict"], story["verdict"])
        for path in (self.pipeline.data / "parquet").rglob("*.parquet"):
            path.unlink()
        self.assertIn("(missing)", self.texts(self.why(key)))
        (self.pipeline.data / "raw" / key).unlink()
        self.assertIn("no longer in the raw store", self.why(key)["verdict"])

    def test_a_path_into_the_raw_store_is_a_key_or_the_folder_of_an_hour(self):
        key = self.load("a.ndjson", events(20))
        verdict = self.why(key)["verdict"]
        for path in (f"data/raw/{key}", f"./data/../data/raw/{key}", f"{self.pipeline.data}/raw/{key}"):
            with self.subTest(path=path):
                story = self.why(path)
                self.assertEqual((story["kind"], story["subject"], story["verdict"]), ("object", key, verdict))
        for folder in (HOUR, HOUR[:-1], f"data/raw/{HOUR}", f"{self.pipeline.data}/raw/{HOUR[:-1]}", f"file://{self.pipeline.data}/raw/{HOUR}"):
            with self.subTest(folder=folder):
                story = self.why(folder)
                self.assertEqual((story["kind"], story["subject"], story["state"]), ("hour", "landed in 2026-11-23T14 (UTC)", "loaded"))
        story = self.why("date=2026-11-23/14", "--set", "raw.layout=date=%Y-%m-%d/%H/%M/", exit_code=3)
        self.assertEqual((story["kind"], story["state"]), ("object", "not_landed"))

    def test_the_folder_of_a_day_has_all_its_hours(self):
        self.pipeline.run("process", "--set", "raw.layout=%Y/%m/%d/")
        for layout, folder in (("%Y/%m/%d/", "2026/11/23"), ("%Y/%m/%d/", "2026/11/23/"), ("date=%Y-%m-%d/%H/", "date=2026-11-23"),
                               ("%Y/%m/%d/hour=%H/", "2026/11/23/")):
            with self.subTest(layout=layout, folder=folder):
                story = self.why(folder, "--set", f"raw.layout={layout}", exit_code=3)
                self.assertEqual(story["subject"], "landed in 2026-11-23T00 to 2026-11-24T00 (UTC)")
        self.assertEqual(self.why("2026/11", "--set", "raw.layout=%Y/%m/%d/", exit_code=3)["kind"], "object", "a month has too many")

    def test_what_holds_a_slash_is_an_event_only_where_there_is_one(self):
        self.load("a.ndjson", events(20) + events(1, 30, request_id="an/id+of/base64=="))
        self.assertEqual(self.why("an/id+of/base64==")["kind"], "event")
        foreign = self.pipeline.put_raw("b.ndjson", events(1), "incoming/")
        self.assertEqual((self.why(foreign, exit_code=3)["kind"], self.why(foreign, exit_code=3)["state"]), ("object", "foreign"))
        story = self.why("incoming/nothing.ndjson", exit_code=3)
        self.assertEqual((story["kind"], story["state"]), ("object", "not_landed"))
        # What is no key at all may be an event's id: of a table that has it, or of one in which nobody can find it by that.
        for i, name in enumerate(("https://here.com/1", "/here", "here//1", "here/../1", "here/")):
            with self.subTest(name=name):
                self.load(f"{i}.ndjson", events(1, 40 + i, request_id=name))
                self.assertEqual(self.why(name)["state"], "loaded")
                story = self.why("not" + name, exit_code=3)
                self.assertIn(story["kind"], ("event", "object"))
                self.assertEqual(story["state"], "not_landed")
        for root in ("data/raw/", f"file://{self.pipeline.data}/raw", f"{self.pipeline.data}/raw"):
            self.assert_plain_failure(self.pipeline.run("why", root, exit_code=2), "the whole raw store")
            for command in (("list",), ("show",), ("replay",), ("accept", "x")):
                self.assert_plain_failure(self.pipeline.run("quarantine", *command, "--object", root, exit_code=2), "the whole raw store")
        (self.pipeline.folder / "link").symlink_to(self.pipeline.data / "raw")
        self.assertEqual(self.why(f"file://{self.pipeline.folder}/link/{HOUR}a.ndjson")["state"], "loaded")

    def test_an_id_with_a_slash_is_not_called_lost_where_no_key_finds_it(self):
        configured = self.configured({"t": "id VARCHAR(40) NOT NULL"}, ("{ddl: t.sql, when: {has: id}, unique: none, duplicates: allowed}",))
        self.pipeline.announce(self.pipeline.put_raw("a.ndjson", b'{"id": "n/1"}\n'))
        self.pipeline.run("process", *configured)
        for name in ("n/1", "n1"):
            self.assertEqual(self.why(name, *configured, exit_code=3)["state"], "not_known")
        self.assertIn("no raw object has this key", json.dumps(self.why("n/1", *configured, exit_code=3)["lines"]))

    def test_what_is_not_loaded_says_why_and_what_to_do(self):
        self.load("a.ndjson", events(1))
        key = self.pipeline.put_raw("b.ndjson", events(1, 1))
        path = self.pipeline.data / "raw" / key
        story = self.why(key)
        self.assertEqual(story["state"], "waiting")
        self.assertRegex(story["verdict"], r"^not loaded yet, because it is young: no notification waits; it counts as missing from [0-9 :-]+ on; "
                                           r"sluice backfill --from 2026-11-23T14( --to 2026-11-23T15)? loads it now$")
        os.utime(path, (0, 0))
        story = self.why(key, exit_code=3)
        self.assertEqual(story["state"], "missing")
        self.assertRegex(story["verdict"], r"without a notification; to fix: sluice reconcile (--since \d+d )?--repair, or sluice backfill --from 2026-11-23T14$")
        self.pipeline.announce(key)
        self.assertEqual(self.why(key, exit_code=3)["state"], "waiting")
        self.pipeline.run("pause", "it is being moved")
        self.assertIn("loading is paused: it is being moved; to fix: sluice resume", self.why(key, exit_code=3)["verdict"])
        self.pipeline.run("resume")
        self.pipeline.run("process")
        self.assertEqual(self.why(key)["state"], "loaded")
        path.write_bytes(events(1, 2))
        self.assertEqual(self.why(key, exit_code=3)["state"], "overwritten")
        held = self.load("held.ndjson", b'{"no": "route"}\n' * 20 + events(20, 50))
        story = self.why(held, exit_code=3)
        self.assertEqual(story["state"], "held")
        self.assertIn("not loaded, because it is held: ", story["verdict"])
        damaged = self.load("damaged.ndjson.zst", b"\x28\xb5\x2f\xfd damaged")
        self.assertEqual(self.why(damaged, exit_code=3)["state"], "set_aside")
        self.assertEqual(self.why(HOUR + "nothing", exit_code=3)["state"], "not_landed")

    def test_the_same_content_in_another_store_has_the_quarantine_of_the_loaded_one(self):
        key = self.load("a.ndjson", events(20) + b"no event\n")
        self.pipeline.data = self.pipeline.data.rename(self.pipeline.folder / "moved")
        self.pipeline.announce(key)
        self.pipeline.run("process")
        story = self.why(key)
        self.assertEqual(story["state"], "replaced")
        self.assertRegex(story["verdict"], f"^loaded, since the same content is loaded: .*; 1 of its 21 events are in quarantine: .* --object {key} ")

    def test_what_is_held_in_a_raw_store_of_before_is_told(self):
        held = self.load("held.ndjson", b'{"no": "route"}\n' * 20 + events(20, 50))
        loaded = self.load("a.ndjson", events(20))
        elsewhere = f"the ledger has it of another raw store: file://{self.pipeline.data}/raw/{held}"
        self.pipeline.data = self.pipeline.data.rename(self.pipeline.folder / "moved")
        for key in (held, loaded):
            (self.pipeline.data / "raw" / key).unlink()
        story = self.why(held, exit_code=3)
        self.assertEqual(story["state"], "held")
        self.assertIn("; to fix: with raw.url as it was then: mend what the reason says", story["verdict"])
        self.assertIn(elsewhere, self.texts(story))
        self.assertIn("it is no longer in the raw store", self.why(loaded)["verdict"])


class WhyEvent(Why):
    ID = "{:08}-0000-4000-8000-000000000000"

    def test_an_event_is_loaded_from_its_line(self):
        key = self.load("a.ndjson", b"no event\n" + events(20))
        self.load("b.ndjson", events(3, 19))
        story = self.why(self.ID.format(19))
        self.assertEqual((story["kind"], story["state"]), ("event", "loaded"))
        self.assertRegex(story["verdict"], f"^loaded on .* by batch .* into tracking.events, from line 21 of {key}$")
        self.assertIn("a duplicate, not loaded into events at 2026-11-23 10:00:19: line 1 of " + HOUR + "b.ndjson", self.texts(story))
        self.pipeline.change_warehouse(f"INSERT INTO tracking.events SELECT * FROM tracking.events WHERE request_id = '{self.ID.format(19)}'")
        story = self.why(self.ID.format(19), exit_code=3)
        fix = "delete its rows of tracking.events, then {}; sluice verify names what else is there twice"
        self.assertEqual(story["verdict"], "loaded, and there 2 times; to fix: " + fix.format("sluice backfill --from 2026-11-23T14 --replace puts one back"))
        # What it says does mend it.
        self.pipeline.change_warehouse(f"DELETE FROM tracking.events WHERE request_id = '{self.ID.format(19)}'")
        self.pipeline.run("backfill", "--from", "2026-11-23T14", "--replace")
        self.assertEqual(self.why(self.ID.format(19))["state"], "loaded")
        self.assertFalse(self.pipeline.ask("verify", "--from", "2026-11-23")["needs_attention"])
        # --replace reads the Parquet object that it came from.
        self.pipeline.change_warehouse(f"INSERT INTO tracking.events SELECT * FROM tracking.events WHERE request_id = '{self.ID.format(19)}'")
        for path in (self.pipeline.data / "parquet").rglob("*.parquet"):
            path.unlink()
        story = self.why(self.ID.format(19), exit_code=3)
        self.assertEqual((story["state"], story["verdict"].split("; to fix: ")[1]),
                         ("doubled", fix.format("put one back by hand, since Parquet objects that --replace reads are gone")))

    def test_a_loser_is_no_origin_however_many_there_are(self):
        key = self.load("a.ndjson", events(1))
        self.load("b.ndjson", events(1) * 25)
        story = self.why(self.ID.format(0))
        self.assertRegex(story["verdict"], f"^loaded on .* into tracking.events, from line 1 of {key}$")
        self.assertEqual(self.texts(story).count("loaded by batch"), 1)
        self.assertEqual(self.texts(story).count("a duplicate, not loaded"), 20)
        self.assertIn("\n5 more duplicates", self.texts(story))
        self.load("c.ndjson", events(1) * 1000)
        story = self.why(self.ID.format(0))
        self.assertEqual(story["verdict"], "loaded into tracking.events; from which raw object cannot be told: it has more duplicates than are"
                                           " looked at")
        self.assertNotIn("loaded by batch", self.texts(story))
        self.assertIn("at least 981 more duplicates", self.texts(story))

    def test_what_was_not_looked_into_is_named(self):
        self.load("a.ndjson", events(20))
        for path in (self.pipeline.data / "parquet").rglob("*.parquet"):
            path.unlink()
        for number, state, code in ((5, "loaded", 0), (78, "not_landed", 3)):
            story = self.why(self.ID.format(number), exit_code=code)
            self.assertEqual(story["state"], state)
            self.assertIn("not all Parquet objects could be looked into: 1 of them are gone", story["verdict"])

    def test_an_event_is_found_among_more_objects_than_are_read(self):
        key = self.load("a.ndjson", events(20), "date=2026-11-23/10/")
        early = self.pipeline.put_raw("b.ndjson", events(1, 50, request_timestamp="2026-11-23 09:00:00") + events(1, 51), "date=2026-11-23/09/")
        # Each has an event from before and one from behind.
        late = [self.pipeline.put_raw(f"{i}.ndjson", events(1, 100 + i, request_timestamp="2026-11-23 09:00:00") + events(1, 500 + i, request_timestamp="2026-11-23 14:00:00"))
                for i in range(201)]
        self.pipeline.announce(early, *late)
        self.pipeline.run("process")
        self.assertRegex(self.why(self.ID.format(19))["verdict"], f" into tracking.events, from line 20 of {key}$")
        # What landed before its time is read last.
        story = self.why(self.ID.format(51))
        self.assertEqual(story["verdict"], "loaded into tracking.events; from which raw object cannot be told: not all Parquet objects could be looked into:"
                                           " only 200 of a table are read")

    def test_an_event_that_is_in_no_table(self):
        key = self.load("a.ndjson", events(20) + events(1, 77, cookie_id=None))
        story = self.why(self.ID.format(77), exit_code=3)
        self.assertEqual(story["state"], "quarantined")
        self.assertIn("not loaded, and an event in quarantine has this value somewhere: null_in_not_null in column cookie_id; to fix: ", story["verdict"])
        self.assertIn(f"line 21 of {key}", self.texts(story))
        self.assertEqual(self.why(self.ID.format(78), exit_code=3)["state"], "not_landed")
        self.pipeline.change_warehouse(f"DELETE FROM tracking.events WHERE request_id = '{self.ID.format(5)}'",
                     "INSERT INTO tracking.events (request_id, request_timestamp, cookie_id, topic) VALUES"
                     " ('theirs', TIMESTAMP '2026-11-23 10:00:01', 'c', 't')")
        story = self.why(self.ID.format(5), exit_code=3)
        self.assertEqual(story["state"], "removed")
        self.assertIn(f"line 6 of {key}", self.texts(story))
        self.assertEqual(self.why("theirs", exit_code=3)["state"], "not_ours")

    def test_an_event_that_is_nowhere_may_be_in_what_waits(self):
        self.load("a.ndjson", events(20))
        nowhere = "no table, no duplicate and no quarantine has it: it did not land, or its raw object is not loaded"
        self.assertIn(nowhere + "; to fix", self.why(self.ID.format(55), exit_code=3)["verdict"])
        held = self.load("held.ndjson", b'{"no": "route"}\n' * 20 + events(20, 50))
        self.load("damaged.ndjson.zst", b"\x28\xb5\x2f\xfd damaged")
        self.pipeline.generate(10)
        sent = self.pipeline.send()
        self.pipeline.run("pause", "it is being moved")
        self.pipeline.announce(self.pipeline.put_raw("b.ndjson", events(1, 100)))
        story = self.why(self.ID.format(55), exit_code=3)
        self.assertEqual(story["state"], "not_landed")
        self.assertIn(f"{nowhere} ({sent} messages wait in the source; 1 notification waits; 2 raw objects are held or set aside; "
                      "loading is paused: it is being moved); to fix: sluice reconcile", story["verdict"])
        self.pipeline.run("resume")
        self.pipeline.run("quarantine", "accept", "it was a test", "--object", held)
        self.assertEqual(self.why(self.ID.format(55))["state"], "loaded")

    def test_an_event_that_may_be_in_a_table_without_unique_is_not_known(self):
        configured = self.configured({"t": "id VARCHAR(40) NOT NULL", "u": "other VARCHAR(40) NOT NULL"},
                                     ("{ddl: t.sql, when: {has: id}, unique: none, duplicates: allowed}",
                                      "{ddl: u.sql, when: {has: other}, unique: [other]}"))
        self.pipeline.announce(self.pipeline.put_raw("a.ndjson", b'{"id": "mine"}\n{"other": "theirs"}\n'))
        self.pipeline.run("process", *configured)
        for event in ("mine", "nowhere"):
            story = self.why(event, *configured, exit_code=3)
            self.assertEqual(story["state"], "not_known")
            self.assertRegex(story["verdict"], "a row of a table without `unique` cannot be found by one event's key: rows.t; to fix: sluice why HOUR, .*in rows.t$")
        self.assertEqual(self.why("theirs", *configured)["state"], "loaded")


class WhyHour(Why):
    def test_a_landing_hour(self):
        self.assertEqual(self.why("2026-11-23T14", exit_code=3)["state"], "nothing_sent")
        self.assertEqual(self.why("2999-01-01")["state"], "future")
        self.load("a.ndjson", events(20))
        story = self.why("2026-11-23T14")
        self.assertRegex(story["verdict"], r"^loaded on 20\d\d-\S+ \S+ by batch \S+$")
        self.assertIn("20 events, of which 0 in quarantine", self.texts(story))
        self.assertEqual(self.why("2026-11-23T15", exit_code=3)["state"], "nothing_sent")
        self.pipeline.generate(10)
        self.pipeline.send()
        story = self.why("2026-11-23T15", exit_code=3)
        self.assertEqual(story["state"], "nothing_sent")
        self.assertRegex(story["verdict"], r"nothing landed; \d+ messages? wait in the source and land in the hour of now; to fix: ask the producer")
        for arguments in ([datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H")], ["2026-11-23T02", "--by", "event-time"]):
            story = self.why(*arguments, exit_code=3)
            self.assertEqual((story["state"], story["verdict"].split("; to fix: ")[1][:11]), ("not_landed", "sluice land"), arguments)
        with contextlib.closing(sqlite3.connect(self.pipeline.data / "queue.db")) as database, database:
            database.execute("UPDATE message SET sent = 0")
        story = self.why("2026-11-23T15", exit_code=3)
        self.assertEqual((story["state"], story["verdict"].split("; to fix: ")[1]), ("not_landed", "sluice land, into the hour of now"))
        key = self.pipeline.put_raw("b.ndjson", events(20, 20))
        story = self.why("2026-11-23T14")
        self.assertEqual(story["state"], "waiting")
        self.assertRegex(story["verdict"], r"^1 raw object not loaded yet, and young: no notification waits; it counts as missing from [0-9 :-]+ on; "
                                           r"sluice backfill --from 2026-11-23T14 --to 2026-11-23T15 loads it now$")
        story = self.why("2026-11-23T14", "--grace", "0s", exit_code=3)
        self.assertEqual(story["state"], "missing")
        self.assertIn("1 of 2 raw objects not loaded, because nobody was told of what landed without a notification", story["verdict"])
        self.pipeline.announce(key)
        self.assertEqual(self.why("2026-11-23T14", "--grace", "0s", exit_code=3)["state"], "waiting")
        self.pipeline.run("process")
        self.assertEqual(self.why("2026-11-23")["state"], "loaded")
        self.load("held.ndjson", b'{"no": "route"}\n' * 20 + events(20, 50))
        self.assertEqual(self.why("2026-11-23T14", exit_code=3)["state"], "held")

    def test_an_hour_without_objects_where_some_are_not_as_the_layout_says(self):
        self.load("a.ndjson", events(1))
        key = self.pipeline.put_raw("b.ndjson", events(1), "date=2026-11-23/9/")
        story = self.why("2026-11-23T09", exit_code=3)
        self.assertEqual((story["state"], story["verdict"].split("; to fix: ")[1]), ("foreign", "move them, or correct raw.layout"))
        self.assertIn("nothing landed in these hours as raw.layout says; 1 raw object in the raw store is not as it says", story["verdict"])
        self.assertIn(key, self.texts(story))
        self.assertEqual(self.why("2026-11-23T14")["state"], "loaded")

    def test_what_is_held_since_another_version_is_loaded_takes_its_place_by_what_is_said(self):
        key = self.load("a.ndjson", events(2))
        self.pipeline.put_raw("a.ndjson", events(3))
        self.pipeline.announce(key)
        self.pipeline.run("process")
        story = self.why("2026-11-23T14", exit_code=3)
        self.assertEqual(story["state"], "held")
        fix = story["verdict"].split("; to fix: ")[1]
        self.assertTrue(fix.startswith("sluice backfill --from 2026-11-23T14 --to 2026-11-23T15 --replace puts what is held in the place"), fix)
        self.assertIn("1  held, and another version is loaded: sluice backfill --from HOUR --replace puts them in its place",
                      self.pipeline.run("reconcile", "--since", "3650d", exit_code=3).stdout)
        self.pipeline.run(*fix.split(" puts ")[0].split()[1:])
        self.assertEqual(self.why("2026-11-23T14")["state"], "loaded")
        self.load("held.ndjson", b'{"no": "route"}\n' * 20)
        fix = self.why("2026-11-23T14", exit_code=3)["verdict"].split("; to fix: ")[1]
        self.assertEqual(fix, "mend what the reason says, then sluice backfill --from 2026-11-23T14 --to 2026-11-23T15; or sluice quarantine accept WHY"
                              " --object KEY")

    def test_an_hour_of_which_all_is_in_quarantine(self):
        bad = events(5, cookie_id=None)
        self.load("a.ndjson", bad, "date=2026-11-23/10/")
        self.load("b.ndjson", b"no event\n", "date=2026-11-23/10/")
        for by in ("landing", "event-time"):
            story = self.why("2026-11-23T10", "--by", by, exit_code=3)
            self.assertEqual(story["state"], "quarantined")
            self.assertRegex(story["verdict"], "^not loaded, because no event became a row: 6 of 6 events are in quarantine; to fix: "
                                               "sluice quarantine list says why; .* sluice quarantine replay$")
        # Rows with such a time that landed at another hour do not hide it.
        self.load("late.ndjson", events(3, 50), "date=2026-11-23/15/")
        story = self.why("2026-11-23T10", "--by", "event-time", exit_code=3)
        self.assertEqual(story["state"], "quarantined")
        self.assertIn("3 rows are there, and of what landed in these hours not loaded, because no event became a row", story["verdict"])
        # What is given up waits for nobody.
        self.pipeline.run("quarantine", "accept", "test events", "--since", "1d")
        story = self.why("2026-11-23T10")
        self.assertEqual((story["state"], story["verdict"].split("; ")[1]), ("loaded", "6 of 6 events are in quarantine, 6 of them given up"))
        # Nor does an hour wait of which one event became a row, or is the duplicate of one.
        self.load("c.ndjson", events(5, 200, cookie_id=None) + events(1, 50), "date=2026-11-23/10/")
        self.assertEqual(self.why("2026-11-23T10")["state"], "loaded")

    def test_what_vanished_was_sent(self):
        key = self.pipeline.put_raw("a.ndjson", events(20))
        self.pipeline.announce(key)
        (self.pipeline.data / "raw" / key).unlink()
        self.pipeline.run("process")
        story = self.why("2026-11-23T14", exit_code=3)
        self.assertEqual(story["state"], "vanished")
        self.assertIn("1 raw object not loaded, and no longer in the raw store; to fix: put them back", story["verdict"])
        self.load("b.ndjson", events(20))
        self.assertEqual(self.why("2026-11-23T14", exit_code=3)["state"], "vanished")
        self.assertEqual(self.pipeline.ask("reconcile", "--since", "3650d", exit_code=3)["vanished"], 1)

    def test_an_hour_of_event_time_says_when_its_events_landed(self):
        self.load("a.ndjson", events(30), "date=2026-11-23/10/")
        story = self.why("2026-11-23T10", "--by", "event-time")
        self.assertEqual((story["state"], "late" in story["verdict"]), ("loaded", False))
        self.load("b.ndjson", events(30, 15), "date=2026-11-23/15/")
        self.load("c.ndjson", events(1, 90), "date=2026-11-23/16/")
        # Reaches over the hour, and has nothing in it.
        self.load("d.ndjson", events(1, 91, request_timestamp="2026-11-23 08:00:00") + events(1, 92, request_timestamp="2026-11-23 12:00:00"),
                  "date=2026-11-23/17/")
        story = self.why("2026-11-23T10", "--by", "event-time")
        self.assertEqual(story["state"], "loaded_late")
        self.assertRegex(story["verdict"], "^loaded (on|from) .* by 3 batches, late from landing hours 15 and 16$")
        self.assertIn("landed in 2026-11-23T15: 30 events", self.texts(story))
        # The same hour as clocks show it.
        berlin = self.why("2026-11-23T11", "--by", "event-time", "--tz", "Europe/Berlin")
        self.assertEqual((berlin["subject"], berlin["verdict"]), (story["subject"], story["verdict"]))
        self.assertEqual(self.why("2026-11-23T11", "--by", "event-time", exit_code=3)["state"], "nothing_sent")
        self.pipeline.put_raw("e.ndjson", events(1, 99), "date=2026-11-23/10/")
        story = self.why("2026-11-23T10", "--by", "event-time", "--grace", "0s", exit_code=3)
        self.assertEqual(story["state"], "missing")
        self.assertIn("46 rows are there, and of what landed", story["verdict"])

    def test_rows_of_an_hour_that_somebody_removed(self):
        self.load("a.ndjson", events(30), "date=2026-11-23/11/")
        # What is sent in the last minutes of an hour lands in the next one.
        self.assertEqual(self.why("2026-11-23T10", "--by", "event-time")["state"], "loaded")
        self.pipeline.change_warehouse("DELETE FROM tracking.events")
        story = self.why("2026-11-23T10", "--by", "event-time", exit_code=3)
        self.assertEqual(story["state"], "removed")
        self.assertIn("and no row is there", story["verdict"])

    def test_an_hour_whose_events_landed_later_and_are_not_loaded_is_not_blamed_on_the_producer(self):
        """They landed in hours 12 and 15; nothing did in theirs."""
        def why(exit_code=3, *flags):
            return self.why("2026-11-23T10", "--by", "event-time", *flags, exit_code=exit_code)

        self.load("before.ndjson", events(1, 500, request_timestamp="2026-11-21 10:00:00"), "date=2026-11-21/10/")
        nothing = "not loaded, because nothing with such a time has landed, but for what is in quarantine"
        self.assertEqual(why()["verdict"].split("; ")[0], nothing + ": the producer sent nothing")
        key = self.pipeline.put_raw("a.ndjson", events(30), "date=2026-11-23/12/")
        self.assertEqual(why()["verdict"].split("; ")[0], nothing + " or not loaded yet (young raw objects): the producer sent nothing")
        self.assertEqual(why(3, "--grace", "0s")["state"], "missing")
        self.pipeline.announce(key)
        self.assertEqual(why(3, "--grace", "0s")["verdict"].split("; ")[0], nothing + " or not loaded yet (1 notification waits): the producer sent nothing")
        self.pipeline.run("pause", "it is being moved")
        self.assertIn("loading is paused: it is being moved; to fix: sluice resume", why()["verdict"])
        self.pipeline.run("resume")
        self.pipeline.run("process")
        self.assertEqual(why(0)["state"], "loaded_late")
        # Held, within a day; and longer after it, where nobody looks, it may still be what waits.
        self.load("held.ndjson", b'{"no": "route"}\n' * 20 + events(20, 50, request_timestamp="2026-11-23 06:00:00"), "date=2026-11-23/15/")
        story = self.why("2026-11-23T06", "--by", "event-time", exit_code=3)
        self.assertEqual(story["state"], "held")
        self.assertIn("no row is there, and of what landed in the day behind these hours: 1 of 2 raw objects not loaded, but held", story["verdict"])
        self.assertIn(" or not loaded yet (1 raw object is held or set aside): the producer sent nothing", self.why("2026-11-20T06", "--by", "event-time", exit_code=3)["verdict"])

    def test_rows_of_an_hour_that_do_not_fit_the_ledger_are_told(self):
        self.load("a.ndjson", events(30), "date=2026-11-23/10/")
        self.pipeline.change_warehouse("DELETE FROM tracking.events WHERE request_id LIKE '0000000%'")
        story = self.why("2026-11-23T10", "--by", "event-time", exit_code=3)
        self.assertEqual(story["state"], "removed")
        self.assertIn("tracking.events has 20 rows in 2026-11-23T10, and by the ledger 30: somebody has removed rows since", story["verdict"])
        self.pipeline.change_warehouse("INSERT INTO tracking.events (request_id, request_timestamp, cookie_id, topic) VALUES ('theirs', TIMESTAMP '2026-11-23 08:00:01', 'c', 't')")
        story = self.why("2026-11-23T08", "--by", "event-time", exit_code=3)
        self.assertEqual(story["state"], "not_ours")
        self.assertIn("tracking.events has 1 row in 2026-11-23T08, and by the ledger 0: somebody else has added rows", story["verdict"])
        # Of half an hour, as of other clocks, the ledger does not tell how many there are.
        story = self.why("2026-11-23T13", "--by", "event-time", "--tz", "Asia/Kolkata", exit_code=3)
        self.assertEqual((story["state"], story["verdict"].split(";")[0]), ("not_ours", "in the tables, and not by sluice: no Parquet object has an event with such a time"))
        self.assertEqual(self.why("2026-11-23T15", "--by", "event-time", "--tz", "Asia/Kolkata")["state"], "loaded")

    def test_rows_of_an_hour_that_are_gone_with_their_parquet_are_not_known(self):
        self.load("a.ndjson", events(30), "date=2026-11-23/11/")
        self.pipeline.change_warehouse("DROP TABLE tracking.events")
        story = self.why("2026-11-23T10", "--by", "event-time", exit_code=3)
        self.assertEqual(story["state"], "removed")
        self.assertIn("tracking.events: there is no such table", self.texts(story))
        for path in (self.pipeline.data / "parquet").rglob("*.parquet"):
            path.unlink()
        for hour in ("2026-11-23T10", "2026-11-23"):
            story = self.why(hour, "--by", "event-time", exit_code=3)
            self.assertEqual(story["state"], "not_known", hour)
            self.assertIn("not known: no row is there, and not all Parquet objects", story["verdict"])
            self.assertIn("sluice verify", story["verdict"])
        # Of hours that no object reaches to, it is known.
        self.assertEqual(self.why("2026-11-23T09", "--by", "event-time", exit_code=3)["state"], "nothing_sent")

    def test_hours_of_another_zone(self):
        for hour, zone, shown in (("2026-07-01T00", "Asia/Kolkata", "2026-06-30T18:30 to 2026-06-30T19:30"),
                                  ("2026-10-25T02", "Europe/Berlin", "2026-10-25T00 to 2026-10-25T02"),
                                  ("2026-03-29", "Europe/Berlin", "2026-03-28T23 to 2026-03-29T22"),
                                  ("2026-03-29T03", "Europe/Berlin", "2026-03-29T01")):
            with self.subTest(hour=hour):
                self.assertEqual(self.why(hour, "--tz", zone, exit_code=3)["subject"], f"landed in {shown} (UTC)")
        for hour, zone, words in (("2026-03-29T02", "Europe/Berlin", "no such hour"), ("2026-03-29T02", "zone.tab", "no such time zone"), ("2026-03-29T02", "../passwd", "no such time zone")):
            self.assert_plain_failure(self.pipeline.run("why", hour, "--tz", zone, exit_code=2), words)


class Gc(Asking):
    OTHER = ("--set", "parquet.compression=zstd")  # another revision

    def gc(self, *arguments, **options):
        return self.pipeline.ask("gc", *arguments, **options)

    def grow_old(self):
        for path in (self.pipeline.data / "parquet").rglob("*"):
            os.utime(path, (0, 0))

    def parquet(self):
        return {name.removeprefix("parquet/") for name in self.pipeline.files("parquet")}

    def test_only_what_no_load_will_ever_name_is_removed(self):
        first, second = (self.pipeline.put_raw(name, events(10, i)) for i, name in enumerate(("a.ndjson", "b.ndjson")))
        self.pipeline.announce(first, second)
        self.pipeline.run("process", *self.OTHER)
        older = self.parquet()
        self.assertEqual((len(older), self.gc()["named"]), (2, 2))
        # The ledger is lost, and begun anew by another revision; the second object nobody loads again.
        (self.pipeline.data / "warehouse.duckdb").unlink()
        third = self.pipeline.put_raw("c.ndjson", events(10, 50))
        self.pipeline.announce(first, third)
        self.pipeline.run("process", "--init-ledger")
        self.pipeline.change_warehouse(f"UPDATE sluice.ledger SET parquet = '' WHERE raw_key = '{third}'")
        theirs = [self.pipeline.data / "parquet" / name for name in ("README", HOUR + "events/no-0123456789abcdef.parquet", HOUR + "theirs.parquet")]
        for path in theirs:
            path.write_bytes(b"PAR1 is how it begins")
        everything = self.parquet()
        orphan, = (name for name in older if "/a-" in name)

        young = self.gc("--grace", "1h")
        self.assertEqual((young["stored"], young["young"], young["orphans"]), (7, 4, 0))
        self.grow_old()
        wanted = {"stored": 7, "named": 1, "orphans": 1, "young": 0, "unsettled": 1, "current": 1, "foreign": 3, "unreadable": 0, "missing": 0,
                  "orphan_examples": [orphan], "missing_examples": []}
        planned = self.gc("--dry-run", exit_code=3)
        self.assertEqual(planned, planned | wanted | {"removed": 0})
        self.assertIn("1  orphans, ", self.pipeline.run("gc", "--dry-run", exit_code=3).stdout)
        # Whose the store is somebody must say, and then it is nobody else's.
        self.assertIn("nothing was removed: nobody has said yet", self.pipeline.run("gc", exit_code=3).stdout)
        self.assertEqual(self.parquet(), everything)
        self.assertIn("another configuration or build", self.gc("--claim", *self.OTHER, exit_code=3)["refusal"])
        owner, = self.parquet() - everything
        self.assertIn("there is no ledger yet", self.pipeline.run("gc", "--claim", "--set", "warehouse.schema=theirs", exit_code=1).stderr)
        self.assertIn("nothing was removed yet", self.pipeline.run("gc", "--claim").stdout)
        self.assertEqual(self.parquet(), everything | {owner})
        self.assertIn("nothing was removed: --dry-run", self.pipeline.run("gc", "--dry-run").stdout)
        done = self.gc()
        self.assertEqual(done, done | wanted | {"removed": 1, "refusal": None})
        self.assertEqual(self.parquet(), (everything | {owner}) - {orphan})
        self.assertIn("nothing to remove", self.pipeline.run("gc").stdout)
        # What was kept for a load is there when it comes.
        self.pipeline.announce(second)
        self.pipeline.run("process", *self.OTHER)
        self.assertEqual((self.gc()["named"], self.gc()["unsettled"]), (2, 0))

    def test_two_ledgers_with_one_address_are_two_owners(self):
        self.load("a.ndjson", events(10))
        claimed = self.pipeline.run("gc", "--claim").stdout
        self.assertRegex(claimed, r"claimed for pipeline tracking of ledger [0-9a-f]{32}\n")
        self.assertEqual(self.pipeline.run("gc", "--claim").stdout, claimed)
        self.assertNotIn("look: parquet", self.pipeline.run("check", "--connect").stdout)
        # As on another machine with the same configuration.
        (self.pipeline.data / "warehouse.duckdb").unlink()
        self.pipeline.announce(self.pipeline.put_raw("b.ndjson", events(10, 50)))
        self.pipeline.run("process", "--init-ledger")
        self.assert_plain_failure(self.pipeline.run("gc", "--claim", exit_code=1), "is another's")
        self.assertIn("is another's", self.pipeline.run("check", "--connect", exit_code=3).stdout)
        found = self.pipeline.ask("reconcile", "--since", "3650d", exit_code=3)
        self.assertIn("is another's", found["parquet"]["claim"])

    def test_a_store_that_is_not_there_yet_is_claimed(self):
        self.pipeline.run("process")
        shutil.rmtree(self.pipeline.data / "parquet", ignore_errors=True)
        self.assertIn("claimed for", self.pipeline.run("gc", "--claim").stdout)
        self.assertEqual(self.parquet(), {"_sluice/owner"})

    def test_what_is_named_and_gone_is_told(self):
        self.load("a.ndjson", events(10))
        key, = self.parquet()
        (self.pipeline.data / "parquet" / key).unlink()
        found = self.gc()
        self.assertEqual((found["stored"], found["missing"], found["missing_examples"]), (0, 1, [key]))
        text = self.pipeline.run("gc").stdout
        self.assertIn("named by the ledger and not in the store: the rows are in the tables, and only backfill --replace and why read", text)
        self.assertNotIn("KEY", text)

    def test_two_pipelines_of_one_ledger_miss_nothing_of_each_other(self):
        key = self.load("a.ndjson", events(10))
        other = ("--set", "name=another", "--set", f"parquet.url=dir:{self.pipeline.data}/parquet2")
        self.pipeline.announce(key)
        self.pipeline.run("process", "--init-ledger", *other)
        for which in (), other:
            found = self.gc(*which)
            self.assertEqual((found["stored"], found["named"], found["missing"]), (1, 1, 0))
            self.assertEqual(self.pipeline.ask("reconcile", "--since", "3650d", *which)["parquet"]["missing"], 0)


class Surroundings(Asking):
    QUESTIONS = (("verify",), ("gc",), ("why", HOUR + "a.ndjson"), ("why", "an-event"), ("why", "2026-11-23T14"),
                 ("why", "2026-11-23T14", "--by", "event-time"))

    def test_a_pipeline_that_never_ran_is_asked_and_nothing_is_made(self):
        for question in self.QUESTIONS:
            self.pipeline.run(*question, exit_code=3 if question[0] == "why" else 0)
            self.assertEqual(list(self.pipeline.folder.rglob("*")), [])

    def test_a_range_in_the_future_holds_nothing(self):
        self.load("a.ndjson", events(1))
        text = self.pipeline.run("verify", "--from", "2999-01-01", "--table", "events").stdout
        self.assertIn("no rows in these hours", text)
        self.assertNotIn("the tables hold", text)

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
        for wrong in (["verify", "--from", "yesterday"], ["verify", "--since", "soon"], ["gc", "--grace", "soon"], ["why", "--by", "day", "x"], ["why", "--grace", "soon", "x"], ["why", ""], ["verify", "--table", "nothing"],
                      ["verify", "--to", "2026-11-20"], ["verify", "--from", "2026-11-20", "--since", "1d"]):
            with self.subTest(wrong=wrong):
                self.assert_plain_failure(self.pipeline.run(*wrong, exit_code=2), wrong[1] if wrong[-1] != "yesterday" else "not an hour")

    def test_what_is_spelt_like_an_hour_and_is_none_is_no_event(self):
        for wrong in ("2026-11-31", "2026-11-28T24", "2026-11-28T5", "2026-11-8", "2026-11-28T10:30", "2026-13-01T00"):
            with self.subTest(wrong=wrong):
                self.assert_plain_failure(self.pipeline.run("why", wrong, exit_code=2),
                                          f"not an hour: write 2026-11-20 or 2026-11-20T10, in UTC: value={wrong}")
        for flags in (("--by", "landing"), ("--by", "event-time"), ("--tz", "Europe/Berlin"), ("--by", "event-time", "--tz", "Europe/Berlin")):
            for wrong in ("2026-11-31", "an-event", HOUR + "a.ndjson"):
                with self.subTest(wrong=wrong, flags=flags):
                    self.assert_plain_failure(self.pipeline.run("why", wrong, *flags, exit_code=2), "--by and --tz are about hours: not an hour")
        for event in ("2026-11-28-0017", "2026-11-28T14:00:00Z-1", "2026-11", "yesterday", "20261128-0000-4000-8000-000000000000"):
            with self.subTest(event=event):
                story = self.pipeline.ask("why", event, exit_code=3)
                self.assertEqual(story["kind"], "event")
                self.assertIn("taken for an event's id", story["verdict"])


class Quarantine(Asking):
    def test_it_is_summed_up_and_shown(self):
        key = self.load("a.ndjson", events(95) + events(3, 200, website_id="x" * 50) + b'{"no": "route"}\nnot JSON\n')
        self.load("b.ndjson", events(50, 500) + events(1, 700, website_id="x" * 50))
        groups = self.pipeline.ask("quarantine", "list")["groups"]
        self.assertEqual([(g["table"], g["reason"], g["column"], g["events"], g["of"], g["objects"]) for g in groups],
                         [("events", "too_long", "website_id", 4, 149, 2), ("*", "no_route", "", 1, 151, 1), ("*", "not_json", "", 1, 151, 1)])
        self.assertEqual((groups[0]["example"]["raw_key"], groups[0]["example"]["line"]), (key, 96))
        hour, = {group["hour"] for group in self.pipeline.ask("quarantine", "list", "--by", "hour", "--reason", "too_long")["groups"]}
        self.assertRegex(hour, r"^20\d\d-\d\d-\d\d \d\d:00:00$")
        self.assertRegex(self.pipeline.run("quarantine", "list", "--by", "hour").stdout, r"events +too_long +website_id +20\d\d-\d\d-\d\d \d\d:00 +4 ")
        text = self.pipeline.run("quarantine", "list", "--reason", "too_long").stdout
        self.assertRegex(text, r"events +too_long +website_id +4 +2\.68% +2 ")
        self.assertNotIn("no_route", text)
        shown = self.pipeline.ask("quarantine", "show", "--table", "tracking.events", "--object", key)["events"]
        self.assertEqual([event["line"] for event in shown], [96, 97, 98])
        self.assertEqual(json.loads(shown[0]["payload"])["website_id"], "x" * 50)
        self.assertIn("the first 1: --limit shows more", self.pipeline.run("quarantine", "show", "--limit", "1").stdout)
        self.assertEqual(self.pipeline.ask("quarantine", "show", "--reason", "no_route")["events"][0]["payload"], '{"no": "route"}')
        for nothing in ("--since", "0s"), ("--column", "topic"), ("--object", "x"):
            self.assertIn("nothing of that is in quarantine", self.pipeline.run("quarantine", "list", *nothing).stdout)
            self.assertIn("nothing of that is in quarantine", self.pipeline.run("quarantine", "show", *nothing).stdout)

    def test_surroundings(self):
        self.assertIn("nothing of that", self.pipeline.run("quarantine", "list").stdout)
        self.assertEqual(list(self.pipeline.folder.rglob("*")), [])
        for wrong in (["quarantine"], ["quarantine", "list", "--since", "soon"], ["quarantine", "list", "--by", "day"], ["quarantine", "show", "--limit", "0"]):
            self.pipeline.run(*wrong, exit_code=2)


if __name__ == "__main__":
    unittest.main()
