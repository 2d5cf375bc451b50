# SPDX-License-Identifier: Apache-2.0
"""Brings the events of stores that only know webhooks (versitygw, MinIO) to a queue of SQS's protocol:

    with servers.elasticmq() as sqs:
        queue = s3_events.call(sqs.address, "CreateQueue", QueueName="events")["QueueUrl"]
        with s3_events.Forwarder(sqs.address, queue) as forwarder, servers.versitygw(webhook=forwarder.address) as s3:
            ...

Each posted body becomes a message. A post is answered once the queue has the message, with 503 if it has not."""
import json
import urllib.request

import loopback_http


def call(address, action, **parameters):
    """SQS's JSON protocol, unsigned: ElasticMQ does not look at signatures. Raises OSError."""
    request = urllib.request.Request(address, json.dumps(parameters).encode(), {
        "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": f"AmazonSQS.{action}"})
    with urllib.request.urlopen(request) as response:
        return json.loads(response.read() or b"{}")


class Forwarder(loopback_http.Listener):
    """Listens at `address` from its making to the end of the block. `pass_on(body)` gives the message, or None where there shall be none."""

    def __init__(self, queue_address, queue_url, pass_on=lambda body: body):
        super().__init__(_Receiver, (queue_address, queue_url, pass_on))


class _Receiver(loopback_http.Handler):
    def do_POST(self):
        address, url, pass_on = self.server.parts
        try:
            message = pass_on(self.read_body().decode())
            if message is not None:
                call(address, "SendMessage", QueueUrl=url, MessageBody=message)
            self.send_response(200)
        except (OSError, ValueError):
            self.send_response(503)
        self.send_header("Content-Length", "0")
        self.end_headers()
