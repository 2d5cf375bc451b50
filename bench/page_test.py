# SPDX-License-Identifier: Apache-2.0
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

import page

HERE = pathlib.Path(__file__).resolve().parent
DOCUMENT = HERE.parent / 'docs' / 'performance.md'
EMPTY = '# Title\n\nBefore.\n' + ''.join('<!-- bench: %s -->\n<!-- /bench -->\nAfter %s.\n' % (name, name) for name in page.NAMES)


class PageTest(unittest.TestCase):
    def test_what_stands_around_the_parts_stays(self):
        text = page.filled(EMPTY, {name: '1\n' for name in page.NAMES})
        self.assertIn('<!-- bench: files -->\n1\n<!-- /bench -->\nAfter files.', text)
        self.assertEqual(page.filled(text, {name: '' for name in page.NAMES}), EMPTY)

    def test_a_part_that_was_not_measured_stays(self):
        text = page.filled(page.filled(EMPTY, {'files': '1\n', 'small': '2\n'}), {'small': '3\n'})
        self.assertIn('bench: files -->\n1\n', text)
        self.assertIn('bench: small -->\n3\n', text)

    def test_a_page_without_one_of_the_parts_is_refused(self):
        for damaged in (EMPTY.replace('bench: files', 'bench: flies'), EMPTY.replace('<!-- /bench -->', '', 1), EMPTY + EMPTY):
            with self.assertRaises(page.WrongMarkers):
                page.filled(damaged, {})

    def test_the_document_has_every_part(self):
        text = DOCUMENT.read_text()
        self.assertEqual(page.filled(text, {}), text)

    def test_no_part_of_a_run_gets_into_the_document(self):
        before = DOCUMENT.read_text()
        for results in ({'events': 1_000_000, 'runs': 5, 'tables': {'small': {'rows': []}}},
                        {'events': 20_000, 'runs': 5, 'tables': dict.fromkeys(page.NAMES, {'rows': []})},
                        {'events': 1_000_000, 'runs': 4, 'tables': dict.fromkeys(page.NAMES, {'rows': []})}):
            with tempfile.NamedTemporaryFile('w', suffix='.json') as file:
                json.dump(results, file)
                file.flush()
                tried = subprocess.run([sys.executable, HERE / 'report', file.name], capture_output=True, text=True)
            self.assertIn('not a whole run', tried.stderr)
            self.assertEqual(tried.returncode, 1)
        self.assertEqual(DOCUMENT.read_text(), before)


if __name__ == '__main__':
    unittest.main()
