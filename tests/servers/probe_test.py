# SPDX-License-Identifier: Apache-2.0
"""`sluice check --connect --probe` on Redshift's stand-in, by wire and by the Data API, and on PostgreSQL: what it finds, what it finds when they
behave otherwise, and that it leaves nothing behind."""
import json
import re
import signal
import urllib.request

import aws_pipeline  # first: it finds the next one
import pipeline
import servers
import warehouse_pipeline
from aws_pipeline import TRACKING
from smoke import client
from warehouse_pipeline import WarehousePipeline

# What each question is answered where all is as documented.
OF_POSTGRES = {"server", "utc", "session", "commit", "rollback", "assertion", "lock", "snapshot", "exact", "catalog", "rights", "types", "load"}
OF_REDSHIFT = OF_POSTGRES | {"isolation", "zstd", "bytes", "load_error", "content_length", "mandatory"}
SCRATCH = "SELECT relname FROM pg_class WHERE relname LIKE 'sluice_probe_%' AND relkind = 'r' AND relpersistence = 'p'"


class ProbePipeline(WarehousePipeline):
    """All but Parquet and warehouse in a folder, so that nothing else is found fault with."""

    def __init__(self, folder, *, target, s3):
        pipeline.Pipeline.__init__(self, folder)
        self.target, self.secrets = target, target.secrets
        self.data.mkdir(exist_ok=True)
        self.config = self.folder / "sluice.yaml"
        self.config.write_text(f"""
name: tracking
region: {servers.REGION}
source: {{dir: data}}
raw: {{url: "dir:data/raw"}}
parquet: {{url: "s3://acme-transformed/parquet/", endpoint: "{s3}"}}
quarantine: {{url: "s3://acme-transformed/quarantine/", endpoint: "{s3}"}}
warehouse: {target.section}
tables:
  - {{ddl: {TRACKING}/events.sql, when: {{has: topic}}, unique: [request_id], time: request_timestamp}}
  - {{ddl: {TRACKING}/utm.sql, when: {{has: source}}, unique: [request_id]}}
""")


class Probed:
    """What is asked of each of them."""

    def setUp(self):
        super().setUp()
        s3 = self.enterContext(servers.versitygw()).address
        client("s3", s3).create_bucket(Bucket="acme-transformed")
        self.bucket = lambda: [found["Key"] for found in client("s3", s3).list_objects_v2(Bucket="acme-transformed").get("Contents", [])]
        self.target = self.enterContext(warehouse_pipeline.target(self.kind + " as sluice_loader", s3))
        self.pipeline = ProbePipeline(self.pipeline.folder, target=self.target, s3=s3)
        self.pipeline.prepare_for_loader()
        self.pipeline.by_owner(f"GRANT CREATE ON SCHEMA sluice TO {self.target.loader}")
        if self.target.control:
            self.control("PUT", "/codecs", ["UNCOMPRESSED", "SNAPPY", "GZIP", "ZSTD"])
        self.pipeline.run("land")  # makes the folders

    def probe(self, exit_code, *arguments):
        told = self.pipeline.ask("check", "--connect", "--probe", *arguments, exit_code=exit_code)
        self.assert_nothing_is_left()
        return told, {answer["name"]: answer for answer in told["probe"]["answers"]}

    def assert_nothing_is_left(self):
        self.assertEqual(self.pipeline.query(SCRATCH), [])
        self.assertEqual(self.bucket(), [])

    def control(self, method, path, body=None):
        request = urllib.request.Request(self.target.control + path, method=method, data=None if body is None else json.dumps(body).encode())
        with urllib.request.urlopen(request) as response:
            return json.load(response)

    def test_all_is_as_expected(self):
        told, answers = self.probe(0)
        self.assertEqual((told["findings"], told["probe"]["left_behind"]), ([], []))
        removes = [(one["resource"], one["works"]) for one in told["tried"] if one["action"] == "s3:DeleteObject"]
        wanted = [f"quarantine/_sluice/{folder}/tracking/*" for folder in ("missing", "reconciled")]
        if self.target.control:
            wanted.append("parquet/staging/*")
        self.assertEqual(sorted(removes), sorted((f"arn:aws:s3:::acme-transformed/{place}", True) for place in wanted))
        for name, answer in answers.items():
            self.assertEqual(answer["verdict"], "as expected" if name in self.questions else "left out", answer)
            self.assertEqual(bool(answer["statements"]), name in self.questions, answer)
        self.assertLessEqual(self.questions, set(answers))
        self.assertTrue(any("sluice_probe_" in made for made in told["probe"]["made"]))
        # It reads and writes no table but its own.
        for answer in answers.values():
            for sql in answer["statements"] if answer["name"] != "rights" else ():
                self.assertEqual(re.findall(r'"(?:sluice|tracking)"\."(?!sluice_probe_)\w+"', sql), [], sql)

    def test_what_is_otherwise_is_said(self):
        """A right that is missing here, and the database's isolation and what it says of a COPY on redshim."""
        otherwise = {"rights": "different: do not load"}
        self.pipeline.by_owner(f"REVOKE INSERT ON tracking.utm FROM {self.target.loader}")
        if self.target.control:
            self.control("PUT", "/isolation", {"level": "SERIALIZABLE"})
            self.control("PUT", "/load_errors", {"recorded": False})
            otherwise |= {"isolation": "different: harmless", "load_error": "different: harmless"}
        told, answers = self.probe(3)
        for name in self.questions:
            self.assertEqual(answers[name]["verdict"], otherwise.get(name, "as expected"), answers[name])
        self.assertIn('INSERT on "tracking"."utm"', answers["rights"]["found"])
        self.assertEqual(len(told["findings"]), len(otherwise), told["findings"])
        for finding in told["findings"]:
            self.assertRegex(finding, r"^probe: \w+: different: .*, because .*")

    def test_who_may_make_no_tables_is_told_so(self):
        self.pipeline.by_owner(f"REVOKE CREATE ON SCHEMA sluice FROM {self.target.loader}")
        told = self.pipeline.run("check", "--connect", "--probe", exit_code=1).stderr
        self.assertIn("cannot make the tables of the probe", told)
        self.assert_nothing_is_left()


class PostgresTest(Probed, pipeline.PipelineTest):
    kind, questions = "postgres", OF_POSTGRES


class WireTest(Probed, pipeline.PipelineTest):
    kind, questions = "wire", OF_REDSHIFT

    def test_a_refusal_for_another_reason_is_no_answer(self):
        """Nothing can be copied: then a COPY that fails says nothing of its manifest."""
        self.control("PUT", "/faults", [{"do": "error", "sql": "^COPY", "times": None, "message": "Access Denied, told by a test"}])
        _, answers = self.probe(3)
        for name in "types", "bytes", "load":
            self.assertEqual(answers[name]["verdict"], "different: do not load", answers[name])
        for name in "zstd", "load_error", "content_length", "mandatory":
            self.assertEqual(answers[name]["verdict"], "different: harmless", answers[name])

    def test_a_schema_that_it_makes_goes_with_it(self):
        self.pipeline.by_owner("DROP SCHEMA sluice CASCADE", f"GRANT CREATE ON DATABASE dev TO {self.target.loader}")
        told, answers = self.probe(0)
        self.assertIn('schema "sluice"', told["probe"]["made"])
        self.assertEqual((answers["lock"]["verdict"], answers["load"]["verdict"]), ("as expected", "as expected"))
        self.assertEqual(self.pipeline.query("SELECT nspname FROM pg_namespace WHERE nspname = 'sluice'"), [])

    def test_files_of_compressed_pages_are_asked_for(self):
        self.control("PUT", "/codecs", ["UNCOMPRESSED"])
        _, answers = self.probe(3)
        otherwise = {"types": "different: do not load", "zstd": "different: harmless", "load": "different: do not load"}
        for name in self.questions:
            self.assertEqual(answers[name]["verdict"], otherwise.get(name, "as expected"), answers[name])

    def test_a_stop_leaves_nothing_behind(self):
        """Even while a statement hangs: what was asked is answered, and all is dropped."""
        self.control("PUT", "/faults", [{"do": "hang_before", "sql": "sluice_probe_session", "nth": 1}])
        with self.pipeline.started("check", "--connect", "--probe", "--json", env=self.pipeline.environment()) as process:
            pipeline.wait_until(lambda: self.control("GET", "/faults")[0]["struck"], "it hangs")
            self.assertNotEqual(self.pipeline.query(SCRATCH), [])
            process.send_signal(signal.SIGINT)
            self.control("PUT", "/faults", [])
            told, said = process.communicate(timeout=pipeline.PATIENCE)
        self.assertEqual(process.returncode, 3, said)
        answers = {answer["name"]: answer for answer in json.loads(told)["probe"]["answers"]}
        self.assertEqual(answers["session"]["verdict"], "as expected")
        self.assertEqual(answers["load"]["because"], "it was stopped")
        self.assert_nothing_is_left()


class DataApiTest(Probed, pipeline.PipelineTest):
    kind, questions = "data_api", OF_REDSHIFT | {"token"}


if __name__ == "__main__":
    pipeline.unittest.main()
