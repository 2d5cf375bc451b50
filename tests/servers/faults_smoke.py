# SPDX-License-Identifier: Apache-2.0
import http.client
import json
import unittest
import urllib.parse
import urllib.request

import botocore.exceptions

import fault_proxy
import servers
from smoke import SmokeTest, client

FOREVER = 3600


class FaultsTest(SmokeTest):
    """Each fault as boto3, or a plain client, sees it in front of a server that checks signatures."""

    @classmethod
    def setUpClass(cls):
        address = cls.enterClassContext(servers.versitygw()).address
        cls.proxy = cls.enterClassContext(fault_proxy.FaultProxy(address))
        cls.direct = client("s3", address)
        cls.direct.create_bucket(Bucket="raw")
        cls.s3 = client("s3", cls.proxy.address)

    def strike(self, do, match=None, **fault):
        self.proxy.set_rules([{"match": match or {}, "fault": {"do": do, **fault}}])
        self.addCleanup(lambda: self.assertEqual(self.proxy.rules()[0]["struck"], 1))

    def put(self, **options):
        return self.s3.put_object(Bucket="raw", Key="k", **{"Body": b"12345678", **options})

    def stored(self):
        return self.direct.get_object(Bucket="raw", Key="k")["Body"].read()

    def setUp(self):
        self.direct.put_object(Bucket="raw", Key="k", Body=b"before")
        self.proxy.set_rules([])
        self.proxy.forget_requests()

    def test_without_rules_signatures_are_accepted(self):
        self.put(IfMatch=self.s3.head_object(Bucket="raw", Key="k")["ETag"])
        self.assertEqual(self.s3.get_object(Bucket="raw", Key="k")["Body"].read(), b"12345678")
        self.assertEqual([(request["method"], request["answered"]) for request in self.proxy.requests()], [("HEAD", 200), ("PUT", 200), ("GET", 200)])
        self.assertIn("If-Match", self.proxy.requests()[1]["headers"])

    def test_errors(self):
        for status, code in (503, "SlowDown"), (500, "InternalError"), (409, "ConditionalRequestConflict"):
            with self.subTest(code):
                self.strike("error", status=status, code=code)
                with self.refused(code, status):
                    self.put()
                self.assertEqual(self.stored(), b"before")

    def test_an_error_after_the_server_did_it(self):
        self.strike("error", status=500, code="InternalError", forwarded=True)
        with self.refused("InternalError", 500):
            self.put()
        self.assertEqual(self.stored(), b"12345678")

    def test_an_error_that_a_completed_upload_hides_in_200(self):
        self.strike("error", {"method": "POST", "query": "uploadId="}, status=200, code="InternalError")
        upload = {"Bucket": "raw", "Key": "k", "UploadId": self.s3.create_multipart_upload(Bucket="raw", Key="k")["UploadId"]}
        part = {"PartNumber": 1, "ETag": self.s3.upload_part(**upload, PartNumber=1, Body=b"x")["ETag"]}
        with self.refused("InternalError"):
            self.s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": [part]})
        self.assertEqual(self.stored(), b"before")

    def test_a_page_in_place_of_a_list(self):
        self.strike("page", {"query": "list-type"})
        self.assertNotIn("KeyCount", self.s3.list_objects_v2(Bucket="raw"))  # boto3 takes it for an empty list

    def test_a_list_that_ends_early(self):
        self.strike("truncate", {"query": "list-type"}, at=120)
        with self.refused("500"):  # what boto3 makes of XML that it cannot read
            self.s3.list_objects_v2(Bucket="raw")

    def test_a_body_that_is_cut(self):
        self.strike("cut", {"method": "GET"}, at=3)
        with self.assertRaises(botocore.exceptions.ResponseStreamingError):
            self.s3.get_object(Bucket="raw", Key="k")["Body"].read()

    def test_another_etag(self):
        self.strike("other_etag")
        self.assertNotEqual(self.put()["ETag"], self.direct.head_object(Bucket="raw", Key="k")["ETag"])

    def test_another_checksum(self):
        self.put(ChecksumAlgorithm="CRC32")
        self.strike("other_checksum", {"method": "GET"})
        with self.assertRaises(botocore.exceptions.FlexibleChecksumError):
            self.s3.get_object(Bucket="raw", Key="k", ChecksumMode="ENABLED")["Body"].read()

    def test_lost_replies_and_requests(self):
        for do, stored in ("lose_request", b"before"), ("lose_reply", b"12345678"):
            with self.subTest(do):
                self.strike(do)
                with self.assertRaises(botocore.exceptions.ConnectionClosedError):
                    self.put()
                self.assertEqual(self.stored(), stored)

    def test_a_delay_that_is_longer_than_patience(self):
        self.strike("delay", seconds=FOREVER)
        with self.assertRaises(botocore.exceptions.ReadTimeoutError):
            client("s3", self.proxy.address, patience=0.2).head_bucket(Bucket="raw")

    def test_a_clock_that_is_wrong(self):
        self.strike("skew", minutes=20)
        with self.refused("RequestTimeTooSkewed", 403):
            self.put()


class ToxiproxyTest(SmokeTest):
    @classmethod
    def setUpClass(cls):
        s3, cls.toxiproxy = [cls.enterClassContext(server()).address for server in (servers.versitygw, servers.toxiproxy)]
        client("s3", s3).create_bucket(Bucket="raw")
        made = cls.call("/proxies", {"name": "s3", "listen": "127.0.0.1:0", "upstream": urllib.parse.urlsplit(s3).netloc})
        cls.host = made["listen"]

    @classmethod
    def call(cls, path, body):
        request = urllib.request.Request(cls.toxiproxy + path, json.dumps(body).encode(), {"User-Agent": "sluice"}, method="POST")
        with urllib.request.urlopen(request) as response:
            return json.loads(response.read() or b"null")

    def test_slow_and_reset_connections(self):
        self.assertEqual(self.get(), 200)
        for toxic, error in [({"type": "latency", "attributes": {"latency": 3_600_000}}, TimeoutError),
                             ({"type": "reset_peer", "attributes": {"timeout": 0}}, ConnectionResetError),
                             ({"type": "limit_data", "attributes": {"bytes": 5}}, (http.client.HTTPException, ConnectionError))]:
            with self.subTest(toxic["type"]):
                self.call("/proxies/s3/toxics", {"stream": "downstream", **toxic})
                with self.assertRaises(error):
                    self.get(patience=0.3 if error is TimeoutError else 60)
                self.call("/reset", None)
                self.assertEqual(self.get(), 200)

    def get(self, patience=60):
        connection = http.client.HTTPConnection(self.host, timeout=patience)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status
        finally:
            connection.close()


if __name__ == "__main__":
    unittest.main()
