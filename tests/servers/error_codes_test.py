# SPDX-License-Identifier: Apache-2.0
"""Every error that AWS's own models name for an operation that sluice calls stands in one of its tables, so that somebody has said what it means. The
models are botocore's; what the tables say is tested beside them. Needs no server."""
import re
import unittest

import botocore.session
from botocore.retries import standard

import servers

SOURCES = servers.HERE.parents[1] / "src" / "sluice"
SHARED = "aws/aws_failure.cc"

# The service, the table of what it refuses, where its operations are called, and which these are.
SERVICES = [
    ("sqs", "queue/sqs_protocol.cc", "queue/sqs_queue.cc",
     "ChangeMessageVisibilityBatch DeleteMessageBatch GetQueueAttributes GetQueueUrl ReceiveMessage SendMessageBatch"),
    ("kinesis", "queue/kinesis_stream.cc", "queue/kinesis_calls.cc", "GetRecords GetShardIterator ListShards"),
    ("sts", "aws/assumed_role.cc", "aws/assumed_role.cc", "AssumeRole"),
    ("secretsmanager", "aws/secrets_manager.cc", "aws/secrets_manager.cc", "GetSecretValue"),
    ("redshift-data", "warehouse/data_api_client.cc", "warehouse/data_api_client.cc",
     "BatchExecuteStatement CancelStatement DescribeStatement ExecuteStatement GetStatementResult"),
    ("redshift", "warehouse/redshift_login.cc", "warehouse/redshift_login.cc", "GetClusterCredentials"),
    ("redshift-serverless", "warehouse/redshift_login.cc", "warehouse/redshift_login.cc", "GetCredentials"),
    # Called by methods and queries, not by names.
    ("s3", "object/s3_failure.cc", None, "AbortMultipartUpload CompleteMultipartUpload CreateMultipartUpload DeleteObject GetObject HeadObject ListMultipartUploads "
     "ListObjectsV2 PutObject UploadPart"),
]

# botocore tries again what these services say; sluice calls neither.
OF_OTHER_SERVICES = {"TransactionInProgressException": "DynamoDB", "EC2ThrottledException": "EC2"}


def rows(table):
    """(code, kind) of each."""
    return re.findall(r'\{"([^"]+)",\s*ErrorKind::(k\w+)\}', (SOURCES / table).read_text())


def modelled(model, operation):
    """The codes in answers: where a protocol has other codes than the names of the model's shapes, these."""
    return {shape.metadata.get("error", {}).get("code", shape.name) for shape in model.operation_model(operation).error_shapes}


class ErrorCodesTest(unittest.TestCase):
    def setUp(self):
        session = botocore.session.get_session()
        self.models = {service: session.get_service_model(service) for service, *_ in SERVICES}

    def test_every_modelled_error_of_what_is_called_stands_in_a_table(self):
        for service, table, _, operations in SERVICES:
            known = dict(rows(table)) | dict(rows(SHARED))
            for operation in operations.split():
                with self.subTest(service=service, operation=operation):
                    self.assertEqual(modelled(self.models[service], operation) - known.keys(), set())

    def test_nothing_else_is_called(self):
        for service, _, source, operations in SERVICES:
            if source:
                named = set(re.findall(r'[".=](\w+)["&]', (SOURCES / source).read_text()))
                self.assertEqual(sorted(named & set(self.models[service].operation_names)), operations.split(), service)

    def test_no_code_stands_in_two_rows(self):
        shared = [code for code, _ in rows(SHARED)]
        for table in {table for _, table, *_ in SERVICES}:
            codes = shared + [code for code, _ in rows(table)]
            self.assertEqual([code for code in codes if codes.count(code) > 1], [], table)

    def test_what_every_sdk_tries_again_is_transient(self):
        known = dict(row for table in [SHARED] + [table for _, table, *_ in SERVICES] for row in rows(table))
        codes = {*standard.ThrottledRetryableChecker._THROTTLED_ERROR_CODES, *standard.TransientRetryableChecker._TRANSIENT_ERROR_CODES}
        self.assertEqual({code: known.get(code) for code in codes - OF_OTHER_SERVICES.keys()}, dict.fromkeys(codes - OF_OTHER_SERVICES.keys(), "kTransient"))


if __name__ == "__main__":
    unittest.main()
