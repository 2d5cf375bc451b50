# SPDX-License-Identifier: Apache-2.0
"""with_server.py NAME[+faults][,NAME...] PROGRAM [ARGUMENT...]: runs PROGRAM while these servers are up (README.md says which there are).
Ends with PROGRAM's exit code; servers and PROGRAM end with it, also when it is told to end."""
import contextlib
import signal
import subprocess
import sys

import servers


def end(number, _frame):
    for name in STOPS:
        signal.signal(name, signal.SIG_IGN)  # the first one is enough
    sys.exit(128 + number)


STOPS = [signal.SIGTERM, signal.SIGINT, signal.SIGHUP]


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    names = sys.argv[1].split(",")
    for name in names:
        if not servers.is_name(name):
            sys.exit(f"no server {name}: there are {', '.join([*servers.BY_NAME, 'redshim'])}")
    for name in STOPS:
        signal.signal(name, end)
    try:
        with servers.running(names) as environment, servers.process(sys.argv[2:], env=environment) as program:
            try:
                code = program.wait()
            except SystemExit:
                program.terminate()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    program.wait(10)
                raise
            return code if code >= 0 else 128 - code
    except servers.CannotStart as why:
        sys.exit(str(why))


if __name__ == "__main__":
    sys.exit(main())
