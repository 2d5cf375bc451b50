# SPDX-License-Identifier: Apache-2.0
"""What bench/aws measures sluice against: boto3 doing the same, written as its documentation shows it, in one process.

aws_peer.py land SQS_ENDPOINT QUEUE_PATH OUT          all messages of a queue into one gzip file, then deleted
aws_peer.py put|get S3_ENDPOINT BUCKET OBJECTS MIB"""
import gzip
import os
import sys

import boto3
from botocore.config import Config


def client(service, endpoint):
    return boto3.client(service, endpoint_url=endpoint, region_name="us-east-1",
                        config=Config(s3={"addressing_style": "path"}, retries={"mode": "standard"}))


def land(endpoint, path, out):
    sqs, url = client("sqs", endpoint), endpoint + path
    held, messages = [], 0
    with gzip.open(out, "wb", compresslevel=1) as file:
        while True:
            found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1, VisibilityTimeout=600).get("Messages", [])
            if not found:
                break
            for message in found:
                file.write(message["Body"].encode() + b"\n")
                held.append(message["ReceiptHandle"])
            messages += len(found)
    for i in range(0, len(held), 10):
        entries = [{"Id": str(n), "ReceiptHandle": receipt} for n, receipt in enumerate(held[i:i + 10])]
        failed = sqs.delete_message_batch(QueueUrl=url, Entries=entries).get("Failed", [])
        assert not failed, failed
    print(messages)


def put(endpoint, bucket, objects, mib):
    s3, content = client("s3", endpoint), os.urandom(mib << 20)
    from io import BytesIO
    for i in range(objects):
        s3.upload_fileobj(BytesIO(content), bucket, f"object-{i}")


class Nowhere:
    size = 0

    def write(self, data):
        self.size += len(data)


def get(endpoint, bucket, objects, mib):
    s3 = client("s3", endpoint)
    for i in range(objects):
        body, sink = s3.get_object(Bucket=bucket, Key=f"object-{i}")["Body"], Nowhere()
        for piece in body.iter_chunks(1 << 20):
            sink.write(piece)
        assert sink.size == mib << 20, sink.size


verb, *rest = sys.argv[1:]
if verb == "land":
    land(*rest)
else:
    {"put": put, "get": get}[verb](rest[0], rest[1], int(rest[2]), int(rest[3]))
