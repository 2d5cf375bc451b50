# SPDX-License-Identifier: Apache-2.0
"""A table of text: for a terminal, and for a page."""


class Sheet:
    """The first column is words, the others are numbers. `notes` stand below."""
    def __init__(self, title, header, rows, notes=()):
        self.title, self.header, self.rows, self.notes = title, header, rows, [note for note in notes if note]

    def text(self):
        widths = [max(len(row[i]) for row in [self.header, *self.rows]) for i in range(len(self.header))]
        lines = [self.title]
        for row in [self.header, *self.rows]:
            lines.append(('  ' + '  '.join([row[0].ljust(widths[0])] + [cell.rjust(w) for cell, w in zip(row[1:], widths[1:])])).rstrip())
        return '\n'.join(lines + ['  ' + note for note in self.notes]) + '\n'

    def markdown(self):
        lines = [self.header, ['---'] + ['---:'] * (len(self.header) - 1), *self.rows]
        return '\n'.join(['| %s |' % ' | '.join(line) for line in lines] + ['\n' + note for note in self.notes]) + '\n'
