# SPDX-License-Identifier: Apache-2.0
"""What redshim's own tests share: an S3 server and a redshim for each class of tests, and clients of both. They run under servers/python of the
dependencies, which has psycopg, boto3 and pyarrow, and without sluice."""
import io
import json
import pathlib
import sys
import time
import unittest
import urllib.request
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import psycopg
import pyarrow.parquet as pq

import servers
import smoke

BUCKET = "transformed"


class RedshimCase(unittest.TestCase):
    isolation = "SNAPSHOT"

    @classmethod
    def setUpClass(cls):
        s3 = cls.enterClassContext(servers.versitygw())
        cls.shim = cls.enterClassContext(servers.redshim(s3.address, isolation=cls.isolation))
        cls.environment = servers.environment_of_redshim(cls.shim)
        cls.s3 = smoke.client("s3", s3.address)
        cls.s3.create_bucket(Bucket=BUCKET)

    def setUp(self):
        self.control("PUT", "/faults", [])
        self.schema = "s" + uuid.uuid4().hex[:12]
        self.db = self.connect()
        self.db.execute(f"CREATE SCHEMA {self.schema}")
        self.db.execute(f"SET search_path TO {self.schema}")

    def connect(self, user=None, password=None, **options):
        """In autocommit, in this test's schema, as the administrator if nobody else is named."""
        e = self.environment
        db = psycopg.connect(host=e["SLUICE_REDSHIM_HOST"], port=e["SLUICE_REDSHIM_PORT"], dbname=e["SLUICE_REDSHIM_DATABASE"],
                             user=user or e["SLUICE_REDSHIM_ADMIN"], password=password or e["SLUICE_REDSHIM_ADMIN_PASSWORD"],
                             **{"sslmode": "verify-full", "sslrootcert": e["SLUICE_REDSHIM_CA"], "autocommit": True,
                                "prepare_threshold": None, **options})
        self.addCleanup(db.close)
        if user is None and getattr(self, "db", None):
            db.execute(f"SET search_path TO {self.schema}")
        return db

    def data_api(self):
        return smoke.client("redshift-data", self.shim.address)

    def control(self, method, path, body=None):
        request = urllib.request.Request(self.shim.address + path, method=method, data=None if body is None else json.dumps(body).encode())
        with urllib.request.urlopen(request) as response:
            return json.load(response)

    def statements(self, *beginnings):
        """The log's lines whose text begins with one of these."""
        return [line for line in self.control("GET", "/statements") if line["sql"].startswith(beginnings)]

    def until(self, condition):
        """Waits for something that is on its way."""
        deadline = time.monotonic() + 30
        while not condition():
            self.assertLess(time.monotonic(), deadline, "it did not happen")
            time.sleep(0.01)

    def rows(self, sql, db=None):
        return (db or self.db).execute(sql).fetchall()

    def one(self, sql, db=None):
        return self.rows(sql, db)[0][0]

    def fails(self, sql, message, *, state=None, db=None):
        """Gives the error, whose first line or detail has `message`."""
        with self.assertRaises(psycopg.Error, msg=sql) as caught:
            (db or self.db).execute(sql)
        self.assertIn(message, str(caught.exception), sql)
        if state:
            self.assertEqual(caught.exception.sqlstate, state, sql)
        return caught.exception

    def put(self, key, data):
        """The object's entry in a manifest."""
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=data)
        return {"url": f"s3://{BUCKET}/{key}", "mandatory": True, "meta": {"content_length": len(data)}}

    def put_parquet(self, table, key=None, **options):
        out = io.BytesIO()
        pq.write_table(table, out, **options)
        return self.put(key or f"{self.schema}/{uuid.uuid4().hex}.parquet", out.getvalue())

    def manifest(self, *entries):
        """Its address."""
        return self.put(f"{self.schema}/{uuid.uuid4().hex}.manifest", json.dumps({"entries": list(entries)}).encode())["url"]

    def copy_text(self, table, *entries, role=servers.ROLE_CHAIN, options="", url=None):
        return f"COPY {table} FROM '{url or self.manifest(*entries)}' IAM_ROLE '{role}' FORMAT AS PARQUET {options}" + ("" if url else " MANIFEST")

    def copy(self, table, *entries, **options):
        self.db.execute(self.copy_text(table, *entries, **options))

    def copy_fails(self, table, *entries, says, state="XX000", **options):
        return self.fails(self.copy_text(table, *entries, **options), says, state=state)
