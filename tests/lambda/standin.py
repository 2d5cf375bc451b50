# SPDX-License-Identifier: Apache-2.0
"""A stand-in for what AWS Lambda is to a function's process, written from the AWS Lambda Developer Guide ("Using the Lambda runtime API
for custom runtimes", "Understanding the Lambda execution environment lifecycle"). It is not AWS's own emulator, and nothing here shows
what that would do.

    with Function([program], environment, folder) as function:
        outcome = function.invoke(event)     # Outcome("response", {"batchItemFailures": []})

As Lambda does, it starts the process for the first invocation and keeps it for the next ones; ends it when it is too late with an answer,
and starts another; stops it ("freezes" it, by SIGSTOP) from the moment that it asks for the next invocation until there is one."""
import collections
import contextlib
import dataclasses
import http.server
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid

PATIENCE = 60  # seconds; for what must happen
MOST_BYTES = 6 * 1024 * 1024  # of a payload and of an answer
PREFIX = "/2018-06-01/runtime"


@dataclasses.dataclass
class Outcome:
    """What became of an invocation. kind: "response", "error", "crash" (the process ended), "timeout" (it was ended), "init error"."""
    kind: str
    body: object = None      # of the answer, parsed; of a crash the exit code
    error_type: str = ""     # the header's


@dataclasses.dataclass
class _Invocation:
    payload: bytes
    deadline_ms: int
    request_id: str = dataclasses.field(default_factory=lambda: str(uuid.uuid4()))


class Function:
    def __init__(self, command, environment, folder):
        self.command, self.environment, self.folder = command, environment, folder
        self.statuses = collections.deque()  # what the next requests are answered with in place of what is right
        self.requests = []  # method and path of each, in order
        self.begun, self.ready = None, None  # the last process; by the monotonic clock
        self.processes = 0  # started so far
        self.process = None
        self._changed = threading.Condition()
        self._invocation = None  # the one under way
        self._handed_out = False
        self._outcome = None
        self._waits = False  # the process, for an invocation
        self._log = tempfile.TemporaryFile()

    def __enter__(self):
        self._server = Server(("127.0.0.1", 0), _handler_of(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._end_process()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._log.close()

    @property
    def address(self):
        return f"127.0.0.1:{self._server.server_port}"

    def log(self):
        """What all processes wrote."""
        self._log.seek(0)
        text = self._log.read().decode(errors="replace")
        self._log.seek(0, os.SEEK_END)
        return text

    # Invoking it

    def invoke(self, event, *, seconds=PATIENCE, told_ms=None):
        """`seconds` is the function's timeout; `told_ms` what the process is told of it, where that is something else."""
        self.begin(event, told_ms if told_ms is not None else int(seconds * 1000))
        return self.end(seconds)

    def begin(self, event, told_ms=PATIENCE * 1000):
        payload = event if isinstance(event, bytes) else json.dumps(event).encode()
        with self._changed:
            if self.process is None or self.process.poll() is not None:
                self._start_process()
            self._invocation = _Invocation(payload, int(time.time() * 1000) + told_ms)
            self._handed_out, self._outcome = False, None
            self._changed.notify_all()
        self.process.send_signal(signal.SIGCONT)

    def end(self, seconds=PATIENCE):
        deadline = time.monotonic() + seconds
        with self._changed:
            while self._outcome is None:
                if self.process.poll() is not None:
                    self._outcome = Outcome("crash", self.process.returncode)
                elif time.monotonic() > deadline:
                    self._outcome = Outcome("timeout")
                else:
                    self._changed.wait(0.02)
            outcome, self._invocation = self._outcome, None
        if outcome.kind != "response" and outcome.kind != "error":
            self._end_process()
        return outcome

    def wait_until(self, condition, what):
        deadline = time.monotonic() + PATIENCE
        with self._changed:
            while not condition():
                if time.monotonic() > deadline:
                    raise AssertionError(f"never: {what}\n{self.log()}")
                self._changed.wait(0.02)

    def wait_until_frozen(self):
        self.wait_until(lambda: self._is_stopped(), "the process asks for the next invocation and is stopped")

    # The process

    def _start_process(self):
        self._waits = False
        self.processes += 1
        self.begun, self.ready = time.monotonic(), None
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", *self.command], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=self._log,
            stderr=self._log, env=self.environment | {"AWS_LAMBDA_RUNTIME_API": self.address})

    def _end_process(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def _is_stopped(self):
        with contextlib.suppress(OSError, AttributeError):
            with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as stat:
                return stat.read().rsplit(")", 1)[1].split()[0] == "T"
        return False

    # What the process asks, each by a thread of the server's

    def next(self):
        """The invocation to answer with; nothing where the process has ended meanwhile."""
        with self._changed:
            mine = self.processes
            self._waits = True
            if self._invocation is None or self._handed_out:
                self.process.send_signal(signal.SIGSTOP)
            while self._invocation is None or self._handed_out:
                if self.processes != mine or self.process is None:
                    return None
                self._changed.wait(0.1)
            self._waits, self._handed_out = False, True
            return self._invocation

    def told(self, request_id, outcome):
        """Was that the invocation under way?"""
        with self._changed:
            if self._invocation is None or self._invocation.request_id != request_id or self._outcome is not None:
                return False
            self._outcome = outcome
            self._changed.notify_all()
            return True

    def init_failed(self, outcome):
        with self._changed:
            self._outcome = outcome
            self._changed.notify_all()


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):  # processes are killed here
            super().handle_error(request, client_address)


def _handler_of(function):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            if self.answered_wrongly():
                return
            assert self.path == PREFIX + "/invocation/next", self.path
            invocation = function.next()
            if invocation is None:
                self.close_connection = True
                return
            self.answer(200, invocation.payload, {
                "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
                "Lambda-Runtime-Deadline-Ms": str(invocation.deadline_ms),
                "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-central-1:111111111111:function:land",
                "Lambda-Runtime-Trace-Id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1"})

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.answered_wrongly():
                return
            if len(body) > MOST_BYTES:
                self.answer(413, b'{"errorType":"RequestEntityTooLarge"}')
                return
            kind = self.path.rsplit("/", 1)[1]
            assert kind in ("response", "error"), self.path
            outcome = Outcome(kind, json.loads(body), self.headers.get("Lambda-Runtime-Function-Error-Type", ""))
            if self.path == PREFIX + "/init/error":
                outcome.kind = "init error"
                function.init_failed(outcome)
                self.answer(202, b'{"status":"OK"}')
            elif function.told(self.path.removeprefix(PREFIX + "/invocation/").rsplit("/", 1)[0], outcome):
                self.answer(202, b'{"status":"OK"}')
            else:
                self.answer(400, b'{"errorType":"InvalidRequestID"}')

        def answered_wrongly(self):
            function.requests.append(f"{self.command} {self.path}")
            function.ready = function.ready or time.monotonic()
            status = function.statuses.popleft() if function.statuses else None
            if status is not None:
                self.answer(status, b"{}")
            return status is not None

        def answer(self, status, body, headers=()):
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                self.send_response(status)
                for name, value in dict(headers).items():
                    self.send_header(name, value)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *_):
            pass

    return Handler
