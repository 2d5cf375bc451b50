# SPDX-License-Identifier: Apache-2.0
"""The static program where there is nothing else: a root folder with its binary, /etc/hosts, /etc/resolv.conf, and random bytes
for /dev/urandom. AWS Lambda's image has an older C library than the one it was built with, so it must need none, for looking up names
neither."""
import os
import pathlib
import shutil
import sys
import unittest

import events
import standin
from lambda_test import PROGRAM, FunctionTest, bodies

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "servers"))
import servers

CHROOT = ["chroot"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "chroot"]
AUTHORITIES = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")


class NamedFunction(standin.Function):
    """The runtime API under a name."""
    host = "localhost"

    @property
    def address(self):
        return f"{self.host}:{super().address.split(':')[1]}"


class EmptyRoot(FunctionTest):
    def setUp(self):
        super().setUp()
        shutil.copy(PROGRAM[-1], self.folder / "bootstrap")
        self.write("etc/hosts", "127.0.0.1 localhost runtime.test store.test\n")
        self.write("etc/resolv.conf", "nameserver 127.0.0.1\n")
        (self.folder / "dev").mkdir()
        (self.folder / "dev/urandom").write_bytes(os.urandom(65536))

    def write(self, path, text):
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_text(text)

    def function_in_root(self, host="localhost"):
        environment = servers.client_environment() | {"SLUICE_CONFIG": "/sluice.yaml"}
        function = NamedFunction([*CHROOT, str(self.folder), "/bootstrap"], environment, "/")
        function.host = host
        return self.enterContext(function)

    def bucket(self, host):
        s3 = self.enterContext(servers.versitygw())
        pathlib.Path(f"/proc/{s3.pid}/cwd/acme-raw").mkdir()
        self.write("sluice.yaml", f"name: t\nregion: us-east-1\nraw: {{url: s3://acme-raw/, endpoint: 'http://{host}:{s3.address.rsplit(':')[-1]}'}}\n")


class EmptyRootTest(EmptyRoot):
    def test_names_are_found_in_the_hosts_file(self):
        for host in "localhost", "runtime.test":
            with self.subTest(host):
                shutil.rmtree(self.raw, ignore_errors=True)
                self.assert_answer(self.function_in_root(host).invoke(events.sqs(*bodies(5))))
                self.assertEqual(sum(self.lines().values()), 5)

    # The AWS runtime would, where there is a libnuma; and with it another C library.
    def test_where_there_are_libraries_none_is_loaded(self):
        function = self.function()
        self.assert_answer(function.invoke(events.sqs("{}")))
        self.assertNotIn(".so", pathlib.Path(f"/proc/{function.process.pid}/maps").read_text())

    def test_a_name_that_is_nowhere_is_said(self):
        function = self.function_in_root("nowhere.test")
        self.assertEqual(function.invoke(events.sqs("{}")).kind, "crash")
        self.assertIn("cannot connect to nowhere.test", function.log())

    # Where the image of provided.al2023 has its authorities.
    def test_a_bucket_needs_the_images_authorities(self):
        self.bucket("store.test")
        outcome = self.function_in_root().invoke(events.sqs("{}"))
        self.assertEqual(outcome.kind, "init error")
        self.assertIn("TRUST_STORE", outcome.body["errorMessage"])
        self.write("etc/pki/tls/certs/ca-bundle.crt", AUTHORITIES.read_text())
        self.assert_answer(self.function_in_root().invoke(events.sqs("{}")))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "EmptyRootTest"])
