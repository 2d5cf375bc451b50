# SPDX-License-Identifier: Apache-2.0
"""The contract of the command line: help, JSON, exit codes, plain text, and configurations that are
refused before anything is received (fault O12)."""

import json
import os
import pathlib
import pty
import re
import subprocess
import unittest

from console_page import ROOT
from pipeline import PROGRAM, PipelineTest, environment, events

COMMANDS = ("init", "run", "land", "process", "status", "backfill", "reconcile", "verify", "why", "quarantine", "pause", "resume", "gc", "check", "ddl", "convert", "generate", "send", "sample", "preview", "lambda",
            "completion")
VERSION = r"^sluice \d+\.\d+\.\d+ \((avx512|avx2|neon|scalar)\)\n$"


class Help(PipelineTest):
    def test_the_program_lists_every_command_examples_and_exit_codes(self):
        text = self.pipeline.run("--help").stdout
        for command in COMMANDS:
            self.assertRegex(text, rf"(?m)^  {command}\s+\S")
        self.assertIn("Examples:", text)
        self.assertIn("Exit codes: 0 ", text)

    def test_the_configuration_for_two_accounts_can_be_used_as_it_is(self):
        done = subprocess.run([PROGRAM, "--config", ROOT / "examples/aws/sluice.yaml", "check"], capture_output=True, text=True, env=environment(), timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("nothing to complain about", done.stdout)

    def test_every_command_shows_an_example_that_names_it(self):
        text = self.pipeline.run("--help").stdout.split("Subcommands:")[1].split("Examples:")[0]
        listed = re.findall(r"(?m)^  ([a-z]+)\s{2,}\S", text)
        self.assertEqual(sorted(listed), sorted(COMMANDS), "a command has no test here")
        below = re.findall(r"(?m)^  ([a-z]+)\s{2,}\S", self.pipeline.run("quarantine", "--help").stdout.split("Subcommands:")[1].split("Exit code")[0])
        self.assertEqual(below, ["list", "show", "replay", "accept"])
        for command in (*COMMANDS, *(f"quarantine {name}" for name in below)):
            with self.subTest(command=command):
                text = self.pipeline.run(*command.split(), "--help").stdout
                self.assertRegex(text, rf"Examples?:\n(.*\n)*  .*\bsluice\b.* {command}\b")
                self.assertTrue(max(map(len, text.splitlines())) <= 120, "lines too long for a screen")
                self.assertIn("\n\nFlags of every command: --config, --dir, ", text)

    def test_what_answers_3_is_the_same_in_every_help_and_in_the_document(self):
        told = re.search(r"a person should look\s+\((.*?)\)", self.pipeline.run("--help").stdout, re.S).group(1)
        row = re.search(r"(?m)^\| 3 \|.*$", (ROOT / "docs" / "commands.md").read_text()).group(0)
        for text in (told, row.split(":", 1)[1].replace("`", "")):
            always, strict = re.sub(r"\s+", " ", text).split("; with --strict")
            self.assertEqual(sorted(re.findall(r"\b[a-z]+\b", always)),
                             sorted(name for name in COMMANDS if re.search(r"\b3: ", self.pipeline.run(name, "--help").stdout)))
            self.assertEqual(sorted(set(re.findall(r"\b[a-z]+\b", strict)) & set(COMMANDS)),
                             sorted(name for name in COMMANDS if re.search(r"--strict\s+Exit 3 ", self.pipeline.run(name, "--help").stdout)))

    def test_help_and_version_touch_nothing(self):
        before = sorted(self.pipeline.folder.rglob("*"))
        self.assertRegex(self.pipeline.run("--version").stdout, VERSION)
        for command in COMMANDS:
            self.pipeline.run(command, "--help")
        self.assertEqual(sorted(self.pipeline.folder.rglob("*")), before)


class Json(PipelineTest):
    """Keys are for programs that people have written: a missing one breaks them."""

    QUEUE = {"waiting", "in_flight", "dead"}
    LANDED = {"objects", "messages", "events", "enveloped", "bytes", "stored_bytes", "deleted", "delete_failures",
              "lost"}
    PROCESSED = {"objects", "loaded", "loaded_before", "held", "set_aside", "vanished", "superseded", "failed", "failed_keys",
                 "events", "quarantined", "no_route", "dropped", "duplicate_keys", "fast_lines", "messages", "deleted", "foreign",
                 "test_events", "other_events", "folder_markers", "paused", "tables"}
    CONVERTED = {"table", "routed", "quarantined", "coerced", "nulled", "truncated", "unknown_fields"}
    STATUS = {"now", "fresh_to", "is_estimate", "freshness", "concerns", "next", "source", "notifications", "backlog",
              "warehouse_error", "not_known", "paused", "balanced", "objects", "events", "no_route", "dropped", "accepted",
              "events_last_hour", "landed_last_hour", "states", "tables", "hours", "event_hours", "quarantine", "fields", "sample"}
    BACKLOG = {"source_since", "notifications_since", "notifications_expire", "objects", "bytes", "objects_since"}
    LANDED_HOUR = {"hour", "objects", "waiting", "stuck", "events", "loaded", "duplicates", "quarantined", "dropped", "balanced"}
    STATUS_TABLE = {"table", "routed", "loaded", "duplicates", "differing", "quarantined", "rows", "rows_missing"}
    TRUTH = {"seed", "events", "messages", "bytes", "tables", "no_route", "reasons", "late", "reordered", "unusual",
             "repeated", "differing"}
    FILE = {"file", "error", "events", "bytes", "no_route", "dropped", "quarantined", "duplicate_keys", "fast_lines",
            "tables"}
    FILE_TABLE = CONVERTED | {"rows", "parquet_bytes"}

    def assert_keys(self, found, wanted):
        self.assertEqual(set(found), wanted)

    def check_status(self):
        status = self.pipeline.status()
        self.assert_keys(status, self.STATUS)
        self.assert_keys(status["source"], self.QUEUE)
        self.assert_keys(status["notifications"], self.QUEUE)
        self.assert_keys(status["backlog"], self.BACKLOG)
        for hour in status["hours"]:
            self.assert_keys(hour, self.LANDED_HOUR)
        for table in status["tables"]:
            self.assert_keys(table, self.STATUS_TABLE)
        self.assertEqual([table["table"] for table in status["tables"]], ["tracking.events", "tracking.utm"])
        return status

    def test_generate_send_run_and_status(self):
        empty = self.check_status()
        self.assertEqual((empty["events"], empty["sample"], empty["balanced"]), (0, [], True))

        out = self.pipeline.folder / "messages.ndjson"
        truth = self.pipeline.ask("generate", "--events", 1000, "--messages", "--out", out)
        self.assert_keys(truth, self.TRUTH)
        sent = self.pipeline.ask("send", out)
        self.assert_keys(sent, {"messages", "bytes"})
        self.assertEqual(sent["messages"], truth["messages"])

        report = self.pipeline.ask("run", "--once")
        self.assert_keys(report, {"landed", "processed", "failure"})
        self.assert_keys(report["landed"], self.LANDED)
        self.assert_keys(report["processed"], self.PROCESSED)
        for table in report["processed"]["tables"]:
            self.assert_keys(table, self.CONVERTED)
        self.assertEqual(report["landed"]["events"], 1000)
        self.assertEqual(report["processed"]["events"], 1000)
        for command in ("land", "process"):
            self.assert_keys(self.pipeline.ask(command), {"landed", "processed", "failure"})

        status = self.check_status()
        self.assertEqual((status["events"], len(status["sample"])), (1000, 3))
        self.assertEqual(sum(table["quarantined"] for table in status["tables"]) + status["no_route"],
                         report["processed"]["quarantined"])

    def test_sample(self):
        self.pipeline.generate(1000)
        sent = self.pipeline.send()
        out = self.pipeline.folder / "sample.ndjson"
        for count in (1, 2):
            report = self.pipeline.ask("sample", "-n", 10, out)
            self.assert_keys(report, {"messages", "events", "bytes", "most_receives"})
            self.assertEqual((report["messages"], report["events"], report["bytes"]),
                             (10, len(out.read_text().splitlines()), out.stat().st_size))
        self.assertEqual(self.check_status()["source"], {"waiting": sent, "in_flight": 0, "dead": 0})
        self.assertEqual(self.pipeline.ask("sample", "-n", 100000, out)["messages"], sent)
        self.assertEqual(self.pipeline.ask("sample", "-n", 100000, out)["most_receives"], 3)
        elsewhere = self.another_pipeline()  # that has no source, and names this one's
        named = elsewhere.ask("sample", "-n", 10, "--source", f"dir:{self.pipeline.data}", elsewhere.folder / "sample.ndjson")
        self.assertEqual((named["messages"], named["most_receives"]), (10, 4))
        self.assertEqual(len(list(elsewhere.folder.rglob("*"))), 1)
        # What it copied is what landing makes of the same messages.
        self.assertEqual(self.pipeline.ask("land")["landed"]["messages"], sent)
        self.pipeline.run("convert", "--out", "parquet", out)

    def test_preview(self):
        source = self.pipeline.folder / "events.ndjson"
        source.write_bytes(2 * events(10) + b"not json\n")
        before = sorted(self.pipeline.folder.rglob("*"))
        found = self.pipeline.ask("preview", source)
        self.assert_keys(found, {"file", "whole", "events", "bytes", "no_route", "dropped", "duplicate_keys",
                                 "quarantined", "held", "tables", "changes", "changed", "quarantine"})
        self.assertEqual((found["events"], found["bytes"], found["whole"]), (21, source.stat().st_size, True))
        for table in found["tables"]:
            self.assert_keys(table, self.CONVERTED | {"rows", "duplicates", "examples"})
        rows, utm = found["tables"]
        self.assertEqual((rows["rows"], rows["duplicates"], utm["rows"], len(rows["examples"])), (20, 10, 0, 3))
        example = rows["examples"][0]
        self.assert_keys(example, {"line", "duplicate_of", "row"})
        wanted = json.loads(source.read_text().splitlines()[0])
        self.assertEqual({key: example["row"][key] for key in ("request_id", "topic")},
                         {key: wanted[key] for key in ("request_id", "topic")})
        [group] = found["quarantine"]
        self.assert_keys(group, {"table", "reason", "column", "events", "examples"})
        self.assertEqual(group["examples"], [{"line": 21, "at_byte": source.stat().st_size - 9, "length": 8,
                                              "encoding": "utf8", "payload": "not json"}])
        self.assertEqual(found["changes"], [])
        everything = self.pipeline.ask("preview", "--examples", 99, source)["tables"][0]["examples"]
        self.assertEqual([row["duplicate_of"] for row in everything], 10 * [None] + list(range(1, 11)))
        first = self.pipeline.ask("preview", "--limit", 4, "--examples", 0, source)
        self.assertEqual((first["events"], first["whole"], first["tables"][0]["examples"]), (4, False, []))
        with source.open("rb") as file:
            done = subprocess.run(self.pipeline.command("preview", "-"), capture_output=True, text=True, stdin=file,
                                  env=environment(), timeout=300)
        self.assertIn("standard input: 21 events", done.stdout)
        self.assertIn("line 11, a duplicate of line 1", self.pipeline.run("preview", "--examples", 11, source).stdout)
        self.assertEqual(sorted(self.pipeline.folder.rglob("*")), before)

    def test_a_file_of_json_over_several_lines_is_none_of_lines(self):
        source = self.pipeline.folder / "pretty.json"
        source.write_text(json.dumps(json.loads(events(1)), indent=2))
        self.assertIn("each line is read as an event", self.pipeline.run("preview", source).stdout)
        count = len(source.read_text().splitlines())
        self.assertIn(f"{count} of {count} messages hold no JSON object or array", self.pipeline.run("send", source).stderr)
        source.write_bytes(b"[\n" + b",\n".join(events(3).splitlines()) + b"\n]\n")
        self.assertIn("each line is read as an event", self.pipeline.run("preview", source).stdout)
        source.write_bytes(events(2) + b"not json\n" * 2)
        self.assertNotIn("each line is read", self.pipeline.run("preview", source).stdout)
        self.assertNotIn("hold no JSON", self.pipeline.run("send", source).stderr)
        source.write_bytes(b'{"no": "route"}\n')
        self.assertNotIn("each line is read", self.pipeline.run("preview", source).stdout)

    def test_preview_shows_the_first_events_of_each_change(self):
        source = self.pipeline.folder / "events.ndjson"
        source.write_bytes(events(10) + events(3, 10, topic=7, new={"a": 1}))
        lines = source.read_text().splitlines()
        found = self.pipeline.ask("preview", "--examples", 2, source)
        self.assertEqual(found["changes"], [{"table": "events", "change": change, "field": field, "events": 3, "lines": [11, 12]}
                                            for change, field in (("coerced", "topic"), ("unknown", "new"))])
        self.assertEqual(found["changed"], [{"line": n, "encoding": "utf8", "payload": lines[n - 1]} for n in (11, 12)])
        text = self.pipeline.run("preview", "--examples", 1, source).stdout
        self.assertIn(f"\nchanged, or without a column\n  3 events: coerced topic, events\n    line 11: {lines[10]}\n  3 events: unknown new, events\n    line 11, as above\n", text)

    def test_preview_says_what_would_be_held(self):
        source = self.pipeline.folder / "events.ndjson"
        for bad, held in ((9, False), (10, True)):
            source.write_bytes(events(1) + bad * b"{}\n")
            self.assertEqual(self.pipeline.ask("preview", source)["held"], held)
        self.assertIn("would be held", self.pipeline.run("preview", "--strict", source, exit_code=3).stdout)

    def test_counted_messages_are_landed_and_may_be_kept(self):
        self.pipeline.generate(1000)
        sent = self.pipeline.send()
        report = self.pipeline.ask("run", "--keep", "--limit", 3)
        self.assertEqual((report["landed"]["messages"], report["landed"]["deleted"]), (3, 0))
        self.assertEqual(report["processed"]["objects"], 1)
        self.assertEqual(self.check_status()["source"], {"waiting": sent, "in_flight": 0, "dead": 0})
        report = self.pipeline.ask("land", "--limit", 3)["landed"]
        self.assertEqual((report["messages"], report["deleted"], report["objects"]), (3, 3, 1))
        self.assertEqual(self.check_status()["source"]["waiting"], sent - 3)

    def test_generate_never_mixes_events_and_result_on_standard_output(self):
        """With --out - it may refuse --json, or write one JSON document and nothing else."""
        done = subprocess.run(self.pipeline.command("generate", "--events", 3, "--json"), capture_output=True,
                              text=True, env=environment(), timeout=300)
        if done.returncode != 2:
            self.assert_keys(json.loads(done.stdout), self.TRUTH)

    def test_convert(self):
        source = self.pipeline.folder / "events.ndjson"
        source.write_bytes(events(10) + b"not json\n")
        other = self.pipeline.folder / "others.ndjson"
        other.write_bytes(source.read_bytes())
        files = self.pipeline.ask("convert", "--out", self.pipeline.folder / "parquet", source, other)
        self.assertEqual([file["file"] for file in files], [str(source), str(other)])
        for file in files:
            self.assert_keys(file, self.FILE)
            self.assertEqual((file["events"], file["no_route"]), (11, 1))
            for table in file["tables"]:
                self.assert_keys(table, self.FILE_TABLE)

    def test_check(self):
        keys = {"configuration", "problems", "failure", "findings", "tried"}
        self.assert_keys(self.pipeline.ask("check"), keys)
        self.assert_keys(self.pipeline.ask("check", "--connect", exit_code=3), keys)
        # A file has nothing that only a live server could tell; and a probe is never run by accident.
        refused = self.pipeline.ask("check", "--connect", "--probe", exit_code=2)
        self.assertEqual(refused["problems"], ["--probe is for PostgreSQL and Redshift; the warehouse is a DuckDB file"])
        self.pipeline.run("check", "--probe", exit_code=2)
        refused = self.pipeline.ask("check", "--set", "load.thread=2", exit_code=2)
        self.assert_keys(refused, keys)
        self.assertEqual(refused["problems"], ["--set load.thread: unknown key; did you mean 'load.threads'?"])


class ExitCodes(PipelineTest):
    def test_wrong_usage_is_2_says_why_and_touches_nothing(self):
        before = sorted(self.pipeline.folder.rglob("*"))
        for arguments in ([], ["no-such-command"], ["run", "--no-such-flag"], ["run", "--once", "--follow"],
                          ["run", "--limit", "0"], ["land", "--limit", "5", "--follow"], ["process", "--limit", "5"],
                          ["preview"], ["preview", "a", "b"], ["preview", "--limit", "0", "a"],
                          ["convert"], ["send"], ["generate", "--events", "many"], ["sample", "-n", "0"],
                          ["sample", "-n", "100001"], ["sample", "-n", "some"], ["sample", "--json"], ["sample", "a", "b"],
                          ["sample", "--source", "nonsense", "x"], ["sample", "--source", "kinesis:x", "x"],
                          ["generate", "--share-broken", "2"],
                          ["convert", "--compression", "lzo", "x"], ["run", "--set", "no-equals-sign"],
                          ["run", "--set", "load.thread=2"], ["run", "--set", "load.threads=many"],
                          ["run", "--log-level", "loud"]):
            with self.subTest(arguments=arguments):
                self.assert_plain_failure(self.pipeline.run(*arguments, exit_code=2))
        self.assertEqual(sorted(self.pipeline.folder.rglob("*")), before)

    def test_wrong_usage_is_answered_with_the_help_of_the_command_that_was_meant(self):
        accept = ("quarantine", "accept")
        for arguments, why, see in (
                (["pause"], "REASON is required", "pause"), (["why"], "WHAT is required", "why"), (accept, "WHY is required", "quarantine accept"),
                ([*accept, "x", "--objct", "y"], "no such flag: --objct; did you mean '--object'?", "quarantine accept"),
                (["quarantine", "replay", "x"], "'quarantine replay' does not take: x", "quarantine replay"),
                (["quarantine", "lst"], "no such command: lst; did you mean 'list'?", "quarantine"),
                (["quarantine"], "A subcommand is required", "quarantine"),
                (["rum"], "no such command: rum; did you mean 'run'?", ""), (["run", "x"], "'run' does not take: x", "run"),
                (["land", "--init-ledger"], "no such flag: --init-ledger", "land")):
            with self.subTest(arguments):
                self.assertEqual(self.pipeline.run(*arguments, exit_code=2).stderr, f"sluice: {why}\nsee: sluice {see}{' ' if see else ''}--help\n")

    def test_a_wrong_setting_is_answered_with_the_right_one(self):
        done = self.pipeline.run("run", "--set", "load.thread=2", exit_code=2)
        self.assert_plain_failure(done, "--set load.thread", "load.threads")
        done = self.pipeline.run("run", exit_code=2, env=environment(SLUICE_LOAD_THREAD="2"))
        self.assert_plain_failure(done, "SLUICE_LOAD_THREAD", "SLUICE_LOAD_THREADS")

    def test_an_instruction_set_that_is_none_is_2_names_those_there_are_and_touches_nothing(self):
        source = self.pipeline.folder / "events.ndjson"
        source.write_bytes(events(1))
        before = sorted(self.pipeline.folder.rglob("*"))
        for arguments in (["--version"], ["run"], ["land"], ["process"], ["status"], ["check"], ["convert", source], ["preview", source],
                          ["generate"], ["send", source], ["sample"]):
            with self.subTest(arguments=arguments):
                done = self.pipeline.run(*arguments, exit_code=2, env=environment(SLUICE_ISA="mmx"))
                self.assert_plain_failure(done, "no such instruction set", "SLUICE_ISA=mmx", "scalar")
                self.assertEqual(done.stdout, "")
        self.assertEqual(sorted(self.pipeline.folder.rglob("*")), before)

    def test_an_instruction_set_can_be_chosen(self):
        best = self.pipeline.run("--version").stdout
        self.assertEqual(self.pipeline.run("--version", env=environment(SLUICE_ISA="")).stdout, best)
        scalar = environment(SLUICE_ISA="scalar")
        self.assertTrue(self.pipeline.run("--version", env=scalar).stdout.endswith(" (scalar)\n"))
        source = self.pipeline.folder / "events.ndjson"
        source.write_bytes(events(100))
        arguments = ["convert", "--out", self.pipeline.folder / "parquet", source]
        self.assertEqual(self.pipeline.run(*arguments, env=scalar).stdout, self.pipeline.run(*arguments).stdout)

    def test_a_wrong_command_or_flag_is_answered_with_the_nearest(self):
        for arguments, words in ((["rum"], ["no such command: rum", "'run'", "sluice --help"]),
                                 (["nothing-like-it"], ["no such command: nothing-like-it\n"]),
                                 (["run", "--onec"], ["no such flag: --onec", "'--once'", "sluice run --help"]),
                                 (["--confg", "x", "run"], ["no such flag: --confg", "'--config'"]),
                                 (["run", "stray"], ["'run' does not take: stray"]),
                                 (["generate", "--events", "-1"], ["--events", "not a whole number: -1"]),
                                 (["generate", "--share-late", "3"], ["--share-late", "not a share from 0 to 1: 3"])):
            with self.subTest(arguments=arguments):
                self.assert_plain_failure(self.pipeline.run(*arguments, exit_code=2), *words)

    def test_an_empty_file_sends_nothing_and_says_so(self):
        empty = self.pipeline.folder / "empty"
        empty.write_bytes(b"")
        self.assertIn("nothing to send", self.pipeline.run("send", empty).stdout)

    def test_an_empty_source_gives_no_sample_and_says_so(self):
        for _ in range(2):
            self.assertIn("nothing to copy", self.pipeline.run("sample", "sample.ndjson").stdout)
            self.assertIn("nothing to copy", self.pipeline.run("sample").stderr)
            self.assertEqual((self.pipeline.folder / "sample.ndjson").read_text(), "")
            self.assertFalse(self.pipeline.data.exists(), "it made something")

    def test_a_sample_goes_to_standard_output_and_what_is_said_of_it_to_standard_error(self):
        self.pipeline.generate(100)
        sent = self.pipeline.send()
        done = self.pipeline.run("sample", "-n", 1000)
        for line in done.stdout.splitlines():
            json.loads(line)
        self.assertRegex(done.stderr, rf"^copied {sent} messages, \d+ events, .* to standard output; none is deleted, "
                                      r"each counts as received once more \(the highest count: 1\)\n$")
        self.assertEqual(self.pipeline.run("sample", "--quiet", "-").stderr, "")

    def test_a_missing_file_is_1_and_named(self):
        for arguments in (["send", "no-such-file"], ["convert", "no-such-file"], ["preview", "no-such-file"]):
            with self.subTest(arguments=arguments):
                self.assert_plain_failure(self.pipeline.run(*arguments, exit_code=1), "no-such-file",
                                          "No such file or directory")
        self.assert_plain_failure(self.pipeline.run("convert", self.pipeline.folder, exit_code=1), "folder")
        self.assert_plain_failure(
            self.pipeline.run("generate", "--out", "no/such/folder/x", exit_code=1), "no/such/folder/x")
        self.assert_plain_failure(self.pipeline.run("sample", "no/such/folder/x", exit_code=1), "no/such/folder/x")

    def test_a_full_standard_output_is_1(self):
        if not pathlib.Path("/dev/full").exists():
            self.skipTest("no /dev/full")
        self.pipeline.run("status")
        source = self.pipeline.folder / "events.ndjson"
        source.write_bytes(events(10))
        for arguments in (["generate", "--events", "1000"], ["status"], ["status", "--json"], ["run", "--json"], ["check"],
                          ["convert", "--json", "--out", "parquet", source], ["send", "--json", source]):
            with self.subTest(arguments=arguments), open("/dev/full", "w") as full:
                done = subprocess.run(self.pipeline.command(*arguments), stdout=full, stderr=subprocess.PIPE,
                                      text=True, env=environment(), cwd=self.pipeline.folder, timeout=300)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertIn("No space left on device", done.stderr)

    def test_ddl_is_3_when_a_change_takes_a_person(self):
        self.assertEqual(self.pipeline.run("ddl", "--apply").stdout, "-- made the ledger\n-- made table tracking.events\n-- made table tracking.utm\n")
        for flag in ("--diff", "--apply"):
            self.assertEqual(self.pipeline.run("ddl", flag).stdout, "-- nothing differs\n")
        self.pipeline.run("ddl", "--diff", "--apply", exit_code=2)
        # What nobody must mend is told.
        self.pipeline.change_warehouse("ALTER TABLE tracking.events ADD COLUMN theirs DATE", "ALTER TABLE tracking.events ALTER request_id DROP NOT NULL")
        notes = ("-- table events: column request_id is NOT NULL in the DDL only: no load brings a NULL, and others may\n"
                 "-- table events: column theirs DATE is not in the DDL: loads leave NULL in it\n")
        for flag in ("--diff", "--apply"):
            self.assertEqual(self.pipeline.run("ddl", flag).stdout, notes)
        # Of two changes the one that is a statement is done, and the other one explained.
        self.pipeline.change_warehouse("ALTER TABLE tracking.events ALTER topic TYPE INTEGER", "ALTER TABLE tracking.events DROP COLUMN referrer")
        for flag, missing in (("--diff", True), ("--apply", True), ("--diff", False)):
            with self.subTest(flag=flag, missing=missing):
                text = self.pipeline.run("ddl", flag, exit_code=3).stdout
                done, comment, left = ("mended: ", "--   ", "left for a person: ") if flag == "--apply" else ("", "", "")
                self.assertEqual(f'-- {done}table events: column referrer VARCHAR(500) is not there\n{comment}ALTER TABLE wh."tracking"."events" ADD COLUMN "referrer"' in text, missing, text)
                self.assertRegex(text, rf"-- {left}table events: column topic is INTEGER and not VARCHAR\n-- +a type cannot be changed where it stands: with loading paused, .*\n")
        self.assertEqual([step["sql"] for step in self.pipeline.ask("ddl", "--diff", exit_code=3)["steps"]], [None, None, None])

    def test_an_apply_that_is_refused_in_the_middle_says_what_it_did(self):
        self.pipeline.run("ddl", "--apply")
        self.pipeline.change_warehouse("ALTER TABLE tracking.events DROP COLUMN referrer", "ALTER TABLE tracking.utm DROP COLUMN device",
                                       "ALTER TABLE tracking.utm RENAME TO behind", "CREATE VIEW tracking.utm AS SELECT * FROM tracking.behind")
        done = self.pipeline.run("ddl", "--apply", exit_code=1)
        self.assertRegex(done.stdout, r'^-- mended: table events: column referrer VARCHAR\(500\) is not there\n--   ALTER TABLE .*"referrer".*;\n$')
        self.assertIn('"utm" ADD COLUMN "device"', done.stderr)
        self.assertNotIn("referrer", self.pipeline.run("ddl", "--diff").stdout)

    def test_ddl_says_of_redshift_alone_which_queue_loads_want(self):
        target, config = "{host: h, database: d, user: u}", self.pipeline.folder / "warehouse.yaml"
        given = (ROOT / "examples/aws/sluice.yaml").read_text().replace("ddl: ..", f"ddl: {ROOT}/examples")
        queue = {"query_group": ["sluice"], "query_group_wild_card": 0, "query_concurrency": 2}
        for warehouse, told in (f"redshift: {target}\n  copy_role: arn:aws:iam::1:role/a", [queue]), (f"postgres: {target}", []):
            config.write_text(given.replace("duckdb: warehouse.duckdb", warehouse))
            done = subprocess.run([PROGRAM, "--config", config, "ddl"], capture_output=True, text=True, env=environment(), timeout=60)
            self.assertEqual(done.returncode, 0, done.stderr)
            queues = re.findall(r"(?m)^-- workload management: .* query_group to 'sluice'\. .* concurrency 2 and .*\n-- +(\{.*)$", done.stdout)
            self.assertEqual([json.loads(one) for one in queues], told, done.stdout)

    def test_convert_strict_is_3_only_when_something_was_quarantined(self):
        source = self.pipeline.folder / "events.ndjson"
        source.write_bytes(events(10))
        self.pipeline.run("convert", "--strict", "--out", "parquet", source)
        source.write_bytes(events(10) + b"not json\n")
        self.pipeline.run("convert", "--strict", "--out", "parquet", source, exit_code=3)
        self.pipeline.run("convert", "--out", "parquet", source)

    def test_convert_of_a_damaged_file_is_1_and_leaves_no_half_file(self):
        source = self.pipeline.folder / "events.ndjson.gz"
        source.write_bytes(b"\x1f\x8b\x08\x00damaged")
        self.assert_plain_failure(
            self.pipeline.run("convert", "--out", "parquet", source, exit_code=1), "events.ndjson.gz")
        self.assertEqual([path for path in (self.pipeline.folder / "parquet").rglob("*") if path.is_file()], [])

    def test_convert_goes_on_after_a_file_that_it_cannot_convert(self):
        names = {"good.ndjson": events(10), "damaged.gz": b"\x1f\x8b\x08\x00damaged", "last.ndjson": events(5)}
        for name, content in names.items():
            (self.pipeline.folder / name).write_bytes(content)
        arguments = ["convert", "--out", "parquet", "no-such-file", *names]
        done = self.pipeline.run(*arguments, exit_code=1)
        self.assert_plain_failure(done, "no-such-file", "damaged.gz", "2 of 4 files not converted")
        self.assertRegex(done.stdout, r"(?m)^good\.ndjson .*\nlast\.ndjson ")
        self.assertEqual(sorted(path.name for path in (self.pipeline.folder / "parquet").rglob("*.*")),
                         ["good.parquet", "last.parquet"])
        files = self.pipeline.ask(*arguments, exit_code=1)
        self.assertEqual([(file["file"], file["error"] is None, file["events"]) for file in files],
                         [("no-such-file", False, 0), ("good.ndjson", True, 10), ("damaged.gz", False, 0),
                          ("last.ndjson", True, 5)])

    def test_convert_reads_standard_input(self):
        done = subprocess.run(self.pipeline.command("convert", "--json", "--out", "parquet", "-"), input=events(10),
                              capture_output=True, env=environment(), cwd=self.pipeline.folder, timeout=300)
        self.assertEqual((done.returncode, json.loads(done.stdout)[0]["events"]), (0, 10))
        self.assertTrue((self.pipeline.folder / "parquet/events/stdin.parquet").exists())

    def test_a_passed_deadline_is_0_and_leaves_the_messages(self):
        self.pipeline.generate(500)
        sent = self.pipeline.send()
        self.pipeline.run("run", "--deadline", "0.000001")
        self.assertEqual(self.pipeline.status()["source"]["waiting"], sent)

    def test_a_deadline_that_is_none_is_2(self):
        for seconds in ("-1", "nan", "soon", ""):
            with self.subTest(seconds=seconds):
                self.pipeline.run("run", f"--deadline={seconds}", exit_code=2)

    def test_a_deadline_in_a_million_years_is_far_away(self):
        self.pipeline.generate(500)
        self.pipeline.send()
        self.pipeline.run("run", "--deadline", "31557600000000")
        self.assertEqual(self.pipeline.status()["source"]["waiting"], 0)


class PlainText(PipelineTest):
    def test_no_escape_sequence_and_no_progress_bar_where_there_is_no_terminal(self):
        self.pipeline.generate(2000)
        outputs = [self.pipeline.run(*arguments, exit_code=code) for arguments, code in (
            (["send", self.pipeline.folder / "messages.ndjson"], 0), (["run"], 0), (["status"], 0), (["check"], 0),
            (["--help"], 0), (["run", "--help"], 0), (["send", "no-such-file"], 1), (["run", "--nope"], 2))]
        for done in outputs:
            for text in (done.stdout, done.stderr):
                self.assertNotRegex(text, "[\x00-\x08\x0b-\x1f\x7f]", done.args)

    def test_S10_hostile_names_and_bodies_reach_no_terminal_as_they_are(self):
        self.pipeline.put_raw("x.ndjson", events(1))
        self.pipeline.notify("\x1b]0;owned\x07 no notification")
        self.pipeline.notify(self.pipeline.notification("date=2026-11-23/14/a\x1b[31m\nERROR fake.ndjson"))
        self.pipeline.notify(self.pipeline.notification("x", bucket="b\x1b[31m\nERROR fake"))
        self.pipeline.announce("date=2026-11-23/14/x.ndjson")
        for _ in range(2):
            done = subprocess.run(self.pipeline.command("process"), capture_output=True, text=True,
                                  env=environment(), timeout=300)
            for text in (done.stdout, done.stderr):
                self.assertNotIn("\x1b", text)
                self.assertNotRegex(text, "(?m)^ERROR fake")
        self.assertEqual(self.pipeline.query("SELECT count(*) FROM tracking.events"), [(1,)])

    def on_a_terminal(self, *arguments, **changes):
        mine, its = pty.openpty()
        process = subprocess.Popen(self.pipeline.command(*arguments), stdout=its, stderr=its,
                                   stdin=subprocess.DEVNULL, env=environment(TERM="xterm", **changes))
        os.close(its)
        text = b""
        try:
            while chunk := os.read(mine, 65536):
                text += chunk
        except OSError:
            pass  # the terminal is closed
        os.close(mine)
        process.wait(timeout=300)
        return text.decode()

    def test_colours_are_for_terminals_and_NO_COLOR_turns_them_off(self):
        self.pipeline.generate(100)
        self.pipeline.send()
        self.pipeline.run("run")
        self.assertIn("\x1b[", self.on_a_terminal("status"))
        self.assertNotIn("\x1b[", self.on_a_terminal("status", NO_COLOR="1"))


class Configuration(PipelineTest):
    def write(self, text):
        path = self.pipeline.folder / "sluice.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def refused(self, text, command="run"):
        path = self.write(text)
        done = subprocess.run([PROGRAM, "--config", path, command], capture_output=True, text=True,
                              env=environment(), cwd=self.pipeline.folder, timeout=300)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertEqual(sorted(p.name for p in self.pipeline.folder.iterdir()), ["sluice.yaml"], "it made something")
        self.assert_plain_failure(done)
        return done.stderr

    def test_O12_garbage_is_refused_with_its_place(self):
        for text in (b"\xff\xfe\x00garbage", "a: [\n", "\t- x", "just words", "- a\n- list\n", "a: &x [*x]\n",
                     "name: {" * 500, b"name: \x00", "a: b: c: d\n"):
            with self.subTest(text=text[:20]):
                self.assertRegex(self.refused(text), r"sluice\.yaml:\d+:\d+: ")

    def test_O12_an_empty_file_is_refused(self):
        self.assertIn("sluice.yaml:1:1: ", self.refused(""))

    def test_O12_every_problem_is_told_at_once_each_with_line_and_column(self):
        text = self.refused(
            "name: tracking\n"
            "nmae: x\n"
            "source: {dir: d}\n"
            "raw: {url: dir:d/raw, layout: nope}\n"
            "load: {threads: yes, every: 1}\n"
            "tables:\n"
            "  - {ddl: no-such-file.sql, when: any, unique: [request_id]}\n")
        for place, words in (("2:1", "'nmae'; did you mean 'name'?"), ("4:31", "layout"), ("5:17", "load.threads"),
                             ("5:29", "load.every"), ("7:11", "no-such-file.sql")):
            self.assertRegex(text, rf"(?m)sluice\.yaml:{place}: .*{re.escape(words)}")

    def test_O12_a_fault_of_the_DDL_is_told_with_the_files_line_and_column(self):
        ddl = self.pipeline.folder / "t.sql"
        ddl.write_text("CREATE TABLE t (\n  a INTEGER,\n  b GEOMETRY\n)\n")
        path = self.write("name: x\nsource: {dir: d}\ntables:\n  - {ddl: t.sql, when: any, unique: [a]}\n")
        done = subprocess.run([PROGRAM, "--config", path, "check"], capture_output=True, text=True,
                              env=environment(), timeout=300)
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stderr, r"t\.sql:3:5: .*(?i:geometry)")

    def test_a_missing_configuration_is_2_and_named(self):
        done = self.pipeline.run("--config", "no-such.yaml", "run", exit_code=2)
        self.assert_plain_failure(done, "no-such.yaml", "No such file or directory")

    def test_S5_a_secret_is_never_printed(self):
        text = self.refused("name: x\nalert: {webhook: \"env:HOOK\", stale_after: soon}\nnmae: 1\n")
        self.assertNotIn("hunter2", text)
        path = self.write("name: x\nalert: {webhook: \"env:HOOK\", stale_after: soon}\nnmae: 1\n")
        done = subprocess.run([PROGRAM, "--config", path, "check"], capture_output=True, text=True,
                              env=environment(HOOK="https://hooks/hunter2"), timeout=300)
        self.assertNotIn("hunter2", done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
