# SPDX-License-Identifier: Apache-2.0
"""A pipeline with messages to send, and one of the warehouses of warehouse_pipeline.py."""
import json
import urllib.request

import aws_pipeline
import servers  # noqa: F401  (for who imports this)
import warehouse_pipeline
from aws_pipeline import embedded_end_state, pipeline  # noqa: F401  (for who imports this)
from pipeline_test import SECRETS, AwsTest
from warehouse_pipeline import WarehousePipeline

PASSWORDS = "Admin-of-redshim-1", "Loader-of-redshim-1"


class WarehouseTest(AwsTest):
    kind = None

    def setUp(self):
        super().setUp()
        sqs, s3, places = self.enterContext(aws_pipeline.on_store_and_elasticmq())
        self.target = self.enterContext(warehouse_pipeline.target(self.kind, s3))
        self.pipeline = WarehousePipeline(self.pipeline.folder, target=self.target, sqs=sqs, s3=s3, **places)
        self.pipeline.generate(3000, records=20)
        aws_pipeline.keep_what_sqs_takes(self.pipeline.folder / "messages.ndjson")
        self.wanted = embedded_end_state(self, self.pipeline.folder)

    def control(self, method, path, body=None):
        request = urllib.request.Request(self.target.control + path, method=method, data=None if body is None else json.dumps(body).encode())
        with urllib.request.urlopen(request) as response:
            return json.load(response)

    def whole_pipeline(self):
        self.pipeline.send()
        printed = self.pipeline.drain("--log-level", "debug")
        self.assert_end()
        for secret in (*SECRETS, *PASSWORDS):
            self.assertNotIn(secret, printed)
        # Delivered again, as SQS may do: nothing is loaded twice (fault L9).
        self.pipeline.send()
        self.pipeline.drain()
        self.assert_end()
