# SPDX-License-Identifier: Apache-2.0
import json
import unittest
import urllib.error
import urllib.request

import s3_events
import servers
from smoke import SmokeTest, client


class QueueTest(SmokeTest):
    @classmethod
    def setUpClass(cls):
        cls.address = cls.enterClassContext(servers.elasticmq()).address
        cls.sqs = client("sqs", cls.address)

    def test_messages_come_and_are_deleted(self):
        queue = self.sqs.create_queue(QueueName="q")["QueueUrl"]
        sent = self.sqs.send_message_batch(QueueUrl=queue, Entries=[{"Id": str(i), "MessageBody": f"body {i}"} for i in range(10)])
        self.assertEqual(len(sent["Successful"]), 10)
        got = self.sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, AttributeNames=["ApproximateReceiveCount"])["Messages"]
        self.assertEqual(sorted(message["Body"] for message in got), [f"body {i}" for i in range(10)])
        self.assertEqual({message["Attributes"]["ApproximateReceiveCount"] for message in got}, {"1"})
        entries = [{"Id": str(i), "ReceiptHandle": message["ReceiptHandle"]} for i, message in enumerate(got)]
        self.assertEqual(len(self.sqs.delete_message_batch(QueueUrl=queue, Entries=entries)["Successful"]), 10)
        self.assertFalse(self.sqs.receive_message(QueueUrl=queue).get("Messages"))

    def test_events_of_a_store_come_to_a_queue(self):
        queue = self.sqs.create_queue(QueueName="events")["QueueUrl"]
        with s3_events.Forwarder(self.address, queue) as forwarder, servers.versitygw(webhook=forwarder.address) as store:
            self.assertEqual(json.loads(self.next_body(queue))["Event"], "s3:TestEvent")
            s3 = client("s3", store.address)
            s3.create_bucket(Bucket="raw")
            s3.put_object(Bucket="raw", Key="date=2026-11-23/14/k", Body=b"{}")
            record, = json.loads(self.next_body(queue))["Records"]
        self.assertEqual((record["eventName"], record["s3"]["object"]["key"]), ("s3:ObjectCreated:Put", "date=2026-11-23/14/k"))

    def next_body(self, queue):
        message, = self.sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=20)["Messages"]
        self.sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return message["Body"]

    def test_a_queue_that_is_not_there_is_said_to_the_store(self):
        with s3_events.Forwarder(self.address, self.address + "/000000000000/none") as forwarder, \
                self.assertRaises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(forwarder.address, b"{}")
        self.assertEqual(caught.exception.code, 503)
        caught.exception.close()


class MotoTest(SmokeTest):
    @classmethod
    def setUpClass(cls):
        address = cls.enterClassContext(servers.moto()).address
        cls.s3, cls.sqs = client("s3", address), client("sqs", address)

    def test_its_store_tells_its_queue(self):
        queue = self.sqs.create_queue(QueueName="q")["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        self.s3.create_bucket(Bucket="bkt")
        self.s3.put_bucket_notification_configuration(Bucket="bkt", NotificationConfiguration={
            "QueueConfigurations": [{"Id": "n1", "QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]})
        self.s3.put_object(Bucket="bkt", Key="raw/a b+c=é", Body=b"{}")
        test, put = [json.loads(message["Body"]) for message in self.sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]]
        self.assertEqual(test["Event"], "s3:TestEvent")
        self.assertEqual(put["Records"][0]["s3"]["object"]["key"], "raw%2Fa+b%2Bc%3D%C3%A9")


class KinesisTest(SmokeTest):
    @classmethod
    def setUpClass(cls):
        cls.kinesis = client("kinesis", cls.enterClassContext(servers.kinesis()).address)

    def read(self, shard):
        """All data of the shard, and its children if it is closed."""
        at = self.kinesis.get_shard_iterator(StreamName="s", ShardId=shard, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        data = []
        while True:
            got = self.kinesis.get_records(ShardIterator=at)
            data += [record["Data"] for record in got["Records"]]
            at = got.get("NextShardIterator")
            if not at or (got["MillisBehindLatest"] == 0 and not got["Records"]):
                return data, sorted(child["ShardId"] for child in got.get("ChildShards", []))

    def wait(self):
        self.kinesis.get_waiter("stream_exists").wait(StreamName="s", WaiterConfig={"Delay": 0.05, "MaxAttempts": 200})

    def test_a_shard_that_was_split_ends_and_names_its_children(self):
        self.kinesis.create_stream(StreamName="s", ShardCount=1)
        self.wait()
        shard, = self.kinesis.list_shards(StreamName="s")["Shards"]
        self.kinesis.put_records(StreamName="s", Records=[{"Data": b"a%d" % i, "PartitionKey": str(i)} for i in range(3)])
        self.kinesis.split_shard(StreamName="s", ShardToSplit=shard["ShardId"], NewStartingHashKey=str(1 << 127))
        self.wait()
        self.kinesis.put_records(StreamName="s", Records=[{"Data": b"b%d" % i, "PartitionKey": str(i)} for i in range(20)])
        data, children = self.read(shard["ShardId"])
        self.assertEqual(data, [b"a0", b"a1", b"a2"])
        self.assertEqual(len(children), 2)
        self.assertEqual(sorted(sum((self.read(child)[0] for child in children), [])), sorted(b"b%d" % i for i in range(20)))


if __name__ == "__main__":
    unittest.main()
