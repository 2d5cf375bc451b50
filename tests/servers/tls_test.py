# SPDX-License-Identifier: Apache-2.0
"""TLS with a service: whom sluice sends a request to, and to whom it does not because somebody else may be listening."""
import concurrent.futures
import os
import pathlib
import ssl
import subprocess
import tempfile
import unittest

import own_network
import servers
from loopback_http import Handler, Listener

HOST = "sqs.eu-west-1.amazonaws.com"


class Service(Handler):
    """Notes the version of TLS of every request, and answers it as if that were enough."""

    def do_POST(self):
        self.read_body()
        self.server.parts.append(self.connection.version())
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")


def at_most(version, certificate):
    tls = certificate.context()
    tls.set_ciphers("ALL:@SECLEVEL=0")  # of which the old versions need some
    tls.minimum_version, tls.maximum_version = ssl.TLSVersion.TLSv1, version
    return tls


def first_call(tls):
    """What reached a server with that context, and what the log says of the first request to it; one that failed is repeated for a while."""
    listener = Listener(Service, [])
    listener.socket = tls.wrap_socket(listener.socket, server_side=True)
    with tempfile.TemporaryDirectory(prefix="sluice-tls-") as home, listener:
        queue = f"https://{HOST}:{listener.server_address[1]}/123456789012/tracking"
        config = pathlib.Path(home, "sluice.yaml")
        config.write_text(f"""
name: tracking
region: eu-west-1
source: {{sqs: "{queue}"}}
raw: {{url: "dir:{home}/raw", notifications: "{queue}"}}
parquet: {{url: "dir:{home}/parquet"}}
quarantine: {{url: "dir:{home}/quarantine"}}
warehouse: {{duckdb: "{home}/warehouse.duckdb"}}
tables:
  - {{ddl: {servers.HERE.parents[1]}/examples/tracking/utm.sql, when: {{has: source}}, unique: [request_id]}}
""")
        with subprocess.Popen([os.environ["SLUICE_PROGRAM"], "--config", config, "--log-level", "debug", "land", "--once"], stderr=subprocess.PIPE,
                              text=True, env={"HOME": home, "TZ": "UTC", "AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "s"}) as program:
            said = next((line for line in program.stderr if " sqs AmazonSQS." in line), "")
            program.kill()
            program.stderr.read()
        return listener.parts, said


@own_network.needed
class TlsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="sluice-tls-")))
        ours, of_another_host, of_nobody = (own_network.Certificate(folder, title, [name]) for title, name in (
            ("ours", HOST), ("of another host", "sqs.eu-west-2.amazonaws.com"), ("of nobody", HOST)))
        own_network.begin(folder, names=[HOST], authorities=[ours, of_another_host])
        tls = {"ours": ours.context(), "of another host": of_another_host.context(), "of nobody": of_nobody.context(),
               "at most 1.2": at_most(ssl.TLSVersion.TLSv1_2, ours), "at most 1.1": at_most(ssl.TLSVersion.TLSv1_1, ours)}
        # At once, for a client that refuses a certificate keeps silent for up to half a minute, so that nobody learns from when it did.
        with concurrent.futures.ThreadPoolExecutor(len(tls)) as threads:
            cls.first_calls = dict(zip(tls, threads.map(first_call, tls.values())))

    def assert_spoken(self, server, version):
        reached, said = self.first_calls[server]
        self.assertEqual(set(reached), {version}, said)
        self.assertIn("status=200", said)

    def assert_refused(self, server):
        reached, said = self.first_calls[server]
        self.assertEqual(reached, [])
        self.assertIn(f": cannot connect to {HOST}:", said)
        self.assertIn("(AWS_IO_TLS_ERROR_NEGOTIATION_FAILURE)", said)

    def test_a_host_that_an_authority_knows_is_asked(self):
        self.assert_spoken("ours", "TLSv1.3")

    def test_version_1_2_is_spoken(self):
        self.assert_spoken("at most 1.2", "TLSv1.2")

    def test_version_1_1_is_not_spoken(self):
        self.assert_refused("at most 1.1")

    def test_a_certificate_that_no_authority_knows_is_refused(self):
        self.assert_refused("of nobody")

    def test_a_certificate_of_another_host_is_refused(self):
        self.assert_refused("of another host")


if __name__ == "__main__":
    own_network.main()
