# SPDX-License-Identifier: Apache-2.0
"""What a figure depends on beside the code: the machine, and the versions of everything that ran."""
import json
import os
import pathlib
import platform
import re
import subprocess

from measure import Failed

HERE = pathlib.Path(__file__).resolve().parent


def output_of(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        raise Failed('%s: %s' % (' '.join(str(part) for part in command), done.stderr.strip() or 'exit code %d' % done.returncode))
    return done.stdout.strip()


def cpu():
    found = {}
    for line in pathlib.Path('/proc/cpuinfo').read_text().split('\n\n')[0].splitlines():
        name, _, value = line.partition(':')
        found[name.strip()] = value.strip()
    kind = ', '.join('%s %s' % (name, found[key]) for name, key in (('family', 'cpu family'), ('model', 'model'), ('stepping', 'stepping'))
                     if key in found)
    widest = next((isa for isa in ('avx512_vbmi2', 'avx512f', 'avx2', 'asimd') if isa in found.get('flags', found.get('Features', ''))), '')
    return '%s (%s)' % (found.get('model name', platform.machine()), ', '.join(filter(None, (kind, widest))))


def compiler_of(binary):
    """As the compiler wrote it into the program."""
    names = [line.split(']', 1)[1].strip() for line in output_of('readelf', '-p', '.comment', binary).splitlines() if ']' in line]
    return next((name for name in names if re.match('GCC|clang|Debian clang', name)), 'unknown')


def commit():
    try:
        dirty = output_of('git', '-C', HERE, 'status', '--porcelain', '--untracked-files=no', '--', '.', '../src')
        return output_of('git', '-C', HERE, 'rev-parse', '--short=10', 'HEAD') + (' and changes' if dirty else '')
    except (OSError, Failed):
        return 'unknown'


def load():
    return round(os.getloadavg()[0], 2)


def system():
    found = dict(re.findall('^([A-Z_]+)="?([^"\n]*)"?$', pathlib.Path('/etc/os-release').read_text(), re.M))
    return '%s, kernel %s' % (found.get('PRETTY_NAME', '?'), platform.release())


def conditions(binary, python):
    memory = os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES')
    return {'sluice': output_of(binary, '--version').removeprefix('sluice ') + ', commit ' + commit(), 'compiler': compiler_of(binary),
            'cpu': cpu(), 'cores': len(os.sched_getaffinity(0)), 'memory': '%.0f GiB' % (memory / 2**30), 'system': system(),
            'peers': json.loads(output_of(python, HERE / 'peers.py', 'versions')), 'load_before': load()}
