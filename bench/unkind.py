# SPDX-License-Identifier: Apache-2.0
"""The unkind inputs, each beside DuckDB, and in memory beside the general path alone."""
from unkind_inputs import INPUTS


def unkind(bench):
    no_general = bench.why_absent(['--general'])
    contenders = []
    for name, kind in INPUTS.items():
        source = bench.inputs.unkind(name)
        contenders += [bench.convert(name, 'sluice', kind.what, source), *bench.duckdb(name, source, kind.job),
                       bench.hot_path(name, 'memory', 'in memory', source, 'columns'),
                       bench.hot_path(name, 'general', 'in memory, general path', source, 'columns', ['--general'], absent=no_general)]
    return {'rows': bench.measured('unkind', contenders)}
