# SPDX-License-Identifier: Apache-2.0
"""peers.py PEER JOB INPUT OUT: the job of `sluice convert` as each library does it best on one core: OUT/TABLE.parquet for every
table. JOB is a file of bench/jobs.py: tables, columns, routing keys, codec.

peers.py rows - - OUT: the rows and bytes of the Parquet files below OUT, as JSON. peers.py versions: of the libraries, as JSON.

A function imports its library itself: importing is part of what a user waits for, and of nobody else's time.
"""
import json
import os
import pathlib
import sys

DUCKDB = {'text': 'VARCHAR', 'timestamp': 'TIMESTAMP', 'integer': 'BIGINT', 'float': 'DOUBLE'}
CLICKHOUSE = {'text': 'Nullable(String)', 'timestamp': "Nullable(DateTime64(6, 'UTC'))", 'integer': 'Nullable(Int64)',
              'float': 'Nullable(Float64)'}


def all_columns(job):
    return {name: kind for table in job['tables'].values() for name, kind in table['columns'].items()}


def duckdb_connection():
    import duckdb
    connection = duckdb.connect()
    connection.execute("SET threads = 1; SET TimeZone = 'UTC'")
    return connection


def duckdb_source(path, columns, job):
    types = ', '.join('"%s": \'%s\'' % (name, DUCKDB[kind]) for name, kind in columns.items())
    return "read_json('%s', format = 'newline_delimited', columns = {%s}%s)" % (
        path, types, ', ignore_errors = true' if job['ignore_errors'] else '')


def duckdb_copy(connection, source, table, job, out):
    wanted = job['tables'][table]
    level = ', COMPRESSION_LEVEL %d' % job['level'] if job['level'] else ''
    connection.execute("COPY (SELECT %s FROM %s WHERE %s IS NOT NULL) TO '%s/%s.parquet' (FORMAT parquet, COMPRESSION %s%s)" % (
        ', '.join('"%s"' % name for name in wanted['columns']), source, wanted['key'], out, table, job['compression'], level))


def duckdb_scans(job, path, out):
    """Reads the file once for each table, and of it only that table's columns."""
    connection = duckdb_connection()
    for table, wanted in job['tables'].items():
        duckdb_copy(connection, duckdb_source(path, wanted['columns'], job), table, job, out)


def duckdb_staged(job, path, out):
    """Reads the file once into a temporary table, and copies from there."""
    connection = duckdb_connection()
    connection.execute('CREATE TEMP TABLE staged AS SELECT * FROM %s' % duckdb_source(path, all_columns(job), job))
    for table in job['tables']:
        duckdb_copy(connection, 'staged', table, job, out)


def polars(job, path, out):
    os.environ['POLARS_MAX_THREADS'] = '1'
    import polars as pl
    frame = pl.scan_ndjson(path, schema={name: pl.String for name in all_columns(job)})
    for table, wanted in job['tables'].items():
        rows = frame.select(list(wanted['columns'])).filter(pl.col(wanted['key']).is_not_null())
        times = [name for name, kind in wanted['columns'].items() if kind == 'timestamp']
        rows = rows.with_columns(pl.col(name).str.to_datetime('%Y-%m-%d %H:%M:%S%.6f', time_unit='us') for name in times)
        rows.sink_parquet('%s/%s.parquet' % (out, table), compression=job['compression'])


def pyarrow(job, path, out):
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.json as pj
    import pyarrow.parquet as pq
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    schema = pa.schema([(name, pa.timestamp('us') if kind == 'timestamp' else pa.string()) for name, kind in all_columns(job).items()])
    parse = pj.ParseOptions(explicit_schema=schema, unexpected_field_behavior='error')
    writers = {}
    with pj.open_json(path, read_options=pj.ReadOptions(use_threads=False, block_size=8 << 20), parse_options=parse) as reader:
        for batch in reader:
            for table, wanted in job['tables'].items():
                rows = batch.filter(pc.is_valid(batch.column(wanted['key']))).select(list(wanted['columns']))
                if table not in writers:
                    writers[table] = pq.ParquetWriter('%s/%s.parquet' % (out, table), rows.schema, compression=job['compression'])
                writers[table].write_batch(rows, row_group_size=1 << 20)
    for writer in writers.values():
        writer.close()


def clickhouse(job, path, out):
    import chdb
    settings = ("max_threads = 1, max_insert_threads = 1, max_parsing_threads = 1, session_timezone = 'UTC', "
                "input_format_skip_unknown_fields = 1, output_format_parquet_parallel_encoding = 0, "
                "output_format_parquet_compression_method = '%s'" % job['compression'])
    for table, wanted in job['tables'].items():
        columns = ', '.join('%s %s' % (name, CLICKHOUSE[kind]) for name, kind in wanted['columns'].items())
        chdb.query("INSERT INTO FUNCTION file('%s/%s.parquet', Parquet) SELECT * FROM file('%s', JSONEachRow, '%s') "
                   "WHERE %s IS NOT NULL SETTINGS %s" % (out, table, path, columns.replace("'", "''"), wanted['key'], settings))


def pandas(job, path, out):
    """The script that most people begin with: a dictionary for each line, a data frame for each table."""
    import pandas as pd
    rows = {table: [] for table in job['tables']}
    with open(path, encoding='utf-8') as lines:
        for line in lines:
            event = json.loads(line)
            for table, wanted in job['tables'].items():
                if event.get(wanted['key']) is not None:
                    rows[table].append(event)
                    break
    for table, wanted in job['tables'].items():
        frame = pd.DataFrame(rows[table], columns=list(wanted['columns']))
        for name, kind in wanted['columns'].items():
            if kind == 'timestamp':
                frame[name] = pd.to_datetime(frame[name])
        frame.to_parquet('%s/%s.parquet' % (out, table), compression=job['compression'], index=False)


def rows(out):
    import pyarrow.parquet as pq
    found = {}
    for path in sorted(pathlib.Path(out).rglob('*.parquet')):
        table = path.stem if path.parent == pathlib.Path(out) else path.parent.name
        found[table] = {'rows': pq.read_metadata(path).num_rows, 'bytes': path.stat().st_size}
    return found


def versions():
    import importlib.metadata
    import chdb
    found = {name: importlib.metadata.version(name) for name in ('duckdb', 'polars', 'pyarrow', 'pandas', 'chdb')}
    return {**found, 'python': sys.version.split()[0], 'clickhouse': str(chdb.query('SELECT version()')).strip().strip('"')}


PEERS = {'duckdb-scans': duckdb_scans, 'duckdb-staged': duckdb_staged, 'polars': polars, 'pyarrow': pyarrow, 'clickhouse': clickhouse,
         'pandas': pandas}

if __name__ == '__main__':
    if sys.argv[1] == 'rows':
        print(json.dumps(rows(sys.argv[4])))
    elif sys.argv[1] == 'versions':
        print(json.dumps(versions()))
    else:
        name, job_file, input_file, out_folder = sys.argv[1:]
        PEERS[name](json.loads(pathlib.Path(job_file).read_text()), input_file, out_folder)
