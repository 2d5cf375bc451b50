# SPDX-License-Identifier: Apache-2.0
"""From JSON lines in memory to columns or to Parquet bytes in memory: with each instruction set, and by the general path alone."""
STEPS = ('columns', 'none', 'snappy', 'zstd')
INSTRUCTION_SETS = ('avx512', 'avx2', 'neon', 'scalar')   # of SLUICE_ISA


def why_absent(bench, name):
    if bench.why_absent(environment={'SLUICE_ISA': 'no-such-set'}) is None:
        return 'this build does not read SLUICE_ISA'  # it would run the same code under another name
    return bench.why_absent(environment={'SLUICE_ISA': name})


def memory(bench):
    source = bench.inputs.clean()
    ways = [('as it is', (), None, None)]
    ways += [(name, (), {'SLUICE_ISA': name}, why_absent(bench, name)) for name in INSTRUCTION_SETS]
    ways += [('general path alone', ('--general',), None, bench.why_absent(['--general']))]
    contenders = [bench.hot_path(way, step, step, source, step, arguments, variables, absent)
                  for way, arguments, variables, absent in ways for step in STEPS]
    contenders.append(bench.hot_path('machine', 'read', 'reading the input', source, 'read'))
    return {'rows': bench.measured('memory', contenders)}
