# SPDX-License-Identifier: Apache-2.0
"""The policies of examples/aws: they are policies, they allow nobody everything, the roles may do exactly what sluice calls, and each may do where it
is what `sluice check --connect` tries of its part."""
import fnmatch
import json
import pathlib
import re
import subprocess
import tempfile
import unittest

import boto3

import pipeline_test
import servers
from error_codes_test import SERVICES

EXAMPLES = servers.HERE.parents[1] / "examples"
POLICIES = {path.stem: json.loads(path.read_text()) for path in sorted((EXAMPLES / "aws" / "policies").iterdir())}
STATEMENTS = [(name, statement) for name, policy in POLICIES.items() for statement in policy["Statement"]]

# Those in which sluice calls; in the others its warehouse does.
ITS_ROLES = ["land-role", "land-role-kinesis", "process-role", "process-role-that-lands", "redshift-role"]

# The action in policies, where it has not the name of the operation. Source: Service Authorization Reference, "Actions, resources, and condition keys
# for Amazon S3"; for SQS that of a batch is that of one.
ACTIONS_OF_S3 = {"CompleteMultipartUpload": "PutObject", "CreateMultipartUpload": "PutObject", "UploadPart": "PutObject", "HeadObject": "GetObject",
                 "ListObjectsV2": "ListBucket", "ListMultipartUploads": "ListBucketMultipartUploads"}

# Who needs what is tried of a part, or of one action there.
WHO = {"source.sqs": ["land-role"], "source.kinesis": ["land-role-kinesis"], "source.checkpoints": ["land-role-kinesis"],
       "source.assume_role": ["process-role-that-lands"], "raw.notifications": ["process-role"], "parquet": ["process-role"],
       "quarantine": ["process-role"], "warehouse.redshift.password": ["process-role"],
       ("raw", "s3:PutObject"): ["land-role", "land-role-kinesis", "process-role-that-lands"],
       ("raw", "s3:AbortMultipartUpload"): ["land-role", "land-role-kinesis", "process-role-that-lands"],
       ("raw", "s3:GetObject"): ["land-role", "land-role-kinesis", "process-role"],
       ("raw", "s3:ListBucket"): ["land-role-kinesis", "process-role"],
       ("raw", "s3:ListBucketMultipartUploads"): ["process-role-that-lands"],
       ("source.checkpoints", "s3:ListBucketMultipartUploads"): []}  # the lifecycle ends them


def listed(one_or_more):
    return [one_or_more] if isinstance(one_or_more, str) else one_or_more


def called():
    """The actions of what sluice calls."""
    return {f"{service}:{ACTIONS_OF_S3.get(operation, operation) if service == 's3' else operation.removesuffix('Batch')}"
            for service, _, _, operations in SERVICES for operation in operations.split()}


def allows(name, action, resource):
    return any(action in listed(statement["Action"]) and fnmatch.fnmatchcase(resource, granted)
               for statement in POLICIES[name]["Statement"] for granted in listed(statement["Resource"]))


class PoliciesTest(unittest.TestCase):
    def test_each_is_a_policy(self):
        for name, policy in POLICIES.items():
            self.assertEqual(policy.keys(), {"Version", "Statement"}, name)
            self.assertEqual(policy["Version"], "2012-10-17", name)
            sids = [statement["Sid"] for statement in policy["Statement"]]
            self.assertEqual(len(set(sids)), len(sids), name)
        for name, statement in STATEMENTS:
            with self.subTest(name, sid=statement["Sid"]):
                # A role's permissions say no principal, and who trusts a role no resource, which is the role.
                without = "Resource" if name.endswith("-trust") else "Principal" if "-role" in name else None
                self.assertEqual(statement.keys() - {"Condition"}, {"Sid", "Effect", "Principal", "Action", "Resource"} - {without})
                self.assertRegex(statement["Sid"], "^[A-Za-z0-9]+$")
                self.assertIn(statement["Effect"], ("Allow", "Deny"))
                for action in listed(statement["Action"]):
                    self.assertRegex(action, r"^[a-z0-9-]+:([A-Z][A-Za-z]+|\*)$")
                for resource in listed(statement.get("Resource", [])):
                    self.assertRegex(resource, r"^arn:aws:[a-z0-9-]+:|^\*$")

    def test_none_allows_everything_or_everybody(self):
        for name, statement in STATEMENTS:
            if statement["Effect"] == "Allow":
                with self.subTest(name, sid=statement["Sid"]):
                    self.assertNotIn("*", json.dumps([statement["Action"], statement.get("Principal")]))
                    if "*" in listed(statement.get("Resource", [])):
                        self.assertIn("Condition", statement)

    def test_the_roles_may_do_what_is_called_and_nothing_else(self):
        allowed = {action for name, statement in STATEMENTS if name in ITS_ROLES for action in listed(statement["Action"])}
        self.assertEqual(allowed, called())

    def test_another_accounts_resources_allow_what_their_users_role_does(self):
        actions = {statement["Sid"]: listed(statement["Action"]) for name, statement in STATEMENTS if name != "land-role-kinesis"}
        landing = next(one for one in POLICIES["land-role"]["Statement"] if one["Sid"] == "WriteRawObjects")
        self.assertEqual(actions["TheProducerLands"], listed(landing["Action"]))
        self.assertEqual(actions["TheAnalyticsAccountCounts"], actions["CountWhatWaits"])

    def test_the_readme_names_each_of_them_and_no_statement_that_is_not_there(self):
        readme = (EXAMPLES / "aws" / "README.md").read_text()
        self.assertEqual(set(re.findall(r"policies/([\w-]+)\.json", readme)), POLICIES.keys())
        self.assertEqual(set(re.findall(r"`([A-Z][a-z]+[A-Z]\w+)`", readme)) - {statement["Sid"] for _, statement in STATEMENTS}, set())


PRODUCER, ANALYTICS = "111111111111", "222222222222"
ASSUME = f'assume_role: {{arn: "arn:aws:iam::{PRODUCER}:role/sluice-land", external_id: "env:EXTERNAL_ID", endpoint: MOTO}}'
OF_THE_QUEUE = "  sqs: https://sqs.eu-central-1.amazonaws.com/111111111111/tracking\n"


class TriedTest(unittest.TestCase):
    """With the example's configuration and its two accounts, on moto, where landing runs in the analytics account."""

    def setUp(self):
        self.moto = self.enterContext(servers.moto()).address
        for account, queue in (PRODUCER, "tracking"), (ANALYTICS, "raw-created"):
            sqs = self.clients(account)("sqs")
            pipeline_test.give_dead_letters(sqs, sqs.create_queue(QueueName=queue)["QueueUrl"])
        self.clients(PRODUCER)("kinesis").create_stream(StreamName="tracking", ShardCount=1)
        for bucket in "acme-raw", "acme-transformed", "acme-landing":
            self.clients(ANALYTICS)("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        self.password = self.clients(ANALYTICS)("secretsmanager").create_secret(Name="sluice/redshift", SecretString="secret")["ARN"]

    def credentials(self, account):
        """moto's of an account are those of a role of it."""
        sts = boto3.client("sts", endpoint_url=self.moto, region_name="eu-central-1", aws_access_key_id="any", aws_secret_access_key="any")
        given = sts.assume_role(RoleArn=f"arn:aws:iam::{account}:role/any", RoleSessionName="test")["Credentials"]
        return {"aws_access_key_id": given["AccessKeyId"], "aws_secret_access_key": given["SecretAccessKey"], "aws_session_token": given["SessionToken"]}

    def clients(self, account):
        session = boto3.Session(region_name="eu-central-1", **self.credentials(account))
        return lambda service: session.client(service, endpoint_url=self.moto)

    def tried(self, *changes, exit_code):
        """(part, action, resource) of what `check --connect` tries when the example is changed so, which all works."""
        config = (EXAMPLES / "aws" / "sluice.yaml").read_text().replace("../tracking/", f"{EXAMPLES}/tracking/")
        for was, is_now in (*changes, ("https://sqs.eu-central-1.amazonaws.com", "MOTO"), ("MOTO", self.moto)):
            self.assertIn(was, config)
            config = config.replace(was, is_now)
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="sluice-servers-")))
        (folder / "sluice.yaml").write_text(config)
        endpoints = [f"--set={part}.endpoint={self.moto}" for part in ("raw", "parquet", "quarantine", "secretsmanager")]
        environment = {name: value for name, value in servers.client_environment().items() if not name.startswith("SLUICE_")}
        environment |= {name.upper(): value for name, value in self.credentials(ANALYTICS).items()}
        done = subprocess.run([pipeline_test.pipeline.PROGRAM, "--config", folder / "sluice.yaml", *endpoints, "check", "--connect", "--json"], cwd=folder,
                              env=environment | {"SLUICE_ALERT_WEBHOOK": "env:WEBHOOK", "WEBHOOK": "https://127.0.0.1:9/", "EXTERNAL_ID": "both-accounts-know-it"},
                              capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=600)
        self.assertEqual(done.returncode, exit_code, done.stderr)
        tried = json.loads(done.stdout)["tried"]
        self.assertEqual([one for one in tried if not one["works"]], [])
        return [(one["part"], one["action"], one["resource"]) for one in tried]

    def assert_allowed(self, tried):
        for part, action, resource in tried:
            for name in WHO[part, action] if (part, action) in WHO else WHO[part]:
                with self.subTest(name, part=part, action=action, resource=resource):
                    self.assertTrue(allows(name, action, resource))

    def test_of_a_queue_and_a_file(self):
        tried = self.tried((OF_THE_QUEUE, f"{OF_THE_QUEUE}  {ASSUME}\n"), exit_code=3)
        self.assert_allowed(tried)
        self.assertEqual({part for part, *_ in tried}, {"source.assume_role", "source.sqs", "raw.notifications", "raw", "parquet", "quarantine"})

    def test_of_a_stream_and_redshift(self):
        """Nobody is at Redshift's port: that is the exit code."""
        tried = self.tried((OF_THE_QUEUE, f"""  kinesis: arn:aws:kinesis:eu-central-1:{PRODUCER}:stream/tracking
  endpoint: MOTO
  checkpoints: s3://acme-landing/checkpoints/
  {ASSUME}
"""), ("  duckdb: warehouse.duckdb\n", f"""  redshift: {{host: 127.0.0.1, port: 9, database: analytics, user: sluice, auth: password,
    password: "secretsmanager:{self.password}"}}
  copy_role: ["arn:aws:iam::333333333333:role/redshift", "arn:aws:iam::{ANALYTICS}:role/reader"]
"""), exit_code=1)
        self.assert_allowed(tried)
        self.assertEqual({part for part, *_ in tried}, {part if isinstance(part, str) else part[0] for part in WHO} - {"source.sqs"})


if __name__ == "__main__":
    unittest.main()
