# SPDX-License-Identifier: Apache-2.0
"""The static program finds names by DNS, of which an empty root has only the server's address: /etc/resolv.conf. In a network of its own, where that
is a server of the test."""
import pathlib
import socket
import struct
import sys
import threading

import events
from empty_root_test import EmptyRoot
from lambda_test import bodies

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "servers"))
import own_network

NAME = "runtime.dns.test"
A, NO_ERROR, NO_SUCH_NAME = 1, 0, 3


class NameServer:
    """At port 53. It knows one name, which is 127.0.0.1. Source: RFC 1035, section 4.1."""

    def __init__(self):
        self.asked = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 53))
        self._thread = threading.Thread(target=self._answer)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", ("127.0.0.1", 53))
        self._thread.join()
        self._socket.close()

    def _answer(self):
        while (received := self._socket.recvfrom(512))[0]:
            request, client = received
            end = request.index(b"\0", 12)
            question = request[12:end + 5]
            labels, at = [], 12
            while at < end:
                labels.append(request[at + 1:at + 1 + request[at]].decode())
                at += 1 + request[at]
            kind, = struct.unpack_from(">H", request, end + 1)
            self.asked.append(".".join(labels))
            is_known = self.asked[-1] == NAME
            answers = [struct.pack(">HHHIH4s", 0xC00C, A, 1, 60, 4, socket.inet_aton("127.0.0.1"))] if is_known and kind == A else []
            head = request[:2] + struct.pack(">HHHHH", 0x8180 | (NO_ERROR if is_known else NO_SUCH_NAME), 1, len(answers), 0, 0)
            self._socket.sendto(head + question + b"".join(answers), client)


@own_network.needed
class DnsTest(EmptyRoot):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        own_network.have_network_up(())

    def setUp(self):
        super().setUp()
        self.names = self.enterContext(NameServer())

    def test_a_name_that_only_dns_knows_is_found(self):
        self.assert_answer(self.function_in_root(NAME).invoke(events.sqs(*bodies(5))))
        self.assertEqual(sum(self.lines().values()), 5)
        self.assertIn(NAME, self.names.asked)

    def test_a_name_that_dns_does_not_know_is_said(self):
        function = self.function_in_root("nowhere.dns.test")
        self.assertEqual(function.invoke(events.sqs("{}")).kind, "crash")
        self.assertIn("cannot connect to nowhere.dns.test", function.log())
        self.assertIn("nowhere.dns.test", self.names.asked)


if __name__ == "__main__":
    own_network.main()
