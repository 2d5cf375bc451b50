# SPDX-License-Identifier: Apache-2.0
"""From a file to files by `sluice convert`: beside its peers, from compressed input, with one and with two threads."""
import jobs
from conditions import output_of
from measure import ONE_CORE, TWO_CORES, Contender

SLOW = 3  # runs of a peer that takes many times as long


def files(bench):
    source = bench.inputs.clean()
    job = jobs.tracking()

    def peer(name, label, at_most=None):
        return bench.peer('snappy', name, label, source, job, at_most)
    contenders = [bench.convert('snappy', 'sluice', 'sluice', source), *bench.duckdb('snappy', source, job),
                  peer('polars', 'Polars'), peer('pyarrow', 'pyarrow'), peer('clickhouse', 'ClickHouse (chdb)'),
                  peer('pandas', 'a script: json and pandas', SLOW)]
    return {'rows': bench.measured('files', contenders)}


def files_zstd(bench):
    """sluice writes level 1; DuckDB is given its own level, which is another, and level 1."""
    source = bench.inputs.clean()
    contenders = [bench.convert('zstd', 'sluice', 'sluice', source, 'zstd')]
    for level, variant in ((None, 'its own level'), (1, 'level 1')):
        contenders += bench.duckdb('zstd', source, jobs.tracking(compression='zstd', level=level), variant)
    return {'rows': bench.measured('files-zstd', contenders)}


def compressed(bench):
    plain = bench.inputs.clean()
    ways = [('plain', 'not compressed', plain),
            ('gzip', 'gzip -6, one member', bench.inputs.compressed('gzip', 'gz')),
            ('gzip-members', 'gzip -6, a member each 1 MiB of lines', bench.inputs.compressed('gzip-members', 'gz')),
            ('zstd-frames', 'zstd -1, a frame each 1 MiB of lines', bench.inputs.compressed('zstd-frames', 'zst'))]
    contenders = [bench.convert('compressed', name, label, source, plain=plain)
                  for name, label, source in ways]
    contenders += [bench.hot_path('decoding', name, 'decoding ' + label, source, 'decode', lines=plain.lines)
                   for name, label, source in ways if source is not plain]
    return {'rows': bench.measured('compressed', contenders)}


def threads(bench):
    plain = bench.inputs.clean()
    known = '--threads' in output_of(bench.binary, 'convert', '--help')
    contenders = []
    for kind, source in (('not compressed', plain), ('gzip, one member', bench.inputs.compressed('gzip', 'gz')),
                         ('gzip, many members', bench.inputs.compressed('gzip-members', 'gz')),
                         ('zstd, many frames', bench.inputs.compressed('zstd-frames', 'zst'))):
        for count, cores in ((1, ONE_CORE), (2, TWO_CORES)):
            name = '%s, --threads %d' % (kind, count)
            if not known:
                contenders.append(Contender(kind, name, name, absent='this build has no --threads'))
            elif len(cores) < count:
                contenders.append(Contender(kind, name, name, absent='this machine has one core'))
            else:
                contenders.append(bench.convert(kind, name, name, source, arguments=('--threads', str(count)), cores=cores, plain=plain))
    return {'rows': bench.measured('threads', contenders)}
