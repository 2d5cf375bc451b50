# SPDX-License-Identifier: Apache-2.0
"""The program under test in a temporary folder of its own, and eyes on what it left behind.

SLUICE_PROGRAM names the program. Nothing here knows how it works inside but for three formats:
queue.db (src/sluice/queue/queue_file.cc), the notification (docs/formats.md) and the warehouse's
tables (docs/formats.md).
"""

import collections
import contextlib
import hashlib
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
import unittest
import urllib.parse

import duckdb

PROGRAM = os.environ["SLUICE_PROGRAM"]
PATIENCE = 120  # seconds until a condition that must come true counts as never coming true
TABLES = ("tracking.events", "tracking.utm")
HOUR = "date=2026-11-23/14/"

# Small raw objects and small batches: many of each with few events.
SMALL_OBJECTS = ("--set", "raw.close_at.size=64KiB")
SMALL_BATCHES = ("--set", "load.max_size=1B")


def wait_until(condition, what, seconds=PATIENCE):
    """The first true value of `condition()`. Polls; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"after {seconds} s still not: {what}")
        time.sleep(0.002)


def environment(**changes):
    """Ours, without what would configure the program."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("SLUICE_") or k == "SLUICE_DEPS"}
    return kept | {k: str(v) for k, v in changes.items()}


def events(count, first=0, **changes):
    """Clean events of tracking.events, one a line."""
    lines = []
    for i in range(first, first + count):
        event = {
            "request_id": f"{i:08}-0000-4000-8000-000000000000",
            "request_timestamp": f"2026-11-23 10:{i // 60 % 60:02}:{i % 60:02}.000000",
            "cookie_id": "a09c4ca3-d142-4312-ba78-029c3355b8ef",
            "topic": "page.view",
        }
        lines.append(json.dumps(event | changes))
    return ("\n".join(lines) + "\n").encode() if lines else b""


class Pipeline:
    """One embedded pipeline: `folder`/data."""

    def __init__(self, folder, prefix=()):
        self.folder = pathlib.Path(folder)
        self.data = self.folder / "data"
        self.prefix = tuple(prefix)  # before the program: nsenter …

    # Running it

    def command(self, *arguments):
        return [*self.prefix, PROGRAM, "--dir", str(self.data), *map(str, arguments)]

    def run(self, *arguments, exit_code=0, env=None):
        """Runs to the end; the exit code must be as told."""
        done = subprocess.run(
            self.command(*arguments), capture_output=True, text=True, env=env or environment(),
            cwd=self.folder, stdin=subprocess.DEVNULL, timeout=600)
        if done.returncode != exit_code:
            raise AssertionError(f"{arguments}: exit {done.returncode}, not {exit_code}\n{done.stdout}\n{done.stderr}")
        return done

    def ask(self, *arguments, **options):
        return json.loads(self.run(*arguments, "--json", **options).stdout)

    @contextlib.contextmanager
    def started(self, *arguments, env=None):
        """A process that is dead afterwards, whatever happens."""
        process = subprocess.Popen(
            self.command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=env or environment(), cwd=self.folder, stdin=subprocess.DEVNULL)
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.communicate()

    # Giving it something

    def generate(self, count, *flags, records=5):
        """Events with faults and duplicates as messages. Answers what must become of them."""
        truth = self.folder / "truth.json"
        self.run("generate", "--events", count, "--messages", "--records", records, "--out",
                 self.folder / "messages.ndjson", "--truth", truth, *flags)
        return json.loads(truth.read_text())

    def send(self):
        return self.ask("send", self.folder / "messages.ndjson")["messages"]

    def put_raw(self, name, content, hour=HOUR):
        """A raw object that nobody has announced yet; its key."""
        path = self.data / "raw" / (hour + name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return hour + name

    def put_landed(self, name, content, age):
        """The same, as if it had landed `age` seconds ago."""
        then = time.time() - age
        key = self.put_raw(name, content, time.strftime("date=%Y-%m-%d/%H/", time.gmtime(then)))
        os.utime(self.data / "raw" / key, (then, then))
        return key

    def notification(self, *keys, bucket=None, event="ObjectCreated:Put", size=1):
        """As S3 sends it: keys form-url-encoded, the bucket of a directory is its path."""
        records = [{
            "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "eu-central-1",
            "eventTime": "2026-11-23T14:15:02.000Z", "eventName": event,
            "s3": {"s3SchemaVersion": "1.0", "configurationId": "test",
                   "bucket": {"name": bucket or str(self.data / "raw")},
                   "object": {"key": urllib.parse.quote_plus(key), "size": size, "eTag": "0" * 32}},
        } for key in keys]
        return json.dumps({"Records": records})

    def notify(self, body, queue="notifications"):
        """Puts a body into a queue behind the program's back."""
        if not (self.data / "queue.db").exists():
            self.run("land")  # makes the queues
        with contextlib.closing(sqlite3.connect(self.data / "queue.db", timeout=PATIENCE)) as database, database:
            number = database.execute("SELECT number FROM queue WHERE name = ?", (queue,)).fetchone()[0]
            count = database.execute("SELECT count(*) FROM message").fetchone()[0]
            message = database.execute(
                "INSERT INTO message (queue, id, sent, receive_count, place) VALUES (?, ?, 0, 0, ?)",
                (number, f"by-hand-{time.monotonic_ns()}", 1_000_000 + count)).lastrowid
            database.execute("INSERT INTO body (number, bytes) VALUES (?, ?)", (message, body.encode(errors="surrogateescape")))

    def announce(self, *keys):
        for key in keys:
            self.notify(self.notification(key))

    # Looking at it

    def bodies(self, queue):
        """Of every message of a queue, waiting or in flight."""
        with contextlib.closing(sqlite3.connect(self.data / "queue.db", timeout=PATIENCE)) as database:
            return [bytes(row[0]).decode(errors="surrogateescape") for row in database.execute(
                "SELECT bytes FROM message JOIN queue ON queue.number = message.queue"
                " JOIN body ON body.number = message.number WHERE name = ? ORDER BY message.number", (queue,))]

    def query(self, sql):
        with contextlib.closing(duckdb.connect(str(self.data / "warehouse.duckdb"), read_only=True)) as database:
            return database.execute(sql).fetchall()

    def change_warehouse(self, *statements):
        """By somebody else's hand."""
        with contextlib.closing(duckdb.connect(str(self.data / "warehouse.duckdb"))) as database:
            for sql in statements:
                database.execute(sql)

    def files(self, *stores):
        """Every object of the stores but when `process` last looked for what is missing, and where: path below the data folder → content."""
        found = {}
        for store in stores:
            for path in sorted((self.data / store).rglob("*")):
                if path.is_file() and not {".tmp", "reconciled", "missing"} & set(path.parts):
                    found[str(path.relative_to(self.data))] = path.read_bytes()
        return found

    def digests(self, *stores):
        return {path: hashlib.sha256(content).hexdigest() for path, content in self.files(*stores).items()}

    def status(self):
        return self.ask("status")

    def ledger(self):
        """Key of each raw object → its state; the object's own ledger row only."""
        rows = self.query("SELECT raw_key, state FROM sluice.ledger WHERE table_name = '*' ORDER BY ALL")
        if len(dict(rows)) != len(rows):
            raise AssertionError(f"a raw object has two ledger rows: {rows}")
        return dict(rows)

    def ledger_rows(self):
        return self.query("SELECT * FROM sluice.ledger ORDER BY ALL")

    def end_state(self):
        """What must not depend on how often, by whom and in what order things were done.

        Where two events with one key differ, either may be the winner: of those rows only the key
        counts. Quarantined events have no key: one that landed twice is there twice.
        """
        state = {}
        for table in TABLES:
            contested = {row[0] for row in self.query(
                f"SELECT event_key FROM sluice.duplicates WHERE differs = 1 AND table_name = '{table.split('.')[1]}'")}
            rows = self.query(f"SELECT * FROM {table}")
            state[table] = collections.Counter(row[:1] if row[0] in contested else row for row in rows)
        state["quarantine"] = set(self.query(
            "SELECT table_name, reason, column_name, encoding, payload, length FROM sluice.quarantine"))
        return state


class PipelineTest(unittest.TestCase):
    """A test with a pipeline of its own."""

    maxDiff = 4000

    def setUp(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="sluice-e2e-")).resolve()
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        self.pipeline = Pipeline(folder)

    def another_pipeline(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="sluice-e2e-")).resolve()
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        return Pipeline(folder)

    def assert_nothing_doubled(self, pipeline=None):
        pipeline = pipeline or self.pipeline
        for table, key in zip(TABLES, ("request_id, request_timestamp", "request_id")):
            twice = pipeline.query(f"SELECT {key}, count(*) FROM {table} GROUP BY {key} HAVING count(*) > 1")
            self.assertEqual(twice, [], f"{table} holds a key twice")

    def assert_same_state(self, found, wanted):
        for part in wanted:
            if found[part] != wanted[part]:
                missing, extra = wanted[part] - found[part], found[part] - wanted[part]
                self.fail(f"{part}: {len(missing)} missing, {len(extra)} too many, for example"
                          f" {list(missing)[:2]} {list(extra)[:2]}")

    def assert_finished(self, truth, pipeline=None):
        """Everything is where it must be: queues empty, balance, counts as the generator knows them."""
        pipeline = pipeline or self.pipeline
        status = pipeline.status()
        for queue in ("source", "notifications"):
            self.assertEqual(status[queue], {"waiting": 0, "in_flight": 0, "dead": 0}, queue)
        self.assertTrue(status["balanced"])
        for table, known in zip(status["tables"], truth["tables"], strict=True):
            self.assertEqual(table["loaded"], known["loaded"], table["table"])
            self.assertEqual(table["rows"], known["loaded"], table["table"])
            self.assertEqual(pipeline.query(f"SELECT count(*) FROM {table['table']}"), [(known["loaded"],)])
        self.assert_nothing_doubled(pipeline)
        return status

    def assert_plain_failure(self, done, *words):
        """A message for a person: the words, no crash, no sanitizer report."""
        for word in words:
            self.assertIn(word, done.stderr)
        for sign in ("Sanitizer", "runtime error", "terminate called", "Segmentation", "Assertion"):
            self.assertNotIn(sign, done.stderr)
        self.assertTrue(done.stderr.strip(), "it failed without a word")


def stop(process, number=signal.SIGTERM, seconds=10):
    """Sends the signal; answers the exit code, which must come within `seconds`."""
    process.send_signal(number)
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        raise AssertionError(f"{signal.Signals(number).name}: still running after {seconds} s") from None
    return process.returncode
