# SPDX-License-Identifier: Apache-2.0
"""Bar charts as SVG, written by hand: text labels, no script, and colours for a light and a dark page."""
from html import escape

import layout

WIDTH, LABELS, VALUES = 780, 310, 70
BAR, STEP, HEADING = 16, 23, 34
STYLE = '''<style>
text { font: 13px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #1f2328 }
.title { font-weight: 600; font-size: 15px } .heading { font-weight: 600 } .other { fill: #818b98 } .ours { fill: #0969da }
.page { fill: #ffffff } .line { stroke: #59636e; stroke-dasharray: 3 3 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .other { fill: #656c76 } .ours { fill: #4493f8 } .page { fill: #0d1117 } .line { stroke: #9198a1 }
}
</style>'''


def bars(title, groups, form, line_at=None):
    """`groups`: (heading, [(label, value, is it ours)]). All bars share one scale that begins at zero. `line_at`: a value to mark."""
    largest = max(value for _, rows in groups for _, value, _ in rows)
    scale = (WIDTH - LABELS - VALUES) / largest
    parts, y = ['<text class="title" x="16" y="28">%s</text>' % escape(title)], 40
    for heading, rows in groups:
        if heading:
            parts.append('<text class="heading" x="16" y="%d">%s</text>' % (y + 20, escape(heading)))
            y += HEADING
        top = y
        for label, value, ours in rows:
            length = max(1, value * scale)
            parts.append('<text x="%d" y="%d" text-anchor="end">%s</text>' % (LABELS - 10, y + 13, escape(label)))
            parts.append('<rect class="%s" x="%d" y="%d" width="%.1f" height="%d" rx="2"/>' % (
                'ours' if ours else 'other', LABELS, y, length, BAR))
            parts.append('<text x="%.1f" y="%d">%s</text>' % (LABELS + length + 6, y + 13, escape(form % value)))
            y += STEP
        if line_at:
            x = LABELS + line_at * scale
            parts.append('<line class="line" x1="%.1f" x2="%.1f" y1="%d" y2="%d"/>' % (x, x, top - 4, y))
            parts.append('<text x="%.1f" y="%d" text-anchor="middle">%s</text>' % (x, y + 14, escape(form % line_at)))
            y += STEP
    height = y + 12
    return '\n'.join(['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-label="%s">' % (
        WIDTH, height, WIDTH, height, escape(title)), STYLE, '<rect class="page" width="%d" height="%d" rx="6"/>' % (WIDTH, height), *parts,
        '</svg>']) + '\n'


def files(results):
    def group(heading, rows):
        return heading, [(row['label'].replace(' in a temporary table', ''), layout.rate(row), row['name'] == 'sluice')
                         for row in rows]
    return bars('Million events a second, file to files, one core', [group('snappy', results['tables']['files']['rows']),
                                                                     group('zstd', results['tables']['files-zstd']['rows'])], '%.2f')


def memory(results):
    rows = [row for row in results['tables']['memory']['rows'] if row.get('runs')]
    groups = [(title, [(row['group'], layout.nanoseconds(row), row['group'] == 'as it is') for row in rows if row['name'] == step])
              for step, title in layout.STEPS.items()]
    return bars('Nanoseconds an event, in memory, one core (less is better)', groups, '%.0f')


def unkind(results):
    def times(rows):
        return layout.ratio(layout.better_duckdb(rows), layout.one(rows, 'sluice'))
    rows = [('the clean events', times(results['tables']['files']['rows']), True)]
    rows += [(layout.one(found, 'sluice')['label'], times(found), True)
             for found in layout.groups(results['tables']['unkind']['rows']).values()]
    return bars("Times faster than DuckDB's better way, file to files, one core", [('', rows)], '%.1f×', line_at=1)


CHARTS = {'files': files, 'memory': memory, 'unkind': unkind}
