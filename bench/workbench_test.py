# SPDX-License-Identifier: Apache-2.0
import gzip
import pathlib
import tempfile
import unittest
import zlib

import compress
import in_memory
from measure import Contender, Failed, in_turn, run_pinned
from workbench import Workbench


class WrittenRows(Workbench):
    def __init__(self, written):
        self.written = written

    def contents(self, out):
        return {table: {'rows': rows, 'bytes': 10} for table, rows in self.written[out].items()}


def contender(name, group='g'):
    made = Contender(group, name, name)
    made.out = name
    return made


class WorkbenchTest(unittest.TestCase):
    def test_another_row_count_ends_the_benchmark(self):
        bench = WrittenRows({'sluice': {'a': 5, 'b': 2, 'quarantine': 1}, 'same': {'b': 2, 'a': 5}, 'other': {'a': 5, 'b': 3}})
        bench.compare([contender('sluice'), contender('same')])
        with self.assertRaisesRegex(Failed, "other {'a': 5, 'b': 3}"):
            bench.compare([contender('sluice'), contender('other')])
        bench.compare([contender('sluice'), contender('other', 'another input')])

    def test_contenders_take_turns_and_a_slow_one_ends_earlier(self):
        order = []
        made = [Contender('', name, name, lambda name=name: order.append(name), at_most) for name, at_most in (('a', None), ('b', 2))]
        in_turn('table', [*made, Contender('', 'c', 'c', absent='not here')], 3)
        self.assertEqual(order, ['a', 'b', 'a', 'b', 'a'])

    def test_a_run_that_fails_is_no_figure(self):
        figures, output = run_pinned(['sh', '-c', 'echo out'], [0])
        self.assertEqual((output, set(figures)), (b'out\n', {'wall', 'cpu', 'peak'}))
        with self.assertRaisesRegex(Failed, 'exit code 3'):
            run_pinned(['sh', '-c', 'exit 3'], [0])

    def test_a_build_that_takes_any_instruction_set_has_none(self):
        class Takes:
            def __init__(self, *names):
                self.names = names

            def why_absent(self, arguments=(), environment=None):
                return None if '*' in self.names or environment['SLUICE_ISA'] in self.names else 'not on this processor'
        self.assertEqual(in_memory.why_absent(Takes('*'), 'avx2'), 'this build does not read SLUICE_ISA')
        self.assertEqual(in_memory.why_absent(Takes('avx2'), 'neon'), 'not on this processor')
        self.assertIsNone(in_memory.why_absent(Takes('avx2'), 'avx2'))

    def test_members_hold_whole_lines_and_all_of_them(self):
        text = b''.join(b'%d %s\n' % (i, b'x' * (i % 700)) for i in range(9000)) + b'no newline'
        with tempfile.TemporaryDirectory() as folder:
            source, out = pathlib.Path(folder, 'in'), pathlib.Path(folder, 'out')
            source.write_bytes(text)
            for how in ('gzip', 'gzip-members'):
                compress.main(how, source, out)
                self.assertEqual(gzip.decompress(out.read_bytes()), text)
            rest, members = out.read_bytes(), []
            while rest:
                member = zlib.decompressobj(wbits=31)
                members.append(member.decompress(rest))
                rest = member.unused_data
            self.assertGreater(len(members), 2)
            self.assertTrue(all(member.endswith(b'\n') for member in members[:-1]))


if __name__ == '__main__':
    unittest.main()
