# SPDX-License-Identifier: Apache-2.0
"""A small pipeline with everything in it that can go wrong by itself, on an S3 server, ElasticMQ and redshim, which can be begun anew many times: raw
objects with duplicates and quarantined events, one that is cut off, one that is gone, and their notifications."""
import contextlib
import dataclasses
import itertools
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import urllib.request

import aws_pipeline
import pipeline
import s3_events
import servers
import warehouse_pipeline
from operation_gate import Gate
from smoke import client
from warehouse_pipeline import WarehousePipeline

EVENTS = 240
# In order, and with time to connect for a machine that has much to do.
FLAGS = ("--quiet", "--set", "load.threads=1", "--set", "warehouse.timeouts.connect=2m")
BALANCE = """SELECT raw_key, table_name FROM sluice.ledger WHERE state = 'loaded' AND (staged <> loaded + duplicates
    OR table_name <> '*' AND routed <> staged + quarantined OR table_name = '*' AND lines <> routed + no_route + dropped)"""


class Scenario:
    """Its servers, from its making to the end of `stack`. The first of the pipelines that it makes goes through `gate`."""

    def __init__(self, stack, kind):
        self.kind, self.gate, self._number = kind, Gate(), 0
        self.folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sluice-crash-")))
        self.sqs, self.s3 = stack.enter_context(servers.elasticmq()).address, stack.enter_context(servers.versitygw()).address
        self.target = stack.enter_context(warehouse_pipeline.target(kind, self.s3))
        self._gates = [self.gate, Gate()]
        services = {"sqs": self.sqs, "s3": self.s3, "data": self.target.control}
        self._ways = [{name: stack.enter_context(gate.before(name, address)).address for name, address in services.items()}
                      for gate in self._gates]
        self.buckets = client("s3", self.s3)
        for bucket in "acme-raw", "acme-transformed":
            self.buckets.create_bucket(Bucket=bucket)
        self.source = self._queue("source")
        self._lay_out()

    def _queue(self, name):
        return aws_pipeline.path_of(s3_events.call(self.sqs, "CreateQueue", QueueName=name)["QueueUrl"])

    def _lay_out(self):
        embedded = pipeline.Pipeline(self.folder / "embedded")
        embedded.folder.mkdir()
        embedded.run("generate", "--events", EVENTS, "--out", embedded.folder / "events.ndjson", "--truth", embedded.folder / "truth.json")
        lines = (embedded.folder / "events.ndjson").read_bytes().splitlines(keepends=True)
        half = len(lines) // 2
        # The second holds events of the first again, and one of its own twice.
        objects = {"a.ndjson": lines[:half], "b.ndjson": lines[half:] + lines[half:half + 1] + lines[:20]}
        objects = {name: b"".join(some) for name, some in objects.items()} | {"cut.ndjson.zst": b"\x28\xb5\x2f\xfd\x00", "gone.ndjson": lines[0]}
        self.notifications = [json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "acme-raw"})]
        for name, content in objects.items():
            key = embedded.put_raw(name, content)
            embedded.announce(key)
            etag = self.buckets.put_object(Bucket="acme-raw", Key=aws_pipeline.PREFIX + key, Body=content)["ETag"]
            told = json.loads(embedded.notification(aws_pipeline.PREFIX + key, bucket="acme-raw"))
            told["Records"][0]["s3"]["object"] |= {"eTag": etag.strip('"'), "size": len(content)}
            self.notifications.append(json.dumps(told))
        (embedded.data / "raw" / pipeline.HOUR / "gone.ndjson").unlink()
        self.buckets.delete_object(Bucket="acme-raw", Key=aws_pipeline.PREFIX + pipeline.HOUR + "gone.ndjson")
        embedded.run("process")
        self.wanted, self.wanted_ledger = embedded.end_state(), embedded.ledger()

    @contextlib.contextmanager
    def begun(self, loaders=1, queues=None):
        """Pipelines with one warehouse of their own and one Parquet store, and all the notifications in each of so many queues: by default each has
        one. Only the first goes through `gate`. Their processes are dead afterwards."""
        self._number += 1
        name = f"p{self._number}"
        self.control("PUT", "/faults", [])
        self.control("DELETE", "/statements")
        self.control("POST", "/databases", {"name": name, "template": "dev"})
        attempts = []
        try:
            of_all = [self._announce(f"{name}-{i}") for i in range(queues or loaders)]
            attempts += [self._pipeline(name, i, of_all[i % len(of_all)], self._ways[min(i, 1)]) for i in range(loaders)]
            yield attempts
        finally:
            for process in itertools.chain(*(attempt.started for attempt in attempts)):
                if process.poll() is None:
                    process.kill()
                    process.communicate()
            self.control("PUT", "/faults", [])
            self.control("DELETE", f"/databases?name={name}")
            self.control("POST", "/clock", {"advance": 3600})  # sessions of the Data API are over

    def _announce(self, name):
        queue = self._queue(name)
        for body in self.notifications:
            s3_events.call(self.sqs, "SendMessage", QueueUrl=self.sqs + queue, MessageBody=body)
        return queue

    def _pipeline(self, name, i, queue, through):
        section = self.target.section.replace("database: dev", f"database: {name}").replace(self.target.control, through["data"])
        target = dataclasses.replace(self.target, section=section, connect=self.target.connect | {"dbname": name})
        folder = self.folder / f"{name}-{i}"
        folder.mkdir()
        return Attempt(folder, self, queue, self._gates[min(i, 1)].receipts, target=target, sqs=through["sqs"], s3=through["s3"], source=self.source, notifications=queue,
                       raw="acme-raw", derived=f"acme-transformed/{name}")

    def control(self, method, path, body=None):
        """redshim's."""
        request = urllib.request.Request(self.target.control + path, method=method, data=None if body is None else json.dumps(body).encode())
        with urllib.request.urlopen(request) as response:
            return json.load(response)


class Attempt(WarehousePipeline):
    def __init__(self, folder, scenario, queue, receipts, **places):
        super().__init__(folder, **places)
        self._scenario, self._queue, self._receipts, self.started = scenario, queue, receipts, []

    def start(self, *flags):
        self.started.append(subprocess.Popen(
            self.command(*FLAGS, *flags, "process"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            env=self.environment(), cwd=self.folder, stdin=subprocess.DEVNULL))
        return self.started[-1]

    def finish(self):
        """A run without faults to its end, as an operator's scheduler would start it."""
        self.run(*FLAGS, "process")

    def make_tables(self):
        """And the ledger, by a run that is told of no object."""
        self.run(*FLAGS, "--set", f"raw.notifications={self._scenario.sqs}{self._scenario.source}", "process")

    def show_again(self):
        self._receipts.show_again(self._scenario.sqs)

    def ledger(self):
        rows = self.query("SELECT raw_key, state FROM sluice.ledger WHERE table_name = '*' ORDER BY 1")
        if len(dict(rows)) != len(rows):
            raise AssertionError(f"a raw object has two ledger rows: {rows}")
        return dict(rows)

    def waiting(self):
        found = s3_events.call(self._scenario.sqs, "GetQueueAttributes", QueueUrl=self._scenario.sqs + self._queue, AttributeNames=["All"])
        return [int(found["Attributes"]["ApproximateNumberOfMessages" + which]) for which in ("", "NotVisible")]


class CrashCase(pipeline.PipelineTest):
    """Tests on one scenario; `kind` is its warehouse, `via` how redshim calls the way there."""
    kind = via = scenario = None

    @classmethod
    def setUpClass(cls):
        stack = contextlib.ExitStack()
        cls.addClassCleanup(stack.close)
        cls.scenario = Scenario(stack, cls.kind)

    @contextlib.contextmanager
    def point(self, **what):
        """A subtest whose failure is told at once: a sweep is long."""
        with self.subTest(**what):
            try:
                yield
            except Exception as why:
                print(f"\n{self.kind}: {what}: {type(why).__name__}: {why}", flush=True)
                raise

    def statements(self):
        """What the warehouse was told since begun()."""
        return self.scenario.control("GET", "/statements")

    def strike(self, number, **fault):
        """That statement meets the fault (redshim/faults.py)."""
        self.scenario.control("PUT", "/faults", [fault | {"nth": number, "via": self.via}])

    def release(self):
        self.scenario.control("PUT", "/faults", [])

    def struck(self, number):
        """The beginning of that statement, if the rule has struck it."""
        return kind_of(self.statements()[number - 1]["sql"]) if self.scenario.control("GET", "/faults")[0]["struck"] else None

    def hang(self, attempt, number, do="hang_before"):
        """The process once the warehouse hangs at that statement; None if there was none."""
        self.strike(number, do=do)
        process = attempt.start()
        pipeline.wait_until(lambda: self.struck(number) or process.poll() is not None, "a statement hangs")
        if self.struck(number):
            return process
        self.end(process)
        return None

    def end(self, process, codes=(0,)):
        """Waits for the process; its exit code, which is one of these, and what it printed."""
        printed = process.communicate(timeout=300)[1]
        for sign in ("Sanitizer", "runtime error", "terminate called", "Assertion"):
            self.assertNotIn(sign, printed)
        self.assertIn(process.returncode, codes, printed)
        if process.returncode == 1:
            self.assertTrue(printed.strip(), "it failed without a word")
        return process.returncode, printed

    def assert_end(self, *attempts):
        """Key for key what the embedded run made of the same objects, each once, and nothing waits."""
        for attempt in attempts:
            self.assertEqual(attempt.waiting(), [0, 0], "messages wait")
        attempt = attempts[0]
        self.assertEqual(attempt.ledger(), self.scenario.wanted_ledger)
        self.assertEqual(attempt.query(BALANCE), [])
        self.assert_nothing_doubled(attempt)
        self.assert_same_state(attempt.end_state(), self.scenario.wanted)
        counted = attempt.query("SELECT count(*) FROM sluice.quarantine")
        self.assertEqual(counted, [(len(self.scenario.wanted["quarantine"]),)], "quarantined twice")


def kind_of(statement):
    return statement[:48]


def kill(process):
    """Dead when it returns."""
    process.kill()
    with contextlib.suppress(ChildProcessError):  # another thread has waited for it
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)


def stop(process):
    """Stopped when it returns."""
    process.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
