# SPDX-License-Identifier: Apache-2.0
"""What the smoke tests of the servers share. They show that the installed servers do what the tests need of them, and differ from AWS as
README.md says; they run under servers/python of the dependencies, which has boto3."""
import contextlib
import unittest

import boto3
import botocore.exceptions
from botocore.config import Config

import servers


def client(service, address, *, key=servers.ACCESS_KEY, secret=servers.SECRET_KEY, patience=30):
    """One that never repeats a call; `patience` is how many seconds it waits for an answer."""
    config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, read_timeout=patience, max_pool_connections=20)
    return boto3.client(service, endpoint_url=address, region_name=servers.REGION, aws_access_key_id=key,
                        aws_secret_access_key=secret, config=config)


class SmokeTest(unittest.TestCase):
    def refused(self, code, status=None):
        """A block that ends with this error of the service."""
        @contextlib.contextmanager
        def block():
            with self.assertRaises(botocore.exceptions.ClientError) as caught:
                yield
            self.assertEqual(caught.exception.response["Error"]["Code"], code)
            if status:
                self.assertEqual(caught.exception.response["ResponseMetadata"]["HTTPStatusCode"], status)
        return block()
