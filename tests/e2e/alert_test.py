# SPDX-License-Identifier: Apache-2.0
"""What the webhook is told, by a real HTTP server: each thing once, and when it is over."""

import http.server
import json
import threading
import unittest

from pipeline import PipelineTest, environment, events, stop, wait_until


class Webhook:
    """Keeps what it is told; answers `status`, and 400 to types that are `refused`. As HTTP/1.0 it ends a connection
    after one answer, at the worst moment: when the next request is on its way."""

    def __init__(self, test, protocol="HTTP/1.1"):
        self.told, self.status, self.refused = [], 204, ()
        webhook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = protocol

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = 400 if json.loads(body)["type"] in webhook.refused else webhook.status
                if status == 204:
                    webhook.told.append((self.path, self.headers["Content-Type"], json.loads(body)))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()
                if protocol == "HTTP/1.0":
                    self.rfile.read(1)  # nothing, where the client ends the connection

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        thread.start()
        test.addCleanup(thread.join)
        test.addCleanup(self.server.server_close)
        test.addCleanup(self.server.shutdown)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hunter2?key=1"

    def take(self):
        """What came since the last call."""
        told, self.told = self.told, []
        return [alert for _, _, alert in told]


class Alerts(PipelineTest):
    TYPED = {"version", "pipeline", "type", "state", "severity", "subject", "count", "text", "next", "since", "time"}

    def setUp(self):
        super().setUp()
        self.webhook = Webhook(self)
        self.environment = environment(HOOK=self.webhook.url)

    def run_with(self, *arguments, exit_code=0):
        done = self.pipeline.run(*arguments, "--set", "alert.webhook=env:HOOK", exit_code=exit_code, env=self.environment)
        self.assertNotIn("hunter2", done.stdout + done.stderr)
        return done

    def told(self):
        """(type, state, severity) of what came since the last call, each of the documented form."""
        alerts = self.webhook.take()
        for alert in alerts:
            self.assertEqual(set(alert), self.TYPED)
            self.assertEqual((alert["version"], alert["pipeline"]), (1, "tracking"))
            self.assertTrue(alert["text"].startswith("tracking: "))
        return [(alert["type"], alert["state"], alert["severity"]) for alert in alerts]

    def loaded(self):
        self.pipeline.put_raw("first.ndjson", events(20), "date=2026-11-23/14/")
        self.pipeline.announce("date=2026-11-23/14/first.ndjson")
        self.pipeline.announce(self.pipeline.put_landed("now.ndjson", events(20, first=20), 0))
        self.run_with("process")

    def test_who_is_well_is_told_nothing_and_nothing_is_kept(self):
        self.loaded()
        self.assertEqual(self.told(), [])
        self.assertFalse((self.pipeline.data / "quarantine/_sluice/alerts").exists())

    def test_who_began_with_a_backfill_of_old_hours_is_not_stale(self):
        self.pipeline.put_raw("old.ndjson", events(20), "date=2026-11-23/14/")
        self.run_with("backfill", "--from", "2026-11-23T14")
        self.run_with("process")
        self.assertEqual(self.told(), [])

    def test_who_began_with_an_object_that_is_held_is_not_stale(self):
        self.pipeline.announce(self.pipeline.put_landed("held.ndjson", b"not json\n" * 20, 0))
        self.run_with("process")
        self.assertEqual(self.told(), [("held", "firing", "warning")])

    def test_a_warehouse_that_is_down_and_back_is_told_once_each(self):
        self.loaded()
        warehouse = self.pipeline.data / "warehouse.duckdb"
        content = warehouse.read_bytes()
        warehouse.write_bytes(b"no database" * 1000)
        for told in ([("warehouse_down", "firing", "critical")], [], []):
            self.run_with("process", exit_code=1)
            self.assertEqual(self.told(), told)
        warehouse.write_bytes(content)
        for told in ([("warehouse_down", "resolved", "info")], []):
            self.run_with("process")
            self.assertEqual(self.told(), told)

    def test_missing_objects_are_told_by_reconcile_too_and_are_over_when_they_are_loaded(self):
        self.loaded()
        self.pipeline.put_landed("lost.ndjson", events(20, first=40), 2 * 3600)
        self.run_with("reconcile", exit_code=3)
        path, kind, alert = self.webhook.told[0]
        self.assertEqual((path, kind), ("/hunter2?key=1", "application/json"))
        self.assertEqual((alert["count"], alert["next"]), (1, "sluice reconcile --repair"))
        self.assertEqual(self.told(), [("missing", "firing", "critical"), ("stale", "firing", "critical")])
        self.run_with("process")
        self.assertEqual(self.told(), [])
        self.run_with("reconcile", "--repair")
        self.run_with("process")
        self.assertEqual(sorted(self.told()), [("missing", "resolved", "info"), ("stale", "resolved", "info")])

    def test_missing_objects_are_not_over_by_a_notification_of_something_else(self):
        self.loaded()
        key = self.pipeline.put_landed("lost.ndjson", events(20, first=40), 2 * 3600)
        self.run_with("reconcile", exit_code=3)
        self.assertIn(("missing", "firing", "critical"), self.told())
        self.pipeline.notify(self.pipeline.notification("theirs.ndjson", bucket="somebody-elses"))
        self.run_with("process")
        self.assertNotIn("missing", [one[0] for one in self.told()])
        self.pipeline.announce(key)
        self.run_with("process")
        self.assertIn(("missing", "resolved", "info"), self.told())

    def test_what_reconcile_finds_before_the_last_day_is_told_until_it_is_loaded(self):
        self.loaded()
        key = self.pipeline.put_landed("lost.ndjson", events(20, first=40), 73 * 3600)
        self.run_with("process")
        self.assertEqual(self.told(), [])
        self.run_with("reconcile", exit_code=3)
        alert = self.webhook.told[0][2]
        self.assertEqual((alert["count"], alert["next"]), (1, "sluice reconcile --repair"))
        self.assertIn(f"1 landed before the last 24 hours, the first in {key[5:15]}T{key[16:18]}", alert["text"])
        self.assertEqual(self.told(), [("missing", "firing", "critical")])
        for arguments, code in ((["process"], 0), (["reconcile", "--since", "1d"], 0), (["reconcile", "--grace", "9d"], 0),
                                (["reconcile", "--after", key], 0), (["reconcile"], 3)):
            self.run_with(*arguments, exit_code=code)
            self.assertEqual(self.told(), [], arguments)
        self.run_with("backfill", "--from", f"{key[5:15]}T{key[16:18]}")
        self.run_with("process")
        self.assertEqual(self.told(), [("missing", "resolved", "info")])

    def test_what_leaves_the_last_day_is_over_when_it_is_gone_only(self):
        def process(*told):
            self.run_with("process", "--set", "reconcile.every=0s")
            self.assertEqual(self.told(), list(told))

        self.loaded()
        key = self.pipeline.put_landed("lost.ndjson", events(20, first=40), 2 * 3600)
        process(("missing", "firing", "critical"), ("stale", "firing", "critical"))
        memory, = (self.pipeline.data / "quarantine/_sluice/missing/tracking").iterdir()
        hour = f"{key[5:15]}T{key[16:18]}"
        self.assertEqual(memory.read_text(), f"sluice missing 1\n{hour} 1\n")
        # As if three days went by.
        raw = self.pipeline.data / "raw"
        later = self.pipeline.put_landed("lost.ndjson", (raw / key).read_bytes(), 74 * 3600)
        (raw / key).unlink()
        memory.write_text(memory.read_text().replace(hour, f"{later[5:15]}T{later[16:18]}"))
        process(("stale", "resolved", "info"))
        (raw / later).unlink()
        process(("missing", "resolved", "info"))

    def test_held_quarantined_and_dead_letters(self):
        self.loaded()
        self.pipeline.announce(self.pipeline.put_landed("held.ndjson", b"not json\n" * 20, 0))
        self.pipeline.announce(self.pipeline.put_landed("noisy.ndjson", events(20, first=60) + b"not json\n", 0))
        self.run_with("process")
        self.assertEqual(self.told(), [("held", "firing", "warning"), ("quarantine", "firing", "warning")])
        self.pipeline.notify("no notification")
        for _ in range(5):
            self.run_with("process")
        self.assertEqual(self.told(), [("dead_letters", "firing", "warning")])

    def test_a_field_that_is_new_or_changes_its_type(self):
        self.loaded()
        for number, told in ((1, [("type_changed", "firing", "warning"), ("new_field", "firing", "info")]), (2, [])):
            self.pipeline.announce(self.pipeline.put_landed(f"{number}.ndjson", events(1, first=40 + number, topic=7, new=1), 0))
            self.run_with("process")
            self.assertEqual(self.told(), told)

    def test_a_webhook_that_fails_costs_no_load_and_is_told_the_next_time(self):
        self.loaded()
        self.pipeline.announce(self.pipeline.put_landed("held.ndjson", b"not json\n" * 20, 0))
        self.webhook.status = 500
        done = self.run_with("process")
        self.assertIn("cannot send alerts, they are sent the next time: the webhook refused: status=500", done.stderr)
        self.assertEqual(self.told(), [])
        self.webhook.status = 204
        self.run_with("process")
        self.assertEqual(self.told(), [("held", "firing", "warning")])

    def test_one_alert_that_is_refused_is_in_no_others_way(self):
        self.loaded()
        self.pipeline.announce(self.pipeline.put_landed("held.ndjson", b"not json\n" * 20, 0))
        self.pipeline.announce(self.pipeline.put_landed("noisy.ndjson", events(20, first=60) + b"not json\n", 0))
        self.webhook.refused = ("held",)
        for told in ([("quarantine", "firing", "warning")], []):
            done = self.run_with("process")
            self.assertIn("cannot send alerts, they are sent the next time: the webhook refused: status=400", done.stderr)
            self.assertEqual(self.told(), told)
        self.webhook.refused = ()
        self.run_with("process")
        self.assertEqual(self.told(), [("held", "firing", "warning")])

    def test_a_server_that_ends_connections_is_told_every_alert_of_a_run_once(self):
        self.loaded()
        self.webhook = Webhook(self, protocol="HTTP/1.0")
        self.environment = environment(HOOK=self.webhook.url)
        self.pipeline.announce(self.pipeline.put_landed("held.ndjson", b"not json\n" * 20, 0))
        self.pipeline.announce(self.pipeline.put_landed("noisy.ndjson", events(20, first=60, new=1) + b"not json\n", 0))
        for told in ([("held", "firing", "warning"), ("quarantine", "firing", "warning"), ("new_field", "firing", "info")], []):
            self.assertNotIn("cannot send alerts", self.run_with("process").stderr)
            self.assertEqual(self.told(), told)

    def test_a_raw_store_that_cannot_be_asked_silences_nobody(self):
        self.loaded()
        self.pipeline.put_landed("lost.ndjson", events(20, first=40), 2 * 3600)
        self.run_with("process")
        self.assertEqual(self.told(), [("missing", "firing", "critical"), ("stale", "firing", "critical")])
        raw, away = self.pipeline.data / "raw", self.pipeline.data / "away"
        raw.rename(away)
        raw.write_bytes(b"")
        for told in ([("not_known", "firing", "warning")], []):
            self.run_with("process", exit_code=1)
            self.assertEqual(self.told(), told)
        raw.unlink()
        away.rename(raw)
        self.run_with("process")
        self.assertEqual(self.told(), [("not_known", "resolved", "info")])

    def test_a_value_of_another_type_now_and_then_is_no_alert(self):
        self.loaded()
        self.pipeline.announce(self.pipeline.put_landed("a.ndjson", events(1200, first=100) + events(1, first=40, topic=7), 0))
        self.run_with("process")
        self.assertEqual(self.told(), [])
        self.pipeline.announce(self.pipeline.put_landed("b.ndjson", events(5, first=50, topic=7), 0))
        self.run_with("process")
        self.assertEqual(self.told(), [("type_changed", "firing", "warning")])

    def test_who_follows_is_told_while_it_runs(self):
        self.loaded()
        self.pipeline.announce(self.pipeline.put_landed("held.ndjson", b"not json\n" * 20, 0))
        with self.pipeline.started("run", "--follow", "--set", "alert.webhook=env:HOOK", env=self.environment) as process:
            wait_until(lambda: self.webhook.told, "an alert came")
            self.assertEqual(self.told(), [("held", "firing", "warning")])
            self.assertEqual(stop(process), 0)
        self.assertEqual(self.told(), [])

    def test_a_webhook_that_is_no_address_is_a_finding_and_a_warning(self):
        self.environment = environment(HOOK="hunter2")
        self.assertIn("look: alert.webhook: the webhook's address is none", self.run_with("check", exit_code=3).stdout)
        self.loaded()
        self.pipeline.announce(self.pipeline.put_landed("held.ndjson", b"not json\n" * 20, 0))
        self.assertIn("cannot send alerts", self.run_with("process").stderr)


if __name__ == "__main__":
    unittest.main()
