# SPDX-License-Identifier: Apache-2.0
"""The same job as a function in Python: json and boto3."""
import gzip
import json
import os
import time
import uuid

import boto3

BUCKET = os.environ["RAW_BUCKET"]
s3 = boto3.client("s3", endpoint_url=os.environ.get("S3_ENDPOINT"))


def handler(event, _context):
    lines = []
    for record in event["Records"]:
        body = json.loads(record["body"])
        events = body["Records"] if isinstance(body, dict) and list(body) == ["Records"] else [body]
        lines.extend(json.dumps(one, separators=(",", ":")) for one in events)
    key = time.strftime(f"tracking/date=%Y-%m-%d/%H/{uuid.uuid4()}.ndjson.gz", time.gmtime())
    s3.put_object(Bucket=BUCKET, Key=key, Body=gzip.compress(("\n".join(lines) + "\n").encode(), compresslevel=6))
    return {"batchItemFailures": []}
