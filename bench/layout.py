# SPDX-License-Identifier: Apache-2.0
"""What each table of results.json shows, and how a figure is made of its runs: always the median."""
import statistics

from sheet import Sheet

NOTHING = '–'
STEPS = {'columns': 'columns', 'none': 'pages, not compressed', 'snappy': 'snappy', 'zstd': 'zstd'}


def median(row, what='wall'):
    """None of a contender that could not run."""
    return statistics.median(run[what] for run in row['runs']) if row.get('runs') else None


def ratio(row, base, what='wall'):
    return median(row, what) / median(base, what) if row.get('runs') and base.get('runs') else None


def rate(row):
    """Million events a second."""
    return row['events'] / median(row) / 1e6 if row.get('runs') else None


def nanoseconds(row):
    """For each event."""
    return median(row) / row['events'] * 1e9 if row.get('runs') else None


def number(value, form='%.2f'):
    return NOTHING if value is None else form % value


def megabytes(count):
    return number(count and count / 1e6, '%.1f')


def peak(row, floor):
    """A child of the measuring process seems never smaller than that process."""
    used = median(row, 'peak')
    return NOTHING if used is None else '< %.0f' % (floor / 1e6) if used <= floor else '%.0f' % (used / 1e6)


def spread(row):
    walls = [run['wall'] for run in row['runs']] if row.get('runs') else []
    return '%.2f–%.2f' % (min(walls), max(walls)) if walls else NOTHING


def absences(rows, name=lambda row: row['label']):
    """One note for each reason why something is not there."""
    reasons = {}
    for row in rows:
        if 'absent' in row and name(row) not in reasons.setdefault(row['absent'], []):
            reasons[row['absent']].append(name(row))
    return ['%s: not measured: %s.' % (', '.join(names), reason.rstrip('.')) for reason, names in reasons.items()]


def runs_of(rows):
    counts = sorted({len(row['runs']) for row in rows if row.get('runs')})
    return 'Medians of %s runs.' % ' or '.join(str(count) for count in counts) if counts else ''


def better_duckdb(rows):
    return min((row for row in rows if row['name'].startswith('duckdb')), key=median)


def one(rows, name):
    return next(row for row in rows if row['name'] == name)


def groups(rows):
    found = {}
    for row in rows:
        found.setdefault(row['group'], []).append(row)
    return found


def memory(rows, results):
    reading = next((row for row in rows if row['name'] == 'read'), None)
    found_groups = groups([row for row in rows if row is not reading])
    lines = [[group, *('%s (%s)' % (number(nanoseconds(row), '%.0f'), number(rate(row))) if row.get('runs') else NOTHING for row in found)]
             for group, found in found_groups.items()]
    first = next(iter(found_groups.values()))
    sizes = ['output, MB', *(megabytes(row['out_bytes']) if row.get('out_bytes') else NOTHING for row in first)]
    return Sheet('In memory: nanoseconds an event (million events a second)', ['code', *STEPS.values()], [*lines, sizes],
                 [runs_of(rows), *absences(rows, lambda row: row['group']), *reading_alone(reading)])


def reading_alone(row):
    """What memory allows at most, with which machines can be compared."""
    return ['Reading every word of the input, and nothing else, takes %.0f ns an event here (%.1f GB/s).'
            % (nanoseconds(row), row['input_bytes'] / median(row) / 1e9)] if row else []


def beside_peers(title, rows, results):
    base, floor = rows[0], results['conditions']['peak_floor']
    lines = [[row['label'], str(len(row['runs'])), number(median(row)), spread(row), number(median(row, 'cpu')), number(rate(row)),
              peak(row, floor), megabytes(row['out_bytes']), number(ratio(row, base), '%.2f×'), number(ratio(row, base, 'cpu'), '%.2f×')]
             for row in rows]
    better = better_duckdb(rows)
    header = ['', 'runs', 'wall s', 'range', 'CPU s', 'M ev/s', 'peak MB', 'out MB', "wall ÷ sluice's", "CPU ÷ sluice's"]
    return Sheet(title, header, lines,
                 ['Every output has %s.' % ', '.join('%s %s rows' % (table, format(n, ',')) for table, n in base['rows'].items()),
                  "DuckDB's better way takes %.1f times sluice's wall time." % ratio(better, base)])


def files(rows, results):
    return beside_peers('File to files, snappy, one core', rows, results)


def files_zstd(rows, results):
    return beside_peers('File to files, zstd, one core', rows, results)


def compressed(rows, results):
    decoding = {row['name']: median(row) for row in rows if row['group'] == 'decoding'}
    lines = [[row['label'], megabytes(row['input_bytes']), number(median(row)), number(median(row, 'cpu')), number(rate(row)),
              number(row['json_bytes'] / median(row) / 1e6, '%.0f'), number(decoding.get(row['name']))]
             for row in rows if row['group'] != 'decoding']
    header = ['input', 'in MB', 'wall s', 'CPU s', 'M ev/s', 'MB/s of JSON', 'decoding alone, s']
    return Sheet('Compressed input to files, snappy, one core', header, lines, [runs_of(rows)])


def threads(rows, results):
    lines = [[row['label'], number(median(row)), number(median(row, 'cpu')), number(rate(row)), number(ratio(found[0], row), '%.2f×')]
             for found in groups(rows).values() for row in found]
    return Sheet('One and two cores, file to files, snappy', ['', 'wall s', 'CPU s', 'M ev/s', 'faster'], lines,
                 [runs_of(rows), *absences(rows)])


def pipeline(rows, results):
    def line(label, found):
        walls, cpus = ([sum(row['runs'][i][what] for row in found) for i in range(len(found[0]['runs']))] for what in ('wall', 'cpu'))
        wall = statistics.median(walls)
        return [label, number(wall), number(statistics.median(cpus)), number(found[0]['events'] / wall / 1e6, '%.3f'),
                peak(max(found, key=lambda row: median(row, 'peak')), results['conditions']['peak_floor'])]
    steps = [row for row in rows if row['name'] != 'generate']
    lines = [line(row['label'], [row]) for row in rows] + [line('send + land + process', steps)]
    return Sheet('The embedded pipeline, two cores', ['', 'wall s', 'CPU s', 'M ev/s', 'peak MB'], lines, [runs_of(rows)])


def small(rows, results):
    def cpu(row):  # hot_path counts its own start in
        return NOTHING if row['group'] == 'warm' else number(median(row, 'cpu') * 1e3, '%.1f')
    lines = [[row['label'], number(median(row) * 1e3, '%.1f'), cpu(row)] for row in rows]
    return Sheet('A small file, from start to exit', ['', 'wall ms', 'CPU ms'], lines, [runs_of(rows)])


def unkind(rows, results):
    lines = []
    for found in groups(rows).values():
        ours, memory_row, general = one(found, 'sluice'), one(found, 'memory'), one(found, 'general')
        theirs = better_duckdb(found)
        lines.append([ours['label'], format(ours['events'], ','), megabytes(ours['input_bytes']), number(rate(ours)), number(rate(theirs)),
                      number(ratio(theirs, ours), '%.2f×'), number(nanoseconds(memory_row), '%.0f'), number(nanoseconds(general), '%.0f'),
                      number(ratio(general, memory_row), '%.2f×'), peak(ours, results['conditions']['peak_floor'])])
    header = ['', 'events', 'in MB', 'sluice M ev/s', "DuckDB's better way", 'faster than it', 'columns ns', 'general path ns',
              'faster than that', 'peak MB']
    return Sheet('Unkind inputs, one core', header, lines, [runs_of(rows), *absences(rows)])


SHEETS = {'memory': memory, 'compressed': compressed, 'files': files, 'files-zstd': files_zstd, 'threads': threads, 'pipeline': pipeline,
          'small': small, 'unkind': unkind}


def sheet(name, results):
    return SHEETS[name](results['tables'][name]['rows'], results)


def conditions(results):
    """What the figures were measured on and with, one line each."""
    told, peers = results['conditions'], results['conditions']['peers']
    return ['sluice %s, built with %s' % (told['sluice'], told['compiler']),
            '%s, %d cores, %s, %s' % (told['cpu'], told['cores'], told['memory'], told['system']),
            'DuckDB %s, Polars %s, pyarrow %s, pandas %s, ClickHouse %s (chdb %s), Python %s' % tuple(
                peers[name] for name in ('duckdb', 'polars', 'pyarrow', 'pandas', 'clickhouse', 'chdb', 'python')),
            '%s events, %.1f MB of JSON; %d runs, %.0f minutes in all; load average %.2f before, %.2f after' % (
                format(results['events'], ','), results['input_bytes'] / 1e6, results['runs'], told['minutes'], told['load_before'],
                told['load_after'])]
