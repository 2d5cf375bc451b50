# SPDX-License-Identifier: Apache-2.0
"""Proxies whose requests have one number, in the order in which they come, so that each can be struck in turn:

    gate = Gate()
    with gate.before("s3", s3.address) as proxy:
        gate.arm(17, lose_reply)        # how as in fault_rules.py: strike(request, forward)
        ...                             # a client of proxy.address
        gate.struck                     # "s3 PUT parquet", or None if there was no 17th
        gate.seen()                     # what came, by such names

Nothing waits here for what a test need not wait for: an empty queue answers at once, and a statement of the Data API is described when it has
ended, if that is soon."""
import json
import re
import threading
import time

import fault_proxy
import fault_rules
from receipt_keeper import Receipts

LONGEST_LOOK = 2  # seconds, at a statement of the Data API before its client hears that it goes on
ENDED = ("FINISHED", "FAILED", "ABORTED")


class Gate:
    """Any thread may call it."""

    def __init__(self):
        self._lock = threading.Lock()
        self.receipts = Receipts()  # of everything that was received
        self.arm(0, None)

    def before(self, service, address):
        return _Proxy(self, service, address)

    def arm(self, number, strike):
        """From here on requests are counted anew, and this one is struck; 0 is none."""
        with self._lock:
            self._names, self._number, self._name, self._strike, self.struck = [], number, None, strike, None

    def arm_first(self, name, strike):
        """As arm(), at the first request of that name."""
        self.arm(0, strike)
        with self._lock:
            self._name = name

    def seen(self):
        with self._lock:
            return list(self._names)

    def pass_on(self, name, request, forward):
        with self._lock:
            self._names.append(name)
            strike = self._strike if len(self._names) == self._number or name == self._name else None
            if strike:
                self.struck, self._name = name, None
        return strike(request, forward) if strike else forward()


class _Proxy(fault_proxy.FaultProxy):
    def __init__(self, gate, service, address):
        super().__init__(address)
        self._gate, self._service = gate, service

    def handle(self, request):
        action = request.header("X-Amz-Target").partition(".")[2]
        request.body = request.body.replace(b'"WaitTimeSeconds":1,', b'"WaitTimeSeconds":0,') if action == "ReceiveMessage" else request.body
        ask = {"DescribeStatement": self._described, "ReceiveMessage": self._received}.get(action, super().handle)
        return self._gate.pass_on(f"{self._service} {action or name_of(request)}", request, lambda: ask(request))

    def _described(self, request):
        until = time.monotonic() + LONGEST_LOOK
        while True:
            reply = super().handle(request)
            if reply.status != 200 or json.loads(reply.body)["Status"] in ENDED or time.monotonic() > until:
                return reply
            time.sleep(0.01)

    def _received(self, request):
        reply = super().handle(request)
        self._gate.receipts.note(request, reply)
        return reply


def name_of(request):
    """Method and what kind of object: "PUT parquet", "GET list", "HEAD raw"."""
    path, _, query = request.target.partition("?")
    kinds = {"staging/": "staging", "/quarantine/": "quarantine", "/parquet/": "parquet", "/tracking/": "raw"}
    what = next((kind for part, kind in kinds.items() if part in path), "bucket")
    return " ".join(filter(None, (request.method, what, re.sub(r"=.*", "", query))))


# How a request fails, in turn. The last is none that is tried again.
FAILURES = {
    "503": lambda request, forward: fault_rules.error(request, forward, 503, "SlowDown"),
    "lost request": fault_rules.lose_request,
    "lost reply": fault_rules.lose_reply,
    "500 that was done": lambda request, forward: fault_rules.error(request, forward, 500, "InternalError", forwarded=True),
    "refused": lambda request, forward: fault_rules.error(request, forward, 403, "AccessDenied"),
}
