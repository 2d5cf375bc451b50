# SPDX-License-Identifier: Apache-2.0
"""A pipeline with messages to send, and one of the warehouses of warehouse_pipeline.py."""
import json
import urllib.request

import aws_pipeline
import servers  # noqa: F401  (for who imports this)
import warehouse_pipeline
from aws_pipeline import embedded_end_state, pipeline  # noqa: F401  (for who imports this)
from pipeline_test import SECRETS, AwsTest
from receipt_keeper import ReceiptKeeper
from smoke import client
from warehouse_pipeline import WarehousePipeline

PASSWORDS = "Admin-of-redshim-1", "Loader-of-redshim-1"


class WarehouseTest(AwsTest):
    kind = None

    def setUp(self):
        super().setUp()
        sqs, s3, places = self.enterContext(aws_pipeline.on_store_and_elasticmq())
        self.store, self.sqs, self.notifications = client("s3", s3), sqs, places["notifications"]
        self.target = self.enterContext(warehouse_pipeline.target(self.kind, s3))
        keeper = self.enterContext(ReceiptKeeper(sqs))
        self.pipeline = WarehousePipeline(self.pipeline.folder, target=self.target, sqs=keeper.address, s3=s3, **places)
        self.pipeline.keeper = keeper
        self.pipeline.generate(3000, records=20)
        aws_pipeline.keep_what_sqs_takes(self.pipeline.folder / "messages.ndjson")
        self.wanted = embedded_end_state(self.pipeline.folder)

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

    def assert_answers(self):
        """What a person on call asks finds nothing wrong; exit codes are 0."""
        ask = self.pipeline.ask
        verified = ask("verify", "--from", "2020-05-20", "--to", "2020-06-10")
        self.assertEqual([(table["rows"], table["keys_twice"], table["hours"]) for table in verified["tables"]],
                         [(table["loaded"], 0, []) for table in verified["tables"]])
        self.assertGreater(verified["tables"][0]["rows_in_range"], 1000)
        for table in "events", "utm":
            event = self.pipeline.query(f"SELECT CAST(request_id AS VARCHAR(64)) FROM tracking.{table} ORDER BY 1 LIMIT 1")[0][0]
            self.assertRegex(ask("why", event)["verdict"], f"^loaded on .* into tracking.{table}, from line [0-9]+ of date=")
        key = self.pipeline.query("SELECT raw_key FROM sluice.ledger WHERE table_name = '*' AND state = 'loaded' ORDER BY 1 LIMIT 1")[0][0]
        story = ask("why", key)
        self.assertEqual(story["state"], "loaded")
        self.assertNotIn("missing", "".join(line["text"] for line in story["lines"]))
        self.assertEqual(ask("why", key[5:15] + "T" + key[16:18])["state"], "loaded")
        self.assertEqual(ask("why", "2020-06-01T00", "--by", "event-time")["state"], "loaded_late")
        found = ask("gc", "--grace", "0s")
        self.assertEqual([found[count] for count in ("orphans", "unsettled", "current", "missing")], [0, 0, 0, 0])
        self.assertGreater(found["named"], 1)
        self.assertEqual(ask("reconcile")["parquet"], ask("reconcile")["parquet"] | {"unnamed": 0, "missing": 0})
