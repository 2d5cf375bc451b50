# SPDX-License-Identifier: Apache-2.0
"""The table sets that the comparisons run with, and the sluice.yaml that says the same to the binary."""
import json
import os

import ddl

HERE = os.path.dirname(os.path.abspath(__file__))
EXAMPLES = os.path.join(HERE, '..', '..', 'examples', 'tracking')


def _has(*path):
    return (('has', path),)


def _map(table, *sources):
    """(column, path, epoch unit or None) …"""
    for name, path, epoch in sources:
        column = next(c for c in table.columns if c.name == name)
        column.path, column.epoch = path, epoch


def tracking(catch_all=False):
    """The first user's two tables. catch_all: utm takes what events does not."""
    return [ddl.read_table(os.path.join(EXAMPLES, 'events.sql'), when=_has('topic'),
                           unique=('request_id',), time='request_timestamp'),
            ddl.read_table(os.path.join(EXAMPLES, 'utm.sql'), when=(('any',),) if catch_all else _has('source'),
                           unique=('request_id',))]


def lab():
    """Every type, and every option that decides what becomes of a value. The tables' paths cross each other."""
    strict = ddl.read_table(os.path.join(HERE, 'strict.sql'), when=_has('strict_id') + _has('context', 'strict'),
                            unique=('strict_id', 'part'), time='at', on_unknown_field='quarantine')
    _map(strict, ('done', ('context', 'state', 'done'), None), ('class', ('context', 'state', 'class'), None))
    lenient = ddl.read_table(os.path.join(HERE, 'lenient.sql'), when=_has('lenient_id') + _has('origin', 'kind'), unique=('lenient_id',),
                             time='at', on_too_long='truncate', on_bad_value='null', on_unknown_field='collect',
                             collect='rest')
    _map(lenient, ('label', ('context', 'page', 'label'), None), ('number', ('context', 'number'), None), ('day', ('origin', 'day'), None))
    types = ddl.read_table(os.path.join(HERE, 'types.sql'), when=_has('id'), unique=('id',))
    _map(types, ('created', ('created',), 'ms'), ('created_s', ('created_s',), 's'), ('page_url', ('context', 'page', 'url'), None),
         ('page_rank', ('context', 'page', 'rank'), None), ('extra', ('context', 'state'), None))
    return [strict, lenient, types]


def _when(conditions):
    if conditions[0][0] == 'any':
        return 'any'
    return {'has': ['.'.join(path) for _, path in conditions]}


def embedded(folder):
    """The sections of sluice.yaml for a whole pipeline in one folder, in raw objects small enough that there are several. However
    many events are bad, the rest is loaded."""
    return {'source': {'dir': folder}, 'raw': {'url': 'dir:%s/raw' % folder, 'close_at': {'age': '5m', 'size': '2MiB'}},
            'parquet': {'url': 'dir:%s/parquet' % folder},
            'quarantine': {'url': 'dir:%s/quarantine' % folder, 'hold_above': '100%'},
            'warehouse': {'duckdb': '%s/warehouse.duckdb' % folder}}


def sluice_yaml(tables, sections=None):
    """JSON is YAML."""
    entries = []
    for table in tables:
        entry = {'ddl': os.path.abspath(table.ddl), 'when': _when(table.when), 'unique': list(table.unique)}
        if table.time:
            entry['time'] = table.time
        columns = {}
        for column in table.columns:
            if column.path != (column.name,) or column.epoch:
                columns[column.name] = {'from': '.'.join(column.path)}
                if column.epoch:
                    columns[column.name]['epoch'] = column.epoch
        if columns:
            entry['columns'] = columns
        for option in ('on_too_long', 'on_bad_value'):
            if getattr(table, option) != 'quarantine':
                entry[option] = getattr(table, option)
        if table.on_unknown_field == 'collect':
            entry['on_unknown_field'] = {'collect': table.collect}
        elif table.on_unknown_field != 'ignore':
            entry['on_unknown_field'] = table.on_unknown_field
        entries.append(entry)
    return json.dumps({'name': 'oracle', **(sections or {}), 'tables': entries}, indent=1)
