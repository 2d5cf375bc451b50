# SPDX-License-Identifier: Apache-2.0
"""Reads Parquet files with pyarrow and with DuckDB into the values that column_values makes."""
import decimal
import os

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

READERS = ('pyarrow', 'duckdb')
_WIDE = decimal.Context(prec=100)


def arrow_type(column):
    """What pyarrow must find in the file."""
    return {'SMALLINT': pa.int16(), 'INTEGER': pa.int32(), 'BIGINT': pa.int64(), 'REAL': pa.float32(), 'DOUBLE': pa.float64(),
            'BOOLEAN': pa.bool_(), 'CHAR': pa.string(), 'VARCHAR': pa.string(), 'SUPER': pa.string(), 'DATE': pa.date32(),
            'TIMESTAMP': pa.timestamp('us', 'UTC'), 'TIMESTAMPTZ': pa.timestamp('us', 'UTC'),
            'DECIMAL': pa.decimal128(column.precision, column.scale) if column.type == 'DECIMAL' else None}[column.type]


def read(path, reader):
    if reader == 'pyarrow':
        return pq.read_table(path)
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'; SET threads = 1")
        return connection.sql('SELECT * FROM read_parquet($path, hive_partitioning = false)', params={'path': path}).to_arrow_table()


def plain(array):
    """A column as a list of int, float, str or None."""
    kind = array.type
    if pa.types.is_timestamp(kind):
        if kind.unit != 'us':
            raise ValueError('a timestamp in ' + kind.unit)
        return array.cast(pa.int64()).to_pylist()
    if pa.types.is_date32(kind):
        return array.cast(pa.int32()).to_pylist()
    if pa.types.is_decimal(kind):
        return [None if v is None else int(v.scaleb(kind.scale, _WIDE)) for v in array.to_pylist()]
    if pa.types.is_boolean(kind):
        return [None if v is None else int(v) for v in array.to_pylist()]
    return array.to_pylist()


def columns(path, reader):
    """{name: list} of a whole file; nothing where there is no file."""
    if path is None or not os.path.exists(path):
        return {}
    table = read(path, reader)
    return {name: plain(table.column(name)) for name in table.column_names}


def schema_faults(path, table):
    """What is wrong with the names and types of a file."""
    found = pq.read_schema(path)
    stored = table.stored()
    faults = []
    if found.names[:len(stored)] != [c.name for c in stored]:
        faults.append('columns are %s' % found.names)
    for column in stored:
        if column.name in found.names and found.field(column.name).type != arrow_type(column):
            faults.append('%s is %s' % (column.name, found.field(column.name).type))
    return faults
