# SPDX-License-Identifier: Apache-2.0
"""Events in quarantine are tried again after a fix of the DDL or the configuration, or given up."""

import fcntl
import json
import pty
import re
import struct
import subprocess
import termios
import tty
import unittest

from pipeline import HOUR, PROGRAM, PipelineTest, environment

CONFIG = """name: mended
source: {dir: data}
raw: {url: "dir:data/raw"}
parquet: {url: "dir:data/parquet"}
quarantine: {url: "dir:data/quarantine", hold_above: 100%}
warehouse: {duckdb: data/warehouse.duckdb}
tables:
  - {ddl: t.sql, when: {has: id}, unique: [id]OPTIONS}
"""
ANOTHER_TABLE = "  - {ddl: u.sql, when: {has: other}, unique: [other]}\n"
LINES = ('{"id": 1, "word": "a"}\n\n{"id": 2, "word": "longer"}\n{"id": 3, "word": "far too long for it"}\n{"other": 4}\n'
         '{"id": 6, "word": "longer", "count": "x"}\n')

NO_STUCK = {"stuck": 0, "stuck_key": ""}


class Quarantine(PipelineTest):
    def setUp(self):
        super().setUp()
        self.configure(3)
        (self.pipeline.folder / "u.sql").write_text("CREATE TABLE u (other INTEGER NOT NULL)")

    def configure(self, length, options="", more=""):
        (self.pipeline.folder / "t.sql").write_text(f"CREATE TABLE t (id INTEGER NOT NULL, word VARCHAR({length}), count INTEGER)")
        (self.pipeline.folder / "sluice.yaml").write_text(CONFIG.replace("OPTIONS", options) + more)

    def here(self, *arguments, exit_code=0):
        done = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, env=environment(),
                              cwd=self.pipeline.folder, stdin=subprocess.DEVNULL, timeout=300)
        self.assertEqual(done.returncode, exit_code, done.stdout + done.stderr)
        return done.stderr if exit_code in (1, 2) else done.stdout

    def ask(self, *arguments, **options):
        return json.loads(self.here(*arguments, "--json", **options))

    def load(self, name="a.ndjson", content=LINES):
        key = self.pipeline.put_raw(name, content.encode())
        self.here("backfill", "--from", "2026-11-23T14")
        return key

    def ids(self):
        return [row[0] for row in self.pipeline.query("SELECT id FROM t ORDER BY 1")]

    def state(self):
        return self.pipeline.ledger_rows(), self.pipeline.query("SELECT * FROM sluice.quarantine ORDER BY ALL"), self.ids()

    def waiting(self):
        return {(group["table"], group["reason"], group["column"]): group["events"] for group in self.ask("quarantine", "list")["groups"]}

    def test_what_passes_after_a_fix_is_loaded_and_the_rest_stays(self):
        key = self.load()
        self.assertEqual(self.waiting(), {("t", "too_long", "word"): 3, ("*", "no_route", ""): 1})
        self.configure(10, more=ANOTHER_TABLE)
        before = self.state(), self.pipeline.digests("parquet", "raw", "quarantine")
        text = self.here("quarantine", "replay", "--dry-run")
        self.assertIn("2 of 4 events of 1 raw objects would become rows; nothing was changed", text)
        self.assertIn("1 of too_long word t would stay for another reason now: bad_integer count t", text)
        tried = self.ask("quarantine", "replay", "--dry-run", "--reason", "too_long")
        self.assertEqual((tried["dry_run"], tried["events"], tried["passed"]), (True, 3, 1))
        self.assertEqual(tried["groups"], [{
            "table": "t", "reason": "too_long", "column": "word", "events": 3, "passed": 1, "not_tried": [],
            "stay": [{"table": "t", "reason": "bad_integer", "column": "count", "events": 1},
                     {"table": "t", "reason": "too_long", "column": "word", "events": 1}]}])
        self.assertEqual((self.state(), self.pipeline.digests("parquet", "raw", "quarantine")), before)

        text = self.here("quarantine", "replay")
        self.assertIn("2 of 4 events of 1 raw objects left quarantine; the others stay there", text)
        self.assertEqual((self.ids(), self.pipeline.query("SELECT other FROM u")), ([1, 2], [(4,)]))
        self.assertEqual(self.waiting(), {("t", "too_long", "word"): 1, ("t", "bad_integer", "count"): 1})
        self.assertEqual([event["line"] for event in self.ask("quarantine", "show")["events"]], [4, 6])
        status = self.ask("status")
        self.assertTrue(status["balanced"])
        self.assertEqual((status["objects"], status["events"], status["no_route"]), (1, 5, 0))
        self.assertEqual([(table["routed"], table["loaded"], table["quarantined"], table["rows"]) for table in status["tables"]],
                         [(4, 2, 2, 2), (1, 1, 0, 1)])
        # Again: nothing passes that did not before.
        before = self.state()
        self.assertEqual(self.ask("quarantine", "replay")["passed"], 0)
        self.assertEqual(self.state(), before)

        self.configure(30, ", on_bad_value: null", more=ANOTHER_TABLE)
        self.assertEqual(self.ask("quarantine", "replay", "--object", key, "--column", "count")["passed"], 1)
        self.assertEqual(self.ask("quarantine", "replay", "--table", "t", "--since", "1h")["passed"], 1)
        self.assertEqual((self.ids(), self.waiting()), ([1, 2, 3, 6], {}))
        self.assertIn("nothing of that is in quarantine", self.here("quarantine", "replay"))
        self.assertTrue(self.ask("status")["balanced"])
        self.ask("verify", "--from", "2026-11-23")

    def test_why_tells_of_a_replay_and_names_the_commands(self):
        key = self.load()
        self.assertIn(f"4 of its 5 events are in quarantine: sluice quarantine show --object {key} shows them, sluice quarantine replay tries them again",
                      self.ask("why", key)["verdict"])
        self.assertIn(f"sluice quarantine replay --object {key}", self.ask("why", "longer", exit_code=3)["verdict"])
        self.configure(30, ", on_bad_value: null", more=ANOTHER_TABLE)
        self.here("quarantine", "replay")
        story = self.here("why", key)
        self.assertIn("4 of its events left quarantine", story)
        self.assertIn("t: 3 loaded + 0 duplicates", story)
        self.assertNotIn("events are in quarantine", story)
        self.assertIn(f"from line 3 of {key}", self.ask("why", "2")["verdict"])
        self.assertIn("5 events, of which 0 in quarantine", self.here("why", "2026-11-23T14"))

    def test_replace_takes_what_was_replayed_with_it(self):
        self.load()
        self.load("b.ndjson", '{"id": 2, "word": "b"}\n')
        self.configure(10, more=ANOTHER_TABLE)
        self.here("quarantine", "replay")  # id 2 is a duplicate of b's
        self.assertEqual(self.ids(), [1, 2])
        self.configure(3, more=ANOTHER_TABLE)
        self.here("backfill", "--from", "2026-11-23T14", "--replace")
        self.assertEqual((self.ids(), self.pipeline.query("SELECT word FROM t WHERE id = 2")), ([1, 2], [("b",)]))
        self.assertEqual(self.pipeline.query("SELECT other FROM u"), [(4,)])
        self.assertEqual(self.waiting(), {("t", "too_long", "word"): 3})
        self.assertEqual(self.pipeline.query("SELECT count(*) FROM sluice.ledger WHERE replay_of <> 0"), [(0,)])
        self.assertTrue(self.ask("status")["balanced"])
        self.configure(30, ", on_bad_value: null", more=ANOTHER_TABLE)
        self.assertEqual(self.ask("quarantine", "replay")["passed"], 3)
        self.assertEqual((self.ids(), self.waiting()), ([1, 2, 3, 6], {}))
        # What was rows by a replay is rows by a replace.
        self.here("backfill", "--from", "2026-11-23T14", "--replace")
        self.assertEqual((self.ids(), self.waiting()), ([1, 2, 3, 6], {}))
        self.assertEqual(self.pipeline.query("SELECT count(*) FROM sluice.ledger WHERE replay_of <> 0"), [(0,)])
        status = self.ask("status")
        self.assertEqual((status["balanced"], status["events"], status["objects"]), (True, 6, 2))

    def test_without_the_raw_object_it_is_said_and_nothing_is_lost(self):
        key = self.load()
        gone = self.load("b.ndjson", '{"id": 7, "word": "longer"}\n')
        path = self.pipeline.data / "raw" / gone
        content = path.read_bytes()
        self.configure(10, more=ANOTHER_TABLE)
        path.unlink()
        self.assertIn("1 of too_long word t cannot be tried again: its raw object is gone", self.here("quarantine", "replay"))
        path.write_bytes(b'{"id": 8, "word": "other"}\n')
        self.assertIn("was written over", self.here("quarantine", "replay"))
        self.assertEqual(self.ids(), [1, 2])
        path.write_bytes(content)
        self.assertEqual(self.ask("quarantine", "replay", "--object", key)["passed"], 0)
        self.assertEqual(self.ask("quarantine", "replay")["passed"], 1)
        self.assertEqual(self.ids(), [1, 2, 7])

    def test_what_is_accepted_is_kept_with_its_reason_and_not_tried_again(self):
        key = self.load()
        self.assertIn("say which events", self.here("quarantine", "accept", "x", exit_code=2))
        self.here("quarantine", "accept", "", "--table", "t", exit_code=2)
        text = self.here("quarantine", "accept", "it's a test", "--reason", "too_long", "--object", key)
        self.assertIn("accepted: 3 events", text)
        self.assertEqual(self.waiting(), {("*", "no_route", ""): 1})
        accepted = self.ask("quarantine", "show", "--accepted")["events"]
        self.assertEqual([(event["line"], event["accepted"]) for event in accepted], [(3, "it's a test"), (4, "it's a test"), (6, "it's a test")])
        self.assertIn("given up: it's a test", self.here("quarantine", "list", "--accepted"))
        self.assertEqual(self.ask("status")["accepted"], 3)
        self.assertIn("3 of those in quarantine", self.here("status"))
        story = self.here("why", key)
        self.assertIn("3 quarantined events given up, too_long in column word: it's a test", story)
        self.assertIn("1 of its 5 events are in quarantine", story)
        self.assertIn("given up: it's a test", self.ask("why", "longer")["verdict"])
        self.configure(30, ", on_bad_value: null", more=ANOTHER_TABLE)
        self.assertEqual(self.ask("quarantine", "replay")["passed"], 1)
        self.assertEqual(self.ids(), [1])
        self.assertEqual(self.ask("quarantine", "accept", "again", "--since", "1h"), {"accepted": 0, "keeps_old": False, "released": None, **NO_STUCK})

    def test_an_object_that_is_held_is_loaded_when_that_is_accepted(self):
        lines = '{"id": 1}\n' + "".join(f'{{"id": {i}, "word": "longer"}}\n' for i in range(2, 20))
        key = self.pipeline.put_raw("a.ndjson", lines.encode())
        held = ("--set", "quarantine.hold_above=20%")
        self.here("backfill", "--from", "2026-11-23T14", *held)
        self.assertEqual(self.ids(), [])
        self.assertIn(f"or sluice quarantine accept WHY --object {key}", self.ask("why", key, exit_code=3)["verdict"])
        replayed = self.ask("quarantine", "replay", exit_code=3)
        self.assertEqual((replayed["events"], replayed["stuck"], replayed["stuck_key"]), (0, 18, key))
        # Held as a whole; and not the version that is held any more.
        self.assertIn("as a whole", self.here("quarantine", "accept", "x", "--object", key, "--reason", "too_long", exit_code=2))
        self.pipeline.put_raw("a.ndjson", b'{"id": 7}\n')
        self.assertIn("another version is stored now", self.here("quarantine", "accept", "x", "--object", key, exit_code=1))
        self.assertEqual(self.ids(), [])
        self.pipeline.put_raw("a.ndjson", lines.encode())
        done = self.ask("quarantine", "accept", "the producer knows", "--object", key, *held)
        self.assertEqual(done, {"accepted": 0, "keeps_old": False, "released": {"events": 19, "quarantined": 18}, **NO_STUCK})
        self.assertEqual((self.ids(), sum(self.waiting().values())), ([1], 18))
        self.assertIn("accepted: the producer knows", self.here("why", key))
        self.assertEqual(self.ask("quarantine", "accept", "and these too", "--object", key)["accepted"], 18)

    def test_an_object_may_be_named_by_its_address(self):
        key = self.load()
        other = self.load("b.ndjson", '{"id": "x"}\n')
        address = f"file://{self.pipeline.data}/raw/{key}"
        self.assertEqual(sum(group["events"] for group in self.ask("quarantine", "list", "--object", address)["groups"]), 4)
        self.assertEqual({event["raw_key"] for event in self.ask("quarantine", "show", "--object", address)["events"]}, {key})
        self.assertEqual(self.ask("quarantine", "replay", "--object", address)["events"], 4)
        self.assertEqual(self.ask("quarantine", "accept", "x", "--object", address)["accepted"], 4)
        self.assertEqual({event["raw_key"] for event in self.ask("quarantine", "show")["events"]}, {other})
        for path in (f"data/raw/{other}", f"{self.pipeline.data}/raw/{other}"):
            self.assertEqual(self.ask("quarantine", "list", "--object", path)["groups"][0]["events"], 1, path)
        for command in (("list",), ("show",), ("replay",), ("accept", "x")):
            self.assertEqual(self.here("quarantine", *command, "--object", f"s3://raw/{key}", exit_code=2),
                             f"sluice: --object s3://raw/{key}: not in the raw store, which is file://{self.pipeline.data}/raw/\n")

    def test_an_object_that_is_accepted_is_loaded_and_its_events_are_given_up_by_a_second_accept(self):
        key = self.pipeline.put_raw("a.ndjson", b"not json\n" * 20)
        self.here("backfill", "--from", "2026-11-23T14", "--set", "quarantine.hold_above=20%")
        accept = ("quarantine", "accept", "x", "--object", key)
        self.assertEqual(self.here(*accept), "accepted: the object is loaded now, 20 of its 20 events are in quarantine: a second accept of the object gives these up\n")
        self.assertIn("accepted: 20 events; ", self.here(*accept))
        key = self.pipeline.put_raw("b.ndjson", b'{"id": 7, "word": "longer"}\n' * 20)
        self.here("backfill", "--from", "2026-11-23T14", "--set", "quarantine.hold_above=20%")
        self.configure(10)
        self.assertEqual(self.here("quarantine", "accept", "x", "--object", key), "accepted: the object is loaded now, 0 of its 20 events are in quarantine\n")

    def list_on_a_terminal(self, columns, *arguments):
        """The table that it prints there."""
        ours, its = pty.openpty()
        fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        tty.setraw(its)
        with open(ours, "rb", buffering=0) as terminal:
            with open(its, "wb", buffering=0) as out:
                subprocess.run([PROGRAM, "quarantine", "list", *arguments], stdout=out, env=environment(), cwd=self.pipeline.folder,
                               stdin=subprocess.DEVNULL, check=True, timeout=300)
                out.write(b"\x04")
            text = b""
            while b"\x04" not in text:
                text += terminal.read(1 << 16)
        return text.decode().split("\n\n")[0].splitlines()

    def test_a_list_is_as_wide_as_the_terminal_and_100_columns_where_there_is_none(self):
        name = "word_" + "é" * 60
        (self.pipeline.folder / "t.sql").write_text(f'CREATE TABLE t (id INTEGER NOT NULL, "{name}" VARCHAR(3))')
        self.load("a.ndjson", json.dumps({"id": 1, name: "longer"}) + "\n")
        for by in ((), ("--by", "hour")):
            with self.subTest(by):
                plain = self.here("quarantine", "list", *by).split("\n\n")[0].splitlines()
                self.assertRegex(plain[1], "^t +too_long +word_é+…  ")
                self.assertEqual([len(plain[0]), len(self.list_on_a_terminal(96, *by)[1])], [100, 96])
                wide = self.list_on_a_terminal(300, *by)
                self.assertIn(f" {name} ", wide[1])
                self.assertEqual(len(wide[0]), len(wide[1]))
        self.assertRegex(wide[1], r" \d{4}-\d\d-\d\d \d\d:00 .* \d\d:\d\d:\d\d  \d\d:\d\d:\d\d$")

    def test_events_of_an_object_that_is_held_say_so_and_what_loads_them(self):
        held = ("--set", "quarantine.hold_above=20%")
        key = self.pipeline.put_raw("a.ndjson", ('{"id": 1}\n' + "".join(f'{{"id": {i}, "word": "longer"}}\n' for i in range(2, 20))).encode())
        self.here("backfill", "--from", "2026-11-23T14", *held)
        group, = self.ask("quarantine", "list")["groups"]
        self.assertEqual((group["events"], group["stuck"], group["example"]["stuck"]), (18, 18, "held"))
        text = self.here("quarantine", "list")
        self.assertIn("18 of too_long word t are of raw objects that are held or set aside\n", text)
        self.assertIn(f"  its raw object is held: sluice why {key}\n", text)
        self.assertEqual(self.here("quarantine", "show").count(f"  its raw object is held: sluice why {key}\n"), 18)
        for command in (("replay",), ("replay", "--dry-run"), ("accept", "x", "--reason", "too_long"), ("accept", "x", "--since", "1h")):
            self.assertEqual(self.here("quarantine", *command, exit_code=3),
                             f"18 events are of raw objects that are held or set aside, as {key}: these load as a whole\n"
                             f"mend what sluice why {key} says, then sluice backfill --from 2026-11-23T14\n")
            self.assertEqual(self.ask("quarantine", *command, exit_code=3)["stuck"], 18)
        for command in (("replay",), ("accept", "x")):
            self.assertIn("nothing of that is in quarantine", self.here("quarantine", *command, "--reason", "no_route"))
        # Beside one that is loaded: its event is tried, or given up, and the others are told of.
        self.pipeline.put_raw("b.ndjson", b'{"id": 20, "word": "longer"}\n' + b"".join(b'{"id": %d}\n' % i for i in range(21, 41)))
        self.here("backfill", "--from", "2026-11-23T14", *held)
        self.assertRegex(self.here("quarantine", "replay"), "0 of 1 events of 1 raw objects left quarantine; the others stay there\n18 events are of")
        self.assertRegex(self.here("quarantine", "accept", "x", "--reason", "too_long"), "^accepted: 1 events; .*\n18 events are of raw objects")
        # What `why` advises works: of the event that is to blame as of its object.
        story = self.ask("why", "19", exit_code=3)
        self.assertEqual(story["state"], "held")
        self.assertRegex(story["verdict"], "^not loaded, and an event in quarantine has this value somewhere: too_long in column word; its raw object "
                                           f"{key}: not loaded, because it is held: .*; or sluice quarantine accept WHY --object {key}$")
        self.configure(10)
        advice, = re.findall(r"then sluice (backfill --from \S+);", story["verdict"])
        self.here(*advice.split(), *held)
        self.assertEqual(self.ask("why", "19")["state"], "loaded")
        self.assertEqual((self.ids(), self.waiting()), ([*range(1, 20), *range(21, 41)], {}))

    def test_an_object_that_is_set_aside_is_no_replays_either(self):
        key = self.pipeline.put_raw("a.ndjson.zst", b"\x28\xb5\x2f\xfd damaged")
        self.here("backfill", "--from", "2026-11-23T14")
        self.assertEqual([event["stuck"] for event in self.ask("quarantine", "show")["events"]], ["set_aside"])
        self.assertIn(f"  its raw object is set aside: sluice why {key}\n", self.here("quarantine", "show"))
        self.assertEqual(self.ask("quarantine", "replay", exit_code=3)["stuck_key"], key)
        self.assertEqual(self.ask("quarantine", "accept", "x", "--object", key, exit_code=3)["stuck_key"], key)

    def test_an_object_that_was_overwritten_is_left_when_that_is_accepted(self):
        key = self.load("a.ndjson", '{"id": 1, "word": "old"}\n')
        self.pipeline.announce(self.pipeline.put_raw("a.ndjson", b'{"id": 1, "word": "new"}\n{"id": 2}\n'))
        self.here("process")
        self.assertEqual(self.ask("status")["states"]["held"]["objects"], 1)
        self.assertEqual(self.ask("quarantine", "accept", "a mistake", "--object", key),
                         {"accepted": 0, "keeps_old": True, "released": None, **NO_STUCK})
        self.assertNotIn("held", self.ask("status")["states"])
        self.here("backfill", "--from", "2026-11-23T14")
        self.assertEqual(self.pipeline.query("SELECT id, word FROM t"), [(1, "old")])
        self.assertIn("a mistake", self.here("why", key))

    def test_a_held_version_beside_one_that_loaded_is_told_of_and_given_up(self):
        key = self.pipeline.put_raw("a.ndjson", "".join(f'{{"id": {i}, "word": "longer"}}\n' for i in range(10)).encode())
        self.here("backfill", "--from", "2026-11-23T14", "--set", "quarantine.hold_above=20%")
        self.assertIn(f"sluice why {key}", self.here("status"))
        self.pipeline.put_raw("a.ndjson", b'{"id": 1, "word": "new"}\n{"id": 2, "word": "longer"}\n')
        self.here("backfill", "--from", "2026-11-23T14")
        self.assertEqual(self.ids(), [1])
        self.assertIn(f"sluice why {key}", self.here("status"))
        story = self.ask("why", key, exit_code=3)
        self.assertEqual(story["state"], "loaded")
        self.assertRegex(story["verdict"], f"another version of it is held: .*sluice quarantine accept WHY --object {key} gives up the one that is not loaded")
        # Some of the loaded one's events, then the version that is held.
        self.assertEqual(self.ask("quarantine", "accept", "too long", "--object", key, "--reason", "too_long")["accepted"], 1)
        self.assertTrue(self.ask("quarantine", "accept", "it was written over", "--object", key)["keeps_old"])
        self.assertNotIn("held", self.here("status"))
        self.assertEqual(self.ask("why", key)["state"], "loaded")
        self.assertEqual((self.ids(), self.waiting()), ([1], {}))

    def test_what_there_cannot_be_is_wrong_usage(self):
        self.load("a.ndjson", '{"id": "x"}\n')
        for command in (("list",), ("show",), ("replay",), ("accept", "x")):
            self.assertIn("it is one of: not_json", self.here("quarantine", *command, "--reason", "mistyped", exit_code=2))
            for table in "mistyped", "there.mistyped":
                self.assertIn(f"--table {table}: there is no such table", self.here("quarantine", *command, "--table", table, exit_code=2))
            self.assertIn("--since: not a duration: '7'; write 30s, 5m, 1h30m or 7d", self.here("quarantine", *command, "--since", "7", exit_code=2))
            self.assertIn("nothing of that", self.here("quarantine", *command, "--reason", "too_long"))

    def test_a_table_may_have_a_dot_in_its_name(self):
        (self.pipeline.folder / "u.sql").write_text('CREATE TABLE s."x.y" (other INTEGER NOT NULL)')
        self.configure(3, more=ANOTHER_TABLE)
        self.load("a.ndjson", '{"other": "no number"}\n')
        for table in "x.y", "s.x.y":
            self.assertEqual([group["table"] for group in self.ask("quarantine", "list", "--table", table)["groups"]], ["x.y"])
        for command in (("list",), ("show",), ("replay",), ("accept", "x")):
            for table in "y", "z.y":
                self.assertIn(f"--table {table}: there is no such table; the configuration has", self.here("quarantine", *command, "--table", table, exit_code=2))

    def test_what_the_limit_cuts_off_is_told(self):
        self.load("a.ndjson", '{"id": "x"}\n{"id": 1, "word": "longer"}\n')
        for command in ("list", "show"):
            self.assertIn("the first 1: --limit shows more", self.here("quarantine", command, "--limit", "1"))
            self.assertNotIn("--limit", self.here("quarantine", command, "--limit", "2"))
            self.assertEqual([self.ask("quarantine", command, "--limit", n)["more"] for n in ("1", "2")], [True, False])


if __name__ == "__main__":
    unittest.main()
