# SPDX-License-Identifier: Apache-2.0
"""A ledger and a table of millions of rows, made of what one small load left: its rows again and again under other keys, by SQL that Redshift,
PostgreSQL and DuckDB have alike."""

K = "CAST(n.k AS VARCHAR)"
# Column → what it becomes in copy n.k; the others stay. Objects land 1,000 an hour, events are 100 copies an hour (of 7,000 rows: 700,000), the
# first of them in the hour that the load's own events are of.
LEDGER = {
    "object": "(n.k * 48271 % 2147483647) * 4294967296",
    "object_identity": f"t.object_identity || '-' || {K}",
    "raw_key": "'date=' || CAST(DATE '2020-01-01' + CAST(FLOOR(n.k / 24000.0) AS INTEGER) AS VARCHAR) || SUBSTRING(t.raw_key, 16, 1000) || '-' || "
               + K,
    "parquet": f"t.parquet || '-' || {K}",
    "content": f"MD5(t.content || {K})",
    "batch": "MD5(t.batch || CAST(FLOOR(n.k / 10.0) AS VARCHAR))",
}
EVENTS = {
    "request_id": f"MD5(t.request_id || {K}) || SUBSTRING(t.request_id, 33, 4)",
    "request_timestamp": "t.request_timestamp - CAST(FLOOR(n.k / 100.0) AS INTEGER) * INTERVAL '1 hour'",
}


def fill(db, kind, rows):
    """`db` is a connection of psycopg in autocommit, or of DuckDB; the ledger has the rows of one object."""
    indexes = []
    if kind == "postgres":  # made at once afterwards, not row by row
        indexes = db.execute("SELECT schemaname || '.' || indexname, indexdef FROM pg_indexes WHERE schemaname IN ('sluice', 'tracking')").fetchall()
    for name, _ in indexes:
        db.execute(f"DROP INDEX {name}")
    db.execute("CREATE TEMP TABLE digits (d BIGINT)")
    db.execute("INSERT INTO digits VALUES " + ", ".join(f"({d})" for d in range(10)))
    for table, changes in ("sluice.ledger", LEDGER), ("tracking.events", EVENTS):
        multiply(db, table, changes, rows)
    for _, definition in indexes:
        db.execute(definition)
    for statement in ["CHECKPOINT"] if kind == "duckdb" else ["VACUUM", "ANALYZE"]:
        db.execute(statement)


def multiply(db, table, changes, rows):
    copies = rows // count(db, table) - 1
    columns = [column[0] for column in db.execute(f"SELECT * FROM {table} WHERE 1 = 0").description]
    values = ", ".join(changes.get(column, f't."{column}"') for column in columns)
    places = range(len(str(copies)))
    number = " + ".join(f"{10 ** i} * d{i}.d" for i in places)
    numbers = f"SELECT {number} AS k FROM {', '.join(f'digits d{i}' for i in places)}"
    db.execute(f"INSERT INTO {table} SELECT {values} FROM {table} t, ({numbers}) n WHERE n.k BETWEEN 1 AND {copies}")


def count(db, table):
    return db.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]
