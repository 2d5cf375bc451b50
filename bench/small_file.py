# SPDX-License-Identifier: Apache-2.0
"""A file of 50 events: what a program costs that is started for each small object."""
from measure import ONE_CORE, Contender, run_pinned

EVENTS = 50
RUNS = 50


def small(bench):
    source = bench.inputs.first_lines(EVENTS)
    start = Contender('start', 'version', 'sluice --version, for comparison', lambda: run_pinned([bench.binary, '--version'], ONE_CORE)[0])
    convert = bench.convert('convert', 'sluice', 'sluice convert, %d events' % source.lines, source)
    warm = bench.hot_path('warm', 'warm', 'the same in memory, in a process that did it before', source, 'snappy')
    return {'rows': bench.measured('small', [convert, start, warm], max(bench.runs, RUNS) if bench.runs >= 5 else bench.runs)}
