# SPDX-License-Identifier: Apache-2.0
"""A proxy in front of one of the servers that lets things go wrong (fault_rules.py), and notes what passed:

    with FaultProxy(s3.address) as proxy:
        proxy.set_rules([{"match": {"method": "PUT"}, "fault": {"do": "lose_reply"}}])
        ...                             # a client of proxy.address
        proxy.rules(), proxy.requests()

Programs in other languages do the same over HTTP at proxy.control: PUT and GET /rules, GET and DELETE /requests, all in JSON.

Requests go on as they came, the header Host too: signatures cover it. What a server says of its own address (ElasticMQ's queue URLs) leads
past the proxy."""
import http.client
import json
import threading
import urllib.parse

import loopback_http
from fault_rules import Reply, Request, Rule

CREDENTIALS = ("authorization", "x-amz-security-token")
OF_ONE_CONNECTION = ("connection", "keep-alive", "transfer-encoding", "expect")


class FaultProxy:
    """Listens from its making to the end of the block, at two ports of 127.0.0.1. Any thread may call its functions."""

    def __init__(self, server_address):
        self._host = urllib.parse.urlsplit(server_address).netloc
        self._lock = threading.Lock()
        self._rules, self._requests = [], []
        self._listeners = [loopback_http.Listener(handler, self) for handler in (_Proxied, _Control)]
        self.address, self.control = [listener.address for listener in self._listeners]

    def __enter__(self):
        for listener in self._listeners:
            listener.__enter__()
        return self

    def __exit__(self, *_):
        for listener in self._listeners:
            listener.__exit__()

    def set_rules(self, rules):
        """In place of those before. The first whose turn it is strikes. Raises TypeError, ValueError or re.error for what are none."""
        rules = [Rule(**rule) for rule in rules]
        with self._lock:
            self._rules = rules

    def rules(self):
        """For each how many requests it has seen and how many of them it has struck."""
        with self._lock:
            return [{"fault": rule.name, "seen": rule.seen, "struck": rule.struck} for rule in self._rules]

    def requests(self):
        """What has come, oldest first: method, target, headers without credentials, the size of the body, the fault that struck it, the
        status that the server answered (None if it was not asked), and the status that was passed on (None if nothing was)."""
        with self._lock:
            return [dict(request) for request in self._requests]

    def forget_requests(self):
        with self._lock:
            self._requests.clear()

    def handle(self, request):
        """The answer to the client; None is none."""
        note = {"method": request.method, "target": request.target, "size": len(request.body), "fault": None, "asked": None, "answered": None,
                "headers": {name: value for name, value in request.headers if name.lower() not in CREDENTIALS}}
        with self._lock:
            due = [rule for rule in self._rules if rule.takes(request)]
            for rule in due[:1]:
                rule.struck += 1
                note["fault"] = rule.name
            self._requests.append(note)

        def forward():
            reply = _ask(self._host, request)
            with self._lock:
                note["asked"] = reply.status
            return reply

        reply = due[0].strike(request, forward) if due else forward()
        with self._lock:
            note["answered"] = reply and reply.status
        return reply


def _ask(host, request):
    connection = http.client.HTTPConnection(host)
    try:
        connection.putrequest(request.method, request.target, skip_host=True, skip_accept_encoding=True)
        for name, value in request.headers:
            if name.lower() not in OF_ONE_CONNECTION:
                connection.putheader(name, value)
        if request.body and not request.header("Content-Length"):  # it came in chunks
            connection.putheader("Content-Length", str(len(request.body)))
        connection.putheader("Connection", "close")
        connection.endheaders(request.body)
        response = connection.getresponse()
        headers = [(name, value) for name, value in response.getheaders() if name.lower() not in OF_ONE_CONNECTION]
        return Reply(response.status, response.reason, headers, response.read())
    finally:
        connection.close()


class _Handler(loopback_http.Handler):
    def send(self, reply):
        bodiless = self.command == "HEAD" or reply.status in (204, 304)
        if not bodiless:
            reply.set_header("Content-Length", str(len(reply.body)))
        head = f"HTTP/1.1 {reply.status} {reply.reason}\r\n" + "".join(f"{name}: {value}\r\n" for name, value in reply.headers) + "\r\n"
        self.wfile.write(head.encode("latin-1") + (b"" if bodiless else reply.body[:reply.cut_at]))
        self.close_connection = self.close_connection or reply.cut_at is not None


class _Proxied(_Handler):
    def pass_on(self):
        request = Request(self.command, self.requestline.split(" ")[1], self.headers.items(), self.read_body())
        reply = self.server.parts.handle(request)
        if reply is None:
            self.close_connection = True
        else:
            self.send(reply)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = pass_on


class _Control(_Handler):
    def handle_call(self):
        proxy, body = self.server.parts, self.read_body()
        calls = {("PUT", "/rules"): lambda: proxy.set_rules(json.loads(body)), ("GET", "/rules"): proxy.rules,
                 ("GET", "/requests"): proxy.requests, ("DELETE", "/requests"): proxy.forget_requests}
        call = calls.get((self.command, self.path))
        status, said = 200, f"there is {', '.join(' '.join(name) for name in calls)}"
        try:
            if call is None:
                status = 404
            else:
                said = call()
        except Exception as why:  # the rules are not ours
            status, said = 400, f"{type(why).__name__}: {why}"
        self.send(Reply(status, "", [("Content-Type", "application/json")], json.dumps(said).encode()))

    do_GET = do_PUT = do_DELETE = handle_call
