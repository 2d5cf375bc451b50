# SPDX-License-Identifier: Apache-2.0
"""For `make test-all`, which installs MinIO."""
import json
import unittest

import s3_events
import servers
from smoke import SmokeTest, client
from store_cases import StoreCases

class MinioTest(StoreCases, SmokeTest):
    server = staticmethod(servers.minio)
    bad_checksum = "XAmzContentChecksumMismatch"


class MinioEventsTest(unittest.TestCase):
    def test_events_of_a_bucket_come_to_a_queue(self):
        with servers.elasticmq() as sqs:
            queue = s3_events.call(sqs.address, "CreateQueue", QueueName="events")["QueueUrl"]
            with s3_events.Forwarder(sqs.address, queue) as forwarder, servers.minio(webhook=forwarder.address) as store:
                s3 = client("s3", store.address)
                s3.create_bucket(Bucket="raw")
                s3.put_bucket_notification_configuration(Bucket="raw", NotificationConfiguration={"QueueConfigurations": [
                    {"Id": "raw", "QueueArn": servers.WEBHOOK_OF_MINIO, "Events": ["s3:ObjectCreated:*"]}]})
                s3.put_object(Bucket="raw", Key="date=2026-11-23/14/k", Body=b"{}")
                message, = s3_events.call(sqs.address, "ReceiveMessage", QueueUrl=queue, WaitTimeSeconds=20)["Messages"]
        record, = json.loads(message["Body"])["Records"]
        self.assertEqual((record["eventName"], record["s3"]["object"]["key"]), ("s3:ObjectCreated:Put", "date%3D2026-11-23%2F14%2Fk"))


if __name__ == "__main__":
    unittest.main()
