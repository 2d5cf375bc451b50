# SPDX-License-Identifier: Apache-2.0
"""What can go wrong between a client and a server of HTTP, and which requests it strikes. A rule as fault_proxy.py takes it, in JSON:

    {"match": {"method": "PUT", "path": "^/bucket/", "query": "partNumber", "target": "DeleteMessage", "body": "/tracking", "headers": {"If-None-Match": "[*]"}},
     "nth": 2, "count": 1, "fault": {"do": "error", "status": 503, "code": "SlowDown"}}

The second request that matches, and no other, meets the fault. Of `match` everything may be left out; `count` 0 is for ever. The faults are the
functions below, with their parameters."""
import base64
import dataclasses
import email.utils
import inspect
import re
import time


@dataclasses.dataclass
class Request:
    method: str
    target: str  # path and query as they were sent
    headers: list  # of (name, value)
    body: bytes = b""

    def header(self, name):
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


@dataclasses.dataclass
class Reply:
    status: int
    reason: str
    headers: list
    body: bytes = b""
    cut_at: int | None = None  # bytes of the body that are sent before the connection is closed

    def set_header(self, name, value):
        self.headers = [(key, old) for key, old in self.headers if key.lower() != name.lower()] + [(name, value)]


@dataclasses.dataclass
class Match:
    method: str = ""
    path: str = ""  # a regular expression that is found in it
    query: str = ""  # a part of it
    target: str = ""  # a part of the header X-Amz-Target
    body: str = ""  # a part of it
    headers: dict = dataclasses.field(default_factory=dict)  # name: a regular expression that is found in the value

    def __post_init__(self):
        for pattern in self.path, *self.headers.values():
            re.compile(pattern)

    def of(self, request):
        path, _, query = request.target.partition("?")
        return (self.method in ("", request.method) and re.search(self.path, path) and self.query in query
                and self.target in request.header("X-Amz-Target") and self.body.encode() in request.body
                and all(re.search(pattern, request.header(name)) for name, pattern in self.headers.items()))


class Rule:
    """Counts the requests that match it: the nth and `count` - 1 after it are struck."""

    def __init__(self, *, fault, match=None, nth=1, count=1):
        """Raises TypeError, ValueError or re.error for what is no rule."""
        parameters = dict(fault)
        self.name = parameters.pop("do", "")
        if self.name not in FAULTS:
            raise ValueError(f"no fault {self.name!r}: there are {', '.join(FAULTS)}")
        inspect.signature(FAULTS[self.name]).bind(None, None, **parameters)
        if nth < 1 or count < 0:
            raise ValueError("nth is 1 or more, count 0 or more")
        self._parameters, self._match, self._nth, self._count = parameters, Match(**(match or {})), nth, count
        self.seen = self.struck = 0

    def takes(self, request):
        """Whether the fault strikes this request; to be called once for each."""
        if not self._match.of(request):
            return False
        self.seen += 1
        return self.seen >= self._nth and (self._count == 0 or self.seen < self._nth + self._count)

    def strike(self, request, forward):
        """What is answered; None is nothing, and a closed connection. `forward()` asks the server, and gives its answer."""
        return FAULTS[self.name](request, forward, **self._parameters)


def answer(request, forward, status, body="", headers=None, forwarded=False):
    """Just this, instead of the server's answer, or instead of asking it."""
    if forwarded:
        forward()
    return Reply(status, "Made up", list((headers or {}).items()), body.encode())


def error(request, forward, status, code, message="made up by the fault proxy", forwarded=False):
    """An error as the service writes it: S3 in XML, those with X-Amz-Target in JSON. S3 sends some of them with status 200."""
    if request.header("X-Amz-Target"):
        body, kind = f'{{"__type":"{code}","message":"{message}"}}', "application/x-amz-json-1.0"
    else:
        body = (f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message>'
                "<RequestId>4442587FB7D0A2F9</RequestId></Error>")
        kind = "application/xml"
    return answer(request, forward, status, body, {"Content-Type": kind}, forwarded)


def page(request, forward, status=200, forwarded=False):
    """The page of a proxy that does not reach what is behind it."""
    body = "<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>"
    return answer(request, forward, status, body, {"Content-Type": "text/html"}, forwarded)


def cut(request, forward, at):
    """The connection ends after `at` bytes of the body; Content-Length tells of all of them."""
    reply = forward()
    reply.cut_at = at
    return reply


def truncate(request, forward, at):
    """The body ends after `at` bytes, and Content-Length says the same."""
    reply = forward()
    reply.body = reply.body[:at]
    return reply


def header(request, forward, name, value):
    """The answer has this header, whatever the server says."""
    reply = forward()
    reply.set_header(name, value)
    return reply


def other_etag(request, forward):
    """Another object's ETag, in the header and in XML."""
    reply = forward()
    reply.headers = [(name, _other_hash(value) if name.lower() == "etag" else value) for name, value in reply.headers]
    reply.body = re.sub(rb"<ETag>.*?</ETag>", lambda found: _other_hash(found[0].decode()).encode(), reply.body)
    return reply


def _other_hash(text):
    return re.sub(r"[0-9a-f]{32}", lambda found: f"{int(found[0], 16) ^ 1:032x}", text)


def other_checksum(request, forward):
    """Every x-amz-checksum-* of the answer is one bit off; of one without any the request's, and else CRC32's is there."""
    reply = forward()
    checksums = _checksums(reply.headers) or _checksums(request.headers) or {"x-amz-checksum-crc32": "AAAAAA=="}
    for name, value in checksums.items():
        first, *rest = base64.b64decode(value)
        reply.set_header(name, base64.b64encode(bytes([first ^ 1, *rest])).decode())
    return reply


def _checksums(headers):
    return {name: value for name, value in headers if name.lower().startswith("x-amz-checksum-")
            and name.lower() not in ("x-amz-checksum-type", "x-amz-checksum-mode", "x-amz-checksum-algorithm")}


def lose_request(request, forward):
    """It is read, and never reaches the server."""
    return None


def lose_reply(request, forward):
    """The server did it, and nobody hears so."""
    forward()
    return None


def delay(request, forward, seconds):
    """Before the server is asked."""
    time.sleep(seconds)
    return forward()


def skew(request, forward, minutes):
    """A server whose clock is ahead by `minutes` refuses the request."""
    reply = error(request, forward, 403, "RequestTimeTooSkewed")
    reply.set_header("Date", email.utils.formatdate(time.time() + 60 * minutes, usegmt=True))
    return reply


FAULTS = {fault.__name__: fault for fault in (
    answer, error, page, cut, truncate, header, other_etag, other_checksum, lose_request, lose_reply, delay, skew)}
