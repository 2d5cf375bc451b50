# SPDX-License-Identifier: Apache-2.0
import unittest
import xml.etree.ElementTree

import charts
import layout

CONDITIONS = {'peak_floor': 20e6}


def row(name, *walls, **facts):
    return {'group': facts.get('group', 'g'), 'name': name, 'label': name, 'events': 1_000_000, 'input_bytes': 5e8, 'json_bytes': 6e8,
            'out_bytes': 1e8, 'rows': {'events': 7}, 'runs': [{'wall': wall, 'cpu': wall, 'peak': 30e6} for wall in walls], **facts}


def absent(name, **facts):
    return {'group': facts.get('group', 'g'), 'name': name, 'label': name, 'absent': 'no such thing.', 'events': 1_000_000}


class LayoutTest(unittest.TestCase):
    def test_a_figure_is_the_median_of_its_runs(self):
        self.assertEqual(layout.median(row('sluice', 1.0, 9.0, 2.0)), 2.0)
        self.assertEqual(layout.rate(row('sluice', 0.5)), 2.0)
        self.assertEqual(layout.nanoseconds(row('sluice', 0.5)), 500)

    def test_the_better_way_of_duckdb_counts(self):
        rows = [row('sluice', 1), row('duckdb-scans', 4), row('duckdb-staged', 3), row('polars', 2)]
        sheet = layout.files(rows, {'conditions': CONDITIONS})
        self.assertIn("DuckDB's better way takes 3.0 times sluice's wall time.", sheet.notes)
        self.assertEqual(sheet.rows[3][8], '2.00×')

    def test_what_could_not_run_is_named_with_its_reason(self):
        rows = [row(step, 1, group='as it is') for step in layout.STEPS] + [absent(step, group='avx2') for step in layout.STEPS]
        sheet = layout.memory(rows, {'conditions': CONDITIONS})
        self.assertEqual(sheet.rows[1], ['avx2'] + ['–'] * 4)
        self.assertEqual(sheet.notes, ['Medians of 1 runs.', 'avx2: not measured: no such thing.'])

    def test_threads_are_compared_with_one_thread_on_the_same_input(self):
        rows = [row('one', 4, group='plain'), row('two', 2, group='plain'), row('one', 9, group='gzip'), row('two', 3, group='gzip')]
        self.assertEqual([cells[-1] for cells in layout.threads(rows, {}).rows], ['1.00×', '2.00×', '1.00×', '3.00×'])

    def test_reading_alone_is_a_note_and_no_row(self):
        rows = [row(step, 1, group='as it is') for step in layout.STEPS] + [row('read', 0.05, group='machine')]
        sheet = layout.memory(rows, {'conditions': CONDITIONS})
        self.assertEqual([cells[0] for cells in sheet.rows], ['as it is', 'output, MB'])
        self.assertIn('takes 50 ns an event here (10.0 GB/s).', sheet.notes[-1])

    def test_decoding_alone_stands_beside_its_conversion(self):
        rows = [row('plain', 1, group='compressed'), row('gzip', 2, group='compressed'), row('gzip', 0.5, group='decoding')]
        self.assertEqual([cells[-1] for cells in layout.compressed(rows, {'conditions': CONDITIONS}).rows], ['–', '0.50'])

    def test_a_peak_that_could_be_the_parent_s_is_a_bound(self):
        self.assertEqual(layout.peak(row('sluice', 1), 20e6), '30')
        self.assertEqual(layout.peak(row('sluice', 1), 40e6), '< 40')

    def test_steps_are_added_up_run_by_run(self):
        rows = [row('generate', 9, 9, 9), row('send', 1, 2, 6), row('land', 5, 3, 1)]
        self.assertEqual(layout.pipeline(rows, {'conditions': CONDITIONS}).rows[-1][:2], ['send + land + process', '6.00'])

    def test_unkind_ratios_are_times_faster(self):
        rows = [row('sluice', 1), row('duckdb-scans', 4), row('duckdb-staged', 5), row('memory', 0.2), row('general', 0.5)]
        cells = layout.unkind(rows, {'conditions': CONDITIONS}).rows[0]
        self.assertEqual([cells[5], cells[8]], ['4.00×', '2.50×'])

    def test_a_chart_is_xml_and_its_bars_are_in_proportion(self):
        svg = charts.bars('a < b', [('h', [('one', 1, True), ('two', 2, False)])], '%d', line_at=1)
        root = xml.etree.ElementTree.fromstring(svg)
        widths = {box.get('class'): float(box.get('width')) for box in root.iter('{http://www.w3.org/2000/svg}rect')}
        self.assertEqual(widths['other'], 2 * widths['ours'])


if __name__ == '__main__':
    unittest.main()
