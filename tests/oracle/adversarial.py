# SPDX-License-Identifier: Apache-2.0
"""Lines that look for the edges of every column type and of the line format. The same seed gives the same bytes."""
import base64
import json

_CHARACTERS = ['x', 'é', '€', '\U0001f600', 'ß', '\u0080', '\u07ff', '\u0800', '\uffff', '\U0010ffff', 'e\u0301', '\x7f', ' ']
_ESCAPES = ['\\"', '\\\\', '\\/', '\\b', '\\f', '\\n', '\\r', '\\t', '\\u0041', '\\u00e9', '\\u20AC', '\\ud83d\\ude00', '\\u007F',
            '\\uFFFF', '\\udbff\\udfff']
_BAD_ESCAPES = ['\\u0000', '\\ud800', '\\udc00', '\\ud83d\\u0041', '\\ude00\\ud83d', '\\ud83d\\ud83d\\ude00']
_ANYTHING = ['null', 'true', 'false', '0', '1', '-0', '-1', '1.0', '1e0', '1e400', '-1e-400', '""', '" "', '"x"', '"0"', '"1"', '"true"',
             '"null"', '{}', '[]', '{"a": 1}', '[1 , 2]', '{ "a":[ {"b":"\\u00e9"} ] }', '[\t"é"\t]', '"2020-06-01"',
             '"2020-06-01 00:00:00"', '1590969624', '123456789012345678901234567890', '["\\u0000"]', '"\\u0000"']


def integers(rng, bits=None):
    bits = bits or rng.choice([16, 32, 64])
    edge = rng.choice([0, 1 << (bits - 1), -(1 << (bits - 1)), 10 ** rng.randint(0, 40), (1 << 64)])
    text = str(edge + rng.randint(-2, 2))
    style = rng.randrange(12)
    if style == 0:
        return text + rng.choice(['.0', 'e0', 'E1', '.5', 'e-1'])
    if style == 1:
        return '"%s"' % text.replace('-', '-000', 1) if text.startswith('-') else '"000%s"' % text
    if style == 2:
        return '"%s"' % rng.choice(['+1', ' 1', '1 ', '1_0', '0x1', '--1', '-', '1.', '１', '1\\n', '\\u0031', '', '1e3'])
    return '"%s"' % text if style < 6 else text


def decimals(rng, precision, scale):
    whole = precision - scale
    digits = ''.join(rng.choice('0123456789') for _ in range(rng.choice([0, whole - 1, whole, whole, whole, whole + 1]) if whole > 0 else 0))
    digits = digits.lstrip('0') or '0'
    if rng.random() < 0.3:
        digits = rng.choice(['9' * whole or '0', '1' + '0' * whole, '9' * (whole + 1)])
    text = rng.choice(['', '-']) + digits
    behind = rng.choice([0, 0, 1, scale, scale, scale, scale + 1, scale + 5])
    if behind:
        text += '.' + ''.join(rng.choice('0099123456789') for _ in range(behind))
    if behind and rng.random() < 0.3:
        text += '0' * rng.randint(1, 30)
    if rng.random() < 0.3:
        text += rng.choice('eE') + rng.choice(['', '+', '-']) + str(rng.choice([0, 1, 2, scale, precision, 40, 400, 99999]))
    if rng.random() < 0.05:
        text = rng.choice(['0e99999999', '-0.0', '0.0e-99999999', '1e-99999999999999999999', '1e99999999999999999999'])
    if rng.random() < 0.1:
        return '"%s"' % rng.choice(['+1', '.5', '5.', '007', ' 1', '1 ', '1,5', 'NaN', 'Infinity', '1e', '1e+', '-', '', '0x1', '１'])
    return '"%s"' % text if rng.random() < 0.4 else text


def floats(rng):
    fixed = ['0', '-0', '-0.0', '0.1', '1e308', '1.7976931348623157e308', '1.7976931348623158e308', '1.7976931348623159e308',
             '-1.8e308', '5e-324', '2e-324', '2.47e-324', '1e-400', '1e400', '3.4028234e38', '3.40282346e38', '3.40282356e38',
             '3.40282357e38', '3.4028236e38', '340282356779733661637539395458142568447', '340282356779733661637539395458142568448',
             '1e-45', '7e-46', '7.1e-46', '1.17549435e-38', '9007199254740993', '9007199254740992.9999', '16777217', '16777219',
             '1.000000059604644775390625', '1.000000059604644775390626', '1.00000017881393432617187499', '2.2250738585072011e-308',
             '0.' + '0' * 400 + '1', '1' + '0' * 400, '0.1e1', '123456789012345678901234567890', '"1.5"', '"NaN"', '""', 'true']
    if rng.random() < 0.5:
        return rng.choice(fixed)
    text = '%s%d.%s' % (rng.choice(['', '-']), rng.choice([0, 1, 16777216, rng.randrange(10 ** 17)]), ''.join(rng.choices('0123456789', k=rng.randint(1, 25))))
    return text + ('e%d' % rng.randint(-330, 310) if rng.random() < 0.5 else '')


def timestamps(rng):
    if rng.random() < 0.15:
        return rng.choice(['"2020-06-01"', '"0000-12-31 23:30-01:00"', '"2020-06-01 12:00:00 "', '" 2020-06-01 12:00"', '"2020-06-01t12:00"',
                           '"2020-06-01 12:00z"', '"2020-06-01 12:00 +01:00"', '"2020-06-01 1:00"', '"20-06-01 01:00"', '"2020/06/01 01:00"',
                           '"2020-06-01 12:00:00,5"', '"2020-06-01 12:00:00."', '"2020-06-01 12:00.5"', '"2020-06-01 12:00+1"',
                           '"2020-06-01 12:00+01"', '"2020-06-01 12:00+01:0"', '"2020-06-01 12:00+0100Z"', '"+2020-06-01 12:00"',
                           '"-001-06-01 12:00"', '"12020-06-01 12:00"', '"2020-06-01 12:00:00\\u0000"', '"2020-06-01\\u002012:00"',
                           '"２020-06-01 12:00"', '1590969624', '1.5', '{}', 'true', '""', '"now"', '"2020-06-01T12:00:00.000000000000000000000"'])
    date = '%s-%s-%s' % (rng.choice(['0001', '1969', '1970', '2000', '2020', '1900', '2038', '9999', '0000', '1582', '%04d' % rng.randint(1, 9999)]),
                         rng.choice(['01', '02', '06', '12', '12', '00', '13', '%02d' % rng.randint(1, 12)]),
                         rng.choice(['01', '28', '29', '30', '31', '00', '32', '%02d' % rng.randint(1, 28)]))
    if rng.random() < 0.1:
        return '"%s"' % date
    text = date + rng.choice('T ') + '%s:%s' % (rng.choice(['00', '00', '12', '23', '24', '%02d' % rng.randint(0, 23)]),
                                                rng.choice(['00', '00', '59', '60', '%02d' % rng.randint(0, 59)]))
    if rng.random() < 0.8:
        text += ':' + rng.choice(['00', '00', '59', '60', '%02d' % rng.randint(0, 59)])
        if rng.random() < 0.7:
            text += '.' + ''.join(rng.choices('0000123456789', k=rng.randint(1, 6))) + rng.choice(['', '', '', '000', '001', '1'])
    if rng.random() < 0.6:
        text += rng.choice(['Z', 'Z', '+00:00', '-00:00', '+0000', '+14:00', '-12:00', '+05:30', '-0330', '+23:59', '-23:59', '+24:00',
                            '+01:60', '+99:99', '+18:00', '-14:01', '+00:01', '-00:01'])
    return '"%s"' % text


def strings(rng, limit, size=None):
    """A string whose UTF-8 has about `limit` bytes."""
    limit = min(limit, 5_000) if rng.random() < 0.98 else limit
    wanted = max(0, size if size is not None else limit + rng.choice([-2, -1, 0, 0, 0, 1, 2, 4, -limit, -limit // 2]))
    tail = ''.join(rng.choices(_CHARACTERS, k=rng.randint(0, 2)))
    tail = tail if len(tail.encode()) <= wanted else ''
    parts = ['x' * (wanted - len(tail.encode())), tail]
    if rng.random() < 0.5:
        parts.reverse()
    raw = ''.join(json.dumps(c)[1:-1] if rng.random() < 0.3 else c for c in ''.join(parts)) if wanted < 400 else ''.join(parts)
    raw = raw.replace('"', '\\"') if '\\' not in raw else raw
    for pool, chance in ((_ESCAPES, 0.3), (_BAD_ESCAPES, 0.04)):
        if rng.random() < chance:
            at = rng.choice([0, len(raw)])
            raw = raw[:at] + rng.choice(pool) + raw[at:]
    return '"%s"' % raw


def backslashes(rng):
    """Runs of backslashes and quotes across the 64-byte blocks that a SIMD reader works in."""
    raw = 'x' * rng.randint(0, 130)
    for _ in range(rng.randint(1, 6)):
        raw += rng.choice(['\\\\' * rng.randint(1, 70), '\\"', '\\\\\\"', 'y' * rng.randint(0, 64), '\\ud83d\\ude00'])
    return '"%s"' % raw


def documents(rng):
    text = rng.choice(_ANYTHING)
    for _ in range(rng.choice([0, 1, 2, 3, 30])):
        text = rng.choice(['[%s]', '{"k": %s}', '[1,%s ]', '{"a":null,"k":%s}', '[ %s,"\\ud83d\\ude00"]']) % text
    if rng.random() < 0.02:
        size = 65535 - len(text) - 10 + rng.randint(-2, 3)
        text = '["%s",%s]%s' % ('y' * size, text, ' ' * 0)
    return text


def dates(rng):
    return timestamps(rng) if rng.random() < 0.6 else rng.choice(
        ['"2020-02-29"', '"2019-02-29"', '"0001-01-01"', '"9999-12-31"', '"0000-01-01"', '"2020-6-1"', '"2020-06-01 00:00"',
         '"2020-06-01T00:00:00.000000Z"', '"2020-06-01 00:00:00.000001"', '"2020-06-01T14:00+14:00"', '"2020-05-31 23:00-01:00"',
         '20200601', '""', '"2020-06-01 "', '"20200601"'])


def booleans(rng):
    return rng.choice(['true', 'false', '"true"', '"false"', '0', '1', '2', '-0', '1.0', '0.0', '1e0', '"0"', '"1"', '"TRUE"', '"t"', '""',
                       '"yes"', '[true]', '"tr\\u0075e"', '-1', '10', '"true "'])


def epochs(rng, unit):
    per = {'s': 1, 'ms': 1_000, 'us': 1_000_000}[unit]
    return rng.choice([str(rng.randint(-62135596800, 253402300799) * per), str(-62135596800 * per), str(-62135596800 * per - 1),
                       str(253402300800 * per - 1), str(253402300800 * per), '0', '-0', '-1', '99999999999999999999', '"1590969624"',
                       '1590969624.5', '1e3', 'true', timestamps(rng)])


def value(rng, column):
    kind = column.type
    if rng.random() < 0.15:
        return rng.choice(_ANYTHING)
    if column.epoch:
        return epochs(rng, column.epoch)
    if kind in ('SMALLINT', 'INTEGER', 'BIGINT'):
        return integers(rng, {'SMALLINT': 16, 'INTEGER': 32, 'BIGINT': 64}[kind] if rng.random() < 0.7 else None)
    if kind == 'DECIMAL':
        return decimals(rng, column.precision, column.scale)
    if kind in ('REAL', 'DOUBLE'):
        return floats(rng)
    if kind in ('CHAR', 'VARCHAR'):
        return backslashes(rng) if rng.random() < 0.1 else strings(rng, column.length)
    return {'BOOLEAN': booleans, 'DATE': dates, 'TIMESTAMP': timestamps, 'TIMESTAMPTZ': timestamps, 'SUPER': documents}[kind](rng)


def good(rng, column, serial):
    """One that is accepted, and for keys tells events apart."""
    kind = column.type
    if kind in ('CHAR', 'VARCHAR'):
        return '"%s"' % ('%x' % serial)[-column.length:]
    if kind in ('DATE', 'TIMESTAMP', 'TIMESTAMPTZ'):
        return '"2020-06-%02d%s"' % (1 + serial % 28, '' if kind == 'DATE' else ' 01:02:%02d.%06d' % (serial % 60, serial % 1_000_000))
    return {'BOOLEAN': 'true', 'SUPER': '{"n": 1}', 'SMALLINT': '1', 'DECIMAL': '0'}.get(kind, str(serial % 1_000_000_000))


def _nested(rng, fields):
    """[(key, text or such a list)] of [(path, text)]: what shares an object mostly stands in one, sometimes in two of one key."""
    top = []
    for path, text in fields:
        at = top
        for key in path[:-1]:
            inside = next((v for k, v in reversed(at) if k == key and isinstance(v, list)), None)
            if inside is None or rng.random() < 0.1:
                inside = []
                at.append((key, inside))
            at = inside
        at.append((path[-1], text))
    return top


def _object(rng, fields, comma, colon):
    return '{%s}' % comma.join(_spelt(rng, key) + colon + (text if isinstance(text, str) else _object(rng, text, comma, colon))
                               for key, text in fields)


def _spelt(rng, key):
    text = json.dumps(key)
    if rng.random() < 0.03:
        at = rng.randrange(1, len(text) - 1)
        return text[:at] + '\\u%04x' % ord(text[at]) + text[at + 1:]
    return text


def event(rng, table, serial):
    """A JSON object for the table: most columns sound or absent, a few not."""
    fields = []
    edges = rng.sample(table.columns, min(len(table.columns), rng.choice([0, 1, 1, 1, 2, 3, 6])))
    tested = [c[1] for c in table.when if c[0] == 'has']
    paths = [c.path for c in table.columns] + tested
    fields += [(path, rng.choice(_ANYTHING)) for path in tested if path not in paths[:-len(tested)]]
    for column in table.columns:
        needed = column.not_null and column.default is None or column.path in tested
        if column in edges and not (needed and rng.random() < 0.5):
            if column.generated and rng.random() < 0.7:
                continue
            fields.append((column.path, value(rng, column)))
        elif needed or not column.generated and rng.random() < 0.3:
            fields.append((column.path, good(rng, column, serial)))
    if rng.random() < 0.3:
        rng.shuffle(fields)
    if rng.random() < 0.06 and fields:
        key, _ = rng.choice(fields)
        fields.insert(rng.randint(0, len(fields)), (key, rng.choice(_ANYTHING + ['"\\ud800"'])))
    if rng.random() < 0.12 and not (table.on_unknown_field == 'quarantine' and rng.random() < 0.5):
        for _ in range(rng.choice([1, 1, 2, 5])):
            beside = rng.choice(paths)
            odd = rng.choice(['unknown%d' % rng.randrange(3)] * 4 + ['\ud800', '\udfff', '\ufffd', 'k\ud83d'])
            path = rng.choice([(odd,), beside[:-1] + (odd,), beside[:rng.randint(1, len(beside))], beside + ('inside',), ('rest',)])
            on_the_way = any(path == other[:len(path)] for other in paths if len(other) > len(path))
            text = rng.choice(['null', 'null', '{}', '[]', '5']) if on_the_way else rng.choice(_ANYTHING)
            fields.insert(rng.choice([rng.randint(0, len(fields)), len(fields)]), (path, text))
    comma, colon = rng.choice([(', ', ': '), (', ', ': '), (',', ':'), (' ,\t', ' : ')])
    blank = rng.choice(['', '', '', ' '])
    return blank + _object(rng, _nested(rng, fields), comma, colon) + blank


def _broken(rng, line):
    data = bytearray(line)
    for _ in range(rng.choice([1, 1, 1, 2, 4])):
        at = rng.randrange(len(data) + 1)
        kind = rng.randrange(6)
        if kind == 0 and data:
            data[at % len(data)] = rng.randrange(256)
        elif kind == 1:
            data[at:at] = rng.choice([b'\xff', b'\xc3', b'\xed\xa0\x80', b'\xf0\x82\x82\xac', b'\xc0\xaf', b'\xf4\x90\x80\x80', b'\xe2\x82'])
        elif kind == 2:
            data[at:at] = bytes([rng.choice([0, 1, 8, 9, 11, 12, 13, 31, 127])])
        elif kind == 3:
            del data[at:at + rng.choice([1, 1, 5, 100000])]
        elif kind == 4:
            data[at:at] = rng.choice([b'"', b'\\', b'{', b'}', b'[', b']', b',', b':', b'\\u', b'\\ud800', b' ', b'\xef\xbb\xbf'])
        else:
            data[at:at + 1] = rng.choice([b'NaN', b'01', b'.5', b'tru', b'{}', b'""'])
    return bytes(data).rstrip(b'\r')


def _oddity(rng, line):
    level = rng.choice([254, 255, 256, 257, 300, 1024, 1025])
    return rng.choice([
        b'', b'', b'\t', b'  ', b'[]', b'{}', b'1', b'"text"', b'null', b'[' + line + b']', line + line, line + b' x', b'\xef\xbb\xbf' + line,
        b'{"deep": ' + b'[' * level + b']' * level + b'}', line[:-1] + b', "deep": ' + b'{"a":' * level + b'1' + b'}' * level + b'}',
        b'[' * 5000, b'{"sluice_raw":{"id":"m-1","base64":"' + base64.b64encode(rng.randbytes(rng.randint(1, 60))) + b'"}}',
        b'{"sluice_raw":{"id":"m-2","base64":"' + base64.b64encode('caf\u00e9 {'.encode()) + b'"}}',
        line[:-1] + b', "\\ud800": 1}', line[:-1] + b', "\xc3\xa9\\u0000": 1}', line[:-1] + b',}', b'{,' + line[1:], line.replace(b'"', b"'")])


def stream(rng, tables, lines):
    """The bytes of an NDJSON file of about that many lines."""
    ends = rng.choice([[b'\n'], [b'\n'], [b'\r\n'], [b'\n', b'\r\n']])
    parts = [b'\xef\xbb\xbf'] if rng.random() < 0.3 else []
    for serial in range(lines):
        line = event(rng, rng.choice(tables), serial).encode()
        kind = rng.random()
        if kind < 0.04:
            line = _broken(rng, line)
        elif kind < 0.07:
            line = _oddity(rng, line)
        parts += [line, rng.choice(ends)]
    if rng.random() < 0.5:
        parts.append(b'{"id": 1}' if rng.random() < 0.5 else b'{"id": 1')
    return b''.join(parts)


def huge(rng, tables):
    """Lines at and over the 16 MiB limit, a string of 5 MB, a million brackets, among ordinary ones."""
    parts = []
    for size in (5 << 20, (16 << 20) - 1, 16 << 20, (16 << 20) + 1, 40 << 20):
        parts.append(event(rng, rng.choice(tables), size).encode())
        head, tail = b'{"pad": "', b'"}'
        parts.append(head + b'p' * (size - len(head) - len(tail)) + tail)
    parts += [b'[' * 1_000_000, b'{"a":' * 500_000, b'{"k":' + b'[' * 100_000 + b']' * 100_000 + b'}', b'"' + b'\\\\' * 2_000_000 + b'"']
    parts.append(event(rng, rng.choice(tables), 1).encode())
    return b'\n'.join(parts) + b'\n'
