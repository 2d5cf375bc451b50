# SPDX-License-Identifier: Apache-2.0
"""One session: runs statements on its PostgreSQL session as Redshift would. The wire server and the Data API both use it.

Transactions: every one is a snapshot (REPEATABLE READ), or SERIALIZABLE by the switch. Statements of one message that are in no explicit
transaction are one implicit transaction, as the simple query protocol of PostgreSQL has it."""
import itertools
import struct
import time

import copy_load
import credentials
import wire
from dialect import translate
from errors import Refused, translated
from faults import Cut
from sql_tokens import BadSql, name_at, quote_name, quote_text, split

_NUMBERS = itertools.count(1)
LEVELS = {"SNAPSHOT": "repeatable read", "SERIALIZABLE": "serializable"}
SUPER_OID, JSONB_OID = 4000, 3802
ENOUGH_TO_ANALYZE = 500  # rows


class Failed(Exception):
    """A statement has failed; `fields` as the wire protocol names them."""

    def __init__(self, fields):
        super().__init__(fields.get("M"))
        self.fields = fields


class Session:
    """For one thread. `gone()` says whether the client has left."""

    def __init__(self, shim, user, via, application_name="", gone=lambda: False, database=None):
        self.shim, self.user, self.via, self.application_name, self.gone = shim, user, via, application_name, gone
        self.number, self.isolation = next(_NUMBERS), shim.isolation
        self.backend = shim.postgres.connect(user, {"application_name": application_name, "options":
                                                    f"-c default_transaction_isolation={LEVELS[self.isolation].replace(' ', chr(92) + ' ')}"},
                                             database or shim.database)
        self.settings = {"query_group": "unset"}
        self.implicit = False  # a transaction that redshim has begun for this message
        self.last_copy = 0  # rows
        self.detach = lambda: None  # closes the client's connection while statements go on

    @property
    def status(self):
        return "I" if self.implicit else self.backend.status

    def close(self):
        self.backend.close()

    def run(self, sql, answer):
        """A message of the simple protocol; `answer(kind, payload)` gets what the client is to see, but ReadyForQuery. Raises Cut, wire.Gone."""
        try:
            statements = split(sql)
        except BadSql as why:
            self.fail_transaction()
            answer(b"E", wire.error_payload({"S": "ERROR", "C": "42601", "M": str(why)}))
            return
        if not statements:
            answer(b"I", b"")
        try:
            for i, (text, tokens) in enumerate(statements):
                for kind, payload in self.statement(text, tokens, len(statements) > 1, i == len(statements) - 1):
                    answer(kind, payload)
        except Failed as why:
            answer(b"E", wire.error_payload(why.fields))
            self.end_implicit("ROLLBACK")

    def statement(self, text, tokens, many=False, last=True, run=None, settle=lambda: None, ask=None):
        """One statement; gives its answers. Raises Failed, Cut, wire.Gone. In the extended protocol `run(plan)` runs what is PostgreSQL's,
        `settle()` ends its implicit transaction, before a fault strikes, and `ask(sql)` gives rows without touching the client's portals."""
        line = self.shim.faults.note(self, text)
        rule = self.shim.faults.due(self, text)
        try:
            if rule:
                self._strike_before(rule)
            plan = translate(text, tokens)
            if rule and rule.do == "roll_back":
                plan.sql = "ROLLBACK"
            answers = self._run(plan, many, run, ask or self.backend.rows)
            self._raise_error(answers, plan.shape)
            if self.implicit and last:
                self._raise_error(self.end_implicit("COMMIT"), plan.shape)
            if rule and rule.strikes_after:
                settle()
                self._strike_after(rule)
        except (Refused, wire.ServerError) as why:
            fields = translated(why.fields, " ".join(t.word for t in tokens), self.isolation) if isinstance(why, wire.ServerError) else why.fields
            line["outcome"] = fields["M"]
            self.fail_transaction()
            raise Failed(fields) from why
        except Failed as why:
            line["outcome"] = why.fields["M"]
            raise
        except Cut:
            line["outcome"] = "cut"
            raise
        line["outcome"] = next((payload[:-1].decode() for kind, payload in reversed(answers) if kind == b"C"), "")
        return answers

    def fail_transaction(self):
        """An open transaction is in error after this, as after any other failed statement."""
        if self.backend.status == "T" and not self.implicit:
            self.backend.run("redshim: this statement fails")

    def write_lock(self, table):
        self.backend.rows(f"SELECT redshim.write_lock({quote_text(quote_name(table))})")

    def _raise_error(self, answers, shape):
        for kind, payload in answers:
            if kind == b"E":
                raise Failed(translated(wire.fields_of_error(payload), shape, self.isolation))

    def end_implicit(self, how):
        """COMMIT or ROLLBACK of an implicit transaction: its errors."""
        if not self.implicit:
            return []
        self.implicit = False
        return [(kind, payload) for kind, payload in self.backend.run(how) if kind == b"E"]

    def _run(self, plan, many, run, ask):
        backend, kind = self.backend, plan.kind
        if kind == "begin" and self.implicit:
            self.implicit = False  # what was done so far in this message is part of the explicit transaction
            return [_tag("BEGIN")]
        if kind in ("begin", "commit", "rollback"):
            self.implicit = False
            return seen(backend.run(plan.sql))
        if backend.status == "E":
            return backend.run("SELECT 1")  # "current transaction is aborted"
        if plan.outside and (self.status != "I" or many):
            raise Refused("25001", f"{' '.join(plan.shape.split()[:2])} cannot run inside a transaction block")
        if kind == "set":
            name, value = plan.setting
            self.settings[name] = "unset" if value is None else value
        if kind in ("set", "nothing"):
            return [_tag(plan.tag)]
        if kind == "show":
            name = plan.setting[0]
            plan.sql = f"SELECT {quote_text(self.settings.get(name, 'unset'))}::varchar AS {quote_name([name])}"
        if kind == "create_user":
            plan.sql = credentials.created_user(self.shim.credentials, plan.tokens, plan.sql)
        if backend.status == "T" and kind in ("query", "write"):
            _check_snapshot(plan.tokens, ask)
        if run and kind in ("query", "write"):
            return run(plan)
        if backend.status == "I" and (many or kind in ("write", "lock", "truncate", "copy")):
            backend.run("BEGIN")
            self.implicit = True
        if kind == "copy":
            return self._copy(plan)
        if kind == "write":
            self.write_lock(plan.table)
        answers = backend.run(plan.sql)
        if plan.made:
            self._analyze(plan.made, answers)
        if kind == "truncate" and not any(k == b"E" for k, _ in answers):
            self.implicit = False
            backend.run("COMMIT")  # TRUNCATE commits the transaction that it is in (r_TRUNCATE)
        return seen(answers)

    def _analyze(self, table, answers=None, rows=0):
        """Redshift keeps statistics by itself; PostgreSQL has none of a temporary table, and plans badly without."""
        for kind, payload in answers or []:
            if kind == b"C" and payload.startswith(b"SELECT "):
                rows = int(payload[7:-1])
        if rows >= ENOUGH_TO_ANALYZE:
            self.backend.run(f"ANALYZE {quote_name(table)}")

    def bound(self, plan, sql, values):
        """Runs `sql` with texts for $1, $2, ...; in an implicit transaction if there is no other."""
        backend = self.backend
        if backend.status == "I":
            backend.run("BEGIN")
            self.implicit = True
        if plan.kind == "write":
            self.write_lock(plan.table)
        texts = [value.encode() for value in values]
        backend.send(b"P", b"\0" + wire.text(sql) + b"\0\0")
        backend.send(b"B", b"\0\0\0\0" + struct.pack("!H", len(texts)) + b"".join(struct.pack("!i", len(t)) + t for t in texts) + b"\0\0")
        backend.send(b"D", b"P\0")
        backend.send(b"E", b"\0" + struct.pack("!I", 0))
        backend.send(b"S")
        answers = []
        while (answer := backend.read())[0] != b"Z":
            answers.append(answer)
        return seen([answer for answer in answers if answer[0] in b"TDCENI"])

    def _copy(self, plan):
        self.last_copy = rows = copy_load.load(self, plan.tokens)
        self._analyze(plan.table, rows=rows)
        said = f"Load into table '{plan.table[-1]}' completed, {rows} record(s) loaded successfully."
        return [(b"N", wire.error_payload({"S": "INFO", "C": "00000", "M": said})), _tag("COPY")]

    def _strike_before(self, rule):
        if rule.do == "cut_before":
            raise Cut
        if rule.do == "error":
            raise Refused(rule.state, rule.message)
        if rule.do == "detach":
            self.detach()
        if rule.do in ("detach", "delay"):
            time.sleep(rule.seconds)
        if rule.do == "hang_before":
            self._hang(rule)

    def _strike_after(self, rule):
        if rule.do == "cut_after":
            raise Cut
        if rule.do == "hang_after":
            self._hang(rule)
        if rule.do == "say_aborted":
            raise Failed({"S": "ERROR", "C": "XX000", "M": "Query aborted", "D": "redshim: it was run all the same"})

    def _hang(self, rule):
        while not rule.released.wait(0.05):
            if self.gone() or self.shim.stopping.is_set():
                raise Cut


def _check_snapshot(tokens, ask):
    """Error 1018 for a table that was made after the transaction's snapshot (c_serial_isolation): PostgreSQL finds its name, and no row in it."""
    names = set()
    for i, token in enumerate(tokens):
        if token.word in ("FROM", "JOIN", "INTO", "UPDATE", "USING"):
            name, _ = name_at(tokens, i + 1)
            if 1 <= len(name) <= 2:
                names.add(quote_text(quote_name(name)))
    if names and ask("SELECT 1 FROM (" + " UNION ALL ".join(f"SELECT pg_catalog.to_regclass({name}) AS t" for name in sorted(names)) +
                     ") x WHERE x.t IS NOT NULL AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_class c WHERE c.oid = x.t)"):
        raise Refused("XX000", "1018", "Relation does not exist.")


def _tag(tag):
    return b"C", tag.encode() + b"\0"


def seen(answers):
    """What a client of Redshift gets of PostgreSQL's answers."""
    answers_seen = []
    for kind, payload in answers:
        if kind == b"T":
            payload = wire.with_oids(payload, {JSONB_OID: SUPER_OID})
        elif kind == b"S" and wire.cut_text(payload)[0] not in ("client_encoding", "DateStyle", "TimeZone", "session_authorization", "is_superuser"):
            continue
        elif kind == b"C" and payload.startswith(b"SELECT"):
            payload = b"SELECT\0"  # without a count, as PostgreSQL 8.0
        answers_seen.append((kind, payload))
    return answers_seen
