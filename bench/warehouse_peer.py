# SPDX-License-Identifier: Apache-2.0
"""What bench/warehouse measures sluice against: the same rows, already in Parquet, into the same tables. Nothing here remembers what was loaded.

warehouse_peer.py JOB.json     {"who": "awswrangler" or "psycopg", "mode": "append" or "upsert", "connect": {…},
                                "tables": {name: {"files": …, "unique": […]}}, and for awswrangler "s3": endpoint, "role": of COPY}"""
import io
import json
import pathlib
import sys


def awswrangler(job):
    """COPY into the table; "upsert" by a temporary table, DELETE of the keys that are there, INSERT. A transaction for each table."""
    import awswrangler as wr
    import redshift_connector
    wr.config.s3_endpoint_url = job["s3"]
    with redshift_connector.connect(**job["connect"], sslmode="verify-full") as db:
        for name, table in job["tables"].items():
            wr.redshift.copy_from_files(path=table["files"], con=db, table=name, schema="tracking", iam_role=job["role"], mode=job["mode"],
                                        primary_keys=table["unique"])


def psycopg(job):
    """COPY … FROM STDIN of what pyarrow makes CSV of, no row of it passing through Python. "upsert" as awswrangler does it. One transaction."""
    import psycopg
    with psycopg.connect(**job["connect"]) as db:
        for name, table in job["tables"].items():
            target, stage = f"tracking.{name}", f"stage_{name}"
            if job["mode"] == "append":
                copy_files(db, target, table["files"])
                continue
            db.execute(f"CREATE TEMP TABLE {stage} (LIKE {target}) ON COMMIT DROP")
            copy_files(db, stage, table["files"])
            db.execute(f"ANALYZE {stage}")
            same = " AND ".join(f"t.{column} = s.{column}" for column in table["unique"])
            db.execute(f"DELETE FROM {target} t USING {stage} s WHERE {same}")
            db.execute(f"INSERT INTO {target} SELECT * FROM {stage}")


def copy_files(db, table, folder):
    import pyarrow.csv
    import pyarrow.parquet
    options = pyarrow.csv.WriteOptions(include_header=False)
    with db.cursor().copy(f"COPY {table} FROM STDIN (FORMAT csv)") as copy:
        for path in sorted(pathlib.Path(folder).glob("*.parquet")):
            for batch in pyarrow.parquet.ParquetFile(path).iter_batches():
                text = io.BytesIO()
                pyarrow.csv.write_csv(batch, text, options)
                copy.write(text.getbuffer())


job = json.loads(pathlib.Path(sys.argv[1]).read_text())
{"awswrangler": awswrangler, "psycopg": psycopg}[job["who"]](job)
