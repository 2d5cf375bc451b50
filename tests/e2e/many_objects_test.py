# SPDX-License-Identifier: Apache-2.0
"""Every command that walks a store ends with the right answer where that holds 100,000 objects, all of one hour, and
holds pages of it, not all of it."""

import unittest

from alert_test import Webhook
from many_objects import ManyObjectsTest
from pipeline import environment

OBJECTS = 100_000
LOADED = OBJECTS // 2
MISSING = OBJECTS - LOADED
EXAMPLES = 10
REMOVED = 100  # by gc


class ManyObjects(ManyObjectsTest):
    def remove_orphans_but(self, kept, example):
        """Each removal is made durable, which takes milliseconds: that is no matter of how many objects there are."""
        folder = (self.pipeline.data / "parquet" / example).parent
        for i in range(1 + kept, LOADED):
            (folder / f"{i:07}{example.rsplit('/', 1)[1][7:]}").unlink()

    def test_every_command_that_walks_a_store(self):
        self.fill(OBJECTS, in_an_hour=OBJECTS, orphans=True)
        for flags in (), ("--replace",):
            plan = self.measured("backfill", "--from", self.spelt_hour(), "--dry-run", *flags)["plan"]
            self.assertEqual((plan["stored"], plan["loaded_before"], plan["to_load"]), (OBJECTS, LOADED, MISSING))

        # What is loaded was loaded with the table.
        plan = self.measured("backfill", "--from", self.spelt_hour(), "--dry-run", "--replace", "--table", "events")["plan"]
        self.assertEqual([plan[key] for key in ("table", "replaces", "loaded_before", "to_load", "stays")], ["events", False, LOADED, MISSING, 0])
        found = self.measured("check", "--connect")
        self.assertEqual((found["failure"], found["findings"]), (None, []))

        found = self.measured("reconcile", exit_code=3)
        self.assertEqual((found["stored"], found["loaded"], found["missing"], len(found["examples"])), (OBJECTS, LOADED, MISSING, EXAMPLES))
        # The orphan of the very first one is young.
        self.assertEqual(found["parquet"], found["parquet"] | {"stored": 2 * LOADED, "named": LOADED, "young": 1, "unnamed": LOADED - 1, "missing": 0, "examples": []})

        status = self.measured("status")
        self.assertEqual((status["objects"], status["backlog"]["objects"], status["balanced"]), (LOADED, MISSING, True))
        self.assertEqual([one["count"] for one in status["concerns"] if one["type"] == "missing"], [MISSING])
        self.assertEqual([(hour["objects"], hour["waiting"], hour["quarantined"]) for hour in status["hours"] if hour["objects"]], [(OBJECTS, MISSING, LOADED)])

        story = self.measured("why", self.spelt_hour(), exit_code=3)
        self.assertIn(f"{MISSING:,} of {OBJECTS:,} raw objects not loaded, because nobody was told", story["verdict"])
        self.assertEqual(self.measured("why", f"{self.folder(0)}{LOADED:07}.ndjson", exit_code=3)["state"], "missing")
        self.assertEqual(self.measured("why", "00000000-0000-4000-8000-000000000000")["state"], "loaded")
        story = self.measured("why", "2026-11-23T10", "--by", "event-time")
        self.assertEqual(story["state"], "loaded_late")
        self.assertIn("not all Parquet objects could be looked into", story["verdict"])
        self.assertEqual(self.measured("status", "--by", "event-time")["event_hours"], [])
        self.assertEqual(self.measured("ddl", "--diff")["steps"], [])
        self.assertGreater(len(self.measured("ddl")["steps"]), 0)
        self.measured("pause", "a test")
        self.assertEqual(self.measured("resume")["before"], "a test")

        table = self.measured("verify", "--from", "2026-11-23")["tables"][0]
        self.assertEqual((table["rows"], table["loaded"], table["keys_twice"], table["hours"]), (1, 1, 0, []))

        group, = self.measured("quarantine", "list")["groups"]
        self.assertEqual((group["reason"], group["events"], group["objects"]), ("no_route", LOADED, LOADED))
        shown = self.measured("quarantine", "show", "--limit", "5")
        self.assertEqual((len(shown["events"]), shown["more"]), (5, True))
        replayed = self.measured("quarantine", "replay", "--dry-run")
        self.assertEqual((replayed["events"], replayed["passed"], replayed["objects"]), (LOADED, 0, LOADED))
        self.assertEqual(self.measured("quarantine", "accept", "a test", "--reason", "no_route")["accepted"], LOADED)

        found = self.measured("gc", "--dry-run", "--grace", "1h", exit_code=3)
        self.assertEqual((found["stored"], found["named"], found["orphans"], found["missing"]), (2 * LOADED, LOADED, LOADED - 1, 0))
        self.pipeline.run("gc", "--claim", "--grace", "365d")
        self.remove_orphans_but(REMOVED, found["orphan_examples"][0])
        found = self.measured("gc", "--grace", "1h")
        self.assertEqual((found["stored"], found["named"], found["removed"]), (LOADED + REMOVED + 1, LOADED, REMOVED))

        self.assertEqual(self.measured("reconcile", "--repair")["announced"], MISSING)
        self.assertEqual(self.measured("status")["notifications"]["waiting"], MISSING)

        webhook = Webhook(self)
        loaded = 0
        for command in "process", "run":
            done = self.measured(command, "--deadline", "1", "--set", "load.memory=128MiB", "--set", "alert.webhook=env:HOOK",
                                 env=environment(HOOK=webhook.url))["processed"]
            self.assertEqual((done["loaded"], done["failed"]), (done["objects"], 0))
            loaded += done["loaded"]
        self.assertGreater(loaded, 0)
        self.assertIn("stale", [alert["type"] for alert in webhook.take()])
        self.pipeline.generate(100)
        self.pipeline.send()
        self.assertEqual(self.measured("land")["landed"]["objects"], 1)
        status = self.measured("status")
        self.assertEqual((status["objects"], sum(status["notifications"][part] for part in ("waiting", "in_flight")), status["balanced"]),
                         (LOADED + loaded, MISSING - loaded + 1, True))


if __name__ == "__main__":
    unittest.main()
