# SPDX-License-Identifier: Apache-2.0
"""Makes the contenders of every table out of one binary, its peers and one folder, and compares what they wrote."""
import json
import os
import pathlib
import shutil
import subprocess

from measure import ONE_CORE, Contender, Failed, in_turn, run_pinned, tell

HERE = pathlib.Path(__file__).resolve().parent


class Workbench:
    """`binary`: sluice, with hot_path beside it. `python`: has the peers. `runs`: of each contender, unless it is slow."""
    def __init__(self, binary, python, inputs, runs):
        self.binary, self.python, self.inputs, self.runs = pathlib.Path(binary).resolve(), python, inputs, runs
        self.hot_path_binary = self.binary.with_name('hot_path')
        self.out = inputs.folder / 'out'

    def convert(self, group, name, label, source, codec='snappy', arguments=(), cores=ONE_CORE, plain=None):
        """`plain`: what `source` is when it is not compressed."""
        def command(out):
            return [self.binary, 'convert', '--quiet', '--config', source.config, '--compression', codec, *arguments, '--out', out,
                    source.path]
        return self._writer(group, name, label, command, cores, source, plain)

    def peer(self, group, name, label, source, job, at_most=None):
        """`name`: a peer of peers.py, and after a / what tells two of the same apart."""
        job_file = self.inputs.folder / 'job.json'

        def command(out):
            job_file.write_text(json.dumps(job))
            return [self.python, HERE / 'peers.py', name.split('/')[0], job_file, source.path, out]
        return self._writer(group, name, label, command, ONE_CORE, source, at_most=at_most)

    def duckdb(self, group, source, job, variant=''):
        """Both of the ways in which DuckDB can do it; the better one counts."""
        ways = (('duckdb-scans', 'DuckDB, a scan for each table'), ('duckdb-staged', 'DuckDB, staged in a temporary table'))
        return [self.peer(group, '%s/%s' % (name, variant) if variant else name, ', '.join(filter(None, (label, variant))), source, job)
                for name, label in ways]

    def hot_path(self, group, name, label, source, what, arguments=(), environment=None, absent=None, lines=None):
        """In memory: `wall` is what the program measured itself. `lines`: of `source`, where it does not know them itself."""
        lines = lines or source.lines
        command = [self.hot_path_binary, *arguments, source.config, source.path, what, '1']

        def once():
            usage, output = run_pinned(command, ONE_CORE, environment)
            told = json.loads(output)
            if told['events'] != lines:
                raise Failed('%s: %d events of %d' % (label, told['events'], lines))
            contender.facts['out_bytes'] = told['bytes']
            return {**usage, 'wall': told['seconds'][0]}
        contender = Contender(group, name, label, once, absent=absent, events=lines, input_bytes=source.bytes)
        return contender

    def why_absent(self, arguments=(), environment=None):
        """None, if hot_path can run so; else what it said."""
        probe = self.inputs.first_lines(50)
        tried = subprocess.run([self.hot_path_binary, *arguments, probe.config, probe.path, 'columns', '1'], capture_output=True, text=True,
                               env={**os.environ, **(environment or {})})
        if tried.returncode < 0:
            raise Failed('hot_path ended by signal %d' % -tried.returncode)
        return None if tried.returncode == 0 else tried.stderr.strip().removeprefix('hot_path: ').removeprefix('--general: ')

    def measured(self, table, contenders, runs=None):
        """Runs them in turn and compares within each group; the rows of the table."""
        shutil.rmtree(self.out, ignore_errors=True)
        in_turn(table, contenders, runs or self.runs)
        tell('%s: comparing' % table)
        self.compare(contenders)
        shutil.rmtree(self.out, ignore_errors=True)
        return [contender.row() for contender in contenders]

    def contents(self, out):
        """Table → rows and bytes of the Parquet files below `out`."""
        return json.loads(subprocess.check_output([self.python, HERE / 'peers.py', 'rows', '-', '-', out], text=True))

    def compare(self, contenders):
        """Whoever wrote other rows than the first of the group, which is sluice where it takes part, fails the benchmark."""
        first = {}
        for contender in contenders:
            if contender.absent or not hasattr(contender, 'out'):
                continue
            found = self.contents(contender.out)
            found.pop('quarantine', None)  # what libraries leave out
            contender.facts['out_bytes'] = sum(table['bytes'] for table in found.values())
            contender.facts['rows'] = {name: table['rows'] for name, table in sorted(found.items())}
            expected = first.setdefault(contender.group, contender)
            if contender.facts['rows'] != expected.facts['rows']:
                raise Failed('%s: the row counts differ: %s %s, %s %s' % (contender.group, expected.label, expected.facts['rows'],
                                                                          contender.label, contender.facts['rows']))

    def _writer(self, group, name, label, command, cores, source, plain=None, at_most=None):
        out = self.out / ('%s-%s' % (group, name)).replace('/', '-')

        def once():
            shutil.rmtree(out, ignore_errors=True)
            out.mkdir(parents=True)
            return run_pinned(command(out), cores)[0]
        plain = plain or source
        contender = Contender(group, name, label, once, at_most, events=plain.lines, input_bytes=source.bytes, json_bytes=plain.bytes)
        contender.out = out
        return contender
