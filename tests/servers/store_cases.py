# SPDX-License-Identifier: Apache-2.0
"""What the tests need of every store that stands for S3 and checks signatures."""
import concurrent.futures

import botocore.exceptions

from smoke import client


class StoreCases:
    """For a SmokeTest whose `server` starts the store."""
    bad_checksum = "BadDigest"

    @classmethod
    def setUpClass(cls):
        cls.address = cls.enterClassContext(cls.server()).address
        cls.s3 = client("s3", cls.address)
        cls.s3.create_bucket(Bucket="raw")

    def get(self, key, **options):
        return self.s3.get_object(Bucket="raw", Key=key, **options)["Body"].read()

    def test_objects_are_kept_with_ranges_and_tidy_lists(self):
        for key in "list/a b+c=é", "list/b/1", "list/b/2", "list/c":
            self.s3.put_object(Bucket="raw", Key=key, Body=key.encode())
        self.assertEqual(self.get("list/a b+c=é"), "list/a b+c=é".encode())
        self.assertEqual(self.get("list/b/1", Range="bytes=5-6"), b"b/")
        pages = list(self.s3.get_paginator("list_objects_v2").paginate(Bucket="raw", Prefix="list/", Delimiter="/", PaginationConfig={"PageSize": 1}))
        self.assertEqual([found["Key"] for page in pages for found in page.get("Contents", [])], ["list/a b+c=é", "list/c"])
        self.assertEqual([found["Prefix"] for page in pages for found in page.get("CommonPrefixes", [])], ["list/b/"])
        self.s3.delete_object(Bucket="raw", Key="list/c")
        with self.refused("NoSuchKey", 404):
            self.get("list/c")

    def test_conditions_hold(self):
        etag = self.s3.put_object(Bucket="raw", Key="if", Body=b"1", IfNoneMatch="*")["ETag"]
        with self.refused("PreconditionFailed", 412):
            self.s3.put_object(Bucket="raw", Key="if", Body=b"2", IfNoneMatch="*")
        with self.refused("PreconditionFailed", 412):
            self.s3.put_object(Bucket="raw", Key="if", Body=b"2", IfMatch='"00000000000000000000000000000000"')
        with self.refused("PreconditionFailed", 412):
            self.get("if", IfMatch='"00000000000000000000000000000000"')
        self.assertEqual(self.get("if", IfMatch=etag), b"1")
        self.s3.put_object(Bucket="raw", Key="if", Body=b"2", IfMatch=etag)
        self.assertEqual(self.get("if"), b"2")

    def test_of_sixteen_that_race_for_a_key_one_wins(self):
        def put(number):
            try:
                self.s3.put_object(Bucket="raw", Key="race", Body=str(number).encode(), IfNoneMatch="*")
                return number
            except botocore.exceptions.ClientError as why:
                return why.response["Error"]["Code"]

        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            results = list(pool.map(put, range(16)))
        winners = [result for result in results if isinstance(result, int)]
        self.assertEqual(len(winners), 1)
        self.assertEqual(self.get("race"), str(winners[0]).encode())
        self.assertEqual({result for result in results if result not in winners}, {"PreconditionFailed"})

    def upload(self, key, **conditions):
        upload = {"Bucket": "raw", "Key": key, "UploadId": self.s3.create_multipart_upload(Bucket="raw", Key=key)["UploadId"]}
        parts = [{"PartNumber": number, "ETag": self.s3.upload_part(**upload, PartNumber=number, Body=body)["ETag"]}
                 for number, body in ((1, b"x" * (5 << 20)), (2, b"y"))]
        return self.s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts}, **conditions)

    def test_parts_become_one_object_under_conditions(self):
        self.assertRegex(self.upload("parts", IfNoneMatch="*")["ETag"], '^"[0-9a-f]{32}-2"$')
        self.assertEqual(self.get("parts", Range=f"bytes={(5 << 20) - 1}-"), b"xy")
        with self.refused("PreconditionFailed", 412):
            self.upload("parts", IfNoneMatch="*")

    def test_bytes_that_do_not_match_their_checksum_are_refused(self):
        with self.refused(self.bad_checksum, 400):
            self.s3.put_object(Bucket="raw", Key="digest", Body=b"1", ChecksumCRC32="AAAAAA==")
        self.assertEqual(self.s3.put_object(Bucket="raw", Key="digest", Body=b"1", ChecksumCRC32="g9zvtw==")["ChecksumCRC32"], "g9zvtw==")

    def test_a_wrong_key_is_refused(self):
        with self.refused("SignatureDoesNotMatch", 403):
            client("s3", self.address, secret="another").list_objects_v2(Bucket="raw")

    def test_versions_are_kept(self):
        self.s3.create_bucket(Bucket="versioned")
        self.s3.put_bucket_versioning(Bucket="versioned", VersioningConfiguration={"Status": "Enabled"})
        first, _ = [self.s3.put_object(Bucket="versioned", Key="k", Body=body)["VersionId"] for body in (b"1", b"2")]
        self.assertEqual(self.s3.get_object(Bucket="versioned", Key="k", VersionId=first)["Body"].read(), b"1")
