# SPDX-License-Identifier: Apache-2.0
"""Reads the CREATE TABLE statements of the tests: names, types, NOT NULL, literal and other defaults, IDENTITY."""
import re
from dataclasses import dataclass, field


@dataclass
class Column:
    name: str
    type: str          # SMALLINT INTEGER BIGINT DECIMAL REAL DOUBLE BOOLEAN CHAR VARCHAR DATE TIMESTAMP TIMESTAMPTZ SUPER
    length: int = 0    # bytes, of CHAR, VARCHAR and SUPER
    precision: int = 0
    scale: int = 0
    not_null: bool = False
    generated: bool = False
    default: str = None
    path: tuple = ()   # keys from the outside in
    epoch: str = None  # s, ms or us


@dataclass
class Table:
    schema: str
    name: str
    columns: list
    ddl: str = ''
    when: tuple = ()   # conditions: ('any',), ('has', path) or ('equals', path, JSON text)
    unique: tuple = ()
    time: str = None
    on_too_long: str = 'quarantine'
    on_bad_value: str = 'quarantine'
    on_unknown_field: str = 'ignore'
    collect: str = None
    extra: dict = field(default_factory=dict)

    def stored(self):
        """The columns that files have."""
        return [c for c in self.columns if not c.generated]


_TYPES = {'SMALLINT': 'SMALLINT', 'INT2': 'SMALLINT', 'INTEGER': 'INTEGER', 'INT': 'INTEGER', 'INT4': 'INTEGER',
          'BIGINT': 'BIGINT', 'INT8': 'BIGINT', 'DECIMAL': 'DECIMAL', 'NUMERIC': 'DECIMAL', 'REAL': 'REAL',
          'FLOAT4': 'REAL', 'DOUBLE': 'DOUBLE', 'FLOAT8': 'DOUBLE', 'FLOAT': 'DOUBLE', 'BOOLEAN': 'BOOLEAN',
          'BOOL': 'BOOLEAN', 'CHAR': 'CHAR', 'CHARACTER': 'CHAR', 'VARCHAR': 'VARCHAR', 'TEXT': 'VARCHAR',
          'DATE': 'DATE', 'TIMESTAMP': 'TIMESTAMP', 'TIMESTAMPTZ': 'TIMESTAMPTZ', 'SUPER': 'SUPER'}

_COLUMN = re.compile(r'''\s*(?:"(?P<quoted>[^"]+)"|(?P<plain>\w+))\s+(?P<type>\w+)(?:\s+PRECISION)?
    (?:\s*\((?P<args>[^)]*)\))?(?P<zone>\s+WITH(?:OUT)?\s+TIME\s+ZONE)?(?P<rest>.*)$''', re.I | re.X | re.S)


def _split(text):
    """At commas outside brackets and quotes."""
    parts, level, quote = [''], 0, ''
    for c in text:
        if quote:
            quote = '' if c == quote else quote
        elif c in '\'"':
            quote = c
        elif c in '()':
            level += 1 if c == '(' else -1
        if c == ',' and level == 0 and not quote:
            parts.append('')
        else:
            parts[-1] += c
    return parts


def _default(rest):
    """(literal or None, whether it is an expression)."""
    found = re.search(r"\bDEFAULT\s+('(?:[^']|'')*'|-?[0-9.]+|\w+(?:\s*\([^)]*\))?)", rest, re.I)
    if not found:
        return None, False
    text = found[1]
    if text.startswith("'"):
        return text[1:-1].replace("''", "'"), False
    if re.fullmatch(r'-?[0-9.]+', text) or text.lower() in ('true', 'false'):
        return text.lower(), False
    return None, text.lower() != 'null'


def read_column(text):
    m = _COLUMN.match(text)
    if not m:
        raise ValueError('not a column: ' + text)
    name = m['quoted'] or m['plain'].lower()
    kind = _TYPES[m['type'].upper()]
    if kind == 'TIMESTAMP' and m['zone'] and 'WITHOUT' not in m['zone'].upper():
        kind = 'TIMESTAMPTZ'
    args = [a.strip() for a in m['args'].split(',')] if m['args'] else []
    column = Column(name, kind, path=(name,))
    if kind in ('CHAR', 'VARCHAR'):
        plain = 256 if kind == 'VARCHAR' else 1
        column.length = (65535 if args[0].upper() == 'MAX' else int(args[0])) if args else plain
    elif kind == 'SUPER':
        column.length = 65535
    elif kind == 'DECIMAL':
        column.precision = int(args[0]) if args else 18
        column.scale = int(args[1]) if len(args) > 1 else 0
    column.not_null = re.search(r'\bNOT\s+NULL\b', m['rest'], re.I) is not None
    column.default, expression = _default(m['rest'])
    column.generated = expression or re.search(r'\bIDENTITY\b', m['rest'], re.I) is not None
    return column


def read_table(path, **options):
    """The one statement of the file, with the options of Table."""
    with open(path, encoding='utf-8') as file:
        text = re.sub(r'--[^\n]*', '', file.read())
    m = re.search(r'CREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?(?:(\w+)\.)?(\w+)\s*\((.*)\)', text, re.I | re.S)
    columns = [read_column(part) for part in _split(m[3])]
    return Table((m[1] or '').lower(), m[2].lower(), columns, ddl=path, **options)
