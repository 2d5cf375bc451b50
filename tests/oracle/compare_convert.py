#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""compare_convert.py BINARY [--events N] [--lines N] [--seed N]: drives `sluice convert` over generated and adversarial files, and
compares every row, as pyarrow and DuckDB read it, and every quarantined line with the oracle; and the bytes with those that other
instruction sets and numbers of threads make. Exit code 1 on any difference."""
import argparse
import glob
import gzip
import json
import os
import random
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import adversarial  # noqa: E402
import compare  # noqa: E402
import parquet_rows  # noqa: E402
import table_sets  # noqa: E402
from oracle import Oracle  # noqa: E402

SHOWN = 10
THREADS = (1, 2, 4)


def run(arguments, **environment):
    done = subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                          env=dict(os.environ, **environment))
    if done.returncode != 0:
        sys.exit('%s: exit code %d\n%s' % (' '.join(arguments), done.returncode, done.stderr.decode('utf-8', 'replace')))
    return done.stdout


def instruction_sets(binary, folder):
    """Those of this machine, as the message names them that refuses another."""
    empty = os.path.join(folder, 'empty.ndjson')
    open(empty, 'wb').close()
    refused = subprocess.run([binary, 'convert', '--out', folder, empty], env=dict(os.environ, SLUICE_ISA='unknown'),
                             stderr=subprocess.PIPE, check=False, text=True)
    found = re.search(r'it has ([a-z0-9, ]+)', refused.stderr)
    if refused.returncode == 0 or not found:
        sys.exit('an unknown instruction set is not refused: %s' % refused.stderr)
    return found.group(1).split(', ')


def contents(folder):
    found = {}
    for path in glob.glob(os.path.join(folder, '*', '*.parquet')):
        with open(path, 'rb') as file:
            found[os.path.relpath(path, folder)] = file.read()
    return found


def only_file(folder):
    found = glob.glob(os.path.join(folder, '*.parquet'))
    if len(found) > 1:
        sys.exit('more than one file in %s' % folder)
    return found[0] if found else None


def read_output(name, out, tables, reader):
    comparison = compare.Comparison('%s, read by %s' % (name, reader))
    for table in tables:
        path = only_file(os.path.join(out, table.name))
        columns = parquet_rows.columns(path, reader)
        if not columns:
            continue
        if reader == 'pyarrow':
            for fault in parquet_rows.schema_faults(path, table):
                comparison.problem('%s: %s' % (table.name, fault))
        lines = columns['sluice_line']
        if lines != sorted(lines):
            comparison.problem('rows of %s are not in line order' % table.name)
        if len(set(columns['sluice_object'])) != 1:
            comparison.problem('sluice_object of %s is not one value' % table.name)
        values = zip(*(columns[c.name] for c in table.stored()))
        for line, row in zip(lines, values):
            comparison.add_row(line, table.name, row)
    bad = parquet_rows.columns(only_file(os.path.join(out, 'quarantine')), reader)
    if bad:
        if bad['line'] != sorted(bad['line']):
            comparison.problem('quarantine is not in line order')
        fields = ('table_name', 'reason', 'column_name', 'at_byte', 'length', 'encoding', 'payload')
        for line, *fault in zip(bad['line'], *(bad[f] for f in fields)):
            comparison.add_fault(line, *fault)
    return comparison


def counts_agree(comparison, said, tables):
    """What --json says, against the files."""
    routed = {t.name: 0 for t in tables}
    no_route = 0
    for table, _ in comparison.rows.values():
        routed[table] += 1
    for table, *_ in comparison.faults.values():
        if table == '*':
            no_route += 1
        else:
            routed[table] += 1
    said_routed = {t['table']: t['routed'] for t in said['tables']}
    if said_routed != routed or said['no_route'] != no_route or said['quarantined'] != len(comparison.faults):
        comparison.problem('--json says %s, the files %s and %d without route' % (json.dumps(said), routed, no_route))
    if said['events'] != sum(routed.values()) + no_route:
        comparison.problem('--json says %d events' % said['events'])


class Runner:
    def __init__(self, binary, work):
        self.binary, self.work = binary, work
        self.totals, self.problems, self.files = compare.Counter(), [], 0
        self.isas = instruction_sets(binary, work)

    def check(self, name, tables, data, compressed=False):
        folder = tempfile.mkdtemp(dir=self.work)
        config, path, out = (os.path.join(folder, n) for n in ('sluice.yaml', 'in.ndjson', 'out'))
        with open(config, 'w', encoding='utf-8') as file:
            file.write(table_sets.sluice_yaml(tables))
        with open(path, 'wb') as file:
            file.write(gzip.compress(data, 1) if compressed else data)
        said = run([self.binary, 'convert', '--config', config, '--json', '--out', out, '--technical-columns', path])
        lines = list(Oracle(tables).lines(data))
        for reader in parquet_rows.READERS:
            comparison = read_output(name, out, tables, reader)
            comparison.judge(lines)
            if reader == 'pyarrow':
                counts_agree(comparison, json.loads(said)[0], tables)
            self.problems += comparison.problems
            self.totals += comparison.counts
        self.files += 1
        self.check_without_technical_columns(name, tables, config, path, folder)
        self.check_other_ways(name, config, path, folder)

    def check_other_ways(self, name, config, path, folder):
        """The bytes depend on nothing but the input."""
        wanted = contents(os.path.join(folder, 'out'))
        for isa in self.isas:
            for threads in THREADS:
                out = os.path.join(folder, '%s-%d' % (isa, threads))
                run([self.binary, 'convert', '--config', config, '--out', out, '--technical-columns', '--threads', str(threads), path],
                    SLUICE_ISA=isa)
                if contents(out) != wanted:
                    self.problems.append('%s: other bytes with %s and %d threads' % (name, isa, threads))

    def check_without_technical_columns(self, name, tables, config, path, folder):
        out = os.path.join(folder, 'plain')
        run([self.binary, 'convert', '--config', config, '--out', out, path])
        for table in tables:
            one = parquet_rows.columns(only_file(os.path.join(folder, 'out', table.name)), 'pyarrow')
            two = parquet_rows.columns(only_file(os.path.join(out, table.name)), 'pyarrow')
            one.pop('sluice_object', None), one.pop('sluice_line', None)
            if repr(one) != repr(two):  # repr: NaN never occurs, and -0.0 differs from 0.0
                self.problems.append('%s: %s differs without the technical columns' % (name, table.name))

    def generated(self, events, seed):
        tables = table_sets.tracking()
        config, path, truth = (os.path.join(self.work, n) for n in ('generate.yaml', 'generated.ndjson', 'truth.json'))
        with open(config, 'w', encoding='utf-8') as file:
            file.write(table_sets.sluice_yaml(tables))
        run([self.binary, 'generate', '--config', config, '--events', str(events), '--seed', str(seed), '--out', path,
             '--truth', truth, '--share-broken', '0.1', '--share-duplicated', '0.05'])
        with open(path, 'rb') as file:
            return tables, file.read()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('binary')
    parser.add_argument('--events', type=int, default=20_000, help='generated events')
    parser.add_argument('--lines', type=int, default=20_000, help='adversarial lines')
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--keep', help='folder for the files, kept; a temporary one by default')
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        runner = Runner(os.path.abspath(options.binary), options.keep or temporary)
        tables, data = runner.generated(options.events, options.seed)
        runner.check('generated', tables, data)
        runner.check('generated, gzip', tables, data[:1_000_000].rpartition(b'\n')[0], compressed=True)
        sizes = [200, 1000, 3000] + [options.lines // 4] * 4
        for index, size in enumerate(sizes):
            rng = random.Random(options.seed * 1000 + index)
            which = [table_sets.lab(), table_sets.tracking(), table_sets.lab(), table_sets.tracking(catch_all=True)][index % 4]
            runner.check('adversarial %d' % index, which, adversarial.stream(rng, which, size))
        runner.check('huge lines', table_sets.lab(), adversarial.huge(random.Random(options.seed), table_sets.lab()))
        for name, data in (('empty', b''), ('only a BOM', b'\xef\xbb\xbf'), ('only blank lines', b'\n\r\n\n')):
            runner.check(name, table_sets.lab(), data)
    for problem in runner.problems[:SHOWN]:
        print(problem)
    totals = runner.totals
    print('instruction sets: %s; threads: %s' % (', '.join(runner.isas), ', '.join(map(str, THREADS))))
    print('%d files, %d readers: %d lines, %d rows, %d quarantined, %d left open by the document: %d differences' % (
        runner.files, len(parquet_rows.READERS), totals['lines'], totals['rows'], totals['quarantined'], totals['open'],
        len(runner.problems)))
    if totals['rows'] == 0 or totals['quarantined'] == 0:
        sys.exit('nothing was compared')
    return 1 if runner.problems else 0


if __name__ == '__main__':
    sys.exit(main())
