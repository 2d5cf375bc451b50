# SPDX-License-Identifier: Apache-2.0
"""What status says: how fresh, what waits, by landing hour, what to type next; again and again with --watch."""

import datetime
import json
import os
import pty
import re
import shlex
import signal
import subprocess
import unittest

from pipeline import PROGRAM, PipelineTest, environment, events, stop

WIDTH = 100


class StatusTest(PipelineTest):
    def text(self, *arguments, **options):
        text = self.pipeline.run("status", *arguments, **options).stdout.replace(f"sluice --dir {self.pipeline.data} ", "sluice ")
        for line in text.splitlines():
            self.assertLessEqual(len(line), WIDTH, line)
        return text


class Status(StatusTest):
    def test_what_was_loaded_is_fresh_and_adds_up_by_landing_hour(self):
        truth = self.pipeline.generate(1000)
        self.pipeline.send()
        self.pipeline.run("run")
        status = self.pipeline.status()
        self.assertRegex(status["freshness"], r"^fresh to \d\d:\d\d; nothing lost in the last 24 hours, ")
        age = datetime.datetime.fromisoformat(status["now"]) - datetime.datetime.fromisoformat(status["fresh_to"])
        self.assertLess(age, datetime.timedelta(minutes=10))
        self.assertEqual(status["events_last_hour"], sum(table["rows"] for table in status["tables"]))
        self.assertEqual((status["events"], status["landed_last_hour"]["objects"]), (truth["events"], 1))
        for part in ("objects", "events", "loaded", "duplicates", "quarantined"):
            self.assertEqual(sum(hour[part] for hour in status["hours"]),
                             status[part] if part in ("objects", "events") else
                             sum(table[part] for table in status["tables"]) + (part == "quarantined") * status["no_route"],
                             part)
        self.assertTrue(all(hour["balanced"] for hour in status["hours"]))
        self.assertEqual(sum(group["events"] for group in status["quarantine"]),
                         sum(hour["quarantined"] for hour in status["hours"]))
        text = self.text()
        self.assertTrue(text.startswith(status["freshness"]), text)
        self.assertIn("\nlanded (UTC)", text)
        self.assertRegex(text, rf"(?m)^{status['hours'][-1]['hour']} .* ok$")

    def test_what_waits_has_an_age_and_a_next_step(self):
        self.pipeline.generate(100)
        self.pipeline.send()
        status = self.pipeline.status()
        self.assertEqual(status["next"], ["sluice run --once"])
        self.assertIsNotNone(status["backlog"]["source_since"])
        self.assertRegex(self.text(), r"(?m)^source +\d+ waiting, the oldest for \d+ s$")
        self.pipeline.run("land")
        status = self.pipeline.status()
        self.assertEqual((status["backlog"]["objects"], status["hours"][-1]["waiting"]), (1, 1))
        self.assertEqual(status["freshness"], "nothing is loaded yet; nothing lost in the last 24 hours, nothing to do yet")
        self.assertRegex(self.text(), r"(?m)^not loaded +1 raw object, .*, the oldest for \d+ s$")
        self.pipeline.run("process")
        status = self.pipeline.status()
        self.assertEqual((status["backlog"]["objects"], status["backlog"]["source_since"]), (0, None))

    def test_hours_of_event_time_are_those_of_the_tables(self):
        self.pipeline.run("process")
        now = datetime.datetime.now(datetime.timezone.utc).replace(minute=0, second=0, microsecond=0)
        first, then = (now - datetime.timedelta(hours=hours) for hours in (5, 3))
        spelt = "%Y-%m-%d %H:%M:%S"
        lines = events(3, request_timestamp=first.strftime(spelt)) + events(2, first=3, request_timestamp=then.strftime(spelt))
        self.pipeline.announce(self.pipeline.put_landed("a.ndjson", lines + lines.splitlines(keepends=True)[0], 0))
        self.pipeline.run("process")
        self.assertEqual(self.pipeline.status()["event_hours"], [])
        hours = self.pipeline.ask("status", "--by", "event-time")["event_hours"]
        hour = "%Y-%m-%dT%H"
        self.assertEqual(hours, [{"table": "tracking.events", "hour": first.strftime(hour), "rows": 3, "duplicates": 1},
                                 {"table": "tracking.events", "hour": then.strftime(hour), "rows": 2, "duplicates": 0}])
        text = self.text("--by", "event-time")
        self.assertRegex(text, rf"(?m)^{first.strftime(hour)} +3 +1$")
        self.assertNotIn("landed (UTC)", text)

    def test_a_backfill_of_old_hours_is_in_the_rate_of_the_last_hour(self):
        self.pipeline.put_raw("old.ndjson", events(30) + events(10), "date=2026-11-20/10/")
        self.pipeline.run("backfill", "--from", "2026-11-20T10")
        status = self.pipeline.status()
        self.assertEqual((status["events_last_hour"], status["landed_last_hour"]), (30, {"objects": 0, "bytes": 0}))
        self.assertRegex(self.text(), r"(?m)^last hour +30 rows loaded, less than 0\.1/s$")

    def test_a_raw_object_that_nobody_was_told_of_is_missing_after_an_hour(self):
        self.pipeline.run("process")
        self.pipeline.put_landed("young.ndjson", events(3), 600)
        self.assertEqual(self.pipeline.status()["concerns"], [])
        self.pipeline.put_landed("old.ndjson", events(3, first=3), 2 * 3600)
        status = self.pipeline.status()
        self.assertEqual([(one["type"], one["severity"], one["count"]) for one in status["concerns"]],
                         [("missing", "critical", 1), ("stale", "critical", 0)])
        self.assertEqual(status["next"], ["sluice reconcile --repair", f"sluice why {status['backlog']['objects_since'][:13]}"])
        self.assertIn("nothing was ever loaded, and the oldest of what is to be loaded waits for 2 h", status["concerns"][1]["text"])
        self.assertRegex(self.text(), r"(?m)^critical +1 raw object missing: (.*\n)*next +sluice reconcile --repair\n +sluice why ")
        self.pipeline.run("reconcile", "--repair")
        self.pipeline.run("process")
        self.assertNotIn("missing", [one["type"] for one in self.pipeline.status()["concerns"]])

    def test_what_reconcile_found_missing_before_the_last_day_is_missing_until_it_is_loaded_or_forgotten(self):
        def missing():
            return [(one["count"], one["next"]) for one in self.pipeline.status()["concerns"] if one["type"] == "missing"]

        self.pipeline.run("process")
        key = self.pipeline.put_landed("old.ndjson", events(3), 73 * 3600)
        ancient = self.pipeline.put_landed("ancient.ndjson", events(3, first=3), 30 * 24 * 3600)
        self.assertEqual(self.pipeline.status()["freshness"], "nothing is loaded yet; nothing lost in the last 24 hours, nothing to do")
        self.pipeline.run("reconcile", exit_code=3)
        self.assertEqual(missing(), [(1, "sluice reconcile --repair")])
        self.assertIn("; not all is well, something to do", self.text())
        self.pipeline.run("reconcile", "--since", "31d", exit_code=3)
        self.pipeline.run("process")
        self.assertEqual(missing(), [(2, "sluice reconcile --since 31d --repair")])
        self.pipeline.run("backfill", "--from", f"{key[5:15]}T{key[16:18]}")
        self.assertEqual(missing(), [(1, "sluice reconcile --since 31d --repair")])
        self.pipeline.run("reconcile", "--since", "31d", "--forget", exit_code=3)
        self.assertEqual(missing(), [])
        self.assertNotIn(ancient, self.pipeline.ledger())

    def test_who_cannot_ask_what_is_remembered_says_so(self):
        self.pipeline.run("process")
        self.pipeline.put_landed("old.ndjson", events(3), 73 * 3600)
        self.pipeline.run("reconcile", exit_code=3)
        memory, = (self.pipeline.data / "quarantine/_sluice/missing/tracking").iterdir()
        memory.write_text("something else")
        status = json.loads(self.pipeline.run("status", "--json", exit_code=1).stdout)
        self.assertEqual([one["part"] for one in status["not_known"]], ["quarantine_store"])
        self.assertIn("nothing lost in the last 24 hours as far as is known without the quarantine store", status["freshness"])

    def test_a_warehouse_that_cannot_be_asked_is_an_error_behind_what_is_known_without_it(self):
        self.pipeline.run("process")
        self.pipeline.put_landed("loaded.ndjson", events(3), 7200)
        self.pipeline.announce(self.pipeline.put_landed("waits.ndjson", events(3), 3600))
        (self.pipeline.data / "warehouse.duckdb").write_bytes(b"no database" * 1000)
        done = self.pipeline.run("status", "--json", exit_code=1)
        status = json.loads(done.stdout)
        self.assertIn("warehouse.duckdb", status["warehouse_error"])
        self.assertIn("warehouse.duckdb", done.stderr)
        self.assertTrue(status["is_estimate"])
        self.assertEqual((status["balanced"], status["events"], status["tables"], status["states"]), (None, None, None, None))
        self.assertEqual([hour["objects"] for hour in status["hours"] if hour["objects"]], [1, 1])
        self.assertEqual((status["notifications"]["waiting"], status["backlog"]["objects"]), (1, 1))
        self.assertRegex(status["freshness"], r"^fresh to about [0-9 :-]+; what is lost is not known without the warehouse, something to do$")
        self.assertEqual(status["next"], ["sluice check --connect"])
        self.assertEqual([one["type"] for one in status["concerns"]], ["warehouse_down", "stale"])
        self.assertIn("the warehouse cannot be asked", self.text(exit_code=1))

    def concerns(self, status):
        return [(one["type"], one["subject"], one["count"]) for one in status["concerns"]]

    def not_known(self, *parts):
        """Status where these cannot be asked: an error behind what the others know."""
        done = self.pipeline.run("status", "--json", exit_code=1)
        status = json.loads(done.stdout)
        self.assertEqual([one["part"] for one in status["not_known"]], list(parts))
        for one in status["not_known"]:
            self.assertIn(one["error"], done.stderr)
        text = self.text(exit_code=1)
        for part in parts:
            self.assertRegex(status["freshness"], f" known without .*the {part.replace('_', ' ')}")
            self.assertRegex(text, r"(?m)^warning +not known: " if part != "warehouse" else r"(?m)^critical +the warehouse cannot be asked: ")
        return status, text

    def loaded(self):
        self.pipeline.run("process")
        self.pipeline.announce(self.pipeline.put_landed("a.ndjson", events(3), 0))
        self.pipeline.run("process")

    def test_queues_that_cannot_be_asked_hide_nothing_else(self):
        self.loaded()
        for path in self.pipeline.data.glob("queue.db*"):
            path.unlink()
        (self.pipeline.data / "queue.db").write_bytes(b"no database" * 1000)
        status, text = self.not_known("source", "notifications")
        self.assertEqual((status["source"], status["notifications"]), (None, None))
        self.assertEqual((status["tables"][0]["rows"], status["events"], status["hours"][-1]["loaded"]), (3, 3, 3))
        self.assertRegex(text, r"(?m)^source +not known$")
        self.assertRegex(text, r"(?m)^tracking.events +3 +3 ")

    def test_a_raw_store_that_cannot_be_asked_hides_nothing_else(self):
        self.loaded()
        (self.pipeline.data / "raw").rename(self.pipeline.data / "away")
        (self.pipeline.data / "raw").write_bytes(b"")
        status, text = self.not_known("raw_store")
        self.assertTrue(status["freshness"].startswith("how fresh is not known; "), status["freshness"])
        self.assertEqual((status["fresh_to"], status["landed_last_hour"], status["hours"], status["tables"][0]["rows"]), (None, None, None, 3))
        self.assertEqual((status["backlog"]["objects"], status["backlog"]["bytes"]), (None, None))
        self.assertRegex(text, r"(?m)^raw store +not known$")

    def test_a_raw_store_that_is_gone_is_no_empty_one(self):
        self.loaded()
        (self.pipeline.data / "raw").rename(self.pipeline.data / "away")
        status, _ = self.not_known("raw_store")
        self.assertTrue(status["freshness"].startswith("how fresh is not known; "), status["freshness"])

    def test_a_ledger_and_tables_that_cannot_be_asked_hide_nothing_else(self):
        self.loaded()
        self.pipeline.change_warehouse("ALTER TABLE tracking.events RENAME TO behind", "CREATE VIEW tracking.events AS SELECT * REPLACE "
                                       "(CAST(error('not now') AS VARCHAR) AS referrer) FROM tracking.behind")
        status, text = self.not_known("tables")
        self.assertEqual((status["tables"][0]["rows"], status["tables"][0]["loaded"]), (None, 3))
        self.assertRegex(text, r"(?m)^tracking.events +3 +3 .* not known$")
        self.pipeline.change_warehouse("ALTER TABLE sluice.quarantine RENAME reason TO another")
        status, _ = self.not_known("warehouse")
        self.assertTrue(status["is_estimate"])
        self.assertEqual(status["hours"][-1]["objects"], 1)

    def test_a_table_that_somebody_dropped_holds_nothing(self):
        self.loaded()
        self.pipeline.change_warehouse("DROP TABLE tracking.events")
        status = self.pipeline.status()
        self.assertIn(("rows_missing", "tracking.events", 3), self.concerns(status))
        self.assertEqual(status["tables"][0]["rows"], 0)

    def test_a_table_that_is_not_as_its_ddl_says_stops_every_load_and_is_told(self):
        self.loaded()
        self.pipeline.change_warehouse("ALTER TABLE tracking.events DROP COLUMN referrer")
        self.pipeline.announce(self.pipeline.put_landed("b.ndjson", events(3, 50), 0))
        self.assertIn("the table is not as its DDL says", self.pipeline.run("process", exit_code=1).stderr)
        status = self.pipeline.status()
        self.assertEqual(self.concerns(status)[0], ("table_differs", "tracking.events", 0))
        self.assertEqual(status["next"][0], "sluice ddl --diff")
        self.assertEqual(self.pipeline.ask("status", "--by", "event-time")["not_known"], [])
        self.assertRegex(self.pipeline.run("status").stdout, "\ncritical +tracking.events is not as its DDL says, and no load goes on until it is: ")
        self.pipeline.run("ddl", "--apply")
        self.pipeline.run("process")
        self.assertNotIn("table_differs", [one[0] for one in self.concerns(self.pipeline.status())])

    def test_what_to_type_names_the_configuration_as_status_was_told(self):
        here = self.pipeline.folder / "a place"
        here.mkdir()
        for flags, wanted in (([], "sluice send FILE"), (["--dir", "of its own"], "sluice --dir 'of its own' send FILE")):
            done = subprocess.run([PROGRAM, *flags, "status"], capture_output=True, text=True, cwd=here, env=environment(), timeout=60, check=True)
            self.assertTrue(done.stdout.endswith(f"\nnext           {wanted}\n"), done.stdout)

    def test_what_is_held_makes_nothing_fresher(self):
        self.pipeline.run("process")
        self.pipeline.announce(self.pipeline.put_landed("a.ndjson", events(3), 7200))
        self.pipeline.run("process")
        fresh = self.pipeline.status()["fresh_to"]
        key = self.pipeline.put_landed("held.ndjson", b"not json\n" * 20, 0)
        self.pipeline.announce(key)
        self.pipeline.run("process")
        status = self.pipeline.status()
        self.assertEqual(status["fresh_to"], fresh)
        self.assertEqual(self.concerns(status), [("held", "", 1), ("stale", "", 0)])
        self.assertEqual(status["next"], [f"sluice why {key}"])

    def test_a_backfill_of_an_old_hour_does_not_hide_that_all_of_today_is_held(self):
        self.pipeline.run("process")
        key = self.pipeline.put_landed("it's held.ndjson", b"not json\n" * 20, 7200)
        self.pipeline.announce(key)
        self.pipeline.put_raw("old.ndjson", events(3), "date=2026-11-20/10/")
        self.pipeline.run("process")
        self.pipeline.run("backfill", "--from", "2026-11-20T10")
        status = self.pipeline.status()
        self.assertEqual(self.concerns(status), [("held", "", 1), ("stale", "", 0)])
        step, = status["next"]
        self.assertEqual(shlex.split(step), ["sluice", "why", key])

    def test_what_is_given_up_is_of_no_concern_any_more(self):
        self.pipeline.run("process")
        key = self.pipeline.put_landed("a.ndjson", events(20) + b"not json\n" * 2, 0)
        self.pipeline.announce(key)
        self.pipeline.run("process")
        self.assertEqual(self.concerns(self.pipeline.status()), [("quarantine", "", 1)])
        self.pipeline.run("quarantine", "accept", "it was a test", "--object", key)
        status = self.pipeline.status()
        self.assertEqual((self.concerns(status), status["accepted"], status["hours"][-1]["quarantined"]), ([], 2, 2))

    def test_duplicates_with_other_values_show_a_key_that_is_none(self):
        self.loaded()
        self.pipeline.announce(self.pipeline.put_landed("again.ndjson", events(3), 0))
        self.pipeline.run("process")
        self.assertEqual(self.concerns(self.pipeline.status()), [])
        self.pipeline.announce(self.pipeline.put_landed("others.ndjson", events(2, topic="another") + events(1, topic="a third"), 0))
        self.pipeline.run("process")
        status = self.pipeline.status()
        self.assertEqual(self.concerns(status), [("differing", "tracking.events", 3)])
        self.assertEqual(status["next"], ["sluice verify"])
        self.assertIn("3 of the 9 events of the last 24 hours were dropped as duplicates of a row with other values (33.3 %)",
                      status["concerns"][0]["text"])
        self.assertRegex(self.text(), r"(?m)^differing +3 duplicates of tracking.events have other values than the row that is there: ")
        found = self.pipeline.ask("verify", "--from", "2026-11-23")
        self.assertEqual((found["tables"][0]["differing"], found["needs_attention"]), (3, False))
        self.assertEqual([(one["key"][:8], one["time"], one["events"]) for one in found["tables"][0]["differing_keys"]],
                         [("00000000", "2026-11-23 10:00:00", 2), ("00000001", "2026-11-23 10:00:01", 1)])
        text = self.pipeline.run("verify", "--from", "2026-11-23").stdout
        self.assertIn("tracking.events: 3 events dropped as duplicates of a row with other values; see one with sluice why KEY\n"
                      "    00000000-0000-4000-8000-000000000000 at 2026-11-23 10:00:00  2 events\n", text)

    def test_fields_that_are_new_or_of_another_type_have_a_share_and_what_adds_them(self):
        self.pipeline.run("process")
        lines = events(8) + events(2, first=8, topic={"a": 1}, context={"ip": "::1"}) + events(1, first=10, it_s=1)
        self.pipeline.announce(self.pipeline.put_landed("a.ndjson", lines, 0))
        self.pipeline.run("process")
        fields = self.pipeline.status()["fields"]
        self.assertEqual([(one["table"], one["change"], one["field"], one["events"], round(one["share"], 3), one["is_new"])
                          for one in fields],
                         [("tracking.events", "coerced", "topic", 2, 0.182, True),
                          ("tracking.events", "unknown", "context", 2, 0.182, True),
                          ("tracking.events", "unknown", "it_s", 1, 0.091, True)])
        self.assertEqual(fields[0]["alter"], "")
        self.assertRegex(fields[1]["alter"], r'^ALTER TABLE .*"tracking"\."events" ADD COLUMN "context" VARCHAR')
        text = self.text()
        self.assertRegex(text, r"(?m)^  coerced +tracking.events topic: 2 of 11 events \(18\.2 %\), since \d\d:\d\d$")
        self.assertRegex(text, r'(?m)^  unknown +tracking.events context: 2 .*\n +ALTER TABLE .*"context" VARCHAR')
        self.assertRegex(text, r"(?m)^warning +tracking.events: 1 column with values of another type: topic \(coerced\); mend the\n +producer or the DDL$")
        self.assertEqual(self.pipeline.query("SELECT table_name, reason FROM sluice.ledger WHERE reason IS NOT NULL"),
                         [("events", "coerced:topic=2 unknown:context=2 unknown:it_s=1")])

    def test_a_long_reason_and_long_names_stay_on_the_screen(self):
        self.pipeline.generate(100)
        self.pipeline.send()
        self.pipeline.run("run")
        self.pipeline.run("pause", "because " * 40 + "x" * 150)
        self.assertRegex(self.text(), r"(?m)^next +sluice resume$")


class Watch(StatusTest):
    def test_reports_follow_each_other_until_it_is_stopped(self):
        for arguments in (["--watch"], ["--watch", "--json"]):
            for number in (signal.SIGINT, signal.SIGTERM):
                with self.subTest(arguments=arguments, number=number), \
                        self.pipeline.started("status", *arguments) as process:
                    lines = []
                    while len([line for line in lines if "nothing is loaded yet" in line]) < 2:
                        lines.append(process.stdout.readline())
                        self.assertTrue(lines[-1], "it ended")
                    self.assertNotIn("\x1b", "".join(lines))
                    self.assertEqual(stop(process, number, 5), 0)

    def test_a_terminal_shows_one_at_a_time(self):
        mine, its = pty.openpty()
        process = subprocess.Popen(self.pipeline.command("status", "--watch"), stdout=its, stderr=its,
                                   stdin=subprocess.DEVNULL, env=environment(TERM="xterm"))
        os.close(its)
        try:
            text = b""
            while text.count(b"\x1b[H\x1b[2J") < 2:
                text += os.read(mine, 65536)
            self.assertEqual(stop(process, signal.SIGINT, 5), 0)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            os.close(mine)


if __name__ == "__main__":
    unittest.main()
