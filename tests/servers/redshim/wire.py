# SPDX-License-Identifier: Apache-2.0
"""Messages of PostgreSQL's frontend/backend protocol 3.0, and a connection to PostgreSQL that speaks it.
Source: PostgreSQL 15 documentation, chapter 55."""
import socket
import struct

SSL_REQUEST, GSS_REQUEST, CANCEL_REQUEST, PROTOCOL_3 = 80877103, 80877104, 80877102, 196608
LARGEST = 64 << 20  # bytes of a message that is accepted


class Gone(Exception):
    """The other side has closed the connection, or broken the protocol."""


def message(kind, payload=b""):
    return kind + struct.pack("!I", len(payload) + 4) + payload


def text(value):
    return value.encode() + b"\0"


def read_exactly(stream, size):
    try:
        data = stream.read(size)
    except (OSError, ValueError) as why:
        raise Gone from why
    if data is None or len(data) < size:
        raise Gone
    return data


def read_message(stream):
    """(kind, payload)"""
    head = read_exactly(stream, 5)
    size = struct.unpack("!I", head[1:])[0] - 4
    if not 0 <= size <= LARGEST:
        raise Gone
    return head[:1], read_exactly(stream, size)


def cut_text(payload, at=0):
    """The zero-ended text there, and where it ends."""
    end = payload.index(b"\0", at)
    return payload[at:end].decode(), end + 1


def fields_of_error(payload):
    """{"C": SQLSTATE, "M": message, ...} of an ErrorResponse or NoticeResponse."""
    return {part[:1].decode(): part[1:].decode(errors="replace") for part in payload.split(b"\0") if part}


def error_payload(fields):
    return b"".join(name.encode() + text(value) for name, value in fields.items()) + b"\0"


class ServerError(Exception):
    """PostgreSQL refused; `fields` as in fields_of_error."""

    def __init__(self, fields):
        super().__init__(fields.get("M"))
        self.fields = fields


class Backend:
    """One session of PostgreSQL, over its private socket. For one thread, but for cancel()."""

    def __init__(self, path, user, database, options):
        self.path, self.socket = path, socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self._stream = self.socket.makefile("rb", 1 << 16)
        pairs = {"user": user, "database": database, **options}
        body = struct.pack("!I", PROTOCOL_3) + b"".join(text(k) + text(v) for k, v in pairs.items()) + b"\0"
        self.socket.sendall(struct.pack("!I", len(body) + 4) + body)
        self.key, self.parameters, self.status, self._out = b"", {}, "I", bytearray()
        try:
            self._start()
        except BaseException:
            self.close()
            raise

    def _start(self):
        while True:
            kind, payload = self.read()
            if kind == b"E":
                raise ServerError(fields_of_error(payload))
            if kind == b"K":
                self.key = payload
            elif kind == b"S":
                name, at = cut_text(payload)
                self.parameters[name] = cut_text(payload, at)[0]
            elif kind == b"Z":
                return

    @property
    def pid(self):
        return struct.unpack("!I", self.key[:4])[0]

    def send(self, kind, payload=b""):
        """Kept until something is read, or flush()."""
        self._out += message(kind, payload)
        if len(self._out) > 1 << 20:
            self.flush()

    def flush(self):
        try:
            self.socket.sendall(self._out)
        except OSError as why:
            raise Gone from why
        self._out.clear()

    def read(self):
        if self._out:
            self.flush()
        kind, payload = read_message(self._stream)
        if kind == b"Z":
            self.status = payload.decode()
        return kind, payload

    def run(self, sql):
        """A message of the simple protocol: all answers up to ReadyForQuery, which is left out. A COPY stops at CopyInResponse."""
        self.send(b"Q", text(sql))
        answers = []
        while True:
            kind, payload = self.read()
            if kind == b"Z":
                return answers
            answers.append((kind, payload))
            if kind == b"G":
                return answers

    def rows(self, sql):
        """The values, as texts or None. Raises ServerError."""
        rows = []
        for kind, payload in self.run(sql):
            if kind == b"E":
                raise ServerError(fields_of_error(payload))
            if kind == b"D":
                rows.append(values_of_row(payload))
        return rows

    def cancel(self):
        cancel(self.path, self.key)

    def close(self):
        for thing in self._stream, self.socket:
            thing.close()


def values_of_row(payload):
    values, at = [], 2
    for _ in range(struct.unpack("!H", payload[:2])[0]):
        size = struct.unpack_from("!i", payload, at)[0]
        at += 4
        values.append(None if size < 0 else payload[at:at + size].decode())
        at += max(size, 0)
    return values


def columns_of_row(payload):
    """[(name, type OID, type modifier, table OID)] of a RowDescription."""
    columns, at = [], 2
    for _ in range(struct.unpack("!H", payload[:2])[0]):
        name, at = cut_text(payload, at)
        table, _, oid, _, modifier, _ = struct.unpack_from("!IHIhih", payload, at)
        at += 18
        columns.append((name, oid, modifier, table))
    return columns


def with_oids(payload, replaced):
    """A RowDescription in which the type OIDs that `replaced` names are others."""
    changed, at = bytearray(payload), 2
    for _ in range(struct.unpack("!H", payload[:2])[0]):
        at = payload.index(b"\0", at) + 1
        oid = struct.unpack_from("!I", payload, at + 6)[0]
        struct.pack_into("!I", changed, at + 6, replaced.get(oid, oid))
        at += 18
    return bytes(changed)


def cancel(path, key):
    with socket.socket(socket.AF_UNIX) as other:
        other.connect(path)
        other.sendall(struct.pack("!II", 16, CANCEL_REQUEST) + key)
        other.recv(1)
