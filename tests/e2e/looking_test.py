# SPDX-License-Identifier: Apache-2.0
"""Commands that look make nothing, and say what is not there, not run by this build, or without effect."""

import re
import subprocess
import unittest

from pipeline import PROGRAM, PipelineTest, environment


class NothingThereYet(PipelineTest):
    """Looking makes nothing."""

    def assert_still_empty(self):
        self.assertEqual(list(self.pipeline.folder.rglob("*")), [])

    def test_status_of_a_pipeline_that_never_ran(self):
        text = self.pipeline.run("status").stdout
        self.assert_still_empty()
        self.assertEqual(text.count("nothing there yet"), 3, text)
        status = self.pipeline.status()
        self.assert_still_empty()
        self.assertEqual((status["source"], status["objects"], status["balanced"]),
                         ({"waiting": 0, "in_flight": 0, "dead": 0}, 0, True))

    def test_check_connect_of_a_pipeline_that_never_ran(self):
        text = self.pipeline.run("check", "--connect", exit_code=3).stdout
        self.assert_still_empty()
        for part in ("source queue", "raw store", "Parquet store", "quarantine store", "warehouse"):
            self.assertRegex(text, f"look: the {part} is not there yet; .*{re.escape(str(self.pipeline.data))}")

    def test_check_knows_no_lambda_function_where_the_source_is_no_queue_of_sqs(self):
        self.assertIn("no queue of SQS", self.pipeline.run("check", "--connect", "--lambda-timeout", "1m", exit_code=2).stderr)

    def test_a_queue_without_a_warehouse_is_told_as_it_is(self):
        self.pipeline.generate(50)
        sent = self.pipeline.send()
        before = sorted(self.pipeline.data.rglob("*"))
        self.assertRegex(self.pipeline.run("status").stdout, rf"source +{sent} waiting, .*\n(.*\n)*warehouse +nothing there")
        self.assertEqual(sorted(self.pipeline.data.rglob("*")), before)

    def test_a_file_where_the_folder_should_be_is_an_error(self):
        self.pipeline.data.write_text("")
        for arguments in (["status"], ["check", "--connect"]):
            self.assert_plain_failure(self.pipeline.run(*arguments, exit_code=1), "Not a directory", "data")



class ImpossibleConfigurations(PipelineTest):
    """What each key may say, and all of them together do not make work."""

    CONFIG = """name: x
region: eu-central-1
source: {sqs: "https://sqs.example/1/q"}
raw: {url: "s3://raw-bucket/x/", notifications: "https://sqs.example/1/n"}
parquet: {url: "s3://parquet-bucket/x/"}
quarantine: {url: "s3://quarantine-bucket/x/"}
warehouse:
  redshift: {host: h, database: d, user: u}
tables:
  - {ddl: t.sql, when: any, unique: [id]}
"""
    WITHOUT_EFFECT = "region: eu-central-1\n"

    def run_with(self, config, *arguments):
        (self.pipeline.folder / "t.sql").write_text("CREATE TABLE t (id INTEGER NOT NULL)")
        (self.pipeline.folder / "sluice.yaml").write_text(config)
        done = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, cwd=self.pipeline.folder,
                              env=environment(HOOK="hunter2"), stdin=subprocess.DEVNULL, timeout=300)
        self.assertNotIn("hunter2", done.stdout + done.stderr)
        return done

    def test_what_it_cannot_run_is_named_with_its_place_before_anything_is_made(self):
        for arguments in (["check"], ["check", "--connect"], ["run"], ["status"], ["send", "t.sql"], ["ddl"]):
            with self.subTest(arguments=arguments):
                done = self.run_with(self.CONFIG, *arguments)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertRegex(done.stderr, r"(?m)sluice\.yaml:8:13: warehouse\.redshift: COPY reads the bucket by a role; write ")
        self.assertEqual(sorted(path.name for path in self.pipeline.folder.iterdir()), ["sluice.yaml", "t.sql"])

    def test_what_needs_no_service_runs_all_the_same(self):
        self.assertEqual(self.run_with(self.CONFIG, "generate", "--events", "1", "--out", "x").returncode, 0)
        self.assertEqual(self.run_with(self.CONFIG, "convert", "--out", "parquet", "x").returncode, 0)

    def test_a_key_without_effect_is_a_finding_and_a_warning(self):
        embedded = "name: x\nsource: {dir: d}\nraw: {url: dir:d/r}\nparquet: {url: dir:d/p}\n" \
                   "quarantine: {url: dir:d/q}\nwarehouse: {duckdb: d/w.duckdb}\n" \
                   "tables: [{ddl: t.sql, when: any, unique: [id]}]\n"
        self.assertNotIn("no effect", self.run_with(embedded, "check").stdout)
        done = self.run_with(embedded + self.WITHOUT_EFFECT, "check")
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertRegex(done.stdout, r"look: sluice\.yaml:8:9: region has no effect: folders and DuckDB have no region")
        self.assertIn("region has no effect", self.run_with(embedded + self.WITHOUT_EFFECT, "run").stderr)


if __name__ == "__main__":
    unittest.main()
