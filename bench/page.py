# SPDX-License-Identifier: Apache-2.0
"""A page of which parts are generated, each between <!-- bench: NAME --> and <!-- /bench -->. What stands around them is nobody's but
the author's."""
import re

import charts
import layout

PART = re.compile(r'(<!-- bench: (\S+) -->\n)(.*?)(<!-- /bench -->)', re.S)
NAMES = ['conditions', *layout.SHEETS]


class WrongMarkers(Exception):
    pass


def parts(results):
    """Name → text, of what was measured. A chart stands under the table of its name."""
    found = {'conditions': ''.join('- %s\n' % line for line in layout.conditions(results))}
    for name in results['tables']:
        found[name] = '\n%s\n' % layout.sheet(name, results).markdown()
        if name in charts.CHARTS:
            found[name] += '![The same figures as bars](charts/%s.svg)\n\n' % name
    return found


def filled(text, generated):
    """`text` with the given parts renewed, and all else as it was."""
    names = [match.group(2) for match in PART.finditer(text)]
    if sorted(names) != sorted(NAMES) or text.count('<!-- bench: ') != len(names) or text.count('<!-- /bench -->') != len(names):
        raise WrongMarkers('it must have each of these parts once, and no other: %s' % ', '.join(NAMES))
    return PART.sub(lambda match: match.group(1) + generated.get(match.group(2), match.group(3)) + match.group(4), text)
