#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""run_pipeline.py BINARY [--events N] [--lines N]: dirty events of the generator, then adversarial lines for every column type, through
the whole embedded pipeline; compare_pipeline.py judges both, and the generator's own figures must be the ledger's."""
import argparse
import json
import os
import random
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import adversarial  # noqa: E402
import compare_pipeline  # noqa: E402
import table_sets  # noqa: E402


def truth_differences(warehouse, truth):
    """The generator knows by construction what must have become of its events."""
    ledger = warehouse.own('ledger', 'table_name', 'loaded', 'duplicates', 'quarantined', 'no_route')
    problems = []
    for table in truth['tables']:
        for at, field in ((1, 'loaded'), (2, 'duplicates'), (3, 'quarantined')):
            found = sum(row[at] for row in ledger if row[0] == table['table'])
            if found != table[field]:
                problems.append('%s: generator says %s=%d, the ledger %d' % (table['table'], field, table[field], found))
    no_route = sum(row[4] for row in ledger if row[0] == '*')
    if no_route != truth['no_route']:
        problems.append('generator says no_route=%d, the ledger %d' % (truth['no_route'], no_route))
    reasons = {}
    for (reason,) in warehouse.own('quarantine', 'reason'):
        reasons[reason] = reasons.get(reason, 0) + 1
    if reasons != truth['reasons']:
        problems.append('generator says %s, quarantine holds %s' % (truth['reasons'], reasons))
    return problems


class Pipeline:
    """One embedded pipeline in a folder of its own."""

    def __init__(self, binary, work, tables):
        self.binary, self.folder, self.tables = os.path.abspath(binary), os.path.join(work, 'data'), tables
        self.config = os.path.join(work, 'sluice.yaml')
        os.makedirs(self.folder)
        with open(self.config, 'w', encoding='utf-8') as file:
            file.write(table_sets.sluice_yaml(tables, table_sets.embedded(self.folder)))

    def __call__(self, command, *arguments):
        done = subprocess.run([self.binary, '--config', self.config, command, *map(str, arguments)], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, check=False)
        if done.returncode != 0:
            sys.exit('sluice %s: exit code %d\n%s' % (command, done.returncode, done.stderr.decode('utf-8', 'replace')))

    def check(self):
        return compare_pipeline.PipelineCheck(self.folder, self.tables, 'sluice')


def report(name, check, problems):
    for problem in problems[:compare_pipeline.SHOWN]:
        print(problem)
    totals = check.totals
    print('%s: %d raw objects, %d lines, %d Parquet rows, %d quarantined, %d target rows: %d differences' % (
        name, totals['objects'], totals['lines'], totals['rows'], totals['quarantined'], totals['target rows'], len(problems)))
    return bool(problems) or totals['rows'] == 0 or totals['objects'] < 2


def generated(binary, work, events, seed):
    sluice = Pipeline(binary, work, table_sets.tracking())
    messages, truth = os.path.join(work, 'messages'), os.path.join(work, 'truth.json')
    sluice('generate', '--events', events, '--seed', seed, '--messages', '--out', messages, '--truth', truth,
           '--share-broken', 0.05, '--share-duplicated', 0.05)
    sluice('send', messages)
    sluice('run', '--once')
    check = sluice.check()
    with open(truth, encoding='utf-8') as file:
        problems = truth_differences(check.warehouse, json.load(file)) + check.run()
    return report('generated', check, problems)


def adverse(binary, work, lines, seed):
    """Each line is a message of its own; some are sent twice."""
    tables = table_sets.lab()
    sluice = Pipeline(binary, work, tables)
    messages = os.path.join(work, 'messages')
    for part in (0, 1, 0):
        stream = adversarial.stream(random.Random(seed * 2 + part), tables, lines // 2)
        with open(messages, 'wb') as file:
            file.writelines(line + b'\n' for line in stream.splitlines() if 0 < len(line) < 1 << 20)
        sluice('send', messages)
        sluice('run', '--once')
    check = sluice.check()
    return report('adversarial', check, check.run())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('binary')
    parser.add_argument('--events', type=int, default=200_000)
    parser.add_argument('--lines', type=int, default=20_000)
    parser.add_argument('--seed', type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        failed = generated(options.binary, one, options.events, options.seed)
        return 1 if adverse(options.binary, two, options.lines, options.seed) or failed else 0


if __name__ == '__main__':
    sys.exit(main())
