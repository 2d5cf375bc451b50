# SPDX-License-Identifier: Apache-2.0
"""For `make test-all`: what only MinIO has of the servers: policies that are enforced, encryption with a key, events of one bucket."""
import json

import aws_pipeline
import pipeline
import servers
from aws_pipeline import AwsPipeline
from pipeline_test import AwsTest
from smoke import client

OBJECTS = {"s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"}
ALL = OBJECTS | {"s3:ListBucket", "s3:ListBucketMultipartUploads"}


class MinioTest(AwsTest):
    def setUp(self):
        super().setUp()
        self.sqs, self.s3, self.places = self.enterContext(aws_pipeline.on_store_and_elasticmq(servers.minio))

    def test_the_whole_pipeline_with_raw_objects_encrypted_by_a_key(self):
        self.begin(sqs=self.sqs, s3=self.s3, kms_key=servers.KEY_OF_MINIO, **self.places)
        self.pipeline.send()
        self.pipeline.drain()
        self.assert_end()
        s3 = client("s3", self.s3)
        for item in s3.list_objects_v2(Bucket="acme-raw")["Contents"]:
            self.assertEqual(s3.head_object(Bucket="acme-raw", Key=item["Key"])["ServerSideEncryption"], "aws:kms")

    def test_check_names_the_statement_that_each_policy_lacks(self):
        """A deny test for each action (fault S8)."""
        self.pipeline = AwsPipeline(self.pipeline.folder, sqs=self.sqs, s3=self.s3, **self.places)
        for left_out in sorted(ALL):
            with self.subTest(left_out):
                found = self.pipeline.ask("check", "--connect", exit_code=3, env=self.session_with(ALL - {left_out} | {"s3:DeleteObject"}))
                refused = {one["action"] for one in found["tried"] if not one["works"]}
                self.assertEqual(refused, {left_out})
                resource = "arn:aws:s3:::acme-raw" + ("/tracking/*" if left_out in OBJECTS else "")
                statement = json.dumps({"Effect": "Allow", "Action": left_out, "Resource": resource}, separators=(",", ":"))
                self.assertTrue(any(statement in finding for finding in found["findings"]), found["findings"])

    def test_landing_needs_no_right_to_read(self):
        self.begin(sqs=self.sqs, s3=self.s3, **self.places)
        self.pipeline.send()
        self.pipeline.run("land", env=self.session_with({"s3:PutObject"}))
        self.pipeline.drain()
        self.assert_end()

    def session_with(self, actions):
        """The environment of a process that may do these, by a session's own policy."""
        policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": sorted(actions), "Resource": ["arn:aws:s3:::*"]}]}
        keys = client("sts", self.s3).assume_role(RoleArn="arn:x:ignored:by:minio", RoleSessionName="test", Policy=json.dumps(policy))["Credentials"]
        return self.pipeline.environment(AWS_ACCESS_KEY_ID=keys["AccessKeyId"], AWS_SECRET_ACCESS_KEY=keys["SecretAccessKey"],
                                         AWS_SESSION_TOKEN=keys["SessionToken"])


if __name__ == "__main__":
    pipeline.unittest.main()
