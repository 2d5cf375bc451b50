#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""compare_pipeline.py FOLDER [--tables tracking]: takes the folder of a finished embedded run (raw/, parquet/, warehouse.duckdb) and
compares with the oracle, which reads the raw objects: every Parquet row, every quarantined line, what is in the target tables (each
identity once, as any one of its copies), the ledger's counts. Exit code 1 on any difference."""
import argparse
import io
import os
import sys
from collections import Counter

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import duckdb  # noqa: E402
import pyarrow as pa  # noqa: E402

import compare  # noqa: E402
import parquet_rows  # noqa: E402
import table_sets  # noqa: E402
from oracle import Oracle  # noqa: E402

SHOWN = 10
_MAGIC = ((b'\x28\xb5\x2f\xfd', 'zstd'), (b'\x1f\x8b', 'gzip'))


def raw_bytes(path):
    """Decompressed by magic number; frames and members one behind the other are all read."""
    with open(path, 'rb') as file:
        stored = file.read()
    codec = next((name for magic, name in _MAGIC if stored.startswith(magic)), None)
    if codec is None:
        return stored
    parts = []
    with pa.CompressedInputStream(pa.PythonFile(io.BytesIO(stored), mode='r'), codec) as stream:
        while part := stream.read(1 << 20):
            parts.append(part)
    return b''.join(parts)


class Warehouse:
    def __init__(self, path, schema):
        self.connection = duckdb.connect(path, read_only=True)
        self.connection.execute("SET TimeZone = 'UTC'")
        self.schema = schema

    def select(self, query, *names):
        table = self.connection.sql('SELECT %s FROM %s' % (', '.join('"%s"' % n for n in names), query)).to_arrow_table()
        return list(zip(*(parquet_rows.plain(table.column(i)) for i in range(len(names))))) if table.num_rows else []

    def own(self, table, *names):
        return self.select('"%s"."%s"' % (self.schema, table), *names)


class PipelineCheck:
    def __init__(self, folder, tables, schema):
        self.folder, self.tables = folder, {t.name: t for t in tables}
        self.warehouse = Warehouse(os.path.join(folder, 'warehouse.duckdb'), schema)
        self.oracle = Oracle(tables)
        self.problems, self.totals = [], Counter()
        self.copies = {name: {} for name in self.tables}  # identity -> rows

    def run(self):
        ledger = self.warehouse.own('ledger', 'object', 'raw_key', 'table_name', 'state', 'parquet', 'lines', 'no_route', 'dropped',
                                    'routed', 'staged', 'loaded', 'duplicates', 'quarantined')
        fields = ('state', 'parquet', 'lines', 'no_route', 'dropped', 'routed', 'staged', 'loaded', 'duplicates', 'quarantined')
        entries = {(row[0], row[2]): dict(zip(fields, row[3:])) for row in ledger}
        keys = {row[0]: row[1] for row in ledger}
        if len(entries) != len(ledger):
            self.problems.append('the ledger has an object and table twice')
        self.check_keys(keys)
        quarantined = self.quarantined()
        for number, key in sorted(keys.items(), key=lambda item: item[1]):
            self.check_object(number, key, entries, quarantined.pop(number, []))
        for number in quarantined:
            self.problems.append('quarantine holds rows of an object that the ledger does not know: %d' % number)
        for name, table in self.tables.items():
            self.check_target(name, table, entries)
        return self.problems

    def check_keys(self, keys):
        root = os.path.join(self.folder, 'raw')
        found = {os.path.relpath(os.path.join(at, name), root) for at, _, names in os.walk(root) for name in names
                 if not name.startswith('.')}
        for key in sorted(found ^ set(keys.values())):
            self.problems.append('raw object and ledger differ: %s' % key)

    def quarantined(self):
        names = ('object', 'line', 'table_name', 'reason', 'column_name', 'at_byte', 'length', 'encoding', 'payload')
        by_object = {}
        for row in self.warehouse.own('quarantine', *names):
            by_object.setdefault(row[0], []).append(row[1:])
        return by_object

    def check_object(self, number, key, entries, faults):
        comparison = compare.Comparison(key)
        for name, table in self.tables.items():
            entry = entries.get((number, name))
            if entry is None or entry['state'] != 'loaded':
                comparison.problem('is not loaded: table=%s %s' % (name, entry))
                continue
            self.add_rows(comparison, number, table, entry)
        for fault in faults:
            comparison.add_fault(*fault)
        lines = list(self.oracle.lines(raw_bytes(os.path.join(self.folder, 'raw', key))))
        comparison.judge(lines)
        self.check_counts(comparison, number, entries, lines)
        for table, row in comparison.rows.values():
            self.copies[table].setdefault(self.identity(table, row), []).append(row)
        self.totals += comparison.counts
        self.totals['objects'] += 1
        self.problems += comparison.problems

    def add_rows(self, comparison, number, table, entry):
        if not entry['parquet']:
            return
        columns = parquet_rows.columns(os.path.join(self.folder, 'parquet', entry['parquet']), 'pyarrow')
        if not columns:
            comparison.problem('has no Parquet object: %s' % entry['parquet'])
            return
        if set(columns['sluice_object']) != {number}:
            comparison.problem('sluice_object is %s' % set(columns['sluice_object']))
        for line, row in zip(columns['sluice_line'], zip(*(columns[c.name] for c in table.stored()))):
            comparison.add_row(line, table.name, row)

    def check_counts(self, comparison, number, entries, lines):
        rows = Counter(table for table, _ in comparison.rows.values())
        bad = Counter(fault[0] for fault in comparison.faults.values())
        dropped = sum(1 for line in lines if line.number not in comparison.rows and line.number not in comparison.faults and
                      line.content.strip(b' \t\r'))
        routed = {name: rows[name] + bad[name] for name in self.tables}
        for name in self.tables:
            entry = entries.get((number, name), {})
            wanted = {'routed': routed[name], 'staged': rows[name], 'quarantined': bad[name]}
            for field, count in wanted.items():
                if entry.get(field) != count:
                    comparison.problem('ledger says %s=%s of %s, found %d' % (field, entry.get(field), name, count))
            if entry and entry['staged'] != entry['loaded'] + entry['duplicates']:
                comparison.problem('staged is not loaded + duplicates: %s' % entry)
        whole = entries.get((number, '*'), {})
        wanted = {'no_route': bad['*'], 'dropped': dropped, 'lines': sum(routed.values()) + bad['*'] + dropped}
        for field, count in wanted.items():
            if whole.get(field) != count:
                comparison.problem('ledger says %s=%s, found %d' % (field, whole.get(field), count))

    def identity(self, name, row):
        """(unique…, time); of a table without a key the row itself, which then may stand there often."""
        table = self.tables[name]
        if not table.unique:
            return row
        names = [c.name for c in table.stored()]
        return tuple(row[names.index(n)] for n in table.unique + ((table.time,) if table.time else ()))

    def check_target(self, name, table, entries):
        where = '"%s"."%s"' % (table.schema or 'main', table.name)
        found = {}
        for row in self.warehouse.select(where, *(c.name for c in table.stored())):
            found.setdefault(self.identity(name, row), []).append(row)
        copies = self.copies[name]
        self.totals['target rows'] += sum(map(len, found.values()))
        for identity in copies.keys() | found.keys():
            have, allowed = found.get(identity, []), copies.get(identity, [])
            wanted = 1 if table.unique else len(allowed)
            if len(have) != wanted or not allowed:
                self.problems.append('%s holds %d rows of %s, wanted %d' % (name, len(have), identity, wanted if allowed else 0))
            elif not all(any(compare.same_row(row, copy) for copy in allowed) for row in have):
                self.problems.append('%s holds %s, which is no copy of %s' % (name, have, allowed))
        loaded = sum(e['loaded'] for (_, of), e in entries.items() if of == name)
        if loaded != sum(map(len, found.values())):
            self.problems.append('%s: the ledger says %d loaded, the table holds %d' % (name, loaded, sum(map(len, found.values()))))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('folder')
    parser.add_argument('--tables', choices=('tracking', 'lab'), default='tracking')
    parser.add_argument('--schema', default='sluice', help='of the ledger')
    options = parser.parse_args()
    check = PipelineCheck(options.folder, getattr(table_sets, options.tables)(), options.schema)
    problems = check.run()
    for problem in problems[:SHOWN]:
        print(problem)
    totals = check.totals
    print('%d raw objects: %d lines, %d Parquet rows, %d quarantined, %d target rows: %d differences' % (
        totals['objects'], totals['lines'], totals['rows'], totals['quarantined'], totals['target rows'], len(problems)))
    if totals['rows'] == 0:
        sys.exit('nothing was compared')
    return 1 if problems else 0


if __name__ == '__main__':
    sys.exit(main())
