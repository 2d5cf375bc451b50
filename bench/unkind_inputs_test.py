# SPDX-License-Identifier: Apache-2.0
import json
import unittest

import jobs
from unkind_inputs import INPUTS


def clean(count):
    for i in range(count):
        if i % 3:
            names, key = jobs.EVENTS, 'topic'
        else:
            names, key = jobs.UTM, 'source'
        yield json.dumps({name: '%s é %d' % (name, i) if name == key or i % 2 else None for name in names})


def made(name, count=3000):
    return list(INPUTS[name].lines(clean(count)))


class UnkindInputsTest(unittest.TestCase):
    def test_the_same_events_give_the_same_bytes_and_as_many_lines(self):
        for name in INPUTS:
            lines = made(name, 300)
            self.assertEqual(len(lines), 300, name)
            self.assertEqual(lines, made(name, 300), name)
            self.assertFalse([line for line in lines if '\n' in line], name)

    def test_another_order_or_spacing_keeps_the_values(self):
        for name in ('shuffled', 'templates', 'compact'):
            lines = made(name)
            self.assertNotEqual(lines, list(clean(3000)), name)
            self.assertEqual([json.loads(line) for line in lines], [json.loads(line) for line in clean(3000)], name)

    def test_the_order_of_keys_changes_every_thousand_rows(self):
        orders = [{tuple(json.loads(line)) for line in made('templates')[i:i + 1000]} for i in (0, 1000, 2000)]
        self.assertEqual([len(part) for part in orders], [2, 2, 2])   # one for each table
        self.assertFalse(orders[0] & orders[1] or orders[1] & orders[2])

    def test_one_line_in_twenty_is_broken_and_the_others_are_as_they_were(self):
        broken = 0
        for line, before in zip(made('broken'), clean(3000)):
            try:
                json.loads(line)
                self.assertEqual(line, before)
            except ValueError:
                broken += 1
        self.assertTrue(100 < broken < 200, broken)

    def test_values_fit_their_columns(self):
        limits = {'message': 3128, 'topic': 1024, 'location': 5000, 'referrer': 500, 'campaign': 255, 'content': 255, 'term': 255}
        for name in ('escapes', 'non-latin'):
            for line in made(name):
                for column, value in json.loads(line).items():
                    self.assertLessEqual(len((value or '').encode()), limits.get(column, 60), (name, column))

    def test_the_long_strings_take_three_thousand_bytes_most_of_them_escapes(self):
        for line in made('escapes', 30):
            event = json.loads(line)
            text = json.dumps(event.get('message') or event.get('campaign'))
            self.assertGreater(len(text), 1.5 * len(json.loads(text)))
            self.assertAlmostEqual(len(text), 3000 if 'message' in event else 250, delta=300)


if __name__ == '__main__':
    unittest.main()
