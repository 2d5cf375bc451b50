# SPDX-License-Identifier: Apache-2.0
"""The operations of the Redshift Data API, in its JSON. Sources: Redshift Data API Reference; Redshift Management Guide, data-api,
data-api-calling (idempotency, sessions), data-api-troubleshooting."""
import hashlib
import json
import threading

from data_statements import LONGEST_RESULT_KEPT, DataSession, Statement, names_in
from sql_tokens import BadSql, split

LARGEST_STATEMENT, MOST_STATEMENTS, ROWS_OF_A_PAGE, TOKEN_KEPT = 100_000, 40, 1000, 8 * 3600
CLUSTER = WORKGROUP = "redshim"


class AwsError(Exception):
    def __init__(self, kind, message, status=400):
        super().__init__(message)
        self.kind, self.message, self.status = kind, message, status


class DataApi:
    """Any thread may call it. `limit` is how many statements may be active at once."""

    def __init__(self, shim):
        self._shim, self._lock, self._statements, self._sessions, self._tokens = shim, threading.Lock(), {}, {}, {}
        self.limit, self.session_limit = 200, 500

    def call(self, operation, given):
        """The answer as an object; raises AwsError."""
        handler = {"ExecuteStatement": self._execute, "BatchExecuteStatement": self._batch, "DescribeStatement": self._describe,
                   "GetStatementResult": self._result, "CancelStatement": self._cancel, "ListStatements": self._list}.get(operation)
        if not handler:
            raise AwsError("UnknownOperationException", f"redshim does not cover {operation}")
        return handler(given)

    def _execute(self, given):
        sql = given.get("Sql")
        if not isinstance(sql, str) or not sql.strip():
            raise _invalid("Sql is required")
        try:
            count = len(split(sql))
        except BadSql:
            count = 1
        if count > 1:
            raise _invalid("Multiple statements are not supported, use BatchExecuteStatement")  # "must be a single SQL statement"
        return self._submit(given, [sql], batch=False)

    def _batch(self, given):
        sqls = given.get("Sqls")
        if not isinstance(sqls, list) or not 1 <= len(sqls) <= MOST_STATEMENTS:
            raise _invalid(f"Value at 'sqls' failed to satisfy constraint: Member must have length between 1 and {MOST_STATEMENTS}")
        return self._submit(given, sqls, batch=True)

    def _submit(self, given, sqls, batch):
        for sql in sqls:
            if len(sql.encode()) > LARGEST_STATEMENT:
                raise _invalid(f"Query statement exceeds the maximum size of {LARGEST_STATEMENT} bytes")
        keep = given.get("SessionKeepAliveSeconds")
        if keep is not None and not 0 <= keep <= 86400:
            raise _invalid("SessionKeepAliveSeconds must be between 0 and 86400")
        parameters = {p["name"]: p["value"] for p in given.get("Parameters", [])}
        if any(not isinstance(value, str) or not value for value in parameters.values()):
            raise _invalid("Value at 'parameters.1.member.value' failed to satisfy constraint: Member must have length greater than or equal to 1")
        used = {name for sql in sqls for name in names_in(sql)}
        if set(parameters) - used:
            raise _invalid(f"Parameters list contains unused parameters: {', '.join(sorted(set(parameters) - used))}")
        token, digest = given.get("ClientToken"), hashlib.sha256(json.dumps(
            {k: v for k, v in given.items() if k != "WaitTimeSeconds"}, sort_keys=True).encode()).hexdigest()
        if token is not None and not 1 <= len(token) <= 64:
            raise _invalid("Value at 'clientToken' failed to satisfy constraint: Member must have length less than or equal to 64")
        with self._lock:
            now = self._shim.clock.now()
            self._forget(now)
            known = self._tokens.get(token) if token else None
            if known:
                if known[0] != digest:
                    raise _invalid("ClientToken was used with other parameters")
                statement = known[1]
            else:
                statement = self._start(given, sqls, batch, parameters, keep, now)
                if token:
                    self._tokens[token] = (digest, statement, now)
        statement.wait(given.get("WaitTimeSeconds", 0))
        told = ("ClusterIdentifier", "WorkgroupName", "SecretArn", "Database")
        return statement.submitted() | {name: given[name] for name in told if name in given}

    def _forget(self, now):
        """What nobody can ask for any more: a server may have been told a million statements."""
        for kept, is_over in ((self._tokens, lambda known: now - known[2] >= TOKEN_KEPT), (self._sessions, lambda session: not session.alive(now)),
                              (self._statements, lambda s: now - s.created > LONGEST_RESULT_KEPT and s.done.is_set())):
            while kept and is_over(kept[name := next(iter(kept))]):  # the oldest
                del kept[name]

    def _start(self, given, sqls, batch, parameters, keep, now):
        if sum(not s.done.is_set() for s in self._statements.values()) >= self.limit:
            raise AwsError("ActiveStatementsExceededException", "Active statements exceeded the allowed quota")
        session_id = given.get("SessionId")
        if session_id:
            session = self._sessions.get(session_id)
            if session is None or not session.alive(now):
                raise _invalid(f"Session is not available: {session_id}")
            if session.busy:
                raise _invalid(f"Session {session_id} is busy: a statement is running in it")
            if given.get("DbUser", session.user) != session.user:
                raise _invalid("DbUser is not the session's")
        else:
            if keep and sum(s.alive(now) for s in self._sessions.values()) >= self.session_limit:
                raise AwsError("ActiveSessionsExceededException", "Active sessions exceeded the allowed quota")
            session = DataSession(self._shim, self._user(given), given.get("Database"))
            if keep:
                self._sessions[session.id] = session
        statement = Statement(self._shim, session, sqls, batch, parameters, keep, given.get("ExecutionMode", "TRANSACTION"),
                              given.get("StatementName"))
        self._statements[statement.id] = statement
        statement.start()
        return statement

    def _user(self, given):
        cluster, workgroup = given.get("ClusterIdentifier"), given.get("WorkgroupName", "").rsplit("/", 1)[-1]
        if (cluster or workgroup) not in (CLUSTER, WORKGROUP) or (cluster and workgroup):
            raise _invalid("Redshift endpoint doesn't exist in this region.")
        if workgroup and given.get("DbUser"):
            raise _invalid("DbUser is not valid for a serverless workgroup")
        if given.get("Database") not in self._shim.databases:
            raise _invalid("Database is required, and is to be the one of the cluster")
        users = list(self._shim.users)
        user = given.get("DbUser") or users[-1]
        if given.get("SecretArn"):
            user = next((name for name in users if given["SecretArn"].split(":")[-1].startswith("redshim-" + name)), None)
        if user is None:
            raise AwsError("ValidationException", "The secret could not be read")
        return user

    def _find(self, given):
        number = given.get("Id", "")
        statement = self._statements.get(number.split(":")[0])
        if statement is None or self._shim.clock.now() - statement.created > LONGEST_RESULT_KEPT:
            raise AwsError("ResourceNotFoundException", "Query does not exist.")
        return statement, number

    def _describe(self, given):
        statement, number = self._find(given)
        statement.wait(given.get("WaitTimeSeconds", 0))
        return statement.described(number)

    def _result(self, given):
        statement, number = self._find(given)
        statement.wait(given.get("WaitTimeSeconds", 0))
        result = statement.result(number)
        if result is None:
            raise AwsError("ResourceNotFoundException", "Query does not have result. Please check query status with DescribeStatement.")
        try:
            begin = int(given.get("NextToken") or "0", 16)
        except ValueError as why:
            raise _invalid("NextToken is none of ours") from why
        end = begin + ROWS_OF_A_PAGE
        answer = {"Records": result.records[begin:end], "ColumnMetadata": result.columns, "TotalNumRows": len(result.records)}
        return answer | ({"NextToken": f"{end:x}"} if end < len(result.records) else {})

    def _cancel(self, given):
        statement, _ = self._find(given)
        if not statement.cancel():
            raise _invalid(f"Could not cancel a query that is already in {statement.status} state with ID: {statement.id}")
        return {"Status": True}

    def _list(self, given):
        wanted = given.get("Status", "FINISHED")
        with self._lock:
            found = [s for s in self._statements.values() if wanted in ("ALL", s.status) and (s.name or "").startswith(given.get("StatementName", ""))
                     and self._shim.clock.now() - s.created <= LONGEST_RESULT_KEPT]
        return {"Statements": [s.listed() for s in sorted(found, key=lambda s: -s.created)][:given.get("MaxResults", 100)]}


def _invalid(message):
    return AwsError("ValidationException", message)
