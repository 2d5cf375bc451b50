# SPDX-License-Identifier: Apache-2.0
"""Events as AWS Lambda makes them of SQS messages and Kinesis records (AWS Lambda Developer Guide)."""
import base64
import hashlib
import uuid

SHARD = "shardId-000000000006"


def sqs(*bodies, ids=None):
    ids = ids or [str(uuid.uuid4()) for _ in bodies]
    return {"Records": [{
        "messageId": message, "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a==", "body": body,
        "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1545082649183", "SenderId": "AIDAIENQZJOLO23YVJ4VO",
                       "ApproximateFirstReceiveTimestamp": "1545082649185"},
        "messageAttributes": {}, "md5OfBody": hashlib.md5(body.encode()).hexdigest(), "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-central-1:111111111111:tracking", "awsRegion": "eu-central-1",
    } for message, body in zip(ids, bodies, strict=True)]}


def kinesis(*data, numbers=None):
    first = 49590338271490256608559692538361571095921575989136588898
    numbers = numbers or [str(first + i) for i in range(len(data))]
    return {"Records": [{
        "kinesis": {"kinesisSchemaVersion": "1.0", "partitionKey": "1", "sequenceNumber": number,
                    "data": base64.b64encode(record).decode(), "approximateArrivalTimestamp": 1545084650.987},
        "eventSource": "aws:kinesis", "eventVersion": "1.0", "eventID": f"{SHARD}:{number}", "eventName": "aws:kinesis:record",
        "invokeIdentityArn": "arn:aws:iam::111111111111:role/land", "awsRegion": "eu-central-1",
        "eventSourceARN": "arn:aws:kinesis:eu-central-1:111111111111:stream/tracking",
    } for number, record in zip(numbers, data, strict=True)]}


def ids(event):
    return [record["messageId"] if "messageId" in record else record["kinesis"]["sequenceNumber"] for record in event["Records"]]


def failures(*names):
    return {"batchItemFailures": [{"itemIdentifier": name} for name in names]}
