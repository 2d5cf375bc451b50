# SPDX-License-Identifier: Apache-2.0
"""What the Data API runs: a statement, or a batch, on a session of its own or a kept one, in a thread; and what is then said of it."""
import threading
import traceback
import uuid

import wire
from data_results import result_of, rows_of_tag
from dialect import rewritten
from errors import Refused
from faults import Cut
from session import Failed, Session
from sql_tokens import BadSql, Changes, split, tokens_of

LONGEST_RESULT_KEPT = 24 * 3600


class DataSession:
    """A session that outlives its statements if it is kept: temporary tables stay."""

    def __init__(self, shim, user, database):
        self.id, self.user, self.database, self._shim = str(uuid.uuid4()), user, database, shim
        self.session, self.busy, self._until = None, False, None

    def alive(self, now):
        """Not once its time is over, or its database was dropped."""
        is_over = self.database not in self._shim.databases or self._until is not None and now >= self._until
        if is_over and not self.busy:
            self.end()
        return self.busy or self._until is not None and now < self._until

    def open(self, gone):
        if self.session is None:
            self.session = Session(self._shim, self.user, "data", "RedshiftDataAPI", database=self.database)
        self.session.gone = gone
        return self.session

    def finished(self, keep):
        """After a statement: kept for so many seconds from now, or what was said before; ended if nothing was."""
        self.keep = keep if keep is not None else getattr(self, "keep", 0)
        if self.keep and self.session:
            self._until = self._shim.clock.now() + self.keep
        else:
            self.end()
        self.busy = False

    def end(self):
        self._until = 0
        if self.session:
            self.session.close()
            self.session = None


class Part:
    """One SQL statement of a Statement."""

    def __init__(self, number, sql):
        self.id, self.sql, self.status, self.error, self.rows, self.result = number, sql, "SUBMITTED", None, -1, None

    def described(self):
        said = {"Id": self.id, "QueryString": self.sql, "Status": self.status, "HasResultSet": self.result is not None, "ResultRows": self.rows,
                "ResultSize": self.result.size if self.result else 0, "RedshiftQueryId": 0, "Duration": 1}
        return said | ({"Error": self.error} if self.error else {})


class Statement:
    def __init__(self, shim, session, sqls, batch, parameters, keep, mode, name):
        self.id, self.created, self.updated = str(uuid.uuid4()), shim.clock.now(), shim.clock.now()
        self.status, self.error, self.name, self.done = "SUBMITTED", None, name, threading.Event()
        self._shim, self._session, self._batch, self._parameters, self._keep, self._mode = shim, session, batch, parameters, keep, mode
        self._parts = [Part(f"{self.id}:{i}", sql) for i, sql in enumerate(sqls, 1)] if batch else [Part(self.id, sqls[0])]
        self._cancelled, self._said_aborted, self._shown_id = False, False, session.id if keep or session.alive(self.created) else None
        session.busy = True

    def start(self):
        threading.Thread(target=self._run, daemon=True).start()

    def wait(self, seconds):
        self.done.wait(min(seconds, 30))

    def cancel(self):
        if self.done.is_set():
            return False
        self._cancelled = True
        if self._session.session:
            self._session.session.backend.cancel()
        self.wait(10)
        return True

    def _to(self, status, error=None):
        self.status, self.error, self.updated = status, error, self._shim.clock.now()

    def _run(self):
        status, error = "FINISHED", None
        try:
            self._to("PICKED")
            session = self._session.open(lambda: self._cancelled)
            self._to("STARTED")
            self._run_parts(session)
        except (Failed, Refused, wire.ServerError) as why:
            status, error = "FAILED", shown(why.fields)
        except (Cut, wire.Gone, OSError):
            status, error = "FAILED", "Connection to the database was lost"
            self._session.end()
        except Exception as why:
            status, error = "FAILED", f"redshim has a fault: {why!r}"
            traceback.print_exc()
        if self._cancelled and status == "FAILED":
            status = "ABORTED"
        if self._said_aborted:
            status, error = "ABORTED", "Query aborted"
        for part in self._parts:
            if part.status not in ("FINISHED", "FAILED"):
                part.status = "ABORTED"
        if not self._batch:
            self._parts[0].status, self._parts[0].error = status, error
        self._session.finished(self._keep)
        self._to(status, error)
        self.done.set()

    def _run_parts(self, session):
        together = self._batch and self._mode == "TRANSACTION"
        if together:
            self._one(session, None, "BEGIN")
        failed = None
        for i, part in enumerate(self._parts, 1):
            part.status = "STARTED"
            try:
                self._one(session, part, part.sql)
                part.status = "FINISHED"
            except Failed as why:
                part.status, part.error = "FAILED", shown(why.fields)
                if self._batch:
                    why = Failed(why.fields | {"M": f"Query #{i} failed with ERROR: " + why.fields["M"], "S": ""})
                failed = failed or why
                if together:
                    session.backend.run("ROLLBACK")
                    break
        if failed:
            raise failed
        if together:
            self._one(session, None, "COMMIT")

    def _one(self, session, part, sql):
        try:
            statements = split(sql)
            if len(statements) != 1:
                raise Refused("42601", "a statement of a batch is one statement")
            text, tokens = statements[0]
            answers = session.statement(text, tokens, run=self._with_parameters(session, tokens))
        except (Refused, BadSql) as why:
            session.end_implicit("ROLLBACK")
            raise Failed(why.fields if isinstance(why, Refused) else {"S": "ERROR", "C": "42601", "M": str(why)}) from why
        except Failed as why:
            session.end_implicit("ROLLBACK")
            if not why.fields.get("D", "").startswith("redshim: it was run"):
                raise
            self._said_aborted, answers = True, []
        if sql == "COMMIT" and part is None and any(answer == (b"C", b"ROLLBACK\0") for answer in answers):
            raise Failed({"S": "ERROR", "C": "25P02", "M": "current transaction is aborted, commands ignored until end of transaction block"})
        if part:
            part.result = result_of(answers)
            part.rows = session.last_copy if tokens[0].word == "COPY" else len(part.result.records) if part.result else rows_of_tag(answers)

    def _with_parameters(self, session, tokens):
        """Runs a plan whose text has :names: they are bound as texts, whose types PostgreSQL finds out."""
        found = parameters_in(tokens) if self._parameters else []
        for _, name in found:
            if name.text not in self._parameters:
                raise Refused("42601", f"Parameter {name.text} is not given")
        if not found:
            return None

        def run(plan):
            names = list(dict.fromkeys(name.text for _, name in found))
            changes = Changes(plan.sql)
            for colon, name in found:
                changes.put(colon, name, f"${names.index(name.text) + 1}")
            sql = rewritten(plan.sql, tokens, changes=changes)
            return session.bound(plan, sql, [self._parameters[name] for name in names])

        return run

    def submitted(self):
        return {"Id": self.id, "CreatedAt": self.created, "DbUser": self._session.user, "Status": self.status, "HasResultSet": self._has_result()} | (
            {"SessionId": self._shown_id} if self._shown_id else {})

    def _has_result(self):
        return any(part.result is not None for part in self._parts)

    def described(self, number):
        part = next((part for part in self._parts if part.id == number and self._batch), None)
        times = {"CreatedAt": self.created, "UpdatedAt": self.updated}
        if part:
            return part.described() | times
        said = {"Id": self.id, "Status": self.status, "DbUser": self._session.user, "Database": self._session.database,
                "HasResultSet": self._has_result(), "Duration": 1 if self.done.is_set() else -1, "RedshiftPid": 0, "ResultFormat": "JSON"} | times
        said |= {"SessionId": self._shown_id} if self._shown_id else {}
        said |= {"Error": self.error} if self.error else {}
        if self._batch:
            return said | {"SubStatements": [part.described() | times for part in self._parts], "ResultRows": -1, "ResultSize": -1}
        one = self._parts[0].described()
        return said | {name: one[name] for name in ("QueryString", "ResultRows", "ResultSize", "RedshiftQueryId")}

    def listed(self):
        return {"Id": self.id, "Status": self.status, "CreatedAt": self.created, "UpdatedAt": self.updated, "IsBatchStatement": self._batch,
                "QueryString": self._parts[0].sql} | ({"StatementName": self.name} if self.name else {})

    def result(self, number):
        if self.status != "FINISHED":
            return None
        return next((part.result for part in self._parts if part.id == number), None)


def shown(fields):
    severity = fields.get("S", "ERROR")
    return (severity + ": " if severity else "") + fields.get("M", "") + ("\n  Detail: " + fields["D"] if fields.get("D") else "")


def parameters_in(tokens):
    """[(the token of the colon, the token of the name)] of the parameters in a statement."""
    return [(colon, name) for colon, name in zip(tokens, tokens[1:]) if colon.text == ":" and name.kind == "word" and name.at == colon.end]


def names_in(sql):
    try:
        return {name.text for _, name in parameters_in(tokens_of(sql))}
    except BadSql:
        return set()
