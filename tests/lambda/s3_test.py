# SPDX-License-Identifier: Apache-2.0
"""The function's process with a bucket as raw store: a real server (versitygw), and one that does not answer when it is told not to."""
import collections
import http.server
import os
import pathlib
import shutil
import socket
import sys
import tempfile
import threading
import unittest

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "servers"))
import events
import servers
import standin
from lambda_test import PROGRAM, bodies

CONFIG = """\
name: tracking
region: us-east-1
raw:
  url: s3://acme-raw/tracking/
  endpoint: {endpoint}
  compression: none
"""


class SilentStore:
    """As much of S3 as takes objects; it answers while `answers` is set, and to the first `most_answers` requests."""

    def __init__(self):
        self.answers = threading.Event()
        self.answers.set()
        self.over = threading.Event()
        self.objects = {}  # key → content
        self.arrived = 0  # requests, whole
        self.most_answers = 1 << 30
        self.takes_no_more = False  # connections, after the first answer
        self._connections = set()

    def __enter__(self):
        store = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_PUT(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                store._connections.add(self.connection)
                store.arrived += 1
                if store.arrived > store.most_answers:
                    store.over.wait()
                if store.takes_no_more:
                    store.fill()
                    self.close_connection = True
                store.answers.wait()
                store.objects[self.path] = body
                self.send_response(200)
                self.send_header("ETag", '"0"')
                self.send_header("Content-Length", "0")
                if self.close_connection:
                    self.send_header("Connection", "close")
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = standin.Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        return self

    def __exit__(self, *_):
        self.answers.set()
        self.over.set()
        self._server.shutdown()
        self._server.server_close()

    def fill(self):
        """From now on every SYN is dropped: nobody accepts, and the one place is taken."""
        self._server.shutdown()
        self._server.socket.listen(0)
        self._connections.add(socket.create_connection(self._server.server_address))

    def close_connections(self):
        for connection in self._connections:
            connection.close()
        self._connections.clear()

    def lines(self):
        return collections.Counter(line for body in self.objects.values() for line in body.decode().splitlines())


class BucketTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sluice-lambda-")).resolve()
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def function(self, endpoint, more=""):
        (self.folder / "sluice.yaml").write_text(CONFIG.format(endpoint=endpoint) + more)
        environment = servers.client_environment() | {"SLUICE_CONFIG": "sluice.yaml"}
        return self.enterContext(standin.Function(PROGRAM, environment, self.folder))

    def assert_done(self, outcome):
        self.assertEqual((outcome.kind, outcome.body), ("response", events.failures()))

    def test_objects_are_in_a_real_bucket(self):
        with servers.versitygw() as s3:
            bucket = pathlib.Path(f"/proc/{s3.pid}/cwd/acme-raw")
            bucket.mkdir()
            function = self.function(s3.address)
            for n in range(2):
                self.assert_done(function.invoke(events.sqs(*bodies(50, first=50 * n))))
                function.wait_until_frozen()
            found = [path for path in (bucket / "tracking").rglob("*.ndjson")]
            self.assertEqual(len(found), 2)
            self.assertEqual(sorted(line for path in found for line in path.read_text().splitlines()), sorted(bodies(100)))
            self.assertEqual(function.processes, 1)

    def test_a_bucket_that_is_not_there_fails_every_message(self):
        with servers.versitygw() as s3:
            outcome = self.function(s3.address).invoke(events.sqs("{}", "{}"))
            self.assertEqual((outcome.kind, outcome.error_type), ("error", "Runtime.CannotLand"))
            self.assertIn("NoSuchBucket", outcome.body["errorMessage"])

    def test_o1_a_batch_that_timed_out_lands_when_it_comes_again(self):
        with SilentStore() as s3:
            function, batch = self.function(s3.address), events.sqs(*bodies(20))
            s3.answers.clear()
            function.begin(batch)
            function.wait_until(lambda: s3.arrived == 1, "the object is sent")
            self.assertEqual(function.end(seconds=0).kind, "timeout")
            s3.answers.set()
            self.assert_done(function.invoke(batch))
            self.assertEqual(function.processes, 2)
            # What was sent before the end may have been stored as well: load drops what is there twice.
            self.assertEqual(set(s3.lines()), set(bodies(20)))

    def test_o1_a_bucket_that_is_silent_costs_no_answer(self):
        """An object takes a KiB of messages: the first is in the bucket, of the second nobody knows before the deadline."""
        with SilentStore() as s3:
            s3.most_answers = 1
            event = events.sqs(*bodies(1500))
            outcome = self.function(s3.address, "  close_at: {size: 1KiB}\n").invoke(event, seconds=5)
            self.assertEqual(outcome.kind, "response")
            failed = [entry["itemIdentifier"] for entry in outcome.body["batchItemFailures"]]
            landed = s3.lines()
            self.assertEqual(s3.arrived, 2)
            self.assertCountEqual(failed, [record["messageId"] for record in event["Records"] if record["body"] not in landed])
            self.assertEqual(len(failed) + landed.total(), 1500)

    def test_o1_a_bucket_that_cannot_be_connected_to_costs_no_answer(self):
        """The first object is in the bucket; the connection for the second is still being made when the time is over."""
        with SilentStore() as s3:
            s3.takes_no_more = True
            event = events.sqs(*bodies(1500))
            function = self.function(s3.address, "  close_at: {size: 1KiB}\n")
            outcome = function.invoke(event, seconds=5)
            self.assertEqual((outcome.kind, s3.arrived), ("response", 1))
            self.assertEqual(len(outcome.body["batchItemFailures"]) + s3.lines().total(), 1500)
            # Nor the next one's, which has another client.
            self.assertEqual((function.invoke(events.sqs(*bodies(1)), seconds=5).kind, function.processes), ("error", 1))

    def test_o1_connections_that_died_while_the_process_was_frozen(self):
        with SilentStore() as s3:
            function = self.function(s3.address)
            for n in range(5):
                self.assert_done(function.invoke(events.sqs(*bodies(5, first=5 * n))))
                function.wait_until_frozen()
                s3.close_connections()
            self.assertEqual(sorted(s3.lines()), sorted(bodies(25)))
            self.assertEqual(function.processes, 1)


if __name__ == "__main__":
    unittest.main()
