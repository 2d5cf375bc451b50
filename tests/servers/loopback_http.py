# SPDX-License-Identifier: Apache-2.0
"""HTTP/1.1 servers inside this process, on free ports of 127.0.0.1."""
import http.server
import socketserver
import sys
import threading


class Listener(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """Listens from its making to the end of the block; every connection has a thread, which sees `parts` as self.server.parts."""
    allow_reuse_address = daemon_threads = True
    request_queue_size = 128

    def __init__(self, handler, parts=None, port=0, host="127.0.0.1"):
        super().__init__((host, port), handler)
        self.address, self.parts = f"http://{host}:{self.server_address[1]}", parts

    def __enter__(self):
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], OSError):  # a client that went away, a server that is not there
            super().handle_error(request, client_address)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def read_body(self):
        if "chunked" not in self.headers.get("Transfer-Encoding", "").lower():
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return body
