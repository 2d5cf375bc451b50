# SPDX-License-Identifier: Apache-2.0
"""The oracle itself, against expectations written by hand from docs/formats.md, "JSON value -> column"."""
import datetime
import json
import os
import random
import struct
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import ddl  # noqa: E402
import json_scan  # noqa: E402
import table_sets  # noqa: E402
from column_values import Accept, Open, Reject, convert  # noqa: E402
from oracle import Fault, Oracle, Row, Skipped  # noqa: E402


def column(declaration, epoch=None):
    made = ddl.read_column(declaration)
    made.epoch = epoch
    return made


def table(declarations, **options):
    columns = [ddl.read_column(d) for d in declarations.split(';')]
    return ddl.Table('lab', options.pop('name', 't'), columns, when=options.pop('when', (('any',),)), **options)


def moment(text):
    at = datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.timezone.utc)
    since = at - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    return (since.days * 86400 + since.seconds) * 1_000_000 + since.microseconds


def day(text):
    return (datetime.date.fromisoformat(text) - datetime.date(1970, 1, 1)).days


MAX = (1 << 63) - 1

# (type, JSON value, the value in the file)
ACCEPTED = [
    ('SMALLINT', '0', 0), ('SMALLINT', '-32768', -32768), ('SMALLINT', '32767', 32767), ('SMALLINT', '"12"', 12),
    ('INTEGER', '2147483647', 2147483647), ('INTEGER', '-2147483648', -2147483648), ('INTEGER', '"-0"', 0),
    ('INTEGER', '"007"', 7), ('INTEGER', '-0', 0),
    ('BIGINT', '9223372036854775807', MAX), ('BIGINT', '"-9223372036854775808"', -MAX - 1),
    ('BIGINT', '"00000000000000000000000000000000001"', 1),
    ('DECIMAL(5,2)', '1.5', 150), ('DECIMAL(5,2)', '"1.50"', 150), ('DECIMAL(5,2)', '1.500000', 150),
    ('DECIMAL(5,2)', '-999.99', -99999), ('DECIMAL(5,2)', '1e2', 10000), ('DECIMAL(5,2)', '12345e-2', 12345),
    ('DECIMAL(5,2)', '"1.5E+1"', 1500), ('DECIMAL(5,2)', '-0.00', 0), ('DECIMAL(5,2)', '0e999999999999', 0),
    ('DECIMAL(5,2)', '100e-2', 100), ('DECIMAL(4,4)', '0.1234', 1234),
    ('DECIMAL(38,0)', '9' * 38, int('9' * 38)), ('DECIMAL(38,10)', '-0.0000000001', -1),
    ('DECIMAL(19,0)', '9999999999999999999', 9999999999999999999),
    ('DOUBLE PRECISION', '1e308', 1e308), ('DOUBLE PRECISION', '0.1', 0.1), ('DOUBLE PRECISION', '1e-400', 0.0),
    ('DOUBLE PRECISION', '123456789012345678901234567890', 1.2345678901234568e29),
    ('REAL', '0.1', struct.unpack('<f', struct.pack('<f', 0.1))[0]), ('REAL', '3.4028234e38', 3.4028234663852886e38),
    ('REAL', '3.40282356e38', 3.4028234663852886e38), ('REAL', '1e-50', 0.0), ('REAL', '16777217', 16777216.0),
    # Twice rounded it would be 1.0: the text is a little above halfway, its DOUBLE exactly there.
    ('REAL', '1.000000059604644775390626', 1.0000001192092896), ('REAL', '1.000000059604644775390625', 1.0),
    ('BOOLEAN', 'true', 1), ('BOOLEAN', 'false', 0), ('BOOLEAN', '"true"', 1), ('BOOLEAN', '"false"', 0),
    ('BOOLEAN', '0', 0), ('BOOLEAN', '1', 1),
    ('CHAR(3)', '"abc"', 'abc'), ('CHAR(3)', '""', ''), ('CHAR(3)', '123', '123'), ('CHAR(3)', '"\\u0041b"', 'Ab'),
    ('CHAR(3)', '"\\u007f"', '\x7f'),
    ('VARCHAR(4)', '"\\ud83d\\ude00"', '\U0001f600'), ('VARCHAR(4)', '"éé"', 'éé'), ('VARCHAR(4)', 'true', 'true'),
    ('VARCHAR(9)', '1.50', '1.50'), ('VARCHAR(9)', '-0', '-0'), ('VARCHAR(9)', '1E+400', '1E+400'),
    ('VARCHAR(9)', '[1 , 2]', '[1 , 2]'), ('VARCHAR(9)', '{"a":\t1}', '{"a":\t1}'), ('VARCHAR(9)', '[]', '[]'),
    ('VARCHAR(20)', '["\\u0000"]', '["\\u0000"]'), ('VARCHAR(9)', '"\\b\\f\\n\\r\\t"', '\b\f\n\r\t'),
    ('VARCHAR(9)', '"\\/\\\\\\""', '/\\"'), ('VARCHAR(3)', '"\\ufffd"', '\ufffd'), ('VARCHAR(2)', '"\\u0080"', '\x80'),
    ('VARCHAR(9)', '" a "', ' a '),
    ('DATE', '"2020-02-29"', day('2020-02-29')), ('DATE', '"0001-01-01"', day('0001-01-01')),
    ('DATE', '"9999-12-31"', day('9999-12-31')), ('DATE', '"2020-06-01 00:00"', day('2020-06-01')),
    ('DATE', '"2020-06-01T02:00:00+02:00"', day('2020-06-01')), ('DATE', '"2020-05-31T22:00-0200"', day('2020-06-01')),
    ('TIMESTAMP', '"2020-06-01 00:00:24.000000"', moment('2020-06-01 00:00:24')),
    ('TIMESTAMP', '"2020-06-01T12:34"', moment('2020-06-01 12:34:00')),
    ('TIMESTAMP', '"2020-06-01 12:34:56.5"', moment('2020-06-01 12:34:56.500000')),
    ('TIMESTAMP', '"2020-06-01 12:34:56.123456000"', moment('2020-06-01 12:34:56.123456')),
    ('TIMESTAMP', '"2020-06-01 12:34:56Z"', moment('2020-06-01 12:34:56')),
    ('TIMESTAMP', '"2020-06-01 00:10+00:30"', moment('2020-05-31 23:40:00')),
    ('TIMESTAMP', '"2020-06-01 23:50:00.000001-1200"', moment('2020-06-02 11:50:00.000001')),
    ('TIMESTAMP', '"0001-01-01 00:00"', moment('0001-01-01 00:00:00')),
    ('TIMESTAMP', '"9999-12-31 23:59:59.999999"', moment('9999-12-31 23:59:59.999999')),
    ('TIMESTAMP', '"1969-12-31T23:59:59.999999"', -1), ('TIMESTAMP', '"2000-02-29 00:00"', moment('2000-02-29 00:00:00')),
    ('TIMESTAMPTZ', '"2020-06-01 00:00-00:00"', moment('2020-06-01 00:00:00')),
    ('TIMESTAMPTZ', '"2020-06-01 14:00:00+14:00"', moment('2020-06-01 00:00:00')),
    ('SUPER', '{"a": [1,  2]}', '{"a": [1,  2]}'), ('SUPER', '"text"', '"text"'), ('SUPER', '1.0', '1.0'),
    ('SUPER', '"\\u0000"', '"\\u0000"'), ('SUPER', '"\\uffff"', '"\\uffff"'), ('SUPER', 'false', 'false'),
]

# (type, JSON value, the reason)
REJECTED = [
    ('SMALLINT', '32768', 'out_of_range'), ('SMALLINT', '-32769', 'out_of_range'), ('SMALLINT', '1.0', 'bad_integer'),
    ('INTEGER', '1e3', 'bad_integer'), ('INTEGER', '2147483648', 'out_of_range'), ('INTEGER', '"+1"', 'bad_integer'),
    ('INTEGER', '" 1"', 'bad_integer'), ('INTEGER', '""', 'bad_integer'), ('INTEGER', '"-"', 'bad_integer'),
    ('INTEGER', 'true', 'bad_integer'), ('INTEGER', '{}', 'bad_integer'), ('INTEGER', '"１"', 'bad_integer'),
    ('INTEGER', '"1\\n"', 'bad_integer'), ('INTEGER', '-1' + '0' * 5000, 'out_of_range'),
    ('BIGINT', '9223372036854775808', 'out_of_range'), ('BIGINT', '"-9223372036854775809"', 'out_of_range'),
    ('BIGINT', '1.5', 'bad_integer'),
    ('DECIMAL(5,2)', '1.234', 'inexact_decimal'), ('DECIMAL(5,2)', '1000', 'out_of_range'),
    ('DECIMAL(5,2)', '1e400', 'out_of_range'), ('DECIMAL(5,2)', '1e-400', 'inexact_decimal'),
    ('DECIMAL(5,2)', '1e99999999999999999999', 'out_of_range'), ('DECIMAL(5,2)', '"abc"', 'bad_decimal'),
    ('DECIMAL(5,2)', '"1,5"', 'bad_decimal'), ('DECIMAL(5,2)', '" 1"', 'bad_decimal'),
    ('DECIMAL(5,2)', '"NaN"', 'bad_decimal'), ('DECIMAL(5,2)', 'true', 'bad_decimal'),
    ('DECIMAL(5,2)', '""', 'bad_decimal'), ('DECIMAL(5,2)', '[1]', 'bad_decimal'), ('DECIMAL(4,4)', '1', 'out_of_range'),
    ('DOUBLE PRECISION', '1e400', 'bad_number'), ('DOUBLE PRECISION', '-1.8e308', 'bad_number'),
    ('DOUBLE PRECISION', '"1.5"', 'bad_number'), ('DOUBLE PRECISION', 'true', 'bad_number'),
    ('REAL', '3.4028236e38', 'bad_number'), ('REAL', '1e39', 'bad_number'), ('REAL', '340282356779733661637539395458142568448', 'bad_number'),
    ('BOOLEAN', '2', 'bad_boolean'), ('BOOLEAN', '"TRUE"', 'bad_boolean'), ('BOOLEAN', '"1"', 'bad_boolean'),
    ('BOOLEAN', '1.0', 'bad_boolean'), ('BOOLEAN', '""', 'bad_boolean'), ('BOOLEAN', '[]', 'bad_boolean'),
    ('CHAR(3)', '"abcd"', 'too_long'), ('CHAR(3)', '"é"', 'not_single_byte'), ('CHAR(3)', '1234', 'too_long'),
    ('CHAR(9)', '["é"]', 'not_single_byte'), ('CHAR(3)', '"\\u0000"', 'nul_character'), ('CHAR(3)', '"\\u0080"', 'not_single_byte'),
    ('VARCHAR(3)', '"\\ud83d\\ude00"', 'too_long'), ('VARCHAR(3)', '"éé"', 'too_long'), ('VARCHAR(3)', 'true', 'too_long'),
    ('VARCHAR(9)', '"a\\u0000b"', 'nul_character'), ('VARCHAR(9)', '"\\ud83d"', 'lone_surrogate'),
    ('VARCHAR(9)', '"\\ude00\\ud83d"', 'lone_surrogate'), ('VARCHAR(9)', '"\\ud83dx"', 'lone_surrogate'),
    ('VARCHAR(9)', '"\\ud83d\\u0041"', 'lone_surrogate'), ('VARCHAR(9)', '"\\uffff"', 'noncharacter'),
    ('VARCHAR(9)', '"a\ufffe"', 'noncharacter'), ('VARCHAR(9)', '["\uffff"]', 'noncharacter'), ('SUPER', '"\uffff"', 'noncharacter'),
    ('DATE', '"2020-02-30"', 'bad_date'), ('DATE', '"2020-06-01 00:00:01"', 'bad_date'), ('DATE', '20200601', 'bad_date'),
    ('DATE', '"2020-06-01T00:00+01:00"', 'bad_date'), ('DATE', '"2020-6-1"', 'bad_date'), ('DATE', '"0000-01-01"', 'bad_date'),
    ('DATE', '"10000-01-01"', 'bad_date'), ('DATE', '""', 'bad_date'), ('DATE', 'true', 'bad_date'),
    ('TIMESTAMP', '"2020-06-01"', 'bad_timestamp'), ('TIMESTAMP', '"2020-06-01 24:00"', 'bad_timestamp'),
    ('TIMESTAMP', '"2020-06-01 23:59:60"', 'bad_timestamp'), ('TIMESTAMP', '"2020-06-01 23:60"', 'bad_timestamp'),
    ('TIMESTAMP', '"2020-06-01 12:34:56."', 'bad_timestamp'), ('TIMESTAMP', '"2020-06-01 12:34.5"', 'bad_timestamp'),
    ('TIMESTAMP', '"2020-06-01 12:34:56.1234567"', 'bad_timestamp'), ('TIMESTAMP', '"2020-06-01t12:34"', 'bad_timestamp'),
    ('TIMESTAMP', '"2020-06-01 12:34z"', 'bad_timestamp'), ('TIMESTAMP', '"2020-06-01  12:34"', 'bad_timestamp'),
    ('TIMESTAMP', '"2020-06-01 12:34 Z"', 'bad_timestamp'), ('TIMESTAMP', '"2020-06-01 12:34+02"', 'bad_timestamp'),
    ('TIMESTAMP', '"2020-06-01 12:34+2:00"', 'bad_timestamp'), ('TIMESTAMP', '"2020-06-01 12:34+02:60"', 'bad_timestamp'),
    ('TIMESTAMP', '"2020-06-01 12:34+24:00"', 'bad_timestamp'), ('TIMESTAMP', '"0000-12-31 23:00"', 'bad_timestamp'),
    ('TIMESTAMP', '"0001-01-01 00:00+00:01"', 'bad_timestamp'), ('TIMESTAMP', '"9999-12-31 23:59-00:01"', 'bad_timestamp'),
    ('TIMESTAMP', '"1900-02-29 00:00"', 'bad_timestamp'), ('TIMESTAMP', '"2020-13-01 00:00"', 'bad_timestamp'),
    ('TIMESTAMP', '1590969624', 'bad_timestamp'), ('TIMESTAMP', '{}', 'bad_timestamp'),
    ('SUPER', '"' + 'x' * 65534 + '"', 'too_long'),
]


class ValueTest(unittest.TestCase):
    def test_accepted(self):
        for declaration, text, wanted in ACCEPTED:
            with self.subTest(type=declaration, value=text[:60]):
                result = convert(column('c ' + declaration), json_scan.read(text), table('c ' + declaration))
                self.assertIsInstance(result, Accept)
                self.assertEqual(result.value, wanted)
                self.assertIs(type(result.value), type(wanted))

    def test_rejected(self):
        for declaration, text, reason in REJECTED:
            with self.subTest(type=declaration, value=text[:60]):
                result = convert(column('c ' + declaration), json_scan.read(text), table('c ' + declaration))
                self.assertIsInstance(result, Reject)
                self.assertEqual(result.reasons, (reason,))

    def test_negative_zero_keeps_its_sign(self):
        for declaration in ('REAL', 'DOUBLE PRECISION'):
            result = convert(column('c ' + declaration), json_scan.read('-0.0'), table('c REAL'))
            self.assertEqual(struct.pack('<d', result.value), struct.pack('<d', -0.0))

    def test_epoch(self):
        cases = [('s', '1590969624', moment('2020-06-01 00:00:24')), ('ms', '1590969624001', moment('2020-06-01 00:00:24.001')),
                 ('us', '-1', -1), ('s', '"2020-06-01 00:00"', moment('2020-06-01 00:00:00'))]
        for unit, text, wanted in cases:
            result = convert(column('c TIMESTAMP', unit), json_scan.read(text), table('c TIMESTAMP'))
            self.assertEqual(result.value, wanted)
        for text in ('253402300800', '-62135596801', '"1590969624"', 'true'):
            result = convert(column('c TIMESTAMP', 's'), json_scan.read(text), table('c TIMESTAMP'))
            self.assertIn('bad_timestamp', result.reasons)

    def test_what_the_document_leaves_open(self):
        for declaration, text in (('DECIMAL(5,2)', '"+1"'), ('DECIMAL(5,2)', '".5"'), ('TIMESTAMP', '"2020-06-01 12:00+18:00"')):
            self.assertIsInstance(convert(column('c ' + declaration), json_scan.read(text), table('c ' + declaration)), Open)


def outcomes(text, *tables, rules=None):
    line = text if isinstance(text, bytes) else text.encode('utf-8')
    return Oracle(list(tables), rules).outcomes(line)[1]


class LineTest(unittest.TestCase):
    ANY = table('a VARCHAR(20)')

    def faults(self, text):
        found = outcomes(text, self.ANY)
        self.assertEqual(len(found), 1)
        self.assertEqual(found[0].table, '*')
        return found[0].reasons

    def test_faults_of_the_line(self):
        for text, reason in [
                ('{', 'not_json'), ('{"a":1,}', 'not_json'), ('{"a" 1}', 'not_json'), ('{a:1}', 'not_json'), ("{'a':1}", 'not_json'),
                ('{"a":01}', 'not_json'), ('{"a":1.}', 'not_json'), ('{"a":.5}', 'not_json'), ('{"a":+1}', 'not_json'),
                ('{"a":1e}', 'not_json'), ('{"a":-}', 'not_json'), ('{"a":NaN}', 'not_json'), ('{"a":Infinity}', 'not_json'),
                ('{"a":0x1}', 'not_json'), ('{"a":tru}', 'not_json'), ('{"a":TRUE}', 'not_json'), ('{"a":nulll}', 'not_json'),
                ('{"a":"\\x"}', 'not_json'), ('{"a":"\\u12g4"}', 'not_json'), ('{"a":"\\u123"}', 'not_json'), ('{"a":"x}', 'not_json'),
                ('{} {}', 'not_json'), ('{}x', 'not_json'), ('{"a":[1,]}', 'not_json'), ('{"a":[}', 'not_json'), ('{"a":1]', 'not_json'),
                ('{"a":/**/1}', 'not_json'), ('\x0b{}', 'not_json'), ('{}\x00', 'not_json'), ('\ufeff{}', 'not_json'), ('x', 'not_json'),
                ('[]', 'not_an_object'), ('1', 'not_an_object'), ('"a"', 'not_an_object'), ('null', 'not_an_object'), ('[{"a":1}]', 'not_an_object'),
                ('{"a":"x\ty"}', 'control_character'), ('{"a":"x\x00y"}', 'control_character'), ('{"\x1f":1}', 'control_character'),
                (b'{"a":"\xff"}', 'invalid_utf8'), (b'{"a":"\xed\xa0\x80"}', 'invalid_utf8'), (b'{"a":"\xc0\xaf"}', 'invalid_utf8'),
                (b'{"a":"\xf4\x90\x80\x80"}', 'invalid_utf8'), (b'{"a":"\xe2\x82"}', 'invalid_utf8'),
                ('{"a":' * 257 + '1' + '}' * 257, 'too_deep'), ('{"b":' + '[' * 256 + ']' * 256 + '}', 'too_deep'),
                ('{"a":"' + 'x' * (16 << 20) + '"}', 'line_too_long')]:
            with self.subTest(line=text[:40]):
                self.assertEqual(self.faults(text), (reason,))

    def test_faults_without_an_order(self):
        self.assertEqual(self.faults(b'{"a":"\xff\x01'), ('invalid_utf8', 'control_character', 'not_json'))
        self.assertEqual(self.faults('[' * 300), ('too_deep', 'not_json'))

    def test_a_million_brackets_are_no_harm(self):
        self.assertEqual(self.faults('[' * 1_000_000), ('too_deep', 'not_json'))

    def test_256_levels_are_read(self):
        text = '{"b":' + '[' * 255 + ']' * 255 + '}'
        self.assertEqual(outcomes(text, self.ANY), [Row('t', (None,))])

    def test_blank_lines_are_skipped(self):
        self.assertEqual(outcomes('', self.ANY), [Skipped()])
        self.assertEqual(outcomes('\r', self.ANY), [Skipped()])

    def test_lines_are_numbered_and_placed(self):
        data = b'\xef\xbb\xbf{}\r\n\n{"a":1}\n  \r\n[]'
        lines = list(Oracle([self.ANY]).lines(data))
        self.assertEqual([(x.number, x.offset, x.length) for x in lines], [(1, 3, 2), (2, 7, 0), (3, 8, 7), (4, 16, 2), (5, 20, 2)])
        self.assertEqual(lines[2].outcomes, (Row('t', ('1',)),))

    def test_a_message_that_is_not_json(self):
        content, found = Oracle([self.ANY]).outcomes(b'{"sluice_raw":{"id":"7","base64":"/wA="}}')
        self.assertEqual(content, b'\xff\x00')
        self.assertEqual(found, [Fault('*', ('not_json_message',))])

    def test_lone_surrogates_are_faults_in_strings_that_are_loaded(self):
        for text in ('{"\\ud800":1}', '{"x":{"\\ud800":1}}', '{"x":"\\ud800"}'):
            self.assertEqual(outcomes(text, self.ANY), [Row('t', (None,))])
        self.assertEqual(outcomes('{"a":{"\\ud800":1}}', table('a VARCHAR(20)')), [Row('t', ('{"\\ud800":1}',))])
        for text in ('{"\\ud800":1}', '["\\udc00"]', '"\\ud800"'):
            self.assertEqual(outcomes('{"a":%s}' % text, table('a SUPER')), [Fault('t', ('lone_surrogate',), 'a')])
        t = table('a SUPER', on_unknown_field='collect', collect='a')
        self.assertEqual(outcomes('{"\\ud800":1}', t), [Fault('t', ('lone_surrogate',), 'a')])


class RowTest(unittest.TestCase):
    def test_null_absent_and_default(self):
        t = table("a INTEGER;b INTEGER DEFAULT 7;c VARCHAR(5) NOT NULL DEFAULT 'x';d TIMESTAMP DEFAULT '2020-01-01 00:00'")
        wanted = moment('2020-01-01 00:00:00')
        self.assertEqual(outcomes('{}', t), [Row('t', (None, 7, 'x', wanted))])
        self.assertEqual(outcomes('{"b":null,"d":null}', t), [Row('t', (None, None, 'x', None))])
        self.assertEqual(outcomes('{"c":null}', t), [Fault('t', ('null_in_not_null',), 'c')])

    def test_default_null_is_no_default(self):
        self.assertEqual(outcomes('{}', table('a INTEGER NOT NULL DEFAULT NULL')), [Fault('t', ('null_in_not_null',), 'a')])

    def test_the_first_column_in_table_order_decides(self):
        t = table('a INTEGER;b INTEGER;c INTEGER NOT NULL')
        self.assertEqual(outcomes('{"c":1,"b":true,"a":false}', t), [Fault('t', ('bad_integer',), 'a')])
        self.assertEqual(outcomes('{"b":true}', t), [Fault('t', ('bad_integer',), 'b')])

    def test_generated_columns(self):
        t = table('a INTEGER;n BIGINT IDENTITY(1,1);at TIMESTAMP DEFAULT getdate()')
        self.assertEqual(outcomes('{"a":1}', t), [Row('t', (1,))])
        self.assertEqual(outcomes('{"a":1,"n":1}', t), [Fault('t', ('generated_column',), 'n')])
        self.assertEqual(outcomes('{"at":null}', t), [Fault('t', ('generated_column',), 'at')])

    def test_keys(self):
        t = table("k VARCHAR(5) NOT NULL;at TIMESTAMP NOT NULL DEFAULT '2020-01-01 00:00'", unique=('k',), time='at',
                  on_too_long='truncate')
        for text, reason, name in [('{"k":"","at":"2020-01-01 00:00"}', 'empty_key', 'k'), ('{"k":"a "}', 'blank_ended_key', 'k'),
                                   ('{"k":"abcdef"}', 'too_long', 'k'), ('{"k":null}', 'null_in_not_null', 'k'),
                                   ('{"k":"a"}', 'defaulted_key', 'at')]:
            self.assertEqual(outcomes(text, t), [Fault('t', (reason,), name)])
        self.assertEqual(outcomes('{"k":12,"at":"1970-01-01 00:00"}', t), [Row('t', ('12', 0))])
        self.assertEqual(outcomes('{"k":" a","at":"1970-01-01 00:00"}', t), [Row('t', (' a', 0))])

    def test_duplicate_keys_the_last_wins(self):
        t = table('request_id VARCHAR(9);b INTEGER')
        self.assertEqual(outcomes('{"request_id":"a","request_id":"b"}', t), [Row('t', ('b', None))])
        self.assertEqual(outcomes('{"request_id":"a","request\\u005fid":"b"}', t), [Row('t', ('b', None))])
        self.assertEqual(outcomes('{"b":"bad","b":1}', t), [Row('t', (None, 1))])
        self.assertEqual(outcomes('{"b":1,"b":"bad"}', t), [Fault('t', ('bad_integer',), 'b')])
        self.assertEqual(outcomes('{"request_id":"\\ud800","request_id":"b"}', t), [Row('t', ('b', None))])
        self.assertEqual(outcomes('{"b":1,"b":null}', t), [Row('t', (None, None))])

    def test_keys_are_compared_exactly(self):
        self.assertEqual(outcomes('{"A":1,"a ":2}', table('a INTEGER')), [Row('t', (None,))])

    def test_paths(self):
        t = table('url VARCHAR(9)')
        t.columns[0].path = ('page', 'url')
        self.assertEqual(outcomes('{"url":"no","page":{"url":"yes"}}', t), [Row('t', ('yes',))])
        self.assertEqual(outcomes('{"page":{"url":"x"},"page":{"u":1}}', t), [Row('t', (None,))])
        self.assertEqual(outcomes('{"page":"url"}', t), [Row('t', (None,))])
        self.assertEqual(outcomes('{"page":{"url":"x","url":"y"}}', t), [Row('t', ('y',))])

    def test_truncate(self):
        t = table('a VARCHAR(5);b CHAR(2)', on_too_long='truncate')
        self.assertEqual(outcomes('{"a":"abc\\ud83d\\ude00","b":"xyz"}', t), [Row('t', ('abc', 'xy'))])

    def test_bad_value_null(self):
        t = table('a INTEGER;b INTEGER NOT NULL', on_bad_value='null')
        self.assertEqual(outcomes('{"a":"x","b":1}', t), [Row('t', (None, 1))])
        self.assertEqual(outcomes('{"b":"x"}', t), [Fault('t', ('bad_integer',), 'b')])

    def test_unknown_fields(self):
        self.assertEqual(outcomes('{"a":1,"x":2}', table('a INTEGER')), [Row('t', (1,))])
        self.assertEqual(outcomes('{"a":1,"x":2}', table('a INTEGER', on_unknown_field='quarantine')), [Fault('t', ('unknown_field',))])
        t = table('a INTEGER;rest VARCHAR(99)', on_unknown_field='collect', collect='rest')
        self.assertEqual(outcomes('{"y": [1, 2],"a":1,"x":"2"}', t), [Row('t', (1, '{"y":[1, 2],"x":"2"}'))])
        self.assertEqual(outcomes('{"a":1}', t), [Row('t', (1, None))])
        t = table("a INTEGER;rest VARCHAR(99) DEFAULT '{}'", on_unknown_field='collect', collect='rest')
        self.assertEqual(outcomes('{"a":1}', t), [Row('t', (1, '{}'))])

    def test_unknown_fields_beside_paths(self):
        t = table('url VARCHAR(9);rest SUPER', on_unknown_field='collect', collect='rest', when=(('has', ('kind',)),))
        t.columns[0].path = ('c', 'page', 'url')
        for text, url, rest in (
                ('{"kind":1,"c":{"page":{"url":"u"}}}', 'u', '{"kind":1}'),
                ('{"c":{"x" : 1,"page":{"t": 2,"url":"u"},"y":3},"kind":1}', 'u', '{"c":{"x":1,"page":{"t":2},"y":3},"kind":1}'),
                ('{"kind":1,"c":[1]}', None, '{"kind":1,"c":[1]}'), ('{"kind":1,"c":null}', None, '{"kind":1}'),
                ('{"kind":1,"c":{"page":5}}', None, '{"kind":1,"c":{"page":5}}'), ('{"kind":1,"c":{"page":{}}}', None, '{"kind":1}'),
                ('{"c":{"x":1},"kind":1,"c":{"page":{"x":2,"x":3}}}', None, '{"kind":1,"c":{"page":{"x":3}}}')):
            self.assertEqual(outcomes(text, t), [Row('t', (url, rest))], text)
        t = table('url VARCHAR(9)', on_unknown_field='quarantine', when=(('has', ('kind',)),))
        t.columns[0].path = ('c', 'page', 'url')
        for text, known in (('{"kind":1,"c":{"page":{"url":null}}}', True), ('{"kind":1,"c":{"page":{"t":1}}}', False),
                            ('{"kind":1,"c":{"page":null}}', True), ('{"kind":1,"c":false}', False), ('{"kind":1,"kin":1}', False)):
            self.assertEqual(outcomes(text, t), [Row('t', (None,)) if known else Fault('t', ('unknown_field',))], text)

    def test_unused_values_are_not_looked_at(self):
        self.assertEqual(outcomes('{"a":1,"x":"\\ud800\\u0000"}', table('a INTEGER')), [Row('t', (1,))])


class RoutingTest(unittest.TestCase):
    EVENTS = table('a INTEGER', name='events', when=(('has', ('u',)),))
    UTM = table('a INTEGER', name='utm', when=(('equals', ('kind',), '"utm"'),))

    def to(self, text, **options):
        return outcomes(text, self.EVENTS, self.UTM, **options)[0]

    def test_first_match_wins_and_null_counts_as_present(self):
        self.assertEqual(self.to('{"u":null}').table, 'events')
        self.assertEqual(self.to('{"kind":"utm","u":1}').table, 'events')
        self.assertEqual(self.to('{"kind":"\\u0075tm"}').table, 'utm')

    def test_no_route(self):
        for text in ('{}', '{"kind":"UTM"}', '{"kind":["utm"]}', '{"x":{"u":1}}'):
            self.assertEqual(self.to(text), Fault('*', ('no_route',)))

    def test_dropped(self):
        self.assertEqual(self.to('{"ping":1}', rules=[((('has', ('ping',)),), None)]), Skipped())

    def test_numbers_are_equal_by_their_text(self):
        rules = [((('equals', ('n',), '1'),), self.UTM)]
        self.assertEqual(self.to('{"n":1}', rules=rules).table, 'utm')
        self.assertEqual(self.to('{"n":1.0}', rules=rules), Fault('*', ('no_route',)))
        self.assertEqual(self.to('{"n":"1"}', rules=rules), Fault('*', ('no_route',)))


class DdlTest(unittest.TestCase):
    def test_the_examples_are_read(self):
        events, utm = table_sets.tracking()
        self.assertEqual((events.schema, events.name, len(events.columns)), ('tracking', 'events', 11))
        self.assertEqual([c.name for c in events.columns if c.not_null], ['request_id', 'request_timestamp', 'cookie_id', 'topic'])
        self.assertEqual([c.name for c in utm.columns][7], 'network')
        self.assertEqual([(c.type, c.length) for c in utm.columns][:2], [('VARCHAR', 56), ('VARCHAR', 255)])

    def test_every_type_is_in_the_lab(self):
        columns = {c.name: c for t in table_sets.lab() for c in t.columns}
        self.assertEqual({c.type for c in columns.values()},
                         {'SMALLINT', 'INTEGER', 'BIGINT', 'DECIMAL', 'REAL', 'DOUBLE', 'BOOLEAN', 'CHAR', 'VARCHAR', 'DATE',
                          'TIMESTAMP', 'TIMESTAMPTZ', 'SUPER'})
        self.assertEqual([name for name, c in columns.items() if c.generated], ['serial', 'loaded_at'])
        self.assertEqual((columns['note'].length, columns['word'].length, columns['letter'].length), (65535, 256, 1))
        self.assertEqual((columns['kind'].default, columns['level'].default), ('none', '7'))


class ScannerTest(unittest.TestCase):
    """What is JSON and what is not, against Python's own reader made strict."""

    @staticmethod
    def python_reads(text):
        def refuse(_):
            raise ValueError
        try:
            json.loads(text, parse_constant=refuse)
        except ValueError:
            return False
        return True

    def test_agrees_with_the_json_module(self):
        rng = random.Random(20200601)
        seeds = ['{"a": [1, -2.5e+3, true, null], "b\\n": {"c": "\\u00e9\\ud83d\\ude00"}, "d": ""}', '[[], {}, [{}], "x\\\\"]',
                 '{"x":0.0,"y":[false,"é"],"z":{"":{}}}']
        alphabet = '{}[]",:\\/ \tu0a1e+-.tfn\x01é'
        agreed = [0, 0]
        for _ in range(20_000):
            text = list(rng.choice(seeds))
            for _ in range(rng.randint(0, 2)):
                at = rng.randrange(len(text))
                text[at:at + rng.randint(0, 2)] = rng.choices(alphabet, k=rng.randint(0, 2))
            text = ''.join(text)
            wanted = self.python_reads(text)
            try:
                json_scan.read(text)
                got = True
            except json_scan.Unreadable:
                got = False
                self.assertNotEqual(json_scan.faults_of(text.encode()), ())
            self.assertEqual(got, wanted, text)
            agreed[wanted] += 1
        self.assertGreater(min(agreed), 2_000)

    def test_raw_text_is_kept(self):
        value = json_scan.read(' {"a" : [ 1,\t{"b":"\\u0041"} ] , "c":1.0e0} ')
        self.assertEqual(value.fields['a'].text, '[ 1,\t{"b":"\\u0041"} ]')
        self.assertEqual(value.fields['c'].text, '1.0e0')


if __name__ == '__main__':
    unittest.main()
