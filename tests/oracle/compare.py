# SPDX-License-Identifier: Apache-2.0
"""Compares what was found with what the oracle allows, and keeps count of what was compared."""
import base64
import struct
from collections import Counter

from column_values import NONCHARACTER
from oracle import Fault, Row, Skipped

LARGEST_PAYLOAD = 65535


def same(one, other):
    if isinstance(one, float) and isinstance(other, float):
        return struct.pack('<d', one) == struct.pack('<d', other)
    return type(one) is type(other) and one == other


def same_row(one, other):
    return len(one) == len(other) and all(map(same, one, other))


def payload_fault(line, encoding, payload):
    """What is wrong with a quarantined event's bytes, or None."""
    content = line.content
    cut = encoding.endswith('_cut')
    kind = encoding.removesuffix('_cut')
    if kind not in ('utf8', 'base64'):
        return 'encoding is %r' % encoding
    found = payload.encode('utf-8') if kind == 'utf8' else base64.b64decode(payload, validate=True)
    try:
        text = content.decode('utf-8')
        readable = '\0' not in text and not NONCHARACTER.search(text)
    except UnicodeDecodeError:
        readable = False
    most = LARGEST_PAYLOAD if kind == 'utf8' else LARGEST_PAYLOAD // 4 * 3
    if not cut and found != content:
        return 'the payload is not the event'
    if cut and (not content.startswith(found) or len(found) < most - 4):
        return 'the payload is not the front of the event'
    if cut and len(content) <= most:
        return 'cut without need'
    if readable != (kind == 'utf8') and len(content) <= most:
        return 'encoding is %r' % encoding
    return None


class Comparison:
    """Rows and faults are told one by one, by line; then the lines of the oracle decide."""

    def __init__(self, name):
        self.name = name
        self.problems = []
        self.counts = Counter()
        self.rows = {}    # line -> (table, values)
        self.faults = {}  # line -> (table, reason, column, at_byte, length, encoding, payload)

    def problem(self, text):
        self.problems.append('%s: %s' % (self.name, text))

    def add_row(self, line, table, values):
        if line in self.rows or line in self.faults:
            self.problem('line %d came out twice' % line)
        self.rows[line] = (table, values)

    def add_fault(self, line, *fault):
        if line in self.rows or line in self.faults:
            self.problem('line %d came out twice' % line)
        self.faults[line] = fault

    def judge(self, lines):
        seen = set()
        for line in lines:
            seen.add(line.number)
            problem = self._judge_line(line)
            self.counts['lines'] += 1
            self.counts['open'] += len(line.outcomes) > 1
            if problem:
                self.problem('line %d at %d: %s\n    wanted %s\n    event %s' % (
                    line.number, line.offset, problem, str(line.outcomes)[:400], repr(line.content[:300])))
        for number in sorted((set(self.rows) | set(self.faults)) - seen):
            self.problem('line %d is none of the input' % number)

    def _judge_line(self, line):
        if line.number in self.rows:
            table, values = self.rows[line.number]
            self.counts['rows'] += 1
            if any(isinstance(o, Row) and o.table == table and same_row(o.values, values) for o in line.outcomes):
                return None
            return 'is a row of %s: %s' % (table, str(values)[:400])
        if line.number in self.faults:
            self.counts['quarantined'] += 1
            return self._judge_fault(line, *self.faults[line.number])
        if any(isinstance(o, Skipped) for o in line.outcomes):
            self.counts['skipped'] += 1
            return None
        return 'is nowhere'

    def _judge_fault(self, line, table, reason, column, at_byte, length, encoding, payload):
        wanted = [o for o in line.outcomes if isinstance(o, Fault)]
        if not any(o.table == table and reason in o.reasons and o.column == column for o in wanted):
            return 'is quarantined: table=%s reason=%s column=%s' % (table, reason, column)
        if at_byte != line.offset:
            return 'is said to stand at byte %d' % at_byte
        if length != line.length and length != len(line.content):
            return 'is said to have %d bytes, not %d' % (length, line.length)
        return payload_fault(line, encoding, payload)


__all__ = ['Comparison', 'same', 'same_row', 'Counter']
