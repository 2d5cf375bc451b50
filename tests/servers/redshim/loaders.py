# SPDX-License-Identifier: Apache-2.0
"""A small loader that is right, and five that look right: each loads batches of Parquet objects into one table, once, with a ledger. They are what
redshim has to tell apart (loaders_test.py).

The right one does what sluice does: staging and a plan by COPY into temporary tables; then one transaction in one message, LOCK and UPDATE of the
lock row first; what is to be done is decided inside it; after any failure the ledger is asked under the lock, on a new connection."""
import botocore.exceptions
import psycopg

TABLES = ("CREATE TABLE events (k VARCHAR(20), v INTEGER)",
          "CREATE TABLE ledger (object BIGINT NOT NULL, loaded BIGINT NOT NULL)",
          "CREATE TABLE lock (name VARCHAR(10) NOT NULL, n BIGINT NOT NULL)",
          "INSERT INTO lock VALUES ('events', 0)")
STAGE = ("CREATE TEMP TABLE stage (k VARCHAR(20), v INTEGER, object BIGINT NOT NULL, line INTEGER NOT NULL)",
         "CREATE TEMP TABLE plan (object BIGINT NOT NULL, rows_expected BIGINT NOT NULL)")
TODO = "CREATE TEMP TABLE todo AS SELECT p.object FROM plan p WHERE NOT EXISTS (SELECT 1 FROM ledger l WHERE l.object = p.object)"
FRESH = ("CREATE TEMP TABLE fresh AS SELECT s.k, s.v, s.object FROM (SELECT s.k, s.v, s.object, ROW_NUMBER() OVER (PARTITION BY s.k ORDER BY "
         "s.object, s.line) AS rn FROM stage s JOIN todo o ON o.object = s.object) s WHERE s.rn = 1 AND NOT EXISTS "
         "(SELECT 1 FROM events t WHERE t.k = s.k)")
INSERT = "INSERT INTO events (k, v) SELECT k, v FROM fresh"
LEDGER = ("INSERT INTO ledger (object, loaded) SELECT o.object, COUNT(f.k) FROM todo o LEFT JOIN fresh f ON f.object = o.object GROUP BY o.object")
ASSERT = ("SELECT 1 / CASE WHEN (SELECT COUNT(*) FROM lock WHERE name = 'events') = 1 AND (SELECT COUNT(*) FROM plan p JOIN todo o ON o.object = "
          "p.object) = (SELECT COUNT(*) FROM ledger l JOIN todo o ON o.object = l.object) THEN 1 ELSE 0 END AS balanced")
LOCK, UPDATE = "LOCK lock", "UPDATE lock SET n = n + 1 WHERE name = 'events'"
RIGHT = (LOCK, UPDATE, TODO, FRESH, INSERT, LEDGER, ASSERT)
WITHOUT_KEYS = "CREATE TEMP TABLE fresh AS SELECT s.k, s.v, s.object FROM stage s JOIN todo o ON o.object = s.object"


class Batch:
    def __init__(self, objects, copy_plan, copy_stage):
        """`objects`: their numbers; the COPY statements fill plan and stage."""
        self.objects, self.copies = objects, (copy_plan, copy_stage)


class GaveUp(Exception):
    pass


class Loader:
    """`connect()` gives a new connection in autocommit. load(batch) returns once the batch is loaded, whatever goes wrong meanwhile.
    before_transaction() is called between staging and transaction: tests bring two loaders to the same point with it."""
    transaction = RIGHT
    tries = 30

    def __init__(self, connect, before_transaction=lambda: None):
        self._connect, self._before_transaction = connect, before_transaction

    def load(self, batch):
        for _ in range(self.tries):
            try:
                db = self._connect()
                try:
                    self.attempt(db, batch)
                finally:
                    db.close()
                return
            except psycopg.Error:
                if self.is_loaded(batch):
                    return
        raise GaveUp

    def attempt(self, db, batch):
        self.stage(db, batch)
        self._before_transaction()
        self.commit(db, *self.transaction)

    def stage(self, db, batch):
        for sql in (*STAGE, *batch.copies):
            db.execute(sql)

    def commit(self, db, *statements):
        cursor = db.execute("; ".join(["BEGIN", *statements, "COMMIT"]))
        while cursor.nextset():
            pass
        if cursor.statusmessage != "COMMIT":
            raise psycopg.OperationalError("it was rolled back")

    def is_loaded(self, batch):
        """Asked under the lock: the transaction of a lost connection may still be running."""
        for _ in range(self.tries):
            try:
                db = self._connect()
                try:
                    objects = ", ".join(map(str, batch.objects))
                    cursor = db.execute(f"BEGIN; LOCK lock; SELECT COUNT(*) FROM ledger WHERE object IN ({objects}); COMMIT")
                    cursor.nextset(), cursor.nextset()
                    return cursor.fetchone()[0] == len(batch.objects)
                finally:
                    db.close()
            except psycopg.Error:
                pass
        raise GaveUp


class DataApiLoader(Loader):
    """The same by the Data API: staging in a session, the transaction as one batch in it. `target` are the arguments that name database and user,
    `schema` is where the tables are."""

    def __init__(self, api, target, schema, name):
        super().__init__(None)
        self._api, self._target, self._schema, self._name, self._attempts = api, target, schema, name, 0

    def load(self, batch):
        for _ in range(self.tries):
            self._attempts += 1
            try:
                session = self._run([f"SET search_path TO {self._schema}"], keep=600)["SessionId"]
                for sql in (*STAGE, *batch.copies):
                    self._run([sql], session)
                self._run(self.transaction, session, token=f"{self._name}-{self._attempts}")
                return
            except psycopg.OperationalError:
                if self.is_loaded(batch):
                    return
        raise GaveUp

    def is_loaded(self, batch):
        objects = ", ".join(map(str, batch.objects))
        for _ in range(self.tries):
            try:
                said = self._run([f"LOCK {self._schema}.lock", f"SELECT COUNT(*) FROM {self._schema}.ledger WHERE object IN ({objects})"])
                return self._api.get_statement_result(Id=said["Id"] + ":2")["Records"] == [[{"longValue": len(batch.objects)}]]
            except psycopg.OperationalError:
                pass
        raise GaveUp

    def _run(self, sqls, session=None, keep=None, token=None):
        """What is said of a batch that has ended well; anything else is an OperationalError."""
        options = {"SessionId": session} if session else dict(self._target)
        options |= ({"SessionKeepAliveSeconds": keep} if keep else {}) | ({"ClientToken": token} if token else {})
        try:
            number = self._api.batch_execute_statement(Sqls=list(sqls), **options)["Id"]
            said = {"Status": "SUBMITTED"}
            while said["Status"] in ("SUBMITTED", "PICKED", "STARTED"):
                said = self._api.describe_statement(Id=number, WaitTimeSeconds=10)
        except botocore.exceptions.ClientError as why:
            raise psycopg.OperationalError(str(why)) from why
        if said["Status"] != "FINISHED":
            raise psycopg.OperationalError(said["Error"])
        return said


class CopyOutsideTransaction(Loader):
    """Copies into the table itself in autocommit, then writes the ledger. A COPY whose answer is lost is repeated."""

    def attempt(self, db, batch):
        if not self.is_loaded(batch):
            for sql in (*STAGE, batch.copies[0]):
                db.execute(sql)
            db.execute(batch.copies[1].replace("stage", "events", 1))
            self.commit(db, LOCK, UPDATE, "INSERT INTO ledger SELECT object, 0 FROM plan")


class SelectBeforeLock(Loader):
    """Looks into the ledger, and believes it after the lock."""

    def attempt(self, db, batch):
        self.stage(db, batch)
        db.execute(TODO)
        self._before_transaction()
        self.commit(db, LOCK, UPDATE, WITHOUT_KEYS, INSERT, LEDGER)


class NoUpdate(Loader):
    """A read that comes before the LOCK has taken the snapshot already, and no UPDATE fails for it."""

    def attempt(self, db, batch):
        self.stage(db, batch)
        db.execute("BEGIN")
        db.execute("SELECT COUNT(*) FROM ledger")
        self._before_transaction()
        for sql in (LOCK, TODO, FRESH, INSERT, LEDGER, ASSERT, "COMMIT"):
            db.execute(sql)


class LedgerAfterCommit(Loader):
    """The ledger's row is written once the data is committed."""

    def attempt(self, db, batch):
        self.stage(db, batch)
        self.commit(db, LOCK, UPDATE, TODO, WITHOUT_KEYS, INSERT)
        self.commit(db, LOCK, UPDATE, LEDGER)


class RetryOfCommit(Loader):
    """Sends COMMIT again on a new connection if its answer was lost, and takes the answer for its own."""

    def load(self, batch):
        db = self._connect()
        self.stage(db, batch)
        for sql in ("BEGIN", *self.transaction):
            db.execute(sql)
        try:
            db.execute("COMMIT")
        except psycopg.Error:
            self._connect().execute("COMMIT")
