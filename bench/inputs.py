# SPDX-License-Identifier: Apache-2.0
"""The files that are measured with, made once and kept below build/bench-data; `make clean` removes them."""
import hashlib
import itertools
import pathlib
import subprocess

import unkind_inputs
from measure import tell

HERE = pathlib.Path(__file__).resolve().parent
TRACKING = HERE.parent / 'examples' / 'tracking' / 'sluice.yaml'


class Input:
    def __init__(self, path, config=TRACKING):
        self.path, self.config = path, config
        self.bytes = path.stat().st_size
        self.lines = None

    def warm(self):
        """Reads it into the page cache, and counts its lines: the events, where it is not compressed."""
        with open(self.path, 'rb') as file:
            self.lines = sum(part.count(b'\n') for part in iter(lambda: file.read(1 << 20), b''))
        return self


class Inputs:
    """`events`: of the clean file; the unkind ones have a share of it. `python` has pyarrow."""
    def __init__(self, folder, binary, python, events):
        self.folder, self.binary, self.python, self.events = folder, binary, python, events
        folder.mkdir(parents=True, exist_ok=True)

    def clean(self):
        def make(out):
            subprocess.run([self.binary, 'generate', '--config', TRACKING, '--events', str(self.events), '--clean', '--out', out],
                           check=True, stderr=subprocess.DEVNULL)
        return Input(self._kept('clean-%d.ndjson' % self.events, make)).warm()

    def first_lines(self, count):
        def make(out):
            out.write_text(''.join(itertools.islice(open(self.clean().path, encoding='utf-8'), count)), encoding='utf-8')
        return Input(self._kept('first-%d-of-%d.ndjson' % (count, self.events), make)).warm()

    def compressed(self, how, extension):
        def make(out):
            subprocess.run([self.python, HERE / 'compress.py', how, self.clean().path, out], check=True)
        return Input(self._kept('%s-%d.ndjson.%s' % (how, self.events, extension), make)).warm()

    def unkind(self, name):
        kind = unkind_inputs.INPUTS[name]
        events = max(1, int(self.events * kind.share))
        source = hashlib.sha256(pathlib.Path(unkind_inputs.__file__).read_bytes()).hexdigest()[:8]

        def make(out):
            with open(self.clean().path, encoding='utf-8') as clean, open(out, 'w', encoding='utf-8') as file:
                for line in kind.lines(line.rstrip('\n') for line in itertools.islice(clean, events)):
                    file.write(line + '\n')
        path = self._kept('%s-%d-%s.ndjson' % (name, events, source), make)
        return Input(path, HERE / kind.config if kind.config else TRACKING).warm()

    def _kept(self, name, make):
        path = self.folder / name
        if not path.exists():
            tell('making %s' % name)
            unfinished = path.with_name(name + '.unfinished')
            make(unfinished)
            unfinished.rename(path)
        return path
