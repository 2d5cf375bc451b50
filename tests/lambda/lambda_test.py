# SPDX-License-Identifier: Apache-2.0
"""The function's process against the stand-in for AWS Lambda (standin.py), with folders as raw store."""
import collections
import json
import os
import pathlib
import shlex
import shutil
import tempfile
import unittest

import events
import standin

PROGRAM = shlex.split(os.environ["SLUICE_BOOTSTRAP"])
CONFIG = """\
name: tracking
raw:
  url: dir:raw
  compression: none
# Of these the function needs nothing, and they are not there:
tables: [{ddl: no-such-file.sql}]
alert: {webhook: "env:NO_SUCH_VARIABLE"}
"""


def environment(**changes):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SLUICE_", "AWS_"))}
    return kept | {"SLUICE_CONFIG": "sluice.yaml"} | changes


def bodies(count, first=0, size=40):
    return [json.dumps({"n": i, "text": "x" * size}) for i in range(first, first + count)]


class FunctionTest(unittest.TestCase):
    maxDiff = 4000

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sluice-lambda-")).resolve()
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.raw = self.folder / "raw"
        (self.folder / "sluice.yaml").write_text(CONFIG)

    def function(self, **changes):
        function = self.enterContext(standin.Function(PROGRAM, environment(**changes), self.folder))
        self.addCleanup(lambda: self.assert_no_report(function))
        return function

    def assert_no_report(self, function):
        for sign in ("Sanitizer", "runtime error", "terminate called"):
            self.assertNotIn(sign, function.log())

    def raw_objects(self):
        return sorted(path for path in self.raw.rglob("*.ndjson*") if path.is_file()) if self.raw.is_dir() else []

    def lines(self):
        """How often each line is in the raw store. Every object in it ends with a whole line."""
        found = collections.Counter()
        for path in self.raw_objects():
            text = path.read_text()
            self.assertTrue(text.endswith("\n"), path)
            found.update(text.splitlines())
        return found

    def assert_answer(self, outcome, *failed):
        self.assertEqual((outcome.kind, outcome.body), ("response", events.failures(*failed)))


class LandingTest(FunctionTest):
    def test_messages_of_sqs_become_one_raw_object(self):
        sent = bodies(250)
        self.assert_answer(self.function().invoke(events.sqs(*sent)))
        self.assertEqual(len(self.raw_objects()), 1)
        self.assertEqual(self.lines(), collections.Counter(sent))

    def test_records_of_kinesis_become_lines_in_their_order(self):
        sent = bodies(250)
        self.assert_answer(self.function().invoke(events.kinesis(*(body.encode() for body in sent))))
        self.assertEqual(self.raw_objects()[0].read_text().splitlines(), sent)

    def test_a_message_may_hold_many_events_or_none(self):
        many = json.dumps({"Records": [json.loads(body) for body in bodies(3)]})
        self.assert_answer(self.function().invoke(events.sqs(many, "no event", ids=["a", "b"])))
        lines = list(self.lines())
        self.assertEqual(lines[:3], bodies(3))
        self.assertEqual(json.loads(lines[3])["sluice_raw"]["id"], "b")

    def test_several_raw_objects_never_split_a_message(self):
        many = [json.dumps({"Records": [json.loads(body) for body in bodies(20, first=20 * i)]}) for i in range(60)]
        self.assert_answer(self.function(SLUICE_RAW_CLOSE_AT_SIZE="4KiB").invoke(events.sqs(*many)))
        self.assertGreater(len(self.raw_objects()), 3)
        self.assertEqual(self.lines(), collections.Counter(bodies(60 * 20)))
        for path in self.raw_objects():
            self.assertEqual(len(path.read_text().splitlines()) % 20, 0)

    def test_an_empty_batch_is_done(self):
        self.assert_answer(self.function().invoke({"Records": []}))
        self.assertEqual(self.raw_objects(), [])

    def test_the_environment_overrules_the_file(self):
        self.assert_answer(self.function(SLUICE_RAW_COMPRESSION="gzip").invoke(events.sqs("{}")))
        self.assertTrue(self.raw_objects()[0].name.endswith(".ndjson.gz"))

    def test_a_batch_of_six_megabytes(self):
        sent = bodies(90, size=60_000)
        self.assert_answer(self.function().invoke(events.sqs(*sent)))
        self.assertEqual(self.lines(), collections.Counter(sent))


class FailureTest(FunctionTest):
    def assert_all_failed(self, outcome, why):
        self.assertEqual((outcome.kind, outcome.error_type), ("error", "Runtime.CannotLand"))
        self.assertIn(why, outcome.body["errorMessage"].lower())

    def test_a_store_that_is_not_there_fails_every_message_until_it_is(self):
        function = self.function()
        self.assert_answer(function.invoke(events.sqs("{}")))
        shutil.rmtree(self.raw)
        self.raw.write_text("a file stands in its place")
        batch = events.sqs(*bodies(30))
        self.assert_all_failed(function.invoke(batch), "cannot make folder")
        self.raw.unlink()
        self.assert_answer(function.invoke(batch))
        self.assertEqual(self.lines(), collections.Counter(bodies(30)))
        self.assertEqual(function.processes, 1)

    # The third operation on the store begins the second object, the fourth commits it.
    def test_what_was_committed_before_a_failure_is_done_and_nothing_else(self):
        for plan in "fail-before:3", "fail-before:4", "fail-after:4":
            with self.subTest(plan):
                shutil.rmtree(self.raw, ignore_errors=True)
                function = self.function(SLUICE_FAULT=plan, SLUICE_RAW_CLOSE_AT_SIZE="2KiB")
                sent = bodies(120)
                names = [f"message-{i:03}" for i in range(120)]
                outcome = function.invoke(events.sqs(*sent, ids=names))
                first = collections.Counter(self.raw_objects()[0].read_text().splitlines())
                self.assertTrue(0 < len(first) < 120)
                landed = {sent.index(line) for line in first}
                self.assert_answer(outcome, *(name for i, name in enumerate(names) if i not in landed))
                # Only an object whose reply was lost is there without being done with.
                self.assertEqual(len(self.raw_objects()), 2 if plan == "fail-after:4" else 1)

    def test_of_kinesis_the_first_record_that_failed_is_named_alone(self):
        function = self.function(SLUICE_FAULT="fail-before:4", SLUICE_RAW_CLOSE_AT_SIZE="2KiB")
        sent = bodies(120)
        batch = events.kinesis(*(body.encode() for body in sent))
        outcome = function.invoke(batch)
        landed = self.raw_objects()[0].read_text().splitlines()
        self.assertEqual(landed, sent[:len(landed)])
        self.assert_answer(outcome, events.ids(batch)[len(landed)])

    def test_without_time_nothing_is_begun_and_everything_fails(self):
        batch = events.sqs(*bodies(20), ids=[f"m{i:02}" for i in range(20)])
        function = self.function()
        self.assert_all_failed(function.invoke(batch, told_ms=200), "too little time")
        self.assertEqual(self.raw_objects(), [])
        self.assert_answer(function.invoke(batch))
        self.assertEqual(self.lines(), collections.Counter(bodies(20)))

    def test_an_event_that_is_not_understood_fails_as_a_whole(self):
        good = events.sqs("{}")["Records"]
        odd = {
            "not JSON": b"{",
            "nothing": b"",
            "no records": {"detail-type": "Scheduled Event"},
            "records that are no list": {"Records": {}},
            "a record that is no object": {"Records": [*good, 7]},
            "another service": {"Records": [{"eventSource": "aws:s3", "s3": {}}]},
            "no service": {"Records": [{"messageId": "m", "body": "{}"}]},
            "several services": {"Records": [*good, *events.kinesis(b"{}")["Records"]]},
            "a message without a body": {"Records": [*good, {**good[0], "body": None}]},
            "a message without an id": {"Records": [*good, {**good[0], "messageId": ""}]},
            "a record that is not base64": {"Records": [{"eventSource": "aws:kinesis", "eventID": "s:1", "kinesis": {"sequenceNumber": "1", "data": "{}"}}]},
            "a sequence number that is none": events.kinesis(b"{}", numbers=["x"]),
        }
        function = self.function()
        for what, event in odd.items():
            with self.subTest(what):
                outcome = function.invoke(event)
                self.assertEqual((outcome.kind, outcome.error_type), ("error", "Runtime.UnknownEvent"))
                self.assertEqual(outcome.body["errorType"], "Runtime.UnknownEvent")
                self.assertIn("event source mappings", outcome.body["errorMessage"])
        self.assertEqual(self.raw_objects(), [])
        self.assert_answer(function.invoke({"Records": good}))
        self.assertEqual(function.processes, 1)


class LifeTest(FunctionTest):
    def test_one_invocation_leaves_nothing_to_the_next(self):
        function = self.function(SLUICE_FAULT="fail-before:1")
        self.assertEqual(function.invoke(events.sqs("{\"a\":1}")).kind, "error")
        self.assert_answer(function.invoke(events.sqs("{\"b\":1}", ids=["two"])))
        self.assertEqual(self.lines(), {"{\"b\":1}": 1})
        self.assertEqual(function.processes, 1)

    def test_o1_a_frozen_process_goes_on_where_it_was(self):
        function = self.function()
        for n in range(3):
            self.assert_answer(function.invoke(events.sqs(f"{{\"n\":{n}}}")))
            function.wait_until_frozen()
        self.assertEqual(function.processes, 1)
        self.assertEqual(sum(self.lines().values()), 3)

    def test_o1_a_process_that_dies_leaves_a_whole_object_or_none(self):
        for plan, left in ("kill-before:2", 0), ("kill-after:2", 1):
            with self.subTest(plan):
                shutil.rmtree(self.raw, ignore_errors=True)
                outcome = self.function(SLUICE_FAULT=plan).invoke(events.sqs(*bodies(5)))
                self.assertEqual((outcome.kind, outcome.body), ("crash", -9))
                self.assertEqual(self.lines(), collections.Counter(bodies(5) * left))

    def test_o2_a_batch_that_comes_again_lands_again(self):
        function, batch = self.function(), events.sqs(*bodies(5))
        for _ in range(2):
            self.assert_answer(function.invoke(batch))
        self.assertEqual(self.lines(), collections.Counter(bodies(5) * 2))

    def test_an_answer_that_came_too_late_ends_nothing(self):
        function = self.function()
        function.statuses.extend([None, 400])
        function.begin(events.sqs("{}"))
        function.wait_until(lambda: len(function.requests) == 3, "it asks for the next one")
        self.assertIn("came too late", function.log())
        self.assertEqual([request.rsplit("/", 1)[1] for request in function.requests], ["next", "response", "next"])

    def test_a_runtime_api_that_fails_ends_the_process(self):
        for statuses in [500], [403], [None, 500]:
            with self.subTest(statuses):
                function = self.function()
                function.statuses.extend(statuses)
                outcome = function.invoke(events.sqs("{}"))
                self.assertEqual((outcome.kind, outcome.body), ("crash", 1))
                self.assertIn(f"status={statuses[-1]}", function.log())

    def test_a_process_that_lambda_did_not_start_says_so(self):
        function = standin.subprocess.run(PROGRAM, env=environment(), cwd=self.folder, capture_output=True, text=True,
                                          timeout=standin.PATIENCE, check=False)
        self.assertEqual(function.returncode, 1)
        self.assertIn("AWS_LAMBDA_RUNTIME_API", function.stderr)


class InitTest(FunctionTest):
    def assert_init_error(self, text, *words, **changes):
        if text is not None:
            (self.folder / "sluice.yaml").write_text(text)
        function = self.function(**changes)
        outcome = function.invoke(events.sqs("{}"))
        self.assertEqual((outcome.kind, outcome.error_type), ("init error", "Runtime.ConfigInvalid"))
        for word in words:
            self.assertIn(word, outcome.body["errorMessage"])
        self.assertNotIn("next", "".join(function.requests))
        return outcome.body["errorMessage"] + function.log()

    def test_o12_every_fault_of_the_configuration_is_told(self):
        self.assert_init_error("name: t\nraw: {url: nowhere, compresion: gzip}\n", "sluice.yaml:2:12", "wanted s3://",
                               "sluice.yaml:2:21", "compression")

    def test_o12_a_configuration_without_a_raw_store(self):
        self.assert_init_error("name: t\n", "needs what is not configured: raw")

    def test_o12_a_configuration_that_is_not_there(self):
        self.assert_init_error(None, "elsewhere.yaml", SLUICE_CONFIG="elsewhere.yaml")

    def test_o12_a_variable_that_no_key_has(self):
        self.assert_init_error(None, "SLUICE_RAW_COMPRESION", SLUICE_RAW_COMPRESION="gzip")

    def test_o12_what_cannot_be_told_is_logged(self):
        (self.folder / "sluice.yaml").write_text("name: t\n")
        function = self.function()
        function.statuses.append(500)
        self.assertEqual(function.invoke(events.sqs("{}")).kind, "crash")
        self.assertIn("needs what is not configured: raw", function.log())
        self.assertIn("status=500", function.log())

    def test_s5_no_secret_is_told(self):
        told = self.assert_init_error("name: t\nraw: {url: nowhere}\nalert: {webhook: \"env:HOOK\"}\n", "wanted s3://",
                                      HOOK="very-secret", AWS_SECRET_ACCESS_KEY="most-secret")
        self.assertNotIn("secret", told)


if __name__ == "__main__":
    unittest.main()
