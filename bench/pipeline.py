# SPDX-License-Identifier: Apache-2.0
"""The whole embedded pipeline: SQLite as queue, directories as stores, DuckDB as warehouse; its balance is checked after every run."""
import json
import shutil

from conditions import output_of
from measure import TWO_CORES, Contender, Failed, run_pinned

CALM = ('--quiet', '--set', 'quarantine.warn_above=10%')  # it sends broken events on purpose


class Pipeline:
    """The steps in their order, each a process; `generate` begins anew."""
    def __init__(self, bench):
        self.bench = bench
        self.folder = bench.inputs.folder / 'pipeline'
        self.messages, self.truth = self.folder / 'messages.ndjson', self.folder / 'truth.json'

    def contenders(self):
        steps = (('generate', 'generate (no part of the sum)', self.generate), ('send', 'send: file to queue', self.send),
                 ('land', 'land: queue to raw files', self.land), ('process', 'process: raw files to Parquet to warehouse', self.process))
        return [Contender('pipeline', name, label, once, events=self.bench.inputs.events) for name, label, once in steps]

    def generate(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        (self.folder / 'data').mkdir(parents=True)
        return self._step('generate', '--events', self.bench.inputs.events, '--messages', '--out', self.messages, '--truth', self.truth)

    def send(self):
        return self._step('send', self.messages)

    def land(self):
        return self._step('land', *CALM)

    def process(self):
        figures = self._step('process', *CALM)
        self._check()
        return figures

    def _step(self, *arguments):
        return run_pinned([self.bench.binary, '--dir', self.folder / 'data', *arguments], TWO_CORES)[0]

    def _check(self):
        status = json.loads(output_of(self.bench.binary, '--dir', self.folder / 'data', 'status', '--json'))
        truth = {table['table']: table['loaded'] for table in json.loads(self.truth.read_text())['tables']}
        loaded = {table['table'].split('.')[-1]: table['rows'] for table in status['tables']}
        if not status['balanced'] or loaded != truth:
            raise Failed('the pipeline loaded %s of %s' % (loaded, truth))


def pipeline(bench):
    made = Pipeline(bench)
    rows = bench.measured('pipeline', made.contenders())
    shutil.rmtree(made.folder)
    return {'rows': rows}
