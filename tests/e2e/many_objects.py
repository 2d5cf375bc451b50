# SPDX-License-Identifier: Apache-2.0
"""A store of very many raw objects, and a command's peak memory in it.

Half of the objects are loaded, of the other half nobody was told. All hold the same two lines, an event and one that no
table takes, so that a million of them are a few files with many names; and what the ledger says of them is copied in it
from one that was loaded.
"""

import datetime
import json
import os
import subprocess
import sys
import time

from pipeline import PipelineTest, environment, events

NAMES_OF_A_FILE = 50_000  # ext4 allows 65,000
FOLDER = "date=%Y-%m-%d/%H/"

# What a process may hold, whatever the number of objects.
BOUND = 300 << 20
SHOWN = "SLUICE_MANY_OBJECTS_SHOWN" in os.environ  # time and memory of each command: docs/performance.md

# In a small process, because a child's peak counts from its fork: this one's would be the test's own.
RUN_AND_MEASURE = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:]).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN)
sys.stderr.write(f"\\n{used.ru_utime + used.ru_stime}\\n{used.ru_maxrss}")
sys.exit(code)
"""


def is_sanitized():
    """A sanitizer's own memory is no concern of ours."""
    with open(os.environ["SLUICE_PROGRAM"], "rb") as program:
        return b"__asan_init" in (text := program.read()) or b"__tsan_init" in text


class ManyObjectsTest(PipelineTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sanitized = is_sanitized()

    def setUp(self):
        super().setUp()
        self.moment = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=5)

    def folder(self, back):
        """Of the hour so many before the newest."""
        return (self.moment - datetime.timedelta(hours=back)).strftime(FOLDER)

    def spelt_hour(self):
        return self.moment.strftime("%Y-%m-%dT%H")

    def link(self, store, keys, content):
        """All keys are one content, of that age."""
        made = None
        for i, key in enumerate(keys):
            if i % NAMES_OF_A_FILE == 0:
                path = self.pipeline.folder / f"content-{len(list(self.pipeline.folder.iterdir()))}"
                path.write_bytes(content)
                os.utime(path, (self.moment.timestamp(),) * 2)
            name = self.pipeline.data / store / key
            if name.parent != made:
                made = name.parent
                made.mkdir(parents=True, exist_ok=True)
            os.link(path, name)

    def fill(self, objects, in_an_hour, orphans=False):
        """The first half is loaded. With orphans each of these has a Parquet object of another revision too."""
        loaded = objects // 2
        content = events(1) + b'{"no": "route"}\n'
        self.link("raw", (f"{self.folder(0)}{i:07}.ndjson" for i in range(2)), content)
        parquet = self.pipeline.data / "parquet" / self.folder(0) / "events"
        orphan = None
        if orphans:
            self.pipeline.run("backfill", "--quiet", "--from", self.spelt_hour(), "--set", "parquet.compression=zstd")
            orphan, = parquet.glob("0000001-*")
            os.utime(orphan, (0, 0))
        self.pipeline.run("backfill", "--quiet", "--from", self.spelt_hour(), "--replace")
        named, = set(parquet.glob("0000001-*")) - {orphan}
        self.link("raw", (f"{self.folder(i // in_an_hour)}{i:07}.ndjson" for i in range(2, objects)), content)
        for path in (named, orphan) if orphans else (named,):
            self.link("parquet", (f"{self.folder(i // in_an_hour)}events/{i:07}{path.name[7:]}" for i in range(2, loaded)), path.read_bytes())
        (kept,), = self.pipeline.query("SELECT parquet FROM sluice.ledger WHERE table_name = '*' AND raw_key LIKE '%/0000001.ndjson'")
        self.link("quarantine", (f"{self.folder(i // in_an_hour)}{kept.rsplit('/', 1)[1].replace('0000001', f'{i:07}', 1)}" for i in range(2, loaded)),
                  (self.pipeline.data / "quarantine" / kept).read_bytes())
        self.copy_in_the_ledger(loaded, in_an_hour)

    def copy_in_the_ledger(self, loaded, in_an_hour):
        copies = f"range(2, {loaded}) AS copy(i)"
        folder = f"strftime(TIMESTAMP '{self.moment:%Y-%m-%d %H:00:00}' - to_hours(i // {in_an_hour}), '{FOLDER}')"
        columns = [row[0] for row in self.pipeline.query("DESCRIBE sluice.ledger")]
        changed = {"object": "object + i - 1"} | {
            column: f"replace(replace({column}, '0000001', format('{{:07}}', i)), '{self.folder(0)}', {folder})"
            for column in ("object_identity", "raw_key", "parquet")}
        of_it = "object = (SELECT object FROM sluice.ledger WHERE raw_key LIKE '%/0000001.ndjson' LIMIT 1)"
        self.pipeline.change_warehouse(
            *(f"INSERT INTO sluice.{table} SELECT {table}.* REPLACE (object + i - 1 AS object) FROM sluice.{table}, {copies} WHERE {of_it}"
              for table in ("quarantine", "duplicates")),
            f"INSERT INTO sluice.ledger SELECT {', '.join(changed.get(column, column) for column in columns)} FROM sluice.ledger, {copies} WHERE {of_it}")

    def measured(self, *arguments, exit_code=0, env=None):
        """What a command prints as JSON. Its peak memory must be bounded."""
        begun = time.monotonic()
        done = subprocess.run([sys.executable, "-S", "-c", RUN_AND_MEASURE, *self.pipeline.command(*arguments, "--json")], capture_output=True,
                              text=True, stdin=subprocess.DEVNULL, env=env or environment(), cwd=self.pipeline.folder)
        self.assertEqual(done.returncode, exit_code, f"{arguments}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
        _, used, peak = done.stderr.rsplit("\n", 2)
        if SHOWN:
            print(f"{' '.join(arguments):50} {time.monotonic() - begun:6.1f} s {float(used):6.1f} s CPU {int(peak) >> 10:5} MiB", flush=True)
        if not self.sanitized:
            self.assertLess(int(peak) << 10, BOUND, arguments)
        return json.loads(done.stdout)
