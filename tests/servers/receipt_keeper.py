# SPDX-License-Identifier: Apache-2.0
"""A proxy in front of SQS that remembers every receipt, so that a test need not wait until the time of what was received has passed."""
import contextlib
import json

import fault_proxy
import s3_events


class ReceiptKeeper(fault_proxy.FaultProxy):
    """with ReceiptKeeper(sqs.address) as keeper: …  # keeper.address is the queues'"""

    def __init__(self, address):
        super().__init__(address)
        self._sqs, self._receipts = address, {}  # message: its queue and newest receipt

    def handle(self, request):
        reply = super().handle(request)
        if request.header("X-Amz-Target").partition(".")[2] == "ReceiveMessage" and reply.status == 200:
            queue = json.loads(request.body)["QueueUrl"]
            for message in json.loads(reply.body).get("Messages", []):
                self._receipts[message["MessageId"]] = queue, message["ReceiptHandle"]
        return reply

    def show_again(self):
        """What was received and not deleted is delivered again, as if its time had passed."""
        while self._receipts:
            queue, receipt = self._receipts.popitem()[1]
            with contextlib.suppress(OSError):  # deleted
                s3_events.call(self._sqs, "ChangeMessageVisibility", QueueUrl=queue, ReceiptHandle=receipt, VisibilityTimeout=0)
