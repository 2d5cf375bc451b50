# SPDX-License-Identifier: Apache-2.0
"""JSON value -> value of a column, one function a type, by the table "JSON value -> column" of docs/formats.md.

Values come out as the Parquet file holds them: integers for BOOLEAN, DATE (days), TIMESTAMP (microseconds) and DECIMAL
(unscaled), floats, strings.
"""
import datetime
import fractions
import re
import struct


class Accept:
    def __init__(self, value):
        self.value = value


class Reject:
    """Any of `reasons` is right; where there are several, the document names no order."""

    def __init__(self, *reasons):
        self.reasons = reasons


class Open:
    """The document can be read both ways: as one of `values`, or as a fault."""

    def __init__(self, values, *reasons):
        self.values, self.reasons = values, reasons


_INTEGER = re.compile(r'-?[0-9]+')
_NUMBER = re.compile(r'(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?')
_JSON_NUMBER = re.compile(r'-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?')
_LOOSE_NUMBER = re.compile(r'[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?')
_DATE = re.compile(r'([0-9]{4})-([0-9]{2})-([0-9]{2})')
_TIMESTAMP = re.compile(r'([0-9]{4})-([0-9]{2})-([0-9]{2})[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]+))?)?'
                        r'(?:(Z)|([+-])([0-9]{2}):?([0-9]{2}))?')
NONCHARACTER = re.compile('[\ufffe\uffff]')
_EPOCH = datetime.date(1970, 1, 1)
_DAY = 86_400_000_000
FIRST_MICROSECOND = (datetime.date(1, 1, 1) - _EPOCH).days * _DAY
LAST_MICROSECOND = ((datetime.date(9999, 12, 31) - _EPOCH).days + 1) * _DAY - 1
_BITS = {'SMALLINT': 16, 'INTEGER': 32, 'BIGINT': 64}
_PER_UNIT = {'s': 1_000_000, 'ms': 1_000, 'us': 1}


def integer(column, value):
    text = value.string if value.kind == 'string' else value.text
    if value.kind not in ('string', 'number') or not _INTEGER.fullmatch(text):
        return Reject('bad_integer')
    # Python limits the digits that int() takes; so many are out of range unless they are zeros.
    digits = text.lstrip('-').lstrip('0') or '0'
    if len(digits) > 20:
        return Reject('out_of_range')
    number = -int(digits) if text.startswith('-') else int(digits)
    limit = 1 << (_BITS[column.type] - 1)
    return Accept(number) if -limit <= number < limit else Reject('out_of_range')


def decimal(column, value):
    text = value.string if value.kind == 'string' else value.text
    if value.kind not in ('string', 'number'):
        return Reject('bad_decimal')
    if _JSON_NUMBER.fullmatch(text):
        return _exact(column, text)
    if not _LOOSE_NUMBER.fullmatch(text):
        return Reject('bad_decimal')
    # "007", "+1", ".5": is it a numeric string?
    plain = re.sub(r'\.(?![0-9])', '', re.sub(r'(?<![0-9])\.', '0.', text.lstrip('+')))
    result = _exact(column, plain)
    if isinstance(result, Accept):
        return Open([result.value], 'bad_decimal')
    return Reject('bad_decimal', *result.reasons)


def _exact(column, text):
    sign, whole, fraction, exponent = _NUMBER.fullmatch(text).groups()
    digits = (whole + (fraction or '')).lstrip('0')
    if not digits:
        return Accept(0)
    exponent = exponent or '0'
    if len(exponent.lstrip('+-0')) > 12:
        return Reject('inexact_decimal' if exponent.startswith('-') else 'out_of_range')
    power = int(exponent) - len(fraction or '') + column.scale  # of ten, of the last digit
    kept = digits.rstrip('0')
    power += len(digits) - len(kept)
    reasons = []
    if power < 0:
        reasons.append('inexact_decimal')
    if len(kept) + power > column.precision:
        reasons.append('out_of_range')
    if reasons:
        return Reject(*reasons)
    number = int(kept) * 10 ** power
    return Accept(-number if sign else number)


def double(_, value):
    if value.kind != 'number':
        return Reject('bad_number')
    number = float(value.text)
    return Reject('bad_number') if number in (float('inf'), float('-inf')) else Accept(number)


_REAL_LIMIT = float((2 ** 25 - 1) * 2 ** 103)  # halfway between the largest REAL and 2^128
_LARGEST_REAL = float((2 ** 24 - 1) * 2 ** 104)


def real(column, value):
    """The nearest REAL of the decimal text itself: rounding to DOUBLE first could round twice."""
    result = double(column, value)
    if isinstance(result, Reject):
        return result
    number = result.value
    if abs(number) > _REAL_LIMIT:
        return Reject('bad_number')
    if abs(number) == _REAL_LIMIT:
        exact = abs(fractions.Fraction(value.text))
        if exact >= fractions.Fraction(_REAL_LIMIT):
            return Reject('bad_number')
        return Accept(-_LARGEST_REAL if number < 0 else _LARGEST_REAL)
    nearest = struct.unpack('<f', struct.pack('<f', number))[0]
    if nearest != number:
        bits = struct.unpack('<I', struct.pack('<f', abs(nearest)))[0]
        for other in (bits - 1, bits + 1):
            neighbour = struct.unpack('<f', struct.pack('<I', max(other, 0)))[0]
            halfway = neighbour != abs(nearest) and abs(number) * 2 == abs(nearest) + neighbour
            exact = abs(fractions.Fraction(value.text)) if halfway else None
            if halfway and exact != fractions.Fraction(abs(number)):
                up = exact > fractions.Fraction(abs(number))
                chosen = max(abs(nearest), neighbour) if up else min(abs(nearest), neighbour)
                return Accept(-chosen if number < 0 else chosen)
    return Accept(nearest)


def boolean(_, value):
    known = {'bool': {'true': 1, 'false': 0}, 'string': {'true': 1, 'false': 0}, 'number': {'1': 1, '0': 0}}
    text = value.string if value.kind == 'string' else value.text
    found = known.get(value.kind, {}).get(text)
    return Reject('bad_boolean') if found is None else Accept(found)


def _days(year, month, day):
    try:
        return (datetime.date(int(year), int(month), int(day)) - _EPOCH).days
    except ValueError:
        return None


def microseconds(text):
    """(microseconds since 1970 or None, whether the offset is one that no place on Earth has)."""
    m = _TIMESTAMP.fullmatch(text)
    if not m:
        return None, False
    year, month, day, hour, minute, second, fraction, _, sign, off_hours, off_minutes = m.groups()
    days = _days(year, month, day)
    if days is None or int(hour) > 23 or int(minute) > 59 or int(second or 0) > 59:
        return None, False
    fraction = fraction or ''
    if fraction[6:].strip('0'):
        return None, False
    offset = 0
    if sign:
        if int(off_minutes) > 59 or int(off_hours) > 23:
            return None, False
        offset = (int(off_hours) * 60 + int(off_minutes)) * (-1 if sign == '-' else 1)
    moment = days * _DAY + ((int(hour) * 60 + int(minute) - offset) * 60 + int(second or 0)) * 1_000_000
    moment += int(fraction[:6].ljust(6, '0'))
    if not FIRST_MICROSECOND <= moment <= LAST_MICROSECOND:
        return None, False
    return moment, abs(offset) > 14 * 60


def timestamp(column, value):
    if value.kind == 'number' and column.epoch:
        return _since_epoch(_PER_UNIT[column.epoch], value.text)
    if value.kind != 'string':
        return Reject('bad_timestamp')
    moment, odd = microseconds(value.string)
    if moment is None:
        return Reject('bad_timestamp')
    return Open([moment], 'bad_timestamp') if odd else Accept(moment)


def _since_epoch(per_unit, text):
    plain = _INTEGER.fullmatch(text) is not None
    if len(re.split('[eE]', text + 'e0')[1]) > 5:
        return Reject('bad_timestamp', 'out_of_range')
    moment = fractions.Fraction(text) * per_unit
    if moment.denominator != 1 or not FIRST_MICROSECOND <= moment <= LAST_MICROSECOND:
        return Reject('bad_timestamp', 'out_of_range')
    return Accept(int(moment)) if plain else Open([int(moment)], 'bad_timestamp')


def date(_, value):
    if value.kind != 'string':
        return Reject('bad_date')
    m = _DATE.fullmatch(value.string)
    if m:
        days = _days(*m.groups())
        return Reject('bad_date') if days is None else Accept(days)
    moment, odd = microseconds(value.string)
    if moment is None or moment % _DAY != 0:
        return Reject('bad_date')
    return Open([moment // _DAY], 'bad_date') if odd else Accept(moment // _DAY)


def super_(column, value):
    reasons = ['too_long'] if len(value.text.encode('utf-8')) > column.length else []
    reasons += ['lone_surrogate'] if value.has_lone_surrogate else []
    reasons += ['noncharacter'] if NONCHARACTER.search(value.text) else []
    return Reject(*reasons) if reasons else Accept(value.text)


def _cut(text, limit):
    return text.encode('utf-8')[:limit].decode('utf-8', 'ignore')


def text(column, value, table):
    key = column.name in table.unique or column.name == table.time
    coerced = value.kind != 'string'
    string = value.text if coerced else value.string
    reasons = []
    if not coerced and value.has_lone_surrogate:
        reasons.append('lone_surrogate')
    if '\0' in string:
        reasons.append('nul_character')
    if NONCHARACTER.search(string):
        reasons.append('noncharacter')
    if column.type == 'CHAR' and not string.isascii():
        reasons.append('not_single_byte')
    if column.name in table.unique:
        if string == '':
            reasons.append('empty_key')
        if string.endswith(' '):
            reasons.append('blank_ended_key')
    too_long = len(string if string.isascii() else string.encode('utf-8', 'surrogatepass')) > column.length
    if too_long and (key or table.on_too_long == 'quarantine'):
        reasons.append('too_long')
    if reasons:
        return Reject(*reasons)
    if too_long:
        cut = _cut(string, column.length)
        return Open([cut], 'too_long') if coerced else Accept(cut)
    return Accept(string)


_BY_TYPE = {'SMALLINT': integer, 'INTEGER': integer, 'BIGINT': integer, 'DECIMAL': decimal, 'REAL': real,
            'DOUBLE': double, 'BOOLEAN': boolean, 'DATE': date, 'TIMESTAMP': timestamp, 'TIMESTAMPTZ': timestamp,
            'SUPER': super_}


def convert(column, value, table):
    """Of a value that is there and not null."""
    if column.type in ('CHAR', 'VARCHAR'):
        result = text(column, value, table)
    else:
        result = _BY_TYPE[column.type](column, value)
        if isinstance(result, Reject) and value.kind == 'string' and value.string == '' and \
                (column.name in table.unique or column.name == table.time):
            result = Reject('empty_key', *result.reasons)
    if isinstance(result, Accept) or column.not_null or table.on_bad_value != 'null':
        return result
    if set(result.reasons) == {'too_long'}:
        return result
    if isinstance(result, Open):
        return Open(result.values + [None], *result.reasons)
    return Open([None], *result.reasons) if column.type in ('CHAR', 'VARCHAR', 'SUPER') else Accept(None)
