# SPDX-License-Identifier: Apache-2.0
"""The extended query protocol (Parse, Bind, Describe, Execute, Sync): each message is answered by PostgreSQL before the next is read, so that a
statement can be looked at, refused or cut like any other. What redshim runs itself (COPY, BEGIN, SET) is kept here until it is executed."""
import struct

import wire
from dialect import translate
from errors import Refused, translated
from session import Failed, seen
from sql_tokens import BadSql, quote_name, quote_text, split


class Extended:
    def __init__(self, session, write):
        self._session, self._write = session, write
        self._statements, self._portals = {}, {}  # name: (text, tokens, plan); portal: name
        self._skipping, self._out, self._shape = False, bytearray(), ""

    def handle(self, kind, payload):
        """Whether the message is one of this protocol. Raises Cut, wire.Gone."""
        if kind not in b"PBDECHS" or len(kind) != 1:
            return False
        if kind == b"S":
            self._sync()
        elif kind == b"H":
            self._flush()
        elif not self._skipping:
            try:
                {b"P": self._parse, b"B": self._bind, b"D": self._describe, b"E": self._execute, b"C": self._close}[kind](payload)
            except Failed as why:
                self._session.end_implicit("ROLLBACK")
                self._answer(b"E", wire.error_payload(why.fields))
                self._skipping = True
        return True

    def _answer(self, kind, payload=b""):
        self._out += wire.message(kind, payload)
        if len(self._out) > 1 << 20:
            self._flush()

    def _flush(self):
        self._write(bytes(self._out))
        self._out.clear()

    def _sync(self):
        backend = self._session.backend
        backend.send(b"S")
        while True:
            kind, payload = backend.read()
            if kind == b"Z":
                break
            if kind == b"E":  # the implicit transaction could not be committed
                payload = wire.error_payload(self._translated(payload))
            for one in seen([(kind, payload)]):
                self._answer(*one)
        self._skipping = False
        self._answer(b"Z", self._session.status.encode())
        self._flush()

    def _ask(self, kind, payload, *ends):
        """Passes a message on; gives the answers up to one of `ends`."""
        backend, answers = self._session.backend, []
        backend.send(kind, payload)
        backend.send(b"H")
        while True:
            answer = backend.read()
            if answer[0] == b"E":
                raise Failed(self._translated(answer[1]))
            answers.append(answer)
            if answer[0] in ends:
                return seen(answers)

    def _fail(self, fields):
        """Fails as PostgreSQL would: its transaction, implicit or not, is in error until Sync."""
        backend = self._session.backend
        backend.send(b"P", wire.text("redshim_fails") + wire.text("redshim: this statement fails") + b"\0\0")
        backend.send(b"H")
        while backend.read()[0] != b"E":
            pass
        raise Failed(fields)

    def _parse(self, payload):
        name, at = wire.cut_text(payload)
        sql, at = wire.cut_text(payload, at)
        try:
            statements = split(sql)
            if len(statements) > 1:
                raise Refused("42601", "cannot insert multiple commands into a prepared statement")
            text, tokens = statements[0] if statements else ("", [])
            plan = translate(text, tokens) if tokens else None
        except (Refused, BadSql) as why:
            self._session.shim.faults.note(self._session, sql)["outcome"] = str(why)
            self._fail(why.fields if isinstance(why, Refused) else {"S": "ERROR", "C": "42601", "M": str(why)})
        if plan is None or plan.kind in ("query", "write"):
            answers = self._ask(b"P", wire.text(name) + wire.text(plan.sql if plan else "") + payload[at:], b"1")
        else:
            answers = [(b"1", b"")]
        self._statements[name] = (text, tokens, plan)
        for answer in answers:
            self._answer(*answer)

    def _local(self, name):
        """Whether redshim runs the statement itself."""
        if name not in self._statements:
            self._fail({"S": "ERROR", "C": "26000", "M": f'prepared statement "{name}" does not exist'})
        plan = self._statements[name][2]
        return plan is not None and plan.kind not in ("query", "write")

    def _bind(self, payload):
        portal, at = wire.cut_text(payload)
        name, _ = wire.cut_text(payload, at)
        answers = [(b"2", b"")] if self._local(name) else self._ask(b"B", payload, b"2")
        self._portals[portal] = name
        for answer in answers:
            self._answer(*answer)

    def _describe(self, payload):
        name = payload[1:-1].decode()
        statement = name if payload[:1] == b"S" else self._portals.get(name, name)
        if self._local(statement):
            answers = ([(b"t", b"\0\0")] if payload[:1] == b"S" else []) + [(b"n", b"")]
        else:
            answers = self._ask(b"D", payload, b"T", b"n")
        for answer in answers:
            self._answer(*answer)

    def _execute(self, payload):
        portal, _ = wire.cut_text(payload)
        name = self._portals.get(portal)
        if name is None:
            self._fail({"S": "ERROR", "C": "34000", "M": f'portal "{portal}" does not exist'})
        text, tokens, plan = self._statements[name]
        if plan is None:
            return self._answer(b"I")
        self._shape = plan.shape

        def run(plan):
            if plan.kind == "write" and self._session.backend.status != "E":
                self._rows(f"SELECT redshim.write_lock({quote_text(quote_name(plan.table))})")
            return self._ask(b"E", payload, b"C", b"s", b"I")

        for answer in self._session.statement(text, tokens, run=run, settle=self._settle, ask=self._rows):
            self._answer(*answer)
        return None

    def _settle(self):
        backend = self._session.backend
        backend.send(b"S")
        while backend.read()[0] != b"Z":
            pass

    def _rows(self, sql):
        """Of a statement between the client's own: with a name, so that unnamed ones stay."""
        backend, name = self._session.backend, wire.text("redshim_inner")
        backend.send(b"P", name + wire.text(sql) + b"\0\0")
        backend.send(b"B", name + name + b"\0\0" * 3)
        backend.send(b"E", name + struct.pack("!I", 0))
        backend.send(b"C", b"P" + name)
        rows = [wire.values_of_row(payload) for kind, payload in self._ask(b"C", b"S" + name, b"3") if kind == b"D"]
        if backend.read()[0] != b"3":  # the portal's close came first
            raise wire.Gone
        return rows

    def _close(self, payload):
        name = payload[1:-1].decode()
        if payload[:1] == b"S":
            self._statements.pop(name, None)
        else:
            self._portals.pop(name, None)
        for answer in self._ask(b"C", payload, b"3"):
            self._answer(*answer)

    def _translated(self, payload):
        return translated(wire.fields_of_error(payload), self._shape, self._session.isolation)
