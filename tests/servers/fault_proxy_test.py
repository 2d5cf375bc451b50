# SPDX-License-Identifier: Apache-2.0
"""Each fault, between a client and a server that says what reached it. Needs no installed server."""
import email.utils
import http.client
import json
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

import loopback_http
from fault_proxy import FaultProxy

ETAG = "d41d8cd98f00b204e9800998ecf8427e"
BODY = f"<Result><ETag>&quot;{ETAG}-2&quot;</ETag></Result>".encode()


class Origin(loopback_http.Handler):
    reached = []  # (method, target, Host, body)

    def do_PUT(self):
        self.reached.append((self.command, self.path, self.headers["Host"], self.read_body()))
        self.send_response(200)
        self.send_header("Content-Length", str(len(BODY)))
        self.send_header("ETag", f'"{ETAG}"')
        self.send_header("x-amz-checksum-crc32", "AAAAAQ==")
        self.send_header("x-amz-checksum-type", "FULL_OBJECT")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(BODY)

    do_GET = do_HEAD = do_POST = do_PUT


class FaultProxyTest(unittest.TestCase):
    def setUp(self):
        Origin.reached = []
        self.proxy = self.enterContext(FaultProxy(self.enterContext(loopback_http.Listener(Origin)).address))
        self.host = urllib.parse.urlsplit(self.proxy.address).netloc

    def connection(self):
        connection = http.client.HTTPConnection(self.host, timeout=30)
        self.addCleanup(connection.close)
        return connection

    def ask(self, method="PUT", target="/bucket/key", body=b"abc", headers=None, on=None):
        connection = on or self.connection()
        connection.request(method, target, body, headers or {})
        response = connection.getresponse()
        response.content = response.read()
        return response

    def strike(self, do, match=None, **fault):
        self.proxy.set_rules([{"match": match or {}, "fault": {"do": do, **fault}}])

    def test_what_no_rule_matches_passes_as_it_is(self):
        self.strike("error", {"method": "DELETE"}, status=503, code="SlowDown")
        response = self.ask(target="/bucket/a%2Fb?x=1&y", body=b"\0\xff")
        self.assertEqual((response.status, response.content, response.headers["ETag"]), (200, BODY, f'"{ETAG}"'))
        self.assertEqual(Origin.reached, [("PUT", "/bucket/a%2Fb?x=1&y", self.host, b"\0\xff")])

    def test_a_connection_lives_on(self):
        connection = self.connection()
        for _ in range(3):
            self.assertEqual(self.ask(on=connection).status, 200)
            self.assertIsNotNone(connection.sock)

    def test_requests_in_chunks_and_those_that_wait_for_leave_are_read(self):
        connection = self.connection()
        connection.request("PUT", "/k", iter([b"ab", b"c"]), {"Expect": "100-continue"}, encode_chunked=True)
        self.assertEqual(connection.getresponse().status, 200)
        self.assertEqual(Origin.reached[0][3], b"abc")

    def test_a_head_has_the_length_and_no_body(self):
        response = self.ask("HEAD", body=None)
        self.assertEqual((response.headers["Content-Length"], response.content), (str(len(BODY)), b""))

    def test_rules_say_which_requests_they_strike(self):
        headers = {"X-Amz-Target": "AmazonSQS.DeleteMessageBatch", "If-None-Match": "*"}
        for match, strikes in [
                ({}, True), ({"method": "PUT"}, True), ({"method": "GET"}, False), ({"path": "^/bucket/k"}, True), ({"path": "^/key"}, False),
                ({"path": "part"}, False), ({"query": "partNumber=2"}, True), ({"query": "uploads"}, False), ({"target": "DeleteMessage"}, True),
                ({"target": "SendMessage"}, False), ({"headers": {"if-none-match": "^[*]$"}}, True), ({"headers": {"If-Match": "."}}, False)]:
            with self.subTest(match):
                self.strike("page", match, status=502)
                self.assertEqual(self.ask(target="/bucket/key?partNumber=2", headers=headers).status, 502 if strikes else 200)
                self.assertEqual(self.proxy.rules(), [{"fault": "page", "seen": int(strikes), "struck": int(strikes)}])

    def test_the_nth_and_so_many_after_it_are_struck(self):
        for counts, want in [({}, "x...."), ({"nth": 3}, "..x.."), ({"nth": 2, "count": 2}, ".xx.."), ({"nth": 4, "count": 0}, "...xx")]:
            with self.subTest(counts):
                self.proxy.set_rules([{"fault": {"do": "page", "status": 502}, **counts}])
                self.assertEqual("".join("x" if self.ask().status == 502 else "." for _ in want), want)

    def test_of_several_rules_the_first_strikes(self):
        self.proxy.set_rules([{"nth": 2, "fault": {"do": "page", "status": 501}}, {"count": 3, "fault": {"do": "page", "status": 502}}])
        self.assertEqual([self.ask().status for _ in range(4)], [502, 501, 502, 200])
        self.assertEqual([(rule["seen"], rule["struck"]) for rule in self.proxy.rules()], [(4, 1), (4, 2)])

    def test_errors_have_the_form_of_the_service(self):
        for forwarded in False, True:
            for status, code in (200, "InternalError"), (500, "InternalError"), (503, "SlowDown"), (409, "ConditionalRequestConflict"):
                Origin.reached = []
                self.strike("error", status=status, code=code, forwarded=forwarded)
                response = self.ask()
                self.assertEqual(response.status, status)
                self.assertIn(f"<Error><Code>{code}</Code>", response.content.decode())
                self.assertEqual(len(Origin.reached), int(forwarded))
        self.strike("error", status=400, code="ThrottlingException")
        response = self.ask(headers={"X-Amz-Target": "Kinesis_20131202.PutRecords"})
        self.assertEqual(json.loads(response.content)["__type"], "ThrottlingException")

    def test_an_answer_is_what_the_rule_says(self):
        self.strike("answer", status=418, body='{"Failed":[]}', headers={"X-A": "b"})
        response = self.ask()
        self.assertEqual((response.status, response.content, response.headers["X-A"]), (418, b'{"Failed":[]}', "b"))

    def test_a_page_is_html_with_status_200(self):
        self.strike("page")
        response = self.ask()
        self.assertEqual((response.status, response.headers["Content-Type"]), (200, "text/html"))
        self.assertIn(b"502 Bad Gateway", response.content)

    def test_a_cut_body_is_shorter_than_its_length_says(self):
        self.strike("cut", at=10)
        with self.assertRaises(http.client.IncompleteRead) as caught:
            self.ask()
        self.assertEqual((caught.exception.partial, caught.exception.expected), (BODY[:10], len(BODY) - 10))

    def test_a_truncated_body_is_as_long_as_it_says(self):
        self.strike("truncate", at=10)
        response = self.ask()
        self.assertEqual((response.content, response.headers["Content-Length"]), (BODY[:10], "10"))

    def test_etags_become_others_of_the_same_form(self):
        self.strike("other_etag")
        response = self.ask()
        self.assertRegex(response.headers["ETag"], '^"[0-9a-f]{32}"$')
        self.assertRegex(response.content.decode(), "<ETag>&quot;[0-9a-f]{32}-2&quot;</ETag>")
        self.assertNotIn(ETAG, response.headers["ETag"] + response.content.decode())

    def test_checksums_are_a_bit_off(self):
        self.strike("other_checksum")
        headers = self.ask().headers
        self.assertEqual((headers["x-amz-checksum-crc32"], headers["x-amz-checksum-type"]), ("AQAAAQ==", "FULL_OBJECT"))

    def test_headers_are_replaced(self):
        self.strike("header", name="etag", value="x")
        self.assertEqual(self.ask().headers.get_all("ETag"), ["x"])

    def test_a_lost_reply_was_done_and_a_lost_request_was_not(self):
        for do, asked in ("lose_reply", 1), ("lose_request", 0):
            Origin.reached = []
            self.strike(do)
            with self.assertRaises(http.client.RemoteDisconnected):
                self.ask()
            self.assertEqual(len(Origin.reached), asked)
            self.assertEqual(self.ask().status, 200)

    def test_a_delayed_answer_comes_after_impatient_clients_have_gone(self):
        self.strike("delay", seconds=3600)
        connection = self.connection()
        connection.timeout = 0.05
        with self.assertRaises(TimeoutError):
            self.ask(on=connection)
        self.assertEqual(Origin.reached, [])
        self.strike("delay", seconds=0.01)
        self.assertEqual(self.ask().status, 200)

    def test_a_server_with_another_clock_says_so(self):
        for minutes in 20, -20:
            self.strike("skew", minutes=minutes)
            response = self.ask()
            self.assertEqual(response.status, 403)
            self.assertIn(b"<Code>RequestTimeTooSkewed</Code>", response.content)
            ahead = email.utils.parsedate_to_datetime(response.headers["Date"]).timestamp() - time.time()
            self.assertAlmostEqual(ahead / 60, minutes, delta=1)

    def test_requests_are_noted_without_credentials(self):
        self.strike("lose_reply", {"method": "GET"})
        self.ask(headers={"Authorization": "secret", "X-Amz-Security-Token": "secret", "X-Amz-Date": "now"})
        with self.assertRaises(http.client.RemoteDisconnected):
            self.ask("GET", "/?q=1", None)
        first, second = self.proxy.requests()
        self.assertNotIn("secret", str(first))
        self.assertEqual(first["headers"]["X-Amz-Date"], "now")
        self.assertEqual([first[name] for name in ("method", "target", "size", "fault", "asked", "answered")],
                         ["PUT", "/bucket/key", 3, None, 200, 200])
        self.assertEqual([second[name] for name in ("method", "target", "fault", "asked", "answered")], ["GET", "/?q=1", "lose_reply", 200, None])
        self.proxy.forget_requests()
        self.assertEqual(self.proxy.requests(), [])

    def control(self, method, path, body=None):
        request = urllib.request.Request(self.proxy.control + path, None if body is None else json.dumps(body).encode(), method=method)
        with urllib.request.urlopen(request) as response:
            return json.load(response)

    def test_other_programs_do_the_same_over_http(self):
        self.control("PUT", "/rules", [{"fault": {"do": "page", "status": 502}}])
        self.assertEqual(self.ask().status, 502)
        self.assertEqual(self.control("GET", "/rules"), [{"fault": "page", "seen": 1, "struck": 1}])
        self.assertEqual([request["fault"] for request in self.control("GET", "/requests")], ["page"])
        self.control("DELETE", "/requests")
        self.assertEqual(self.control("GET", "/requests"), [])
        self.control("PUT", "/rules", [])
        self.assertEqual(self.ask().status, 200)

    def test_what_is_no_rule_is_refused(self):
        for rule in [{}, {"fault": {}}, {"fault": {"do": "nothing"}}, {"fault": {"do": "cut"}}, {"fault": {"do": "cut", "at": 1, "of": 2}},
                     {"fault": {"do": "page"}, "nth": 0}, {"fault": {"do": "page"}, "times": 1}, {"fault": {"do": "page"}, "match": {"verb": "PUT"}},
                     {"fault": {"do": "page"}, "match": {"path": "("}}]:
            with self.subTest(rule), self.assertRaises(urllib.error.HTTPError) as caught:
                self.control("PUT", "/rules", [rule])
            self.assertEqual(caught.exception.code, 400)
            caught.exception.close()


if __name__ == "__main__":
    unittest.main()
