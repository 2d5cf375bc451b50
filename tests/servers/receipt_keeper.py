# SPDX-License-Identifier: Apache-2.0
"""A proxy in front of SQS that remembers every receipt, so that a test need not wait until the time of what was received has passed."""
import contextlib
import json

import fault_proxy
import s3_events


class Receipts:
    """The newest of each message."""

    def __init__(self):
        self._newest = {}  # message: its queue and receipt

    def note(self, request, reply):
        """Of a ReceiveMessage."""
        for message in json.loads(reply.body).get("Messages", []):
            self._newest[message["MessageId"]] = json.loads(request.body)["QueueUrl"], message["ReceiptHandle"]

    def show_again(self, sqs):
        """What was received and not deleted is delivered again, as if its time had passed."""
        while self._newest:
            queue, receipt = self._newest.popitem()[1]
            with contextlib.suppress(OSError):  # deleted
                s3_events.call(sqs, "ChangeMessageVisibility", QueueUrl=queue, ReceiptHandle=receipt, VisibilityTimeout=0)


class ReceiptKeeper(fault_proxy.FaultProxy):
    """with ReceiptKeeper(sqs.address) as keeper: …  # keeper.address is the queues'"""

    def __init__(self, address):
        super().__init__(address)
        self._sqs, self._receipts = address, Receipts()

    def handle(self, request):
        reply = super().handle(request)
        if request.header("X-Amz-Target").partition(".")[2] == "ReceiveMessage" and reply.status == 200:
            self._receipts.note(request, reply)
        return reply

    def show_again(self):
        self._receipts.show_again(self._sqs)
