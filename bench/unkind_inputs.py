# SPDX-License-Identifier: Apache-2.0
"""Inputs that a fast path might not like. All but `wide` are the clean events of `sluice generate`, changed line by line.

Seeded by the input's name: the same clean events give the same bytes.
"""
import json
import random

import jobs

PARAGRAPH = 'Он сказал: «Здравствуй, мир!» и закрыл дверь. 東京の空は青く、桜が咲いている。 사용자가 페이지를 열었습니다. '
ESCAPED = ('"', '\\', '\n', '\t', 'é', '\U0001f600', '\x01', 'plain ', 'C:\\dir\\', '{"k": "v"}')


def shuffled(lines, dice):
    for line in lines:
        fields = list(json.loads(line).items())
        dice.shuffle(fields)
        yield json.dumps(dict(fields))


def broken(lines, dice):
    """One line in twenty is no JSON: cut off, a bare word, a control character inside a string, no colon.

    Only what DuckDB, too, calls broken: of a comma before the last brace, for one, it makes a row.
    """
    for line in lines:
        if dice.random() >= 0.05:
            yield line
            continue
        colon = line.index(':')
        yield dice.choice((line[:dice.randrange(colon, len(line) - 1)], line[:colon + 1] + ' word' + line[colon + 1:],
                           line[:colon + 4] + '\x02' + line[colon + 4:], line[:colon] + line[colon + 1:]))


def compact(lines, dice):
    for line in lines:
        yield json.dumps(json.loads(line), separators=(',', ':'))


def templates(lines, dice):
    """A new order of keys, for each set of keys, every 1,000 rows."""
    orders = {}
    for number, line in enumerate(lines):
        if number % 1000 == 0:
            orders.clear()
        event = json.loads(line)
        keys = tuple(event)
        if keys not in orders:
            orders[keys] = dice.sample(keys, len(keys))
        yield json.dumps({key: event[key] for key in orders[keys]})


def escapes(lines, dice):
    """message takes about 3,000 bytes in the file, campaign of the other table 250, most of them escapes."""
    pool = dice.choices(ESCAPED, k=100_000)
    for line in lines:
        event = json.loads(line)
        name, size = ('message', 480) if 'message' in event else ('campaign', 40)
        begin = dice.randrange(len(pool) - size)
        event[name] = ''.join(pool[begin:begin + size])
        yield json.dumps(event)


def non_latin(lines, dice):
    """Raw UTF-8 of two to four bytes a letter in the columns of free text."""
    sizes = {'topic': 60, 'message': 400, 'location': 120, 'referrer': 80, 'campaign': 40, 'content': 30, 'term': 30}
    for line in lines:
        event = json.loads(line)
        for name, size in sizes.items():
            if event.get(name) is not None:
                begin = dice.randrange(len(PARAGRAPH))
                event[name] = (PARAGRAPH * (size // len(PARAGRAPH) + 2))[begin:begin + dice.randrange(size // 2, size)]
        yield json.dumps(event, ensure_ascii=False)


def wide(lines, dice):
    """200 numbers, every tenth of them null."""
    for number, _ in enumerate(lines):
        event = {'id': number}
        for name, kind in jobs.WIDE.items():
            if name != 'id':
                event[name] = (None if dice.random() < 0.1 else dice.randrange(-10**9, 10**9) if kind == 'integer' else
                               round(dice.uniform(-1e5, 1e5), 4))
        yield json.dumps(event)


class Unkind:
    """`share`: of a table's events, so that a long line does not make a long run. `config`: below bench/; None: examples/tracking."""
    def __init__(self, what, make, share, config=None, job=jobs.tracking, ignore_errors=False):
        self.what, self.make, self.share, self.config = what, make, share, config
        self.job = job(ignore_errors=ignore_errors)

    def lines(self, clean_lines):
        return self.make(clean_lines, random.Random(self.make.__name__))


INPUTS = {
    'shuffled': Unkind('every row in a random order of keys', shuffled, 0.2),
    'templates': Unkind('a new order of keys every 1,000 rows', templates, 0.2),
    'compact': Unkind('no space after , and :', compact, 0.2),
    'broken': Unkind('5 % of the rows are no JSON', broken, 0.2, ignore_errors=True),
    'escapes': Unkind('3,000-byte strings full of escapes', escapes, 0.1),
    'non-latin': Unkind('Cyrillic, Japanese and Korean, raw UTF-8', non_latin, 0.2),
    'wide': Unkind('200 columns of numbers', wide, 0.05, 'configs/wide.yaml', jobs.wide),
}
