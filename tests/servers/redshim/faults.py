# SPDX-License-Identifier: Apache-2.0
"""What should go wrong, and the log of the statements that came. A rule is an object:

    {"do": "cut_after", "sql": "^COMMIT", "nth": 1, "times": 1, "via": "wire", "user": "sluice"}

It strikes statements that `sql` (a regular expression, without regard to case) is found in, of sessions that `via` (wire or data) and `user`
choose, from the `nth` such statement on, `times` times (null: always). What is left out matches everything. What it does:

    cut_before    the connection is cut; the statement is not run, an open transaction is rolled back
    cut_after     the statement is run (COMMIT has committed), then the connection is cut without an answer
    detach        the connection is cut, but this statement and the rest of its message go on, after `seconds`
    delay         `seconds` pass before the statement
    hang_before   no answer, and the statement is not run; ends when the rules are replaced (it is run then) or the client goes
    hang_after    the statement is run; the answer comes when the rules are replaced
    error         the statement fails with `state` and `message`
    roll_back     for COMMIT: ROLLBACK is run and answered, as the COMMIT of a transaction that has failed does, without an error
    say_aborted   the statement is run, and is said to have failed (Data API: ABORTED); an open transaction stays as it is
    refuse        no statement, but a new connection of the wire protocol fails with `state` (53300) and `message`

In the Data API a cut is the statement's own: it becomes FAILED, the session ends."""
import re
import threading


class Cut(Exception):
    """The client's connection is to be closed without an answer."""


class Rule:
    ACTIONS = ("cut_before", "cut_after", "detach", "delay", "hang_before", "hang_after", "error", "roll_back", "say_aborted", "refuse")

    def __init__(self, do, sql="", nth=1, times=1, via=None, user=None, seconds=0.0, state=None, message="redshim was told to fail"):
        if do not in self.ACTIONS:
            raise ValueError(f"do is none of {', '.join(self.ACTIONS)}")
        self.do, self.pattern, self.nth, self.times, self.via, self.user = do, re.compile(sql, re.I | re.S), nth, times, via, user
        self.seconds, self.message, self.state = seconds, message, state or ("53300" if do == "refuse" else "XX000")
        self.strikes_after = do in ("cut_after", "hang_after", "say_aborted")
        self.seen = self.struck = 0
        self.released = threading.Event()

    def due(self, via, user, sql):
        """`sql` is None for a new connection."""
        if (self.do == "refuse") != (sql is None) or self.via not in (None, via) or self.user not in (None, user):
            return False
        if not self.pattern.search(sql or ""):
            return False
        self.seen += 1
        if self.seen < self.nth or (self.times is not None and self.struck >= self.times):
            return False
        self.struck += 1
        return True


class Faults:
    def __init__(self):
        self._lock, self._rules, self._log = threading.Lock(), [], []

    def set_rules(self, rules):
        """In place of those before, whose hanging statements go on. Raises TypeError, ValueError or re.error."""
        rules = [Rule(**rule) for rule in rules]
        with self._lock:
            before, self._rules = self._rules, rules
        for rule in before:
            rule.released.set()

    def rules(self):
        with self._lock:
            return [{"do": rule.do, "sql": rule.pattern.pattern, "seen": rule.seen, "struck": rule.struck} for rule in self._rules]

    def due(self, session, sql):
        with self._lock:
            return next((rule for rule in self._rules if rule.due(session.via, session.user, sql)), None)

    def refused(self, user):
        with self._lock:
            return next((rule for rule in self._rules if rule.due("wire", user, None)), None)

    def note(self, session, sql):
        """The statement's line in the log; its "outcome" is None until there is one."""
        line = {"session": session.number, "via": session.via, "user": session.user, "application_name": session.application_name, "sql": sql,
                "outcome": None}
        with self._lock:
            self._log.append(line)
        return line

    def log(self):
        with self._lock:
            return [dict(line) for line in self._log]

    def forget_log(self):
        with self._lock:
            self._log.clear()
