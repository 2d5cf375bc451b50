# SPDX-License-Identifier: Apache-2.0
"""What must become of the lines of an NDJSON stream: a second reading of docs/formats.md, independent of the C++.

    for line in Oracle(tables).lines(data): line.outcomes

A line has one outcome, or several where the document can be read in more than one way or names no order of faults.
"""
import base64
import binascii
from dataclasses import dataclass

import column_values
import json_scan
from column_values import Accept, Open

LONGEST_LINE = 16 << 20
NO_TABLE = '*'


@dataclass(frozen=True)
class Row:
    table: str
    values: tuple  # of Table.stored()


@dataclass(frozen=True)
class Fault:
    table: str
    reasons: tuple  # any of them
    column: str = None


@dataclass(frozen=True)
class Skipped:
    """A blank line, or an event that a rule drops."""


@dataclass(frozen=True)
class Line:
    number: int     # from 1
    offset: int     # of its first byte
    length: int     # without its end
    content: bytes  # what quarantine holds
    outcomes: tuple


def split(data):
    """(number, offset, line without its end) of every line, blank ones too."""
    at = 3 if data.startswith(b'\xef\xbb\xbf') else 0
    number = 0
    while at < len(data):
        end = data.find(b'\n', at)
        line = data[at:] if end < 0 else data[at:end]
        following = len(data) if end < 0 else end + 1
        number += 1
        yield number, at, line[:-1] if end >= 0 and line.endswith(b'\r') else line
        at = following


def lookup(event, path):
    """The Value at `path`, or None."""
    for key in path:
        if event is None or event.kind != 'object':
            return None
        event = event.fields.get(key)
    return event


def _equals(value, literal):
    wanted = json_scan.read(literal)
    if value.kind != wanted.kind:
        return False
    return value.string == wanted.string if value.kind == 'string' else value.text == wanted.text


def _holds(condition, event):
    if condition[0] == 'any':
        return True
    value = lookup(event, condition[1])
    if value is None:
        return False
    return condition[0] == 'has' or _equals(value, condition[2])


class Oracle:
    def __init__(self, tables, rules=None):
        """rules: (conditions, table or None for dropped); by default the tables' own `when`, in order."""
        self.tables = tables
        self.rules = rules or [(table.when, table) for table in tables]

    def lines(self, data):
        for number, offset, line in split(data):
            content, outcomes = self.outcomes(line)
            yield Line(number, offset, len(line), content, tuple(outcomes))

    def outcomes(self, line):
        """(what quarantine would hold, the outcomes)."""
        if not line.strip(b' \t\r'):
            blank = [Skipped()]
            return line, blank if not line.strip(b'\r') else blank + [Fault(NO_TABLE, ('not_json',))]
        if len(line) > LONGEST_LINE:
            return line, [Fault(NO_TABLE, ('line_too_long',))]
        try:
            event = json_scan.read(line.decode('utf-8'))
        except (UnicodeDecodeError, json_scan.Unreadable):
            return line, [Fault(NO_TABLE, json_scan.faults_of(line))]
        if event.kind != 'object':
            return line, [Fault(NO_TABLE, ('not_an_object',))]
        original = _enveloped(event)
        if original is not None:
            return original, [Fault(NO_TABLE, ('not_json_message',))]
        return line, self._routed(event)

    def _routed(self, event):
        found = next((rule for rule in self.rules if all(_holds(c, event) for c in rule[0])), None)
        table = found[1] if found else None
        if found is None:
            return [Fault(NO_TABLE, ('no_route',))]
        return [Skipped()] if table is None else _converted(event, table)


def _enveloped(event):
    """The bytes of a message that landing could not read as JSON."""
    inner = event.fields.get('sluice_raw')
    if len(event.fields) != 1 or inner is None or inner.kind != 'object' or set(inner.fields) != {'id', 'base64'}:
        return None
    text = inner.fields['base64']
    try:
        return base64.b64decode(text.string, validate=True) if text.kind == 'string' else None
    except binascii.Error:
        return None


def _untaken(value, path, taken, through):
    """The event less what columns take, as [(path, Value)] of what is left whole, in the event's order."""
    left = []
    for key, inner in value.fields.items():
        at = path + (key,)
        if at in taken:
            continue
        if at not in through:
            left.append((at, inner))
        elif inner.kind == 'object':
            left += _untaken(inner, at, taken, through)
        elif inner.kind != 'null':
            left.append((at, inner))
    return left


def _unknown(event, table):
    """(what no column takes, whether the table's own `when` leaves any of that unknown)."""
    taken = {column.path for column in table.columns if column.name != table.collect}
    tested = {condition[1] for condition in table.when if condition[0] != 'any'}
    through = {path[:n] for path in taken | tested for n in range(1, len(path))}
    left = _untaken(event, (), taken, through)
    return left, any(path not in tested for path, _ in left)


def _object_text(event, left, depth=0):
    """The fields of `left` in the objects where they stand."""
    parts, done = [], set()
    for path, value in left:
        key = path[depth]
        if key in done:
            continue
        done.add(key)
        inside = [item for item in left if item[0][depth] == key]
        text = value.text if len(path) == depth + 1 else _object_text(event.fields[key], inside, depth + 1)
        parts.append('"%s":%s' % (event.fields[key].key_text, text))
    return '{%s}' % ','.join(parts)


def _collected(column, event, table, left):
    if not left:
        return Accept(None) if column.default is None else _as_default(column, json_scan.Value('string', None, column.default), table)
    return column_values.convert(column, json_scan.read(_object_text(event, left)), table)


def _column(column, event, table, left):
    """Accept, Open or Reject of one column; None for one that files do not have."""
    value = lookup(event, column.path)
    if column.name == table.collect:
        return _collected(column, event, table, left)
    if column.generated:
        return None if value is None else column_values.Reject('generated_column')
    if value is None and column.default is not None:
        if column.name in table.unique or column.name == table.time:
            return column_values.Reject('defaulted_key')
        default = json_scan.Value('string', None, column.default)
        return _as_default(column, default, table)
    if value is None or value.kind == 'null':
        return column_values.Reject('null_in_not_null') if column.not_null else Accept(None)
    return column_values.convert(column, value, table)


def _as_default(column, default, table):
    if column.type in ('REAL', 'DOUBLE'):
        default = json_scan.Value('number', default.string)
    return column_values.convert(column, default, table)


def _converted(event, table):
    left, is_unknown = _unknown(event, table)
    outcomes, rows = [], [()]  # more than one row only where something is left open
    if is_unknown and table.on_unknown_field == 'quarantine':
        outcomes.append(Fault(table.name, ('unknown_field',)))
    refuses_unknown = bool(outcomes)
    for column in table.columns:
        result = _column(column, event, table, left)
        if result is None:
            continue
        if not isinstance(result, Accept):
            outcomes.append(Fault(table.name, result.reasons, column.name))
        if isinstance(result, column_values.Reject):
            return outcomes
        values = [result.value] if isinstance(result, Accept) else result.values
        rows = [row + (value,) for row in rows for value in values]
    if not refuses_unknown:
        outcomes += [Row(table.name, row) for row in rows]
    return outcomes


__all__ = ['Oracle', 'Row', 'Fault', 'Skipped', 'Line', 'Open', 'NO_TABLE', 'split']
