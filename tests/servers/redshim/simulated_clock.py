# SPDX-License-Identifier: Apache-2.0
"""Time that tests can put forward: for the ends of credentials, client tokens, results and sessions. PostgreSQL's own time is not moved."""
import datetime
import threading
import time


class SimulatedClock:
    def __init__(self):
        self._ahead, self._lock = 0.0, threading.Lock()

    def now(self):
        """Seconds since 1970."""
        with self._lock:
            return time.time() + self._ahead

    def advance(self, seconds):
        with self._lock:
            self._ahead += seconds

    def timestamp(self):
        return datetime.datetime.fromtimestamp(self.now(), datetime.timezone.utc).strftime("%Y-%m-%d %H:%M:%S.%f")
