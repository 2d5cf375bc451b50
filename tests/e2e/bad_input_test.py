# SPDX-License-Identifier: Apache-2.0
"""Raw objects and notifications that are not as they should be, through the whole pipeline: the bad
one gets its state and its reason, the others load (invariant 6)."""

import base64
import gzip
import hashlib
import json
import unittest

import duckdb
import pyarrow

from pipeline import HOUR, PipelineTest, events

MOST_DELIVERIES = 5


def zstd(content):
    return pyarrow.compress(content, codec="zstd", asbytes=True)


class BadObjects(PipelineTest):
    def setUp(self):
        super().setUp()
        self.good = [self.pipeline.put_raw("good-1.ndjson", events(20)),
                     self.pipeline.put_raw("good-2.ndjson.gz", gzip.compress(events(20, first=20)))]

    def process(self, *bad, flags=()):
        """The bad between the good; answers the report."""
        self.pipeline.announce(self.good[0], *bad, self.good[1])
        return self.pipeline.ask("process", *flags)["processed"]

    def assert_loaded(self, *, rows=40, **states):
        """The good ones are, and the bad ones have these states; nothing waits."""
        wanted = {key: "loaded" for key in self.good} | {key: state for key, state in states.items()}
        self.assertEqual({key.removeprefix(HOUR): state for key, state in self.pipeline.ledger().items()},
                         {key.removeprefix(HOUR): state for key, state in wanted.items()})
        status = self.pipeline.status()
        self.assertEqual(status["notifications"], {"waiting": 0, "in_flight": 0, "dead": 0})
        self.assertTrue(status["balanced"])
        self.assertEqual(status["tables"][0]["rows"], rows)
        self.assertEqual(self.pipeline.query("SELECT count(*) FROM tracking.events"), [(rows,)])
        self.assert_nothing_doubled()

    def reason(self, key):
        return self.pipeline.query(
            f"SELECT reason FROM sluice.ledger WHERE table_name = '*' AND raw_key = '{key}'")[0][0]

    def assert_set_aside(self, objects):
        """All of them, each whole, and nothing else."""
        keys = [self.pipeline.put_raw(name, content) for name, content in objects.items()]
        report = self.process(*keys)
        self.assertEqual((report["loaded"], report["set_aside"], report["failed"]), (2, len(keys), 0))
        self.assert_loaded(**{name: "set_aside" for name in objects})
        for key in keys:
            self.assertTrue(self.reason(key))
        self.assertEqual(self.pipeline.query("SELECT line, reason FROM sluice.quarantine"),
                         [(0, "corrupt_object")] * len(keys))
        # Nothing of them is in the Parquet store either.
        self.assertEqual(len(self.pipeline.files("parquet")), 2)

    def test_T1_a_gzip_object_that_is_cut_anywhere_is_set_aside_whole(self):
        content = gzip.compress(events(500, first=1000))
        self.assert_set_aside({f"cut-{eighth}.ndjson.gz": content[:len(content) * eighth // 8] for eighth in range(1, 8)})

    def test_T1_a_zstd_object_that_is_cut_anywhere_is_set_aside_whole(self):
        content = zstd(events(500, first=1000))
        self.assert_set_aside({f"cut-{eighth}.ndjson.zst": content[:len(content) * eighth // 8] for eighth in range(1, 8)})

    def test_T2_a_gzip_object_with_a_wrong_checksum_is_set_aside_whole(self):
        content = bytearray(gzip.compress(events(500, first=1000)))
        content[-8] ^= 1
        self.assert_set_aside({"crc.ndjson.gz": bytes(content)})

    def test_T4_a_gzip_object_with_garbage_behind_it_is_set_aside_whole(self):
        self.assert_set_aside({"tail.ndjson.gz": gzip.compress(events(500, first=1000)) + b"garbage"})

    def test_T1_a_repaired_object_is_loaded_when_it_is_announced_again(self):
        content = gzip.compress(events(500, first=1000))
        key = self.pipeline.put_raw("cut.ndjson.gz", content[:-100])
        self.process(key)
        self.assert_loaded(**{"cut.ndjson.gz": "set_aside"})
        # The same bytes again settle nothing new.
        self.pipeline.announce(key)
        self.pipeline.run("process")
        self.assert_loaded(**{"cut.ndjson.gz": "set_aside"})
        self.pipeline.put_raw("cut.ndjson.gz", content)
        self.pipeline.announce(key)
        self.pipeline.run("process")
        self.assertEqual(self.pipeline.query("SELECT count(*) FROM tracking.events"), [(540,)])
        self.assertEqual(self.pipeline.status()["notifications"]["waiting"], 0)
        states = self.pipeline.query(
            f"SELECT state FROM sluice.ledger WHERE table_name = '*' AND raw_key = '{key}' ORDER BY 1")
        self.assertEqual(states, [("loaded",)])
        self.assertEqual(self.pipeline.query("SELECT count(*) FROM sluice.quarantine"), [(0,)])

    def test_N11_an_object_of_zero_bytes_is_loaded_as_nothing(self):
        for name in ("empty.ndjson", "empty.ndjson.gz", "empty.ndjson.zst"):
            self.good.append(self.pipeline.put_raw(name, b""))
        self.pipeline.announce(*self.good)
        report = self.pipeline.ask("process")["processed"]
        self.assertEqual((report["loaded"], report["failed"]), (5, 0))
        self.assert_loaded()
        self.assertEqual(self.pipeline.query(
            f"SELECT table_name, lines, routed FROM sluice.ledger WHERE raw_key = '{HOUR}empty.ndjson' ORDER BY 1"),
            [("*", 0, 0), ("events", 0, 0), ("utm", 0, 0)])

    def test_T3_T5_members_and_wrong_names_are_read_by_their_content(self):
        two = gzip.compress(events(10, first=100)) + gzip.compress(b"") + gzip.compress(events(10, first=110))
        frames = zstd(events(10, first=120)) + zstd(events(10, first=130))
        for name, content in (("members.ndjson.gz", two), ("frames.ndjson.zst", frames),
                              ("plain.ndjson.gz", events(10, first=140)),
                              ("gzip.ndjson", gzip.compress(events(10, first=150)))):
            self.good.append(self.pipeline.put_raw(name, content))
        self.pipeline.announce(*self.good)
        self.pipeline.run("process")
        self.assert_loaded(rows=100)

    def test_N6_an_object_that_vanished_gets_a_ledger_row_and_its_notification_goes(self):
        report = self.process(HOUR + "vanished.ndjson")
        self.assertEqual((report["loaded"], report["vanished"]), (2, 1))
        self.assert_loaded(**{"vanished.ndjson": "vanished"})

    def test_N6_an_object_that_comes_back_is_loaded(self):
        self.process(HOUR + "late.ndjson")
        self.good.append(self.pipeline.put_raw("late.ndjson", events(10, first=100)))
        self.pipeline.announce(self.good[-1])
        self.pipeline.run("process")
        self.assert_loaded(rows=50)
        self.assertEqual(list(self.pipeline.status()["states"]), ["loaded"])

    def test_an_object_with_too_many_bad_events_is_held_and_the_others_load(self):
        key = self.pipeline.put_raw("held.ndjson", events(30, first=100) + b"not json\n" * 10)
        report = self.process(key)
        self.assertEqual((report["loaded"], report["held"]), (2, 1))
        self.assert_loaded(**{"held.ndjson": "held"})
        self.assertIn("hold_above", self.reason(key))
        self.assertEqual(self.pipeline.query("SELECT count(*) FROM tracking.events WHERE request_id >= '00000100'"), [(0,)])
        # Announced again without a change it is held again, once.
        self.pipeline.announce(key)
        self.assertEqual(self.pipeline.ask("process")["processed"]["held"], 1)
        self.assert_loaded(**{"held.ndjson": "held"})
        # Who allows more gets it loaded.
        self.pipeline.announce(key)
        self.pipeline.run("process", "--set", "quarantine.hold_above=50%")
        self.assert_loaded(rows=70, **{key: "loaded"})

    def test_few_bad_events_hold_nothing_however_large_their_share(self):
        self.good.append(self.pipeline.put_raw("few.ndjson", events(1, first=100) + b"not json\n" * 9))
        # And many do not, where their share is small.
        self.good.append(self.pipeline.put_raw("share.ndjson", events(40, first=200) + b"not json\n" * 10))
        self.pipeline.announce(*self.good)
        self.assertEqual(self.pipeline.ask("process")["processed"]["loaded"], 4)
        self.assert_loaded(rows=81)

    def test_strict_asks_for_a_person_when_something_was_held(self):
        key = self.pipeline.put_raw("held.ndjson", b"not json\n" * 10)
        self.pipeline.announce(*self.good, key)
        self.pipeline.run("process", "--strict", exit_code=3)
        self.assert_loaded(**{"held.ndjson": "held"})

    def test_an_overwritten_object_is_held_and_what_was_loaded_stays(self):
        self.pipeline.announce(*self.good)
        self.pipeline.run("process")
        before = self.pipeline.query("SELECT * FROM tracking.events ORDER BY ALL")
        self.pipeline.put_raw("good-1.ndjson", events(25))
        self.pipeline.announce(self.good[0])
        self.assertEqual(self.pipeline.ask("process")["processed"]["held"], 1)
        self.assertEqual(self.pipeline.query("SELECT * FROM tracking.events ORDER BY ALL"), before)
        self.assertEqual(self.pipeline.query(
            "SELECT state, reason LIKE '%overwritten%' FROM sluice.ledger WHERE table_name = '*'"
            f" AND raw_key = '{self.good[0]}' ORDER BY 1"), [("held", True), ("loaded", None)])


class RefusedObjects(PipelineTest):
    """The table has a CHECK that the DDL knows nothing of: the warehouse refuses some objects."""

    def setUp(self):
        super().setUp()
        self.pipeline.run("process")
        database = duckdb.connect(str(self.pipeline.data / "warehouse.duckdb"))
        try:
            ddl = database.execute("SELECT sql FROM duckdb_tables() WHERE table_name = 'events'").fetchone()[0]
            database.execute("DROP TABLE tracking.events")
            database.execute(ddl.rstrip().rstrip(";")[:-1] + ", CHECK (topic <> 'poison'))")
        finally:
            database.close()

    def put(self, name, first, topic="page.view"):
        return self.pipeline.put_raw(name, events(2, first=first, topic=topic))

    def test_C9_bad_objects_beside_each_other_stop_no_good_one(self):
        keys = [self.put("p1.ndjson", 0, "poison"), self.put("p2.ndjson", 10, "poison"),
                self.put("g1.ndjson", 20), self.put("g2.ndjson", 30)]
        self.pipeline.announce(*keys)
        self.pipeline.run("process")
        self.assertEqual(list(self.pipeline.ledger().values()), ["loaded", "loaded", "set_aside", "set_aside"])

    def test_C9_the_fourth_refused_in_a_row_stops_although_each_run_has_one_object(self):
        for i in range(3):
            self.pipeline.announce(self.put(f"p{i}.ndjson", 10 * i, "poison"))
            self.pipeline.run("process")
        self.pipeline.announce(self.put("p4.ndjson", 40, "poison"))
        for _ in range(2):
            self.assert_plain_failure(self.pipeline.run("process", exit_code=1), "refused 4 objects", "nothing more was")
            self.assertEqual(self.pipeline.status()["notifications"]["waiting"], 1)
        self.pipeline.announce(self.put("good.ndjson", 50))
        self.pipeline.run("process")
        self.assertEqual(self.pipeline.ledger()[HOUR + "p4.ndjson"], "set_aside")
        self.assertEqual(self.pipeline.status()["notifications"]["waiting"], 0)


class Notifications(PipelineTest):
    def setUp(self):
        super().setUp()
        self.good = self.pipeline.put_raw("good.ndjson", events(20))

    def assert_dead_after_five(self, body, wanted_ledger=None):
        """Delivered five times, each time kept in quarantine, then left to the dead-letter queue."""
        self.pipeline.notify(body)
        self.pipeline.announce(self.good)
        deliveries = 0
        for _ in range(MOST_DELIVERIES + 2):
            report = self.pipeline.ask("process")["processed"]
            deliveries += report["foreign"] > 0
            kept = self.pipeline.data / "quarantine/foreign" / (hashlib.sha256(body.encode()).hexdigest() + ".json")
            self.assertEqual(kept.read_text(), body)
        self.assertEqual(deliveries, MOST_DELIVERIES)
        self.assertEqual(self.pipeline.status()["notifications"], {"waiting": 0, "in_flight": 0, "dead": 1})
        self.assertEqual(self.pipeline.bodies("notifications-dead"), [body])
        self.assertEqual(self.pipeline.ledger(), wanted_ledger or {self.good: "loaded"})
        self.assertEqual(len(list(kept.parent.iterdir())), 1)

    def test_N4_what_is_not_JSON_is_kept_and_goes_to_the_dead_letter_queue(self):
        self.assert_dead_after_five("hello \x1b[31m{")

    def test_N4_another_services_JSON_is_kept_and_goes_to_the_dead_letter_queue(self):
        self.assert_dead_after_five('{"source": "aws.ec2", "detail-type": "instance stopped", "detail": {}}')

    def test_N10_S1_a_foreign_bucket_is_never_read(self):
        foreign = self.another_pipeline()
        key = foreign.put_raw("theirs.ndjson", events(5, first=500))
        self.assert_dead_after_five(foreign.notification(key))
        self.assertEqual(self.pipeline.query("SELECT count(*) FROM tracking.events"), [(20,)])

    def test_S11_a_key_that_leaves_the_root_is_never_read(self):
        (self.pipeline.folder / "secret.ndjson").write_bytes(events(5, first=500))
        self.assert_dead_after_five(self.pipeline.notification("../../secret.ndjson"))

    def test_S11_a_key_with_dots_behind_the_hour_is_never_read(self):
        (self.pipeline.folder / "secret.ndjson").write_bytes(events(5, first=500))
        self.assert_dead_after_five(self.pipeline.notification(HOUR + "../../../../secret.ndjson"))
        self.assertEqual(self.pipeline.query("SELECT count(*) FROM tracking.events"), [(20,)])

    def test_N9_one_bad_record_in_a_message_stops_no_other_and_the_message_stays(self):
        other = self.pipeline.put_raw("other.ndjson", events(10, first=100))
        records = json.loads(self.pipeline.notification(other))["Records"] + json.loads(
            self.pipeline.notification(HOUR + "theirs.ndjson", bucket="somebody-elses"))["Records"]
        self.assert_dead_after_five(json.dumps({"Records": records}), {self.good: "loaded", other: "loaded"})
        self.assertEqual(self.pipeline.query("SELECT count(*) FROM tracking.events"), [(30,)])

    def assert_deleted_at_once(self, body, counter):
        self.pipeline.notify(body)
        self.pipeline.announce(self.good)
        report = self.pipeline.ask("process")["processed"]
        self.assertEqual((report[counter], report["foreign"], report["deleted"]), (1, 0, 2))
        self.assertEqual(self.pipeline.status()["notifications"], {"waiting": 0, "in_flight": 0, "dead": 0})
        self.assertEqual(self.pipeline.files("quarantine"), {})
        self.assertEqual(self.pipeline.ledger(), {self.good: "loaded"})

    def test_N3_a_test_event_is_deleted_at_once(self):
        self.assert_deleted_at_once(
            '{"Service":"Amazon S3","Event":"s3:TestEvent","Time":"2026-11-23T14:00:00.000Z","Bucket":"b",'
            '"RequestId":"5582815E1AEA5ADF","HostId":"8cLeGAmw098X5cv4Zkwcmo8vvZa3eH3eKxsPzbB9wrR"}', "test_events")

    def test_N8_another_type_of_event_is_deleted_at_once(self):
        self.assert_deleted_at_once(self.pipeline.notification(HOUR + "x.ndjson", event="ObjectRemoved:Delete"),
                                    "other_events")

    def test_N11_the_marker_of_a_folder_is_deleted_at_once(self):
        self.assert_deleted_at_once(self.pipeline.notification(HOUR, size=0), "folder_markers")
        self.pipeline.notify(self.pipeline.notification(HOUR, size=0))
        self.assertIn("1 notifications are of folders, not of objects", self.pipeline.run("process").stdout)

    def test_N5_keys_are_decoded_once(self):
        names = ["with blank.ndjson", "plus+.ndjson", "per%25cent%2B.ndjson", "key=value&x.ndjson", "größe 日本 🦆.ndjson"]
        keys = [self.pipeline.put_raw(name, events(5, first=100 + 10 * i)) for i, name in enumerate(names)]
        self.pipeline.announce(*keys)
        self.pipeline.run("process")
        self.assertEqual(self.pipeline.ledger(), {key: "loaded" for key in keys})
        self.assertEqual(self.pipeline.query("SELECT count(*) FROM tracking.events"), [(25,)])

    def test_N5_names_with_patterns_load_like_any_other(self):
        names = ["a\\b[1].ndjson", "a\\b.ndjson", "[x]*?.ndjson", "**.ndjson"]
        keys = [self.pipeline.put_raw(name, events(5, first=100 + 10 * i) + b"not json\n") for i, name in enumerate(names)]
        self.pipeline.announce(self.good, *keys)
        self.pipeline.run("process")
        self.assertEqual(self.pipeline.ledger(), {key: "loaded" for key in (*keys, self.good)})
        self.assertEqual(self.pipeline.query("SELECT count(*) FROM tracking.events"), [(40,)])

    def test_N2_two_records_of_one_object_load_it_once(self):
        self.pipeline.notify(self.pipeline.notification(self.good, self.good))
        self.pipeline.announce(self.good)
        self.pipeline.run("process")
        self.assertEqual(self.pipeline.query("SELECT count(*) FROM tracking.events"), [(20,)])
        self.assertEqual(self.pipeline.status()["notifications"]["waiting"], 0)


class BadMessages(PipelineTest):
    """On the source queue: each is one line of a raw object, whatever it holds (fault L15)."""

    def test_L15_messages_that_are_no_events_end_in_quarantine_with_their_bytes(self):
        bodies = ["", "not json", "[1, 2]", "null", "{", '{"Records": 5}', "\ufeff{}", "line\nbreak", "nul\0byte", "é"]
        for body in bodies:
            self.pipeline.notify(body, queue="source")
        for line in events(100).decode().splitlines():
            self.pipeline.notify(line, queue="source")
        report = self.pipeline.ask("run")
        self.assertEqual(report["landed"]["messages"], 100 + len(bodies))
        status = self.pipeline.status()
        self.assertTrue(status["balanced"])
        self.assertEqual(status["source"], {"waiting": 0, "in_flight": 0, "dead": 0})
        self.assertEqual(status["tables"][0]["rows"], 100)
        self.assertEqual(self.pipeline.query("SELECT count(*) FROM sluice.quarantine"), [(status["no_route"] + sum(
            table["quarantined"] for table in status["tables"]),)])
        payloads = [row[0] for row in self.pipeline.query("SELECT payload FROM sluice.quarantine")]
        # An array is a message of many events.
        for text in ("not json", "1", "2", "null", "line\nbreak", base64.b64encode(b"nul\0byte").decode()):
            self.assertIn(text, payloads)


if __name__ == "__main__":
    unittest.main()
