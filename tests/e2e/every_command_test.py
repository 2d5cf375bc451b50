# SPDX-License-Identifier: Apache-2.0
"""Every command, with a range that holds nothing, a range to come, a warehouse that is down, and a configuration that
somebody is still writing: a clear error, the exit code of docs/commands.md, and nothing lost."""

import dataclasses
import json
import pathlib
import re
import socket
import unittest

from command_line_test import COMMANDS
from pipeline import HOUR, PipelineTest, environment, events, stop

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples" / "tracking"
EVENT = "00000001-0000-4000-8000-000000000000"
EMPTY_HOUR, EMPTY_EVENT_HOUR, TO_COME = "2026-11-22T03", "2026-11-21T09", "2999-01-01"


@dataclasses.dataclass
class Form:
    """One way to type a command, and what it needs."""

    arguments: tuple
    asks_warehouse: bool = True
    reads_configuration: bool = True
    moves: bool = False  # messages or objects, also while the warehouse is down
    ends: bool = True    # by itself
    exit_code: int = 0   # where nothing that it needs is amiss


def asking(*arguments, **facts):
    return Form(arguments, **facts)


def alone(*arguments, **facts):
    return Form(arguments, asks_warehouse=False, **facts)


# Where a row ends in "--from" or "why", an hour comes behind it.
FORMS = {
    "init": [alone("--ddl", str(EXAMPLES / "utm.sql"), "--output", "new", "--force", reads_configuration=False)],
    "run": [asking(moves=True), asking("--once", "--keep", moves=True), asking("--limit", "3", moves=True)],
    "land": [alone(moves=True), alone("--limit", "3", moves=True)],
    "process": [asking(), asking("--keep")],
    "status": [asking(), asking("--by", "event-time"), asking("--json"), asking("--watch", ends=False)],
    "backfill": [asking("--from", "2026-11-23"), asking("--from", "2026-11-23", "--dry-run"), asking("--from", "2026-11-23", "--replace"),
                 asking("--from", "2026-11-23", "--replace", "--table", "utm")],
    "reconcile": [asking(), asking("--repair")],
    "verify": [asking(), asking("--from", "2026-11-23")],
    "why": [asking(HOUR + "a.ndjson"), asking(EVENT), asking("2026-11-23T14"), asking("2026-11-23T10", "--by", "event-time")],
    "quarantine": [asking("list"), asking("list", "--by", "hour"), asking("show"), asking("replay", "--dry-run"), asking("replay"),
                   asking("accept", "a test", "--reason", "no_route"), asking("accept", "a test", "--object", HOUR + "a.ndjson")],
    "pause": [asking("a test")],
    "resume": [asking()],
    "gc": [asking(), asking("--dry-run"), asking("--claim")],
    "check": [alone(), asking("--connect")],
    "ddl": [alone(), asking("--diff"), asking("--apply")],
    "convert": [alone("--out", "converted", "events.ndjson")],
    "generate": [alone("--events", "3")],
    "send": [alone("events.ndjson", moves=True)],
    "sample": [alone("-n", "1", "sample.ndjson")],
    "preview": [alone("events.ndjson")],
    "lambda": [alone(reads_configuration=False, exit_code=1)],  # nobody calls it; its configuration: tests/lambda/
    "completion": [alone("bash", reads_configuration=False)],
}

TYPED = [(form, (command, *form.arguments)) for command, forms in FORMS.items() for form in forms]

# Of each command that takes a range: what it says where nothing is, and its exit code.
NOTHING_THERE = (
    (("backfill", "--from", EMPTY_HOUR), 0, "0 objects in the raw store.*nothing to do"),
    (("backfill", "--from", EMPTY_HOUR, "--dry-run"), 0, "0 objects in the raw store"),
    (("backfill", "--from", EMPTY_HOUR, "--replace"), 0, "0 objects in the raw store.*nothing to do"),
    (("backfill", "--from", EMPTY_HOUR, "--replace", "--table", "utm"), 0, "0 objects in the raw store.*nothing to do"),
    (("reconcile", "--since", "0s"), 0, "0 objects in the raw store.*nothing is missing"),
    (("reconcile", "--since", "0s", "--repair"), 0, "0 objects in the raw store.*nothing is missing"),
    (("verify", "--from", EMPTY_EVENT_HOUR), 0, "no rows in these hours"),
    (("verify", "--since", "0s"), 0, "no rows in these hours"),
    (("why", EMPTY_HOUR), 3, "not loaded, because nothing landed"),
    (("why", EMPTY_EVENT_HOUR, "--by", "event-time"), 3, "not loaded, because nothing with such a time has landed"),
    (("quarantine", "list", "--since", "0s"), 0, "nothing of that is in quarantine"),
    (("quarantine", "show", "--since", "0s"), 0, "nothing of that is in quarantine"),
    (("quarantine", "replay", "--since", "0s"), 0, "nothing of that is in quarantine"),
    (("quarantine", "accept", "a test", "--since", "0s"), 0, "nothing of that is in quarantine"),
    (("gc", "--grace", "365d"), 0, "nothing to remove"),
)
STILL_TO_COME = (
    (("backfill", "--from", TO_COME), 0, "0 objects in the raw store.*nothing to do"),
    (("backfill", "--from", TO_COME, "--to", "2999-02-01", "--dry-run"), 0, "0 objects in the raw store"),
    (("backfill", "--from", TO_COME, "--replace"), 0, "0 objects in the raw store.*nothing to do"),
    (("backfill", "--from", TO_COME, "--replace", "--table", "utm"), 0, "0 objects in the raw store.*nothing to do"),
    (("verify", "--from", TO_COME), 0, "no rows in these hours"),
    (("verify", "--from", TO_COME, "--table", "events"), 0, "no rows in these hours"),
    (("why", TO_COME), 0, "these hours are to come"),
    (("why", TO_COME, "--by", "event-time"), 0, "these hours are to come"),
    (("why", TO_COME, "--tz", "Asia/Kolkata"), 0, "these hours are to come"),
)
# No range at all.
WRONG = (("backfill", "--from", "2026-11-23", "--to", "2026-11-23"), ("backfill", "--from", "2026-11-23", "--to", "2026-11-22"),
         ("verify", "--from", "2026-11-23", "--to", "2026-11-22"), ("backfill", "--from", "1900-01-01", "--to", TO_COME),
         ("reconcile", "--since", "-1h"), ("verify", "--since", "-1h"), ("quarantine", "list", "--since", "-1h"), ("gc", "--grace", "-1h"))


class EveryCommand(PipelineTest):
    def setUp(self):
        super().setUp()
        for name, content in (("a", events(95) + b'{"no": "route"}\n'), ("b", events(10, 200))):
            self.pipeline.announce(self.pipeline.put_raw(f"{name}.ndjson", content))
            if name == "a":
                self.pipeline.run("process")
        (self.pipeline.folder / "events.ndjson").write_bytes(events(20, 300))

    def state(self):
        return (self.pipeline.digests("raw", "parquet", "quarantine"), sorted(self.pipeline.bodies("source") + self.pipeline.bodies("notifications")),
                self.pipeline.ledger_rows(), self.pipeline.query("SELECT * FROM tracking.events ORDER BY ALL"),
                self.pipeline.query("SELECT * FROM sluice.quarantine ORDER BY ALL"))

    def test_every_command_is_in_the_table(self):
        self.assertEqual(sorted(FORMS), sorted(COMMANDS))

    def assert_says(self, rows):
        before = self.state()
        for arguments, exit_code, words in rows:
            with self.subTest(arguments=arguments):
                done = self.pipeline.run(*arguments, exit_code=exit_code)
                self.assertRegex(done.stdout, f"(?s){words}")
                self.assertEqual(done.stderr, "")
                if arguments[0] != "quarantine" or "replay" not in arguments:
                    self.pipeline.ask(*arguments, exit_code=exit_code)
        self.assertEqual(self.state(), before)

    def test_a_range_with_nothing_in_it(self):
        self.assert_says(NOTHING_THERE)

    def test_a_range_that_is_to_come(self):
        self.assert_says(STILL_TO_COME)

    def test_a_range_that_is_none_is_wrong_usage(self):
        before = self.state()
        for arguments in WRONG:
            with self.subTest(arguments=arguments):
                self.assert_plain_failure(self.pipeline.run(*arguments, exit_code=2), "range" if "--from" in arguments else arguments[-2])
        self.assertEqual(self.state(), before)

    def configuration(self, **warehouse):
        """Of this pipeline, with another warehouse."""
        data = self.pipeline.data
        path = self.pipeline.folder / "sluice.yaml"
        path.write_text(json.dumps({
            "name": "tracking", "source": {"dir": str(data)}, "raw": {"url": f"dir:{data}/raw"}, "parquet": {"url": f"dir:{data}/parquet"},
            "quarantine": {"url": f"dir:{data}/quarantine"}, "warehouse": warehouse,
            "tables": [{"ddl": str(EXAMPLES / "events.sql"), "when": {"has": "topic"}, "unique": ["request_id"], "time": "request_timestamp"},
                       {"ddl": str(EXAMPLES / "utm.sql"), "when": {"has": "source"}, "unique": ["request_id"]}]}))
        return path

    def assert_goes_on(self, words, *arguments):
        """Says each time what it cannot ask, until it is stopped."""
        with self.pipeline.started(*arguments, "--json", env=environment(PASSWORD="hunter2")) as process:
            for _ in range(2):
                self.assertRegex(json.loads(process.stdout.readline())["warehouse_error"], words)
            self.assertEqual(stop(process), 0)

    def assert_down(self, words, after_each=lambda: None, **warehouse):
        """Who asks the warehouse fails with `words`, everybody else goes on, and when it is back everything is loaded."""
        config = self.configuration(**warehouse)
        for form, arguments in TYPED:
            with self.subTest(arguments=arguments):
                before = self.state()
                if not form.ends:
                    self.assert_goes_on(words, "--config", config, *arguments)
                    self.assertEqual(self.state(), before)
                    after_each()
                    continue
                done = self.pipeline.run("--config", config, *arguments, exit_code=1 if form.asks_warehouse else form.exit_code,
                                         env=environment(PASSWORD="hunter2"))
                self.assertNotIn("hunter2", done.stdout + done.stderr)
                if form.asks_warehouse:
                    self.assert_plain_failure(done)
                    self.assertRegex(done.stderr, words)
                if not form.moves:
                    self.assertEqual(self.state(), before)
                after_each()
        self.pipeline.run("run")
        self.assertEqual(self.pipeline.query("SELECT count(*), count(DISTINCT request_id) FROM tracking.events"), [(95 + 10 + 20, 95 + 10 + 20)])
        status = self.pipeline.status()
        for queue in ("source", "notifications"):
            self.assertEqual(status[queue], {"waiting": 0, "in_flight": 0, "dead": 0}, queue)

    def test_C13_a_warehouse_that_is_no_database(self):
        path = self.pipeline.folder / "warehouse.duckdb"
        path.write_bytes(b"no database" * 1000)
        self.assert_down(re.escape(str(path)), duckdb=str(path))
        self.assertEqual(path.read_bytes(), b"no database" * 1000)

    def test_C13_a_warehouse_whose_folder_is_gone(self):
        """A mount that is not there yet is no new pipeline: the Parquet store holds what was loaded."""
        path = self.pipeline.folder / "mounted" / "warehouse.duckdb"

        def nothing_is_made():
            self.assertFalse(path.parent.exists())

        self.assert_down(f"the warehouse is gone, .*{re.escape(str(path))}|put the warehouse back", nothing_is_made, duckdb=str(path))

    def test_C13_a_warehouse_that_nobody_answers_for(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))  # and nobody listens
            port = taken.getsockname()[1]
            self.assert_down(f'cannot connect: .*"127.0.0.1", port {port} failed: Connection refused', postgres={
                "host": "127.0.0.1", "port": port, "database": "analytics", "user": "sluice", "password": "env:PASSWORD", "tls": "disable"})

    def test_O12_a_configuration_that_somebody_is_still_writing(self):
        whole = (EXAMPLES / "sluice.yaml").read_text()
        before = self.state()
        path = self.pipeline.folder / "half.yaml"
        for name, text in (("empty", ""), ("no tables", whole[:whole.index("tables:")]), ("in a list", whole[:whole.index("hold_above: 20%")] + "{"),
                           ("in a flow", whole[:whole.index(", size: 128MiB")]), ("in a key", whole[:whole.index(": sluice-data/warehouse.duckdb")])):
            path.write_text(text)
            for form, arguments in TYPED:
                with self.subTest(configuration=name, arguments=arguments):
                    done = self.pipeline.run("--config", path, *arguments, exit_code=2 if form.reads_configuration else form.exit_code)
                    if form.reads_configuration:
                        self.assert_plain_failure(done)
                        self.assertRegex(done.stderr, r"half\.yaml:\d+:\d+: \S")
        self.assertEqual(self.state(), before)


if __name__ == "__main__":
    unittest.main()
