# SPDX-License-Identifier: Apache-2.0
"""peers.py duckdb|polars|pyarrow INPUT OUT: the job of `sluice convert` on the tables of examples/tracking, as each library does it
best on one core: OUT/events.parquet and OUT/utm.parquet, snappy, request_timestamp parsed, routed by a key that only one table has.

peers.py rows OUT: the rows and bytes of the Parquet files below OUT, as JSON.
"""
import json
import os
import pathlib
import sys

EVENTS = ['request_id', 'request_timestamp', 'cookie_id', 'topic', 'message', 'environment', 'website_id', 'user_account_id',
          'location', 'user_agent', 'referrer']
UTM = ['request_id', 'source', 'medium', 'campaign', 'content', 'term', 'matchtype', 'network', 'ad_id', 'ad_pos', 'placement',
       'placement_category', 'testgroup', 'device']
TABLES = {'events': (EVENTS, 'topic'), 'utm': (UTM, 'source')}
TIME = 'request_timestamp'


def duckdb(path, out):
    import duckdb as db
    connection = db.connect()
    connection.execute("SET threads = 1; SET TimeZone = 'UTC'")
    for table, (columns, key) in TABLES.items():
        types = ', '.join("%s: '%s'" % (c, 'TIMESTAMP' if c == TIME else 'VARCHAR') for c in columns)
        connection.execute("COPY (SELECT * FROM read_json('%s', format = 'newline_delimited', columns = {%s}) WHERE %s IS NOT NULL) "
                           "TO '%s/%s.parquet' (FORMAT parquet, COMPRESSION snappy)" % (path, types, key, out, table))


def polars(path, out):
    os.environ['POLARS_MAX_THREADS'] = '1'
    import polars as pl
    schema = {c: pl.String for c in EVENTS + UTM}
    frame = pl.scan_ndjson(path, schema=schema)
    for table, (columns, key) in TABLES.items():
        rows = frame.select(columns).filter(pl.col(key).is_not_null())
        if TIME in columns:
            rows = rows.with_columns(pl.col(TIME).str.to_datetime('%Y-%m-%d %H:%M:%S%.6f', time_unit='us'))
        rows.sink_parquet('%s/%s.parquet' % (out, table), compression='snappy')


def pyarrow(path, out):
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.json as pj
    import pyarrow.parquet as pq
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    names = list(dict.fromkeys(EVENTS + UTM))
    schema = pa.schema([(c, pa.timestamp('us') if c == TIME else pa.string()) for c in names])
    parse = pj.ParseOptions(explicit_schema=schema, unexpected_field_behavior='error')
    writers = {}
    with pj.open_json(path, read_options=pj.ReadOptions(use_threads=False, block_size=8 << 20), parse_options=parse) as reader:
        for batch in reader:
            for table, (columns, key) in TABLES.items():
                rows = batch.filter(pc.is_valid(batch.column(key))).select(columns)
                if table not in writers:
                    writers[table] = pq.ParquetWriter('%s/%s.parquet' % (out, table), rows.schema, compression='snappy')
                writers[table].write_batch(rows, row_group_size=1 << 20)
    for writer in writers.values():
        writer.close()


def rows(out):
    import pyarrow.parquet as pq
    found = {}
    for path in sorted(pathlib.Path(out).rglob('*.parquet')):
        table = path.stem if path.parent == pathlib.Path(out) else path.parent.name
        found[table] = {'rows': pq.read_metadata(path).num_rows, 'bytes': path.stat().st_size}
    print(json.dumps(found))


if __name__ == '__main__':
    {'duckdb': duckdb, 'polars': polars, 'pyarrow': pyarrow, 'rows': rows}[sys.argv[1]](*sys.argv[2:])
