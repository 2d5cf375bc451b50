# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL of its own, in a folder that goes with it, which only this machine's processes reach, through a socket in that folder."""
import os
import pathlib
import pwd
import shutil
import subprocess
import time

import wire

PROGRAMS = pathlib.Path("/usr/lib/postgresql/15/bin")
ADMIN, DATABASE = "redshim_admin", "dev"
# Of sessions that set none: as where an administrator has set one for a user. Half an hour off, so that hours are other hours there.
ZONE = "Asia/Kolkata"
# Redshift's string literals have escapes with backslashes, its identifiers 127 bytes (PostgreSQL: 63).
SETTINGS = {
    "listen_addresses": "", "fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "shared_buffers": "64MB",
    "dynamic_shared_memory_type": "mmap", "max_connections": "150", "autovacuum": "on", "timezone": ZONE, "log_timezone": "UTC",
    "standard_conforming_strings": "off", "escape_string_warning": "off", "backslash_quote": "on", "deadlock_timeout": "200ms",
    "max_wal_size": "4GB", "checkpoint_timeout": "1h", "jit": "off", "max_parallel_workers_per_gather": "0", "datestyle": "ISO, MDY",
    # A read under SERIALIZABLE is noted for the whole table, as Redshift's is.
    "max_pred_locks_per_relation": "0", "max_pred_locks_per_page": "0", "work_mem": "32MB",
}


# What a small user's has, but for what makes tests slow.
PLAIN = {name: value for name, value in SETTINGS.items() if name not in (
    "standard_conforming_strings", "escape_string_warning", "backslash_quote", "max_pred_locks_per_relation", "max_pred_locks_per_page",
    "datestyle")}


class CannotStart(Exception):
    pass


class Postgres:
    def __init__(self, folder, settings=SETTINGS):
        """`folder` is empty, and may be reached by the account postgres."""
        self.settings = settings
        self.folder, self.data, self.log = folder, folder / "data", folder / "postgres.log"
        self.socket = str(folder / ".s.PGSQL.5432")
        self._child = None

    def start(self):
        if not (PROGRAMS / "postgres").exists():
            raise CannotStart(f"no {PROGRAMS}/postgres: run scripts/install-servers")
        if os.geteuid() == 0:
            account = pwd.getpwnam("postgres")
            os.chown(self.folder, account.pw_uid, account.pw_gid)
        made = subprocess.run(self._command("initdb", "-D", self.data, "-U", ADMIN, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync",
                                            "--no-instructions"), cwd=self.folder, capture_output=True, text=True)
        if made.returncode:
            raise CannotStart(f"initdb failed: {made.stderr[-2000:]}")
        settings = [f"--{name}={value}" for name, value in self.settings.items()]
        with self.log.open("wb") as log:
            self._child = subprocess.Popen(self._command("postgres", "-D", self.data, "-k", self.folder, *settings), cwd=self.folder,
                                           stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + 60
        while True:
            try:
                admin = wire.Backend(self.socket, ADMIN, "postgres", {})
                break
            except (OSError, wire.Gone, wire.ServerError) as why:
                if self._child.poll() is not None or time.monotonic() > deadline:
                    raise CannotStart(f"PostgreSQL does not start: {self.log.read_text()[-2000:]}") from why
                time.sleep(0.02)
        admin.rows(f"CREATE DATABASE {DATABASE}")
        admin.close()

    def stop(self):
        if self._child and self._child.poll() is None:
            self._child.send_signal(3)  # SIGQUIT: nothing has to be kept
            self._child.wait(30)
        shutil.rmtree(self.data, ignore_errors=True)

    def connect(self, user, options=None, database=DATABASE):
        return wire.Backend(self.socket, user, database, options or {})

    def _command(self, program, *arguments):
        """As the account postgres where this is root; ends with us, and takes its shared memory along."""
        user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--"] if os.geteuid() == 0 else []
        ending = ["setpriv", "--pdeathsig", "QUIT", "--"] if program == "postgres" else []
        return [*user, *ending, str(PROGRAMS / program), *map(str, arguments)]
