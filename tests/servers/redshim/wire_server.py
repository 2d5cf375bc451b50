# SPDX-License-Identifier: Apache-2.0
"""Clients that speak PostgreSQL's protocol: TLS, log-in, simple and extended queries. Each connection has a thread and a Session."""
import contextlib
import re
import select
import socket
import socketserver
import ssl
import struct
import sys

import wire
from extended import Extended
from faults import Cut
from postgres import ZONE
from session import Session
from sql_tokens import quote_text

# What Redshift says of itself when a session begins: its PostgreSQL is 8.0.2, which does not report standard_conforming_strings.
PARAMETERS = {"server_version": "8.0.2", "server_encoding": "UNICODE", "client_encoding": "UTF8", "DateStyle": "ISO, MDY", "integer_datetimes": "on",
              "TimeZone": ZONE}


class WireServer(socketserver.ThreadingMixIn, socketserver.TCPServer):
    allow_reuse_address = daemon_threads = True
    request_queue_size = 128

    def __init__(self, shim, certificate, key):
        super().__init__(("127.0.0.1", 0), _Connection)
        self.shim, self.port = shim, self.server_address[1]
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.minimum_version = ssl.TLSVersion.TLSv1_2
        self.tls.load_cert_chain(certificate, key)

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], OSError):  # a client that went away
            super().handle_error(request, client_address)


class _Connection(socketserver.BaseRequestHandler):
    def handle(self):
        self._session, self._cut = None, False
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self._serve()
        except (wire.Gone, Cut, OSError):
            pass
        except Exception as why:  # a fault of redshim's own is not to be taken for one of the network
            self._fatal("XX000", f"redshim has a fault: {why!r}")
            raise
        finally:
            if self._session:
                self._session.close()
            self._close()
            self.request.close()

    def _close(self):
        self._cut = True
        with contextlib.suppress(OSError):
            self.request.shutdown(socket.SHUT_RDWR)

    def _gone(self):
        poll = select.poll()
        try:
            poll.register(self.request.fileno(), select.POLLRDHUP)
            return bool(poll.poll(0))
        except (OSError, ValueError):
            return True

    def _write(self, data):
        if data and not self._cut:
            self.request.sendall(data)

    def _serve(self):
        parameters = self._start()
        if parameters is None:
            return
        user = self._log_in(parameters)
        if user is None:
            return
        session = self._begin(user, parameters)
        if session is None:
            return
        told = PARAMETERS | {"session_authorization": user, "is_superuser": session.backend.parameters.get("is_superuser", "off")}
        hello = b"".join(wire.message(b"S", wire.text(name) + wire.text(value)) for name, value in told.items())
        self._write(wire.message(b"R", struct.pack("!I", 0)) + hello + wire.message(b"K", session.backend.key) + _ready(session))
        extended = Extended(session, self._write)
        while True:
            kind, payload = wire.read_message(self._stream)
            if kind == b"X":
                return
            if kind == b"Q":
                out = bytearray()
                session.run(payload[:-1].decode(), lambda k, p: out.extend(wire.message(k, p)))
                self._write(bytes(out) + _ready(session))
                if self._cut:
                    return
            elif not extended.handle(kind, payload):
                return self._fatal("08P01", f"redshim does not know the message {kind!r}")

    def _begin(self, user, parameters):
        """The client's session; None if it was told why there is none."""
        refused = self.server.shim.faults.refused(user)
        if refused:
            return self._fatal(refused.state, refused.message)
        try:
            self._session = session = Session(self.server.shim, user, "wire", parameters.get("application_name", ""), self._gone,
                                              parameters["database"])
            session.detach = self._close
            for name, value in re.findall(r"-c\s*(\w+)=(\S*)", parameters.get("options", "")):
                session.run(f"SET {name} TO {quote_text(value)}", self._fatal_if_error)
            return session
        except wire.ServerError as why:
            return self._fatal(why.fields["C"], why.fields["M"])

    def _start(self):
        """The startup message's parameters; None if the client wants something else."""
        self._stream, secure = self.request.makefile("rb"), False
        while True:
            size = struct.unpack("!I", wire.read_exactly(self._stream, 4))[0]
            if not 8 <= size <= 10000:
                raise wire.Gone
            body = wire.read_exactly(self._stream, size - 4)
            code = struct.unpack("!I", body[:4])[0]
            if code == wire.CANCEL_REQUEST:
                wire.cancel(self.server.shim.postgres.socket, body[4:])
                return None
            if code == wire.GSS_REQUEST or (code == wire.SSL_REQUEST and secure):
                self.request.sendall(b"N")
            elif code == wire.SSL_REQUEST:
                self.request.sendall(b"S")
                self.request, secure = self.server.tls.wrap_socket(self.request, server_side=True), True
                self._stream = self.request.makefile("rb")
            elif code >> 16 == 3:
                texts = [part.decode() for part in body[4:].split(b"\0")]
                parameters = dict(zip(texts[::2], texts[1::2]))
                if not secure:
                    return self._fatal("28000", f'no pg_hba.conf entry for host "127.0.0.1", user "{parameters.get("user")}", '
                                                f'database "{parameters.get("database")}", SSL off')
                return parameters
            else:
                return self._fatal("08P01", "unsupported frontend protocol")

    def _log_in(self, parameters):
        name, database = parameters.get("user", ""), parameters.get("database", "")
        self._write(wire.message(b"R", struct.pack("!I", 3)))
        kind, payload = wire.read_message(self._stream)
        if kind != b"p":
            raise wire.Gone
        user = self.server.shim.credentials.log_in(name, payload[:-1].decode(errors="replace"))
        if user is None:
            return self._fatal("28000", f'password authentication failed for user "{name}"')
        if database not in self.server.shim.databases:
            return self._fatal("3D000", f'database "{database}" does not exist')
        return user

    def _fatal_if_error(self, kind, payload):
        if kind == b"E":
            raise wire.ServerError(wire.fields_of_error(payload))

    def _fatal(self, state, message):
        self._write(wire.message(b"E", wire.error_payload({"S": "FATAL", "C": state, "M": message})))
        return None


def _ready(session):
    return wire.message(b"Z", session.status.encode())
