# SPDX-License-Identifier: Apache-2.0
"""One process on given cores, measured; and several contenders in turn, so that a slow minute of the machine hits all of them."""
import os
import resource
import subprocess
import sys
import time

CORES = sorted(os.sched_getaffinity(0))
ONE_CORE = CORES[-1:]
TWO_CORES = CORES[-2:]


class Failed(Exception):
    """A command or a comparison failed: there is nothing to show."""


def run_pinned(command, cores, environment=None):
    """Wall and CPU seconds and peak memory in bytes, from before the start of the process to its end, and its standard output.

    A child inherits the parent's cores: no taskset stands in between, which a short run would show. A child's peak is never told to be
    less than what this process uses itself when it starts it: what is imported here stays small.
    """
    command = [str(part) for part in command]
    os.sched_setaffinity(0, cores)
    try:
        begin = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, **(environment or {})})
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - begin
    finally:
        os.sched_setaffinity(0, CORES)
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    if process.returncode != 0:
        raise Failed('%s: exit code %d' % (' '.join(command), process.returncode))
    return {'wall': wall, 'cpu': usage.ru_utime + usage.ru_stime, 'peak': usage.ru_maxrss * 1024}, output


def own_peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


class Contender:
    """`once()` does the work and returns the figures of one run. `at_most`: runs of a slow one. `facts`: what does not vary.

    `group` is what it is compared within. One that cannot run here has `absent`, the reason, and no `once`.
    """
    def __init__(self, group, name, label, once=None, at_most=None, absent=None, **facts):
        self.group, self.name, self.label, self.once = group, name, label, once
        self.at_most, self.absent, self.facts, self.runs = at_most, absent, facts, []

    def row(self):
        row = {'group': self.group, 'name': self.name, 'label': self.label, **self.facts}
        return {**row, 'absent': self.absent} if self.absent else {**row, 'runs': self.runs}


def in_turn(table, contenders, runs):
    """Each contender once, then each again, `runs` times."""
    able = [c for c in contenders if not c.absent]
    for number in range(runs):
        for contender in able:
            if contender.at_most and number >= contender.at_most:
                continue
            tell('%s: run %d of %d: %s' % (table, number + 1, runs, ', '.join(filter(None, (contender.group, contender.label)))))
            contender.runs.append(contender.once())
    return contenders


def tell(text):
    """Progress: one line that is written over, where somebody looks; a log of lines elsewhere."""
    if sys.stderr.isatty():
        sys.stderr.write('\r\x1b[K' + text[:110])
    else:
        sys.stderr.write(text + '\n')
    sys.stderr.flush()
